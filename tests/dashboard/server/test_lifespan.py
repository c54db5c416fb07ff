import asyncio
import queue
import signal
import subprocess
import sys
import webbrowser
from typing import Any

import pytest
import streamlit as st

from dashboard.server.lifespan import lifespan
from tests.support import run_async

SERVER = """
import atexit, sys
import uvicorn
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from streamlit import config
from dashboard.server.lifespan import lifespan

config.set_option("server.headless", True)

@asynccontextmanager
async def announced(app):
    async with lifespan(app):
        print("started", flush=True)
        yield
        print("stopped", flush=True)

atexit.register(print, "saved", flush=True)
uvicorn.run(Starlette(lifespan=announced), port=0, log_level="error")
"""


@pytest.mark.usefixtures("hangup_ends")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_stops_the_server_and_what_is_registered_at_exit_runs(number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            process.send_signal(number)
            output, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (output, errors, process.returncode) == ("stopped\nsaved\n", "", 0)


@pytest.mark.usefixtures("hangup_ends")
def test_server_that_ignores_hangups_outlives_its_terminal() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            process.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=30)[0] == "stopped\nsaved\n"
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("options", "opened"),
    [
        ({"server.headless": True}, []),
        ({}, ["http://localhost:8501/"]),
        ({"server.address": "0.0.0.0"}, ["http://localhost:8501/"]),
        ({"server.address": "::1"}, ["http://[::1]:8501/"]),
        ({"browser.serverAddress": "lab", "server.address": "::"}, ["http://lab:8501/"]),
        (
            {"server.sslCertFile": "lab.pem", "server.baseUrlPath": "/a/b/"},
            ["https://localhost:8501/a/b"],
        ),
    ],
)
def test_browser_is_opened_unless_there_is_none(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], opened: list[str]
) -> None:
    defaults = {"server.port": 8501, "server.baseUrlPath": "", "browser.serverAddress": "localhost"}
    addresses: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(st, "get_option", {**defaults, **options}.get)
    monkeypatch.setattr(webbrowser, "open", addresses.put)

    async def start_and_stop() -> list[str]:
        async with lifespan(None):
            return [await asyncio.to_thread(addresses.get, timeout=10) for _ in opened]

    assert run_async(start_and_stop()) == opened
    assert addresses.empty()
