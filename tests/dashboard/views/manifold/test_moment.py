import numpy as np
import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.network import inference
from aecore.network.inference import encode
from aecore.training.trainer import Trainer
from dashboard.views.manifold.moment import SETS, Moment, labeled_images


@pytest.fixture
def trainer(small: Dataset, quick: Config) -> Trainer:
    trainer = Trainer(small, quick)
    trainer.step()
    return trainer


@pytest.mark.parametrize("which", SETS)
def test_codes_and_reconstructions_match_the_network(
    trainer: Trainer, small: Dataset, which: str
) -> None:
    images = labeled_images(small, which)
    moment = Moment("a", trainer.snapshot(), images, which)
    counts = {"held_out": len(small.test_images), "training": len(small.images)}
    assert len(moment.codes) == len(images.labels) == counts.get(which, len(moment.codes))
    assert np.allclose(moment.codes, encode(trainer.model, images.images), atol=1e-6)
    assert moment.reconstruction.shape == images.images.shape
    error = inference.error(trainer.model, images.images)
    # Reconstructions have 8 bits per pixel, so their error is less precise.
    assert moment.errors.mean() == pytest.approx(error, rel=0.01)
    assert np.array_equal(moment.originals(np.array([3]))[0] * 255, images.images[3])


def test_probe_set_reuses_the_codes_of_the_snapshot(trainer: Trainer, small: Dataset) -> None:
    snapshot = trainer.snapshot()
    sample = labeled_images(small, "probe")
    assert np.array_equal(sample.labels, snapshot.labels)
    assert Moment("a", snapshot, sample, "probe").codes is snapshot.codes
