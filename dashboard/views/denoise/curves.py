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
from aecore.training.subset import training_subset
from dashboard.components.live_figure import figure
from dashboard.state import active_run, background, cached
from dashboard.views.denoise.figures import levels_matrix, psnr_curves
from dashboard.widgets.heading import heading

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
HELD_OUT, MAX_RUNS = 1000, 8
CURVE_HEIGHT = 340


@dataclass(frozen=True)
class Score:
    """Quality of the held-out images denoised by one method at one level.

    Attributes
    ----------
    psnr : float
        In dB, from the mean squared error of all images.
    ssim : float
        Mean structural similarity.
    """

    psnr: float
    ssim: float


@dataclass(frozen=True, eq=False)
class Baselines:
    """Classic filters fitted to a kind and level of noise, and their quality.

    Attributes
    ----------
    filters : mapping of str to Filter
    scores : mapping of str to Score
        By filter; ``noisy`` holds the score without any filter.
    """

    filters: Mapping[str, Filter]
    scores: Mapping[str, Score]


@dataclass(frozen=True)
class NetworkScore(Score):
    """Quality of the held-out images denoised by a network at one level.

    Attributes
    ----------
    step : int
        Its step.
    """

    step: int


@dataclass(frozen=True)
class RunPsnr:
    """PSNR of a saved run in dB.

    Attributes
    ----------
    training_level : float
        Level of noise it was trained with.
    psnr, validation : list of float
        On test images and on validation images, at each of `LEVELS`; empty if it cannot be read.
    """

    training_level: float
    psnr: list[float]
    validation: list[float]


def show_curves(
    network: TrainedModel,
    kind: str,
    level: float,
    psnr: list[float] | None,
    baselines: Mapping[float, Baselines | None],
) -> None:
    """Plot PSNR on held-out images against noise level, and summarise it at the current level.

    Parameters
    ----------
    network : TrainedModel
    kind : str
        Kind of noise.
    level : float
        Current noise level.
    psnr : list of float, or None
        Of the network at each of `LEVELS`; None until measured.
    baselines : mapping of float to Baselines or None
        By noise level; None until fitted.
    """
    heading(t("Quality (PSNR) by noise level"))
    config = network.config
    is_trained_on_kind = config.noise_kind == kind and config.noise > 0
    own = {} if psnr is None else {"autoencoder": psnr}
    figure(
        "denoise-curves",
        psnr_curves(
            LEVELS,
            {**own, **_psnr_by_filter(baselines)},
            {name: str(label) for name, label in denoising.METHODS.items()},
            training_level=config.noise if is_trained_on_kind else None,
            current_level=level,
        ),
        height=CURVE_HEIGHT,
        label=t("PSNR by noise level, for each method"),
    )
    score = _network_score(network, kind, level)
    st.caption(_summary(score, baselines[level], level, held_out_count(network)))
    st.caption(_fitting_progress(baselines))


def held_out_count(network: TrainedModel) -> int:
    """Return the number of held-out images that the curves are measured on."""
    return min(HELD_OUT, len(network.dataset.test_images))


def _psnr_by_filter(baselines: Mapping[float, Baselines | None]) -> dict[str, list[float]]:
    """Return the PSNR of each filter at all levels in dB, NaN until it is measured."""
    scores = [each.scores if (each := baselines[level]) else {} for level in LEVELS]
    names = [name for name in denoising.METHODS if any(name in row for row in scores)]
    return {name: [row[name].psnr if row else float("nan") for row in scores] for name in names}


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
        return Baselines(filters, {name: _score(truth, each) for name, each in outputs.items()})

    config = network.config
    subset = (network.dataset.fingerprint, config.classes, len(network.images))
    return background.get(("denoising baselines", subset, kind, level), fit)


def network_psnr(network: TrainedModel, kind: str) -> list[float] | None:
    """Measure the PSNR of the network at each of `LEVELS` in the background, in dB.

    Returns
    -------
    list of float, or None
        None until it is measured; while the network trains, perhaps that of an earlier step.
    """

    def measure() -> list[float]:
        return [_psnr(network, kind, each) for each in LEVELS]

    key = ("denoising curve", network.name, kind)
    return background.get(key, measure, (network.step, network.config))


