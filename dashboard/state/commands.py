"""What the user can do to the run in view; an error becomes a sentence on the page."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from aecore import data
from aecore.config import Config
from aecore.i18n import N_
from aecore.knob import knobs
from aecore.presets import PRESETS, preset
from aecore.runs import index
from aecore.runs.index import Row
from aecore.runs.run import Run
from aecore.training import probe
from dashboard.state import active_run, cached, keys, url
from dashboard.state.messages import announce, attempt

LISTED_RUNS = 50


def first_visit() -> None:
    """Give a new browser session a run: the current one, or one with the settings of its URL."""
    if keys.VISITED in st.session_state:
        return
    active, asked = active_run.active_run(), url.read()
    with active.lock:
        if asked is not None and (active.live is None or asked != active.live.config):
            attempt(lambda: active.start(asked))
        if active.live is None:
            active.start(preset("stacked", data.default()))
    st.session_state[keys.VISITED] = True


def change(**values: Any) -> None:
    """Change settings: of the current run if all are live, otherwise in a new run."""

    def act() -> None:
        current = active_run.live()
        if current.editable and not all(knobs(Config)[name].live for name in values):
            begin(current.config.changed(**values))
        else:
            current.change(**values)

    attempt(act)


def begin(settings: Config, *, play: bool | None = None) -> None:
    """Start a new run; by default it plays if the current one does."""
    job = active_run.active_run().job
    if job is not None and job.latest.step > 0:
        announce(N_("Started a new run. {name} was saved.", name=job.run.name))
    if play is None:
        play = job is not None and job.playing
    active_run.active_run().start(settings, play=play)


def train(settings: Config) -> None:
    """Start a new run, and play it."""
    attempt(lambda: begin(settings, play=True))


def open_run(name: str) -> None:
    """Resume a run from disk by its name, or watch it while another program trains it."""
    attempt(lambda: active_run.active_run().open(Run(active_run.root() / name)))


def play() -> None:
    """Train the run in view until paused or finished."""
    attempt(lambda: active_run.live().play())


def pause() -> None:
    """Pause the run in view."""
    attempt(lambda: active_run.live().pause())


def step(count: int) -> None:
    """Make some steps of the run in view."""
    attempt(lambda: active_run.live().step(count))


def reset() -> None:
    """Restart the run in view with the same settings and seed."""
    attempt(lambda: begin(active_run.live().config))


def show_examples(draw: int, label: int | None) -> None:
    """Choose which held-out images the run in view shows."""

    def act() -> None:
        current = active_run.live()
        dataset = cached.dataset(current.config.dataset)
        current.choose(probe.choose_examples(dataset, draw=draw, label=label))

    attempt(act)


def choose_dataset(name: str) -> None:
    """Start a new run on another dataset: with the same preset, or the same settings."""

    def act() -> None:
        settings = active_run.live().config
        same = matching_preset(settings)
        begin(preset(same, name) if same else settings.changed(dataset=name))

    attempt(act)


def matching_preset(settings: Config) -> str | None:
    """Return the preset that these settings are, or None where they differ from all."""
    for name in PRESETS:
        if preset(name, settings.dataset, seed=settings.seed) == settings:
            return name
    return None


def saved_runs() -> Sequence[Row]:
    """Return the rows of the runs on disk, the last touched first."""
    return index.index(active_run.root())[:LISTED_RUNS]
