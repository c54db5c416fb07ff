"""The loop of a worker process, seen from the other end of its pipes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest

from aecore.workers import messages
from aecore.workers.process import command

EXAMPLE = command("tests.workers.example", 3)
Process = subprocess.Popen[bytes]


@pytest.fixture
def process() -> Iterator[Process]:
    pipe = subprocess.PIPE
    with subprocess.Popen(EXAMPLE, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        yield process
        process.kill()


def send_task(process: Process, task: str, number: int = 1, **values: Any) -> None:
    facts = {"task": task, "number": number, "values": values}
    messages.write(cast(Any, process.stdin), facts, {"array": np.arange(3.0)})


def read_answer(process: Process) -> tuple[dict[str, Any], dict[str, Any]]:
    while True:
        facts, arrays = messages.read(cast(Any, process.stdout))
        if "progress" not in facts:
            return facts, arrays


def test_task_returns_values_and_arrays(process: Process) -> None:
    send_task(process, "double", value=21)
    facts, arrays = read_answer(process)
    assert facts == {"values": {"value": 42}}
    assert arrays["array"].tolist() == [0, 2, 4]


def test_printed_output_does_not_corrupt_messages(process: Process) -> None:
    send_task(process, "noisy")
    assert read_answer(process)[0] == {"values": {"read": ""}}
    process.kill()
    _, printed = process.communicate()
    for source in (b"imported", b"from Python", b"from a descriptor", b"from C"):
        assert source in printed


def test_unexpected_error_is_wrapped_and_its_traceback_is_printed(process: Process) -> None:
    send_task(process, "fail")
    error = read_answer(process)[0]["error"]
    assert error["kind"] == "LabError"
    assert error["values"] == {"error": "ZeroDivisionError"}
    send_task(process, "reject")
    assert read_answer(process)[0]["error"]["values"] == {"count": 1200}
    process.kill()
    _, printed = process.communicate()
    assert printed.count(b"Traceback") == 1


def test_cancelled_task_stops_at_its_next_progress_report(process: Process) -> None:
    send_task(process, "slow", 7)
    facts, _ = messages.read(cast(Any, process.stdout))
    assert 0 <= facts["progress"] < 1
    messages.write(cast(Any, process.stdin), {"stop": 7})
    assert read_answer(process)[0]["error"]["kind"] == "Cancelled"


def test_interrupt_is_left_to_the_parent(process: Process) -> None:
    send_task(process, "about")
    read_answer(process)
    os.kill(process.pid, signal.SIGINT)
    send_task(process, "about")
    assert read_answer(process)[0]["values"]["nice"] == os.nice(0) + 3


def test_worker_exits_when_its_input_ends_even_if_busy(process: Process) -> None:
    send_task(process, "slow", unresponsive=True)
    cast(Any, process.stdin).close()
    assert process.wait(20) == 0


def test_serving_imports_no_heavy_packages() -> None:
    script = "import sys, aecore.workers.serve; print(*sys.modules)"
    completed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    heavy = {"torch", "scipy", "sklearn", "pydantic", "aecore.config"}
    assert heavy.isdisjoint(completed.stdout.split())
