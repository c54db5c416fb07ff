"""What every page has around it: the run, the line on top, notices, the sidebar, the address."""

import os
from collections.abc import Callable

import streamlit as st

from aecore.errors import LabError
from aecore.i18n import t
from aecore.training.snapshot import Snapshot
from dashboard.components.live_figure import boot
from dashboard.shell import notices, sidebar, transport
from dashboard.shell.transport import examples
from dashboard.state import active_run, commands, keys, url

# Each redraw takes a little from the training; a slow machine may want fewer.
PLAYING_SECONDS = float(os.environ.get("AECORE_REDRAW_SECONDS") or 0.5)
RESTING_SECONDS = 1.0


def show(body: Callable[[Snapshot], None], still: Callable[[], None] | None = None) -> None:
    """Show a page.

    Parameters
    ----------
    body : callable
        Draws what is the page's own from the newest snapshot, again and again.
    still : callable, optional
        Draws below it what changes only when a person does something.
    """
    with st.spinner(t("Loading images and computing PCA...")):
        try:
            commands.first_visit()
            active_run.snapshot()
        except LabError as why:
            st.error(str(why))
            return
    boot()
    # In a container of their own: what follows keeps its place, and so its element.
    above = st.container()
    # Not drawn anew with the pictures: widgets cost a browser more than figures do.
    with st.container(horizontal=True, vertical_alignment="center"):
        transport.buttons(active_run.snapshot())
        examples(active_run.snapshot())
    st.session_state[keys.DRAWN] = active_run.fingerprint()

    def live() -> None:
        """Draw what changes; when more than that changed, have the whole page drawn anew."""
        if active_run.fingerprint() != st.session_state[keys.DRAWN]:
            st.rerun()
        snapshot = active_run.snapshot()
        transport.facts(snapshot, snapshot.examples.originals[0].size)
        st.progress(min(1.0, snapshot.step / snapshot.total_steps))
        try:
            body(snapshot)
        except LabError as why:
            st.error(str(why), icon=":material/error:")

    every = PLAYING_SECONDS if active_run.live().playing else RESTING_SECONDS
    # The picture first: whoever let a slider go waits for it, not for the other sliders.
    st.fragment(live, run_every=every)()
    if still is not None:
        still()
    with above:
        notices.show()
    sidebar.sidebar()
    url.write()
