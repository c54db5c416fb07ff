"""The Train page: everything that answers while the network learns."""

import streamlit as st

from aecore import metrics
from aecore.snapshot import Snapshot
from aecore.words import t
from dashboard import figures, shell
from dashboard.components.live_figure import figure
from dashboard.components.mosaic import mosaic
from dashboard.loss_curve import loss

TALL, LOW = 360, 300


def show() -> None:
    """Show the page."""
    shell.show(body)


def body(snapshot: Snapshot) -> None:
    """Draw the four pictures of a moment."""
    left, right = st.columns(2, gap="medium")
    with left:
        loss_curve(snapshot)
        reconstructions(snapshot)
    with right:
        latent_map(snapshot)
        code_activity(snapshot)


def loss_curve(snapshot: Snapshot, at: int | None = None, height: int = TALL) -> None:
    """Show how the error fell; a step to point at may be given."""
    st.markdown(f"**{t('Reconstruction error')}**")
    figure(
        "loss-curve",
        loss(snapshot.history, snapshot.edits, at=at) if snapshot.history else None,
        height=height,
        label=t("Reconstruction error over the steps, on a logarithmic axis"),
        empty=t("Press Play: the error is drawn here as the network learns."),
    )


def latent_map(snapshot: Snapshot) -> None:
    """Show where the probe set lies in code space."""
    units = snapshot.codes.shape[1]
    with st.container(horizontal=True):
        st.markdown(f"**{t('Latent map')}**", width="content")
        if units > 2:
            share = snapshot.points.var(0).sum() / max(snapshot.codes.var(0).sum(), 1e-12)
            text = t("principal plane, {share:.0%} of the code's variance", share=share)
            st.caption(text)
        else:
            st.caption(t("the code itself"))
    figure(
        "latent-map",
        figures.latent_map(
            snapshot.points,
            snapshot.labels,
            [t(name) for name in snapshot.classes],
            extent=figures.steady_view(snapshot.points),
        ),
        height=TALL,
        label=t("Codes of the probe set on a plane, coloured by class"),
    )


def reconstructions(snapshot: Snapshot) -> None:
    """Show held-out images, and what the network makes of them."""
    st.markdown(f"**{t('Reconstructions')}**")
    shown = snapshot.examples
    error = abs(shown.reconstructions - shown.originals)
    picture = figures.mosaic([shown.originals, shown.corrupted, shown.reconstructions, error])
    names = snapshot.classes
    mosaic(
        "reconstructions",
        figures.png(picture),
        rows=[t("original"), t("corrupted"), t("rebuilt"), t("error")],
        columns=[t(names[label]) if label >= 0 else "" for label in shown.labels],
        label=t("Held-out images: original, corrupted, rebuilt, and absolute error"),
        height=LOW,
    )


def code_activity(snapshot: Snapshot) -> None:
    """Show how much each unit of the code speaks; here sparsity is seen."""
    found = metrics.activity(snapshot.codes)
    st.markdown(f"**{t('Code activity')}**")
    figure(
        "code-activity",
        figures.activity(found.mean, found.active, found.dead),
        height=LOW,
        label=t("Mean absolute activation of each unit"),
    )
