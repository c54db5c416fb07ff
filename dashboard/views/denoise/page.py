"""The Denoise page: noise put on and taken off, live, beside what else takes it off."""

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
from aecore.presets import preset
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training import probe
from aecore.training.snapshot import Snapshot
from dashboard.components.draw_pad import draw_pad
from dashboard.components.live_figure import figure
from dashboard.components.mosaic import mosaic
from dashboard.figures import images as image_figures
from dashboard.shell import page
from dashboard.state import background, commands, viewing
from dashboard.views.denoise.figures import levels_matrix, psnr_curves
from dashboard.widgets import network_picker
from dashboard.widgets.picture_upload import uploaded

KINDS = {
    "gaussian": "Gaussian",
    "masking": "Masking",
    "salt_and_pepper": "Salt and pepper",
}
SHOWN, MEASURED, RUNS, PAD = 10, 100, 8, 220
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
PICTURE_HEIGHT, CURVE_HEIGHT = 420, 340


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


def show() -> None:
    """Show the page."""
    page.show(body)


def body(newest: Snapshot) -> None:
    """Draw noisy images, what each method makes of them, and how near it comes."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = network_picker.network(newest)
        kind, level = _noise(network)
    if network.config.noise_kind == "none" or network.config.noise == 0:
        _offer(network, kind, level)
    # The last is made first: it is the one that is looked at.
    levels = [*(each for each in reversed(LEVELS) if each != level), level]
    baselines = {each: _baselines(network, kind, each) for each in levels}
    left, right = st.columns([5, 4], gap="medium")
    with left:
        st.markdown(f"**{t('Noise put on, and taken off')}**")
        with st.container(horizontal=True):
            images, columns = _images(network)
        noisy = denoising.add_noise(images, kind, level)
        _pictures(network, images, columns, noisy, baselines[level])
    with right:
        _curves(network, kind, level, baselines)
    _across(network, kind)


def _noise(network: TrainedModel) -> tuple[str, float]:
    given = network.config.noise_kind
    kind = st.selectbox(
        t("Noise"),
        list(KINDS),
        index=list(KINDS).index(given) if given in KINDS else 0,
        key="denoise kind",
        format_func=lambda name: t(KINDS[name]),
        width=170,
    )
    level = st.slider(
        t("Level"),
        0.05,
        1.0,
        0.3,
        0.05,
        key="denoise level",
        help=t(
            "Gaussian: the standard deviation, of pixels between 0 and 1. Otherwise the share of "
            "pixels hit."
        ),
        width=300,
    )
    return kind or "gaussian", float(level)


def _images(network: TrainedModel) -> tuple[NDArray[np.uint8], list[str]]:
    """Ask which images are looked at: held-out ones, the person's own, or a drawing."""
    draw = _draw()
    with st.popover(t("Draw one"), icon=":material/draw:"):
        label = t("A sheet to draw on")
        made = draw_pad("denoise pad", shape=network.dataset.shape, label=label, height=PAD)
    own = uploaded("denoise upload", network.dataset.shape, SHOWN)
    if made is not None:
        return (made[None] * 255).round().astype(np.uint8), [t("drawn")]
    if own is not None:
        return own, [""] * len(own)
    chosen = probe.choose(network.dataset, draw=draw, count=SHOWN)
    labels, names = network.dataset.test_labels[chosen], network.dataset.classes
    columns = [t(names[label]) if label >= 0 else "" for label in labels]
    return network.dataset.test_images[chosen], columns


def _draw() -> int:
    if st.button(t("Other images"), key="denoise others", icon=":material/casino:"):
        st.session_state.denoise_draw = st.session_state.get("denoise_draw", 0) + 1
    return int(st.session_state.get("denoise_draw", 0))


