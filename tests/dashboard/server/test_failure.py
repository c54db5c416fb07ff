"""An exception that nobody foresaw is a sentence on the page, and a traceback in the log."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.server import failure
from tests.browser.server import ROOT, Server
from tests.dashboard.server.session import Session, connected, wait_until_reachable

SENTENCE = "This page failed (ZeroDivisionError: of a page). Reload it to continue;"


class FailingServer(Server):
    """Server of `failing.py`, the dashboard with pages that fail."""

    # Its settings of Streamlit apply.
    working_folder = ROOT / "dashboard"

    def command(self) -> list[str]:
        script = Path(__file__).with_name("failing.py")
        return [sys.executable, str(script), str(self.port)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = FailingServer(tmp_path_factory.mktemp("server"))
    server.environment["PYTHONPATH"] = str(ROOT)
    server.start()
    wait_until_reachable(server)
    yield server
    assert server.stop() == 0


@pytest.fixture
def session(server: Server) -> Iterator[Session]:
    with connected(server) as session:
        yield session


def tracebacks(server: Server) -> int:
    """Count the tracebacks in the log; they name the function that failed."""
    log = server.log.read_text()
    count = log.count("\nTraceback (most recent call last):\n")
    assert log.count("in fail\n") == log.count("\nZeroDivisionError: of a page\n") == count
    return count


def test_exception_in_the_body(server: Server, session: Session) -> None:
    before = tracebacks(server)
    session.open("body")
    (error,) = session.errors
    assert error.startswith(SENTENCE)
    assert tracebacks(server) == before + 1


def test_exception_in_a_fragment(server: Server, session: Session) -> None:
    before = tracebacks(server)
    session.open("fragment")
    for count in (1, 2):
        (error,) = session.errors
        assert error.startswith(SENTENCE)
        assert tracebacks(server) == before + count
        session.rerun_fragment()


def test_exception_in_a_callback(server: Server, session: Session) -> None:
    before = tracebacks(server)
    session.open("callback")
    assert session.errors == []
    session.click("Fail")
    (error,) = session.errors
    assert error.startswith(SENTENCE)
    assert tracebacks(server) == before + 1


def test_long_message_is_cut() -> None:
    assert failure.text(ValueError("9" * 5000)) == "ValueError: " + "9" * 288 + "..."
