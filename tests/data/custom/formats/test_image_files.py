import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from aecore.data.custom.formats import image_files
from aecore.data.custom.formats.image_files import Frames, ImageFile
from aecore.data.custom.limits import Limits
from aecore.data.custom.options import Options
from aecore.data.preparation import Preparation
from aecore.errors import LabError

FEW = Limits(least=1, most=5, unpacked=10_000)


def png(
    value: Any = 7, mode: str = "L", size: tuple[int, int] = (6, 5), kind: str = "PNG"
) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, value).save(buffer, kind)
    return buffer.getvalue()


def make_zip(files: dict[str, bytes]) -> zipfile.ZipFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return zipfile.ZipFile(buffer)


def read(files: dict[str, bytes], options: Options | None = None) -> Frames:
    members = image_files.pictures(image_files.in_zip(make_zip(files)))
    return image_files.read(members, "x.zip", options, FEW)


def test_pictures_are_read_in_order() -> None:
    frames = read({"all/cat/b.png": png(201), "all/cat/a.PNG": png(200), "all/dog/c.bmp": png(202)})
    assert frames.images.shape == (3, 5, 6)
    assert frames.images[:, 0, 0].tolist() == [200, 201, 202]
    assert frames.names == ["all/cat/a.PNG", "all/cat/b.png", "all/dog/c.bmp"]


@pytest.mark.parametrize(
    ("mode", "value", "kind", "expected"),
    [
        ("RGB", (255, 255, 0), "PNG", 226),
        ("RGBA", (255, 255, 0, 255), "PNG", 226),
        ("RGBA", (0, 0, 0, 0), "PNG", 255),
        ("LA", (0, 51), "PNG", 204),
        ("1", 1, "PNG", 255),
        ("I;16", 40_000, "PNG", 156),
        ("L", 190, "GIF", 190),
        ("L", 190, "TIFF", 190),
        ("I", 40_000, "TIFF", 156),
        ("F", 0.75, "TIFF", 191),
    ],
)
def test_every_colour_mode_becomes_grey(mode: str, value: Any, kind: str, expected: int) -> None:
    assert (read({"a.png": png(value, mode, kind=kind)}).images == expected).all()


def test_files_that_are_not_images_are_ignored() -> None:
    link = zipfile.ZipInfo("link.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    names = ["a.png", "more.zip", "__MACOSX/._a.png", ".b.png", "notes.txt"]
    with zipfile.ZipFile(io.BytesIO(), "w") as archive:
        for name in names:
            archive.writestr(name, b"")
        archive.writestr(link, "/etc/passwd")
        listing = image_files.sort_out(image_files.in_zip(archive))
    assert [str(file.path) for file in listing.pictures] == ["a.png"]
    assert [str(file.path) for file in listing.others] == ["more.zip", "notes.txt"]
    assert listing.left_out == {"hidden files": 2}


def test_symlinks_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "folder"
    secret.mkdir()
    (folder / "cat").mkdir(parents=True)
    (secret / "s.png").write_bytes(png())
    (folder / "cat" / "a.png").write_bytes(png())
    (folder / "link.png").symlink_to(secret / "s.png")
    (folder / "linked").symlink_to(secret)
    assert [str(path) for path, *_ in image_files.in_folder(folder)] == ["cat/a.png"]


def test_images_of_different_shapes_need_a_size() -> None:
    files = {"a.png": png(200), "b.png": png(200, size=(9, 300))}
    with pytest.raises(LabError, match=r"b\.png in x\.zip is 300 by 9 .* 5 by 6; provide a size"):
        read(files)
    images = read(files, Options(size=(8, 6))).images
    assert images.shape == (2, 8, 6)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"not an image", png()[:-30], png()[:40]],
    ids=["empty", "text", "truncated", "truncated early"],
)
def test_damaged_image_is_named_in_the_error(damaged: bytes) -> None:
    with pytest.raises(LabError, match=r"b/bad\.png in x\.zip cannot be read"):
        read({"a.png": png(), "b/bad.png": damaged})