def _offer(network: TrainedModel, kind: str, level: float) -> None:
    """Say that the network was not trained to denoise, with a way to one that is."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            t("This network was trained on clean images: noise is as good as structure to it."),
            icon=":material/info:",
        )
        settings = network.config
        st.button(
            t("Train one to denoise"),
            key="train denoising",
            type="primary",
            icon=":material/play_arrow:",
            on_click=commands.train,
            args=(preset("denoising", settings.dataset, noise_kind=kind, noise=level),),
            help=t("Begins a new run on top with the preset Denoising and this noise."),
        )


def _pictures(
    network: TrainedModel,
    images: NDArray[np.uint8],
    columns: list[str],
    noisy: NDArray[np.float32],
    baselines: Baselines | None,
) -> None:
    truth = (images / 255).astype(np.float32)
    made = denoising.clean(network, noisy, {} if baselines is None else baselines.filters)
    error = abs(made["autoencoder"] - truth)
    # The place of what is still being fitted is kept, so that nothing jumps.
    rows = [made.get(name, np.zeros_like(truth)) for name in denoising.METHODS]
    names = [
        f"{t(name)} {reconstruction.psnr(truth, made[key]):.1f} dB"
        if key in made
        else f"{t(name)} …"
        for key, name in denoising.METHODS.items()
    ]
    mosaic(
        "denoised",
        image_figures.png(image_figures.mosaic([truth, *rows, error])),
        rows=[t("clean"), *names, t("error left")],
        columns=columns,
        label=t("Images: clean, noisy, and what each method makes of them"),
        height=PICTURE_HEIGHT,
    )


def _curves(
    network: TrainedModel, kind: str, level: float, baselines: Mapping[float, Baselines | None]
) -> None:
    """Chart PSNR against the level of noise on held-out images, and tell it at this level."""
    st.markdown(f"**{t('How near to the clean image')}**")
    moment = (network.name, network.step, kind, network.config)
    own = viewing.kept("denoised", moment, lambda: [_psnr(network, kind, e) for e in LEVELS])
    config = network.config
    same = config.noise_kind == kind and config.noise > 0
    figure(
        "denoise-curves",
        psnr_curves(
            LEVELS,
            {"autoencoder": own, **_columns(baselines)},
            {name: t(label) for name, label in denoising.METHODS.items()},
            trained=config.noise if same else None,
            now=level,
        ),
        height=CURVE_HEIGHT,
        label=t("PSNR against the level of the noise, by method"),
    )
    truth, noisy = _held_out(network, kind, level)
    here = viewing.kept("denoised here", (moment, level), lambda: network.reconstruct(noisy))
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
        "The other methods are fitted to each level of this noise, once: {done} of {all}.",
        done=len(baselines) - missing,
        all=len(baselines),
    )


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


def _baselines(network: TrainedModel, kind: str, level: float) -> Baselines | None:
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
    return background.ask(("rivals", learnt, kind, level), make)


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
        "The best of the others, {name}: {psnr:.2f} dB (SSIM {ssim:.3f}).",
        name=t(denoising.METHODS[best]),
        psnr=baselines.scores[best][0],
        ssim=baselines.scores[best][1],
    )


def _across(network: TrainedModel, kind: str) -> None:
    """Chart trained level against tested level over the runs at hand."""
    st.markdown(f"**{t('TrainedModel at one level, tested at another')}**")
    dataset = network.config.dataset
    runs = [
        run
        for run in commands.saved_runs()
        if (run.config.dataset, run.config.noise_kind) == (dataset, kind) and run.config.noise > 0
    ]
    rows = [(run, row) for run in runs[:RUNS] if (row := _tested(run, kind)) and row[1]]
    rows.sort(key=lambda pair: pair[1][0])
    names = [f"{row[0]:g} · {run.name[-15:]}" for run, row in rows]
    figure(
        "levels-matrix",
        levels_matrix(names, LEVELS, [row[1] for _, row in rows]) if rows else None,
        height=CURVE_HEIGHT,
        label=t("PSNR by the level trained at and the level tested at"),
        empty=t("Train runs at several levels of this noise: how far each carries is shown here."),
    )


def _tested(run: Run, kind: str) -> tuple[float, list[float]] | None:
    """Return the level a run was trained at, and its PSNR at each level, once that is measured."""
    path, dataset = run.path, commands.load(run.config.dataset)

    def make() -> tuple[float, list[float]]:
        try:
            network = TrainedModel.open(path, dataset)
        except LabError:
            return 0.0, []
        return network.config.noise, [_psnr(network, kind, each) for each in LEVELS]

    return background.ask(("tested", str(path), kind), make, run.written)
