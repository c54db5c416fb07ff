"""Errors a person can act on: sentences that name the setting, the value and the way out."""

from aecore.i18n import t


class Refusal(ValueError):
    """Something a person asked for cannot be done; the text says what, why and the way out.

    It is translated when shown, so it may be raised in one thread and read in another.

    Parameters
    ----------
    text : str
        An English sentence with placeholders, as for `t`.
    **values : object
        What stands in the placeholders.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text)
        self.text = text
        self.values = values

    def __str__(self) -> str:
        return t(self.text, **self.values)
