import io
import math
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aecore.data.custom import reader
from aecore.data.custom.limits import Limits
from aecore.data.custom.options import Options
from aecore.errors import DataError, LabError

IMAGES = np.arange(60 * 16, dtype=np.uint8).reshape(60, 4, 4)
NAMES = np.array(["cat", "dog", "10", "9", ""] * 12)


def npz(**arrays: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    buffer.seek(0)
    return buffer


def test_npz_with_labels() -> None:
    result = reader.read(npz(images=IMAGES, labels=np.arange(60) % 3 - 1))
    np.testing.assert_array_equal(result.images, IMAGES)
    assert result.classes == ("0", "1")
    assert result.labels[:4].tolist() == [-1, 0, 1, -1]
    assert result.labels.dtype == np.int64


@pytest.mark.parametrize("kind", ["U5", "S5"])
def test_string_labels_are_sorted_with_numbers_first(kind: str) -> None:
    result = reader.read(npz(images=IMAGES, labels=NAMES.astype(kind)))
    assert result.classes == ("9", "10", "cat", "dog")
    assert result.labels[:5].tolist() == [2, 3, 1, 0, -1]


def test_other_array_names_are_accepted_if_unambiguous() -> None:
    result = reader.read(
        npz(data=IMAGES.reshape(60, 16) / 255, target=np.ones(60), note=np.zeros(3))
    )
    np.testing.assert_array_equal(result.images, IMAGES)
    assert result.classes == ("1",)


def test_without_labels_there_are_no_classes() -> None:
    result = reader.read(npz(images=IMAGES))
    assert result.classes == ()
    assert (result.labels == -1).all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": IMAGES, "b": IMAGES}, "the arrays a, b; name one of them images"),
        ({"a": np.zeros(60)}, "the arrays a; name"),
        ({"images": IMAGES, "labels": np.zeros(59)}, r"shape \(59,\), but there are 60 images"),
        ({"images": IMAGES, "labels": np.full(60, 0.5)}, "not classes"),
        ({"images": IMAGES * 1j}, "must be numbers"),
        ({"images": IMAGES[:49]}, "too few images .49.; at least 50"),
        ({"images": np.zeros((60, 0))}, "have no pixels"),
        ({"images": IMAGES, "labels": np.full(60, 1e300)}, "not classes"),
        ({"images": IMAGES, "labels": np.full(60, np.inf)}, "not classes"),
        (
            {"images": IMAGES, "labels": np.full(60, "\ud800")},
            r"class '\\ud800', which is not valid",
        ),
        (
            {"images": IMAGES, "labels": np.full(60, "a" * 101)},
            "class of 101 characters.*up to 100",
        ),
        (
            {"images": IMAGES, "labels": np.full(60, 2**31 - 1, "i4").view("U1")},
            "labels .* damaged",
        ),
    ],
)
def test_unusable_npz_is_rejected(arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(LabError, match=message):
        reader.read(npz(**arrays))


def test_too_many_classes_are_rejected() -> None:
    images = np.arange(1001 * 16).astype(np.uint8).reshape(-1, 4, 4)
    with pytest.raises(LabError, match="names 1001 classes; up to 1000"):
        reader.read(npz(images=images, labels=np.arange(1001)))


class Trap:
    """Object whose pickle creates a file when it is loaded."""

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


def test_npy_header_that_declares_a_huge_array_is_rejected() -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (60, 10**6, 10**6)}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("images.npy", header.getvalue())
    with pytest.raises(LabError, match="unpacks to more than 2048 MB"):
        reader.read(file)


@pytest.mark.parametrize("damage", [b"PK\x03\x04 nothing more", "cut", "array", "negative"])
def test_damaged_archive_is_rejected(damage: bytes | str) -> None:
    archive_content = npz(images=IMAGES).getvalue()
    damaged_arrays = {"array": b"\x93NUMPY\x01\x00\x05", "negative": b"nonsense"}
    if damage in damaged_arrays:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("images.npy", damaged_arrays[str(damage)])
        archive_content = buffer.getvalue()
    content = (
        archive_content[:-30]
        if damage == "cut"
        else damage
        if isinstance(damage, bytes)
        else archive_content
    )
    with pytest.raises(LabError, match="is damaged"):
        reader.read(io.BytesIO(content))


def test_folder_and_its_zip_give_the_same_images_and_labels(tmp_path: Path) -> None:
    folder, archive = tmp_path / "pets", tmp_path / "pets.zip"
    with zipfile.ZipFile(archive, "w") as zip_file:
        for number, (image, name) in enumerate(zip(IMAGES, NAMES, strict=True)):
            path = folder / str(name) / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
            zip_file.write(path, path.relative_to(folder))
    from_folder, from_zip = reader.read(folder), reader.read(archive)
    np.testing.assert_array_equal(from_folder.labels, from_zip.labels)
    assert from_folder.classes == from_zip.classes == ("9", "10", "cat", "dog")
    assert (from_folder.labels == -1).sum() == 12
    expected = {image.tobytes() for image in IMAGES}
    assert {image.tobytes() for image in from_folder.images} == expected
    assert {image.tobytes() for image in from_zip.images} == expected


