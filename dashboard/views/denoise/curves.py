"""How well each method denoises, over the levels of noise and over saved runs."""

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
from dashboard.state import active_run, background, cached, commands
from dashboard.views.denoise.figures import levels_matrix, psnr_curves
from dashboard.widgets.heading import heading

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
MEASURED, RUNS = 100, 8
CURVE_HEIGHT = 340


@dataclass(frozen=True, eq=False)
class Baselines:
    """The classic filters for a noise, and what they and no filter at all come to.

    Attributes
    ----------
    filters : mapping of str to Filter
    scores : mapping of str to (PSNR, SSIM)
        On held-out images.
    """

    filters: Mapping[str, Filter]
    scores: Mapping[str, tuple[float, float]]


def show_curves(
    network: TrainedModel, kind: str, level: float, baselines: Mapping[float, Baselines | None]
) -> None:
    """Chart PSNR against the level of noise on held-out images, and tell it at this level."""
    heading(t("Quality (PSNR) by noise level"))
    moment = (network.name, network.step, kind, network.config)
    own = cached.in_session("denoised", moment, lambda: [_psnr(network, kind, e) for e in LEVELS])
    config = network.config
    same = config.noise_kind == kind and config.noise > 0
    figure(
        "denoise-curves",
        psnr_curves(
            LEVELS,
            {"autoencoder": own, **_columns(baselines)},
            {name: str(label) for name, label in denoising.METHODS.items()},
            trained=config.noise if same else None,
            now=level,
        ),
        height=CURVE_HEIGHT,
        label=t("PSNR by noise level, for each method"),
    )
    truth, noisy = _held_out(network, kind, level)
    here = cached.in_session("denoised here", (moment, level), lambda: network.reconstruct(noisy))
    score = (reconstruction.psnr(truth, here), reconstruction.ssim(truth, here))
    st.caption(_verdict(score, baselines[level], level))
    st.caption(_coming(baselines))


def _columns(baselines: Mapping[float, Baselines | None]) -> dict[str, list[float]]:
    """Return each method's PSNR at all levels, NaN where it is not known yet."""
    found = [each.scores if (each := baselines[level]) else {} for level in LEVELS]
    names = [name for name in denoising.METHODS if any(name in row for row in found)]
    return {name: [row[name][0] if row else float("nan") for row in found] for name in names}


def _coming(baselines: Mapping[float, Baselines | None]) -> str:
    """Return a word on what is still being fitted; a space where all is there, so nothing jumps."""
    missing = sum(each is None for each in baselines.values())
    if not missing:
        return "\N{NO-BREAK SPACE}"
    return t(
        "Fitting baselines: {done} of {all}.",
        done=len(baselines) - missing,
        all=len(baselines),
    )


def fit_baselines(network: TrainedModel, kind: str, level: float) -> Baselines | None:
    """Return the classic filters for a noise, once they are fitted and measured."""

    def make() -> Baselines:
        truth, noisy = _held_out(network, kind, level)
        filters = denoising.fit(network, kind, level)
        made = {"noisy": noisy, **{name: each.apply(noisy) for name, each in filters.items()}}
        return Baselines(
            filters,
            {
                n: (reconstruction.psnr(truth, each), reconstruction.ssim(truth, each))
                for n, each in made.items()
            },
        )

    config = network.config
    learnt = (config.dataset, config.classes, len(network.images))
    return background.get(("rivals", learnt, kind, level), make)


def _held_out(
    network: TrainedModel, kind: str, level: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return held-out images, clean and noisy."""
    truth = (network.dataset.test_images[:MEASURED] / 255).astype(np.float32)
    return truth, denoising.add_noise(truth, kind, level)


def _psnr(network: TrainedModel, kind: str, level: float) -> float:
    """Return the PSNR of the network on held-out images."""
    truth, noisy = _held_out(network, kind, level)
    return reconstruction.psnr(truth, network.reconstruct(noisy))


def _verdict(own: tuple[float, float], baselines: Baselines | None, level: float) -> str:
    """Return the scores of the network and its best rival, as a sentence."""
    said = t(
        "At {level:.2f}, on {count} held-out images: autoencoder {psnr:.2f} dB (SSIM {ssim:.3f}).",
        level=level,
        count=MEASURED,
        psnr=own[0],
        ssim=own[1],
    )
    if baselines is None:
        return said
    best = max(baselines.scores, key=lambda name: baselines.scores[name][0])
    return f"{said} " + t(
        "Best baseline, {name}: {psnr:.2f} dB (SSIM {ssim:.3f}).",
        name=denoising.METHODS[best],
        psnr=baselines.scores[best][0],
        ssim=baselines.scores[best][1],
    )


def show_levels(network: TrainedModel, kind: str) -> None:
    """Chart trained level against tested level over the runs at hand."""
    heading(t("Trained at one level, tested at another"))
    dataset = network.config.dataset
    trained = [
        row["name"]
        for row in commands.saved_runs()
        if (row["config"]["dataset"], row["config"]["noise_kind"]) == (dataset, kind)
        and row["config"]["noise"] > 0
    ]
    rows = [(name, row) for name in trained[:RUNS] if (row := _tested(name, kind)) and row[1]]
    rows.sort(key=lambda pair: pair[1][0])
    names = [f"{row[0]:g} · {name[-15:]}" for name, row in rows]
    figure(
        "levels-matrix",
        levels_matrix(names, LEVELS, [row[1] for _, row in rows]) if rows else None,
        height=CURVE_HEIGHT,
        label=t("PSNR by training level and test level"),
        empty=t("Train runs at several levels of this noise to see how well each generalises."),
    )


def _tested(name: str, kind: str) -> tuple[float, list[float]] | None:
    """Return the level a run was trained at and its PSNR at each level, None until measured."""
    run = Run(active_run.root() / name)
    dataset = cached.dataset(run.config.dataset)

    def measure() -> tuple[float, list[float]]:
        try:
            network = TrainedModel.open(run.path, dataset)
        except LabError:
            return 0.0, []
        return network.config.noise, [_psnr(network, kind, each) for each in LEVELS]

    return background.get(("levels", name, kind), measure, run.written)
