"""Notices: errors, why the current run is paused, and runs that can be resumed."""

import streamlit as st

from aecore.errors import LabError
from aecore.i18n import nt, t
from aecore.runs.live_run import LiveRun
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.state import active_run, commands, messages


def show() -> None:
    """Show all notices, most urgent first."""
    if error := messages.take_error():
        st.error(error, icon=":material/block:")
    if news := messages.take_news():
        st.toast(news, icon=":material/inventory_2:")
    current = active_run.live()
    if not current.editable:
        _show_external(current)
        return
    _show_state(current)
    if active_run.snapshot().step == 0 and not current.playing:
        _offer(current)


def _show_state(current: LiveRun) -> None:
    """Show why the current run failed, paused or finished, if it did."""
    snapshot = active_run.snapshot()
    if current.error is not None:
        st.error(str(current.error), icon=":material/error:")
    elif current.idle:
        text = t("Paused because no page was open. Press Play to continue.")
        st.info(text, icon=":material/bedtime:")
    elif snapshot.finished:
        _show_completion(snapshot)


def _show_completion(snapshot: Snapshot) -> None:
    last = snapshot.history[-1]
    epochs = snapshot.config.epochs
    if last["held_out"] > last["pca"]:
        text = nt(
            "PCA with {count} component still has lower error. Increase Epochs to keep training, "
            "or try the linear path, another activation or learning rate.",
            "PCA with {count} components still has lower error. Increase Epochs to keep training, "
            "or try the linear path, another activation or learning rate.",
            snapshot.config.bottleneck,
        )
        st.warning(text, icon=":material/trending_flat:")
    else:
        text = nt(
            "Finished after {count} epoch. Increase Epochs to keep training.",
            "Finished after {count} epochs. Increase Epochs to keep training.",
            epochs,
        )
        st.success(text, icon=":material/check_circle:")


def _offer(current: LiveRun) -> None:
    """Offer to resume the latest run if it is unfinished, or to watch it if it is training."""
    others = (row for row in commands.saved_runs() if row["name"] != current.run.name)
    row = next(others, None)
    if row is None:
        return
    try:
        run = Run(active_run.root() / row["name"])
    except LabError:
        # It was deleted since it was listed.
        return
    if run.busy:
        _choice(t("{name} is training in another program.", name=run.name), t("Watch"), run.name)
    elif row["step"] and row["total_steps"] and row["step"] < row["total_steps"]:
        text = t(
            "{name} stopped at step {step:,} of {total:,}.",
            name=run.name,
            step=row["step"],
            total=row["total_steps"],
        )
        _choice(text, t("Resume"), run.name)


def _show_external(current: LiveRun) -> None:
    """Show the state of a run that another program trains or trained."""
    name = current.run.name
    if current.playing:
        text = t("{name} is training in another program; this view follows its saves.", name=name)
        st.info(text, icon=":material/visibility:")
    else:
        _choice(t("{name} is not running.", name=name), t("Resume here"), name)


def _choice(text: str, label: str, name: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/history: {text}", width="stretch")
        st.button(
            label,
            key=f"open {name}",
            on_click=commands.open_run,
            args=(name,),
        )
