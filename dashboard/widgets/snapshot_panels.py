"""Panels of a snapshot: loss curve, latent map, reconstructions and code activity.

Each is computed once for all tabs that look at the snapshot.
"""

from collections.abc import Callable, Hashable

import streamlit as st

from aecore.data.names import display_name
from aecore.i18n import t
from aecore.metrics.activity import activity
from aecore.training.snapshot import Snapshot
from dashboard.components.live_figure import figure
from dashboard.figures.code_activity import code_activity
from dashboard.figures.latent_map import latent_map, steady_view
from dashboard.figures.loss_curve import loss
from dashboard.figures.theme import Spec, compact
from dashboard.state import cached
from dashboard.widgets.edit_texts import edit_texts
from dashboard.widgets.heading import heading
from dashboard.widgets.image_grid import class_names, image_grid

TALL, LOW = 360, 300


def show_loss_curve(snapshot: Snapshot, at: int | None = None, height: int = TALL) -> None:
    """Show the loss curve, with a vertical line at the step `at` if given."""
    heading(t("Reconstruction error"))
    figure(
        "loss-curve",
        _spec(
            snapshot,
            ("loss", at),
            lambda: loss(snapshot.history, edit_texts(snapshot.edits), at=at),
        )
        if snapshot.history
        else None,
        height=height,
        label=t("Reconstruction error by step, on a logarithmic axis"),
        empty=t("Press Play to plot the error as the network trains."),
    )


def show_latent_map(snapshot: Snapshot) -> None:
    """Show the codes of the probe set in the plane, coloured by class."""
    units = snapshot.codes.shape[1]
    with st.container(horizontal=True):
        heading(t("Latent map"), width="content")
        if units > 2:
            share = snapshot.points.var(0).sum() / max(snapshot.codes.var(0).sum(), 1e-12)
            text = t(
                "first two principal components, {share:.0%} of the code's variance", share=share
            )
            st.caption(text)
        else:
            st.caption(t("both code dimensions"))
    figure(
        "latent-map",
        _spec(
            snapshot,
            "latent map",
            lambda: latent_map(
                snapshot.points,
                snapshot.labels,
                [display_name(name) for name in snapshot.classes],
                extent=steady_view(snapshot.points),
            ),
        ),
        height=TALL,
        label=t("Codes of the probe set in the plane, coloured by class"),
    )


def show_reconstructions(snapshot: Snapshot) -> None:
    """Show held-out images with their reconstructions and errors."""
    heading(t("Reconstructions"))
    examples = snapshot.examples
    error = abs(examples.reconstructions - examples.originals)
    image_grid(
        "reconstructions",
        [examples.originals, examples.corrupted, examples.reconstructions, error],
        error_last=True,
        rows=[t("original"), t("corrupted"), t("reconstructed"), t("error")],
        columns=class_names(examples.labels, snapshot.classes),
        label=t("Held-out images: original, corrupted, reconstructed, and absolute error"),
        height=LOW,
        snapshot=snapshot,
    )


def show_code_activity(snapshot: Snapshot) -> None:
    """Show how active each unit of the code is, which makes sparsity visible."""
    heading(t("Code activity"))

    def build() -> Spec:
        units = activity(snapshot.codes)
        return code_activity(units.mean, units.active, units.dead)

    figure(
        "code-activity",
        _spec(snapshot, "code activity", build),
        height=LOW,
        label=t("Mean absolute activation of each unit"),
    )


def _spec(snapshot: Snapshot, name: Hashable, build: Callable[[], Spec]) -> str:
    return cached.of_snapshot(snapshot, name, lambda: compact(build()))
