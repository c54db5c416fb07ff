"""The dashboard as it is started by the README's command, seen from other programs."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.pages import PAGES
from dashboard.server.guard import Guard
from tests.browser.server import ROOT, Server
from tests.dashboard.server.session import connected, get, handshake, wait_until_reachable


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Provide a server that was just started, from another folder than its own."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.working_folder = server.data
    server.start()
    wait_until_reachable(server)
    yield server
    if server.running:
        server.stop()


def errors_of(server: Server, page: str) -> list[str]:
    with connected(server) as session:
        session.open(page)
        assert len(session.elements) > 10
        return session.errors


def test_all_pages_opened_at_once_on_a_cold_server_are_drawn(server: Server) -> None:
    with ThreadPoolExecutor(len(PAGES)) as tabs:
        errors = list(tabs.map(lambda page: errors_of(server, page), PAGES))
    assert errors == [[]] * len(PAGES)
    assert server.logged_errors() == []
    assert "partially initialized" not in server.log.read_text()


def test_only_this_machine_can_connect(server: Server) -> None:
    connections = psutil.Process(server.process.pid).net_connections("tcp")
    listening = {each.laddr for each in connections if each.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", server.port)}


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:{port}", "http://localhost:{port}", 101),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", 101),
        ("[::1]:{port}", "http://[::1]:{port}", 101),
        ("evil.example", "http://evil.example", 403),
        ("evil.example:{port}", "http://localhost:{port}", 403),
        ("localhost:{port}", "http://localhost:1", 403),
        ("localhost:{port}", "http://localhost", 403),
        ("localhost:{port}", "https://localhost:{port}", 403),
        ("localhost:{port}", "http://127.0.0.1:{port}", 403),
        ("localhost:{port}", "null", 403),
    ],
)
def test_websockets_are_accepted_from_the_own_page_alone(
    server: Server, host: str, origin: str, status: int
) -> None:
    host, origin = (each.format(port=server.port) for each in (host, origin))
    assert handshake(server, Host=host, Origin=origin) == status


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/static/nothing.js"])
def test_requests_are_answered_under_own_names_and_cannot_be_framed(
    server: Server, path: str
) -> None:
    own = f"localhost:{server.port}"
    answer = get(server, path, Host=own)
    assert answer.status in (200, 404)
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    answer = get(server, path, Host="evil.example")
    assert answer.status == 403
    assert "not served as 'evil.example'. Open it as localhost" in answer.text
    answer = get(server, path, Host=own, Origin="http://localhost:1")
    assert answer.status == 403
    assert "Pages of 'http://localhost:1' cannot use the dashboard" in answer.text


def test_terminated_server_saves_the_run(server: Server) -> None:
    """The last test of this server: it ends it."""
    with connected(server) as session:
        session.open()
        session.click("Play")
        assert server.stop(signal.SIGTERM) == 0
    state = json.loads((server.newest_run() / "checkpoint" / "state.json").read_text())
    assert state["step"] > 0


@pytest.mark.parametrize("name", ["app.py", "script.py"])
def test_pages_are_not_served_without_the_guard(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a version of Streamlit takes app.py for a script, or somebody runs script.py."""
    monkeypatch.setattr(Guard, "installed", False)
    page = AppTest.from_file(ROOT / "dashboard" / name).run()
    (error,) = page.error
    assert "not protected from other websites" in error.value
    assert not page.exception
    assert not page.button
