"""Runs side by side: error curves, settings, reconstructions and maps."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from aecore.config import Config
from aecore.errors import LabError
from aecore.files import cell
from aecore.i18n import nt, t
from aecore.knob import knobs
from aecore.runs.index import Row
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.components.live_figure import figure
from dashboard.state import active_run, cached
from dashboard.views.compare.figures import overlaid
from dashboard.views.compare.linked_maps import alike, linked_maps
from dashboard.views.compare.score_table import scores_of
from dashboard.widgets.heading import heading
from dashboard.widgets.image_grid import class_names, image_grid
from dashboard.widgets.pca_comparison import pca_text

MOST_RUNS = 6
HEIGHT = 340


def side_by_side(rows: Sequence[Row]) -> None:
    """Show the selected runs side by side, at most `MOST_RUNS` of them."""
    if len(rows) > MOST_RUNS:
        st.caption(t("Only the first {most} are shown.", most=MOST_RUNS))
    titles = {row["name"]: row["title"] or row["name"] for row in rows[:MOST_RUNS]}
    shots: dict[str, Snapshot] = {}
    for name in titles:
        run = Run(active_run.root() / name)
        try:
            shots[name] = cached.newest_frame(run)
        except LabError as error:
            st.error(str(error), icon=":material/error:")
    if not shots:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _curves(shots, titles)
    with right:
        _settings(rows[:MOST_RUNS], titles)
    _pictures(shots, titles)
    linked_maps(shots, titles)
    scores_of(shots, titles)


def _curves(shots: Mapping[str, Snapshot], titles: Mapping[str, str]) -> None:
    heading(t("Validation error"))
    curves = {}
    for name, shot in shots.items():
        rows = [row for row in shot.history if row.get("held_out")]
        curves[titles[name]] = [row["epoch"] for row in rows], [row["held_out"] for row in rows]
    drawing = overlaid(curves)
    figure("overlaid", drawing, height=HEIGHT, label=t("Validation error of each run by epoch"))
    st.download_button(
        t("Download figure (HTML)"),
        lambda: drawing.to_html(include_plotlyjs=True).encode(),
        "curves.html",
        key="curves html",
        icon=":material/download:",
        on_click="ignore",
    )


def _settings(rows: Sequence[Row], titles: Mapping[str, str]) -> None:
    """Show a table of the settings that differ, and the number of those that do not."""
    heading(t("Differing settings"))
    table: dict[str, list[Any]] = {t("Setting"): []}
    for row in rows:
        table[_unique(cell(titles[row["name"]]), table)] = []
    columns = list(table.values())
    shared = 0
    for name in knobs(Config):
        values = [cell(str(row["config"].get(name))) for row in rows]
        if len(set(values)) == 1:
            shared += 1
            continue
        for column, value in zip(columns, [str(knobs(Config)[name].label), *values], strict=True):
            column.append(value)
    results = {
        t("Epoch"): [f"{row['epoch'] or 0:.1f}" for row in rows],
        t("Validation error"): [_number(row["held_out"]) for row in rows],
        t("PCA error"): [
            "–" if (error := row["pca"]) is None else pca_text(error, ".5f") for row in rows
        ],
    }
    for label, values in results.items():
        for column, value in zip(columns, [label, *values], strict=True):
            column.append(value)
    st.dataframe(table, hide_index=True, key="differences")
    st.caption(
        nt(
            "{count} other setting is the same in all.",
            "{count} other settings are the same in all.",
            shared,
        )
    )


def _unique(label: str, table: Mapping[str, object]) -> str:
    """Return a label that is not a column of the table yet."""
    while label in table:
        label += " ·"
    return label


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.5f}"


def _pictures(shots: Mapping[str, Snapshot], titles: Mapping[str, str]) -> None:
    """Show each run's reconstructions of the same held-out images."""
    heading(t("Reconstructions of the same images"))
    first = next(iter(shots.values()))
    same = {name: shot for name, shot in shots.items() if alike(shot, first)}
    if len(same) < len(shots):
        st.caption(t("Runs on other datasets are hidden."))
    try:
        dataset = cached.dataset_of(first)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return
    images = (dataset.test_images[first.examples.indices] / 255).astype(np.float32)
    flat = images.reshape(len(images), -1)
    reconstructions = [_reconstruct(shot, flat).reshape(images.shape) for shot in same.values()]
    rows = [images, *reconstructions]
    image_grid(
        "side by side",
        rows,
        rows=[t("original"), *(titles[name] for name in same)],
        columns=class_names(first.examples.labels, first.classes),
        label=t("The same held-out images, reconstructed by each run"),
    )


def _reconstruct(shot: Snapshot, rows: Any) -> Any:
    import torch

    with torch.no_grad():
        return shot.model(torch.from_numpy(rows)).clamp(0, 1).numpy()
