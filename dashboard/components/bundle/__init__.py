"""Bundles of arrays that are sent to the page once and kept there by name for other components.

Streamlit sends an element again only when it has changed. Large arrays that seldom change are
therefore an element of their own, a bundle; components refer to it by name and version.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.components.script_only import script_component

# The dtypes that have a typed array in JavaScript.
TYPES = {"float32": "f4", "uint8": "u1", "int32": "i4"}

_bundle = script_component("bundle", Path(__file__).with_name("bundle.js"))


def pack(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any] | None = None) -> bytes:
    """Serialise arrays to bytes that JavaScript can read as typed arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray of float32, uint8 or int32
        Arrays of any shape.
    meta : mapping, optional
        Further information; must be serialisable to JSON.

    Returns
    -------
    bytes
        The length of a JSON header, the header, and the arrays, each at a multiple of four bytes.

    Raises
    ------
    TypeError
        If an array has another dtype: converting it is the caller's decision.
    """
    entries, bodies, offset = [], [], 0
    for name, array in arrays.items():
        if array.dtype.name not in TYPES:
            raise TypeError(f"{name} is {array.dtype.name}; pack takes {', '.join(TYPES)}")
        body = _padded(np.ascontiguousarray(array).tobytes())
        kind, shape = TYPES[array.dtype.name], list(array.shape)
        entries.append({"name": name, "type": kind, "shape": shape, "offset": offset})
        bodies.append(body)
        offset += len(body)
    return b"".join([_header({"meta": dict(meta or {}), "arrays": entries}), *bodies])


def bundle(key: str, name: str, version: str, payload: bytes) -> None:
    """Send arrays to the page. They are not sent again while they stay the same.

    Call it in every script run that still needs the bundle. Streamlit hashes the bytes in each run
    to see whether they have changed, so keep large bundles out of fragments that poll.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    name : str
        Name by which components refer to it. The page keeps the newest bundle of each name.
    version : str
        A string that changes whenever the bytes do, for example the step they belong to.
    payload : bytes
        The bytes that `pack` returns.
    """
    _bundle(key=key, data=_header({"name": name, "version": version}) + payload)


def _header(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, separators=(",", ":")).encode()
    return _padded(struct.pack("<I", len(text)) + text)


def _padded(raw: bytes) -> bytes:
    return raw + b"\0" * (-len(raw) % 4)
