"""The schedule of a run: which layers are trained at which step, when rows and frames are due."""

from dataclasses import dataclass

from aecore.choices.schedule import SCHEDULES
from aecore.config import Config

SPARSEST_ROWS = 64
FRAMES_PER_DOUBLING = 8


def is_frame_due(step: int) -> bool:
    """Return whether a frame is due at a step: eight times per doubling of the steps."""
    return step % max(1, (1 << max(0, step.bit_length() - 1)) // FRAMES_PER_DOUBLING) == 0


@dataclass(frozen=True)
class TrainingSchedule:
    """The steps of a run, divided into stages.

    Attributes
    ----------
    config : Config
    per_epoch : int
        Number of steps per epoch.
    """

    config: Config
    per_epoch: int

    @property
    def per_layer(self) -> int:
        """Number of pretraining steps per layer."""
        return self.config.pretrain_epochs * self.per_epoch

    @property
    def pretraining(self) -> int:
        """Number of pretraining steps, before all layers are trained together."""
        return self.per_layer * (len(self.config.widths) + 1)

    @property
    def total(self) -> int:
        """Number of steps after which the run is finished."""
        return self.pretraining + self.config.epochs * self.per_epoch

    def stage(self, step: int) -> int:
        """Return the layer that a step pretrains, counted from the image; 0 for all layers."""
        return 1 + step // self.per_layer if step < self.pretraining else 0

    def progress(self, step: int) -> float:
        """Return the completed share of a step's stage; the learning rate restarts at each."""
        if step < self.pretraining:
            return step % self.per_layer / self.per_layer
        return (step - self.pretraining) / (self.total - self.pretraining)

    def is_row_due(self, steps: int) -> bool:
        """Return whether a row is due: at first every step, later fewer, and at every epoch."""
        interval = min(SPARSEST_ROWS, 1 << max(0, steps.bit_length() - 4))
        return steps % interval == 0 or steps % self.per_epoch == 0


def passes(config: Config) -> int:
    """Return how often all images are seen: each epoch of pretraining counts once per layer."""
    return TrainingSchedule(config, per_epoch=1).total


def with_passes(config: Config, count: int) -> Config:
    """Return settings that see all images a number of times, pretraining included.

    Parameters
    ----------
    config : Config
    count : int
        Passes over the images. Pretraining is kept in full, and followed by one epoch at least,
        even if the passes are too few for that.

    Raises
    ------
    ConfigError
        If no run may have that many epochs.
    """
    pretraining = TrainingSchedule(config, per_epoch=1).pretraining
    return config.changed(epochs=max(1, count - pretraining))


def learning_rate(config: Config, progress: float) -> float:
    """Return the learning rate at a point of the schedule.

    Parameters
    ----------
    config : Config
    progress : float
        Share of the steps done; beyond 1, the rate stays constant.
    """
    return config.learning_rate * SCHEDULES[config.schedule].factor(min(progress, 1.0))
