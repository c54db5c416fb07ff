"""A run: a folder of settings, history, frames and a checkpoint, all readable, never pickled.

::

    run.json             name, dataset and progress; read by lists of runs
    config.json          the settings it was started with
    history.jsonl        rows at selected steps; without times, so equal runs have equal files
    probe.safetensors    the fixed images it is monitored on
    frames/              codes, reconstructions and the decoder at selected steps
    latest.safetensors   the newest frame, with the whole network
    checkpoint/          everything needed to resume bit for bit
"""

import math
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import TypeAdapter

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.files import PART, check_writable, read_json, write_json
from aecore.runs.files import frame, probe
from aecore.runs.files.history import History
from aecore.runs.files.probe import SavedProbe
from aecore.runs.files.summary import SUMMARY, Summary, summary
from aecore.training import checkpoint
from aecore.training.checkpoint import State
from aecore.training.schedule import is_frame_due
from aecore.training.snapshot import Record, Snapshot
from aecore.training.trainer import AfterStep, Trainer

MOST_SECONDS_UNSAVED = 10.0
LEAST_SECONDS_UNSAVED = 2.0
SAVING_SHARE = 0.05
CLAIM_SECONDS = 0.2
# Config checks the values, and names the setting in its errors.
SETTINGS = TypeAdapter(dict[str, Any])
FRAME_NAME = re.compile(r"\d{9,12}")
# Frames that are no longer needed stay until the next save, which comes sooner for this many bytes.
MOST_SPARE_BYTES = 2**20


