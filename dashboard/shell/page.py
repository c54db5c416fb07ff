"""The frame shared by all pages: run controls, notices, sidebar and URL."""

import os
from collections.abc import Callable

import streamlit as st

from aecore.errors import LabError
from aecore.i18n import t
from aecore.training.snapshot import Snapshot
from dashboard.components.drag_relay import drag_relay
from dashboard.shell import notices, sidebar, transport
from dashboard.shell.dragging import followed, is_dragged, move
from dashboard.shell.transport import examples
from dashboard.state import active_run, commands, keys, url
from dashboard.state.pace import pace

# Each redraw slows training a little, so slow machines may set a longer interval.
PLAYING_SECONDS = float(os.environ.get("AECORE_REDRAW_SECONDS") or 0.5)
RESTING_SECONDS = 1.0


def show(body: Callable[[Snapshot], None], still: Callable[[], None] | None = None) -> None:
    """Show a page.

    Parameters
    ----------
    body : callable
        Draws the page's live content from the newest snapshot; called periodically.
    still : callable, optional
        Draws the content below it, which changes only in response to the user.
    """
    with st.spinner(t("Loading images and computing PCA...")):
        try:
            commands.first_visit()
            active_run.snapshot()
        except LabError as why:
            st.error(str(why))
            return
    # Before anything is drawn from it: what changes meanwhile is noticed by the next redraw.
    st.session_state[keys.DRAWN] = active_run.fingerprint()
    st.session_state.pop(keys.PREVIEW_CHANGED, None)
    every = _interval()
    # Notices get their own container, so that the elements below keep their positions.
    above = st.container()
    # Outside the fragment: redrawing widgets costs a browser more than redrawing figures.
    with st.container(horizontal=True, vertical_alignment="center"):
        transport.buttons(active_run.snapshot())
        examples(active_run.snapshot())

    def live() -> None:
        """Draw the live content, or rerun the whole page if more than that has changed."""
        # The sidebar is redrawn on release: a new slider would be torn from under the finger.
        changed = not is_dragged() and active_run.fingerprint() != st.session_state[keys.DRAWN]
        if changed or keys.PREVIEW_CHANGED in st.session_state or _interval(every) != every:
            st.rerun()
        drag_relay("drag relay", followed(), move)
        snapshot = active_run.snapshot()
        transport.facts(snapshot, snapshot.examples.originals[0].size)
        st.progress(min(1.0, snapshot.step / snapshot.total_steps))
        try:
            body(snapshot)
        except LabError as why:
            st.error(str(why), icon=":material/error:")

    # Figures before the sidebar: a user who has moved a slider is waiting for the figures.
    st.fragment(pace().in_turn(live), run_every=every)()
    if still is not None:
        still()
    with above:
        notices.show()
    sidebar.sidebar()
    url.write()


def _interval(present: float = 0.0) -> float:
    """Return the interval between redraws, which depends on how many tabs there are."""
    current = active_run.live()
    least = PLAYING_SECONDS if current.playing or current.starting else RESTING_SECONDS
    return pace().interval(least, active_run.sessions().count, present)
