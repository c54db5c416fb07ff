import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from aecore.data.custom import reader
from aecore.data.custom.greyscale import Limits
from aecore.errors import LabError

IMAGES = np.arange(60 * 16, dtype=np.uint8).reshape(60, 4, 4)
NAMES = np.array(["cat", "dog", "10", "9", ""] * 12)


def npz(**arrays: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    buffer.seek(0)
    return buffer


def test_an_npz_with_labels() -> None:
    read = reader.read(npz(images=IMAGES, labels=np.arange(60) % 3 - 1))
    np.testing.assert_array_equal(read.images, IMAGES)
    assert read.classes == ("0", "1")
    assert read.labels[:4].tolist() == [-1, 0, 1, -1]
    assert read.labels.dtype == np.int64


@pytest.mark.parametrize("kind", ["U5", "S5"])
def test_names_as_labels_with_numbers_first(kind: str) -> None:
    read = reader.read(npz(images=IMAGES, labels=NAMES.astype(kind)))
    assert read.classes == ("9", "10", "cat", "dog")
    assert read.labels[:5].tolist() == [2, 3, 1, 0, -1]


def test_other_names_do_where_only_one_array_can_be_meant() -> None:
    read = reader.read(npz(data=IMAGES.reshape(60, 16) / 255, target=np.ones(60), note=np.zeros(3)))
    np.testing.assert_array_equal(read.images, IMAGES)
    assert read.classes == ("1",)


def test_no_labels_no_classes() -> None:
    read = reader.read(npz(images=IMAGES))
    assert read.classes == ()
    assert (read.labels == -1).all()


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"a": IMAGES, "b": IMAGES}, "the arrays a, b; name one of them images"),
        ({"a": np.zeros(60)}, "the arrays a; name"),
        ({"images": IMAGES, "labels": np.zeros(59)}, r"shape \(59,\), but there are 60 images"),
        ({"images": IMAGES, "labels": np.full(60, 0.5)}, "not classes"),
        ({"images": IMAGES, "labels": np.full(60, np.nan)}, "not classes"),
        ({"images": IMAGES * 1j}, "must be numbers"),
        ({"images": IMAGES[:49]}, "too few images .49.; at least 50"),
    ],
)
def test_an_npz_that_cannot_be_used(arrays: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        reader.read(npz(**arrays))


def test_too_many_classes_are_no_classes() -> None:
    images = np.zeros((1001, 4, 4), dtype=np.uint8)
    with pytest.raises(LabError, match="names 1001 classes; up to 1000"):
        reader.read(npz(images=images, labels=np.arange(1001)))


class Trap:
    """Pickled, it writes a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["images", "labels"])
def test_objects_are_never_unpickled(tmp_path: Path, name: str) -> None:
    objects = np.array([[[Trap(tmp_path / "sprung")]]] * 60, dtype=object)
    arrays = {"images": objects} if name == "images" else {"images": IMAGES, name: objects[:, 0, 0]}
    with pytest.raises(LabError, match="Python objects"):
        reader.read(npz(**arrays))
    assert not (tmp_path / "sprung").exists()


def test_a_heading_that_asks_for_all_memory_is_refused() -> None:
    heading = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        heading, {"descr": "|u1", "fortran_order": False, "shape": (60, 10**6, 10**6)}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("images.npy", heading.getvalue())
    with pytest.raises(LabError, match="unpacks to more than 2048 MB"):
        reader.read(file)


@pytest.mark.parametrize("change", [b"PK\x03\x04 nothing more", "cut", "array", "negative"])
def test_a_damaged_archive_is_a_sentence(change: bytes | str) -> None:
    whole = npz(images=IMAGES).getvalue()
    inner = {"array": b"\x93NUMPY\x01\x00\x05", "negative": b"nonsense"}
    if change in inner:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("images.npy", inner[str(change)])
        whole = buffer.getvalue()
    content = whole[:-30] if change == "cut" else change if isinstance(change, bytes) else whole
    with pytest.raises(LabError, match="is damaged"):
        reader.read(io.BytesIO(content))


def test_a_folder_and_its_zip_are_the_same(tmp_path: Path) -> None:
    folder, archive = tmp_path / "pets", tmp_path / "pets.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for number, (image, name) in enumerate(zip(IMAGES, NAMES, strict=True)):
            path = folder / str(name) / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
            packed.write(path, path.relative_to(folder))
    first, second = reader.read(folder), reader.read(archive)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.classes == second.classes == ("9", "10", "cat", "dog")
    assert (first.labels == -1).sum() == 12
    whole = {image.tobytes() for image in IMAGES}
    assert {image.tobytes() for image in first.images} == whole
    assert {image.tobytes() for image in second.images} == whole


def test_a_csv_with_labels() -> None:
    heading = ",".join(["label", *(f"pixel{n}" for n in range(16))])
    lines = [",".join([str(k % 10), *map(str, image.ravel())]) for k, image in enumerate(IMAGES)]
    read = reader.read(io.BytesIO("\n".join([heading, *lines]).encode()))
    np.testing.assert_array_equal(read.images, IMAGES)
    assert read.classes == tuple("0123456789")
    assert read.labels[:12].tolist() == [*range(10), 0, 1]


def test_a_stream_that_cannot_go_back() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    np.testing.assert_array_equal(reader.read(Pipe(npz(images=IMAGES).getvalue())).images, IMAGES)


def test_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"absent\.npz cannot be opened"):
        reader.read(tmp_path / "absent.npz")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    path.write_bytes(npz(images=IMAGES).getvalue())
    with pytest.raises(LabError, match=r"large\.npz is larger than"):
        reader.read(path, limits=Limits(file=path.stat().st_size - 1))
    assert len(reader.read(path, limits=Limits(file=path.stat().st_size)).images) == 60


def test_something_else_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(LabError, match=r"film\.mp4 is neither"):
        reader.read(path)
