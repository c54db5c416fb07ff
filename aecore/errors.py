"""Errors for the user: sentences that name the problem, the value and the way out."""

from typing import Self

from aecore.i18n import Message


class LabError(Exception):
    """A request that cannot be fulfilled; the text says what, why and the way out.

    The text is translated when it is shown, so it may be raised in one thread and shown in another.

    Parameters
    ----------
    text : str
        An English sentence with placeholders, as for `aecore.i18n.t`.
    **values : object
        Values of the placeholders.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text)
        self.message = Message(text, values)

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Create an error from a message, such as that of a worker."""
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
    """Work was cancelled on request."""


def disk_error(error: OSError) -> RunError:
    """Return the sentence for a disk that is full or cannot be written to."""
    return RunError("Could not write to disk: {error}.", error=error)


def unexpected_error(error: Exception) -> LabError:
    """Return the sentence for an exception in the background that nobody foresaw."""
    return LabError("Calculation failed: {error}.", error=f"{type(error).__name__}: {error}")
