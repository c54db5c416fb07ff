"""Print the figures of a benchmark."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", help="All figures as JSON on the last line.")]


def show(figures: Mapping[str, Any], as_json: bool) -> None:
    """Print one figure per line, and optionally all of them as JSON on the last."""
    for name, value in figures.items():
        print(f"{name:24} {round(value, 5) if isinstance(value, float) else value}")
    if as_json:
        print(json.dumps(figures))
