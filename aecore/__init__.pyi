__all__: list[str]

from .applications.anomaly import detector as detector
from .applications.denoising import add_noise as add_noise
from .applications.evaluation import scores as scores
from .config import Config as Config
from .data.dataset import Dataset as Dataset
from .errors import Cancelled as Cancelled
from .errors import ConfigError as ConfigError
from .errors import DataError as DataError
from .errors import LabError as LabError
from .errors import RunError as RunError
from .estimator import AutoencoderEstimator as AutoencoderEstimator
from .experiments.grid import grid as grid
from .experiments.sweep import sweep as sweep
from .maps.projection import Projection as Projection
from .maps.projection import project as project
from .network.autoencoder import Autoencoder as Autoencoder
from .presets import PRESETS as PRESETS
from .presets import preset as preset
from .runs.run import Run as Run
from .runs.trained_model import TrainedModel as TrainedModel
from .training.snapshot import Snapshot as Snapshot
from .training.trainer import Trainer as Trainer
