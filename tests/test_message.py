import io

import numpy as np
import pytest

from aecore import message


def test_messages_arrive_as_they_were_sent() -> None:
    stream = io.BytesIO()
    codes = np.arange(12, dtype=np.float32).reshape(3, 4)
    message.write(stream, {"number": 3, "share": 0.5}, {"codes": codes, "turned": codes.T})
    message.write(stream, {"stop": 3})
    stream.seek(0)
    facts, arrays = message.read(stream)
    assert facts == {"number": 3, "share": 0.5}
    assert np.array_equal(arrays["codes"], codes)
    assert np.array_equal(arrays["turned"], codes.T)
    assert message.read(stream) == ({"stop": 3}, {})
    with pytest.raises(EOFError):
        message.read(stream)


@pytest.mark.parametrize("left", [3, 20, 60])
def test_a_message_that_is_cut_is_the_end(left: int) -> None:
    stream = io.BytesIO()
    message.write(stream, {"number": 1}, {"codes": np.zeros(100)})
    with pytest.raises(EOFError):
        message.read(io.BytesIO(stream.getvalue()[:left]))
