"""Plan the runs of a sweep: every combination of values, or a random sample."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aecore.config import Config
from aecore.errors import ConfigError, LabError

MOST_RUNS = 10_000

Values = Mapping[str, Sequence[Any]]
"""The values to try by knob, for example ``{"bottleneck": [2, 8], "noise": [0, 0.3]}``."""


@dataclass(frozen=True)
class Planned:
    """A planned run of a sweep.

    Attributes
    ----------
    values : dict of str to value
        The values of the knobs that the sweep varies.
    config : Config or None
        None if the combination is invalid.
    reason : LabError or None
        Why it is invalid.
    """

    values: Mapping[str, Any]
    config: Config | None
    reason: LabError | None = None


def grid(base: Mapping[str, Any], values: Values) -> list[Planned]:
    """Return every combination; the values of the last knob change fastest.

    Parameters
    ----------
    base : mapping of str to value
        Knobs with a fixed value; all others have their defaults.
    values : mapping of str to sequence

    Raises
    ------
    ConfigError
        If a knob has no values, or there are more than 10,000 combinations.
    """
    return _plans(base, values, range(_count(values)))


def sample(base: Mapping[str, Any], values: Values, count: int, seed: int = 0) -> list[Planned]:
    """Return a random sample of the combinations of `grid`, drawn without replacement.

    Bergstra, J. and Bengio, Y. (2012). Random search for hyper-parameter optimization.

    Parameters
    ----------
    base : mapping of str to value
        Knobs with a fixed value; all others have their defaults.
    values : mapping of str to sequence
    count : int
        Size of the sample; all combinations if there are fewer.
    seed : int

    Raises
    ------
    ConfigError
        If `count` exceeds 10,000 and there are more combinations than that.
    """
    total = math.prod(len(each) for each in values.values())
    draw = np.random.default_rng(seed)
    if total <= MOST_RUNS:
        places: list[int] = sorted(draw.permutation(total)[:count].tolist())
    else:
        # Too many combinations to permute: draw places until enough are distinct.
        _check_count(count)
        distinct: set[int] = set()
        while len(distinct) < count:
            distinct.add(int(draw.integers(total)))
        places = sorted(distinct)
    return _plans(base, values, places)


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


def _plans(base: Mapping[str, Any], values: Values, places: Sequence[int]) -> list[Planned]:
    return [_plan(base, dict(_combination(values, place))) for place in places]


def _combination(values: Values, place: int) -> Iterator[tuple[str, Any]]:
    """Yield the knobs and values at a place in the list of all combinations."""
    stride = math.prod(len(each) for each in values.values())
    for name, each in values.items():
        stride //= len(each)
        index, place = divmod(place, stride)
        yield name, each[index]


def _plan(base: Mapping[str, Any], values: dict[str, Any]) -> Planned:
    try:
        return Planned(values, Config(**{**base, **values}))
    except LabError as error:
        return Planned(values, None, error)
