import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from aecore.data import array_store

ARRAYS = {"images": np.arange(32, dtype=np.uint8).reshape(2, 4, 4), "labels": np.array([3, 1])}


def test_what_is_written_is_read_as_read_only_maps(tmp_path: Path) -> None:
    array_store.write(tmp_path / "deep" / "one", ARRAYS, {"name": "é"})
    read = array_store.read(tmp_path / "deep" / "one")
    assert read.about["name"] == "é"
    np.testing.assert_array_equal(read.arrays["images"], ARRAYS["images"])
    np.testing.assert_array_equal(read.arrays["labels"], [3, 1])
    assert isinstance(read.arrays["images"], np.memmap)
    assert not read.arrays["images"].flags.writeable


def test_nothing_is_overwritten_and_nothing_left_over(tmp_path: Path) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    with pytest.raises(OSError, match="one"):
        array_store.write(tmp_path / "one", {"images": np.zeros(3)}, {})
    np.testing.assert_array_equal(array_store.read(tmp_path / "one").arrays["labels"], [3, 1])
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_of_many_who_write_at_once_one_wins(tmp_path: Path) -> None:
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


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
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
def test_damage_is_noticed(tmp_path: Path, file: str, content: bytes) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    (tmp_path / "one" / file).write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011, any will do
        array_store.read(tmp_path / "one")


def test_an_array_of_objects_is_never_opened(tmp_path: Path) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    np.save(tmp_path / "one" / "images.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError):  # noqa: PT011
        array_store.read(tmp_path / "one")


def test_delete(tmp_path: Path) -> None:
    array_store.write(tmp_path / "one", ARRAYS, {})
    array_store.delete(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="one"):
        array_store.delete(tmp_path / "one")


class Maker:
    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.made += 1
        return {"numbers": np.full(5, self.made)}


def test_kept_until_the_source_changes(tmp_path: Path) -> None:
    source, place, make = tmp_path / "source", tmp_path / "cache", Maker()
    source.write_text("a")
    first = array_store.cached("x", [source], [place], make)
    again = array_store.cached("x", [source], [place], make)
    assert make.made == 1
    assert isinstance(first["numbers"], np.memmap)
    assert again["numbers"].tolist() == [1] * 5

    source.write_text("b")
    os.utime(source, ns=(1, 1))
    assert array_store.cached("x", [source], [place], make)["numbers"].tolist() == [2] * 5
    source.write_text("bc")
    os.utime(source, ns=(1, 1))
    assert array_store.cached("x", [source], [place], make)["numbers"].tolist() == [3] * 5
    assert len(list(place.iterdir())) == 1, "what is outdated is removed"


def test_a_place_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    source, blocked, place, make = tmp_path / "s", tmp_path / "f" / "x", tmp_path / "ok", Maker()
    source.write_text("a")
    (tmp_path / "f").write_text("a file where a folder would have to be")
    array_store.cached("x", [source], [blocked, place], make)
    array_store.cached("x", [source], [blocked, place], make)
    assert make.made == 1
    in_memory = array_store.cached("x", [source], [blocked], make)
    assert in_memory["numbers"].tolist() == [2] * 5


def test_what_was_kept_and_is_damaged_is_made_again(tmp_path: Path) -> None:
    source, place, make = tmp_path / "source", tmp_path / "cache", Maker()
    source.write_text("a")
    array_store.cached("x", [source], [place], make)
    (about,) = place.glob("*/about.json")
    about.write_text("")
    assert array_store.cached("x", [source], [place], make)["numbers"].tolist() == [2] * 5
    array_store.cached("x", [source], [place], make)
    assert make.made == 2
    assert json.loads(about.read_text())["sources"] == [str(source)]
