import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from aecore.data.published import idx
from aecore.errors import LabError

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def content(array: np.ndarray, code: int = 0x08) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.tobytes()


def test_uncompressed_file_is_memory_mapped_and_read_only(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(content(IMAGES))
    array = idx.read(path)
    assert isinstance(array, np.memmap)
    assert not array.flags.writeable
    np.testing.assert_array_equal(array, IMAGES)


def test_gzipped_file_has_the_same_content(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(content(IMAGES)))
    np.testing.assert_array_equal(idx.read(path), IMAGES)


def test_integers_are_big_endian(tmp_path: Path) -> None:
    numbers = np.array([[1, 300], [70_000, -2]], dtype=">i4")
    path = tmp_path / "labels"
    path.write_bytes(content(numbers, code=0x0C))
    assert idx.read(path).tolist() == [[1, 300], [70_000, -2]]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\0\0",
        b"<html>no such page</html>",
        content(IMAGES)[:-1],
        content(IMAGES) + b"!",
        content(IMAGES, code=0x0D),
        struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 2**31),
    ],
)
@pytest.mark.parametrize("gzipped", [False, True])
def test_damaged_file_is_named_in_the_error(tmp_path: Path, damaged: bytes, gzipped: bool) -> None:
    path = tmp_path / ("images.gz" if gzipped else "images")
    path.write_bytes(gzip.compress(damaged) if gzipped else damaged)
    with pytest.raises(LabError, match=r"images.* is damaged or incomplete; delete it"):
        idx.read(path)


def test_truncated_gzip_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(content(IMAGES))[:-9])
    with pytest.raises(LabError, match="damaged"):
        idx.read(path)


def test_uncompressed_file_is_preferred(tmp_path: Path) -> None:
    assert idx.find(tmp_path, "images") is None
    (tmp_path / "images.gz").write_bytes(b"")
    assert idx.find(tmp_path, "images") == tmp_path / "images.gz"
    (tmp_path / "images").write_bytes(b"")
    assert idx.find(tmp_path, "images") == tmp_path / "images"
