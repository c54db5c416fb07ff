"""The autoencoder as a scikit-learn transformer, from any features to codes."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any, Self, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_array, check_is_fitted, validate_data
from torch import Tensor
from torch.nn import functional

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import ConfigError, DataError
from aecore.i18n import t
from aecore.knob import knobs
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import tensor
from aecore.training.checkpoint import State
from aecore.training.corruption import corrupt
from aecore.training.seeding import generator
from aecore.training.subset import MOST_TEST_IMAGES
from aecore.training.trainer import Trainer

F = TypeVar("F", bound=Callable[..., None])
Rows = NDArray[np.floating]

FLOATS = [np.float64, np.float32]
CHUNK = 4096
# Knobs that select images, which do not apply to features.
IMAGE_KNOBS = frozenset({"dataset", "train_size", "validation_images", "classes"})
DEFAULTS = {name: each.default for name, each in knobs(Config).items() if name not in IMAGE_KNOBS}
# Pixels are between black and white; features have no bounds to clip their reconstructions to.
PARAMETERS: Mapping[str, Any] = {**DEFAULTS, "loss": "mse", "random_state": None}
MOST_SEED = int(knobs(Config)["seed"].high or 0)
MOST_ROWS = int(knobs(Config)["train_size"].high or 0)
# Errors on held-out images: users of scikit-learn hold out data themselves.
HELD_OUT_COLUMNS = frozenset({"held_out", "pca", "noise"})
# A fit ended badly if its error rose by this factor, and to more than 1 % of the range of the data.
MUCH_WORSE, NOTICEABLE = 2.0, 1e-4


def _with_knobs(init: F) -> F:
    """Add the parameters as keywords to a constructor's signature, which scikit-learn reads."""
    keywords = [Parameter(n, Parameter.KEYWORD_ONLY, default=d) for n, d in PARAMETERS.items()]
    this = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    init.__signature__ = Signature([this, *keywords])  # type: ignore[attr-defined]
    return init


class AutoencoderEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """An autoencoder for feature matrices, usable in pipelines and searches.

    All features are scaled jointly to [0, 1], by the smallest and largest value in the first call
    of `fit` or `partial_fit`. As for PCA, they should have comparable units; otherwise, put a
    scaler before it.

    Parameters
    ----------
    **parameters : int, float, bool or str
        The knobs of `aecore.config.Config` with their defaults, except ``dataset``,
        ``train_size``, ``validation_images`` and ``classes``; by default, ``loss`` is ``mse``. With
        ``clipped``, reconstructions are clipped to the range of the data. A convolutional network
        interprets rows as square images.
    random_state : int, RandomState instance or None
        Another name for ``seed``; None for the value of ``seed``.

    Attributes
    ----------
    model_ : Autoencoder
        The network, in float64, so that a row's code does not depend on the other rows.
    history_ : list of dict
        ``step``, ``epoch`` and ``train``, the mean squared error of scaled features since the last
        row; also ``learning_rate``, ``bottleneck`` and ``stage``.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if the features have names.
    low_, range_ : float
        A value x is scaled to ``(x - low_) / range_``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from aecore import AutoencoderEstimator
    >>> images, _ = load_digits(return_X_y=True)
    >>> AutoencoderEstimator(bottleneck=2, hidden="64", epochs=1).fit_transform(images).shape
    (1797, 2)
    """

    @_with_knobs
    def __init__(self, **parameters: Any) -> None:
        if unknown := parameters.keys() - PARAMETERS.keys():
            raise TypeError(f"AutoencoderEstimator has no parameter {sorted(unknown)[0]!r}")
        for name, value in {**PARAMETERS, **parameters}.items():
            setattr(self, name, value)

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: N803, ARG002
        """Train a new network for all its epochs.

        Parameters
        ----------
        X : array-like of shape (n, features)
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ConfigError
            If a parameter is invalid; it is a ValueError.
        RunError
            If training diverges.

        Warns
        -----
        ConvergenceWarning
            If the error is far larger at the end than at the start.
        """
        rows = self._begin(X)
        trainer = Trainer(self._dataset(rows), self._config())
        start = _error(trainer)
        trainer.train()
        _warn_if_worse(start, _error(trainer), trainer.config.learning_rate)
        self._end(trainer, trainer.history)
        self._passes = trainer.steps // trainer.steps_per_epoch
        return self

    def partial_fit(self, X: Any, y: object = None) -> Self:  # noqa: N803, ARG002
        """Train for one more epoch on these rows, creating the network in the first call.

        As many calls as `epochs` with the same rows are equivalent to `fit`. The parameters are
        those of the first call. After `epochs` calls, the learning rate stays at its last value.

        Parameters
        ----------
        X : array-like of shape (n, features)
            The rows of the first call determine the scale.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        LabError
            See `fit`.
        """
        first = not hasattr(self, "model_")
        rows = self._begin(X) if first else self._scaled(self._valid(X))
        dataset, before = self._dataset(rows), [] if first else self.history_
        passes = 0 if first else self._passes
        trainer = Trainer(dataset, self._config() if first else self._config_)
        if not first:
            # The number of steps per epoch may differ between calls, as the rows may.
            step, images = passes * trainer.steps_per_epoch, [len(rows), *dataset.shape]
            # The state is that of other images: their fingerprint and their map do not apply.
            of_rows = {"images": images, "fingerprint": dataset.fingerprint}
            facts = {**self._state.facts, "step": step, **of_rows}
            tensors = {n: each for n, each in self._state.tensors.items() if n != "points"}
            state = State(tensors, facts, [])
            trainer = Trainer(dataset, self._config_, state=state)
        done = before[-1]["step"] - trainer.steps if before else 0
        trainer.train(trainer.steps + trainer.steps_per_epoch)
        later = [{**row, "step": row["step"] + done} for row in trainer.history]
        self._end(trainer, [*before, *later])
        self._passes = passes + 1
        return self

    def transform(self, X: Any) -> Rows:  # noqa: N803
        """Encode rows (n, features) to codes (n, bottleneck) of the same dtype."""
        rows = self._valid(X)
        return self._through(self.model_.encode, self._scaled(rows)).astype(rows.dtype)

    def inverse_transform(self, X: Any) -> Rows:  # noqa: N803
        """Decode codes (n, bottleneck) to rows (n, features) of the same dtype."""
        check_is_fitted(self)
        codes = check_array(X, dtype=FLOATS)
        if codes.shape[1] != self.model_.bottleneck:
            raise DataError(
                "The codes have {given} dimensions; the network's have {wanted}.",
                given=codes.shape[1],
                wanted=self.model_.bottleneck,
            )
        rows = self._through(self._clipped(self.model_.decode), codes) * self.range_ + self.low_
        return rows.astype(codes.dtype)

    def score_samples(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the negative mean squared error of each row's reconstruction, of shape (n,).

        In squared units of the features; lower means more unusual.
        """
        rows = self._scaled(self._valid(X))
        residuals = self._through(self._clipped(self.model_), rows) - rows
        errors: NDArray[np.float64] = np.square(residuals * self.range_).mean(1)
        return -errors

    def score(self, X: Any, y: object = None) -> float:  # noqa: N803, ARG002
        """Return the mean of `score_samples`; higher is better, and 0 is perfect."""
        return float(self.score_samples(X).mean())

    def _config(self) -> Config:
        values = {**{name: getattr(self, name) for name in DEFAULTS}, "seed": self._seed()}
        # Searches may set numpy scalars.
        plain = {n: v.item() if isinstance(v, np.generic) else v for n, v in values.items()}
        return Config(**plain, train_size=MOST_ROWS, validation_images=0)

    def _seed(self) -> Any:
        """Return the seed, which `random_state` may give too."""
        seed, state = self.seed, self.random_state
        if state is None:
            return seed
        if seed not in (DEFAULTS["seed"], state):
            raise ConfigError(
                "seed is {seed} and random_state is {state}; they are the same setting, so give "
                "only one of them.",
                seed=seed,
                state=state,
            )
        if isinstance(state, np.random.RandomState):
            return int(state.randint(MOST_SEED))
        if not (isinstance(state, int | np.integer) and 0 <= state <= MOST_SEED):
            raise ConfigError(
                "random_state is {state!r}; choose a whole number, 0 to {most:,}, a RandomState, "
                "or None.",
                state=state,
                most=MOST_SEED,
            )
        return int(state)

    def _begin(self, X: Any) -> Rows:  # noqa: N803
        rows = cast("Rows", validate_data(self, X, dtype=FLOATS))
        if len(rows) > MOST_ROWS:
            raise DataError(
                "X has {count:,} rows; fit takes up to {most:,}, and partial_fit any number "
                "in batches.",
                count=len(rows),
                most=MOST_ROWS,
            )
        self.low_ = float(rows.min())
        self.range_ = float(rows.max()) - self.low_ or 1.0
        return self._scaled(rows)

    def _valid(self, X: Any) -> Rows:  # noqa: N803
        check_is_fitted(self)
        return cast("Rows", validate_data(self, X, dtype=FLOATS, reset=False))

    def _scaled(self, rows: Rows) -> NDArray[np.float64]:
        return (rows.astype(np.float64) - self.low_) / self.range_

    def _dataset(self, rows: Rows) -> Dataset:
        height, width = 1, rows.shape[1]
        if self.architecture == "convolutional":
            height = width = math.isqrt(rows.shape[1])
            if height * width != rows.shape[1]:
                raise ConfigError(
                    "A convolutional network needs square images, but the rows have {count} "
                    "features; set architecture to dense.",
                    count=rows.shape[1],
                )
        images = rows.astype(np.float32).reshape(-1, height, width)
        unknown = np.full(len(images), -1)
        few = slice(MOST_TEST_IMAGES)
        # The trainer accepts float32 images too, although a Dataset declares bytes.
        pixels = cast("NDArray[np.uint8]", images)
        return Dataset("features", pixels, unknown, pixels[few], unknown[few], ())

    def _end(self, trainer: Trainer, history: Sequence[Mapping[str, Any]]) -> None:
        self.history_: list[dict[str, Any]] = [
            {name: value for name, value in row.items() if name not in HELD_OUT_COLUMNS}
            for row in history
        ]
        self._config_, self._state = trainer.config, trainer.state()
        self.model_: Autoencoder = trainer.model.double().requires_grad_(False)
        self._n_features_out = self.model_.bottleneck

    def _clipped(self, part: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """Return a part of the network, with clipped output if it was trained for that."""
        return lambda rows: _clip(part(rows), self._config_)

    def _through(self, part: Callable[..., Any], rows: Rows) -> NDArray[np.float64]:
        chunks = torch.split(torch.from_numpy(rows.astype(np.float64)), CHUNK)
        return cast("NDArray[np.float64]", torch.cat([part(x) for x in chunks]).numpy())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@torch.no_grad()
def _error(trainer: Trainer) -> float:
    """Return the mean squared error on the first rows, with noise as in training."""
    rows, config = tensor(trainer.dataset.test_images), trainer.config
    noise = generator(config.seed, "convergence")
    corrupted = corrupt(rows, config.noise_kind, config.noise, noise)
    return float(functional.mse_loss(_clip(trainer.model(corrupted), config), rows))


def _clip(rows: Tensor, config: Config) -> Tensor:
    return rows.clamp(0, 1) if config.loss == "clipped" else rows


def _warn_if_worse(start: float, end: float, learning_rate: float) -> None:
    if end > max(MUCH_WORSE * start, NOTICEABLE):
        text = t(
            "The fit made the network worse: the mean squared error of scaled features rose from "
            "{start:.3g} to {end:.3g}. Lower learning_rate, which is {rate:g}, or train for more "
            "epochs.",
            start=start,
            end=end,
            rate=learning_rate,
        )
        warnings.warn(text, ConvergenceWarning, stacklevel=3)