def _network_score(network: TrainedModel, kind: str, level: float) -> NetworkScore | None:
    """Measure the network at a level in the background; None until it is measured."""

    def measure() -> NetworkScore:
        truth, noisy = _held_out(network, kind, level)
        score = _score(truth, network.reconstruct(noisy))
        return NetworkScore(score.psnr, score.ssim, network.step)

    key = ("denoising score", network.name, kind, level)
    return background.get(key, measure, (network.step, network.config))


def _held_out(
    network: TrainedModel, kind: str, level: float, images: NDArray[np.uint8] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return images, by default test images, clean and noisy: float32 of shape (n, H, W)."""
    images = network.dataset.test_images if images is None else images
    truth = (images[:HELD_OUT] / 255).astype(np.float32)
    return truth, denoising.add_noise(truth, kind, level)


def _psnr(
    network: TrainedModel, kind: str, level: float, images: NDArray[np.uint8] | None = None
) -> float:
    """Return the PSNR of the network on images, by default test images, in dB."""
    truth, noisy = _held_out(network, kind, level, images)
    return reconstruction.psnr(truth, network.reconstruct(noisy))


def _score(truth: NDArray[np.float32], images: NDArray[np.float32]) -> Score:
    return Score(reconstruction.psnr(truth, images), reconstruction.ssim(truth, images))


def _summary(
    score: NetworkScore | None, baselines: Baselines | None, level: float, count: int
) -> str:
    """Describe the scores of the network and of the best baseline."""
    if score is None:
        return t(
            "At {level:.2f}, on {count:,} held-out images: measuring.", level=level, count=count
        )
    text = t(
        "At {level:.2f}, on {count:,} held-out images, at step {step:,}: autoencoder {psnr:.2f} dB "
        "(SSIM {ssim:.3f}).",
        level=level,
        count=count,
        step=score.step,
        psnr=score.psnr,
        ssim=score.ssim,
    )
    if baselines is None:
        return text
    best = max(baselines.scores, key=lambda name: baselines.scores[name].psnr)
    return f"{text} " + t(
        "Best baseline, {name}: {psnr:.2f} dB (SSIM {ssim:.3f}).",
        name=denoising.METHODS[best],
        psnr=baselines.scores[best].psnr,
        ssim=baselines.scores[best].ssim,
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
        (name, row) for name in trained[:MAX_RUNS] if (row := _psnr_of_run(name, kind)) and row.psnr
    ]
    rows.sort(key=lambda pair: pair[1].training_level)
    names = [f"{row.training_level:g} · {name[-15:]}" for name, row in rows]
    psnr, validation = ([getattr(row, each) for _, row in rows] for each in ("psnr", "validation"))
    figure(
        "levels-matrix",
        levels_matrix(names, LEVELS, psnr, validation) if rows else None,
        height=CURVE_HEIGHT,
        label=t("PSNR by training level and test level"),
        empty=t("Train runs at several levels of this noise to see how well each generalises."),
    )
    if rows:
        st.caption(t("★ is the run that denoises the validation images best."))


def _psnr_of_run(name: str, kind: str) -> RunPsnr | None:
    """Measure a run at each of `LEVELS`; None until measured, empty if it cannot be read."""
    try:
        run = Run(active_run.root() / name)
    except LabError:
        # It was deleted since it was listed.
        return RunPsnr(0.0, [], [])
    dataset = cached.dataset(run.config.dataset)

    def measure() -> RunPsnr:
        try:
            network = TrainedModel.open(run.path, dataset)
        except LabError:
            return RunPsnr(0.0, [], [])
        # Of all classes, as the test images are.
        validation = training_subset(dataset, run.config.changed(classes="")).validation_images
        return RunPsnr(
            network.config.noise,
            [_psnr(network, kind, each) for each in LEVELS],
            [_psnr(network, kind, each, validation) for each in LEVELS],
        )

    version = (run.written, dataset.fingerprint)
    return background.get(("levels", name, kind), measure, version)
