"""Messages between a program and its worker: arrays as safetensors, everything else as JSON."""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

LENGTHS = struct.Struct("<QQ")

Facts = Mapping[str, Any]
Arrays = Mapping[str, NDArray[Any]]


def write(stream: IO[bytes], facts: Facts, arrays: Arrays | None = None) -> None:
    """Send a message at once.

    Parameters
    ----------
    stream : binary file
    facts : mapping
        Anything that JSON can say.
    arrays : mapping of str to ndarray, optional
    """
    whole = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    text, body = json.dumps(dict(facts)).encode(), save(whole)
    stream.write(LENGTHS.pack(len(text), len(body)) + text + body)
    stream.flush()


def read(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Wait for the next message and return its facts and its arrays.

    Raises
    ------
    EOFError
        Where the stream ends, also in the middle of a message.
    """
    text, body = LENGTHS.unpack(_exactly(stream, LENGTHS.size))
    facts = json.loads(_exactly(stream, text))
    return facts, load(_exactly(stream, body))


def _exactly(stream: IO[bytes], count: int) -> bytes:
    found = stream.read(count)
    if len(found) < count:
        raise EOFError
    return found
