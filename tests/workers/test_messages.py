import io

import numpy as np
import pytest

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
