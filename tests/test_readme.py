"""The README agrees with the project."""

import re
from pathlib import Path

import pytest

from aecore.cli import app
from aecore.config import Config
from aecore.knob import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
HOW_TO_EXTEND = README.partition("## How to extend")[2]
MAX_FILES = 16
CI = (ROOT / ".ci" / "run").read_text("utf-8")


def test_hyperparameter_table_matches_the_knobs_command() -> None:
    assert table(Config) in README


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = re.findall(r"^(pip install uv && uv run pytest)$", README, re.MULTILINE)
    assert command in CI.splitlines()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)h#][^)]*)\)", README))))
def test_files_linked_in_the_readme_exist(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("line", re.findall(r"^uv run aecore (.+)$", README, re.MULTILINE))
def test_every_aecore_command_in_the_readme_parses(line: str) -> None:
    app.parse_args(line.split(), exit_on_error=False, print_error=False)


@pytest.mark.parametrize("line", re.findall(r"^uv run .*dask .+$", README, re.MULTILINE))
def test_dask_is_started_on_this_machine_alone_or_encrypted(line: str) -> None:
    is_local = "--host 127.0.0.1" in line and "--dashboard-address 127.0.0.1" in line
    assert is_local or "--protocol tls" in line or "worker tls://" in line


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:aecore|dashboard)/[^`<]*)`", HOW_TO_EXTEND)))
)
def test_paths_named_under_how_to_extend_exist(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("package", ["aecore", "dashboard"])
def test_no_folder_has_too_many_source_files(package: str) -> None:
    suffixes = {".py", ".js", ".css", ".html"}
    folders = [ROOT / package, *(path for path in (ROOT / package).rglob("*") if path.is_dir())]
    for folder in folders:
        files = [path for path in folder.iterdir() if path.suffix in suffixes]
        assert len(files) <= MAX_FILES, folder
