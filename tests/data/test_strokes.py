import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import data
from aecore.data import strokes
from aecore.data.strokes import FACTORS
from aecore.errors import LabError

DIGITS = range(10)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's own cache out of it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "aecore"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw 60 images instead of 12,000 where the data set is loaded."""
    make = strokes.make
    monkeypatch.setattr(strokes, "make", lambda: make(50, 10))


def drawn(digit: int, **factors: Any) -> np.ndarray:
    """Draw a digit once for each value of the factors given, the others in their middle."""
    count = max(map(len, factors.values()))
    middles = {name: np.full(count, (low + high) / 2) for name, (low, high, _) in FACTORS.items()}
    given = {name: np.asarray(value, np.float32) for name, value in (middles | factors).items()}
    return strokes.draw(np.full(count, digit), **given).astype(np.float64) / 255


def span(name: str, count: int = 7) -> np.ndarray:
    return np.linspace(FACTORS[name].low, FACTORS[name].high, count)


def centroids(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where the ink lies on average, to the right and down."""
    ink, at = images.sum((1, 2)), np.arange(28)
    return images.sum(1) @ at / ink, images.sum(2) @ at / ink


def second_moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ink's variance to the right, its variance down, and the two's covariance."""
    down, right = np.mgrid[:28, :28]
    middles = centroids(images)
    right, down = (
        at - middle[:, None, None] for at, middle in zip((right, down), middles, strict=True)
    )
    ink = images / images.sum((1, 2), keepdims=True)
    products = (right * right, down * down, right * down)
    across, below, both = ((ink * each).sum((1, 2)) for each in products)
    return across, below, both


def test_the_seed_decides() -> None:
    one, same, other = strokes.make(40, 10), strokes.make(40, 10), strokes.make(40, 10, seed=1)
    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
        assert (array != other[name]).any()
    assert not np.array_equal(one["images"][:10], one["test_images"])


def test_shapes_kinds_and_ranges() -> None:
    made = strokes.make(203, 31)
    for prefix, count in (("", 203), ("test_", 31)):
        images, labels = made[f"{prefix}images"], made[f"{prefix}labels"]
        assert images.shape == (count, 28, 28)
        assert images.dtype == np.uint8
        assert labels.shape == (count,)
        assert labels.dtype == np.int64
        assert np.ptp(np.bincount(labels, minlength=10)) <= 1
        factors = made[f"{prefix}factors"]
        assert factors.shape == (len(FACTORS), count)
        assert factors.dtype == np.float32
        for (low, high, _), values in zip(FACTORS.values(), factors, strict=True):
            assert low <= values.min() < values.max() <= high
            assert np.ptp(values) > 0.8 * (high - low)


def test_factors_are_independent_of_each_other_and_of_the_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strokes, "draw", lambda labels, **_: labels)
    made = strokes.make(20_000, 10)
    known = np.vstack([made["factors"], made["labels"]])
    correlations = np.corrcoef(known)[np.triu_indices(len(known), 1)]
    assert np.abs(correlations).max() < 0.03
    levels = np.array([[row.mean(), row.std()] for row in made["factors"]])
    even = [((low + high) / 2, (high - low) / 12**0.5) for low, high, _ in FACTORS.values()]
    np.testing.assert_allclose(levels, even, atol=0.02 * np.ptp(even))


@pytest.mark.parametrize("digit", DIGITS)
def test_thickness_is_the_width_of_the_line(digit: int) -> None:
    ink = drawn(digit, thickness=span("thickness")).sum((1, 2))
    assert (np.diff(ink) > 0).all()


def test_a_straight_line_has_its_width_and_its_length() -> None:
    widths = span("thickness")
    # The upright stroke of a 1, at half its height and away from the other.
    across = drawn(1, thickness=widths)[:, 16].sum(1)
    np.testing.assert_allclose(across, widths, atol=0.05)
    sizes = span("size")
    rows = (drawn(1, size=sizes, thickness=np.full(7, 2.0)).max(2)).sum(1)
    np.testing.assert_allclose(rows, 17 * sizes + 2, atol=0.6)


@pytest.mark.parametrize("digit", DIGITS)
def test_position_moves_the_centroid_by_as_many_pixels(digit: int) -> None:
    right, down = centroids(drawn(digit, x=span("x")))
    np.testing.assert_allclose(right - right[3], span("x"), atol=0.05)
    np.testing.assert_allclose(down, down[3], atol=0.05)
    right, down = centroids(drawn(digit, y=span("y")))
    np.testing.assert_allclose(down - down[3], span("y"), atol=0.05)
    np.testing.assert_allclose(right, right[3], atol=0.05)


