"""A test page with a single canvas, whose content is read from a folder.

The folder named by CANVAS holds an ``.npz`` and a ``.json`` for each bundle, and ``page.json``.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard.components.latent_canvas import Marks, Pin, bundle, canvas, pack

FOLDER = Path(os.environ["CANVAS"])

st.set_page_config(layout="wide")
page: dict[str, Any] = json.loads((FOLDER / "page.json").read_text())
versions: dict[str, str] = page["bundles"]
for name, version in versions.items():
    with np.load(FOLDER / f"{name}.npz") as arrays:
        meta = json.loads((FOLDER / f"{name}.json").read_text())
        bundle(f"bundle-{name}", name, version, pack(dict(arrays), meta))
given = page.get("given", {})
marks = canvas(
    "map",
    bundles=versions,
    settings=page.get("settings", {}),
    height=520,
    label="Map of codes",
    given=Marks(**{**given, "pins": tuple(Pin(*pin) for pin in given.get("pins", ()))}),
    revision=page.get("revision", ""),
)
st.button("rerun script")
st.code(repr(marks), language=None)
