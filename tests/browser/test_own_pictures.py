"""From 600 pictures in a folder to a denoiser, a detector and its use without the dashboard."""

import io
import re
import subprocess
import sys
import zipfile
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore import data
from aecore.applications import denoising
from aecore.runs.trained_model import TrainedModel
from tests.browser.lab import Lab

# A retried test finds the dataset of its first attempt, so each attempt needs a new name.
attempts = count()
CLASSES, EACH = ("0", "1", "2"), 200


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a subfolder of pictures for each class."""
    folder = tmp_path_factory.mktemp("pictures")
    strokes = data.load("strokes", root=folder / "absent")
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir()
        for row, image in enumerate(strokes.images[strokes.labels == number][:EACH]):
            # Small pictures are trained on in seconds.
            Image.fromarray(image).resize((16, 16)).save(folder / name / f"{row}.png")
    return folder


@pytest.fixture
def packed(pictures: Path, tmp_path: Path) -> Path:
    """Return the same as a ZIP."""
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(pictures.rglob("*.png")):
            archive.write(file, file.relative_to(pictures))
    return path


def finish_training(lab: Lab) -> TrainedModel:
    """Train to the end, and return the network."""
    total = re.compile(r"^([\d,]+) / \1$")
    lab.wait_until(lambda: total.match(lab.fact("Step")) is not None, "the run is finished")
    images = data.load(lab.config.dataset, root=lab.server.data)
    return TrainedModel.open(lab.run, images)


def areas(lab: Lab) -> dict[str, float]:
    """Return the AUROC of each score, from the legend of the ROC curves."""
    names = lab.plot_value("curve-roc", "data.filter(t => t.name).map(t => t.name)")
    pairs = (name.rpartition(" ") for name in names)
    return {name: float(area) for name, _, area in pairs if re.fullmatch(r"[\d.]+", area)}


@pytest.fixture
def with_pictures(lab: Lab, packed: Path) -> Lab:
    """Add the pictures as a dataset, as a user would."""
    name = f"pictures-{next(attempts)}"
    lab.ensure_fresh_run()
    lab.expand("More data")
    lab.widget("upload").locator("input[type=file]").set_input_files(packed)
    preview = lab.page.get_by_role("dialog")
    preview.get_by_text("600, 16 by 16 pixels").wait_for()
    preview.get_by_text("0 (200), 1 (200), 2 (200)").wait_for()
    lab.enter("upload name", name)
    lab.press("add")
    lab.wait_until(lambda: lab.selected("dataset") == name, "a run on the pictures starts")
    lab.wait_until(lambda: lab.step == 0, "the run is shown")
    return lab


def test_denoiser_and_detector_of_own_pictures_beat_pca(
    with_pictures: Lab, pictures: Path, tmp_path: Path
) -> None:
    lab = with_pictures
    lab.select("preset", "Denoising")
    lab.wait_until(lambda: lab.config.noise > 0, "the preset is chosen")
    lab.play()
    network = finish_training(lab)
    images = network.training_subset.test_images
    noisy = denoising.add_noise(images, "gaussian", network.config.noise)
    clean = images.reshape(len(images), -1) / 255
    pca = network.pca.reconstruct(noisy, network.config.bottleneck).reshape(clean.shape).clip(0, 1)
    denoised = network.reconstruct(noisy).reshape(clean.shape)
    assert np.square(denoised - clean).mean() < np.square(pca - clean).mean()

    lab.page.get_by_role("link", name="Anomalies").click()
    lab.press("train normal")
    lab.wait_until(lambda: lab.config.classes == "0", "a run on the normal class starts")
    finish_training(lab)
    lab.wait_until(
        lambda: lab.figure("curve-roc").count() == 1 and "PCA error" in areas(lab), "scored"
    )
    assert areas(lab)["Relative error"] >= areas(lab)["PCA relative error"]

    lab.page.get_by_text("Score new files", exact=True).click()
    lab.widget("new folder").locator("input[type=file]").set_input_files(pictures)
    lab.wait_until(lambda: "of 600 pictures (Relative error above" in lab.text, "scored")
    with lab.page.expect_download() as download:
        lab.press("export scores")
    lines = download.value.path().read_text().splitlines()
    scores = {name: float(score) for name, score, *_ in (line.split(",") for line in lines[1:])}
    with lab.page.expect_download() as download:
        lab.press("export detector")
    printed = run_readme(download.value.path(), tmp_path / "detector", pictures)
    assert len(printed) == 600
    assert printed == pytest.approx(scores, rel=1e-2)


def run_readme(archive: Path, folder: Path, pictures: Path) -> dict[str, float]:
    """Run the Python of an exported detector's README in a clean process; return the scores."""
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as packed:
        packed.extractall(folder)
    (code,) = re.findall(r"```python\n(.+?)```", (folder / "README.md").read_text(), re.DOTALL)
    (folder / "score.py").write_text(code)
    command = [sys.executable, "-I", "score.py", str(pictures)]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    rows = (line.split("\t") for line in process.stdout.splitlines())
    return {Path(name).relative_to(pictures).as_posix(): float(score) for name, score, *_ in rows}
