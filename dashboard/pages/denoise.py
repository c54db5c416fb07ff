"""The Denoise page: noise put on and taken off, live, beside what else takes it off."""

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore import denoise, metrics, probe
from aecore.data import pictures
from aecore.filters import Filter
from aecore.presets import preset
from aecore.run import Run
from aecore.snapshot import Snapshot
from aecore.trained import Trained
from aecore.words import Refusal, t
from dashboard import choice, figures, session, shell, viewing
from dashboard.components.draw_pad import draw_pad
from dashboard.components.live_figure import figure
from dashboard.components.mosaic import mosaic
from dashboard.denoise_figures import levels_matrix, psnr_curves

KINDS = {
    "gaussian": "Gaussian",
    "masking": "Masking",
    "salt_and_pepper": "Salt and pepper",
}
SHOWN, MEASURED, RUNS, PAD = 10, 100, 8, 220
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
PICTURE_HEIGHT, CURVE_HEIGHT = 420, 340


def show() -> None:
    """Show the page."""
    shell.show(body)


def body(newest: Snapshot) -> None:
    """Draw noisy images, what each method makes of them, and how near it comes."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = choice.network(newest)
        kind, level = _noise(network)
        images, columns = _images(network)
    if network.config.noise_kind == "none" or network.config.noise == 0:
        _offer(network, kind, level)
    noisy = denoise.add_noise(images, kind, level)
    left, right = st.columns([5, 4], gap="medium")
    with left:
        st.markdown(f"**{t('Noise put on, and taken off')}**")
        fitted = _fitted(*_version(network), kind, level, network)
        _pictures(network, images, columns, noisy, fitted)
    with right:
        _curves(network, kind, level)
    _across(network, kind)


def _version(network: Trained) -> tuple[str, int]:
    """Return what the classic filters depend on: the training images."""
    return network.config.dataset, len(network.images)


def _noise(network: Trained) -> tuple[str, float]:
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
        width=220,
    )
    return kind or "gaussian", float(level)


def _images(network: Trained) -> tuple[NDArray[np.uint8], list[str]]:
    """Ask which images are looked at: held-out ones, the person's own, or a drawing."""
    with st.popover(t("Draw one"), icon=":material/draw:"):
        label = t("A sheet to draw on")
        made = draw_pad("denoise pad", shape=network.dataset.shape, label=label, height=PAD)
    if made is not None:
        return (made[None] * 255).round().astype(np.uint8), [t("drawn")]
    with st.popover(t("Your own pictures"), icon=":material/upload:"):
        own = st.file_uploader(
            t("Pictures"),
            key="denoise upload",
            accept_multiple_files=True,
            help=t("White on black, as the training images are; resized to theirs."),
        )
    if own:
        try:
            return _uploaded(own[:SHOWN], network.dataset.shape), [""] * len(own[:SHOWN])
        except Refusal as why:
            st.error(str(why), icon=":material/error:")
    chosen = probe.choose(network.dataset, draw=_draw(), count=SHOWN)
    labels, names = network.dataset.test_labels[chosen], network.dataset.classes
    columns = [t(names[label]) if label >= 0 else "" for label in labels]
    return network.dataset.test_images[chosen], columns


def _draw() -> int:
    with st.container(width="content"):
        if st.button(t("Other images"), key="denoise others", icon=":material/casino:"):
            st.session_state.denoise_draw = st.session_state.get("denoise_draw", 0) + 1
    return int(st.session_state.get("denoise_draw", 0))


def _uploaded(files: list[Any], shape: tuple[int, int]) -> NDArray[np.uint8]:
    found = []
    for file in files:
        path = PurePosixPath(Path(file.name).name)
        found.append(pictures.one(path, partial(BytesIO, file.getvalue()), shape))
    return np.stack(found)


def _offer(network: Trained, kind: str, level: float) -> None:
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
            on_click=session.train,
            args=(preset("denoising", settings.dataset, noise_kind=kind, noise=level),),
            help=t("Begins a new run on top with the preset Denoising and this noise."),
        )


def _pictures(
    network: Trained,
    images: NDArray[np.uint8],
    columns: list[str],
    noisy: NDArray[np.float32],
    fitted: Mapping[str, Filter],
) -> None:
    truth = (images / 255).astype(np.float32)
    made = denoise.clean(network, noisy, fitted)
    error = abs(made["autoencoder"] - truth)
    rows = [truth, *made.values(), error]
    labels = [t("clean")] + [
        f"{t(denoise.METHODS[name])} {metrics.psnr(truth, each):.1f} dB"
        for name, each in made.items()
    ]
    mosaic(
        "denoised",
        figures.png(figures.mosaic(rows)),
        rows=[*labels, t("error left")],
        columns=columns,
        label=t("Images: clean, noisy, and what each method makes of them"),
        height=PICTURE_HEIGHT,
    )


