"""A page of another origin neither frames the dashboard nor starts anything in it."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.lab import Lab
from tests.browser.server import TIMEOUT, Server

PAGE = """
<iframe src="{url}/?seed=7"></iframe>
<script>
  window.results = {{}};
  const socket = new WebSocket("{url}/_stcore/stream".replace("http", "ws"), ["streamlit"]);
  socket.onopen = () => {{ results.socket = "open"; }};
  socket.onerror = () => {{ results.socket = "refused"; }};
  fetch("{url}/_stcore/health").then(
    () => {{ results.fetch = "answered"; }}, () => {{ results.fetch = "refused"; }});
  const script = document.createElement("script");
  script.onload = () => {{ results.script = "loaded"; }};
  script.onerror = () => {{ results.script = "refused"; }};
  script.src = "{url}/_stcore/health";
  document.head.append(script);
</script>
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serve a folder, and print nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_origin(tmp_path: Path, server: Server) -> Iterator[str]:
    """Provide the address of a page on another port that tries to use the dashboard."""
    (tmp_path / "index.html").write_text(PAGE.format(url=server.url))
    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://localhost:{other.server_port}"
        other.shutdown()
        thread.join()


def test_page_of_another_origin_neither_frames_nor_starts_anything(
    lab: Lab, browser: Browser, other_origin: str
) -> None:
    lab.ensure_fresh_run()
    runs = set(lab.server.runs.glob("*"))
    page = browser.new_page()
    page.goto(other_origin)
    page.wait_for_function("Object.keys(results).length === 3", timeout=TIMEOUT * 1000)
    expected = {"socket": "refused", "fetch": "refused", "script": "refused"}
    assert page.evaluate("results") == expected
    _, frame = page.frames
    assert frame.url.startswith("chrome-error:")
    # The server is warm: what the frame could start would be there by now.
    page.wait_for_timeout(2000)
    assert set(lab.server.runs.glob("*")) == runs
    assert lab.step == 0
    page.close()