class Run:
    """A run on disk.

    Parameters
    ----------
    path : Path
        Folder of an existing run; `draft` and `create` make new ones.

    Attributes
    ----------
    path : Path
    config : Config
        The settings it was started with.
    on_disk : bool
        Whether it has a folder, which a draft has not.

    Raises
    ------
    RunError
        If the folder is not a run.
    ConfigError
        If its settings are invalid.
    """

    def __init__(self, path: Path) -> None:
        settings = read_json(Path(path) / "config.json", SETTINGS)
        self._open(path, Config.from_saved(settings))

    def _open(self, path: Path, config: Config) -> None:
        self.path, self.config, self.on_disk = Path(path), config, True
        self._lock = FileLock(self.path / ".lock", timeout=0, thread_local=False)
        self._history = History(self.path / "history.jsonl")
        self._frame_bytes: dict[int, int] = {}
        self._spare_bytes = 0
        self._last_frame = -1
        self._saved_at = time.monotonic()
        self._save_interval = LEAST_SECONDS_UNSAVED

    @classmethod
    def draft(cls, path: Path, config: Config) -> Self:
        """Return a new run of which nothing is on disk until `begin`."""
        run = cls.__new__(cls)
        run._open(path, config)
        run.on_disk = False
        return run

    @classmethod
    def create(cls, path: Path, config: Config) -> Self:
        """Create a run in an empty or missing folder, and lock it.

        Raises
        ------
        RunError
            If the folder is not empty, or cannot be written to.
        """
        run = cls.draft(path, config)
        run._make_folder()
        return run

    def check_folder(self) -> None:
        """Check that the folder of a draft has a textual name, is empty or missing, and writable.

        Raises
        ------
        RunError
        """
        path = self.path
        _check_name(path)
        check_writable(path.parent)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(
                "{path} is not empty; choose another folder, or resume the run in it.", path=path
            )

    def _make_folder(self) -> None:
        self.check_folder()
        path = self.path
        path.mkdir(parents=True, exist_ok=True)
        self.claim()
        write_json(path / "config.json", self.config.model_dump())
        (path / "frames").mkdir()
        self._history.rewrite([])
        self.on_disk = True

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def claim(self) -> None:
        """Acquire the run's exclusive lock, and delete what a killed writer left unfinished.

        It is held until `release` or the end of the process.

        Raises
        ------
        RunError
            If another trainer holds the lock, or the folder cannot be written to.
        """
        try:
            # A FileLock is reentrant, so a second trainer in this process would also acquire it.
            if self._lock.is_locked:
                raise Timeout(str(self.path))
            # `busy` holds the lock for a moment, to see whether it is free.
            self._lock.acquire(timeout=CLAIM_SECONDS)
        except Timeout:
            raise RunError(
                "{name} is training in another program; pause it there first.", name=self.name
            ) from None
        except OSError as error:
            raise RunError(
                "{folder} cannot be written to ({reason}), so the run in it cannot be trained.",
                folder=self.path,
                reason=error.strerror,
            ) from error
        for unfinished in self.path.rglob(f"*{PART}"):
            unfinished.unlink(missing_ok=True)

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def discard(self) -> None:
        """Delete the run from disk."""
        self.release()
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def busy(self) -> bool:
        """Whether this or another program is training the run now."""
        if self._lock.is_locked:
            return True
        if not self.on_disk:
            return False
        try:
            with FileLock(self.path / ".lock", timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            # The folder can be read only, so no program of this user trains the run.
            return False

    def start(self, dataset: Dataset) -> Trainer:
        """Return a trainer before the first step, and save its initial state.

        Raises
        ------
        LabError
            If the settings do not suit the dataset; a draft then leaves nothing on disk.
        """
        trainer = Trainer(dataset, self.config)
        self.begin(trainer)
        return trainer

    def begin(self, trainer: Trainer) -> None:
        """Save the state of a trainer before the first step; a draft is given its folder now.

        Raises
        ------
        RunError
            If the folder of a draft is not empty, or cannot be written to.
        """
        if not self.on_disk:
            self._make_folder()
        probe.save(trainer.snapshot(), self.path / "probe.safetensors")
        self.record(trainer)
        self.save(trainer)

    def resume(self, dataset: Dataset) -> Trainer:
        """Return a trainer at the last checkpoint, and discard later rows and frames.

        Raises
        ------
        RunError
            If the checkpoint is missing or damaged.
        DataError
            If the dataset has changed since.
        """
        saved = checkpoint.load(self.path / "checkpoint")
        rows = [row for row in self.history() if row["step"] <= saved.facts["step"]]
        trainer = Trainer(dataset, self.config, state=State(saved.tensors, saved.facts, rows))
        self._history.rewrite(rows)
        steps, listed = self.frames(), saved.facts.get("frames")
        if not isinstance(listed, list):
            # Early versions did not list the frames.
            listed = steps
        self._frame_bytes = {
            step: self.frame_path(step).stat().st_size
            for step in steps
            if step <= trainer.steps and step in listed
        }
        self._delete_other_frames()
        self._last_frame = trainer.steps
        return trainer

    def record(self, trainer: Trainer) -> None:
        """Append new rows to the history, and save a frame and a checkpoint if they are due.

        What could not be written, such as on a full disk, is written by the next call.
        """
        self._write_due(trainer)
        is_save_due = time.monotonic() - self._saved_at > self._save_interval
        if is_save_due or self._spare_bytes > MOST_SPARE_BYTES:
            self.save(trainer)

    def train(
        self, trainer: Trainer, until: int | None = None, after_step: AfterStep | None = None
    ) -> None:
        """Take steps and record each; see `Trainer.train` for the parameters."""

        def record() -> bool | None:
            self.record(trainer)
            return after_step and after_step()

        trainer.train(until, record)

    def _write_due(self, trainer: Trainer) -> None:
        """Append new rows to the history, and save a frame if one is due."""
        self._history.append(trainer.history)
        due = is_frame_due(trainer.steps) or trainer.finished
        if due and trainer.steps != self._last_frame:
            self._save_frame(trainer)

    def _save_frame(self, trainer: Trainer) -> None:
        """Save a frame, and choose which to keep."""
        snapshot, step = trainer.snapshot(), trainer.steps
        size = frame.save(snapshot, self.frame_path(step))
        # Later ones are of a state that diverged.
        earlier = {each: size for each, size in self._frame_bytes.items() if each < step}
        most = frame.most_bytes(snapshot, size)
        kept = frame.thin({**earlier, step: size}, most)
        self._spare_bytes += sum(earlier.values()) + size - sum(kept.values())
        self._frame_bytes, self._last_frame = kept, step

    def _delete_other_frames(self) -> None:
        self._spare_bytes = 0
        for step in self.frames():
            if step not in self._frame_bytes:
                self.frame_path(step).unlink(missing_ok=True)

    def save(self, trainer: Trainer, **facts: float) -> None:
        """Save a checkpoint, the newest frame, the summary, and what is due.

        Parameters
        ----------
        trainer : Trainer
        **facts : float
            Further entries of ``run.json``, such as the speed.
        """
        started = time.monotonic()
        self._write_due(trainer)
        state = trainer.state()
        facts_and_frames = {**state.facts, "frames": list(self._frame_bytes)}
        checkpoint.save(replace(state, facts=facts_and_frames), self.path / "checkpoint")
        # Not before: resuming from a checkpoint must find the frames that were kept then.
        self._delete_other_frames()
        snapshot = trainer.snapshot()
        frame.save(snapshot, self.path / "latest.safetensors", encoder=True)
        write_json(self.path / "run.json", summary(self.name, snapshot, **facts))
        self._saved_at = time.monotonic()
        interval = (self._saved_at - started) / SAVING_SHARE
        self._save_interval = min(max(interval, LEAST_SECONDS_UNSAVED), MOST_SECONDS_UNSAVED)

    def history(self) -> list[Record]:
        """Return all complete rows; one that was cut off while being written is skipped.

        Raises
        ------
        RunError
            If the history is missing.
        """
        return self._history.read()

    def check(self) -> None:
        """Read everything once, so that nothing fails later.

        Raises
        ------
        LabError
            If a file is missing or damaged, or a row of the history is incomplete.
        """
        self.summary()
        self._history.check()
        shared = self._probe()
        for step in self.frames():
            frame.load(self.frame_path(step), shared, ())
        _ = frame.load(self.path / "latest.safetensors", shared, ()).model
        if (self.path / "checkpoint").exists():
            checkpoint.load(self.path / "checkpoint")

    def frames(self) -> list[int]:
        """Return the steps that have a frame, in ascending order."""
        names = (path.stem for path in (self.path / "frames").glob("*.safetensors"))
        return sorted(int(name) for name in names if FRAME_NAME.fullmatch(name))

    def frame_path(self, step: int) -> Path:
        """Return the file of the frame of a step."""
        return self.path / "frames" / f"{step:09d}.safetensors"

    def frame(self, step: int | None = None) -> Snapshot:
        """Load the frame of a step, by default the newest.

        Raises
        ------
        RunError
            If it is missing or damaged.
        """
        path = self.path / "latest.safetensors"
        if step is not None:
            path = self.frame_path(step)
        return frame.load(path, self._probe(), self.history())

    def _probe(self) -> SavedProbe:
        return probe.load(self.path / "probe.safetensors")

    @property
    def written(self) -> tuple[int, ...]:
        """Modification times of the newest frame and the history, in nanoseconds; 0 if missing."""
        paths = (self.path / "latest.safetensors", self.path / "history.jsonl")
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    def codes(self, step: int) -> NDArray[np.float32]:
        """Load the codes (probes, bottleneck) of the frame of a step.

        Raises
        ------
        RunError
            If it is missing or damaged.
        """
        return frame.codes(self.frame_path(step))

    def summary(self) -> Summary:
        """Read the summary in ``run.json``: name, dataset, progress and errors.

        Raises
        ------
        RunError
            If it is missing or damaged.
        """
        return read_json(self.path / "run.json", SUMMARY)

    @property
    def finished(self) -> bool:
        """Whether its summary says that all steps are made.

        Raises
        ------
        RunError
            If the summary is missing or damaged.
        """
        return self.has_reached(1)

    def has_reached(self, share: float) -> bool:
        """Return whether its summary says that a share of all steps is made.

        Raises
        ------
        RunError
            If the summary is missing or damaged.
        """
        summary = self.summary()
        total = summary.get("total_steps")
        # Without the total, no one knows.
        return total is not None and summary["step"] >= math.ceil(share * total)


def _check_name(path: Path) -> None:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise RunError(
            "The folder name {name!r} is not UTF-8, so pages and files cannot contain it; choose "
            "another, or rename the folder.",
            name=path.name,
        ) from None
