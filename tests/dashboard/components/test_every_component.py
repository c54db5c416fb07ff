"""Rules for all components: scoped styles, one entry point, nothing fetched."""

import re
from pathlib import Path

import pytest

from dashboard import components

FOLDER = Path(components.__file__).parent
NAMES = {"live_figure": "live-figure", "mosaic": "live-mosaic", "threshold_line": "threshold-line"}
SCRIPTS = [FOLDER / name / f"{name}.js" for name in NAMES]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_has_one_entry_point_and_fetches_nothing(script: Path) -> None:
    text = script.read_text("utf-8")
    assert len(re.findall(r"^export default function", text, re.M)) == 1
    assert not re.search(r"https?:|\bfetch\(|\bimport\b", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_styles_are_scoped_to_their_component(script: Path) -> None:
    own = NAMES[script.stem]
    selectors = re.findall(r"^[^\s}/@][^{]*", script.with_suffix(".css").read_text("utf-8"), re.M)
    assert selectors
    assert all(own in part for selector in selectors for part in selector.split(","))


def test_registered_names_are_distinct() -> None:
    names = re.findall(
        r"(?:v2\.|script_)component\(\s*\"(\w+)\"",
        "".join(path.read_text("utf-8") for path in FOLDER.glob("*/__init__.py")),
    )
    assert {"plotly_loader", "bundle", "live_figure", "live_mosaic"} <= set(names)
    assert len(names) == len(set(names))
