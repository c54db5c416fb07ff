"""One new entry makes a setting, a choice, a dataset or a page appear everywhere."""

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
"""For each entry: the file, the text before which it is inserted, and the entry."""

PAGE = """
import json, sys
from pathlib import Path
import aecore, dashboard
from streamlit.testing.v1 import AppTest
from aecore.runs.folder import runs, runs_root
from streamlit.util import calc_hash
from dashboard.components import decoder
from dashboard.server.guard import Guard
from dashboard.state import active_run, sessions
from tests.support import current_job

sessions.session_id = lambda: "test"
sessions.START_SECONDS = 60.0
Guard.installed = True
app = Path(dashboard.__file__).with_name("script.py")
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
result = {
    "packages": [aecore.__file__, dashboard.__file__],
    "label": slider.label,
    "help": slider.help,
    "bounds": [slider.min, slider.max, slider.step],
    "value from URL": slider.value,
}
slider.set_value(7).run()
result["edits"] = [edit["changes"] for edit in active_run.snapshot().edits]
result["value in URL"] = page.query_params["zest"]
result["selected"] = {
    name: [select.value, select.options, "darkens" in select.help]
    for name in ("noise_kind", "sparsity_kind", "activation", "code_activation")
    for select in [page.selectbox(key=name)]
}
result["noise disabled"] = page.slider(key="noise").disabled
result["datasets"] = page.selectbox(key="dataset").options
page._page_hash = calc_hash("second")
page.run()
result["errors"] = [str(error.value) for error in (*page.exception, *page.error)]
figures = [json.loads(item.proto.json or "{}") for item in page.main if hasattr(item.proto, "json")]
result["network figure"] = next(item["spec"] for item in figures if item.get("key") == "network")
result["script"] = decoder.activations()
page.button(key="step 1").click().run()
current_job().wait(60)
config = json.loads((current_job().run.path / "config.json").read_text())
result["initial config"] = config["zest"]
active_run.runs().close_all()
print(json.dumps(result))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project with one more entry of each kind."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("aecore", "dashboard"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, before, entry in ENTRIES:
        text = (folder / name).read_text()
        assert text.count(before) == 1
        (folder / name).write_text(text.replace(before, entry + before))
    return folder


def run_python(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy, with its own folders for runs and data."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "AECORE_RUNS": str(project / "runs"),
        "AECORE_DATA": str(project / "data"),
        "COLUMNS": "200",
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True
    )


def run_aecore(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_python(project, "-c", "from aecore.cli import main; main()", *arguments)


@pytest.fixture(scope="module")
def dashboard(project: Path) -> dict[str, Any]:
    """Return what the dashboard of the copy shows."""
    process = run_python(project, "-c", PAGE)
    assert process.returncode == 0, process.stderr
    result: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    assert all(path.startswith(str(project)) for path in result["packages"])
    return result


def test_setting_appears_as_a_slider_and_in_the_url(dashboard: dict[str, Any]) -> None:
    assert dashboard["label"] == "Zest"
    assert dashboard["help"].startswith("How much. (1 to 9)")
    assert dashboard["bounds"] == [1, 9, 1]
    assert dashboard["value from URL"] == dashboard["initial config"] == 4
    assert dashboard["edits"] == [{"zest": [4, 7]}]
    assert dashboard["value in URL"] == "7"


def test_choices_appear_in_select_boxes_and_in_the_guide(dashboard: dict[str, Any]) -> None:
    selected = dashboard["selected"]
    assert selected["noise_kind"][0] == "fading"
    assert selected["noise_kind"][2]
    assert selected["sparsity_kind"][0] == "l2"
    assert selected["activation"][0] == "silu"
    for name, label in (("noise_kind", "Fading"), ("sparsity_kind", "L2"), ("activation", "SiLU")):
        assert label in selected[name][1]
        assert label in dashboard["network figure"]
    assert "SiLU" in selected["code_activation"][1]
    assert not dashboard["noise disabled"]
    assert "silu: (x) => x / (1 + Math.exp(-x))," in dashboard["script"]


def test_dataset_and_page_appear_in_the_dashboard(dashboard: dict[str, Any]) -> None:
    assert "Scribbles" in dashboard["datasets"]
    assert dashboard["errors"] == []


def test_setting_appears_in_cli_help_and_in_the_saved_config(project: Path) -> None:
    help_text = run_aecore(project, "train", "--help").stdout
    assert "--zest" in help_text
    assert "How much." in help_text
    settings = ["--dataset", "digits", "--hidden", "8", "--epochs", "1"]
    settings += ["--noise-kind", "fading", "--noise", "0.2", "--activation", "silu"]
    settings += ["--sparsity-kind", "l2", "--sparsity", "0.1"]
    process = run_aecore(
        project, "train", *settings, "--zest", "5", "--out", str(project / "trained"), "--json"
    )
    assert process.returncode == 0, process.stderr
    assert json.loads((project / "trained" / "config.json").read_text())["zest"] == 5


def test_out_of_bounds_value_is_explained_on_the_command_line(project: Path) -> None:
    process = run_aecore(project, "train", "--dataset", "digits", "--zest", "11")
    assert process.returncode == 2
    assert process.stderr.strip() == "zest is 11; choose a whole number, 1 to 9."


def test_entries_appear_in_the_knobs_table(project: Path) -> None:
    process = run_aecore(project, "knobs")
    assert "| `zest` | 3 | 1 to 9 | yes | How much. |" in process.stdout.splitlines()
    for name, kind, text in (
        ("noise_kind", "fading", "Fading: darkens."),
        ("sparsity_kind", "l2", "L2: shrinks."),
    ):
        (row,) = [line for line in process.stdout.splitlines() if line.startswith(f"| `{name}`")]
        assert f" {kind}," in row
        assert text in row


def test_dataset_appears_in_the_data_list(project: Path) -> None:
    assert "Strokes by another name." in run_aecore(project, "data", "list").stdout


def test_noise_kind_appears_in_the_help_of_denoise(project: Path) -> None:
    assert "fading" in run_aecore(project, "denoise", "--help").stdout
