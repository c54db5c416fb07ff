"""Which run this server works on and what this browser sees of it; the only place with state."""

import atexit
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import streamlit as st

from aecore import data
from aecore.config import Config
from aecore.errors import LabError
from aecore.knob import knobs
from aecore.presets import PRESETS, preset
from aecore.runs.folder import new_path, runs, runs_root
from aecore.runs.job import Job
from aecore.runs.run import Run
from aecore.training import probe
from aecore.training.snapshot import Snapshot

LISTED = 50


@dataclass
class Desk:
    """What the server works on: one run, trained here, or followed while another program does.

    All browser tabs share it, so that a refresh or a second tab finds the same run.

    Attributes
    ----------
    root : Path
        The folder of all runs.
    job : Job or None
        The run trained here.
    followed : Run or None
        A run that another program trains: looked at, not touched.
    """

    root: Path
    job: Job | None = None
    followed: Run | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, settings: Config, *, play: bool = False) -> None:
        """Begin a new run in place of the present one, which stays on disk."""
        with self.lock:
            images = load(settings.dataset)
            run = Run.create(new_path(self.root, settings), settings)
            try:
                job = Job(run, run.start(images))
            except BaseException:
                run.discard()
                raise
            self._replace(job)
        if play:
            job.play()

    def open(self, run: Run) -> None:
        """Take up a run from disk where it was; follow it if another program trains it."""
        with self.lock:
            if self.job is not None and self.job.run.path == run.path:
                self.followed = None
            elif run.busy:
                self.followed = run
            else:
                run.claim()
                try:
                    job = Job(run, run.resume(load(run.config.dataset)))
                except BaseException:
                    run.release()
                    raise
                self._replace(job)

    def close(self) -> None:
        """Save and let go of the run."""
        with self.lock:
            if self.job is not None:
                self.job.close()

    def _replace(self, job: Job) -> None:
        old, self.job, self.followed = self.job, job, None
        if old is not None:
            old.close()
            if old.latest.step == 0:
                old.run.discard()


@st.cache_resource(show_spinner=False, max_entries=3)
def load(name: str) -> data.Dataset:
    """Return a data set, loaded once for all browsers."""
    return data.load(name)


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """Return the server's desk; closing the server saves what lies on it."""
    made = Desk(runs_root())
    atexit.register(made.close)
    return made


def first_visit() -> None:
    """Give a new browser session a run: the one at work, or one with the settings of its URL."""
    if "visited" in st.session_state:
        return
    now, asked = desk(), _from_url()
    with now.lock:
        idle = now.job is None and now.followed is None
        if asked is not None and (idle or asked != config()):
            attempt(lambda: now.start(asked))
        if now.job is None and now.followed is None:
            now.start(preset("stacked", data.default()))
    st.session_state.visited = True


def _from_url() -> Config | None:
    """Return the settings a shared URL holds; what cannot be is said and left out."""
    given = {name: value for name, value in st.query_params.items() if name in knobs(Config)}
    try:
        return Config(**given) if given else None
    except LabError as why:
        refuse(why)
        return None


def to_url() -> None:
    """Write the settings that differ from the defaults into the URL, by which they are shared."""
    values = {n: str(value) for n, value in config().model_dump().items()}
    shown = {n: v for n, v in values.items() if v != str(knobs(Config)[n].default)}
    if shown != st.query_params.to_dict():
        st.query_params.from_dict(shown)


def view() -> Snapshot:
    """Return the newest snapshot of the run this server works on or follows."""
    now = desk()
    if now.followed is not None:
        return _newest(str(now.followed.path), now.followed.written)
    assert now.job is not None
    return now.job.watch()


@st.cache_resource(show_spinner=False, max_entries=2)
def _newest(path: str, written: tuple[int, ...]) -> Snapshot:
    """Return the newest frame of a run on disk, read once for all who look."""
    del written
    return Run(Path(path)).frame()


