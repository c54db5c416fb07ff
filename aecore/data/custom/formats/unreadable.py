"""Name files that cannot be read for what they are, with the way out."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from aecore.errors import DataError
from aecore.i18n import N_, Message

HEAD_BYTES = 512
_HTML = N_(
    "{file} is a web page, perhaps saved by mistake instead of the file that it links to; "
    "download that file."
)
_HDF5 = N_("{file} is an HDF5 or MATLAB 7.3 file; save its images and labels as an NPZ.")
_EXCEL = N_("{file} is an Excel workbook; save the sheet as a CSV.")
_HEIC = N_("{file} is a HEIC or AVIF photo; save it as a JPEG or PNG.")
_PICKLE = N_(
    "{file} is a Python pickle, which could run any program when opened; save its images and "
    "labels as an NPZ."
)
MAGIC: Mapping[bytes, Message] = {
    b"version https://git-lfs": N_(
        "{file} is a Git LFS pointer, not the file itself; run git lfs pull, or download the file."
    ),
    b"MATLAB 5.0": N_("{file} is a MATLAB file; save its images and labels as an NPZ."),
    b"\x89HDF": _HDF5,
    b"\xd0\xcf\x11\xe0": _EXCEL,
    b"\x80\x02": _PICKLE,
    b"\x80\x03": _PICKLE,
    b"\x80\x04": _PICKLE,
    b"\x80\x05": _PICKLE,
    b"PAR1": N_("{file} is a Parquet table; save it as a CSV."),
    b"Rar!": N_("{file} is a RAR archive; pack the files as a ZIP."),
    b"7z\xbc\xaf": N_("{file} is a 7z archive; pack the files as a ZIP."),
    b"BZh": N_("{file} is compressed with bzip2; unpack it first."),
    b"\xfd7zXZ": N_("{file} is compressed with xz; unpack it first."),
    b"(\xb5/\xfd": N_("{file} is compressed with Zstandard; unpack it first."),
    b"%PDF": N_("{file} is a PDF; save its pictures as PNGs."),
    b"SIMPLE  =": N_("{file} is a FITS file; save its images as an NPZ."),
}
"""First bytes of files, and what to say about them."""
SUFFIXES: Mapping[str, Message] = {
    ".heic": _HEIC,
    ".heif": _HEIC,
    ".avif": _HEIC,
    ".svg": N_("{file} is a drawing; save it as a PNG."),
    ".dcm": N_("{file} is a DICOM file; save it as a PNG."),
}
"""Suffixes of pictures that cannot be read, and what to say about them."""


def error_for(head: bytes, file: str) -> DataError | None:
    """Return the error for a file of a kind that cannot be read, or None.

    Parameters
    ----------
    head : bytes
        Its first `HEAD_BYTES` bytes.
    file : str
        Its name.
    """
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    message = next((each for magic, each in MAGIC.items() if head.startswith(magic)), None)
    if text.startswith((b"<!doctype html", b"<html")):
        message = _HTML
    elif head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"avif"):
        message = _HEIC
    elif head[257:262] == b"ustar":
        message = N_("{file} is a TAR archive; pack the files as a ZIP.")
    elif text.startswith(b"@relation"):
        message = N_("{file} is an ARFF table; save it as a CSV.")
    elif message is None:
        message = SUFFIXES.get(PurePosixPath(file).suffix.casefold())
    return None if message is None else _error(message, file)


def _error(message: Message, file: str) -> DataError:
    return DataError.from_message(Message(message.text, {"file": file}))


def error_for_zip(names: list[str], file: str) -> DataError | None:
    """Return the error for a ZIP that is a file of another kind, or None."""
    if any(name.startswith("xl/") for name in names):
        return _error(_EXCEL, file)
    if any(PurePosixPath(name).name == "data.pkl" for name in names):
        return DataError(
            "{file} is a PyTorch file, a pickle, which could run any program when opened; save "
            "its images and labels as an NPZ.",
            file=file,
        )
    return None
