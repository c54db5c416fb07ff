"""All of scikit-learn's own estimator checks, and tests of what they do not cover."""

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from aecore.config import Config
from aecore.errors import LabError
from aecore.estimator import DEFAULTS, IMAGE_KNOBS, AutoencoderEstimator

SMALL = {"hidden": "32", "batch_size": 64, "epochs": 3}


@pytest.fixture(scope="module")
def images() -> NDArray[np.float64]:
    data: NDArray[np.float64] = load_digits().data
    return data


@parametrize_with_checks([AutoencoderEstimator()], expected_failed_checks=None)  # type: ignore[untyped-decorator]
def test_scikit_learn_estimator_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_estimator_parameters_are_the_knobs() -> None:
    names = inspect.signature(AutoencoderEstimator).parameters
    assert set(names) - {"random_state"} == set(Config.model_fields) - IMAGE_KNOBS == set(DEFAULTS)
    defaults = {name: getattr(Config(), name) for name in DEFAULTS}
    assert AutoencoderEstimator().get_params() == {**defaults, "loss": "mse", "random_state": None}
    with pytest.raises(TypeError, match="bottelneck"):
        AutoencoderEstimator(bottelneck=3)
    with pytest.raises(LabError, match="bottleneck is 0"):
        AutoencoderEstimator(bottleneck=0).fit(np.eye(4))


def test_grid_search_selects_the_wider_bottleneck(images: Any) -> None:
    search = GridSearchCV(AutoencoderEstimator(**SMALL), {"bottleneck": np.array([2, 16])}, cv=2)
    search.fit(images[:600])
    assert search.best_params_ == {"bottleneck": 16}
    assert search.best_estimator_.transform(images[:5]).shape == (5, 16)
    two, sixteen = search.cv_results_["mean_test_score"]
    assert two < sixteen < 0


def test_codes_classify_digits_in_a_pipeline(images: Any) -> None:
    labels = load_digits().target
    encoder = make_pipeline(AutoencoderEstimator(bottleneck=16, **SMALL), StandardScaler())
    classifier = make_pipeline(encoder, LogisticRegression(max_iter=500))
    classifier.fit(images[:1200], labels[:1200])
    assert classifier.score(images[1200:], labels[1200:]) > 0.8
    names = encoder.get_feature_names_out()
    assert list(names[:2]) == ["autoencoderestimator0", "autoencoderestimator1"]


def test_reconstruction_beats_pca_with_as_many_components(images: Any) -> None:
    train, test = images[:1200], images[1200:]
    pca = PCA(8).fit(train)
    pca_error = np.square(pca.inverse_transform(pca.transform(test)) - test).mean()
    estimator = AutoencoderEstimator(hidden="128", batch_size=32, epochs=30).fit(train)
    assert -estimator.score(test) < pca_error
    reconstruction = estimator.inverse_transform(estimator.transform(test))
    errors = np.square(reconstruction - test).mean(1)
    np.testing.assert_allclose(estimator.score_samples(test), -errors)
    rows = estimator.history_
    assert rows[-1]["train"] < rows[0]["train"]
    assert {"step", "epoch", "train"} <= rows[0].keys()


def test_clipped_loss_clips_to_the_range_of_the_data(images: Any) -> None:
    estimator = AutoencoderEstimator(loss="clipped", **SMALL).fit(images)
    rows = estimator.inverse_transform(estimator.transform(images))
    assert (rows.min(), rows.max()) == (0, 16)
    errors = np.square(rows - images).mean(1)
    np.testing.assert_allclose(estimator.score_samples(images), -errors)


def test_noise_scores_lower_than_digits(images: Any) -> None:
    estimator = AutoencoderEstimator(**SMALL).fit(images)
    noise = np.random.default_rng(0).uniform(0, 16, (50, 64))
    assert estimator.score_samples(noise).max() < np.median(estimator.score_samples(images))


