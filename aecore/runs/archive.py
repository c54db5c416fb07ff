"""Pack a run into a ZIP and unpack it; every ZIP is treated as hostile."""

import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from aecore.errors import LabError, RunError, brief
from aecore.files import MEGABYTE, check_writable
from aecore.i18n import N_, Message
from aecore.runs.folder import unused_path
from aecore.runs.run import Run

# The files of a run. Nothing else is written, wherever its path would lead.
FILE = re.compile(
    r"(?:(?P<folder>[^/\\]{1,255})/)?"
    r"(?P<file>run\.json|config\.json|labels\.json|history\.jsonl|(probe|latest)\.safetensors"
    r"|frames/\d{9,12}\.safetensors|checkpoint/(state\.json|[0-9a-f-]{1,64}\.safetensors))"
)
NEEDED = ("config.json", "run.json", "history.jsonl", "probe.safetensors", "latest.safetensors")
NAME = re.compile(r"[\w.+-]{1,120}")
INCOMING = ".incoming"
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error)
# Those that `pack` writes; others are slower, and fail in more ways.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Limits:
    """The largest accepted ZIP.

    Attributes
    ----------
    files : int
        Number of files.
    unpacked : int
        Bytes when unpacked.
    ratio : int
        Bytes when unpacked for each byte of the ZIP. Weights and codes hardly compress.
    free : int
        Bytes when unpacked that need not be in that ratio.
    """

    files: int = 2000
    unpacked: int = 2 * 1024**3
    ratio: int = 20
    free: int = 16 * MEGABYTE

    def bytes(self, packed: int) -> int:
        """Return how many bytes a ZIP of some size may have when unpacked."""
        return min(self.unpacked, max(self.free, self.ratio * packed))


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
    notify: Callable[[Message], object] = lambda _: None,
) -> Run:
    """Unpack a run written by `pack` into the folder of all runs.

    Parameters
    ----------
    source : Path or binary file
    root : Path
        The folder of all runs.
    name : str, optional
        Name of the new run; by default the one in the ZIP. A number is appended if it is taken.
        What cannot name a folder is replaced by ``imported``.
    replace : bool
        Replace an existing run of this name.
    limits : Limits
    notify : callable
        Called with a message if the run is given another name.

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
        intended = name or packed_name
        path = root / _safe_name(intended)
        if replace and path.exists():
            path.rename(folder.with_name(folder.name + ".old"))
        else:
            path = unused_path(path)
        folder.rename(path)
        if path.name != intended:
            notify(_renamed(intended, path.name))
        return Run(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(folder.with_name(folder.name + ".old"), ignore_errors=True)


def _safe_name(name: str) -> str:
    return name if NAME.fullmatch(name) and not name.startswith(".") else "imported"


def _renamed(intended: str, name: str) -> Message:
    if _safe_name(intended) == intended:
        return N_(
            "There is a run named {intended} already, so the imported one is named {name}.",
            intended=intended,
            name=name,
        )
    return N_(
        "{intended!r} cannot be the name of a run, so the imported one is named {name}.",
        intended=brief(intended),
        name=name,
    )


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
    # All before the directory at the end; the directory could declare anything.
    most = limits.bytes(archive.start_dir)
    if len(infos) > limits.files or size > most:
        raise RunError(
            "The ZIP contains {count:,} files and unpacks to {size:,.0f} MB; a run has at most "
            "{files:,} files and, in a ZIP of this size, {most:,.0f} MB.",
            count=len(infos),
            size=size / MEGABYTE,
            files=limits.files,
            most=most / MEGABYTE,
        )
    files: dict[str, zipfile.ZipInfo] = {}
    folders = set()
    for info in infos:
        match = FILE.fullmatch(info.filename)
        is_odd = stat.S_ISLNK(info.external_attr >> 16) or info.compress_type not in METHODS
        if is_odd or match is None or match["folder"] in ("..", ".") or match["file"] in files:
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
    """Check the run in a folder; its errors name files as they are called in the ZIP."""
    try:
        Run(folder).check()
    except LabError as error:
        raise RunError(
            "The ZIP contains a damaged run: {error}",
            error=str(error).replace(f"{folder}/", ""),
        ) from None
