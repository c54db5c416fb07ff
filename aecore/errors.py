"""Errors a person can act on: sentences that name the setting, the value and the way out."""

from typing import Self

from aecore.i18n import Message


class LabError(Exception):
    """Something a person asked for cannot be done; the text says what, why and the way out.

    It is translated when shown, so it may be raised in one thread and read in another.

    Parameters
    ----------
    text : str
        An English sentence with placeholders, as for `aecore.i18n.t`.
    **values : object
        What stands in the placeholders.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text)
        self.message = Message(text, values)

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return an error that says what a message from elsewhere says, such as a worker's."""
        return cls(message.text, **message.values)

    def __str__(self) -> str:
        return str(self.message)


class ConfigError(LabError, ValueError):
    """A setting is out of bounds, or two settings exclude each other."""


class DataError(LabError):
    """Images, codes or a dataset cannot be read, or do not fit."""


class RunError(LabError):
    """A run cannot be read, trained or saved."""


class Cancelled(LabError):
    """Work was given up on request."""
