import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore.data.custom import pictures
from aecore.errors import DataError

SHAPE = (5, 6)


class Upload(io.BytesIO):
    """A file from a browser."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def png(value: int, size: tuple[int, int] = (12, 9)) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, value).save(buffer, "PNG")
    return buffer.getvalue()


def make_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with three pictures in two subfolders, and a file that is not one."""
    for number, name in enumerate(["good/a.png", "good/b.png", "bad/a.png", "bad/notes.txt"]):
        path = tmp_path / "parts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(10 * number))
    return tmp_path / "parts"


def test_pictures_of_a_folder_are_resized_and_named_by_their_path_in_it(folder: Path) -> None:
    read = pictures.read([folder], SHAPE)
    assert read.names == ["bad/a.png", "good/a.png", "good/b.png"]
    assert read.images.shape == (3, *SHAPE)
    assert read.images.dtype == np.uint8
    assert read.images[:, 0, 0].tolist() == [20, 0, 10]


def test_pictures_of_a_zip_are_named_by_their_path_in_it(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(make_zip({"all/a.png": png(1), "all/b.png": png(2)}))
    read = pictures.read([tmp_path / "x.zip"], SHAPE)
    assert read.names == ["all/a.png", "all/b.png"]
    assert read.images[:, 0, 0].tolist() == [1, 2]


def test_names_tell_files_of_several_sources_apart(folder: Path) -> None:
    (folder / "x.zip").write_bytes(make_zip({"a.png": png(7)}))
    sources = [folder / "bad" / "a.png", folder / "good", folder / "x.zip"]
    read = pictures.read(sources, SHAPE)
    assert read.names == ["bad/a.png", "good/a.png", "good/b.png", "x.zip/a.png"]
    assert read.images[:, 0, 0].tolist() == [20, 0, 10, 7]
    assert pictures.read([folder / "good" / "b.png"], SHAPE).names == ["b.png"]


def test_relative_sources_may_lead_upwards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "good")
    assert pictures.read([Path("../bad")], SHAPE).names == ["a.png"]
    assert pictures.read([Path()], SHAPE).names == ["a.png", "b.png"]


def test_uploads_are_read_again_and_again() -> None:
    uploads = [
        Upload("parts/good/1.png", png(1)),
        Upload("parts/2.png", png(2)),
        Upload("x.zip", make_zip({"3.png": png(3)})),
    ]
    for _ in range(2):
        read = pictures.read(uploads, SHAPE)
        assert read.names == ["parts/good/1.png", "parts/2.png", "x.zip/3.png"]
        assert read.images[:, 0, 0].tolist() == [1, 2, 3]
    assert pictures.read(uploads[:2], SHAPE).names == ["good/1.png", "2.png"]


@pytest.mark.parametrize("name", ["/etc/1.png", "//evil/1.png", "../../1.png", "a/../1.png", ""])
def test_hostile_names_of_uploads_are_only_names(name: str) -> None:
    uploads = [Upload(name, png(1)), Upload("x.zip", make_zip({"/abs.png": png(2)}))]
    read = pictures.read(uploads, SHAPE)
    assert len(read.names) == 2
    assert read.images[:, 0, 0].tolist() == [1, 2]


def test_names_that_are_not_utf8_are_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff, =1+1.png")
    (tmp_path / name).write_bytes(png(1))
    assert pictures.read([tmp_path], SHAPE).names == [name]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.png", b"nothing", "bad.png in .* cannot be read"),
        ("bad.zip", make_zip({"bad.png": b"nothing"}), "bad.png in bad.zip cannot be read"),
        ("empty.zip", make_zip({"notes.txt": b""}), "no pictures in empty.zip"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    for source in (tmp_path / name, Upload(name, content)):
        with pytest.raises(DataError, match=message):
            pictures.read([source], SHAPE)


def test_missing_file_and_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere.png cannot be opened \(No such file"):
        pictures.read([tmp_path / "nowhere.png"], SHAPE)
    (tmp_path / "hollow").mkdir()
    with pytest.raises(DataError, match="no pictures in hollow"):
        pictures.read([tmp_path / "hollow"], SHAPE)
    with pytest.raises(DataError, match="no pictures in the files"):
        pictures.read([], SHAPE)
