"""A button that downloads a file, in a part of a page that is redrawn at intervals."""

from collections.abc import Callable

import streamlit as st

from dashboard.components.file_saver import save_file
from dashboard.state import cached, keys, messages


def download_button(
    key: str,
    label: str,
    name: str,
    make: Callable[[], bytes],
    *,
    help: str | None = None,  # noqa: A002 -- as Streamlit's buttons have it
) -> None:
    """Show a button that downloads a file, which is made when the button is pressed.

    A link of Streamlit's own download button stops working when a redraw replaces it; a press at
    that moment would download nothing.

    Parameters
    ----------
    key : str
        Key of the button.
    label : str
    name : str
        Suggested name of the file.
    make : callable
        Returns the content; a LabError that it raises becomes a sentence on the page.
    help : str, optional
    """
    with st.container(horizontal=True, gap=None):
        st.button(
            label, key=key, icon=":material/download:", help=help, on_click=_request, args=(key,)
        )
        save_file(
            f"{key} file",
            st.session_state.get(keys.download(key), 0),
            name,
            _content(key, make),
            on_saved=lambda: _finish(key),
        )


def _content(key: str, make: Callable[[], bytes]) -> bytes | None:
    """Return the content if the button was pressed and the browser does not have the file yet."""
    if keys.download(key) not in st.session_state:
        return None
    made: list[bytes] = []
    number = st.session_state[keys.download(key)]
    messages.attempt(
        lambda: made.append(cached.in_session(f"download {key}", number, make)),
    )
    if not made:
        _finish(key)
        return None
    return made[0]


def _request(key: str) -> None:
    number = st.session_state.get(keys.DOWNLOADS, 0) + 1
    st.session_state[keys.DOWNLOADS] = st.session_state[keys.download(key)] = number


def _finish(key: str) -> None:
    st.session_state.pop(keys.download(key), None)
