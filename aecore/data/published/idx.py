"""Read the idx format of MNIST and its relatives, plain or gzipped."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError

# The types in use: images and labels are bytes, QMNIST's labels are big-endian integers.
TYPES: dict[int, np.dtype[Any]] = {0x08: np.dtype("u1"), 0x0C: np.dtype(">i4")}
MOST_BYTES = 2 * 1024**3


def find(folder: Path, name: str) -> Path | None:
    """Return the path of a file in a folder, plain or gzipped, or None if it is missing."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def read(path: Path) -> NDArray[np.uint8] | NDArray[np.int32]:
    """Read an idx file.

    Parameters
    ----------
    path : Path
        Gzipped if its name ends in ``.gz``.

    Returns
    -------
    ndarray of uint8 or int32, of 1 to 3 dimensions, read-only
        A memory map of a plain file, or an array in memory of a gzipped one.

    Raises
    ------
    DataError
        If the file is not in idx format, or too short or too long.
    """
    try:
        return _unpack(path) if path.suffix == ".gz" else _map(path)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise DataError(
            "{path} is damaged or incomplete; delete it and download the data again.", path=path
        ) from error


def _map(path: Path) -> NDArray[np.uint8] | NDArray[np.int32]:
    with path.open("rb") as file:
        kind, shape = _header(file)
        start = file.tell()
    if path.stat().st_size != start + math.prod(shape) * kind.itemsize:
        raise ValueError(shape)
    return np.memmap(path, dtype=kind, mode="r", offset=start, shape=shape)


def _unpack(path: Path) -> NDArray[np.uint8] | NDArray[np.int32]:
    with gzip.open(path, "rb") as packed:
        file = cast(BinaryIO, packed)
        kind, shape = _header(file)
        size = math.prod(shape) * kind.itemsize
        content = file.read(size + 1)
    if len(content) != size:
        raise ValueError(shape)
    return np.frombuffer(content, dtype=kind).reshape(shape)


def _header(file: BinaryIO) -> tuple[np.dtype[Any], tuple[int, ...]]:
    zero, code, dimensions = struct.unpack(">HBB", file.read(4))
    if zero or code not in TYPES or not 1 <= dimensions <= 3:
        raise ValueError(code)
    shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
    if not 0 < math.prod(shape) * TYPES[code].itemsize <= MOST_BYTES:
        raise ValueError(shape)
    return TYPES[code], shape
