"""Again from here with this changed: a branch of the run chosen."""

import streamlit as st

from aecore.config import Config
from aecore.errors import LabError
from aecore.i18n import N_, t
from aecore.knob import knobs
from aecore.runs.branch import branch
from aecore.runs.folder import new_path
from aecore.runs.index import Row
from aecore.runs.run import Run
from dashboard.state import active_run, cached, commands, messages
from dashboard.widgets.heading import heading


def panel(row: Row) -> None:
    """Ask from which saved moment, and what is changed there."""
    run = Run(active_run.root() / row["name"])
    steps = run.frames()
    if not steps:
        return
    with st.container(border=True):
        heading(t("Branch with one change"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"branch {row['name']}"
            step = st.select_slider(t("From step"), steps, steps[-1], key=f"{key} step", width=300)
            live = [name for name, knob in knobs(Config).items() if knob.live]
            name = st.selectbox(
                t("Change"),
                live,
                key=f"{key} knob",
                format_func=lambda each: str(knobs(Config)[each].label),
                width=200,
            )
            now = row["config"].get(name)
            value = st.text_input(t("To"), str(now), key=f"{key} {name}", width=120)
            go = st.button(t("Branch"), key="make branch", icon=":material/call_split:")
        st.caption(
            t("Earlier steps are replayed with the same seed, so only this setting differs.")
        )
        if go:
            _make(run, int(step), name, value)


def _make(parent: Run, step: int, name: str, value: str) -> None:
    bar = st.progress(0.0, t("Replaying the earlier steps"))

    def report(done: int, whole: int) -> None:
        if done % max(1, whole // 50) == 0:
            bar.progress(done / max(1, whole))

    try:
        images = cached.dataset(parent.config.dataset)
        path = new_path(active_run.root(), parent.config)
        made, _ = branch(parent, step, images, path, report=report, **{name: value})
    except LabError as why:
        bar.empty()
        st.error(str(why), icon=":material/error:")
        return
    made.release()
    commands.open_run(made.name)
    messages.announce(N_("{name} is now the current run. Press Play to continue.", name=made.name))
    st.rerun()
