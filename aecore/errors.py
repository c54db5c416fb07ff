"""Errors for the user: sentences that name the problem, the value and the way out."""

from typing import Self

from aecore.i18n import Message

LONGEST_VALUE = 1000


class _Shortened(str):
    """The shortened text of a number, to which no format applies any more."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def brief(value: object, longest: int = LONGEST_VALUE) -> object:
    """Return a value as an error may quote it: without its middle if its text is long.

    Parameters
    ----------
    value : object
    longest : int
        Largest number of characters.

    Returns
    -------
    object
        The value itself if it is short, else a text.
    """
    if isinstance(value, Message):
        return value
    try:
        text = str(value)
    except ValueError:
        # Python converts no integer of more than some 4,000 digits.
        return _Shortened("...")
    if len(text) <= longest:
        return value
    half = (longest - 3) // 2
    shortened = f"{text[:half]}...{text[-half:]}"
    return shortened if isinstance(value, str) else _Shortened(shortened)


class LabError(Exception):
    """A request that cannot be fulfilled; the text says what, why and the way out.

    The text is translated when it is shown, so it may be raised in one thread and shown in another.
    Long values are shortened, and what is not text, such as the name of a file whose bytes are not
    UTF-8, is escaped.

    Parameters
    ----------
    text : str
        An English sentence with placeholders, as for `aecore.i18n.t`.
    **values : object
        Values of the placeholders.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text)
        self.message = Message(text, {name: brief(value) for name, value in values.items()})

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Create an error from a message, such as that of a worker."""
        return cls(message.text, **message.values)

    def __str__(self) -> str:
        return str(self.message).encode(errors="backslashreplace").decode()


class ConfigError(LabError, ValueError):
    """A setting is out of bounds, or two settings exclude each other."""


class DataError(LabError):
    """Images, codes or a dataset cannot be read, or do not fit."""


class RunError(LabError):
    """A run cannot be read, trained or saved."""


class Diverged(RunError):
    """The loss of a run is not finite; its trainer is back at its last good state."""


class Cancelled(LabError):
    """Work was cancelled on request."""


def disk_error(error: OSError) -> RunError:
    """Return the sentence for a disk that is full or cannot be written to."""
    return RunError("Could not write to disk: {error}.", error=error)


def unexpected_error(error: Exception) -> LabError:
    """Return the sentence for an exception in the background that nobody foresaw."""
    return LabError("Calculation failed: {error}.", error=f"{type(error).__name__}: {error}")
