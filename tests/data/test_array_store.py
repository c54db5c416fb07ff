import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from aecore.data import array_store

ARRAYS = {"images": np.arange(32, dtype=np.uint8).reshape(2, 4, 4), "labels": np.array([3, 1])}


def test_written_arrays_are_read_as_read_only_memory_maps(tmp_path: Path) -> None:
    array_store.write(tmp_path / "deep" / "one", ARRAYS, {"name": "é"})
    stored = array_store.read(tmp_path / "deep" / "one")
    assert stored.about["name"] == "é"
    np.testing.assert_array_equal(stored.arrays["images"], ARRAYS["images"])
    np.testing.assert_array_equal(stored.arrays["labels"], [3, 1])
    assert isinstance(stored.arrays["images"], np.memmap)
    assert not stored.arrays["images"].flags.writeable


def test_existing_folder_is_not_overwritten_and_nothing_left_over(tmp_path: Path) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    with pytest.raises(OSError, match="one"):
        array_store.write(tmp_path / "one", {"images": np.zeros(3)}, {})
    np.testing.assert_array_equal(array_store.read(tmp_path / "one").arrays["labels"], [3, 1])
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_exactly_one_of_many_concurrent_writes_succeeds(tmp_path: Path) -> None:
    def attempt(number: int) -> int | None:
        try:
            array_store.write(tmp_path / "one", {"numbers": np.full(50_000, number)}, {})
        except OSError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        (winner,) = [each for each in pool.map(attempt, range(8)) if each is not None]
    assert (array_store.read(tmp_path / "one").arrays["numbers"] == winner).all()
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pickle"):
        array_store.write(tmp_path / "one", {**ARRAYS, "objects": np.array([{}])}, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("about.json", b"{"),
        ("about.json", b"[]"),
        ("about.json", b'{"arrays": ["images"]}'),
        ("images.npy", b""),
        ("images.npy", b"\x93NUMPY\x01\x00"),
    ],
)
def test_damaged_files_are_detected(tmp_path: Path, file: str, content: bytes) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    (tmp_path / "one" / file).write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011, any will do
        array_store.read(tmp_path / "one")


def test_object_arrays_are_never_loaded(tmp_path: Path) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    np.save(tmp_path / "one" / "images.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError):  # noqa: PT011
        array_store.read(tmp_path / "one")


def test_deleted_folder_is_gone_and_cannot_be_deleted_again(tmp_path: Path) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    array_store.delete(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="one"):
        array_store.delete(tmp_path / "one")


class CountingFactory:
    """Make arrays that contain the number of calls so far."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.calls += 1
        return {"numbers": np.full(5, self.calls)}


def test_cache_is_kept_until_the_source_changes(tmp_path: Path) -> None:
    source, place, make = tmp_path / "source", tmp_path / "cache", CountingFactory()
    source.write_text("a")
    first = array_store.cached("x", [source], [place], make)
    second = array_store.cached("x", [source], [place], make)
    assert make.calls == 1
    assert isinstance(first["numbers"], np.memmap)
    assert second["numbers"].tolist() == [1] * 5

    source.write_text("b")
    os.utime(source, ns=(1, 1))
    assert array_store.cached("x", [source], [place], make)["numbers"].tolist() == [2] * 5
    source.write_text("bc")
    os.utime(source, ns=(1, 1))
    assert array_store.cached("x", [source], [place], make)["numbers"].tolist() == [3] * 5
    assert len(list(place.iterdir())) == 1, "outdated entries are removed"


def test_unwritable_cache_folder_is_skipped(tmp_path: Path) -> None:
    source, unwritable, writable, make = (
        tmp_path / "s",
        tmp_path / "f" / "x",
        tmp_path / "ok",
        CountingFactory(),
    )
    source.write_text("a")
    (tmp_path / "f").write_text("a file instead of a folder")
    array_store.cached("x", [source], [unwritable, writable], make)
    array_store.cached("x", [source], [unwritable, writable], make)
    assert make.calls == 1
    in_memory = array_store.cached("x", [source], [unwritable], make)
    assert in_memory["numbers"].tolist() == [2] * 5


def test_damaged_cache_entry_is_recreated(tmp_path: Path) -> None:
    source, place, make = tmp_path / "source", tmp_path / "cache", CountingFactory()
    source.write_text("a")
    array_store.cached("x", [source], [place], make)
    (about,) = place.glob("*/about.json")
    about.write_text("")
    assert array_store.cached("x", [source], [place], make)["numbers"].tolist() == [2] * 5
    array_store.cached("x", [source], [place], make)
    assert make.calls == 2
    assert json.loads(about.read_text())["sources"] == [str(source)]
