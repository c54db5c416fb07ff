"""Read and write files atomically."""

import json
import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from aecore.errors import RunError

PART = ".part"
"""Suffix of a file that is being written; a killed writer leaves it behind."""

MEGABYTE = 2**20

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


def read_json(path: Path) -> Any:
    """Read a JSON file of a run.

    Raises
    ------
    RunError
        If it is missing or not valid JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError("Incomplete run: {path} is missing.", path=path) from None
    except ValueError as error:
        raise RunError("{path} is not valid JSON: {error}.", path=path, error=error) from None


def cell(text: str) -> str:
    """Return a text on one line that no spreadsheet takes for a formula.

    Names come from others: that of a class from their images, that of a run from their ZIP. A
    spreadsheet computes a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage
    return, unless an apostrophe stands before it. A number stays as it is.
    """
    line = " ".join(text.splitlines()).replace("\t", " ")
    return f"'{line}" if text.startswith(FORMULA) and not _is_number(text) else line


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
