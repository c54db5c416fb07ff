"""Denoising quality of each method by noise level, and of saved runs by training level."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.applications import denoising
from aecore.applications.filters import Filter
from aecore.errors import LabError
from aecore.i18n import t
from aecore.metrics import reconstruction
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from dashboard.components.live_figure import figure
from dashboard.state import active_run, background, cached
from dashboard.views.denoise.figures import levels_matrix, psnr_curves
from dashboard.widgets.heading import heading

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
IMAGE_COUNT, MAX_RUNS = 100, 8
CURVE_HEIGHT = 340


@dataclass(frozen=True, eq=False)
class Baselines:
    """Classic filters fitted to a kind and level of noise, and their scores.

    Attributes
    ----------
    filters : mapping of str to Filter
    scores : mapping of str to (PSNR in dB, SSIM)
        On held-out images, by filter; ``noisy`` holds the scores without any filter.
    """

    filters: Mapping[str, Filter]
    scores: Mapping[str, tuple[float, float]]


def show_curves(
    network: TrainedModel, kind: str, level: float, baselines: Mapping[float, Baselines | None]
) -> None:
    """Plot PSNR on held-out images against noise level, and summarise it at the current level.

    Parameters
    ----------
    network : TrainedModel
    kind : str
        Kind of noise.
    level : float
        Current noise level.
    baselines : mapping of float to Baselines or None
        By noise level; None until fitted.
    """
    heading(t("Quality (PSNR) by noise level"))
    version = (network.name, network.step, kind, network.config)
    own = cached.in_session("denoised", version, lambda: [_psnr(network, kind, e) for e in LEVELS])
    config = network.config
    is_trained_on_kind = config.noise_kind == kind and config.noise > 0
    figure(
        "denoise-curves",
        psnr_curves(
            LEVELS,
            {"autoencoder": own, **_psnr_by_filter(baselines)},
            {name: str(label) for name, label in denoising.METHODS.items()},
            training_level=config.noise if is_trained_on_kind else None,
            current_level=level,
        ),
        height=CURVE_HEIGHT,
        label=t("PSNR by noise level, for each method"),
    )
    truth, noisy = _held_out(network, kind, level)
    denoised = cached.in_session(
        "denoised here", (version, level), lambda: network.reconstruct(noisy)
    )
    score = (reconstruction.psnr(truth, denoised), reconstruction.ssim(truth, denoised))
    st.caption(_summary(score, baselines[level], level))
    st.caption(_fitting_progress(baselines))


def _psnr_by_filter(baselines: Mapping[float, Baselines | None]) -> dict[str, list[float]]:
    """Return the PSNR of each filter at all levels in dB, NaN until it is measured."""
    scores = [each.scores if (each := baselines[level]) else {} for level in LEVELS]
    names = [name for name in denoising.METHODS if any(name in row for row in scores)]
    return {name: [row[name][0] if row else float("nan") for row in scores] for name in names}


def _fitting_progress(baselines: Mapping[float, Baselines | None]) -> str:
    """Return how many levels are fitted, or a space once all are, to keep the layout stable."""
    pending = sum(each is None for each in baselines.values())
    if not pending:
        return "\N{NO-BREAK SPACE}"
    return t(
        "Fitting baselines: {done} of {all}.",
        done=len(baselines) - pending,
        all=len(baselines),
    )


def fit_baselines(network: TrainedModel, kind: str, level: float) -> Baselines | None:
    """Fit the classic filters to a noise in the background, and measure them.

    Returns
    -------
    Baselines or None
        None until they are fitted.
    """

    def fit() -> Baselines:
        truth, noisy = _held_out(network, kind, level)
        filters = denoising.fit(network, kind, level)
        outputs = {"noisy": noisy, **{name: each.apply(noisy) for name, each in filters.items()}}
        return Baselines(
            filters,
            {
                name: (reconstruction.psnr(truth, each), reconstruction.ssim(truth, each))
                for name, each in outputs.items()
            },
        )

    config = network.config
    subset = (network.dataset.fingerprint, config.classes, len(network.images))
    return background.get(("denoising baselines", subset, kind, level), fit)


def _held_out(
    network: TrainedModel, kind: str, level: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return held-out images, clean and noisy: float32 of shape (n, H, W), clean ones in [0, 1]."""
    truth = (network.dataset.test_images[:IMAGE_COUNT] / 255).astype(np.float32)
    return truth, denoising.add_noise(truth, kind, level)


def _psnr(network: TrainedModel, kind: str, level: float) -> float:
    """Return the PSNR of the network on held-out images, in dB."""
    truth, noisy = _held_out(network, kind, level)
    return reconstruction.psnr(truth, network.reconstruct(noisy))


def _summary(own: tuple[float, float], baselines: Baselines | None, level: float) -> str:
    """Describe the scores of the network and of the best baseline."""
    text = t(
        "At {level:.2f}, on {count} held-out images: autoencoder {psnr:.2f} dB (SSIM {ssim:.3f}).",
        level=level,
        count=IMAGE_COUNT,
        psnr=own[0],
        ssim=own[1],
    )
    if baselines is None:
        return text
    best = max(baselines.scores, key=lambda name: baselines.scores[name][0])
    return f"{text} " + t(
        "Best baseline, {name}: {psnr:.2f} dB (SSIM {ssim:.3f}).",
        name=denoising.METHODS[best],
        psnr=baselines.scores[best][0],
        ssim=baselines.scores[best][1],
    )


def show_levels(network: TrainedModel, kind: str) -> None:
    """Plot the PSNR of saved runs by training level and test level."""
    heading(t("Trained at one level, tested at another"))
    dataset = network.config.dataset
    trained = [
        row["name"]
        for row in cached.run_rows(active_run.root())
        if (row["config"]["dataset"], row["config"]["noise_kind"]) == (dataset, kind)
        and row["config"]["noise"] > 0
    ]
    rows = [
        (name, row) for name in trained[:MAX_RUNS] if (row := _psnr_of_run(name, kind)) and row[1]
    ]
    rows.sort(key=lambda pair: pair[1][0])
    names = [f"{row[0]:g} · {name[-15:]}" for name, row in rows]
    figure(
        "levels-matrix",
        levels_matrix(names, LEVELS, [row[1] for _, row in rows]) if rows else None,
        height=CURVE_HEIGHT,
        label=t("PSNR by training level and test level"),
        empty=t("Train runs at several levels of this noise to see how well each generalises."),
    )


def _psnr_of_run(name: str, kind: str) -> tuple[float, list[float]] | None:
    """Return the training level of a run and its PSNR at each test level, in dB.

    None until measured; the list is empty if the run cannot be read.
    """
    try:
        run = Run(active_run.root() / name)
    except LabError:
        # It was deleted since it was listed.
        return 0.0, []
    dataset = cached.dataset(run.config.dataset)

    def measure() -> tuple[float, list[float]]:
        try:
            network = TrainedModel.open(run.path, dataset)
        except LabError:
            return 0.0, []
        return network.config.noise, [_psnr(network, kind, each) for each in LEVELS]

    version = (run.written, dataset.fingerprint)
    return background.get(("levels", name, kind), measure, version)
