"""Results of a sweep: clickable heat maps, error against bottleneck, parallel coordinates."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from aecore.choices.noise import NOISE_KINDS
from aecore.config import Config
from aecore.experiments.sweep import Outcome
from aecore.i18n import t
from aecore.knob import knobs
from dashboard.components.live_figure import figure
from dashboard.figures.bottleneck_curve import against_bottleneck
from dashboard.state import active_run, commands, experiments, keys
from dashboard.views.compare.figures import cells, parallel
from dashboard.widgets.pca_comparison import noise_of
from dashboard.widgets.polling import poll
from dashboard.widgets.sweep_progress import sweep_progress

HEIGHT = 340
# More heat maps side by side would be too narrow to read.
MOST_PANELS = 4


def panel() -> None:
    """Show the results of the running sweep, or of the last one, and keep them up to date."""
    poll("sweep", _results)


def _results() -> bool:
    task = experiments.sweeps().task
    if task is None:
        return False
    if active_run.fingerprint() != st.session_state[keys.DRAWN]:
        # Another run was opened: the rest of the page must show it.
        st.rerun()
    sweep_progress(task)
    rows = [row for row in task.rows if row.reason is None and row.summary.get("held_out")]
    if rows:
        _figures(task.about, rows)
    return task.running


def _figures(names: Sequence[str], rows: Sequence[Outcome]) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        _cells(names, rows)
    with right:
        if "bottleneck" in names:
            _error_by_bottleneck(names, rows)
        else:
            _parallel(names, rows)
    if "bottleneck" in names and len(names) > 1:
        _parallel(names, rows)


def _cells(names: Sequence[str], rows: Sequence[Outcome]) -> None:
    across, up, panel = names[0], names[1:2], names[2:]
    if len({_value_text(panel, row) for row in rows}) > MOST_PANELS:
        up, panel = names[1:], ()
    text = t("Validation error of each run; click a cell to open its run.")
    if {"noise", "noise_kind"} & {*names}:
        text += " " + t("Each is measured with the noise it is trained with.")
    st.caption(text)
    figure(
        "sweep-cells",
        cells(
            [(row.values[across], _value_text(up, row), _value_text(panel, row)) for row in rows],
            [row.summary["held_out"] for row in rows],
            [row.name for row in rows],
            (_labels([across]), _labels(up), _labels(panel)),
        ),
        height=HEIGHT,
        label=t("Validation error of each run, by setting"),
        on_clicked=_open,
    )


def _value_text(names: Sequence[str], row: Outcome) -> str:
    return " · ".join(str(row.values[name]) for name in names)


def _labels(names: Sequence[str]) -> str:
    return " · ".join(str(knobs(Config)[name].label) for name in names)


def _open(name: Any) -> None:
    commands.open_run(str(name))


def _error_by_bottleneck(names: Sequence[str], rows: Sequence[Outcome]) -> None:
    groups: dict[str, dict[int, float]] = {}
    pca: dict[str, dict[int, float]] = {}
    for row in rows:
        others = [
            f"{knobs(Config)[name].label} {row.values[name]}"
            for name in names
            if name != "bottleneck"
        ]
        group = ", ".join(others) or t("autoencoder")
        width = int(row.summary["bottleneck"])
        groups.setdefault(group, {})[width] = row.summary["held_out"]
        pca.setdefault(_pca_name(row), {})[width] = row.summary["pca"]
    st.caption(t("Validation error vs bottleneck"))
    figure(
        "sweep-against",
        against_bottleneck(
            {name: _sorted(points) for name, points in groups.items()},
            {name: _sorted(points) for name, points in pca.items()},
            t("validation error"),
        ),
        height=HEIGHT,
        label=t("Validation error vs bottleneck, with PCA"),
    )


def _pca_name(row: Outcome) -> str:
    """Return the legend entry of PCA's error, which depends on the noise it is measured with."""
    kind, level = noise_of(row.summary.get("settings", {}))
    if not level:
        return t("PCA")
    return t("PCA (denoising, {kind} {level:g})", kind=NOISE_KINDS[kind].label, level=level)


def _sorted(points: Mapping[int, float]) -> tuple[list[int], list[float]]:
    """Return bottlenecks in ascending order, and their errors."""
    widths = sorted(points)
    return widths, [points[width] for width in widths]


def _parallel(names: Sequence[str], rows: Sequence[Outcome]) -> None:
    values = {str(knobs(Config)[name].label): [row.values[name] for row in rows] for name in names}
    st.caption(t("Parallel coordinates"))
    figure(
        "sweep-parallel",
        parallel(values, [row.summary["held_out"] for row in rows]),
        height=HEIGHT,
        label=t("Parallel coordinates: the settings of each run and its validation error"),
    )
