"""scikit-learn's own checks, all of them, and what they do not ask."""

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
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
    found: NDArray[np.float64] = load_digits().data
    return found


@parametrize_with_checks([AutoencoderEstimator()], expected_failed_checks=None)  # type: ignore[untyped-decorator]
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_its_parameters_are_the_knobs() -> None:
    names = inspect.signature(AutoencoderEstimator).parameters
    assert set(names) == set(Config.model_fields) - IMAGE_KNOBS == set(DEFAULTS)
    assert AutoencoderEstimator().get_params() == {n: getattr(Config(), n) for n in names}
    with pytest.raises(TypeError, match="bottelneck"):
        AutoencoderEstimator(bottelneck=3)
    with pytest.raises(LabError, match="bottleneck is 0"):
        AutoencoderEstimator(bottleneck=0).fit(np.eye(4))


def test_a_grid_search_over_the_bottleneck_finds_the_wider_one(images: Any) -> None:
    search = GridSearchCV(AutoencoderEstimator(**SMALL), {"bottleneck": np.array([2, 16])}, cv=2)
    search.fit(images[:600])
    assert search.best_params_ == {"bottleneck": 16}
    assert search.best_estimator_.transform(images[:5]).shape == (5, 16)
    two, sixteen = search.cv_results_["mean_test_score"]
    assert two < sixteen < 0


def test_codes_in_a_pipeline_tell_the_digits_apart(images: Any) -> None:
    labels = load_digits().target
    first = make_pipeline(AutoencoderEstimator(bottleneck=16, **SMALL), StandardScaler())
    line = make_pipeline(first, LogisticRegression(max_iter=500)).fit(images[:1200], labels[:1200])
    assert line.score(images[1200:], labels[1200:]) > 0.8
    names = first.get_feature_names_out()
    assert list(names[:2]) == ["autoencoderestimator0", "autoencoderestimator1"]


def test_it_does_better_than_as_many_principal_components(images: Any) -> None:
    learn, held = images[:1200], images[1200:]
    pca = PCA(8).fit(learn)
    error = np.square(pca.inverse_transform(pca.transform(held)) - held).mean()
    found = AutoencoderEstimator(hidden="128", batch_size=32, epochs=30).fit(learn)
    assert -found.score(held) < error
    reconstruction = found.inverse_transform(found.transform(held))
    np.testing.assert_allclose(found.score_samples(held), -np.square(reconstruction - held).mean(1))
    rows = found.history_
    assert rows[-1]["train"] < rows[0]["train"]
    assert {"step", "epoch", "train"} <= rows[0].keys()


def test_noise_is_more_unusual_than_a_digit(images: Any) -> None:
    found = AutoencoderEstimator(**SMALL).fit(images)
    noise = np.random.default_rng(0).uniform(0, 16, (50, 64))
    assert found.score_samples(noise).max() < np.median(found.score_samples(images))


def test_it_is_the_same_after_clone_and_pickle(images: Any) -> None:
    found = AutoencoderEstimator(bottleneck=3, noise=0.2, **SMALL).fit(images[:300])
    again = clone(found).fit(images[:300])
    back = pickle.loads(pickle.dumps(found))
    for other in (again, back):
        np.testing.assert_array_equal(other.transform(images), found.transform(images))
        assert other.history_ == found.history_
    back.partial_fit(images[:300])
    found.partial_fit(images[:300])
    np.testing.assert_array_equal(back.transform(images), found.transform(images))


@pytest.mark.parametrize("more", [{}, {"hidden": "16", "linear_path": False, "pretrain_epochs": 1}])
def test_an_epoch_at_a_time_is_the_same_as_all_at_once(images: Any, more: Any) -> None:
    whole = AutoencoderEstimator(bottleneck=3, noise=0.2, **{**SMALL, **more}).fit(images[:300])
    parts = clone(whole)
    for _ in range(round(whole.history_[-1]["epoch"])):
        parts.partial_fit(images[:300])
    assert parts.history_ == whole.history_
    np.testing.assert_array_equal(parts.transform(images), whole.transform(images))


def test_parts_of_other_lengths_go_on_from_what_was_learnt(images: Any) -> None:
    found = AutoencoderEstimator(schedule="constant", **SMALL)
    scores = []
    for start, stop in ((0, 500), (500, 700), (700, 1400)):
        scores.append(found.partial_fit(images[start:stop]).score(images[1400:]))
    assert scores == sorted(scores)
    steps = [row["step"] for row in found.history_]
    assert steps == sorted(set(steps))
    assert steps[-1] == 8 + 4 + 11


def test_rows_are_square_images_to_a_convolutional_network(images: Any) -> None:
    settings = {**SMALL, "architecture": "convolutional", "hidden": "4-8"}
    found = AutoencoderEstimator(**settings).fit(images[:300])
    assert found.inverse_transform(found.transform(images[:7])).shape == (7, 64)
    with pytest.raises(LabError, match="63 features; set architecture to dense"):
        clone(found).fit(images[:300, :63])
    with pytest.raises(LabError, match="The codes have 9 dimensions; the network's have 8"):
        found.inverse_transform(np.zeros((2, 9)))
