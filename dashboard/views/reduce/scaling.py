"""Time and memory by dataset size, measured on request and saved for later visits."""

import math
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from aecore.experiments import scaling
from aecore.experiments.scaling import METHODS, Measurement
from aecore.i18n import t
from dashboard.components.live_figure import figure
from dashboard.state import active_run, experiments, messages
from dashboard.views.reduce.figures import Line, growth
from dashboard.widgets.heading import heading
from dashboard.widgets.polling import poll
from dashboard.widgets.task_progress import task_progress

# The numbers of images to measure, by the largest of them.
COUNTS: Mapping[int, tuple[int, ...]] = {
    5_000: (1_000, 5_000),
    20_000: (1_000, 5_000, 20_000),
    100_000: (1_000, 5_000, 20_000, 100_000),
}
SIDES = (28, 56)
MANY = 1_000_000
HEIGHT = 340


def panel() -> None:
    """Show the section, redrawing it while measurements are running."""
    heading(t("Scaling with dataset size"))
    st.caption(
        t(
            "Generated images read from a file, {width}-dimensional codes, one thread; "
            "each measured in its own process; memory is the increase.",
            width=8,
        )
    )
    poll("scaling", _section)


def _section() -> bool:
    root = active_run.root()
    running = _show_form()
    rows = scaling.load(root)
    left, right = st.columns(2, gap="medium")
    empty = t("Press Measure: with 5,000 images it takes about half a minute.")
    with left:
        _chart(rows, "seconds", t("seconds per epoch"), empty)
    with right:
        _chart(rows, "megabytes", t("memory (MB)"), empty)
    for line in _limits(rows):
        st.caption(line)
    return running


def _show_form() -> bool:
    """Show the form that starts measurements; return whether any are running."""
    task, running = experiments.measurements().task, experiments.measurements().running
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            t("Largest number of images"),
            list(COUNTS),
            key="scaling most",
            format_func=lambda count: f"{count:,}",
            width=140,
        )
        sides = st.multiselect(
            t("Pixels"),
            SIDES,
            SIDES[:1],
            key="scaling sides",
            format_func=lambda side: f"{side} × {side}",
            width=240,
            help=t("With 56 by 56 each image has four times as many features; this takes minutes."),
        )
        st.button(
            t("Measure"),
            key="measure scaling",
            icon=":material/timer:",
            disabled=running or not sides,
            on_click=_start,
        )
    if task is not None:
        text = t("{done} of {total} measured", done=len(task.rows), total=task.total)
        task_progress("cancel scaling", task, text, width=260)
    return running


def _start() -> None:
    counts = COUNTS[st.session_state["scaling most"]]
    sides = sorted(st.session_state["scaling sides"])
    root = active_run.root()
    messages.attempt(lambda: experiments.start_measurement(counts, sides, root))


def _chart(rows: Sequence[Measurement], field: str, unit: str, empty: str) -> None:
    lines = _lines(rows, lambda row: float(getattr(row, field)))
    figure(
        f"scaling-{field}",
        growth(lines, {name: str(each) for name, each in METHODS.items()}, unit) if lines else None,
        height=HEIGHT,
        label=t("{unit} by number of images", unit=unit),
        empty=empty,
    )


def _lines(rows: Sequence[Measurement], read: Callable[[Measurement], float]) -> list[Line]:
    lines: list[Line] = []
    for features in sorted({row.features for row in rows}):
        side = math.isqrt(features)
        for method in METHODS:
            points = [
                (row.count, read(row))
                for row in rows
                # Zero cannot be drawn on a logarithmic axis.
                if (row.method, row.features) == (method, features) and read(row) > 0
            ]
            if points:
                counts, values = zip(*points, strict=True)
                lines.append((method, f"{side} × {side}", counts, values))
    return lines


def _limits(rows: Sequence[Measurement]) -> list[str]:
    """Describe the memory limits of full PCA, in one sentence each."""
    full = [row for row in rows if row.method == "full" and row.megabytes > 0]
    if not full:
        return []
    largest = max(full, key=lambda row: row.count * row.features)
    each, side = largest.bytes_per_pixel, math.isqrt(largest.features)
    sentences = [
        t(
            "Full PCA holds all images in memory: {each:.0f} bytes per pixel of each "
            "image, so a million images of {side} by {side} would need {need:.0f} GB.",
            each=each,
            side=side,
            need=each * MANY * largest.features / 2**30,
        )
    ]
    free = scaling.available()
    if free is not None:
        sentences[0] += " " + t(
            "With {free:.0f} GB of free memory on this machine it reaches its limit at "
            "about {most:,} images; the other two read the file in parts and have no "
            "such limit.",
            free=free / 2**30,
            most=_rounded(free / (each * largest.features)),
        )
    return sentences + [
        t(
            "Full PCA of {count:,} images with {features:,} pixels was not measured: {reason}.",
            count=row.count,
            features=row.features,
            reason=row.reason,
        )
        for row in rows
        if row.method == "full" and row.reason
    ]


def _rounded(count: float) -> int:
    """Round to two significant digits."""
    return int(float(f"{count:.1e}"))
