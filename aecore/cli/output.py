"""Output of the command line: results on stdout, everything else on stderr."""

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


def print_result(text: str) -> None:
    """Print a result on stdout."""
    sys.stdout.write(f"{text}\n")


def print_note(text: str) -> None:
    """Print a note on stderr; what is not text in it is escaped."""
    sys.stderr.write(text.encode(errors="backslashreplace").decode() + "\n")


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, as wide as the terminal, or as wide as necessary in a file."""
    table = Table(*heads, box=None, padding=(0, GAP, 0, 0))
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        columns = zip(heads, *rows, strict=True)
        console.width = sum(max(map(len, column)) + GAP for column in columns)
    console.print(table)