@pytest.mark.parametrize("digit", DIGITS)
def test_slant_is_the_shear_that_can_be_measured(digit: int) -> None:
    _, below, both = second_moments(drawn(digit, slant=span("slant")))
    lean = np.degrees(np.arctan(both[3] / below[3] - both / below))
    # A pen's line is as wide where a shear draws it out, so a ring's ink leans a little less.
    np.testing.assert_allclose(lean, span("slant"), rtol=0.2, atol=0.1)


@pytest.mark.parametrize("digit", DIGITS)
def test_rotation_turns_clockwise_and_keeps_shape(digit: int) -> None:
    across, below, both = second_moments(drawn(digit, rotation=span("rotation")))
    turned = np.degrees(np.arctan2(2 * both, across - below) / 2)
    turned = (turned - turned[3] + 90) % 180 - 90
    np.testing.assert_allclose(turned, span("rotation"), atol=1.5)
    np.testing.assert_allclose(across + below, across[3] + below[3], rtol=0.02)


@pytest.mark.parametrize("digit", DIGITS)
def test_size_scales_the_distances(digit: int) -> None:
    across, below, _ = second_moments(drawn(digit, size=span("size")))
    spread = np.sqrt(across + below)
    np.testing.assert_allclose(spread / spread[3], span("size") / span("size")[3], rtol=0.05)


def test_digits_stay_within_the_image() -> None:
    images = strokes.make(1000, 10)["images"]
    edge = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    cut = np.max(edge, axis=(0, 2)) > 127
    assert cut.mean() < 0.01


def test_classes_are_far_apart() -> None:
    """Each image's nearest among the others is, with few exceptions, of its own class."""
    made = strokes.make(1000, 200)
    learn, held = (made[name].reshape(-1, 784) / 255.0 for name in ("images", "test_images"))
    nearest = (np.square(learn).sum(1) - 2 * held @ learn.T).argmin(1)
    assert (made["labels"][nearest] == made["test_labels"]).mean() > 0.9


@pytest.mark.usefixtures("few")
def test_it_is_a_data_set_like_any_other(tmp_path: Path) -> None:
    offer = data.offers(tmp_path)["strokes"]
    assert offer.present
    assert (str(offer.title), offer.megabytes, offer.own) == ("Strokes", 0, False)
    dataset = data.load("strokes", root=tmp_path)
    assert (dataset.name, dataset.shape) == ("strokes", (28, 28))
    assert dataset.classes == tuple("0123456789")
    assert [*dataset.factors] == [*dataset.test_factors] == [*FACTORS]
    assert {values.shape for values in dataset.factors.values()} == {(50,)}
    assert {values.shape for values in dataset.test_factors.values()} == {(10,)}
    again = strokes.draw(np.asarray(dataset.test_labels), **dataset.test_factors)
    np.testing.assert_array_equal(again, dataset.test_images)
    for array in (dataset.images, dataset.factors["slant"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.usefixtures("few")
def test_it_is_drawn_once_and_then_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = data.load("strokes", root=tmp_path)
    monkeypatch.setattr(strokes, "make", lambda: pytest.fail("drawn again"))
    second = data.load("strokes", root=tmp_path)
    assert isinstance(second.images, np.memmap)
    np.testing.assert_array_equal(first.images, second.images)
    for name, values in first.factors.items():
        np.testing.assert_array_equal(values, second.factors[name])


@pytest.mark.usefixtures("few")
def test_another_way_of_drawing_is_drawn_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "strokes.py"
    source.write_text("")
    monkeypatch.setattr(strokes, "__file__", str(source))
    before = data.load("strokes", root=tmp_path)
    monkeypatch.setattr(strokes, "make", lambda: strokes_upside_down(before))
    assert data.load("strokes", root=tmp_path).images[0].tolist() == before.images[0].tolist()
    os.utime(source, (0, 0))
    after = data.load("strokes", root=tmp_path)
    assert after.images[0].tolist() == before.images[0][::-1].tolist()


def strokes_upside_down(dataset: data.Dataset) -> dict[str, np.ndarray]:
    return {
        "images": dataset.images[:, ::-1].copy(),
        "labels": dataset.labels.copy(),
        "factors": np.stack([*dataset.factors.values()]),
        "test_images": dataset.test_images.copy(),
        "test_labels": dataset.test_labels.copy(),
        "test_factors": np.stack([*dataset.test_factors.values()]),
    }


@pytest.mark.usefixtures("few")
def test_without_any_place_to_write_it_works_in_memory(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "cache").write_text("")
    cache.parent.write_text("")
    dataset = data.load("strokes", root=tmp_path)
    assert not isinstance(dataset.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        dataset.factors["slant"][0] = 0


def test_other_data_sets_know_no_factors(tmp_path: Path) -> None:
    digits = data.load("digits", root=tmp_path)
    assert (digits.factors, digits.test_factors) == ({}, {})


def test_its_name_is_taken(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="Strokes is the name of a built-in dataset"):
        data.add(tmp_path, "Strokes", root=tmp_path)
