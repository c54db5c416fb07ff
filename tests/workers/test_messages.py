import io
from pathlib import Path

import numpy as np
import pytest

from aecore.errors import Cancelled, ConfigError, DataError, Diverged, LabError, RunError
from aecore.workers import messages


def test_messages_are_received_as_sent() -> None:
    stream = io.BytesIO()
    codes = np.arange(12, dtype=np.float32).reshape(3, 4)
    messages.write(stream, {"number": 3, "share": 0.5}, {"codes": codes, "transposed": codes.T})
    messages.write(stream, {"stop": 3})
    stream.seek(0)
    facts, arrays = messages.read(stream)
    assert facts == {"number": 3, "share": 0.5}
    assert np.array_equal(arrays["codes"], codes)
    assert np.array_equal(arrays["transposed"], codes.T)
    assert messages.read(stream) == ({"stop": 3}, {})
    with pytest.raises(EOFError):
        messages.read(stream)


@pytest.mark.parametrize("length", [3, 20, 60])
def test_truncated_message_is_end_of_file(length: int) -> None:
    stream = io.BytesIO()
    messages.write(stream, {"number": 1}, {"codes": np.zeros(100)})
    with pytest.raises(EOFError):
        messages.read(io.BytesIO(stream.getvalue()[:length]))


@pytest.mark.parametrize("kind", [LabError, ConfigError, DataError, RunError, Diverged, Cancelled])
def test_error_keeps_its_type_and_values(kind: type[LabError]) -> None:
    error = kind("{count:,} of {path}", count=np.int64(1200), path=Path("x"))
    stream = io.BytesIO()
    messages.write(stream, messages.error_facts(error))
    stream.seek(0)
    received = messages.error_from(messages.read(stream)[0])
    assert type(received) is kind
    assert str(received) == "1,200 of x"


def test_unknown_error_type_becomes_its_nearest_known_base() -> None:
    class OutOfRoom(RunError):
        pass

    assert type(messages.error_from(messages.error_facts(OutOfRoom("Full.")))) is RunError
