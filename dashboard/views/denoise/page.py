"""The Denoise page: the network and classic filters denoise images, live."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.applications import denoising
from aecore.choices.noise import NOISE_KINDS
from aecore.i18n import nt, t
from aecore.knob import using
from aecore.metrics import reconstruction
from aecore.presets import preset
from aecore.runs.trained_model import TrainedModel
from aecore.training import probe
from aecore.training.snapshot import Snapshot
from dashboard.components.draw_pad import draw_pad
from dashboard.shell import page
from dashboard.state import commands, keys
from dashboard.views.denoise.curves import (
    LEVELS,
    Baselines,
    fit_baselines,
    held_out_count,
    network_psnr,
    show_curves,
    show_levels,
)
from dashboard.widgets import network_picker
from dashboard.widgets.heading import heading
from dashboard.widgets.image_grid import class_names, image_grid
from dashboard.widgets.picture_upload import uploaded

KINDS = using(NOISE_KINDS, "noise")
IMAGE_COUNT, PAD = 10, 220
PICTURE_HEIGHT = 420


def show() -> None:
    """Show the page."""
    page.show(body)


def body(newest: Snapshot) -> None:
    """Show noisy images, the output of each method, and its quality."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = network_picker.network(newest)
        kind, level = _noise(network)
    if network.config.noise_kind not in KINDS or network.config.noise == 0:
        _offer_training(network)
    # Baselines take longer, so the network is measured first.
    psnr = network_psnr(network, kind)
    # The latest request is served first, so the current level comes last.
    levels = [*(each for each in reversed(LEVELS) if each != level), level]
    baselines = {
        each: None if psnr is None else fit_baselines(network, kind, each) for each in levels
    }
    left, right = st.columns([5, 4], gap="medium")
    with left:
        heading(t("Noisy and denoised"))
        with st.container(horizontal=True):
            images, columns = _images(network)
        noisy = denoising.add_noise(images, kind, level)
        _show_images(network, images, columns, noisy, baselines[level])
    with right:
        show_curves(network, kind, level, psnr, baselines)
    show_levels(network, kind)


def _noise(network: TrainedModel) -> tuple[str, float]:
    """Ask for a kind and a level of noise."""
    trained_kind = network.config.noise_kind
    kind = st.selectbox(
        t("Noise"),
        KINDS,
        index=KINDS.index(trained_kind) if trained_kind in KINDS else 0,
        key="denoise kind",
        format_func=lambda name: str(NOISE_KINDS[name].label),
        width=170,
    )
    level = st.slider(
        t("Level"),
        0.05,
        1.0,
        0.3,
        0.05,
        key="denoise level",
        help="\n\n".join(
            f"**{NOISE_KINDS[name].label}**: {NOISE_KINDS[name].description}" for name in KINDS
        ),
        width=300,
    )
    return kind or KINDS[0], float(level)


def _images(network: TrainedModel) -> tuple[NDArray[np.uint8], list[str]]:
    """Ask for images: held-out ones, the user's own, or a drawing.

    Returns
    -------
    images : ndarray of uint8, shape (n, H, W)
    columns : list of n str
        A label for each image.
    """
    sample = _sample_number()
    with st.popover(t("Draw"), icon=":material/draw:"):
        label = t("Drawing pad")
        drawing = draw_pad("denoise pad", shape=network.dataset.shape, label=label, height=PAD)
    own = uploaded("denoise upload", network.dataset, IMAGE_COUNT)
    if drawing is not None:
        return (drawing[None] * 255).round().astype(np.uint8), [t("drawn")]
    if own is not None:
        return own, [""] * len(own)
    rows = probe.choose_examples(network.dataset, draw=sample, count=IMAGE_COUNT)
    labels, names = network.dataset.test_labels[rows], network.dataset.classes
    return network.dataset.test_images[rows], class_names(labels, names)


def _sample_number() -> int:
    """Show the button that redraws the sample; return the number of the current sample."""
    st.button(
        t("Other images"), key="denoise others", icon=":material/casino:", on_click=_draw_others
    )
    return int(st.session_state.get(keys.DENOISE_DRAW, 0))


def _draw_others() -> None:
    st.session_state[keys.DENOISE_DRAW] = st.session_state.get(keys.DENOISE_DRAW, 0) + 1


def _offer_training(network: TrainedModel) -> None:
    """Explain that the network was not trained to denoise, and offer to train one that is."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            t("This network was trained on clean images: it treats noise as signal."),
            icon=":material/info:",
        )
        st.button(
            t("Train a denoiser"),
            key="train denoising",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_train_denoiser,
            args=(network.config.dataset,),
            help=t("Starts a new run with the preset Denoising and this noise."),
        )


def _train_denoiser(dataset: str) -> None:
    """Start a run with the noise chosen now."""
    kind, level = st.session_state["denoise kind"], float(st.session_state["denoise level"])
    commands.train(preset("denoising", dataset, noise_kind=kind, noise=level))


def _show_images(
    network: TrainedModel,
    images: NDArray[np.uint8],
    columns: list[str],
    noisy: NDArray[np.float32],
    baselines: Baselines | None,
) -> None:
    truth = (images / 255).astype(np.float32)
    outputs = denoising.denoise(network, noisy, {} if baselines is None else baselines.filters)
    error = abs(outputs["autoencoder"] - truth)
    # Filters still being fitted keep their rows, so that the layout is stable.
    rows = [outputs.get(key, np.zeros_like(truth)) for key in denoising.METHODS]
    names = [
        f"{name} {reconstruction.psnr(truth, outputs[key]):.1f} dB"
        if key in outputs
        else f"{name} …"
        for key, name in denoising.METHODS.items()
    ]
    st.caption(
        nt(
            "The PSNR here is that of this {count} image; the curve is measured on {all:,}.",
            "The PSNR here is that of these {count} images; the curve is measured on {all:,}.",
            len(images),
            all=held_out_count(network),
        )
    )
    image_grid(
        "denoised",
        [truth, *rows, error],
        error_last=True,
        rows=[t("clean"), *names, t("remaining error")],
        columns=columns,
        label=t("Images: clean, noisy, and denoised by each method"),
        height=PICTURE_HEIGHT,
    )
