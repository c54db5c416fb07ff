"""The runs that are open in this process."""

import threading
from collections.abc import Callable, Collection
from pathlib import Path

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Cancelled
from aecore.runs.folder import new_path
from aecore.runs.followed import FollowedRun
from aecore.runs.job import Job
from aecore.runs.live_run import LiveRun
from aecore.runs.run import Run
from aecore.runs.slots import TrainingSlots
from aecore.training.trainer import Trainer


class OpenRuns:
    """Open runs side by side: some train, others wait for their turn or are paused.

    Any thread may call.

    Parameters
    ----------
    root : Path
        The folder of all runs.
    load : callable
        Takes the name of a dataset. Returns the dataset, or raises a DataError.
    slots : TrainingSlots, optional

    Attributes
    ----------
    root : Path
    slots : TrainingSlots
    """

    def __init__(
        self, root: Path, load: Callable[[str], Dataset], slots: TrainingSlots | None = None
    ) -> None:
        self.root = root
        self.slots = slots or TrainingSlots()
        self._load = load
        # The one looked at last stands last.
        self._runs: list[LiveRun] = []
        # Figures are cached by the name of a run, so no two have the same.
        self._named: set[Path] = set()
        self._lock = threading.Lock()
        self._preparing = threading.Lock()

    def start(self, config: Config, wanted: Callable[[], bool] = lambda: True) -> LiveRun:
        """Return a new run at step 0. Nothing is on disk until its first step.

        Parameters
        ----------
        config : Config
        wanted : callable
            Asked when it is this run's turn to be prepared, since runs are prepared one by one.

        Raises
        ------
        Cancelled
            If it is no longer wanted.
        LabError
            If the dataset is missing or does not suit the settings.
        """
        with self._preparing:
            if not wanted():
                raise Cancelled("The start was cancelled.")
            trainer = Trainer(self._load(config.dataset), config)
            with self._lock:
                path = new_path(self.root, config, self._named)
                self._named.add(path)
            return self._add(Job(Run.draft(path, config), trainer, slots=self.slots))

    def open(self, run: Run) -> LiveRun:
        """Resume a run from disk; follow it if another program trains it.

        Raises
        ------
        LabError
            If it is damaged, or its dataset is missing or has changed.
        """
        with self._preparing:
            here = self.at(run.path)
            if here is not None and here.editable:
                return here
            if run.busy:
                return here or self._add(FollowedRun(run))
            run.claim()
            try:
                trainer = run.resume(self._load(run.config.dataset))
            except BaseException:
                run.release()
                raise
            if here is not None:
                self.close(here)
            return self._add(Job(run, trainer, slots=self.slots))

    def find(self, config: Config) -> LiveRun | None:
        """Return the open run with these settings, the one looked at last if there are several."""
        with self._lock:
            return next((run for run in reversed(self._runs) if run.config == config), None)

    def uses(self, dataset: str) -> bool:
        """Return whether a run on a dataset plays."""
        with self._lock:
            return any(run.playing and run.config.dataset == dataset for run in self._runs)

    def at(self, path: Path) -> LiveRun | None:
        """Return the open run in a folder."""
        with self._lock:
            return next((run for run in self._runs if run.run.path == path), None)

    def newest(self) -> LiveRun | None:
        """Return the run at work that was looked at last, or else any that was looked at last."""
        with self._lock:
            at_work = (run for run in reversed(self._runs) if run.playing)
            return next(at_work, self._runs[-1] if self._runs else None)

    def look(self, run: LiveRun) -> None:
        """Note that somebody looks at a run."""
        with self._lock:
            if run in self._runs:
                self._runs.remove(run)
                self._runs.append(run)

    def close_idle(self, viewed: Collection[LiveRun], keep: int = 0) -> None:
        """Close the runs that are paused and that nobody looks at.

        Parameters
        ----------
        viewed : collection of LiveRun
            What is looked at now.
        keep : int
            How many of the others stay open: those looked at last. With 0, runs without a folder
            stay open too, since they may be about to be shown.
        """
        with self._lock:
            idle = [each for each in self._runs if each not in viewed and not each.playing]
        for each in idle[: len(idle) - keep]:
            if keep or each.run.on_disk:
                self.close(each)

    def close(self, run: LiveRun) -> None:
        """Save and release a run. One that has made no step leaves nothing behind."""
        with self._lock:
            if run in self._runs:
                self._runs.remove(run)
        if isinstance(run, Job):
            run.close()

    def close_all(self) -> None:
        """Save and release all runs."""
        with self._lock:
            runs = list(self._runs)
        for run in runs:
            self.close(run)

    def _add(self, run: LiveRun) -> LiveRun:
        with self._lock:
            self._runs.append(run)
        return run
