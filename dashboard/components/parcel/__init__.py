"""Arrays that are brought to the page once and stay there, under a name, for other components.

Streamlit sends an element again only when it has changed. What is large and seldom changes is
therefore a parcel, an element of its own; whoever uses it names it, and the version it must have.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

_HERE = Path(__file__).parent

# What a typed array of the browser can be made of, without changing a number.
TYPES = {"float32": "f4", "uint8": "u1", "int32": "i4"}

_parcel = st.components.v2.component(
    "parcel",
    html='<span class="parcel"></span>',
    # Hidden, so that it takes no room in the column it is mounted in.
    css=".stElementContainer:has(.parcel) { display: none; }",
    js=(_HERE / "parcel.js").read_text("utf-8"),
    isolate_styles=False,
)


def pack(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any] | None = None) -> bytes:
    """Return arrays as bytes that a browser reads without copying number by number.

    Parameters
    ----------
    arrays : mapping of str to ndarray of float32, uint8 or int32
        Of any shape.
    meta : mapping, optional
        What else is to be known about them; anything that JSON can say.

    Returns
    -------
    bytes
        The length of a JSON header, the header, and the arrays, each at a multiple of four bytes.

    Raises
    ------
    TypeError
        If an array is of another type: converting it is the caller's decision.
    """
    entries, bodies, place = [], [], 0
    for name, array in arrays.items():
        if array.dtype.name not in TYPES:
            raise TypeError(f"{name} is {array.dtype.name}; pack takes {', '.join(TYPES)}")
        body = _padded(np.ascontiguousarray(array).tobytes())
        kind, shape = TYPES[array.dtype.name], list(array.shape)
        entries.append({"name": name, "type": kind, "shape": shape, "place": place})
        bodies.append(body)
        place += len(body)
    return b"".join([_header({"meta": dict(meta or {}), "arrays": entries}), *bodies])


def parcel(key: str, name: str, version: str, payload: bytes) -> None:
    """Bring arrays to the page; once there, they are not sent again while they stay the same.

    Mount it in every run of the script that still needs it. A run still hashes the bytes to see
    that they are the same, so what is large had better stand outside a fragment that ticks.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    name : str
        What others ask for; one parcel of a name is kept on the page, the newest.
    version : str
        Another text for other bytes, for example the step they are of.
    payload : bytes
        As `pack` returns it.
    """
    _parcel(key=key, data=_header({"name": name, "version": version}) + payload)


def _header(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, separators=(",", ":")).encode()
    return _padded(struct.pack("<I", len(text)) + text)


def _padded(raw: bytes) -> bytes:
    return raw + b"\0" * (-len(raw) % 4)
