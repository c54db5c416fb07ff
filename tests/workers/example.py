"""A module of tasks for workers to serve in tests."""

import ctypes
import os
import sys
import time

import numpy as np

from aecore.errors import DataError
from aecore.workers.messages import Arrays, Facts
from aecore.workers.serve import Answer, Handler, Report

# Output printed during import must not corrupt the messages either.
print("imported", flush=True)  # noqa: T201
starts = 0


def setup(values: Facts, arrays: Arrays, report: Report) -> Answer:
    global starts
    starts += values.get("add", 1)
    if "missing" in values:
        raise DataError("{name} is not here.", name=values["missing"])
    return {}, {}


def double(values: Facts, arrays: Arrays, report: Report) -> Answer:
    return {"value": 2 * values["value"]}, {"array": 2 * arrays["array"]}


def noisy(values: Facts, arrays: Arrays, report: Report) -> Answer:
    print("from Python", flush=True)  # noqa: T201
    os.write(1, b"from a descriptor\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"from C")
    libc.fflush(None)
    return {"read": sys.stdin.read()}, {}


def reject(values: Facts, arrays: Arrays, report: Report) -> Answer:
    raise DataError("{count:,} are too many.", count=np.int64(1200))


def fail(values: Facts, arrays: Arrays, report: Report) -> Answer:
    raise ZeroDivisionError


def crash(values: Facts, arrays: Arrays, report: Report) -> Answer:
    os._exit(13)


def slow(values: Facts, arrays: Arrays, report: Report) -> Answer:
    for done in range(6000):
        time.sleep(0.01)
        if not values.get("unresponsive"):
            report(done / 6000)
    return {}, {}


def about(values: Facts, arrays: Arrays, report: Report) -> Answer:
    threads = os.environ.get("OMP_NUM_THREADS")
    facts = {"starts": starts, "pid": os.getpid(), "threads": threads, "nice": os.nice(0)}
    return {**facts, "setting": os.environ.get("SETTING")}, {}


HANDLERS: dict[str, Handler] = {
    each.__name__: each for each in (setup, double, noisy, reject, fail, crash, slow, about)
}
