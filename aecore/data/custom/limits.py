"""Limits on the user's data, checked before any work is done."""

from dataclasses import dataclass

from aecore.errors import DataError

LOW_SIDE, HIGH_SIDE = 4, 128


@dataclass(frozen=True)
class Limits:
    """Limits on the user's data: number of images, bytes of a file, and bytes unpacked."""

    least: int = 50
    most: int = 2_000_000
    file: int = 512 * 1024**2
    unpacked: int = 2 * 1024**3


LIMITS = Limits()


def check_count(count: int, file: str, limits: Limits = LIMITS) -> None:
    """Raise `DataError` if there are too few or too many images."""
    if not count:
        raise DataError(
            "{file} contains no images; at least {least} are needed.", file=file, least=limits.least
        )
    if count < limits.least:
        raise DataError(
            "{file} contains too few images ({count}); at least {least} are needed.",
            file=file,
            count=count,
            least=limits.least,
        )
    if count > limits.most:
        raise DataError(
            "{file} contains too many images ({count}); at most {most} are possible.",
            file=file,
            count=count,
            most=limits.most,
        )


def check_sides(height: int, width: int, file: str) -> None:
    """Raise `DataError` if the sides of images are out of bounds."""
    if not (LOW_SIDE <= height <= HIGH_SIDE and LOW_SIDE <= width <= HIGH_SIDE):
        raise DataError(
            "The images of {file} are {height} by {width} pixels; sides of {low} to "
            "{high} are possible. Provide a size to resize them to.",
            file=file,
            height=height,
            width=width,
            low=LOW_SIDE,
            high=HIGH_SIDE,
        )


def too_large(file: str, limits: Limits) -> DataError:
    """Return the error about data that would not fit into memory."""
    return DataError(
        "{file} unpacks to more than {most:g} MB; provide fewer or smaller images.",
        file=file,
        most=limits.unpacked / 1024**2,
    )
