"""Which runs a sweep makes: every combination of some values, or a sample of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecore.config import Config
from aecore.errors import ConfigError, LabError

MOST_RUNS = 10_000

Values = Mapping[str, Sequence[Any]]
"""Of each knob the values to try, for example ``{"bottleneck": [2, 8], "noise": [0, 0.3]}``."""


@dataclass(frozen=True)
class Planned:
    """One run of a sweep.

    Attributes
    ----------
    values : dict of str to value
        The knobs that the sweep turns.
    config : Config or None
        None where the combination is impossible.
    reason : LabError or None
        Why it is.
    """

    values: Mapping[str, Any]
    config: Config | None
    reason: LabError | None = None


def grid(base: Mapping[str, Any], values: Values) -> list[Planned]:
    """Return every combination, the last knob's values changing fastest.

    Parameters
    ----------
    base : mapping of str to value
        The knobs that stay as they are; the others have their defaults.
    values : mapping of str to sequence

    Raises
    ------
    LabError
        Where a knob has no values, or there are more than 10,000 combinations.
    """
    return _planned(base, values, range(_count(values)))


def sample(base: Mapping[str, Any], values: Values, count: int, seed: int = 0) -> list[Planned]:
    """Return `count` of the combinations of `grid`, drawn without putting back.

    Bergstra, J. and Bengio, Y. (2012). Random search for hyper-parameter optimization.
    """
    whole = math.prod(len(each) for each in values.values())
    # Of a space too large to number one by one, a set of random places is as good.
    draw = np.random.default_rng(seed)
    if whole <= MOST_RUNS:
        places: list[int] = sorted(draw.permutation(whole)[:count].tolist())
    else:
        _check_count(count)
        chosen: set[int] = set()
        while len(chosen) < count:
            chosen.add(int(draw.integers(whole)))
        places = sorted(chosen)
    return _planned(base, values, places)


def _count(values: Values) -> int:
    for name, each in values.items():
        if not len(each):
            raise ConfigError("{name} has no values to try; provide at least one.", name=name)
    return _check_count(math.prod(len(each) for each in values.values()))


def _check_count(count: int) -> int:
    if count > MOST_RUNS:
        raise ConfigError(
            "These are {count:,} runs; a sweep has at most {most:,}. Choose a random subset.",
            count=count,
            most=MOST_RUNS,
        )
    return count


def _planned(base: Mapping[str, Any], values: Values, places: Sequence[int]) -> list[Planned]:
    return [_one(base, dict(_at(values, place))) for place in places]


def _at(values: Values, place: int) -> Iterator[tuple[str, Any]]:
    """Yield the values at a place in the list of all combinations."""
    left = math.prod(len(each) for each in values.values())
    for name, each in values.items():
        left //= len(each)
        which, place = divmod(place, left)
        yield name, each[which]


def _one(base: Mapping[str, Any], values: dict[str, Any]) -> Planned:
    try:
        return Planned(values, Config(**{**base, **values}))
    except LabError as error:
        return Planned(values, None, error)
