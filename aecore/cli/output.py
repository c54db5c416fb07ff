"""How the command line speaks: results on stdout, all else on stderr."""

import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from aecore.i18n import t

GAP = 2

AsJson = Annotated[
    bool,
    Parameter(
        "--json", negative="", show_default=False, help=t("Print the result as one line of JSON.")
    ),
]


def say(text: str) -> None:
    """Print a result."""
    sys.stdout.write(f"{text}\n")


def tell(text: str) -> None:
    """Print what is not the result."""
    sys.stderr.write(f"{text}\n")


def show(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, as wide as the terminal, or as it needs to be in a file."""
    table = Table(*heads, box=None, padding=(0, GAP, 0, 0))
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        columns = zip(heads, *rows, strict=True)
        console.width = sum(max(map(len, column)) + GAP for column in columns)
    console.print(table)
