"""The Train page: everything that answers while the network learns."""

import os

import streamlit as st

from aecore import metrics
from aecore.snapshot import Snapshot
from aecore.words import Refusal, t
from dashboard import controls, figures, notices, session, transport
from dashboard.components.live_figure import boot, figure
from dashboard.components.mosaic import mosaic
from dashboard.loss_curve import loss

# Each redraw takes a little from the training; a slow machine may want fewer.
PLAYING_SECONDS = float(os.environ.get("AECORE_REDRAW_SECONDS") or 0.5)
RESTING_SECONDS = 1.0
TALL, LOW = 360, 300


def show() -> None:
    """Show the page."""
    with st.spinner(t("Loading the images and computing their principal components.")):
        try:
            session.first_visit()
            session.view()
        except Refusal as why:
            st.error(str(why))
            return
    boot()
    # In a container of their own: what follows keeps its place, and so its element.
    above = st.container()
    st.session_state.drawn = session.fingerprint()
    every = PLAYING_SECONDS if session.playing() else RESTING_SECONDS
    # The picture first: whoever let a slider go waits for it, not for the other sliders.
    st.fragment(live, run_every=every)()
    with above:
        notices.show()
    controls.sidebar()
    session.to_url()


def live() -> None:
    """Draw what changes; when more than that changed, have the whole page drawn anew."""
    if session.fingerprint() != st.session_state.drawn:
        st.rerun()
    snapshot = session.view()
    transport.buttons(snapshot)
    transport.facts(snapshot, snapshot.examples.originals[0].size)
    st.progress(min(1.0, snapshot.step / snapshot.total_steps))
    left, right = st.columns(2, gap="medium")
    with left:
        loss_curve(snapshot)
        reconstructions(snapshot)
    with right:
        latent_map(snapshot)
        code_activity(snapshot)


def loss_curve(snapshot: Snapshot) -> None:
    """Show how the error fell."""
    st.markdown(f"**{t('Reconstruction error')}**")
    figure(
        "loss-curve",
        loss(snapshot.history, snapshot.edits) if snapshot.history else None,
        height=TALL,
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
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{t('Reconstructions')}**", width="content")
        controls.examples(snapshot)
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
