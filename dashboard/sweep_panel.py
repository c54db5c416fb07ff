"""Many runs at once: which values to try, how long it will take, and what came of it."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from aecore import grid
from aecore.config import Config
from aecore.knob import knobs
from aecore.run import Run
from aecore.sweep import Outcome
from aecore.trainer import Trainer
from aecore.words import Refusal, t
from dashboard import session, sweeping
from dashboard.compare_figures import against_bottleneck, cells, parallel
from dashboard.components.live_figure import figure

MOST_KNOBS = 3
TIMED_STEPS = 10
HEIGHT = 340
SUGGESTED: Mapping[str, str] = {
    "bottleneck": "2, 8, 32",
    "noise": "0, 0.3",
    "sparsity": "0, 0.1",
    "seed": "0, 1, 2",
    "learning_rate": "0.0003, 0.001, 0.003",
    "activation": "sigmoid, relu, gelu",
}


def panel() -> None:
    """Ask for a sweep around the settings of the run on top."""
    base = session.config()
    known = {name: knob for name, knob in knobs(Config).items() if name != "dataset"}
    with st.container(border=True):
        st.markdown(f"**{t('Sweep')}**")
        st.caption(t("All combinations of some values; the other knobs as in the run on top."))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.multiselect(
                t("Knobs"),
                list(known),
                ["bottleneck"],
                key="sweep knobs",
                max_selections=MOST_KNOBS,
                format_func=lambda name: t(known[name].label),
                width=320,
            )
            values = {
                name: st.text_input(
                    t(known[name].label),
                    SUGGESTED.get(name, str(getattr(base, name))),
                    key=f"sweep values {name}",
                    width=200,
                )
                for name in chosen
            }
            epochs = st.number_input(
                t("Epochs each"), 1, 10_000, min(base.epochs, 20), key="sweep epochs", width=130
            )
        _offer(base, values, int(epochs))
    st.fragment(_results, run_every=1.0)()


def _offer(base: Config, values: Mapping[str, str], epochs: int) -> None:
    lists = {n: [v.strip() for v in text.split(",") if v.strip()] for n, text in values.items()}
    try:
        planned = grid.grid({**base.model_dump(), "epochs": epochs}, lists) if lists else []
    except Refusal as why:
        st.error(str(why), icon=":material/error:")
        return
    wrong = [each.reason for each in planned if each.reason is not None]
    possible = len(planned) - len(wrong)
    with st.container(horizontal=True, vertical_alignment="center"):
        now = sweeping.current()
        st.button(
            t("Start the sweep"),
            key="start sweep",
            type="primary",
            icon=":material/grid_view:",
            disabled=not possible or (now is not None and now.running),
            on_click=_start,
            args=(list(values), planned),
        )
        if possible:
            each = _seconds(base.changed(epochs=epochs))
            cores = max(1, (os.cpu_count() or 2) - 1)
            minutes = possible * each / cores / 60
            words = t("{count} runs, about {minutes:.1f} min", count=possible, minutes=minutes)
            st.caption(words)
    if wrong:
        text = t("{count} combinations cannot be: {reason}", count=len(wrong), reason=wrong[0])
        st.caption(f":material/error: {text}")


@st.cache_data(show_spinner=False, max_entries=16)
def _seconds(config: Config) -> float:
    """Return how long a run takes on a core, as its first steps tell."""
    trainer = Trainer(session.load(config.dataset), config)
    trainer.step()
    began = time.monotonic()
    for _ in range(min(TIMED_STEPS, trainer.total_steps - 1)):
        trainer.step()
    took = (time.monotonic() - began) / max(1, min(TIMED_STEPS, trainer.total_steps - 1))
    return took * trainer.total_steps


def _start(names: Sequence[str], planned: Sequence[grid.Planned]) -> None:
    dataset = session.load(session.config().dataset)
    root = session.desk().root
    session.attempt(lambda: sweeping.start(names, planned, dataset, root))


def _results() -> None:
    found = sweeping.current()
    if found is None:
        return
    was = st.session_state.get("sweep running", False)
    st.session_state["sweep running"] = found.running
    if was and not found.running:
        # The table above has new runs now.
        st.rerun()
    sweeping.show(found)
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
    across = names[0]
    up = names[1:]
    labels = [" · ".join(str(row.values[name]) for name in up) or " " for row in rows]
    drawing = cells(
        [str(row.values[across]) for row in rows],
        labels,
        [row.summary["held_out"] for row in rows],
        [row.name for row in rows],
        (t(knobs(Config)[across].label), " · ".join(t(knobs(Config)[n].label) for n in up)),
    )
    st.caption(t("Error of each run; click one to open it."))
    event: Any = st.plotly_chart(
        drawing,
        key=f"sweep cells {len(rows)}",
        height=HEIGHT,
        on_select="rerun",
        selection_mode="points",
    )
    points = event["selection"]["points"] if event else []
    if points:
        name = points[0].get("customdata")
        name = name[0] if isinstance(name, list) else name
        if name and name != st.session_state.get("sweep opened"):
            st.session_state["sweep opened"] = name
            session.open_run(Run(session.desk().root / str(name)))
            st.rerun()


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
