"""The training loop: one step at a time, reproducible from its seed, resumable bit for bit."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Diverged, RunError
from aecore.knob import knobs
from aecore.maps.projection import plane
from aecore.network import resize
from aecore.network.autoencoder import Autoencoder, top_k_units
from aecore.network.inference import tensor
from aecore.network.products import Products, has_onednn, multiplying
from aecore.training import objective, optimizer
from aecore.training.batches import Batches
from aecore.training.checkpoint import State
from aecore.training.corruption import corrupt, noise_level
from aecore.training.machine import device
from aecore.training.machine.precision import fastest_float32, products
from aecore.training.probe import Probe
from aecore.training.schedule import TrainingSchedule, is_frame_due, learning_rate
from aecore.training.seeding import generator
from aecore.training.snapshot import Edit, Record, Snapshot
from aecore.training.subset import training_subset

# Number of training images whose codes decide how the bottleneck is resized.
RESIZE_IMAGES = 2048
# No two images differ by more; a larger error means that the weights are exploding.
LARGEST_ERROR = 1.0


AfterStep = Callable[[], bool | None]


class Trainer:
    """Train an autoencoder on a dataset.

    Parameters
    ----------
    dataset : Dataset
    config : Config
    state : State, optional
        State of an earlier trainer to resume from; its configuration replaces `config`.

    Attributes
    ----------
    config : Config
        The current settings.
    training_subset : TrainingSubset
        The images trained on, with validation and test images of the same classes.
    device : str
        Where it trains: 'cpu', 'cuda' or 'mps'.
    model : Autoencoder
    steps : int
        Number of steps so far.
    history : list of Record
    edits : list of Edit

    Raises
    ------
    RunError
        If the state is damaged.
    ConfigError
        If this machine does not have the device that the settings ask for.
    DataError
        If the dataset has changed since.
    """

    def __init__(self, dataset: Dataset, config: Config, *, state: State | None = None) -> None:
        if state is not None:
            dataset.require(state.facts.get("fingerprint"))
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
        saved = None if state is None else state.facts.get("device", "cpu")
        self.device = device.choose(self.config, dataset.shape, saved)
        # On another device the run does not continue bit for bit in any case.
        kept = state if saved == self.device else None
        precision = self.config.precision
        self._products = _products(kept, "products", lambda: products(precision, self.device))
        self._validation_products = _products(
            kept, "validation_products", lambda: fastest_float32(self.device)
        )
        self._codes: NDArray[np.float32] | None = None
        self._orientation: NDArray[np.float32] | None = None
        self._error_sum, self._error_count = torch.zeros((), device=self.device), 0
        self.model = self._new_model(self.config)
        self._stepper = optimizer.Stepper(self.model)
        if state is None:
            self._orient()
        else:
            self._restore(state)
        self._last_good = self.state()

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches per epoch; the last may be smaller."""
        return self._batches.per_epoch

    @property
    def total_steps(self) -> int:
        """Number of steps after which the run is finished."""
        return self._schedule.total

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.steps >= self.total_steps

    def step(self) -> Record | None:
        """Take one optimizer step.

        Returns
        -------
        Record or None
            The row added to the history, if one was due.

        Raises
        ------
        Diverged
            If the loss or the validation error is not finite.
        """
        schedule = self._schedule
        layer = schedule.stage(self.steps)
        if self.steps and layer != schedule.stage(self.steps - 1):
            self._stepper = optimizer.Stepper(self.model)
        rate = learning_rate(self.config, schedule.progress(self.steps))
        self._stepper.step(self._loss(layer), self.config, rate)
        self.steps += 1
        self._codes = None
        if is_frame_due(self.steps):
            self._orient()
        return self._record(layer, rate) if schedule.is_row_due(self.steps) else None

    def train(self, until: int | None = None, after_step: AfterStep | None = None) -> None:
        """Take steps until a given step.

        Parameters
        ----------
        until : int, optional
            Step to stop at, counted from the start of the run; by default the end of all epochs.
        after_step : callable, optional
            Called after each step; training stops early if it returns True.

        Raises
        ------
        Diverged
            See `step`.
        """
        while self.steps < (self.total_steps if until is None else until):
            self.step()
            if after_step is not None and after_step():
                return

    def change(self, drag: int = 0, /, **values: Any) -> None:
        """Change live knobs from the next step on; resizing the bottleneck keeps what was learned.

        If training is diverging, the trainer first returns to its last good state.

        Parameters
        ----------
        drag : int
            The same positive number for all changes by one drag of a slider.
        **values
            New values by name.

        Raises
        ------
        ConfigError
            If a value is invalid.
        RunError
            If a knob cannot change during a run.
        """
        config = self.config.changed(**values)
        before, after = self.config.model_dump(), config.model_dump()
        changes = {n: [before[n], after[n]] for n in after if before[n] != after[n]}
        for name in changes:
            if not knobs(Config)[name].live:
                raise RunError("{name} cannot change during training; start a new run.", name=name)
        if not changes:
            return
        if not self._is_stable():
            self._restore(self._last_good)
        if "bottleneck" in changes:
            self._resize(config)
        self.config = config
        self.model.active_units = top_k_units(config)
        self._codes = None
        edit: Edit = {"step": self.steps, "changes": changes}
        self.edits.append({**edit, "drag": drag} if drag else edit)
        self._last_good = self.state()

    def state(self) -> State:
        """Return a copy of everything needed to resume bit for bit.

        If training is diverging, this is the last good state: from the present one it would never
        recover.
        """
        if not self._is_stable():
            return self._last_good
        moments = optimizer.flat(self._stepper.moments)
        points = self._orientation
        tensors = {
            "squares": self._error_sum,
            **({} if points is None else {"points": torch.from_numpy(points)}),
            **{f"model/{name}": value for name, value in self.model.named_parameters()},
            **{f"optimizer/{name}": value for name, value in moments},
        }
        facts = {
            "config": self.config.model_dump(),
            "step": self.steps,
            "batches": self._error_count,
            "edits": list(self.edits),
            "products": str(self._products),
            "validation_products": str(self._validation_products),
            "device": self.device,
            "images": [len(self.training_subset.images), *self.dataset.shape],
            "fingerprint": self.dataset.fingerprint,
        }
        copies = {
            name: value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
            for name, value in tensors.items()
        }
        return State(copies, facts, tuple(self.history))

    def snapshot(self, chosen: NDArray[np.int64] | None = None) -> Snapshot:
        """Return an immutable snapshot of the present step.

        Parameters
        ----------
        chosen : ndarray of int, optional
            Indices of the held-out images to use as examples; by default always the same.
        """
        return Snapshot(
            config=self.config,
            step=self.steps,
            total_steps=self.total_steps,
            epoch=self.steps / self.steps_per_epoch,
            history=tuple(self.history),
            edits=tuple(self.edits),
            codes=self._probe_codes(),
            points=self._project(),
            labels=self._probe.labels,
            classes=self.dataset.classes,
            examples=self._probe.examples(self.model, self.config, chosen),
            weights={n: p.detach().cpu().numpy().copy() for n, p in self.model.named_parameters()},
            fingerprint=self.dataset.fingerprint,
        )

    @property
    def _schedule(self) -> TrainingSchedule:
        return TrainingSchedule(self.config, self._batches.per_epoch)

    def _probe_codes(self) -> NDArray[np.float32]:
        if self._codes is None:
            self._codes = self._probe.codes(self.model)
        return self._codes

    def _project(self) -> NDArray[np.float32]:
        """Project the codes of the probe set onto a plane, rotated to match the last frame's."""
        return plane(self._probe_codes(), self._orientation)

    def _orient(self) -> None:
        """Orient the maps of the next steps to this one.

        They turn little, and what a frame contains depends on the steps only, not on when
        snapshots were taken.
        """
        self._orientation = self._project()

    def _new_model(self, config: Config) -> Autoencoder:
        weights = generator(config.seed, "weights", self.steps)
        model = Autoencoder(self.dataset.shape, config, generator=weights)
        if config.linear_path:
            model.set_linear_path(self._probe.pca.mean, self._probe.pca.components)
        return model.to(self.device)

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
            self.model.load_state_dict(state.with_prefix("model/"))
            moments = optimizer.nested(state.with_prefix("optimizer/"))
            self._stepper = optimizer.Stepper(self.model, moments)
            self._error_sum = state.tensors["squares"].to(self.device, copy=True)
            self._error_count, self.steps = int(facts["batches"]), int(facts["step"])
            self.edits, self.history = list(facts["edits"]), list(state.history)
            self._codes, self._orientation = None, self._saved_orientation(state)
            if not self._is_stable():
                raise ValueError("weights that are no numbers")
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise RunError("The saved state is damaged: {error}.", error=error) from None

    def _saved_orientation(self, state: State) -> NDArray[np.float32] | None:
        points = state.tensors.get("points")
        if points is None:
            # Early versions did not save it.
            return None
        if points.shape != (len(self._probe.images), 2) or not points.isfinite().all():
            raise ValueError("a map of other images")
        return points.numpy().copy()

    def _resize(self, config: Config) -> None:
        # On the processor, which has the precision that some of it needs.
        old, new = self.model.cpu(), self._new_model(config).cpu()
        images = tensor(self.training_subset.images[:RESIZE_IMAGES])
        code_map = resize.resize(old, new, images, generator(config.seed, "resize", self.steps))
        moments = {
            name: resize.map_optimizer_state(
                {moment: value.cpu() for moment, value in state.items()}, name, code_map
            )
            for name, state in self._stepper.moments.items()
        }
        self.model = new.to(self.device)
        self._stepper = optimizer.Stepper(self.model, moments)

    def _loss(self, layer: int) -> Tensor:
        images = self._batches.at(self.steps)
        noise = generator(self.config.seed, "noise", self.steps)
        corrupted = corrupt(images, self.config.noise_kind, self.config.noise, noise)
        target = images.to(self.device)
        source = target if corrupted is images else corrupted.to(self.device)
        arguments = (target, source, self.config)
        if layer:
            loss = objective.layer_loss(self.model, layer, *arguments, products=self._products)
        else:
            loss = objective.loss(self.model, *arguments, products=self._products)
        # A tensor, because converting it to a number at every step would delay the next one.
        self._error_sum = self._error_sum + loss.squares
        self._error_count += 1
        return loss.total

    def _record(self, layer: int, rate: float) -> Record:
        with multiplying(self._validation_products, self.device):
            held_out = self._probe.error(self.model, self.config)
        row: Record = {
            "step": self.steps,
            "epoch": round(self.steps / self.steps_per_epoch, 6),
            "train": self._error_sum.item() / self._error_count,
            "held_out": held_out,
            "pca": self._probe.pca_error(self.config),
            "noise": noise_level(self.config),
            "learning_rate": rate,
            "bottleneck": self.config.bottleneck,
            "stage": layer,
        }
        if not (math.isfinite(row["train"]) and math.isfinite(row["held_out"])):
            raise self._diverged()
        self.history.append(row)
        self._error_sum, self._error_count = torch.zeros_like(self._error_sum), 0
        self._last_good = self.state()
        return row

    def _is_stable(self) -> bool:
        """Whether training can continue: finite weights and an error that images can have."""
        recent = self.history[-1]["train"] if self.history else 0.0
        if self._error_count:
            recent = self._error_sum.item() / self._error_count
        exploding = self.config.linear_path and not recent <= LARGEST_ERROR
        return not exploding and all(bool(p.isfinite().all()) for p in self.model.parameters())

    def _diverged(self) -> Diverged:
        step, rate = self.steps, self.config.learning_rate
        self._restore(self._last_good)
        return Diverged(
            "Training diverged at step {step}: the error is no longer a number. Restored to step "
            "{good}. The likely cause is learning_rate, which is {rate:g}; try {less:g}.",
            step=step,
            good=self.steps,
            rate=rate,
            less=rate / 10,
        )


def _products(state: State | None, fact: str, choose: Callable[[], Products]) -> Products:
    """Return how to multiply matrices: as the run did so far, so that it resumes bit for bit."""
    if state is None:
        return choose()
    if (saved := state.facts.get(fact)) is None:
        # Early versions did not know oneDNN's.
        return Products.TORCH if (way := choose()) is Products.ONEDNN else way
    return choose() if saved == Products.ONEDNN and not has_onednn() else Products(saved)


def _config(state: State) -> Config:
    try:
        return Config.from_saved(state.facts["config"])
    except (KeyError, TypeError) as error:
        raise RunError("The saved state is damaged: {error}.", error=error) from None
