"""Messages between the program and its workers: arrays as safetensors, the rest as JSON."""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from aecore.errors import Cancelled, ConfigError, DataError, Diverged, LabError, RunError
from aecore.i18n import Message

LENGTHS = struct.Struct("<QQ")
KINDS = {
    kind.__name__: kind
    for kind in (LabError, ConfigError, DataError, RunError, Diverged, Cancelled)
}

Facts = Mapping[str, Any]
Arrays = Mapping[str, NDArray[Any]]


def write(stream: IO[bytes], facts: Facts, arrays: Arrays | None = None) -> None:
    """Send a message and flush the stream.

    Parameters
    ----------
    stream : binary file
    facts : mapping
        Anything that JSON can represent.
    arrays : mapping of str to ndarray, optional
    """
    whole = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    text, body = json.dumps(dict(facts)).encode(), save(whole)
    stream.write(LENGTHS.pack(len(text), len(body)) + text + body)
    stream.flush()


def read(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Wait for the next message, and return its facts and arrays.

    Raises
    ------
    EOFError
        If the stream ends, even in the middle of a message.
    """
    text, body = LENGTHS.unpack(_exactly(stream, LENGTHS.size))
    facts = json.loads(_exactly(stream, text))
    return facts, load(_exactly(stream, body))


def error_facts(error: LabError) -> dict[str, Any]:
    """Convert an error to the facts of a message.

    Its kind is preserved if it is one of those in `aecore.errors`; otherwise the nearest base class
    is used. Numbers and strings among its values are preserved, so that they can be formatted in
    the user's language; everything else becomes text.
    """
    kind = next(each.__name__ for each in type(error).__mro__ if each.__name__ in KINDS)
    values = {name: _plain(value) for name, value in error.message.values.items()}
    return {"kind": kind, "text": error.message.text, "values": values}


def error_from(facts: Facts) -> LabError:
    """Recreate an error from the result of `error_facts`."""
    return KINDS[facts["kind"]].from_message(Message(facts["text"], facts["values"]))


def _plain(value: object) -> str | int | float | None:
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | None) else str(value)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data
