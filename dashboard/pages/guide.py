"""The Guide: what an autoencoder is, told by the one in view, and runs to begin and watch."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore import probe
from aecore.config import Config
from aecore.knob import knobs
from aecore.layers import layers
from aecore.snapshot import Snapshot
from aecore.words import Refusal, t
from dashboard import figures, network_figure, session, shell
from dashboard.components.live_figure import figure
from dashboard.components.mosaic import mosaic
from dashboard.glossary import GLOSSARY, PAPERS
from dashboard.lessons import CONSTRAINTS, EXPERIMENTS, VARIANTS, Lesson

NETWORK_HEIGHT, CODE_HEIGHT, PICTURE_HEIGHT = 380, 230, 240
PER_ROW = 3


def show() -> None:
    """Show the page."""
    shell.show(body, still=still)


def body(snapshot: Snapshot) -> None:
    """Draw the network as it is configured, and one image on its way through it."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(f"**{t('What an autoencoder is')}**")
        st.markdown(
            t(
                "An autoencoder learns, without labels, to reproduce its input through a "
                "constraint. The **encoder** turns an image into a **code**, a few numbers; the "
                "**decoder**, its mirror image, turns the code back into an image."
            )
        )
        st.markdown(
            t(
                "What it minimises is the **reconstruction error**: how far the image that comes "
                "out is from the one that went in."
            )
        )
        st.markdown(
            t(
                "Codes live in the **latent space**. Real images fill only a thin, curved part of "
                "the space of all images, a **manifold**; the code says where on it an image lies."
            )
        )
    with right:
        st.markdown(f"**{t('The network, as it is set now')}**")
        _network(snapshot)
    _way(snapshot)


def still() -> None:
    """Tell of constraints, variants and experiments, and explain the words."""
    st.markdown(f"#### {t('Constraints make it learn something')}")
    for column, each in zip(st.columns(len(CONSTRAINTS)), CONSTRAINTS.values(), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{t(each.label)}**")
            st.markdown(t(each.words))
            st.caption(f":material/visibility: {t(each.look)}")
    st.markdown(f"#### {t('Kinds of autoencoders')}")
    _lessons("variant", VARIANTS)
    st.markdown(f"#### {t('Experiments')}")
    _lessons("experiment", EXPERIMENTS)
    with st.expander(t("The words, and where the methods come from")):
        st.markdown("\n".join(f"- **{t(word)}**: {t(said)}" for word, said in GLOSSARY.items()))
        st.markdown("\n".join(f"- {t(method)}: {paper}" for method, paper in PAPERS))


def _network(snapshot: Snapshot) -> None:
    config = snapshot.config
    found = layers(config, snapshot.examples.originals.shape[1:])
    figure(
        "network",
        network_figure.network(
            [layer.shape for layer in found],
            [_nonlinearity(layer.activation) for layer in found],
            linear_path=config.linear_path,
            tied=config.tied,
            noise=_noise(config),
            sparsity=_sparsity(config),
        ),
        height=NETWORK_HEIGHT,
        label=t("The layers of the network, from the image to the code and back"),
    )


def _nonlinearity(name: str) -> str:
    """Return what a layer's nonlinearity is called, in the reader's language."""
    known = {**knobs(Config)["activation"].choices, **knobs(Config)["code_activation"].choices}
    return t(known[name]) if name else ""


def _noise(config: Config) -> str:
    if config.noise == 0 or config.noise_kind == "none":
        return ""
    kind = t(knobs(Config)["noise_kind"].choices[config.noise_kind])
    return t("noise: {kind} {level:g}", kind=kind, level=config.noise)


def _sparsity(config: Config) -> str:
    if config.sparsity_kind == "top_k":
        return t("only the {count} strongest", count=config.active_units)
    if config.sparsity == 0 or config.sparsity_kind == "none":
        return ""
    kind = t(knobs(Config)["sparsity_kind"].choices[config.sparsity_kind])
    return t("sparsity: {kind} {strength:g}", kind=kind, strength=config.sparsity)


def _way(snapshot: Snapshot) -> None:
    """Show one held-out image, its code, and what is rebuilt from it."""
    st.markdown(f"**{t('One image on its way')}**")
    shown = snapshot.examples
    noisy = bool(_noise(snapshot.config))
    error = abs(shown.reconstructions[:1] - shown.originals[:1])
    left, middle, right = st.columns([2, 3, 2], gap="medium")
    with left:
        given = [shown.originals[:1], *([shown.corrupted[:1]] if noisy else [])]
        names = [t("image"), *([t("corrupted")] if noisy else [])]
        sheet = figures.mosaic(given, error_last=False)
        _pictures("guide-in", sheet, names, t("The image that goes in"))
    with middle:
        code = probe.encode(snapshot.model, shown.corrupted[:1])[0]
        figure(
            "code",
            network_figure.code(code, _extent(snapshot)),
            height=CODE_HEIGHT,
            label=t("The numbers of its code"),
        )
    with right:
        sheet = figures.mosaic([shown.reconstructions[:1], error])
        names = [t("rebuilt"), t("error")]
        _pictures("guide-out", sheet, names, t("The image that comes out, and its error"))
    st.caption(
        t(
            "{pixels} pixels become {units} numbers, and {pixels} pixels again; this image's mean "
            "squared error is {error:.4f}.",
            pixels=error.size,
            units=snapshot.config.bottleneck,
            error=float(np.square(error).mean()),
        )
    )


def _extent(snapshot: Snapshot) -> float:
    """Return what nearly all activations stay within, on a grid, so that the axis rests."""
    largest = max(float(np.quantile(np.abs(snapshot.codes), 0.999)), 1e-3)
    return float(2.0 ** np.ceil(np.log2(largest)))


def _pictures(key: str, sheet: NDArray[np.uint8], names: list[str], label: str) -> None:
    png = figures.png(sheet)
    mosaic(key, png, rows=names, columns=[], label=label, height=PICTURE_HEIGHT)


def _lessons(kind: str, lessons: Mapping[str, Lesson]) -> None:
    """Show what can be begun, each with its button."""
    names = list(lessons)
    for first in range(0, len(names), PER_ROW):
        row = names[first : first + PER_ROW]
        for column, name in zip(st.columns(PER_ROW), row, strict=False):
            each = lessons[name]
            with column.container(border=True, height="stretch"):
                st.markdown(f"**{t(each.label)}**")
                st.markdown(t(each.words))
                st.caption(f":material/visibility: {t(each.watch)}")
                if st.button(t("Try it"), key=f"{kind} {name}", icon=":material/play_arrow:"):
                    _begin(each)


def _begin(lesson: Lesson) -> None:
    dataset = session.load(session.config().dataset)
    try:
        settings = lesson.settings(dataset.name, dataset.classes)
    except Refusal as why:
        session.refuse(why)
        st.rerun()
    session.train(settings)
    shell.go(lesson.page)
