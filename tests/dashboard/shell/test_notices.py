"""The warning that PCA does better, from the functions that decide it."""

from dataclasses import replace
from typing import Any

import pytest

from aecore.applications import denoising
from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from aecore.training.trainer import Trainer
from dashboard.shell import notices
from dashboard.widgets.pca_comparison import ratio_of_row
from tests.dashboard.support import OpenPage
from tests.support import current_job

DENOISER = Config(
    dataset="digits",
    hidden="128",
    bottleneck=40,
    noise=0.3,
    batch_size=32,
    epochs=15,
    precision="float32",
)


def denoise_page(snapshot: Snapshot, digits: Dataset) -> dict[str, float]:
    """Return the PSNR of each method, as the Denoise page's curves show it at the level."""
    network = TrainedModel.from_snapshot(snapshot, digits, "run")
    config = snapshot.config
    rows = denoising.compare(network, digits.test_images, config.noise_kind, [config.noise])
    return {row.method: row.psnr for row in rows}


def test_denoiser_is_compared_on_noisy_images_as_on_the_denoise_page(digits: Dataset) -> None:
    trainer = Trainer(digits, DENOISER)
    trainer.train()
    snapshot = trainer.snapshot()
    last, model = snapshot.history[-1], snapshot.model
    # On clean images, for which it was not trained, it loses to as many components.
    clean = DENOISER.changed(noise=0.0)
    assert trainer._probe.error(model, clean) > trainer._probe.pca_error(clean)
    assert last["held_out"] < last["pca"]
    assert notices.warning(snapshot) is None
    psnr = denoise_page(snapshot, digits)
    assert psnr["autoencoder"] > psnr["pca"]


def test_denoiser_that_loses_on_the_denoise_page_is_warned_about(digits: Dataset) -> None:
    trainer = Trainer(digits, DENOISER.changed(bottleneck=2, epochs=1))
    trainer.train()
    snapshot = trainer.snapshot()
    psnr = denoise_page(snapshot, digits)
    assert psnr["autoencoder"] < psnr["pca"]
    text = notices.warning(snapshot)
    assert text is not None
    assert text.startswith("PCA still denoises better.")


@pytest.mark.parametrize(
    ("row", "noise", "warned"),
    [
        ({"held_out": 0.02, "pca": 0.01, "noise": 0.0}, 0.0, True),
        ({"held_out": 0.02, "pca": 0.01}, 0.0, True),
        ({"held_out": 0.01, "pca": 0.02, "noise": 0.0}, 0.0, False),
        # PCA is exact.
        ({"held_out": 0.02, "pca": 1e-32, "noise": 0.0}, 0.0, False),
        ({"held_out": 0.02, "pca": 0.0}, 0.0, False),
        # Measured on clean images, by an early version or before the noise was switched on.
        ({"held_out": 0.02, "pca": 0.01}, 0.3, False),
        ({"held_out": 0.02, "pca": 0.01, "noise": 0.0}, 0.3, False),
    ],
)
def test_warning_needs_errors_that_can_be_compared(
    small: Dataset, quick: Config, row: dict[str, Any], noise: float, warned: bool
) -> None:
    snapshot = Trainer(small, quick.changed(noise=noise)).snapshot()
    history: Any = [row]
    changed = replace(snapshot, history=history)
    assert (notices.warning(changed) is not None) is warned
    assert ((ratio_of_row(row, changed.config) or 0) > 1) is warned


def test_finished_overcomplete_run_says_that_pca_is_exact(open_page: OpenPage) -> None:
    page = open_page(epochs=1, bottleneck=64)
    page.button(key="play").click().run()
    assert current_job().wait(60)
    page.run()
    (notice,) = page.success
    assert notice.value.endswith("PCA is exact at this width.")
    assert not page.warning
