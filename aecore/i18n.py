"""Every word a person reads passes through here; no other module knows which language is spoken.

The English sentence is the key, with named placeholders in braces. A catalogue is a gettext domain
``aecore`` under ``aecore/locales``; a sentence it lacks is shown in English.
"""

import gettext
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
language: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(code: str) -> Callable[[str], str]:
    return gettext.translation("aecore", LOCALES, languages=[code], fallback=True).gettext


def t(text: str, /, **values: object) -> str:
    """Say `text` in the reader's language, with `values` in its placeholders.

    Parameters
    ----------
    text : str
        The English sentence, for example ``"{name} is {value}"``.
    **values : object
        What stands in the placeholders. A format may follow: ``"{share:.0%}"``.

    Returns
    -------
    str
    """
    if not text:
        return text
    said = _catalogue(language.get())(text)
    return said.format(**values) if values else said
