"""Run the dashboard as a user does, in its own folders."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TIMEOUT = 60.0


class Server:
    """A dashboard in its own folders, started and stopped as a user does.

    Attributes
    ----------
    script : Path
        What `streamlit run` is given.
    working_folder : Path
        Where it is called.
    """

    script = ROOT / "dashboard" / "app.py"
    working_folder = ROOT

    def __init__(self, folder: Path) -> None:
        self.runs, self.data, self.log = folder / "runs", folder / "data", folder / "log"
        self.data.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "AECORE_RUNS": str(self.runs),
            "AECORE_DATA": str(self.data),
            "OMP_WAIT_POLICY": "PASSIVE",
            # Requests to any other host fail at once.
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            "no_proxy": "localhost",
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.working_folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def command(self) -> list[str]:
        command = [sys.executable, "-m", "streamlit", "run", str(self.script)]
        return [*command, "--server.headless", "true", "--server.port", str(self.port)]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Press Ctrl-C, or send another signal, and return the exit code."""
        process = self.process
        process.send_signal(number)
        try:
            return process.wait(TIMEOUT)
        finally:
            process.kill()
            process.wait()

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def is_reachable(self) -> bool:
        """Whether the server accepts connections."""
        try:
            with socket.create_connection(("localhost", self.port), 1):
                return True
        except OSError:
            return False

    def newest_run(self) -> Path:
        """Return the folder of the run started last."""
        configs = [path.with_name("config.json") for path in self.runs.glob("*/run.json")]
        return max(configs, key=lambda path: path.stat().st_mtime_ns).parent

    def initial_config(self) -> Mapping[str, Any]:
        """Return the settings with which the newest run was started."""
        return dict(json.loads((self.newest_run() / "config.json").read_text()))

    def saved_state(self) -> Mapping[str, Any]:
        """Return the saved state of the newest run: its step, settings and edits."""
        return dict(json.loads((self.newest_run() / "checkpoint" / "state.json").read_text()))

    def current_config(self) -> Mapping[str, Any]:
        """Return the settings of the newest run, including changes made so far."""
        return dict(self.saved_state()["config"])

    def logged_errors(self) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "Traceback" in line or "Error" in line]
