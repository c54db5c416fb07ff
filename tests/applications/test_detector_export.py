import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore.applications import anomaly, detector_export
from aecore.config import Config
from aecore.data import Dataset
from aecore.data.custom import pictures
from aecore.data.custom.options import FITS
from aecore.data.preparation import Preparation
from aecore.errors import LabError
from aecore.runs.trained_model import TrainedModel
from tests.support import trained

CHECK = "assert not {'aecore', 'torch', 'sklearn'} & {*sys.modules}\n"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> TrainedModel:
    config = Config(classes="0", hidden="32", bottleneck=6, batch_size=16, epochs=30)
    path = tmp_path_factory.mktemp("detector") / "run"
    trained(path, digits, config, steps=100)
    return TrainedModel.open(path, digits)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> Path:
    """Return a folder of pictures that are larger than the training images, one of them colour."""
    path = tmp_path_factory.mktemp("pictures")
    black = np.zeros_like(digits.test_images[0])
    for number, image in enumerate([*digits.test_images[:11], black]):
        large = Image.fromarray(np.kron(image, np.ones((3, 4), np.uint8)))
        place = path / str(number % 2) / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        (large.convert("RGB") if number == 5 else large).save(place)
    return path


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize(
    ("score", "preparation"),
    [
        ("relative", Preparation()),
        ("error", Preparation()),
        ("distance", Preparation("crop", invert=True)),
        ("both", Preparation("stretch", white=100.0)),
    ],
)
def test_script_of_the_readme_gives_the_same_scores_in_a_clean_process(
    network: TrainedModel, folder: Path, tmp_path: Path, score: str, preparation: Preparation
) -> None:
    network = replace(network, dataset=replace(network.dataset, preparation=preparation))
    read = pictures.read([folder], network.dataset.shape, preparation)
    expected = anomaly.detector(network)[score](read.images)
    threshold = float(np.median(expected))
    here = unpacked(detector_export.pack(network, score, threshold), tmp_path / "detector")
    (code,) = re.findall(r"```python\n(.+?)```", (here / "README.md").read_text(), re.DOTALL)
    (here / "score.py").write_text(code + CHECK)
    # Isolated: neither this project's folder nor the environment's paths are searched.
    command = [sys.executable, "-I", "score.py", str(folder)]
    process = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr
    rows = [line.split("\t") for line in process.stdout.splitlines()]
    assert [Path(name).relative_to(folder).as_posix() for name, *_ in rows] == read.names
    # The script does not round the pixels after scaling them.
    assert [float(value) for _, value, _ in rows] == pytest.approx(expected, rel=1e-2)
    assert [verdict == "anomalous" for *_, verdict in rows] == (expected > threshold).tolist()


@pytest.mark.parametrize(
    ("score", "names"),
    [
        ("relative", set()),
        ("error", set()),
        ("distance", {"mean", "inverse_covariance"}),
        ("both", {"mean", "inverse_covariance", "log_mean", "log_std"}),
    ],
)
def test_export_contains_what_its_score_needs(
    network: TrainedModel, tmp_path: Path, score: str, names: set[str]
) -> None:
    here = unpacked(detector_export.pack(network, score, 0.25), tmp_path)
    facts = json.loads((here / "threshold.json").read_text())
    assert facts == {
        "score": score,
        "threshold": 0.25,
        "height": 8,
        "width": 8,
        "white": 255.0,
        "invert": False,
        "run": network.name,
        "step": network.step,
    }
    assert Config(**json.loads((here / "config.json").read_text())) == network.config
    assert (here / "model.safetensors").stat().st_size > 0
    assert (here / "statistics.npz").exists() == bool(names)
    if names:
        with np.load(here / "statistics.npz", allow_pickle=False) as statistics:
            assert set(statistics) == names


def test_script_is_short() -> None:
    for score, fit in product(anomaly.SCORES, FITS):
        lines = detector_export.script(score, fit).partition("ImageOps\n\n")[2].splitlines()
        assert len(lines) <= 22


def test_unknown_score_is_rejected(network: TrainedModel) -> None:
    with pytest.raises(LabError, match="score is 'luck'"):
        detector_export.pack(network, "luck", 0.25)
