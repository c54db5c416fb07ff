"""Which moment of the run a browser looks at, and the maps that are made of it."""

import functools
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.maps.projection import Method, Projection
from aecore.maps.service import MapService
from aecore.maps.timeline import MapTimeline
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.components.latent_canvas import Marks
from dashboard.state import commands
from dashboard.views.manifold.moment import Moment, part
from dashboard.views.manifold.options import MapOptions

T = TypeVar("T")


@functools.cache
def mapper() -> MapService:
    """Return the process that makes maps, started once for the server."""
    return MapService()


@st.cache_resource(show_spinner=False, max_entries=12)
def _timeline(run: str, which: str, method: Method, units: tuple[int, int]) -> MapTimeline:
    del run, which
    return MapTimeline(method, mapper, units)


def timeline(look: MapOptions, moment: Moment) -> MapTimeline:
    """Return the maps of the run by the method wanted, shared by all browser tabs."""
    width = moment.snapshot.config.bottleneck
    units = look.units if max(look.units) < width else (0, min(1, width - 1))
    return _timeline(str(run().path), look.which, look.method, units)


@st.cache_resource(show_spinner=False, max_entries=8)
def saved(path: str, step: int) -> Snapshot:
    """Return a frame of a run."""
    return Run(Path(path)).frame(step)


def kept(name: str, version: Hashable, make: Callable[[], T]) -> T:
    """Return what was made for this browser in this version, or else make it."""
    shelf = st.session_state.setdefault("shelf", {})
    if name not in shelf or shelf[name][0] != version:
        shelf[name] = version, make()
    return cast("T", shelf[name][1])


def run() -> Run:
    """Return the run in view."""
    now = commands.desk()
    if now.followed is not None:
        return now.followed
    assert now.job is not None
    return now.job.run


def moment(newest: Snapshot, frame: int | None, which: str) -> Moment:
    """Return the moment looked at: a frame of the run, or the newest."""
    snapshot = newest
    if frame is not None and frame != newest.step and frame in run().frames():
        snapshot = saved(str(run().path), frame)
    # A change between two steps makes another network of the same step.
    name = f"{run().path.name} {which} {snapshot.step} {len(snapshot.edits)}"
    images = kept(
        "images",
        (snapshot.config.dataset, which),
        lambda: part(commands.load(snapshot.config.dataset), which),
    )
    return kept("moment", name, lambda: Moment(name, snapshot, images, which))


def factors(newest: Snapshot, which: str) -> tuple[str, ...]:
    """Return the names of what the images in view were made from, where that is known."""
    dataset = commands.load(newest.config.dataset)
    return tuple(dataset.factors if which == "training" else dataset.test_factors)


def shown(moment: Moment, look: MapOptions) -> Projection:
    """Return the map that is drawn: as wanted, or by PCA until that is there."""
    step = moment.snapshot.step
    found = timeline(look, moment).maps.get(step)
    return found or timeline(replace(look, method="pca"), moment).maps[step]


def pinned(moment: Moment, look: MapOptions, marks: Marks) -> NDArray[np.float32]:
    """Return the codes (pins, bottleneck) of what is pinned: a point's own, or a place's."""
    places = np.array([(pin.x, pin.y) for pin in marks.pins])
    codes = shown(moment, look).invert(places)
    for row, pin in enumerate(marks.pins):
        if pin.index is not None and pin.index < len(moment.codes):
            codes[row] = moment.codes[pin.index]
    return codes