def test_member_with_wrong_checksum_is_named_in_the_error() -> None:
    archive = make_zip({"a.png": png()})
    content = bytearray(archive.fp.getvalue())  # type: ignore[union-attr]
    archive.close()
    content[60] ^= 0xFF
    with (
        zipfile.ZipFile(io.BytesIO(content)) as broken,
        pytest.raises(LabError, match=r"a\.png in x\.zip cannot be read"),
    ):
        image_files.read(list(image_files.in_zip(broken)), "x.zip", limits=FEW)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"x\.zip contains no images; at least 1 are needed"),
        ({f"{n}.png": png() for n in range(7)}, r"too many images \(7\); at most 5"),
        ({"a.png": png(size=(3, 6))}, "6 by 3 pixels; sides of 4 to 128"),
        ({"a.png": png(size=(200, 101))}, r"x\.zip unpacks to more than"),
        ({f"{n}.png": png(size=(60, 60)) for n in range(3)}, "unpacks to more than"),
        ({"a.png": b"\0" * 20_000}, "unpacks to more than"),
    ],
    ids=["none", "many", "thin", "one large", "large together", "decompression bomb"],
)
def test_counts_and_sizes_out_of_bounds_are_rejected(files: dict[str, bytes], message: str) -> None:
    with pytest.raises(LabError, match=message):
        read(files)


def test_pixel_limit_of_pillow_applies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(LabError, match=r"a\.png in x\.zip cannot be read"):
        read({"a.png": png()})


class Declared(io.BytesIO):
    """An image file that counts how much of it is read, and may end later than declared."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.bytes_read = 0

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self.bytes_read += len(content)
        return content


def test_file_longer_than_declared_is_read_only_up_to_the_limit() -> None:
    bomb = Declared(b"\0" * 3 * FEW.unpacked)
    file = ImageFile(PurePosixPath("a.png"), 10, lambda: bomb)
    with pytest.raises(LabError, match="unpacks to more than"):
        image_files.read([file], "x.zip", limits=FEW)
    assert bomb.bytes_read == FEW.unpacked + 1


def test_declared_sizes_are_added_up_before_anything_is_read() -> None:
    files = [ImageFile(PurePosixPath(f"{n}.png"), 4_000, io.BytesIO) for n in range(3)]
    with pytest.raises(LabError, match="unpacks to more than"):
        image_files.read(files, "x.zip", limits=FEW)


@pytest.mark.parametrize(
    "reading",
    [
        partial(image_files.read, options=Options(size=(8, 8))),
        partial(image_files.read_alike, shape=(8, 8), preparation=Preparation()),
    ],
    ids=["dataset", "upload"],
)
def test_pixels_to_resize_are_added_up_before_any_is_decoded(reading: Callable[..., Any]) -> None:
    """Each image is allowed, and all together are not: only their headers are read."""
    noise = np.random.default_rng(0).integers(0, 256, (90, 100), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    streams = [Declared(buffer.getvalue()) for _ in range(3)]
    limits = Limits(least=1, unpacked=20_000)
    opened = iter(streams)
    files = [ImageFile(PurePosixPath("a.png"), 0, lambda: next(opened)) for _ in streams]
    message = "x contains 3 images with 0.027 megapixels together; at most 0.02 .* fewer or smaller"
    with pytest.raises(LabError, match=message):
        reading(files, "x", limits=limits)
    assert sum(stream.bytes_read for stream in streams) < 1_000


def test_aspect_is_kept_or_not_as_chosen() -> None:
    """A wide picture, dark at its left half and light at its right one."""
    image = np.zeros((4, 16), np.uint8)
    image[:, 8:] = 255
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    fitted = {
        fit: read({"a.png": buffer.getvalue()}, Options(size=(8, 8), fit=fit)).images[0]
        for fit in ("pad", "crop", "stretch")
    }
    assert {each.shape for each in fitted.values()} == {(8, 8)}
    # Two rows of the picture in the middle, and its ground above and below.
    assert (fitted["pad"][3:5, -1] == 255).all()
    assert len(np.unique(fitted["pad"][:3])) == 1
    assert fitted["crop"][0, 0] == fitted["stretch"][0, 0] == 0
    assert fitted["crop"][-1, -1] == fitted["stretch"][-1, -1] == 255


def test_frames_of_a_file_are_numbered() -> None:
    buffer = io.BytesIO()
    images = [Image.new("L", (6, 5), value) for value in (100, 200)]
    images[0].save(buffer, "TIFF", save_all=True, append_images=images[1:])
    frames = read({"a.tif": buffer.getvalue(), "b.png": png(210)})
    assert frames.names == ["a.tif#1", "a.tif#2", "b.png"]
    assert frames.images[:, 0, 0].tolist() == [100, 200, 210]


def test_pictures_of_more_than_8_bits_are_scaled_by_the_highest_bit_in_use() -> None:
    frames = read({f"{n}.png": png(n * 1000, "I;16") for n in (1, 2, 4)})
    assert frames.images[:, 0, 0].tolist() == [62, 125, 250]
    assert [scale.white for scale in frames.scales] == [4080]
