"""The form that branches a run: replay it up to a step, then change one setting."""

import streamlit as st

from aecore.config import Config
from aecore.errors import LabError
from aecore.i18n import N_, t
from aecore.knob import knobs
from aecore.runs.branch import branch
from aecore.runs.folder import new_path
from aecore.runs.index import Row
from aecore.runs.run import Run
from dashboard.state import active_run, cached, commands, keys, messages
from dashboard.widgets.heading import heading


def panel(row: Row) -> None:
    """Draw the form that asks for a saved step of a run and for the setting to change there."""
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
            st.button(
                t("Branch"), key="make branch", icon=":material/call_split:", on_click=_request
            )
        st.caption(
            t("Earlier steps are replayed with the same seed, so only this setting differs.")
        )
        # What the button returns would be lost if the page is redrawn from the start meanwhile.
        if st.session_state.pop(keys.BRANCH_REQUESTED, False):
            _create(run, int(step), name, value)


def _request() -> None:
    st.session_state[keys.BRANCH_REQUESTED] = True


def _create(parent: Run, step: int, name: str, value: str) -> None:
    """Branch a run with a progress bar, and make the branch the current run."""
    bar = st.progress(0.0, t("Replaying the earlier steps"))

    def report(done: int, total: int) -> None:
        if done % max(1, total // 50) == 0:
            bar.progress(done / max(1, total))

    try:
        images = cached.dataset(parent.config.dataset)
        path = new_path(active_run.root(), parent.config)
        child, _ = branch(parent, step, images, path, report=report, **{name: value})
    except LabError as error:
        bar.empty()
        st.error(str(error), icon=":material/error:")
        return
    child.release()
    commands.open_run(child.name)
    messages.announce(N_("{name} is now the current run. Press Play to continue.", name=child.name))
    st.rerun()
