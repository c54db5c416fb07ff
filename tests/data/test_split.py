import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aecore.data.split import split, split_arrays


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-1, 6), min_size=50, max_size=400))
def test_split_is_a_stratified_partition(numbers: list[int]) -> None:
    labels = np.array(numbers, dtype=np.int64)
    training, held_out = split(labels)
    assert sorted([*training, *held_out]) == list(range(len(labels)))
    assert abs(len(held_out) - len(labels) / 5) < 1
    for number in set(numbers):
        share = (labels[held_out] == number).sum()
        assert abs(share - (labels == number).sum() / 5) < 1


def test_split_is_determined_by_the_seed() -> None:
    labels = np.repeat(np.arange(10), 20)
    same, other = split(labels, seed=0), split(labels, seed=1)
    np.testing.assert_array_equal(split(labels, seed=0)[0], same[0])
    assert set(same[1]) != set(other[1])


def test_first_training_images_cover_all_classes() -> None:
    training, _ = split(np.repeat(np.arange(4), 100))
    assert set(np.repeat(np.arange(4), 100)[training[:40]]) == {0, 1, 2, 3}


def test_labels_stay_with_their_images() -> None:
    labels = np.arange(60)
    images = np.repeat(labels, 16).astype(np.uint8).reshape(60, 4, 4)
    parts = split_arrays(images, labels, split(labels))
    np.testing.assert_array_equal(parts["images"][:, 0, 0], parts["labels"])
    np.testing.assert_array_equal(parts["test_images"][:, 3, 3], parts["test_labels"])
    assert len(parts["test_images"]) == 12


def test_split_of_the_source_is_kept() -> None:
    is_test = np.arange(60) % 3 == 0
    training, held_out = split(np.zeros(60, np.int64), is_test)
    assert sorted(held_out) == np.flatnonzero(is_test).tolist()
    assert sorted(training) == np.flatnonzero(~is_test).tolist()
    # The first images that a small run trains on come from everywhere.
    assert training.tolist() != sorted(training)
