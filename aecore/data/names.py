"""Display names of classes and factors."""

from aecore.data.published.registry import FASHION
from aecore.data.strokes import FACTOR_NAMES

_TRANSLATED = {message.text: message for message in (*FASHION, *FACTOR_NAMES)}


def display_name(name: str) -> str:
    """Return the name of a class or factor in the user's language.

    Names declared by built-in datasets are translated; those of custom datasets are not.
    """
    return str(_TRANSLATED.get(name, name))
