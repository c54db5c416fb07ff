"""Learning-rate schedules: how the learning rate changes during a run."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aecore.i18n import N_
from aecore.knob import Choice

WARM_UP = 0.1


@dataclass(frozen=True, kw_only=True)
class Schedule(Choice):
    """A learning-rate schedule.

    Attributes
    ----------
    factor : callable
        Takes the share of the steps done, in [0, 1]. Returns what the learning rate is multiplied
        by.
    """

    factor: Callable[[float], float]


def cosine(progress: float) -> float:
    """Fall along half a cosine from 1 nearly to 0."""
    return max(0.5 + 0.5 * math.cos(math.pi * progress), 1e-3)


def one_cycle(progress: float) -> float:
    """Rise over the first tenth, then fall as `cosine` does.

    Smith, L. and Topin, N. (2019). Super-convergence. arXiv:1708.07120.
    """
    if progress < WARM_UP:
        return 0.04 + 0.96 * progress / WARM_UP
    return cosine((progress - WARM_UP) / (1 - WARM_UP))


SCHEDULES: Mapping[str, Schedule] = {
    "constant": Schedule(
        label=N_("Constant"),
        description=N_("the same throughout."),
        factor=lambda _: 1.0,
    ),
    "cosine": Schedule(
        label=N_("Cosine"),
        description=N_("falls smoothly nearly to zero."),
        factor=cosine,
    ),
    "one_cycle": Schedule(
        label=N_("One cycle"),
        description=N_("rises over the first tenth, then falls smoothly nearly to zero."),
        factor=one_cycle,
    ),
}
