"""Runs beside each other: curves, settings, reconstructions and maps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from aecore.config import Config
from aecore.errors import LabError
from aecore.i18n import nt, t
from aecore.knob import knobs
from aecore.runs.index import Row
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.components.live_figure import figure
from dashboard.state import active_run, cached
from dashboard.views.compare.figures import overlaid
from dashboard.views.compare.linked_maps import linked_maps
from dashboard.views.compare.score_table import scores_of
from dashboard.widgets.heading import heading
from dashboard.widgets.image_grid import class_names, image_grid

MOST = 6
TALL = 340


def side_by_side(rows: Sequence[Row]) -> None:
    """Show the runs chosen side by side."""
    if len(rows) > MOST:
        st.caption(t("Only the first {most} are shown.", most=MOST))
    named = {row["name"]: row["title"] or row["name"] for row in rows[:MOST]}
    shots: dict[str, Snapshot] = {}
    for name in named:
        run = Run(active_run.root() / name)
        try:
            shots[name] = cached.newest_frame(run)
        except LabError as why:
            st.error(str(why), icon=":material/error:")
    if not shots:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _curves(shots, named)
    with right:
        _settings(rows[:MOST], named)
    _pictures(shots, named)
    linked_maps(shots, named)
    scores_of(shots, named)


def _curves(shots: Mapping[str, Snapshot], named: Mapping[str, str]) -> None:
    heading(t("Held-out error"))
    curves = {}
    for name, shot in shots.items():
        rows = [row for row in shot.history if row.get("held_out")]
        curves[named[name]] = [row["epoch"] for row in rows], [row["held_out"] for row in rows]
    drawing = overlaid(curves)
    figure("overlaid", drawing, height=TALL, label=t("Held-out error of each run by epoch"))
    st.download_button(
        t("Download figure (HTML)"),
        lambda: drawing.to_html(include_plotlyjs=True).encode(),
        "curves.html",
        key="curves html",
        icon=":material/download:",
        on_click="ignore",
    )


def _settings(rows: Sequence[Row], named: Mapping[str, str]) -> None:
    """Show which knobs differ; those that do not are counted."""
    heading(t("Differing settings"))
    table: dict[str, list[Any]] = {t("Setting"): []}
    for row in rows:
        table[_unique(named[row["name"]], table)] = []
    columns = list(table.values())
    same = 0
    for name in knobs(Config):
        values = [str(row["config"].get(name)) for row in rows]
        if len(set(values)) == 1:
            same += 1
            continue
        for column, value in zip(columns, [str(knobs(Config)[name].label), *values], strict=True):
            column.append(value)
    facts = {
        t("Epoch"): [f"{row['epoch'] or 0:.1f}" for row in rows],
        t("Held-out error"): [_figure(row["held_out"]) for row in rows],
        t("PCA error"): [_figure(row["pca"]) for row in rows],
    }
    for label, values in facts.items():
        for column, value in zip(columns, [label, *values], strict=True):
            column.append(value)
    st.dataframe(table, hide_index=True, key="differences")
    st.caption(
        nt(
            "{count} other setting is the same in all.",
            "{count} other settings are the same in all.",
            same,
        )
    )


def _unique(label: str, table: Mapping[str, object]) -> str:
    while label in table:
        label += " ·"
    return label


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.5f}"


def _pictures(shots: Mapping[str, Snapshot], named: Mapping[str, str]) -> None:
    """Show what each makes of the same held-out images."""
    heading(t("Reconstructions of the same images"))
    first = next(iter(shots.values()))
    alike = {n: s for n, s in shots.items() if s.config.dataset == first.config.dataset}
    if len(alike) < len(shots):
        st.caption(t("Runs on other datasets are hidden."))
    dataset = cached.dataset(first.config.dataset)
    images = (dataset.test_images[first.examples.indices] / 255).astype(np.float32)
    flat = images.reshape(len(images), -1)
    reconstruction = [_rebuilt(shot, flat).reshape(images.shape) for shot in alike.values()]
    rows = [images, *reconstruction]
    image_grid(
        "side by side",
        rows,
        rows=[t("original"), *(named[name] for name in alike)],
        columns=class_names(first.examples.labels, first.classes),
        label=t("The same held-out images, reconstructed by each run"),
    )


def _rebuilt(shot: Snapshot, rows: Any) -> Any:
    import torch

    with torch.no_grad():
        return shot.model(torch.from_numpy(rows)).clamp(0, 1).numpy()
