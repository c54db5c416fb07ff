"""What came of a sweep: heat maps whose cells open their runs, and lines."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from aecore.config import Config
from aecore.experiments.sweep import Outcome
from aecore.i18n import t
from aecore.knob import knobs
from aecore.runs.run import Run
from dashboard.components.live_figure import figure
from dashboard.figures.bottleneck_curve import against_bottleneck
from dashboard.state import commands, experiments
from dashboard.views.compare.figures import cells, parallel

HEIGHT = 340
# More maps beside each other would be too narrow to read.
MOST_PANELS = 4


def panel() -> None:
    """Show the sweep at work, or the last one, and follow it."""
    st.fragment(_results, run_every=1.0)()


def _results() -> None:
    found = experiments.current()
    if found is None:
        return
    was = st.session_state.get("sweep running", False)
    st.session_state["sweep running"] = found.running
    if (was and not found.running) or commands.fingerprint() != st.session_state.drawn:
        # The table above has new runs now, or another run was opened.
        st.rerun()
    experiments.show(found)
    rows = [row for row in found.outcomes if row.reason is None and row.summary.get("held_out")]
    if not rows:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _cells(found.knobs, rows)
    with right:
        if "bottleneck" in found.knobs:
            _against(found.knobs, rows)
        else:
            _parallel(found.knobs, rows)
    if "bottleneck" in found.knobs and len(found.knobs) > 1:
        _parallel(found.knobs, rows)


def _cells(names: Sequence[str], rows: Sequence[Outcome]) -> None:
    across, up, panel = names[0], names[1:2], names[2:]
    if len({_said(panel, row) for row in rows}) > MOST_PANELS:
        up, panel = names[1:], ()
    st.caption(t("Error of each run; click one to open it."))
    figure(
        "sweep-cells",
        cells(
            [(row.values[across], _said(up, row), _said(panel, row)) for row in rows],
            [row.summary["held_out"] for row in rows],
            [row.name for row in rows],
            (_labels([across]), _labels(up), _labels(panel)),
        ),
        height=HEIGHT,
        label=t("Held-out error of each run, by the knobs"),
        on_clicked=_open,
    )


def _said(names: Sequence[str], row: Outcome) -> str:
    return " · ".join(str(row.values[name]) for name in names)


def _labels(names: Sequence[str]) -> str:
    return " · ".join(t(knobs(Config)[name].label) for name in names)


def _open(name: Any) -> None:
    commands.open_run(Run(commands.desk().root / str(name)))


def _against(names: Sequence[str], rows: Sequence[Outcome]) -> None:
    groups: dict[str, dict[int, float]] = {}
    pca: dict[int, float] = {}
    for row in rows:
        rest = [f"{t(knobs(Config)[n].label)} {row.values[n]}" for n in names if n != "bottleneck"]
        width = int(row.summary["bottleneck"])
        groups.setdefault(", ".join(rest) or t("autoencoder"), {})[width] = row.summary["held_out"]
        pca[width] = row.summary["pca"]
    lines = {name: _sorted(points) for name, points in groups.items()}
    st.caption(t("Error against bottleneck"))
    figure(
        "sweep-against",
        against_bottleneck(lines, _sorted(pca)),
        height=HEIGHT,
        label=t("Held-out error against bottleneck, with PCA's"),
    )


def _sorted(points: Mapping[int, float]) -> tuple[list[int], list[float]]:
    widths = sorted(points)
    return widths, [points[width] for width in widths]


def _parallel(names: Sequence[str], rows: Sequence[Outcome]) -> None:
    values = {t(knobs(Config)[name].label): [row.values[name] for row in rows] for name in names}
    st.caption(t("All runs as lines from knob to knob"))
    figure(
        "sweep-parallel",
        parallel(values, [row.summary["held_out"] for row in rows]),
        height=HEIGHT,
        label=t("Runs as lines through their knobs to their errors"),
    )
