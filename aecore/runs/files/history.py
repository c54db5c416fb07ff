"""``history.jsonl``: a row of errors at selected steps."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from aecore.errors import RunError
from aecore.files import MEGABYTE, problem, read_bounded, write
from aecore.training.snapshot import Record

MOST_BYTES = 256 * MEGABYTE
ROW = TypeAdapter(Record)


class History:
    """The file of a run's rows, to which new ones are appended.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: list[Record] = []
        self._bytes = 0

    def read(self) -> list[Record]:
        """Return all complete rows; one that was cut off while being written is skipped.

        Raises
        ------
        RunError
            If the history is missing.
        """
        rows = []
        for line in self._lines():
            try:
                rows.append(ROW.validate_json(line))
            except ValidationError:
                continue
        return rows

    def check(self) -> None:
        """Check that every line is a complete row.

        Raises
        ------
        RunError
            If one is not.
        """
        for number, line in enumerate(self._lines(), 1):
            try:
                ROW.validate_json(line)
            except ValidationError as error:
                raise RunError(
                    "{path}, line {number}, {problem}.",
                    path=self.path,
                    number=number,
                    problem=problem(error),
                ) from None

    def append(self, rows: Sequence[Record]) -> None:
        """Append those of a trainer's rows that are not in the file yet."""
        written = len(self._written)
        new = rows[written:]
        # The trainer may have diverged and returned to an earlier state.
        continued = rows[max(written - 1, 0) : written] == self._written[-1:]
        if continued and not new:
            return
        # A full disk may have cut off a row.
        if continued and self.path.exists() and self.path.stat().st_size == self._bytes:
            lines = _lines(new)
            with self.path.open("ab") as file:
                file.write(lines)
            self._written += new
            self._bytes += len(lines)
        else:
            self.rewrite(rows)

    def rewrite(self, rows: Sequence[Record]) -> None:
        """Replace all rows."""
        lines = _lines(rows)
        write(self.path, lines)
        self._written, self._bytes = list(rows), len(lines)

    def _lines(self) -> list[bytes]:
        return read_bounded(self.path, MOST_BYTES).splitlines()


def _lines(rows: Sequence[Record]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
