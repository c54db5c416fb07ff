"""What a run does at which step: the layers it trains, how far it is, whether a row is due."""

from dataclasses import dataclass

from aecore.choices.schedule import SCHEDULES
from aecore.config import Config

SPARSEST_ROWS = 64


@dataclass(frozen=True)
class TrainingSchedule:
    """The steps of a run from the first to the last.

    Attributes
    ----------
    config : Config
    per_epoch : int
        Steps in one pass over the training images.
    """

    config: Config
    per_epoch: int

    @property
    def alone(self) -> int:
        """Steps in which each layer is trained alone, before all are trained together."""
        return self.config.pretrain_epochs * self.per_epoch

    @property
    def pretraining(self) -> int:
        """Steps before all layers are trained together."""
        return self.alone * (len(self.config.widths) + 1)

    @property
    def total(self) -> int:
        """Steps after which the run is finished."""
        return self.pretraining + self.config.epochs * self.per_epoch

    def stage(self, step: int) -> int:
        """Return which layer a step trains alone, counted from the image; 0 for all."""
        return 1 + step // self.alone if step < self.pretraining else 0

    def progress(self, step: int) -> float:
        """Return the share done of the stage that a step belongs to; each has a whole schedule."""
        if step < self.pretraining:
            return step % self.alone / self.alone
        return (step - self.pretraining) / (self.total - self.pretraining)

    def is_row_due(self, steps: int) -> bool:
        """Whether the history gets a row: every step at first, ever more rarely, every epoch."""
        apart = min(SPARSEST_ROWS, 1 << max(0, steps.bit_length() - 5))
        return steps % apart == 0 or steps % self.per_epoch == 0


def learning_rate(config: Config, progress: float) -> float:
    """Return the learning rate at a place in the run.

    Parameters
    ----------
    config : Config
    progress : float
        Share of the steps done; beyond 1 the rate stays where it was at 1.
    """
    return config.learning_rate * SCHEDULES[config.schedule].factor(min(progress, 1.0))