def test_clone_and_pickle_preserve_results(images: Any) -> None:
    estimator = AutoencoderEstimator(bottleneck=3, noise=0.2, **SMALL).fit(images[:300])
    refitted = clone(estimator).fit(images[:300])
    unpickled = pickle.loads(pickle.dumps(estimator))
    for other in (refitted, unpickled):
        np.testing.assert_array_equal(other.transform(images), estimator.transform(images))
        assert other.history_ == estimator.history_
    unpickled.partial_fit(images[:300])
    estimator.partial_fit(images[:300])
    np.testing.assert_array_equal(unpickled.transform(images), estimator.transform(images))


@pytest.mark.parametrize(
    "settings", [{}, {"hidden": "16", "linear_path": False, "pretrain_epochs": 1}]
)
def test_partial_fit_by_epochs_equals_fit(images: Any, settings: Any) -> None:
    full = AutoencoderEstimator(bottleneck=3, noise=0.2, **{**SMALL, **settings}).fit(images[:300])
    incremental = clone(full)
    for _ in range(round(full.history_[-1]["epoch"])):
        incremental.partial_fit(images[:300])
    assert incremental.history_ == full.history_
    np.testing.assert_array_equal(incremental.transform(images), full.transform(images))


def test_partial_fit_continues_training_on_batches_of_other_sizes(images: Any) -> None:
    estimator = AutoencoderEstimator(schedule="constant", **SMALL)
    scores = []
    for start, stop in ((0, 500), (500, 700), (700, 1400)):
        scores.append(estimator.partial_fit(images[start:stop]).score(images[1400:]))
    assert scores == sorted(scores)
    steps = [row["step"] for row in estimator.history_]
    assert steps == sorted(set(steps))
    assert steps[-1] == 8 + 4 + 11


def test_convolutional_network_treats_rows_as_square_images(images: Any) -> None:
    settings = {**SMALL, "architecture": "convolutional", "hidden": "4-8"}
    estimator = AutoencoderEstimator(**settings).fit(images[:300])
    assert estimator.inverse_transform(estimator.transform(images[:7])).shape == (7, 64)
    with pytest.raises(LabError, match="63 features; set architecture to dense"):
        clone(estimator).fit(images[:300, :63])
    with pytest.raises(LabError, match="The codes have 9 dimensions; the network's have 8"):
        estimator.inverse_transform(np.zeros((2, 9)))


def test_random_state_is_another_name_for_the_seed(images: Any) -> None:
    by_seed = AutoencoderEstimator(seed=5, **SMALL).fit(images[:300])
    for state in (5, np.int64(5)):
        estimator = AutoencoderEstimator(random_state=state, **SMALL)
        assert estimator.get_params()["random_state"] == 5
        assert clone(estimator).fit(images[:300]).history_ == by_seed.history_
    both = AutoencoderEstimator(seed=5, **SMALL).set_params(random_state=5)
    assert both.fit(images[:300]).history_ == by_seed.history_
    other = AutoencoderEstimator(**SMALL).set_params(random_state=6).fit(images[:300])
    assert other.history_ != by_seed.history_


def test_random_state_may_be_an_instance(images: Any) -> None:
    first, second = (
        AutoencoderEstimator(random_state=np.random.RandomState(seed), **SMALL).fit(images[:100])
        for seed in (1, 1)
    )
    assert first.history_ == second.history_
    # As in scikit-learn, the instance's next numbers are others.
    assert first.fit(images[:100]).history_ != second.history_


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seed": 3, "random_state": 4}, "seed is 3 and random_state is 4; they are the same"),
        ({"random_state": -1}, "random_state is -1; choose a whole number, 0 to 2,147,483,647"),
        ({"random_state": "x"}, "random_state is 'x'; choose a whole number"),
    ],
)
def test_invalid_random_state_is_rejected(
    images: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(LabError, match=message):
        AutoencoderEstimator(**parameters).fit(images[:50])


@pytest.mark.parametrize("settings", [{"noise": 0.3}, {"batch_size": 1, "epochs": 1}])
def test_fit_that_ends_far_above_its_start_warns(images: Any, settings: Any) -> None:
    calm = {**SMALL, **settings}
    # Warnings are errors in these tests.
    AutoencoderEstimator(**calm).fit(images[:300])
    with pytest.warns(ConvergenceWarning, match="Lower learning_rate, which is 1, or"):
        AutoencoderEstimator(**calm, learning_rate=1.0, schedule="constant").fit(images[:300])
