"""The only training loop: a step at a time, the same from the same seed, resumable bit for bit."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.knob import knobs
from aecore.maps.projection import plane
from aecore.network import resize
from aecore.network.autoencoder import Autoencoder, top_k_units
from aecore.network.inference import tensor
from aecore.training import objective, optimizer
from aecore.training.batches import Batches
from aecore.training.checkpoint import State
from aecore.training.corruption import corrupt
from aecore.training.precision import half
from aecore.training.probe import Probe
from aecore.training.schedule import TrainingSchedule, learning_rate
from aecore.training.seeding import generator
from aecore.training.snapshot import Edit, Record, Snapshot
from aecore.training.subset import training_subset

MAPPED = 2048
# No two images differ by more: an error beyond it comes from weights that explode.
WORST = 1.0


AfterStep = Callable[[], bool | None]


class Diverged(RunError):
    """The loss is no longer a number; the trainer stands at its last good state."""


class Trainer:
    """Train an autoencoder on a data set.

    Parameters
    ----------
    dataset : Dataset
    config : Config
    state : State, optional
        Where an earlier trainer stood; the configuration is then the one in the state.

    Attributes
    ----------
    config : Config
        As changed so far.
    learnt : Dataset
        What is learnt from, and the held-out images of its kind.
    model : Autoencoder
    steps : int
        Steps made.
    history : list of Record
    edits : list of Edit

    Raises
    ------
    RunError
        Where the state is damaged or belongs to other images.
    """

    def __init__(self, dataset: Dataset, config: Config, *, state: State | None = None) -> None:
        self.dataset = dataset
        self.config = config if state is None else _config(state)
        self.steps = 0
        self.history: list[Record] = []
        self.edits: list[Edit] = []
        self.training_subset = training_subset(dataset, self.config)
        self._probe = Probe(dataset, self.training_subset)
        self._batches = Batches(
            self.training_subset.images, self.config.batch_size, self.config.seed
        )
        self._half = half(self.config.precision)
        self._points: NDArray[np.float32] | None = None
        self._squares, self._summed = torch.zeros(()), 0
        self.model = self._new_model(self.config)
        self._stepper = optimizer.Stepper(self.model)
        if state is not None:
            self._restore(state)
        self._last_good = self.state()

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass; the last may be smaller."""
        return self._batches.per_epoch

    @property
    def total_steps(self) -> int:
        """Steps after which the run is finished."""
        return self._plan.total

    @property
    def finished(self) -> bool:
        """Whether all the epochs asked for are done."""
        return self.steps >= self.total_steps

    def step(self) -> Record | None:
        """Make one optimiser step.

        Returns
        -------
        Record or None
            The row added to the history, where one was due.

        Raises
        ------
        Diverged
            Where the loss or the held-out error is no longer a number.
        """
        plan = self._plan
        layer = plan.stage(self.steps)
        if self.steps and layer != plan.stage(self.steps - 1):
            self._stepper = optimizer.Stepper(self.model)
        pace = learning_rate(self.config, plan.progress(self.steps))
        self._stepper.step(self._loss(layer), self.config, pace)
        self.steps += 1
        return self._record(layer, pace) if plan.is_row_due(self.steps) else None

    def train(self, until: int | None = None, after_step: AfterStep | None = None) -> None:
        """Make one step after the other.

        Parameters
        ----------
        until : int, optional
            How many steps there are when it ends, counted from the first; by default as many as
            all epochs have.
        after_step : callable, optional
            Called after each step; training ends early where it returns True.

        Raises
        ------
        Diverged
            As by `step`.
        """
        while self.steps < (self.total_steps if until is None else until):
            self.step()
            if after_step is not None and after_step():
                return

    def change(self, **values: Any) -> None:
        """Change live knobs; the next step obeys. A new bottleneck keeps what was learnt.

        Where training is diverging, the trainer goes back to its last good state.

        Raises
        ------
        RunError
            Where a value cannot be, or the knob needs a new run.
        """
        config = self.config.changed(**values)
        before, after = self.config.model_dump(), config.model_dump()
        changes = {n: [before[n], after[n]] for n in after if before[n] != after[n]}
        for name in changes:
            if not knobs(Config)[name].live:
                raise RunError("{name} cannot change during training; start a new run.", name=name)
        if not changes:
            return
        if not self._sound():
            self._restore(self._last_good)
        if "bottleneck" in changes:
            self._resize(config)
        self.config = config
        self.model.active_units = top_k_units(config)
        self.edits.append({"step": self.steps, "changes": changes})
        self._last_good = self.state()

    def state(self) -> State:
        """Return a copy of everything needed to go on bit for bit.

        Where training is diverging, it is the last good state: from any other it never recovers.
        """
        if not self._sound():
            return self._last_good
        moments = optimizer.flat(self._stepper.moments)
        tensors = {
            "squares": self._squares,
            **{f"model/{name}": value for name, value in self.model.named_parameters()},
            **{f"optimizer/{name}": value for name, value in moments},
        }
        facts = {
            "config": self.config.model_dump(),
            "step": self.steps,
            "batches": self._summed,
            "edits": list(self.edits),
            "images": [len(self.training_subset.images), *self.dataset.shape],
        }
        copies = {
            name: value.detach().clone(memory_format=torch.contiguous_format)
            for name, value in tensors.items()
        }
        return State(copies, facts, tuple(self.history))

    def snapshot(self, chosen: NDArray[np.int64] | None = None) -> Snapshot:
        """Return an immutable picture of this moment.

        Parameters
        ----------
        chosen : ndarray of int, optional
            Which held-out images to show; always the same ones by default.
        """
        codes = self._probe.codes(self.model)
        self._points = plane(codes, self._points)
        return Snapshot(
            config=self.config,
            step=self.steps,
            total_steps=self.total_steps,
            epoch=self.steps / self.steps_per_epoch,
            history=tuple(self.history),
            edits=tuple(self.edits),
            codes=codes,
            points=self._points,
            labels=self._probe.labels,
            classes=self.dataset.classes,
            examples=self._probe.examples(self.model, self.config, chosen),
            weights={n: p.detach().numpy().copy() for n, p in self.model.named_parameters()},
        )

    @property
    def _plan(self) -> TrainingSchedule:
        return TrainingSchedule(self.config, self._batches.per_epoch)

    def _new_model(self, config: Config) -> Autoencoder:
        draw = generator(config.seed, "weights", self.steps)
        model = Autoencoder(self.dataset.shape, config, generator=draw)
        if config.linear_path:
            model.set_linear_path(self._probe.pca.mean, self._probe.pca.components)
        return model

    def _restore(self, state: State) -> None:
        facts = state.facts
        now = [len(self.training_subset.images), *self.dataset.shape]
        if (then := facts.get("images")) != now:
            raise RunError(
                "The run was trained on other images: {then} (count, height, width); {name} "
                "has {now}. Use the dataset it was started with.",
                then=then,
                name=self.dataset.name,
                now=now,
            )
        try:
            self.model.load_state_dict(state.under("model/"))
            moments = optimizer.nested(state.under("optimizer/"))
            self._stepper = optimizer.Stepper(self.model, moments)
            self._squares = state.tensors["squares"].clone()
            self._summed, self.steps = int(facts["batches"]), int(facts["step"])
            self.edits, self.history = list(facts["edits"]), list(state.history)
            if not self._sound():
                raise ValueError("weights that are no numbers")
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise RunError("The saved state is damaged: {error}.", error=error) from None

    def _resize(self, config: Config) -> None:
        old, new = self.model, self._new_model(config)
        draw = generator(config.seed, "resize", self.steps)
        code_map = resize.resize(old, new, tensor(self.training_subset.images[:MAPPED]), draw)
        moments = self._stepper.moments.items()
        self.model = new
        carried = {
            name: resize.map_optimizer_state(state, name, code_map) for name, state in moments
        }
        self._stepper = optimizer.Stepper(new, carried)

    def _loss(self, layer: int) -> Tensor:
        images = self._batches.at(self.steps)
        noise = generator(self.config.seed, "noise", self.steps)
        corrupted = corrupt(images, self.config.noise_kind, self.config.noise, noise)
        about = (images, corrupted, self.config)
        if layer:
            loss = objective.layer_loss(self.model, layer, *about, half=self._half)
        else:
            loss = objective.loss(self.model, *about, half=self._half)
        # Kept as a tensor: reading a number out of it every step would hold up the next one.
        self._squares = self._squares + loss.squares
        self._summed += 1
        return loss.total

    def _record(self, layer: int, pace: float) -> Record:
        row: Record = {
            "step": self.steps,
            "epoch": round(self.steps / self.steps_per_epoch, 6),
            "train": self._squares.item() / self._summed,
            "held_out": self._probe.error(self.model),
            "pca": self._probe.pca_error(self.config.bottleneck),
            "learning_rate": pace,
            "bottleneck": self.config.bottleneck,
            "stage": layer,
        }
        if not (math.isfinite(row["train"]) and math.isfinite(row["held_out"])):
            raise self._diverged()
        self.history.append(row)
        self._squares, self._summed = torch.zeros(()), 0
        self._last_good = self.state()
        return row

    def _sound(self) -> bool:
        """Whether training can go on from here: with numbers, and not worse than any image is."""
        recent = self.history[-1]["train"] if self.history else 0.0
        if self._summed:
            recent = self._squares.item() / self._summed
        exploding = self.config.linear_path and not recent <= WORST
        return not exploding and all(bool(p.isfinite().all()) for p in self.model.parameters())

    def _diverged(self) -> Diverged:
        step, rate = self.steps, self.config.learning_rate
        self._restore(self._last_good)
        text = (
            "Training diverged at step {step}: the error is no longer a number. The run stands at "
            "step {good}, where all was well. The likely cause is learning_rate, which is {rate:g};"
            " try {less:g}."
        )
        return Diverged(text, step=step, good=self.steps, rate=rate, less=rate / 10)


def _config(state: State) -> Config:
    try:
        return Config(**state.facts["config"])
    except (KeyError, TypeError) as error:
        raise RunError("The saved state is damaged: {error}.", error=error) from None
