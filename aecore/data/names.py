"""Names of classes and factors as a reader sees them."""

from aecore.data.published.registry import FASHION
from aecore.data.strokes import FACTOR_NAMES

_TRANSLATED = {message.text: message for message in (*FASHION, *FACTOR_NAMES)}


def display_name(name: str) -> str:
    """Return the name of a class or factor in the reader's language.

    Names that the datasets here declare are translated; a custom dataset's are shown as they are.
    """
    return str(_TRANSLATED.get(name, name))
