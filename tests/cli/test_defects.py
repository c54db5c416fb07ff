import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore.data import Dataset
from tests.cli.conftest import SMALL, Call


@pytest.fixture
def run(call: Call, tmp_path: Path) -> Path:
    call("train", *SMALL, "--epochs", "30", "--classes", "0", "--out", tmp_path / "run")
    return tmp_path / "run"


def write_pictures(folder: Path, dataset: Dataset) -> None:
    """Write held-out zeros: four as they are, and six with a bright square, and its mask."""
    zeros = dataset.test_images[dataset.test_labels == 0]
    for number, image in enumerate(zeros[:10]):
        mask = np.zeros_like(image)
        kind = "good" if number < 4 else "broken"
        if kind == "broken":
            mask[:2, :2] = 255
            save(folder / "ground_truth" / kind / f"{number:03}_mask.png", mask)
        save(folder / "test" / kind / f"{number:03}.png", np.maximum(image, mask))


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_defects_are_compared_with_masks_and_drawn(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    write_pictures(tmp_path / "zeros", digits)
    result = call("defects", run, tmp_path / "zeros", "--out", tmp_path / "maps", "--json").json
    # Those without defects are among the held-out images that the map was learned from.
    assert (result["images"], result["left_out"]) == (6, 4)
    assert result["network"]["pixel_auroc"] > 0.9
    assert result["pca"]["pixel_auroc"] > 0.9
    assert result["network"]["with_region"] == 1
    assert result["folders"]["test/broken"] == {
        key: value for key, value in result.items() if key in ("images", "network", "pca")
    }
    assert result["folders"]["test/good"]["images"] == 0
    drawn = sorted(path.relative_to(tmp_path / "maps") for path in tmp_path.glob("maps/**/*.png"))
    assert [str(path) for path in drawn[:2]] == ["test/broken/004.png", "test/broken/005.png"]
    assert len(drawn) == 10
    with Image.open(tmp_path / "maps" / drawn[0]) as sheet:
        assert sheet.size == (512, 256)
        pixels = np.asarray(sheet).astype(int)
    assert (pixels[:80, :80] == (238, 89, 129)).all(2).any()
    redness = pixels[:, 256:, 0] - pixels[:, 256:, 1]
    assert redness[:64, :64].mean() > 80 > redness[192:, 192:].mean()


def test_table_names_folders_and_methods(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    write_pictures(tmp_path / "zeros", digits)
    result = call("defects", run, tmp_path / "zeros")
    rows = [line.split() for line in result.out.splitlines()[1:]]
    assert [row[:3] for row in rows] == [
        ["test/broken", "6", "network"],
        ["test/broken", "6", "PCA"],
        ["test/good", "0", "network"],
        ["test/good", "0", "PCA"],
        ["all", "6", "network"],
        ["all", "6", "PCA"],
    ]
    assert rows[2][3:] == ["–", "–"]
    assert "4 pictures are not counted" in result.err


def test_pictures_without_masks_have_no_area(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    ones = digits.test_images[digits.test_labels == 1]
    for number, image in enumerate(ones[:5]):
        save(tmp_path / "ones" / f"{number}.png", image)
    result = call("defects", run, tmp_path / "ones", "--json").json
    assert (result["images"], result["left_out"]) == (5, 0)
    assert result["network"]["pixel_auroc"] is None
    assert result["network"]["with_region"] > 0
    assert "–" in call("defects", run, tmp_path / "ones").out


def test_places_in_an_archive_cannot_lead_out_of_the_folder(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    save(tmp_path / "zero.png", digits.test_images[0])
    content = (tmp_path / "zero.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "hostile.zip", "w") as archive:
        for name in ("/root.png", "C:\\photo.bmp", "x/../../up.png", "..\\up.png"):
            member = zipfile.ZipInfo()
            member.filename = name
            archive.writestr(member, content)
    call("defects", run, tmp_path / "hostile.zip", "--out", tmp_path / "a" / "maps")
    names = {str(path.relative_to(tmp_path / "a")) for path in (tmp_path / "a").rglob("*.png")}
    assert names == {"maps/root.png", "maps/C_/photo.bmp.png"}


def test_missing_folder_is_rejected(call: Call, run: Path, tmp_path: Path) -> None:
    result = call("defects", run, tmp_path / "nowhere")
    assert (result.code, result.out) == (2, "")
    assert "nowhere is not a folder or ZIP of pictures" in result.err
