"""The browser that tests and benchmarks drive: where it is, and how it is started."""

import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no browser: install one with `apt-get install chromium`"
FLAGS = (
    "--headless",
    # Nothing but pages of this machine is opened, and a container's root has no sandbox.
    "--no-sandbox",
    "--disable-gpu",
    # Nothing is asked of other hosts: tests assert it, and benchmarks share the processor with it.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """Return the path of an installed browser, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Start a browser without a window.

    Raises
    ------
    FileNotFoundError
        If none is installed.
    """
    path = find()
    if path is None:
        raise FileNotFoundError(MISSING)
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))