def config() -> Config:
    """Return the settings of the run in view, as asked for."""
    now = desk()
    return view().config if now.followed is not None or now.job is None else now.job.config


def playing() -> bool:
    """Whether the run in view is being trained."""
    now = desk()
    if now.followed is not None:
        return now.followed.busy
    return now.job is not None and now.job.playing


def fingerprint() -> tuple[object, ...]:
    """Return what the sidebar and the notices depend on; when it changes they are drawn anew."""
    now = desk()
    run = now.followed or (now.job and now.job.run)
    troubled = now.job and (str(now.job.error), now.job.idle)
    started = view().step > 0
    return run and run.path, config(), playing(), troubled, started, view().finished


def change(**values: Any) -> None:
    """Set knobs: on the run at work if all are live, otherwise in a new run."""

    def act() -> None:
        job = own_job()
        if all(knobs(Config)[name].live for name in values):
            job.change(**values)
        else:
            begin(job.config.changed(**values))

    attempt(act)


def own_job() -> Job:
    """Return the run trained here.

    Raises
    ------
    LabError
        Where the run in view is trained by another program.
    """
    now = desk()
    if now.job is None or now.followed is not None:
        raise LabError("Another program trains this run; change it there, or start a new one.")
    return now.job


def begin(settings: Config, *, play: bool | None = None) -> None:
    """Start a new run; by default in the manner of the present one: playing if that played."""
    job = desk().job
    if job is not None and job.latest.step > 0:
        tell("A new run begins; {name} is kept and can be opened again.", name=job.run.name)
    desk().start(settings, play=job is not None and job.playing if play is None else play)


def train(settings: Config) -> None:
    """Start a new run, and play it."""
    attempt(lambda: begin(settings, play=True))


def open_run(run: Run) -> None:
    """Go on with a run from disk, or watch it while another program trains it."""
    attempt(lambda: desk().open(run))


def reset() -> None:
    """Begin the present run again, with the same settings and seed."""
    attempt(lambda: begin(config()))


def show_examples(draw: int, label: int | None) -> None:
    """Choose which held-out images the run in view shows."""

    def act() -> None:
        job = own_job()
        job.choose(probe.choose(load(job.latest.config.dataset), draw=draw, label=label))

    attempt(act)


def choose_dataset(name: str) -> None:
    """Begin anew with other images: the same preset as suits them, or the same settings."""

    def act() -> None:
        same = matching_preset(config())
        begin(preset(same, name) if same else config().changed(dataset=name))

    attempt(act)


def add_dataset(file: BinaryIO, name: str, size: int | None) -> None:
    """Take up a person's own images and begin anew with them."""
    data.add(file, name, size=size)
    load.clear()
    choose_dataset(name)


def download_dataset(name: str, progress: Callable[[int, int], None]) -> None:
    """Fetch a data set and begin anew with it."""
    data.download(name, progress=progress)
    choose_dataset(name)


def matching_preset(settings: Config) -> str | None:
    """Return the preset that these settings are, or None where they differ from all."""
    for name in PRESETS:
        if preset(name, settings.dataset, seed=settings.seed) == settings:
            return name
    return None


def saved_runs() -> list[Run]:
    """Return the runs on disk, the last touched first."""
    return list(islice(runs(desk().root), LISTED))


def attempt(act: Callable[[], None]) -> None:
    """Do something for a person; a refusal becomes a sentence on the page."""
    try:
        act()
    except LabError as why:
        refuse(why)
    except OSError as error:
        refuse(LabError("The disk refused: {error}.", error=error))


def refuse(why: LabError) -> None:
    """Keep a refusal until the page shows it."""
    st.session_state.refusal = why


def tell(text: str, /, **values: object) -> None:
    """Keep a piece of news until the page shows it."""
    st.session_state.news = LabError(text, **values)


def take(name: str) -> str:
    """Return a kept sentence and forget it; empty if there is none."""
    kept = st.session_state.pop(name, None)
    return "" if kept is None else str(kept)
