"""A knob is added by one line in one file, and appears everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINE = '    zest: int = knob(3, N_("Zest"), N_("How much."), low=1, high=9, step=1, live=True)\n'
BEFORE = "    dataset: str = knob("

PAGE = """
import json, sys
from pathlib import Path
import aecore, dashboard
from streamlit.testing.v1 import AppTest
from aecore.runs.folder import runs, runs_root
from dashboard.state import active_run
from tests.support import current_job

app = Path(dashboard.__file__).with_name("app.py")
script = f"import runpy; runpy.run_path({str(app)!r}, run_name='__main__')"
page = AppTest.from_string(script, default_timeout=120)
page.query_params["zest"] = "4"
page.query_params["hidden"] = "8"
page.run()
slider = page.slider(key="zest")
found = {
    "copies": [aecore.__file__, dashboard.__file__],
    "label": slider.label,
    "help": slider.help,
    "bounds": [slider.min, slider.max, slider.step],
    "from the address": slider.value,
    "begun with": json.loads((current_job().run.path / "config.json").read_text())["zest"],
}
slider.set_value(7).run()
found["edits"] = [edit["changes"] for edit in active_run.snapshot().edits]
found["in the address"] = page.query_params["zest"]
active_run.active_run().close()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project with one more knob."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("aecore", "dashboard", ".streamlit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    config = folder / "aecore" / "config.py"
    text = config.read_text()
    assert text.count(BEFORE) == 1
    config.write_text(text.replace(BEFORE, LINE + "\n" + BEFORE))
    return folder


def run(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy, in folders of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "AECORE_RUNS": str(copy / "runs"),
        "AECORE_DATA": str(copy / "data"),
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True
    )


def aecore(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(copy, "-c", "from aecore.cli import main; main()", *words)


def test_on_the_page_as_a_slider_and_in_the_address(copy: Path) -> None:
    done = run(copy, "-c", PAGE)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert all(path.startswith(str(copy)) for path in found["copies"])
    assert found["label"] == "Zest"
    assert found["help"].startswith("How much. (1 to 9)")
    assert found["bounds"] == [1, 9, 1]
    assert found["from the address"] == found["begun with"] == 4
    assert found["edits"] == [{"zest": [4, 7]}]
    assert found["in the address"] == "7"


def test_on_the_command_line_with_help_and_in_the_saved_settings(copy: Path) -> None:
    told = aecore(copy, "train", "--help").stdout
    assert "--zest" in told
    assert "How much." in told
    settings = ["--dataset", "digits", "--hidden", "8", "--epochs", "1"]
    done = aecore(copy, "train", *settings, "--zest", "5", "--out", str(copy / "made"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads((copy / "made" / "config.json").read_text())["zest"] == 5


def test_out_of_bounds_in_a_sentence(copy: Path) -> None:
    done = aecore(copy, "train", "--dataset", "digits", "--zest", "11")
    assert done.returncode == 2
    assert done.stderr.strip() == "zest is 11; choose a whole number, 1 to 9."


def test_in_the_table_of_the_docs(copy: Path) -> None:
    done = aecore(copy, "knobs")
    assert "| `zest` | 3 | 1 to 9 | yes | How much. |" in done.stdout.splitlines()
