"""Translation: every text a person reads passes through here.

The English sentence is the key, with named placeholders in braces. A catalogue is a gettext domain
``aecore`` under ``aecore/locales``; a sentence it lacks is shown in English. `t`, `nt` and `N_`
take literal strings only, so that ``pybabel extract`` finds all of them (the README has the
command). It does not look into f-strings.
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
    """Return `text` in the reader's language, with `values` in its placeholders.

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
    translated = _catalogue(language.get()).gettext(text)
    return translated.format(**values) if values else translated


def nt(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Return the singular or plural text that suits `count`, as `t` does.

    Parameters
    ----------
    singular, plural : str
        English sentences; ``{count}`` stands for the count.
    count : int
    **values : object
        What stands in the other placeholders.

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
        What stands in its placeholders.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return t(self.text, **self.values)

    def __bool__(self) -> bool:
        return bool(self.text)


def N_(text: str, /, **values: object) -> Message:  # noqa: N802 -- gettext's name
    """Mark a text that is declared at import and shown later, in the language of then."""
    return Message(text, values)
