"""A setting, a choice, a dataset or a page is added by one entry, and appears everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ENTRIES = [
    (
        "aecore/config.py",
        "    dataset: str = knob(",
        '    zest: int = knob(3, N_("Zest"), N_("How much."), low=1, high=9, step=1, live=True)\n',
    ),
    (
        "aecore/choices/noise.py",
        '    "masking": NoiseKind(',
        '    "fading": NoiseKind(label=N_("Fading"), description=N_("darkens."), uses=("noise",),'
        " corrupt=lambda images, level, _: images * (1 - level)),\n",
    ),
    (
        "aecore/choices/activation.py",
        '    "tanh": Activation(',
        '    "silu": Activation(label=N_("SiLU"), module="SiLU", gain=2**0.5,'
        ' javascript="x / (1 + Math.exp(-x))"),\n',
    ),
    (
        "aecore/choices/sparsity.py",
        '    "kl": SparsityKind(',
        '    "l2": SparsityKind(label=N_("L2"), description=N_("shrinks."), uses=("sparsity",),'
        " penalty=lambda codes, *_: codes.square().mean(0).sum()),\n",
    ),
    (
        "aecore/data/built_in.py",
        "    **PUBLISHED,",
        '    "scribbles": Generated(N_("Scribbles"), N_("Strokes by another name."), strokes),\n',
    ),
    (
        "dashboard/pages.py",
        '    "guide": Page(',
        '    "second": Page(N_("Second guide"), ":material/school:", "guide"),\n',
    ),
]
"""Of each: the file, the line before which the entry is put, and the entry."""

PAGE = """
import json, sys
from pathlib import Path
import aecore, dashboard
from streamlit.testing.v1 import AppTest
from aecore.runs.folder import runs, runs_root
from streamlit.util import calc_hash
from dashboard.components import decoder
from dashboard.state import active_run
from tests.support import current_job

app = Path(dashboard.__file__).with_name("app.py")
script = f"import runpy; runpy.run_path({str(app)!r}, run_name='__main__')"
page = AppTest.from_string(script, default_timeout=120)
page.query_params["zest"] = "4"
page.query_params["hidden"] = "8"
page.query_params["noise_kind"] = "fading"
page.query_params["noise"] = "0.4"
page.query_params["sparsity_kind"] = "l2"
page.query_params["sparsity"] = "0.1"
page.query_params["activation"] = "silu"
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
found["chosen"] = {
    name: [select.value, select.options, "darkens" in select.help]
    for name in ("noise_kind", "sparsity_kind", "activation", "code_activation")
    for select in [page.selectbox(key=name)]
}
found["without effect"] = page.slider(key="noise").disabled
found["datasets"] = page.selectbox(key="dataset").options
page._page_hash = calc_hash("second")
page.run()
found["errors"] = [str(error.value) for error in (*page.exception, *page.error)]
sent = [json.loads(each.proto.json or "{}") for each in page.main if hasattr(each.proto, "json")]
found["drawn"] = next(each["spec"] for each in sent if each.get("key") == "network")
found["script"] = decoder.activations()
active_run.active_run().close()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project with one more of each."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("aecore", "dashboard", ".streamlit"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, before, entry in ENTRIES:
        text = (folder / name).read_text()
        assert text.count(before) == 1
        (folder / name).write_text(text.replace(before, entry + before))
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


@pytest.fixture(scope="module")
def dashboard(copy: Path) -> dict[str, Any]:
    """Return what the dashboard of the copy shows."""
    done = run(copy, "-c", PAGE)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert all(path.startswith(str(copy)) for path in found["copies"])
    return found


def test_a_setting_on_the_page_as_a_slider_and_in_the_address(dashboard: dict[str, Any]) -> None:
    assert dashboard["label"] == "Zest"
    assert dashboard["help"].startswith("How much. (1 to 9)")
    assert dashboard["bounds"] == [1, 9, 1]
    assert dashboard["from the address"] == dashboard["begun with"] == 4
    assert dashboard["edits"] == [{"zest": [4, 7]}]
    assert dashboard["in the address"] == "7"


def test_choices_on_the_page_and_in_the_guide(dashboard: dict[str, Any]) -> None:
    chosen = dashboard["chosen"]
    assert chosen["noise_kind"][0] == "fading"
    assert chosen["noise_kind"][2]
    assert chosen["sparsity_kind"][0] == "l2"
    assert chosen["activation"][0] == "silu"
    for name, label in (("noise_kind", "Fading"), ("sparsity_kind", "L2"), ("activation", "SiLU")):
        assert label in chosen[name][1]
        assert label in dashboard["drawn"]
    assert "SiLU" in chosen["code_activation"][1]
    assert not dashboard["without effect"]
    assert "silu: (x) => x / (1 + Math.exp(-x))," in dashboard["script"]


def test_a_dataset_and_a_page_in_the_dashboard(dashboard: dict[str, Any]) -> None:
    assert "Scribbles" in dashboard["datasets"]
    assert dashboard["errors"] == []


def test_on_the_command_line_with_help_and_in_the_saved_settings(copy: Path) -> None:
    told = aecore(copy, "train", "--help").stdout
    assert "--zest" in told
    assert "How much." in told
    settings = ["--dataset", "digits", "--hidden", "8", "--epochs", "1"]
    settings += ["--noise-kind", "fading", "--noise", "0.2", "--activation", "silu"]
    settings += ["--sparsity-kind", "l2", "--sparsity", "0.1"]
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
    for name, kind, text in (
        ("noise_kind", "fading", "Fading: darkens."),
        ("sparsity_kind", "l2", "L2: shrinks."),
    ):
        (row,) = [each for each in done.stdout.splitlines() if each.startswith(f"| `{name}`")]
        assert f" {kind}," in row
        assert text in row


def test_a_dataset_in_the_list_of_the_command(copy: Path) -> None:
    assert "Strokes by another name." in aecore(copy, "data", "list").stdout


def test_a_kind_of_noise_in_the_help_of_denoise(copy: Path) -> None:
    assert "fading" in aecore(copy, "denoise", "--help").stdout
