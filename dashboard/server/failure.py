"""Show an exception that nobody foresaw as a sentence."""

import streamlit as st

from aecore.i18n import t

MOST_LETTERS = 300


def show(error: Exception) -> bool:
    """Show that a page, a fragment of it or a callback failed; Streamlit logs the traceback.

    Returns
    -------
    bool
        True, so that Streamlit does not show its own message.
    """
    st.error(
        t(
            "This page failed ({error}). Reload it to continue; the log of the server says more.",
            error=text(error),
        ),
        icon=":material/error:",
    )
    return True


def text(error: Exception) -> str:
    """Return the kind and the message of an exception, shortened."""
    message = f"{type(error).__name__}: {error}"
    return message if len(message) <= MOST_LETTERS else message[:MOST_LETTERS] + "..."
