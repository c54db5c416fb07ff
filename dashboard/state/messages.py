"""Messages for the user, kept until the page shows them."""

from collections.abc import Callable

from aecore.errors import LabError, disk_error
from aecore.i18n import Message
from dashboard.state import active_run


def attempt(action: Callable[[], None]) -> None:
    """Perform an action for the user; an error becomes a sentence on the page."""
    try:
        action()
    except LabError as error:
        report(error)
    except OSError as error:
        report(disk_error(error))


def or_message(write: Callable[[], bytes]) -> Callable[[], bytes]:
    """Wrap a function that writes a download, so that a failure yields its message as the file."""

    def contents() -> bytes:
        try:
            return write()
        except LabError as error:
            # A download cannot be refused once the browser has asked for it.
            return f"{error}\n".encode()

    return contents


def report(error: LabError) -> None:
    """Keep an error until the page shows it."""
    active_run.session().error = error


def announce(message: Message) -> None:
    """Keep a piece of news until the page shows it."""
    active_run.session().news = message


def take_error() -> str:
    """Return the error that was kept and forget it; empty if there is none."""
    session = active_run.session()
    error, session.error = session.error, None
    return "" if error is None else str(error)


def take_news() -> str:
    """Return the news that was kept and forget it; empty if there is none."""
    session = active_run.session()
    news, session.news = session.news, None
    return "" if news is None else str(news)
