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


def test_a_plain_file_is_mapped_and_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(content(IMAGES))
    read = idx.read(path)
    assert isinstance(read, np.memmap)
    assert not read.flags.writeable
    np.testing.assert_array_equal(read, IMAGES)


def test_a_gzipped_file_holds_the_same(tmp_path: Path) -> None:
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
@pytest.mark.parametrize("packed", [False, True])
def test_damage_is_a_sentence_that_names_the_file(
    tmp_path: Path, damaged: bytes, packed: bool
) -> None:
    path = tmp_path / ("images.gz" if packed else "images")
    path.write_bytes(gzip.compress(damaged) if packed else damaged)
    with pytest.raises(LabError, match=r"images.* is damaged or incomplete; delete it"):
        idx.read(path)


def test_a_gzip_cut_short_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(content(IMAGES))[:-9])
    with pytest.raises(LabError, match="damaged"):
        idx.read(path)


def test_the_plain_file_is_found_first(tmp_path: Path) -> None:
    assert idx.find(tmp_path, "images") is None
    (tmp_path / "images.gz").write_bytes(b"")
    assert idx.find(tmp_path, "images") == tmp_path / "images.gz"
    (tmp_path / "images").write_bytes(b"")
    assert idx.find(tmp_path, "images") == tmp_path / "images"
