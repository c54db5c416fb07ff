import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from aecore.data.custom import masks
from aecore.errors import DataError

SHAPE = (8, 8)


def png(pixels: Any, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, kind)
    return file.getvalue()


def picture(value: int, side: int = 16) -> bytes:
    return png(np.full((side, side), value))


def mask(white: int = 255, side: int = 16) -> bytes:
    """Return a mask whose upper left quarter is defective."""
    pixels = np.zeros((side, side))
    pixels[: side // 2, : side // 2] = white
    return png(pixels)


def bottle() -> dict[str, bytes]:
    return {
        "bottle/ground_truth/broken/000_mask.png": mask(),
        "bottle/ground_truth/scratch/000.png": mask(1),
        "bottle/test/broken/000.png": picture(10),
        "bottle/test/good/000.png": picture(20),
        "bottle/test/scratch/000.jpg": picture(30),
        "bottle/train/good/000.png": picture(40),
    }


def in_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def in_zip(folder: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo()
            # The constructor would replace the backslashes of this system, not those of others.
            member.filename = name
            archive.writestr(member, content)
    return folder / "pictures.zip"


def with_backslashes(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name.replace("/", "\\"): content for name, content in files.items()}


@pytest.mark.parametrize("place", ["folder", "inner folder", "ZIP", "ZIP of Windows"])
def test_pictures_are_found_with_their_masks(tmp_path: Path, place: str) -> None:
    files = bottle()
    source = {
        "folder": lambda: in_folder(tmp_path, files),
        "inner folder": lambda: in_folder(tmp_path, files) / "bottle",
        "ZIP": lambda: in_zip(tmp_path, files),
        "ZIP of Windows": lambda: in_zip(tmp_path, with_backslashes(files)),
    }[place]()
    found = masks.read(source, SHAPE)
    assert [str(path).removeprefix("bottle/") for path in found.paths] == [
        "test/broken/000.png",
        "test/good/000.png",
        "test/scratch/000.jpg",
    ]
    assert found.images.shape == found.masks.shape == (3, *SHAPE)
    assert found.images[:2, 0, 0].tolist() == [10, 20]
    assert found.known.all()
    assert not found.masks[1].any()
    for each in (0, 2):
        assert found.masks[each, :4, :4].all()
        assert found.masks[each].sum() == 16


def test_picture_without_a_mask_is_kept_but_its_defects_are_unknown(tmp_path: Path) -> None:
    files = bottle()
    del files["bottle/ground_truth/scratch/000.png"]
    found = masks.read(in_folder(tmp_path, files), SHAPE)
    assert found.known.tolist() == [True, True, False]
    assert not found.masks[2].any()


def test_pictures_outside_of_the_layout_have_no_masks(tmp_path: Path) -> None:
    files = {"a.png": picture(1), "good/b.png": picture(2), "test/c.png": picture(3)}
    found = masks.read(in_folder(tmp_path, files), SHAPE)
    assert [str(path) for path in found.paths] == ["a.png", "good/b.png", "test/c.png"]
    assert not found.known.any()


def test_masks_of_several_products_do_not_mix(tmp_path: Path) -> None:
    files = bottle()
    files |= {name.replace("bottle", "cable"): content for name, content in files.items()}
    files["cable/ground_truth/broken/000_mask.png"] = png(np.zeros((16, 16)))
    found = masks.read(in_zip(tmp_path, files), SHAPE)
    sizes = dict(zip(map(str, found.paths), found.masks.sum((1, 2)).tolist(), strict=True))
    assert sizes["bottle/test/broken/000.png"] == 16
    assert sizes["cable/test/broken/000.png"] == 0


def test_thin_defects_stay_of_full_strength(tmp_path: Path) -> None:
    """Averaged over an eighth of the size, a line of one pixel would vanish."""
    line = np.zeros((64, 64))
    line[36] = 255
    files = {**bottle(), "bottle/ground_truth/broken/000_mask.png": png(line)}
    files["bottle/test/broken/000.png"] = picture(10, 64)
    found = masks.read(in_folder(tmp_path, files), SHAPE)
    assert found.masks[0].sum() == 8
    assert found.masks[0, 4].all()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ground_truth/broken/000_mask.png", mask(side=12), "is 12 by 12 pixels, its picture 16"),
        ("ground_truth/broken/000_mask.png", b"no image", "cannot be read as an image"),
        ("test/broken/000.png", b"no image", "cannot be read"),
    ],
)
def test_damaged_files_and_wrong_sizes_are_rejected(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    files = {**bottle(), f"bottle/{name}": content}
    with pytest.raises(DataError, match=message) as error:
        masks.read(in_folder(tmp_path, files), SHAPE)
    assert name in str(error.value)


def test_sources_without_pictures_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("not a ZIP")
    with pytest.raises(DataError, match="empty contains no pictures; provide a folder or ZIP"):
        masks.read(tmp_path / "empty", SHAPE)
    for name in ("text.zip", "nowhere"):
        with pytest.raises(DataError, match=f"{name} is not a folder or ZIP of pictures"):
            masks.read(tmp_path / name, SHAPE)
