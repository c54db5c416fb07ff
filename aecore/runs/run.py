"""A run is a folder: settings, history, frames and a checkpoint, all readable, nothing pickled.

::

    run.json             name, data set, where it stands; read by lists of runs
    config.json          the settings it was started with
    history.jsonl        a row at chosen steps; no clock times, so equal runs have equal files
    probe.safetensors    the fixed images it is followed by
    frames/              codes and reconstructions at chosen steps
    latest.safetensors   the newest frame
    checkpoint/          everything needed to go on, bit for bit
"""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.files import read_json, write, write_json
from aecore.runs import frame
from aecore.training import checkpoint
from aecore.training.checkpoint import State
from aecore.training.snapshot import Record, Snapshot
from aecore.training.trainer import AfterStep, Trainer

MOST_SECONDS_UNSAVED = 10.0
LEAST_SECONDS_UNSAVED = 2.0
SAVING_SHARE = 0.05
CLAIM_SECONDS = 0.2
MOST_FRAME_BYTES = 96 * 2**20


class Run:
    """A run's folder.

    Parameters
    ----------
    path : Path
        An existing run; `create` makes a new one.

    Attributes
    ----------
    path : Path
    config : Config
        The settings it was started with.

    Raises
    ------
    RunError
        Where the folder is no run, or its settings were edited into something impossible.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.config = _checked(read_json(self.path / "config.json"), self.path)
        self._lock = FileLock(self.path / ".lock", timeout=0, thread_local=False)
        self._rows: list[Record] = []
        self._last_frame = -1
        self._saved_at = time.monotonic()
        self._patience = LEAST_SECONDS_UNSAVED

    @classmethod
    def create(cls, path: Path, config: Config) -> Self:
        """Make a new run in an empty or missing folder, and claim it.

        Raises
        ------
        RunError
            Where the folder holds something already.
        """
        path = Path(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(
                "{path} is not empty; choose another folder, or resume the run in it.", path=path
            )
        path.mkdir(parents=True, exist_ok=True)
        write_json(path / "config.json", config.model_dump())
        (path / "frames").mkdir()
        (path / "history.jsonl").touch()
        run = cls(path)
        run.claim()
        return run

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def claim(self) -> None:
        """Become the only one who may train this run; let go by `release` or by dying.

        Raises
        ------
        RunError
            Where another trains it.
        """
        try:
            # The lock would let its holder in again, and out only after as many releases.
            if self._lock.is_locked:
                raise Timeout(str(self.path))
            # Someone who lists runs holds a lock for a moment, to see whether it is free.
            self._lock.acquire(timeout=CLAIM_SECONDS)
        except Timeout:
            raise RunError(
                "{name} is training in another program; pause it there first.", name=self.name
            ) from None

    def release(self) -> None:
        """Let another train this run."""
        self._lock.release()

    def discard(self) -> None:
        """Remove the run from disk."""
        self.release()
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def busy(self) -> bool:
        """Whether anyone, here or in another program, trains this run now."""
        if self._lock.is_locked:
            return True
        try:
            with FileLock(self.path / ".lock", timeout=0):
                return False
        except Timeout:
            return True

    def start(self, dataset: Dataset) -> Trainer:
        """Return a trainer at the first step, and write down what the run is followed by."""
        trainer = Trainer(dataset, self.config)
        frame.save_probe(trainer.snapshot(), self.path / "probe.safetensors")
        self.record(trainer)
        self.save(trainer)
        return trainer

    def resume(self, dataset: Dataset) -> Trainer:
        """Return a trainer where the last checkpoint was, and forget the rows after it.

        Raises
        ------
        RunError
            Where there is no checkpoint, or it is damaged or of other images.
        """
        saved = checkpoint.load(self.path / "checkpoint")
        rows = [row for row in self.history() if row["step"] <= saved.facts["step"]]
        trainer = Trainer(dataset, self.config, state=State(saved.tensors, saved.facts, rows))
        self._rewrite(rows)
        for step in self.frames():
            if step > trainer.steps:
                self._frame_path(step).unlink()
        self._last_frame = trainer.steps
        return trainer

    def record(self, trainer: Trainer) -> None:
        """Write down what a step brought: rows, a frame where one is due, now and then a save."""
        known = len(self._rows)
        if trainer.history[max(known - 1, 0) : known] != self._rows[-1:]:
            # It diverged and went back to where all was well.
            self._rewrite(trainer.history)
        elif new := trainer.history[known:]:
            with (self.path / "history.jsonl").open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in new)
            self._rows += new
        if trainer.steps != self._last_frame and (frame.is_due(trainer.steps) or trainer.finished):
            frame.save(trainer.snapshot(), self._frame_path(trainer.steps))
            frame.thin(self.path / "frames", MOST_FRAME_BYTES)
            self._last_frame = trainer.steps
        if time.monotonic() - self._saved_at > self._patience:
            self.save(trainer)

    def train(
        self, trainer: Trainer, until: int | None = None, after_step: AfterStep | None = None
    ) -> None:
        """Make one step after the other and record each; see `Trainer.train`."""

        def after() -> bool | None:
            self.record(trainer)
            return after_step and after_step()

        trainer.train(until, after)

    def _rewrite(self, rows: Sequence[Record]) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        write(self.path / "history.jsonl", lines.encode())
        self._rows = list(rows)

    def save(self, trainer: Trainer, **facts: float) -> None:
        """Save a checkpoint, the newest frame, and where the run stands.

        Parameters
        ----------
        trainer : Trainer
        **facts : float
            More to remember in ``run.json``, such as a speed.
        """
        began = time.monotonic()
        checkpoint.save(trainer.state(), self.path / "checkpoint")
        snapshot = trainer.snapshot()
        frame.save(snapshot, self.path / "latest.safetensors")
        write_json(self.path / "run.json", {**_summary(self.name, snapshot), **facts})
        self._saved_at = time.monotonic()
        took = (self._saved_at - began) / SAVING_SHARE
        self._patience = min(max(took, LEAST_SECONDS_UNSAVED), MOST_SECONDS_UNSAVED)

    def history(self) -> list[Record]:
        """Return all whole rows; one that was cut while being written is left out."""
        try:
            lines = (self.path / "history.jsonl").read_text(errors="replace").splitlines()
        except FileNotFoundError as error:
            missing = Path(error.filename)
            raise RunError("Incomplete run: {path} is missing.", path=missing) from None
        return [row for line in lines if (row := _row(line)) is not None]

    def frames(self) -> list[int]:
        """Return the steps of which a frame was kept."""
        return sorted(int(path.stem) for path in (self.path / "frames").glob("*.safetensors"))

    def _frame_path(self, step: int) -> Path:
        return self.path / "frames" / f"{step:09d}.safetensors"

    def frame(self, step: int | None = None) -> Snapshot:
        """Return a saved moment, the newest by default; nothing of it is in memory alone.

        Raises
        ------
        RunError
            Where there is none, or it is damaged.
        """
        path = self.path / "latest.safetensors"
        if step is not None:
            path = self._frame_path(step)
        return frame.load(path, self.path / "probe.safetensors", self.history())

    @property
    def written(self) -> tuple[int, ...]:
        """When the newest frame and the history were last written; nanoseconds, 0 for never."""
        paths = (self.path / "latest.safetensors", self.path / "history.jsonl")
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    def codes(self, step: int) -> NDArray[np.float32]:
        """Return the codes (probes, bottleneck) of a saved moment.

        Raises
        ------
        RunError
            Where there is none, or it is damaged.
        """
        return frame.codes(self._frame_path(step))

    def summary(self) -> Mapping[str, Any]:
        """Return where the run stands, as ``run.json`` says it."""
        found = read_json(path := self.path / "run.json")
        if not isinstance(found, dict):
            raise RunError("{path} does not say how far the run has come.", path=path)
        return found


def _checked(values: object, path: Path) -> Config:
    if not isinstance(values, dict):
        raise RunError("{path} contains no settings.", path=path / "config.json")
    return Config(**values)


def _row(line: str) -> Record | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(row, dict) and isinstance(row.get("step"), int)
    return cast("Record", row) if whole else None


def _summary(name: str, snapshot: Snapshot) -> dict[str, Any]:
    last = snapshot.history[-1] if snapshot.history else None
    return {
        "name": name,
        "dataset": snapshot.config.dataset,
        "architecture": snapshot.config.architecture,
        "bottleneck": snapshot.config.bottleneck,
        "step": snapshot.step,
        "total_steps": snapshot.total_steps,
        "epoch": snapshot.epoch,
        "held_out": last and last.get("held_out"),
        "pca": last and last.get("pca"),
    }
