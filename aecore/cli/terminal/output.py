"""Output of the command line: results on stdout, everything else on stderr."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from aecore.errors import ConfigError
from aecore.i18n import t

GAP = 2

AsJson = Annotated[
    bool,
    Parameter(
        "--json", negative="", show_default=False, help=t("Print the result as one line of JSON.")
    ),
]

Out = Annotated[Path | None, Parameter(help=t("The CSV to write; printed if it is not named."))]


def print_result(text: str) -> None:
    """Print a result on stdout."""
    sys.stdout.write(f"{text}\n")


def print_note(text: str) -> None:
    """Print a note on stderr; what is not text in it is escaped."""
    sys.stderr.write(text.encode(errors="backslashreplace").decode() + "\n")


def check_out(path: Path | None) -> None:
    """Raise `ConfigError` if the file to write is a folder."""
    if path is not None and path.is_dir():
        raise ConfigError("--out is {path}, which is a folder; name a file.", path=path)


def write_result(content: bytes, out: Path | None) -> None:
    """Write a text to a file and print its path, or print the text if there is no file."""
    if out is None:
        sys.stdout.write(content.decode())
    else:
        # The help need not wait for pydantic.
        from aecore.files import write

        write(out, content)
        print_result(str(out))


def pca_cell(error: float, spec: str) -> str:
    """Format an error of PCA for a table; where PCA is exact, its error is only rounding."""
    # The help need not wait for NumPy.
    from aecore.metrics.pca import is_exact

    return t("exact") if is_exact(error) else format(error, spec)


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
