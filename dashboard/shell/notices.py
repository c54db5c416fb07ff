"""Notices: errors, why the current run is paused, and runs that can be resumed."""

from collections.abc import Callable

import streamlit as st

from aecore.errors import LabError
from aecore.files import check_writable
from aecore.i18n import nt, t
from aecore.metrics.pca import is_exact
from aecore.runs import index
from aecore.runs.index import Row
from aecore.runs.live_run import LiveRun
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.state import active_run, commands, messages
from dashboard.widgets.pca_comparison import ratio_of_row


def show() -> None:
    """Show all notices, most urgent first."""
    if error := messages.take_error():
        st.error(error, icon=":material/block:")
    if news := messages.take_news():
        st.toast(news, icon=":material/inventory_2:")
    try:
        check_writable(active_run.root())
    except LabError as why:
        st.error(str(why), icon=":material/block:")
    current = active_run.live()
    if not current.editable:
        _show_external(current)
        return
    _show_state(current)
    if active_run.snapshot().step == 0 and not (current.playing or current.starting):
        _offer(current)


def _show_state(current: LiveRun) -> None:
    """Show why the current run failed, paused or finished, if it did."""
    snapshot = active_run.snapshot()
    if current.starting:
        text = t("Starting: loading images and computing PCA.")
        st.info(text, icon=":material/hourglass_top:")
    elif current.waiting:
        text = nt(
            "Waiting for its turn: this computer trains {count} run at once. Pause or finish "
            "another run, or wait until one ends.",
            "Waiting for its turn: this computer trains {count} runs at once. Pause or finish "
            "another run, or wait until one ends.",
            active_run.runs().slots.count,
        )
        st.info(text, icon=":material/hourglass_top:")
    elif current.error is not None:
        st.error(str(current.error), icon=":material/error:")
    elif current.idle:
        text = t("Paused because no page was open. Press Play to continue.")
        st.info(text, icon=":material/bedtime:")
    elif snapshot.finished:
        _show_completion(snapshot)


def _show_completion(snapshot: Snapshot) -> None:
    if (text := warning(snapshot)) is not None:
        st.warning(text, icon=":material/trending_flat:")
        return
    text = nt(
        "Finished after {count} epoch. Increase Epochs to keep training.",
        "Finished after {count} epochs. Increase Epochs to keep training.",
        snapshot.config.epochs,
    )
    if is_exact(snapshot.history[-1]["pca"]):
        text += " " + t("PCA is exact at this width.")
    st.success(text, icon=":material/check_circle:")


def warning(snapshot: Snapshot) -> str | None:
    """Return the warning that PCA does better at what the finished run was trained for, if so."""
    last = snapshot.history[-1]
    if (ratio_of_row(last, snapshot.config) or 0.0) <= 1:
        return None
    if last.get("noise"):
        return t(
            "PCA still denoises better. Increase Epochs to keep training, or try a larger "
            "bottleneck, the linear path, another activation or learning rate."
        )
    return nt(
        "PCA with {count} component still has lower error. Increase Epochs to keep training, "
        "or try the linear path, another activation or learning rate.",
        "PCA with {count} components still has lower error. Increase Epochs to keep training, "
        "or try the linear path, another activation or learning rate.",
        snapshot.config.bottleneck,
    )


def _offer(current: LiveRun) -> None:
    """Offer to start the run of a link, and to open a saved run instead of a new one."""
    if active_run.session().linked == current.config:
        _choice(t("The link contains these settings."), t("Start this run"), "start", commands.play)
    rows = [row for row in commands.all_runs() if row["name"] != current.run.name]
    same = commands.run_with(current.config, rows)
    if (row := same or next(iter(rows), None)) is not None:
        _offer_run(row, same=same is not None)


def _offer_run(row: Row, *, same: bool) -> None:
    """Offer to watch a run if it is training, to resume it if it is unfinished, or to open it.

    Parameters
    ----------
    row : Row
    same : bool
        Whether it has the settings of the run in view; others are not offered once finished.
    """
    name, step, total = row["name"], row["step"], row["total_steps"]
    try:
        run = Run(active_run.root() / name)
    except LabError:
        # It was deleted since it was listed.
        return
    here = active_run.runs().at(run.path)
    is_here = here is not None and here.editable
    if here is not None and is_here and here.playing:
        _open_choice(t("{name} is training in another tab.", name=name), t("Watch"), name)
    elif run.busy and not is_here:
        _open_choice(t("{name} is training in another program.", name=name), t("Watch"), name)
    elif index.is_finished(row):
        if same:
            text = t("{name} has finished with these settings.", name=name)
            _open_choice(text, t("Open the finished run with these settings"), name)
    elif same:
        text = t("{name} has these settings; it stopped at step {step:,}.", name=name, step=step)
        _open_choice(text, t("Resume"), name)
    elif step and total:
        text = t("{name} stopped at step {step:,} of {total:,}.", name=name, step=step, total=total)
        _open_choice(text, t("Resume"), name)


def _show_external(current: LiveRun) -> None:
    """Show the state of a run that another program trains or trained."""
    name = current.run.name
    if current.playing:
        text = t("{name} is training in another program; this view follows its saves.", name=name)
        st.info(text, icon=":material/visibility:")
    else:
        _open_choice(t("{name} is not running.", name=name), t("Resume here"), name)


def _open_choice(text: str, label: str, name: str) -> None:
    """Offer to open a saved run."""
    _choice(text, label, f"open {name}", lambda: commands.open_run(name))


def _choice(text: str, label: str, key: str, act: Callable[[], None]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/history: {text}", width="stretch")
        st.button(label, key=key, on_click=act)
