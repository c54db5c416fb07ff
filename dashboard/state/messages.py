"""Messages for the user, kept until the page shows them."""

from collections.abc import Callable

import streamlit as st

from aecore.errors import LabError
from aecore.i18n import Message
from dashboard.state import keys


def attempt(action: Callable[[], None]) -> None:
    """Perform an action for the user; an error becomes a sentence on the page."""
    try:
        action()
    except LabError as error:
        report(error)
    except OSError as error:
        report(disk_error(error))


def disk_error(error: OSError) -> LabError:
    """Return the sentence for a disk that is full or cannot be written to."""
    return LabError("Could not write to disk: {error}.", error=error)


def unexpected_error(error: Exception) -> LabError:
    """Return the sentence for an exception in the background that nobody foresaw."""
    return LabError("Calculation failed: {error}.", error=f"{type(error).__name__}: {error}")


def report(error: LabError) -> None:
    """Keep an error until the page shows it."""
    st.session_state[keys.ERROR] = error


def announce(message: Message) -> None:
    """Keep a piece of news until the page shows it."""
    st.session_state[keys.NEWS] = message


def take_error() -> str:
    """Return the error that was kept and forget it; empty if there is none."""
    return _take(keys.ERROR)


def take_news() -> str:
    """Return the news that was kept and forget it; empty if there is none."""
    return _take(keys.NEWS)


def _take(key: str) -> str:
    kept = st.session_state.pop(key, None)
    return "" if kept is None else str(kept)
