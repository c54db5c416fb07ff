import io
from pathlib import Path

import numpy as np
import pytest

from aecore.errors import Cancelled, ConfigError, DataError, LabError, RunError
from aecore.workers import messages


def test_messages_arrive_as_they_were_sent() -> None:
    stream = io.BytesIO()
    codes = np.arange(12, dtype=np.float32).reshape(3, 4)
    messages.write(stream, {"number": 3, "share": 0.5}, {"codes": codes, "turned": codes.T})
    messages.write(stream, {"stop": 3})
    stream.seek(0)
    facts, arrays = messages.read(stream)
    assert facts == {"number": 3, "share": 0.5}
    assert np.array_equal(arrays["codes"], codes)
    assert np.array_equal(arrays["turned"], codes.T)
    assert messages.read(stream) == ({"stop": 3}, {})
    with pytest.raises(EOFError):
        messages.read(stream)


@pytest.mark.parametrize("left", [3, 20, 60])
def test_a_message_that_is_cut_is_the_end(left: int) -> None:
    stream = io.BytesIO()
    messages.write(stream, {"number": 1}, {"codes": np.zeros(100)})
    with pytest.raises(EOFError):
        messages.read(io.BytesIO(stream.getvalue()[:left]))


@pytest.mark.parametrize("kind", [LabError, ConfigError, DataError, RunError, Cancelled])
def test_an_error_keeps_its_kind_and_its_numbers(kind: type[LabError]) -> None:
    error = kind("{count:,} of {path}", count=np.int64(1200), path=Path("x"))
    stream = io.BytesIO()
    messages.write(stream, messages.error_facts(error))
    stream.seek(0)
    received = messages.error_from(messages.read(stream)[0])
    assert type(received) is kind
    assert str(received) == "1,200 of x"


def test_an_error_of_another_kind_becomes_the_nearest_known() -> None:
    class OutOfRoom(RunError):
        pass

    assert type(messages.error_from(messages.error_facts(OutOfRoom("Full.")))) is RunError
