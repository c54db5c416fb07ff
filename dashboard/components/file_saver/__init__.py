"""Have the browser save a file, without a link that a redraw of the page could replace."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from dashboard.components.script_only import script_component

_saver = script_component("file_saver", Path(__file__).with_name("file_saver.js"))


def save_file(
    key: str, number: int, name: str, content: bytes | None, *, on_saved: Callable[[], None]
) -> None:
    """Have the browser save a file.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    number : int
        A file is saved once for each number, however often the page is redrawn.
    name : str
        Suggested name of the file.
    content : bytes or None
        None if there is nothing to save.
    on_saved : callable
        Called once the browser has the file. Until then, every redraw must pass the content: the
        browser may not see each of them.
    """
    # Bytes may not stand beside other data.
    encoded = None if content is None else b64encode(content).decode("ascii")
    data = {"number": number, "name": name, "content": encoded}
    _saver(key=key, data=data, on_saved_change=on_saved)
