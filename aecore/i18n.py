"""Translation of all texts for the user.

The key is the English sentence, with named placeholders in braces. Catalogues belong to the gettext
domain ``aecore`` under ``aecore/locales``; sentences they lack are shown in English. `t`, `nt` and
`N_` take literal strings only, so that ``pybabel extract`` finds all of them (the command is in the
README). It does not look into f-strings.
"""

import gettext
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
language: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation("aecore", LOCALES, languages=[code], fallback=True)


def t(text: str, /, **values: object) -> str:
    """Translate a text to the user's language and fill in its placeholders.

    Parameters
    ----------
    text : str
        The English sentence, for example ``"{name} is {value}"``.
    **values : object
        Values of the placeholders, which may contain a format: ``"{share:.0%}"``.

    Returns
    -------
    str
    """
    if not text:
        return text
    translated = _catalogue(language.get()).gettext(text)
    return translated.format(**values) if values else translated


def nt(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Translate the singular or plural text, depending on `count`; see `t`.

    Parameters
    ----------
    singular, plural : str
        English sentences; ``{count}`` stands for the count.
    count : int
    **values : object
        Values of the other placeholders.

    Returns
    -------
    str
    """
    translated = _catalogue(language.get()).ngettext(singular, plural, count)
    return translated.format(count=count, **values)


@dataclass(frozen=True)
class Message:
    """A text that is translated when it is shown, not when it is created.

    Attributes
    ----------
    text : str
        The English sentence.
    values : mapping of str to object
        Values of its placeholders.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return t(self.text, **self.values)

    def __bool__(self) -> bool:
        return bool(self.text)


def N_(text: str, /, **values: object) -> Message:  # noqa: N802 -- gettext's name
    """Mark a text for translation when it is shown, in the language of that moment."""
    return Message(text, values)
