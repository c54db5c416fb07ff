"""Translatable texts, extracted with the command given in the README."""

import re
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords

ROOT = Path(__file__).parents[1]
PACKAGES = ("aecore", "dashboard")


def keywords() -> list[str]:
    """Return the keywords of the README's extraction command, such as ``nt:1,2``."""
    command = re.search(r"^uv run pybabel extract (.+)$", (ROOT / "README.md").read_text(), re.M)
    assert command is not None
    return re.findall(r"-k (\S+)", command[1])


@cache
def extracted() -> frozenset[str]:
    """Return every text that ``pybabel extract`` finds, including plurals."""
    return frozenset(
        text
        for package in PACKAGES
        for _, _, message, _, _ in extract_from_dir(
            ROOT / package, method_map=[("**.py", "python")], keywords=parse_keywords(keywords())
        )
        for text in ([message] if isinstance(message, str) else message)
    )
