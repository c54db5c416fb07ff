"""Download files: verified, resumed after an interruption, and written atomically."""

import gzip
import hashlib
import http.client
import shutil
import ssl
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

from filelock import FileLock

from aecore.errors import DataError

TIMEOUT = 20.0
ATTEMPTS = 3
BLOCK = 1 << 18
MOST_BYTES = 2 * 1024**3

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Remote:
    """A file to download.

    Attributes
    ----------
    name : str
        File name: a ``.gz``, or a ``.zip`` of such files.
    md5 : str
        Checksum, in hexadecimal.
    urls : tuple of str
        Its addresses, the preferred one first.
    size : int
        Approximate number of bytes, used for progress until the server reports the size.
    """

    name: str
    md5: str
    urls: tuple[str, ...]
    size: int = 0


def fetch(
    remotes: Sequence[Remote],
    files: Sequence[str],
    folder: Path,
    *,
    progress: Progress | None = None,
) -> None:
    """Download and unpack missing files, so that `folder` contains all `files`.

    Concurrent calls, from other threads or processes too, wait for the first to finish.

    Parameters
    ----------
    remotes : sequence of Remote
        The packed files.
    files : sequence of str
        Names of the unpacked files; others in an archive are ignored.
    folder : Path
        Created if missing.
    progress : callable, optional
        Called with the number of bytes so far and the total. An exception it raises stops the
        download; a later call resumes it.

    Raises
    ------
    DataError
        If no server provides the right file, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            _fetch_all(remotes, files, folder, progress or (lambda _done, _all: None))
    except OSError as error:
        raise DataError(
            "Cannot write to {folder} ({reason}); set AECORE_DATA to a folder with room that you "
            "may write to.",
            folder=folder,
            reason=error.strerror or error,
        ) from error


def _fetch_all(
    remotes: Sequence[Remote], files: Sequence[str], folder: Path, progress: Progress
) -> None:
    sizes = {remote.name: remote.size for remote in remotes}
    before = 0
    for remote in remotes:

        def report(done: int, whole: int, name: str = remote.name, before: int = before) -> None:
            sizes[name] = max(done, whole)
            progress(before + done, sum(sizes.values()))

        if not all((folder / name).exists() for name in _unpacked(remote, files)):
            part = folder / f"{remote.name}.part"
            _get(remote, part, report)
            _unpack(remote, part, files, folder)
            part.unlink()
        before += sizes[remote.name]
    progress(before, before)


def _unpacked(remote: Remote, files: Sequence[str]) -> Sequence[str]:
    return [remote.name.removesuffix(".gz")] if remote.name.endswith(".gz") else files


def _get(remote: Remote, part: Path, report: Progress) -> None:
    """Fill `part` from the first working address, or raise the error of the preferred one."""
    first_error = DataError("There is no address to download {file} from.", file=remote.name)
    for place, url in enumerate(remote.urls):
        for attempt in range(ATTEMPTS):
            existed = part.exists()
            error = _attempt(remote, url, part, report)
            if error is None:
                return
            if place == attempt == 0:
                first_error = error
            if not (existed or part.exists()):
                break
    raise first_error


def _attempt(remote: Remote, url: str, part: Path, report: Progress) -> DataError | None:
    host = urlsplit(url).netloc
    try:
        if not (part.exists() and _md5(part) == remote.md5):
            _receive(url, part, remote.size, report)
    except HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
        return DataError(
            "{host} answered {status} when asked for {file}; try again later.",
            host=host,
            status=error.code,
            file=remote.name,
        )
    except (URLError, ConnectionError, TimeoutError, ssl.SSLError, http.client.HTTPException):
        return DataError(
            "{host} cannot be reached, or the download of {file} broke off. Check the "
            "network and try again: it resumes where it stopped. The dataset digits "
            "needs no download.",
            host=host,
            file=remote.name,
        )
    if _md5(part) == remote.md5:
        return None
    part.unlink()
    return DataError(
        "What {host} sent is not {file} (its checksum is wrong); try again later, or from another "
        "network.",
        host=host,
        file=remote.name,
    )


def _receive(url: str, part: Path, expected: int, report: Progress) -> None:
    """Append the rest of `url` to `part`, or start over if the server cannot resume."""
    size = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "aecore"} | ({"Range": f"bytes={size}-"} if size else {})
    # The addresses are constants, not user input.
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT) as response:  # noqa: S310
        size = size if response.status == 206 else 0
        total = size + response.length if response.length is not None else None
        with part.open("ab" if size else "wb") as file:
            while size <= MOST_BYTES and (block := response.read(BLOCK)):
                file.write(block)
                size += len(block)
                report(size, total or expected)
    if total is not None and size < total:
        raise ConnectionError(url)


def _unpack(remote: Remote, part: Path, files: Sequence[str], folder: Path) -> None:
    try:
        if remote.name.endswith(".gz"):
            with part.open("rb") as packed:
                _gunzip(packed, folder / _unpacked(remote, files)[0])
            return
        with zipfile.ZipFile(part) as archive:
            members = {PurePosixPath(info.filename).name: info for info in archive.infolist()}
            for name in files:
                with archive.open(members[f"{name}.gz"]) as packed:
                    _gunzip(packed, folder / name)
    except (gzip.BadGzipFile, EOFError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        part.unlink()
        raise DataError(
            "{file} cannot be unpacked; the download has been removed. Try again later.",
            file=remote.name,
        ) from error


def _gunzip(packed: IO[bytes] | BinaryIO, path: Path) -> None:
    unfinished = path.with_name(f".{path.name}-{uuid4().hex}")
    try:
        with gzip.open(packed) as source, unfinished.open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)
        unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
