"""What the README says is what the project does."""

import re
from pathlib import Path

import pytest

from aecore.cli import app
from aecore.config import Config
from aecore.knob import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
HOW_TO_EXTEND = README.partition("## How to extend")[2]
MOST_FILES = 16
CI = (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_table_of_hyperparameters_is_the_one_that_the_command_prints() -> None:
    assert table(Config) in README


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = re.findall(r"^(pip install uv && uv run pytest)$", README, re.MULTILINE)
    assert command in CI.splitlines()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)h#][^)]*)\)", README))))
def test_what_the_readme_shows_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("line", re.findall(r"^uv run aecore (.+)$", README, re.MULTILINE))
def test_every_command_in_the_readme_is_understood(line: str) -> None:
    app.parse_args(line.split(), exit_on_error=False, print_error=False)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:aecore|dashboard)/[^`<]*)`", HOW_TO_EXTEND)))
)
def test_what_the_readme_says_to_edit_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("package", ["aecore", "dashboard"])
def test_no_folder_is_too_full_to_survey(package: str) -> None:
    kinds = {".py", ".js", ".css", ".html"}
    folders = [ROOT / package, *(each for each in (ROOT / package).rglob("*") if each.is_dir())]
    for folder in folders:
        files = [each for each in folder.iterdir() if each.suffix in kinds]
        assert len(files) <= MOST_FILES, folder
