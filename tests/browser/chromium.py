"""Find and launch the browser used by tests and benchmarks."""

import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no browser: install one with `apt-get install chromium`"
FLAGS = (
    "--headless",
    # Only local pages are opened, and the sandbox is unavailable to root in a container.
    "--no-sandbox",
    "--disable-gpu",
    # No requests to other hosts: tests assert this, and benchmarks would lose processor time.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """Return the path of an installed browser, or None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """Launch a headless browser.

    Raises
    ------
    FileNotFoundError
        If no browser is installed.
    """
    path = find()
    if path is None:
        raise FileNotFoundError(MISSING)
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))
