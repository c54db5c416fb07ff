"""Read and write files atomically."""

import csv
import json
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from aecore.errors import RunError
from aecore.i18n import N_, Message

T = TypeVar("T")

PART = ".part"
"""Suffix of a file that is being written; a killed writer leaves it behind."""

MEGABYTE = 2**20
MOST_JSON_BYTES = 16 * MEGABYTE
LONGEST_PLACE = 80

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_readable(folder: Path) -> None:
    """Check that a folder of runs is a folder that can be read, or is missing.

    Raises
    ------
    RunError
    """
    try:
        with os.scandir(folder):
            return
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(
            "{folder} cannot be used as the folder of runs ({reason}); set AECORE_RUNS to another.",
            folder=folder,
            reason=error.strerror,
        ) from error


def check_writable(folder: Path) -> None:
    """Check that runs can be saved in a folder of runs, which may be missing.

    Raises
    ------
    RunError
    """
    check_readable(folder)
    try:
        present = next(each for each in (folder, *folder.parents) if each.exists())
        with TemporaryFile(dir=present):
            return
    except OSError as error:
        raise RunError(
            "Cannot write to {folder} ({reason}); set AECORE_RUNS to a folder with room that you "
            "may write to.",
            folder=folder,
            reason=error.strerror,
        ) from error


def user_cache() -> Path:
    """Return the folder in the user's cache for what can be made again."""
    from platformdirs import user_cache_path

    return user_cache_path("aecore", appauthor=False)


def write(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace a file atomically: a reader sees either the old or the new content.

    Parameters
    ----------
    path : Path
    data : bytes
    durable : bool
        Wait until the data is on disk, so that it survives a power failure.
    """
    part = path.with_name(path.name + PART)
    with ExitStack() as on_failure:
        # What does not fit on a full disk must not fill it.
        on_failure.callback(part.unlink, missing_ok=True)
        with part.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
        on_failure.pop_all()


def write_json(path: Path, value: object, *, durable: bool = False) -> None:
    """Replace a JSON file atomically, with readable formatting."""
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    write(path, text.encode(), durable=durable)


def read_bounded(path: Path, most_bytes: int = MOST_JSON_BYTES) -> bytes:
    """Read a file of a run.

    Raises
    ------
    RunError
        If it is missing, cannot be read, or is larger than a run's may be.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise RunError("Incomplete run: {path} is missing.", path=path) from None
    except OSError as error:
        raise RunError(
            "{path} cannot be read: {reason}.", path=path, reason=error.strerror
        ) from None
    if len(content) > most_bytes:
        raise RunError(
            "{path} is larger than {most:,.0f} MB, which that of a run never is.",
            path=path,
            most=most_bytes / MEGABYTE,
        )
    return content


def read_json(path: Path, kind: TypeAdapter[T], *, most_bytes: int = MOST_JSON_BYTES) -> T:
    """Read a JSON file of a run.

    Parameters
    ----------
    path : Path
    kind : TypeAdapter
        The type of its content, with all bounds.
    most_bytes : int

    Raises
    ------
    RunError
        If it is missing, larger, not valid JSON, or not of the type.
    """
    return parse_json(read_bounded(path, most_bytes), kind, path)


def parse_json(text: bytes | str, kind: TypeAdapter[T], path: Path) -> T:
    """Parse a JSON text from a file of a run; for the parameters see `read_json`.

    Raises
    ------
    RunError
        If it is not valid JSON, or not of the type.
    """
    try:
        return kind.validate_json(text)
    except ValidationError as error:
        raise RunError("{path} {problem}.", path=path, problem=problem(error)) from None


def problem(error: ValidationError) -> Message:
    """Return the first problem of a JSON text, as the end of a sentence about it."""
    first = error.errors(include_url=False, include_input=False)[0]
    # The words are pydantic's.
    reason = first["msg"]
    if first["type"] == "json_invalid":
        return N_("is not valid JSON: {reason}", reason=reason.removeprefix("Invalid JSON: "))
    place = ".".join(map(str, first["loc"]))[:LONGEST_PLACE]
    reason = reason[:1].lower() + reason[1:]
    if not place:
        return N_("is damaged: {reason}", reason=reason)
    return N_("is damaged at {place}: {reason}", place=place, reason=reason)


def cell(text: str) -> str:
    """Return a text on one line that no spreadsheet takes for a formula.

    Names come from others: that of a class from their images, that of a run from their ZIP. A
    spreadsheet computes a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage
    return, unless an apostrophe stands before it. A number stays as it is.
    """
    line = " ".join(text.splitlines()).replace("\t", " ")
    return f"'{line}" if text.startswith(FORMULA) and not is_number(text) else line


def is_number(text: str) -> bool:
    """Return whether a text is a number, in any of the notations of `float`."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def to_csv(heads: Sequence[str], rows: Iterable[Sequence[str | float]]) -> bytes:
    """Return a table as CSV in UTF-8, for programs and spreadsheets.

    Parameters
    ----------
    heads : sequence of str
    rows : iterable of sequences of str or float
        Texts are guarded by `cell`, and escaped where they are not UTF-8, as names of files may
        be. Numbers have nine significant digits, which tell all of float32 apart.
    """
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([cell(each) if isinstance(each, str) else f"{each:.9g}" for each in row])
    return file.getvalue().encode(errors="backslashreplace")


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of files, by name."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()
