"""Plain helpers that tests of the pages share."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from dashboard.state.background import background_cache

Open = Callable[..., AppTest]
Goes = Callable[[AppTest, str], AppTest]


def captions(page: AppTest) -> str:
    """Return all captions of a page as one text."""
    return " ".join(each.value for each in page.caption)


def finish(page: AppTest) -> AppTest:
    """Wait until nothing is computed in the background, and run the page once more."""
    while True:
        assert background_cache().wait(100)
        page.run()
        assert not page.exception
        # What nobody has asked for lately waits until the page asks again.
        if not any(entry.waiting for entry in background_cache()._entries.values()):
            return page
