"""Values read or computed once: datasets, frames and networks of saved runs, and their scores.

What is made from a run is keyed with when that run was last saved.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar, cast
from weakref import WeakKeyDictionary

import streamlit as st

from aecore import data, imports
from aecore.i18n import language
from aecore.runs import index
from aecore.runs.index import Row
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from dashboard.state import background, keys

T = TypeVar("T")

# A page that ticks need not list thousands of folders each time.
LISTING_SECONDS = 1.0

_of_snapshots: WeakKeyDictionary[Snapshot, dict[Hashable, object]] = WeakKeyDictionary()


@st.cache_resource(show_spinner=False, max_entries=3)
def dataset(name: str) -> data.Dataset:
    """Return a dataset, loaded once for all browsers."""
    return data.load(name)


def dataset_of(snapshot: Snapshot) -> data.Dataset:
    """Return the dataset of a snapshot.

    Raises
    ------
    DataError
        Where it has changed since, or is not on this machine.
    """
    images = dataset(snapshot.config.dataset)
    snapshot.require(images)
    return images


@st.cache_resource(show_spinner=False, ttl=LISTING_SECONDS)
def run_rows(root: Path) -> Sequence[Row]:
    """Return the rows of all runs, the last touched first; up to a second old.

    For parts that are redrawn all the time; what is drawn once lists `commands.saved_runs`.
    """
    return index.index(root)


def newest_frame(run: Run) -> Snapshot:
    """Return the newest saved frame of a run.

    Raises
    ------
    RunError
        Where it is missing or damaged.
    """
    return _newest_frame(str(run.path), run.written)


@st.cache_resource(show_spinner=False, max_entries=24)
def _newest_frame(path: str, written: tuple[int, ...]) -> Snapshot:
    del written
    return Run(Path(path)).frame()


@st.cache_resource(show_spinner=False, max_entries=8)
def frame(path: str, step: int) -> Snapshot:
    """Return the frame of a run at a step."""
    return Run(Path(path)).frame(step)


def trained_model(run: Run) -> TrainedModel:
    """Return the network of a run as last saved.

    Raises
    ------
    LabError
        Where it cannot be read, or its dataset has changed or is not on this machine.
    """
    fingerprint = dataset(run.config.dataset).fingerprint
    return _trained_model(str(run.path), run.written, fingerprint)


@st.cache_resource(show_spinner=False, max_entries=4)
def _trained_model(path: str, written: tuple[int, ...], fingerprint: str) -> TrainedModel:
    del written, fingerprint
    return TrainedModel.open(path, dataset(Run(Path(path)).config.dataset))


def scores(run: Run) -> Mapping[str, float] | None:
    """Return the scores of a run's network as last saved, or None until they are computed.

    Scores of an earlier save are not returned meanwhile: nothing would redraw them.

    Raises
    ------
    LabError
        Where it cannot be read or scored.
    """
    images = dataset(run.config.dataset)

    def compute() -> Mapping[str, float]:
        # scikit-learn takes seconds to import, which the first page does not have.
        evaluation = imports.load("aecore.applications.evaluation")
        return cast("Mapping[str, float]", evaluation.scores(TrainedModel.open(run.path, images)))

    key = ("scores", str(run.path), run.written, images.fingerprint)
    return background.get(key, compute)


def of_snapshot(snapshot: Snapshot, name: Hashable, compute: Callable[[], T]) -> T:
    """Return what is computed from a snapshot, once for all tabs of a language."""
    key = (name, language.get())
    values = _of_snapshots.setdefault(snapshot, {})
    if key not in values:
        values[key] = compute()
    return cast("T", values[key])


def in_session(name: str, version: Hashable, compute: Callable[[], T]) -> T:
    """Return what was computed for this browser session in this version, or compute it."""
    cache = st.session_state.setdefault(keys.CACHE, {})
    if name not in cache or cache[name][0] != version:
        cache[name] = version, compute()
    return cast("T", cache[name][1])
