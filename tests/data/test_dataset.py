"""The fingerprint of a dataset: equal for equal content, and cheap."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import data
from aecore.data import Dataset
from aecore.errors import DataError


def test_equal_content_has_an_equal_fingerprint(small: Dataset, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", small.images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    fortran = np.asfortranarray(small.test_images)
    others = {"images": mapped, "test_images": fortran, "name": "other", "factors": {}}
    assert replace(small, **others).fingerprint == small.fingerprint
    assert data.load("digits").fingerprint == data.load("digits").fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        *({name: "last + 1"} for name in ("images", "labels", "test_images", "test_labels")),
        {"images": "reversed"},
        {"images": "wider"},
        {"classes": ("a", "c", "b")},
        {"classes": ("a", "b", "c", "d")},
    ],
)
def test_any_change_gives_another_fingerprint(small: Dataset, changes: dict[str, Any]) -> None:
    ((name, change),) = changes.items()
    value = getattr(small, name)
    if change == "last + 1":
        value = value.copy()
        value.flat[-1] += 1
    elif change == "reversed":
        value = value[::-1]
    elif change == "wider":
        # The same bytes.
        value = value.reshape(len(value), 5, 6)
    else:
        value = change
    assert replace(small, **{name: value}).fingerprint != small.fingerprint


def test_fingerprint_of_a_subset_differs(small: Dataset) -> None:
    subset = replace(small, images=small.images[:50], labels=small.labels[:50])
    assert subset.fingerprint != small.fingerprint


def test_seventy_thousand_images_take_well_under_a_second_and_are_read_once(
    small: Dataset,
) -> None:
    images = np.zeros((60_000, 28, 28), np.uint8)
    test_images = np.zeros((10_000, 28, 28), np.uint8)
    mnist = replace(
        small,
        images=images,
        labels=np.zeros(60_000, np.int64),
        test_images=test_images,
        test_labels=np.zeros(10_000, np.int64),
    )
    started = time.process_time()
    first = mnist.fingerprint
    assert time.process_time() - started < 0.5
    started = time.process_time()
    assert mnist.fingerprint is first
    assert time.process_time() - started < 0.01


def test_only_the_dataset_of_a_run_is_accepted(small: Dataset, digits: Dataset) -> None:
    small.require(small.fingerprint)
    small.require(None)
    with pytest.raises(DataError, match="The dataset small has changed since this run was trained"):
        small.require(digits.fingerprint)