def _curves(network: Trained, kind: str, level: float) -> None:
    """Chart PSNR against the level of noise on held-out images, and tell it at this level."""
    st.markdown(f"**{t('How near to the clean image')}**")
    moment = (network.name, network.step, kind, network.config)
    scores = {
        name: [pair[0] for pair in pairs]
        for name, pairs in _classic(*_version(network), kind, network).items()
    }
    own = viewing.kept("denoised", moment, lambda: [_own(network, kind, e)[0] for e in LEVELS])
    config = network.config
    same = config.noise_kind == kind and config.noise > 0
    figure(
        "denoise-curves",
        psnr_curves(
            LEVELS,
            {"autoencoder": own, **scores},
            {name: t(label) for name, label in denoise.METHODS.items()},
            trained=config.noise if same else None,
            now=level,
        ),
        height=CURVE_HEIGHT,
        label=t("PSNR against the level of the noise, by method"),
    )
    here = viewing.kept("denoised here", (moment, level), lambda: _own(network, kind, level))
    st.caption(_verdict(here, _rivals(*_version(network), kind, level, network), level))


def _held_out(network: Trained) -> NDArray[np.float32]:
    return (network.dataset.test_images[:MEASURED] / 255).astype(np.float32)


def _own(network: Trained, kind: str, level: float) -> tuple[float, float]:
    """Return PSNR and SSIM of the network on held-out images."""
    truth = _held_out(network)
    made = network.rebuild(denoise.add_noise(truth, kind, level))
    return metrics.psnr(truth, made), metrics.ssim(truth, made)


@st.cache_resource(show_spinner="", max_entries=32)
def _fitted(
    dataset: str, count: int, kind: str, level: float, _network: Trained
) -> Mapping[str, Filter]:
    """Return the classic filters for a noise, fitted once for all browsers."""
    del dataset, count
    return denoise.fit(_network, kind, level)


@st.cache_data(show_spinner=False, max_entries=32)
def _rivals(
    dataset: str, count: int, kind: str, level: float, _network: Trained
) -> dict[str, tuple[float, float]]:
    """Return PSNR and SSIM of the noisy images and of all but the network."""
    truth = _held_out(_network)
    noisy = denoise.add_noise(truth, kind, level)
    filters = _fitted(dataset, count, kind, level, _network)
    made = {"noisy": noisy, **{name: each.apply(noisy) for name, each in filters.items()}}
    return {n: (metrics.psnr(truth, each), metrics.ssim(truth, each)) for n, each in made.items()}


def _classic(
    dataset: str, count: int, kind: str, network: Trained
) -> dict[str, list[tuple[float, float]]]:
    """Return what `_rivals` does at each level."""
    with st.spinner(t("Fitting the other methods to this noise, once.")):
        rows = [_rivals(dataset, count, kind, level, network) for level in LEVELS]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _verdict(
    own: tuple[float, float], rivals: Mapping[str, tuple[float, float]], level: float
) -> str:
    """Return the scores of the network and its best rival, as a sentence."""
    best = max(rivals, key=lambda name: rivals[name][0])
    return t(
        "At {level:.2f}, on {count} held-out images: autoencoder {psnr:.2f} dB (SSIM {ssim:.3f}); "
        "the best of the others, {name}, {other:.2f} dB (SSIM {like:.3f}).",
        level=level,
        count=MEASURED,
        psnr=own[0],
        ssim=own[1],
        name=t(denoise.METHODS[best]),
        other=rivals[best][0],
        like=rivals[best][1],
    )


def _across(network: Trained, kind: str) -> None:
    """Chart trained level against tested level over the runs at hand."""
    st.markdown(f"**{t('Trained at one level, tested at another')}**")
    dataset = network.config.dataset
    runs = [
        run
        for run in session.saved_runs()
        if (run.config.dataset, run.config.noise_kind) == (dataset, kind) and run.config.noise > 0
    ]
    rows = [(run, row) for run in runs[:RUNS] if (row := _tested(str(run.path), run.written, kind))]
    rows.sort(key=lambda pair: pair[1][0])
    names = [f"{row[0]:g} · {run.name[-15:]}" for run, row in rows]
    figure(
        "levels-matrix",
        levels_matrix(names, LEVELS, [row[1] for _, row in rows]) if rows else None,
        height=CURVE_HEIGHT,
        label=t("PSNR by the level trained at and the level tested at"),
        empty=t("Train runs at several levels of this noise: how far each carries is shown here."),
    )


@st.cache_data(show_spinner=False, max_entries=200)
def _tested(path: str, written: tuple[int, ...], kind: str) -> tuple[float, list[float]] | None:
    """Return the level a run was trained at, and its PSNR at each level."""
    del written
    try:
        network = Trained.open(path, session.load(Run(Path(path)).config.dataset))
    except Refusal:
        return None
    return network.config.noise, [_own(network, kind, each)[0] for each in LEVELS]