def test_csv_with_labels() -> None:
    header = ",".join(["label", *(f"pixel{n}" for n in range(16))])
    lines = [",".join([str(k % 10), *map(str, image.ravel())]) for k, image in enumerate(IMAGES)]
    result = reader.read(io.BytesIO("\n".join([header, *lines]).encode()))
    np.testing.assert_array_equal(result.images, IMAGES)
    assert result.classes == tuple("0123456789")
    assert result.labels[:12].tolist() == [*range(10), 0, 1]


def test_csv_of_labels_without_pixels_is_rejected() -> None:
    with pytest.raises(LabError, match="have no pixels"):
        reader.read(io.BytesIO(b"label\n" + b"1\n2\n3\n" * 30))


KINDS = ("?", "i1", "u1", "i8", "u8", "f2", "f4", "f8", "c8", "M8[s]", "S1", "S3", "U1", "U3", "V2")


@st.composite
def uploads(draw: st.DrawFn) -> bytes:
    """Draw a file that claims to be a dataset: with any arrays, damaged, or any table."""
    if draw(st.booleans()):
        cells = st.sampled_from(
            ["", "0", "1", "255", "-1", "nan", "1e999", "x", '"', "label", "\ud7ff"]
        )
        width = draw(st.integers(0, 5))
        lines = draw(st.lists(st.lists(cells, min_size=width, max_size=width + 1), max_size=3))
        return "\n".join(map(",".join, lines * draw(st.sampled_from([1, 60])))).encode()
    count = draw(st.sampled_from([0, 1, 60]))
    arrays = {}
    for name in draw(st.lists(st.sampled_from(["images", "labels", "x"]), unique=True)):
        sides = draw(st.lists(st.sampled_from([0, 1, 3, 4, 16]), max_size=3))
        kind = np.dtype(draw(st.sampled_from(KINDS)))
        size = math.prod([count, *sides]) * kind.itemsize
        values = draw(st.binary(min_size=min(size, 64), max_size=min(size, 64)))
        filled = (values * (size // max(1, len(values)) + 1))[:size]
        arrays[name] = np.frombuffer(filled, kind).reshape(count, *sides)
    content = bytearray(npz(**arrays).getvalue())
    for place in draw(st.lists(st.integers(0, len(content) - 1), max_size=2)):
        content[place] ^= draw(st.integers(1, 255))
    return bytes(content[: draw(st.sampled_from([None, -10]))])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(uploads(), st.sampled_from([None, (5, 5)]))
def test_any_upload_is_read_or_rejected_with_a_sentence(
    content: bytes, size: tuple[int, int] | None
) -> None:
    with suppress(DataError):
        result = reader.read(io.BytesIO(content), Options(size=size))
        assert len(result.images) == len(result.labels) >= 50
        "".join(result.classes).encode()


def test_stream_that_is_not_seekable_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    np.testing.assert_array_equal(reader.read(Pipe(npz(images=IMAGES).getvalue())).images, IMAGES)


def test_missing_file_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"absent\.npz cannot be opened"):
        reader.read(tmp_path / "absent.npz")


def test_file_above_the_size_limit_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    path.write_bytes(npz(images=IMAGES).getvalue())
    with pytest.raises(LabError, match=r"large\.npz is larger than"):
        reader.read(path, limits=Limits(file=path.stat().st_size - 1))
    assert len(reader.read(path, limits=Limits(file=path.stat().st_size)).images) == 60


def test_unsupported_file_type_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(LabError, match=r"film\.mp4 is neither"):
        reader.read(path)


def test_labels_are_taken_from_the_names_of_files(tmp_path: Path) -> None:
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(tmp_path / f"{('cat', 'dog')[number % 2]}_{number}.png")
    result = reader.read(tmp_path, Options(label_pattern="{label}_*"))
    assert result.report.classes == {"cat": 30, "dog": 30}
    assert "Labels are from the names of the files." in map(str, result.report.notes)
    with pytest.raises(LabError, match=r"matches no name in .*such as cat_0"):
        reader.read(tmp_path, Options(label_pattern="{label}-*"))


def test_resizing_is_reported() -> None:
    report = reader.read(npz(images=IMAGES), Options(size=(8, 10), fit="crop")).report
    assert (report.height, report.width) == (8, 10)
    assert [str(note) for note in report.notes] == ["Resized to 10 by 8 pixels (Crop)."]
