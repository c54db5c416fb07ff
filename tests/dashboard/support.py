"""Helpers shared by the tests of the pages."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from dashboard.state.background import background_cache

OpenPage = Callable[..., AppTest]
GoToPage = Callable[[AppTest, str], AppTest]


def captions(page: AppTest) -> str:
    """Return all captions of a page as one text."""
    return " ".join(each.value for each in page.caption)


def finish(page: AppTest) -> AppTest:
    """Wait until background computations are done, and rerun the page."""
    cache = background_cache()
    while True:
        assert cache.wait(100)
        before = cache._turn
        page.run()
        assert not page.exception
        # Values not requested recently wait until the page requests them again; others may have
        # been computed while the page was drawn without them.
        waiting = any(entry.waiting for entry in cache._entries.values())
        if not waiting and cache._turn == before:
            return page
