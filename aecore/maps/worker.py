"""The process that computes maps, started by `aecore.maps.service.MapService`."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.maps.projection import METHODS, Method, Projection, project
from aecore.workers.messages import Arrays, Facts
from aecore.workers.serve import Answer, Handler, Report

# Arrays that only linear maps have.
LINEAR = ("origin", "basis")

logging.getLogger("openTSNE").setLevel(logging.ERROR)


def to_arrays(projection: Projection | None, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Convert a map to the arrays of a message."""
    names = ("points", "codes", *LINEAR)
    arrays = {name: getattr(projection, name, None) for name in names}
    return {prefix + name: array for name, array in arrays.items() if array is not None}


def from_arrays(method: Method, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Projection:
    """Convert the arrays of a message to a map."""
    origin, basis = (arrays.get(prefix + name) for name in LINEAR)
    return Projection(method, arrays[f"{prefix}points"], arrays[f"{prefix}codes"], origin, basis)


def _warm(facts: Facts, arrays: Arrays, report: Report) -> Answer:  # noqa: ARG001
    """Compute a map by each method, so that everything is imported and compiled."""
    codes = np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)
    for method in METHODS:
        project(codes, method, quick=True)
    return {}, {}


def _project(facts: Facts, arrays: Arrays, report: Report) -> Answer:
    """Compute a map; UMAP and t-SNE report every few steps, when they can be stopped."""
    previous = facts["previous"] and from_arrays(facts["previous"], arrays, "previous ")
    projection = project(
        arrays["codes"],
        facts["method"],
        previous=previous,
        units=tuple(facts["units"]),
        seed=facts["seed"],
        quick=facts["quick"],
        progress=report,
    )
    return {"method": projection.method}, to_arrays(projection)


HANDLERS: dict[str, Handler] = {"warm": _warm, "project": _project}
