import ctypes
import subprocess
import sys

import pytest

from dashboard.server import memory

COUNT_ARENAS = """
import ctypes, sys, threading
from dashboard.server.memory import limit_arenas

if sys.argv[1] == "limited":
    assert limit_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
barrier = threading.Barrier(8)

def allocate():
    barrier.wait()
    libc.malloc(100)
    barrier.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def arenas(kind: str) -> int:
    """Return the number of arenas of a process in which eight threads have allocated memory."""
    command = [sys.executable, "-c", COUNT_ARENAS, kind]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    return printed.stdout.count("<heap nr=")


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="The C library is not glibc"
)
def test_threads_share_two_arenas() -> None:
    assert arenas("limited") <= memory.ARENAS < arenas("unlimited")


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not memory.limit_arenas()
