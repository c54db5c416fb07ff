"""The child's loop, seen from the other end of its pipes."""

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


def ask(process: Process, task: str, number: int = 1, **values: Any) -> None:
    facts = {"task": task, "number": number, "values": values}
    messages.write(cast(Any, process.stdin), facts, {"array": np.arange(3.0)})


def answer(process: Process) -> tuple[dict[str, Any], dict[str, Any]]:
    while True:
        facts, arrays = messages.read(cast(Any, process.stdout))
        if "progress" not in facts:
            return facts, arrays


def test_a_task_is_answered_with_values_and_arrays(process: Process) -> None:
    ask(process, "double", value=21)
    facts, arrays = answer(process)
    assert facts == {"values": {"value": 42}}
    assert arrays["array"].tolist() == [0, 2, 4]


def test_whatever_prints_stands_between_no_messages(process: Process) -> None:
    ask(process, "noisy")
    assert answer(process)[0] == {"values": {"read": ""}}
    process.kill()
    _, printed = process.communicate()
    for source in (b"imported", b"from Python", b"from a descriptor", b"from C"):
        assert source in printed


def test_an_unexpected_error_is_a_sentence_and_its_traceback_is_printed(process: Process) -> None:
    ask(process, "fail")
    error = answer(process)[0]["error"]
    assert error["kind"] == "LabError"
    assert error["values"] == {"error": "ZeroDivisionError"}
    ask(process, "refuse")
    assert answer(process)[0]["error"]["values"] == {"count": 1200}
    process.kill()
    _, printed = process.communicate()
    assert printed.count(b"Traceback") == 1


def test_a_task_no_longer_wanted_stops_where_it_reports(process: Process) -> None:
    ask(process, "slow", 7)
    facts, _ = messages.read(cast(Any, process.stdout))
    assert 0 <= facts["progress"] < 1
    messages.write(cast(Any, process.stdin), {"stop": 7})
    assert answer(process)[0]["error"]["kind"] == "Cancelled"


def test_an_interrupt_is_the_parents_affair(process: Process) -> None:
    ask(process, "about")
    answer(process)
    os.kill(process.pid, signal.SIGINT)
    ask(process, "about")
    assert answer(process)[0]["values"]["nice"] == os.nice(0) + 3


def test_it_ends_with_its_input_whatever_it_does(process: Process) -> None:
    ask(process, "slow", deaf=True)
    cast(Any, process.stdin).close()
    assert process.wait(20) == 0


def test_the_loop_imports_little() -> None:
    script = "import sys, aecore.workers.serve; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"torch", "scipy", "sklearn", "pydantic", "aecore.config"}
    assert heavy.isdisjoint(ran.stdout.split())
