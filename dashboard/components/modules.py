"""Join the ES modules of a component into the one script that Streamlit takes.

Streamlit mounts a component's script as a single module without an address, so it cannot import
its neighbours. The files stay plain ES modules, which editors, linters and Node understand.
"""

import re
from pathlib import Path

IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)


def join_modules(entry: Path) -> str:
    """Return a module and all it imports as one script.

    Parameters
    ----------
    entry : Path
        The module whose default export is the component. Modules import each other by relative
        paths and by name (``import { a, b } from "./other.js";``), without aliases; their names
        must differ, since they share one scope.

    Returns
    -------
    str
        Each module once, after those it imports.
    """
    parts: dict[Path, str] = {}
    _collect(entry.resolve(), parts)
    return "\n".join(parts.values())


def _collect(path: Path, parts: dict[Path, str]) -> None:
    if path in parts:
        return
    source = path.read_text("utf-8")
    # Before its imports are read: two modules may import each other's functions.
    parts[path] = ""
    for target in IMPORT.findall(source):
        _collect((path.parent / target).resolve(), parts)
    del parts[path]
    parts[path] = EXPORT.sub("", IMPORT.sub("", source))
