"""Pack a run into a ZIP and unpack it; every ZIP is treated as hostile."""

import json
import math
import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from aecore.errors import RunError
from aecore.files import check_writable
from aecore.runs.folder import unused_path
from aecore.runs.run import Run
from aecore.training import checkpoint

# The files of a run. Nothing else is written, wherever its path would lead.
FILE = re.compile(
    r"(?:(?P<folder>[^/\\]{1,255})/)?"
    r"(?P<file>run\.json|config\.json|labels\.json|history\.jsonl|(probe|latest)\.safetensors"
    r"|frames/\d{1,12}\.safetensors|checkpoint/(state\.json|[0-9a-f-]{1,64}\.safetensors))"
)
NEEDED = ("config.json", "run.json", "history.jsonl", "probe.safetensors", "latest.safetensors")
NUMBERS = ("epoch", "train", "held_out", "pca", "learning_rate")
NAME = re.compile(r"[\w.+-]{1,120}")
INCOMING = ".incoming"
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error)


@dataclass(frozen=True)
class Limits:
    """The largest accepted ZIP: number of files, and bytes when unpacked."""

    files: int = 2000
    unpacked: int = 2 * 1024**3


LIMITS = Limits()


def pack(run: Run, *, compress: bool = True) -> bytes:
    """Return a run's folder as a ZIP, without its lock; weights compress by a tenth at most."""
    buffer = BytesIO()
    form = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", form, compresslevel=1) as archive:
        for path in sorted(run.path.rglob("*")):
            place = path.relative_to(run.path).as_posix()
            if FILE.fullmatch(place) and path.is_file():
                archive.write(path, f"{run.name}/{place}")
    return buffer.getvalue()


def unpack(
    source: Path | BinaryIO,
    root: Path,
    *,
    name: str | None = None,
    replace: bool = False,
    limits: Limits = LIMITS,
) -> Run:
    """Unpack a run written by `pack` into the folder of all runs.

    Parameters
    ----------
    source : Path or binary file
    root : Path
        The folder of all runs.
    name : str, optional
        Name of the new run; by default the one in the ZIP, with a number appended if it is taken.
    replace : bool
        Replace an existing run of this name.
    limits : Limits

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If the ZIP is damaged, too large, or contains anything but one complete run, or the folder
        cannot be written to.
    """
    check_writable(root)
    (root / INCOMING).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root / INCOMING))
    try:
        packed_name = _extract(source, folder, limits)
        _check(folder)
        path = root / _safe_name(name or packed_name)
        if replace and path.exists():
            path.rename(folder.with_name(folder.name + ".old"))
        else:
            path = unused_path(path)
        folder.rename(path)
        return Run(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(folder.with_name(folder.name + ".old"), ignore_errors=True)


def _safe_name(name: str) -> str:
    return name if NAME.fullmatch(name) and not name.startswith(".") else "imported"


def _extract(source: Path | BinaryIO, folder: Path, limits: Limits) -> str:
    """Write the files of a ZIP, and return the run's name in it."""
    try:
        with zipfile.ZipFile(source) as archive:
            files = _files(archive, limits)
            for file, info in files.items():
                target = folder / file
                target.parent.mkdir(exist_ok=True)
                with archive.open(info) as packed, target.open("wb") as whole:
                    shutil.copyfileobj(packed, whole)
            (folder / "frames").mkdir(exist_ok=True)
            return next(iter(files.values())).filename.split("/")[0]
    except (*UNREADABLE, OSError, EOFError, ValueError, RuntimeError) as error:
        raise RunError("The ZIP cannot be read: {error}.", error=error) from None


def _files(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """Return the files by their path in a run, checked before any is unpacked."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    size = sum(info.file_size for info in infos)
    if len(infos) > limits.files or size > limits.unpacked:
        raise RunError(
            "The ZIP contains {count:,} files and unpacks to {size:,.0f} MB; a run has at most "
            "{files:,} files and {most:,.0f} MB.",
            count=len(infos),
            size=size / 1024**2,
            files=limits.files,
            most=limits.unpacked / 1024**2,
        )
    files: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for info in infos:
        match = FILE.fullmatch(info.filename)
        link = stat.S_ISLNK(info.external_attr >> 16)
        if link or match is None or match["folder"] in ("..", ".") or match["file"] in files:
            raise RunError(
                "The ZIP contains an unexpected file, {name!r}; use a ZIP made by Export.",
                name=info.filename,
            )
        files[match["file"]] = info
        folders.add(match["folder"])
    if missing := [name for name in NEEDED if name not in files]:
        raise RunError("Incomplete run: the ZIP lacks {name}.", name=missing[0])
    if len(folders) > 1:
        raise RunError("The ZIP contains several runs; provide one at a time.")
    return files


def _check(folder: Path) -> None:
    """Read everything once, so that nothing fails later."""
    try:
        run = Run(folder)
        _check_numbers(run)
        for step in run.frames():
            _ = run.frame(step).decoder
        _ = run.frame().model
        if (folder / "checkpoint").exists():
            saved = checkpoint.load(folder / "checkpoint")
            weights = saved.with_prefix("model/")
            run.frame().model.load_state_dict(weights)
            if not all(each.isfinite().all() for each in weights.values()):
                raise RunError("The checkpoint contains invalid weights (NaN).")
    except (TypeError, ValueError, KeyError, IndexError, RuntimeError, RecursionError) as error:
        raise RunError("The ZIP contains a damaged run: {error}", error=error) from None


def _check_numbers(run: Run) -> None:
    summary = run.summary()
    if not isinstance(summary.get("step"), int):
        raise RunError("run.json is not valid: step is not a whole number.")
    lines = (run.path / "history.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        values = [row[name] for name in NUMBERS]
        if not isinstance(row["step"], int) or not all(map(math.isfinite, values)):
            raise RunError("history.jsonl, line {number}, is not a valid row.", number=number)
