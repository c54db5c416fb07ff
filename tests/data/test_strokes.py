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
    """Redirect the user's cache to a temporary folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "aecore"


@pytest.fixture
def small_strokes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw 60 images instead of 12,000 when the dataset is loaded."""
    make = strokes.make
    monkeypatch.setattr(strokes, "make", lambda: make(50, 10))


def draw_digit(digit: int, **factors: Any) -> np.ndarray:
    """Draw a digit once per value of the given factors, with the others at mid-range."""
    count = max(map(len, factors.values()))
    middles = {name: np.full(count, (low + high) / 2) for name, (low, high, _) in FACTORS.items()}
    values = {name: np.asarray(value, np.float32) for name, value in (middles | factors).items()}
    return strokes.draw(np.full(count, digit), **values).astype(np.float64) / 255


def span(name: str, count: int = 7) -> np.ndarray:
    return np.linspace(FACTORS[name].low, FACTORS[name].high, count)


def centroids(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the horizontal and vertical coordinates of the ink's centroid."""
    ink, at = images.sum((1, 2)), np.arange(28)
    return images.sum(1) @ at / ink, images.sum(2) @ at / ink


def second_moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the horizontal variance, vertical variance and covariance of the ink."""
    down, right = np.mgrid[:28, :28]
    middles = centroids(images)
    right, down = (
        at - middle[:, None, None] for at, middle in zip((right, down), middles, strict=True)
    )
    ink = images / images.sum((1, 2), keepdims=True)
    products = (right * right, down * down, right * down)
    horizontal, vertical, covariance = ((ink * each).sum((1, 2)) for each in products)
    return horizontal, vertical, covariance


def test_strokes_are_determined_by_the_seed() -> None:
    first, same, other = strokes.make(40, 10), strokes.make(40, 10), strokes.make(40, 10, seed=1)
    for name, array in first.items():
        np.testing.assert_array_equal(array, same[name])
        assert (array != other[name]).any()
    assert not np.array_equal(first["images"][:10], first["test_images"])


def test_shapes_dtypes_and_ranges() -> None:
    arrays = strokes.make(203, 31)
    for prefix, count in (("", 203), ("test_", 31)):
        images, labels = arrays[f"{prefix}images"], arrays[f"{prefix}labels"]
        assert images.shape == (count, 28, 28)
        assert images.dtype == np.uint8
        assert labels.shape == (count,)
        assert labels.dtype == np.int64
        assert np.ptp(np.bincount(labels, minlength=10)) <= 1
        factors = arrays[f"{prefix}factors"]
        assert factors.shape == (len(FACTORS), count)
        assert factors.dtype == np.float32
        for (low, high, _), values in zip(FACTORS.values(), factors, strict=True):
            assert low <= values.min() < values.max() <= high
            assert np.ptp(values) > 0.8 * (high - low)


def test_factors_are_independent_of_each_other_and_of_the_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strokes, "draw", lambda labels, **_: labels)
    arrays = strokes.make(20_000, 10)
    known = np.vstack([arrays["factors"], arrays["labels"]])
    correlations = np.corrcoef(known)[np.triu_indices(len(known), 1)]
    assert np.abs(correlations).max() < 0.03
    moments = np.array([[row.mean(), row.std()] for row in arrays["factors"]])
    expected = [((low + high) / 2, (high - low) / 12**0.5) for low, high, _ in FACTORS.values()]
    np.testing.assert_allclose(moments, expected, atol=0.02 * np.ptp(expected))


@pytest.mark.parametrize("digit", DIGITS)
def test_ink_increases_with_thickness(digit: int) -> None:
    ink = draw_digit(digit, thickness=span("thickness")).sum((1, 2))
    assert (np.diff(ink) > 0).all()


def test_thickness_and_size_set_the_width_and_length_of_a_line() -> None:
    widths = span("thickness")
    # Row 16 crosses only the upright stroke of the 1.
    measured = draw_digit(1, thickness=widths)[:, 16].sum(1)
    np.testing.assert_allclose(measured, widths, atol=0.05)
    sizes = span("size")
    rows = (draw_digit(1, size=sizes, thickness=np.full(7, 2.0)).max(2)).sum(1)
    np.testing.assert_allclose(rows, 17 * sizes + 2, atol=0.6)


@pytest.mark.parametrize("digit", DIGITS)
def test_position_shifts_the_centroid_by_as_many_pixels(digit: int) -> None:
    right, down = centroids(draw_digit(digit, x=span("x")))
    np.testing.assert_allclose(right - right[3], span("x"), atol=0.05)
    np.testing.assert_allclose(down, down[3], atol=0.05)
    right, down = centroids(draw_digit(digit, y=span("y")))
    np.testing.assert_allclose(down - down[3], span("y"), atol=0.05)
    np.testing.assert_allclose(right, right[3], atol=0.05)


@pytest.mark.parametrize("digit", DIGITS)
def test_slant_equals_the_measured_shear(digit: int) -> None:
    _, vertical, covariance = second_moments(draw_digit(digit, slant=span("slant")))
    lean = np.degrees(np.arctan(covariance[3] / vertical[3] - covariance / vertical))
    # Shearing moves the pen's path but keeps its width, so the ink of a ring leans slightly less.
    np.testing.assert_allclose(lean, span("slant"), rtol=0.2, atol=0.1)


@pytest.mark.parametrize("digit", DIGITS)
def test_rotation_is_clockwise_and_keeps_the_shape(digit: int) -> None:
    horizontal, vertical, covariance = second_moments(draw_digit(digit, rotation=span("rotation")))
    angles = np.degrees(np.arctan2(2 * covariance, horizontal - vertical) / 2)
    angles = (angles - angles[3] + 90) % 180 - 90
    np.testing.assert_allclose(angles, span("rotation"), atol=1.5)
    np.testing.assert_allclose(horizontal + vertical, horizontal[3] + vertical[3], rtol=0.02)


@pytest.mark.parametrize("digit", DIGITS)
def test_size_scales_distances(digit: int) -> None:
    horizontal, vertical, _ = second_moments(draw_digit(digit, size=span("size")))
    spread = np.sqrt(horizontal + vertical)
    np.testing.assert_allclose(spread / spread[3], span("size") / span("size")[3], rtol=0.05)


def test_digits_stay_within_the_image() -> None:
    images = strokes.make(1000, 10)["images"]
    edges = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    cut_off = np.max(edges, axis=(0, 2)) > 127
    assert cut_off.mean() < 0.01


def test_classes_are_well_separated() -> None:
    """The nearest neighbour of an image has, with few exceptions, the same class."""
    arrays = strokes.make(1000, 200)
    training, held_out = (
        arrays[name].reshape(-1, 784) / 255.0 for name in ("images", "test_images")
    )
    nearest = (np.square(training).sum(1) - 2 * held_out @ training.T).argmin(1)
    assert (arrays["labels"][nearest] == arrays["test_labels"]).mean() > 0.9


@pytest.mark.usefixtures("small_strokes")
def test_strokes_are_offered_and_loaded_like_other_datasets(tmp_path: Path) -> None:
    offer = data.offers(tmp_path)["strokes"]
    assert offer.present
    assert (str(offer.title), offer.megabytes, offer.own) == ("Strokes", 0, False)
    dataset = data.load("strokes", root=tmp_path)
    assert (dataset.name, dataset.shape) == ("strokes", (28, 28))
    assert dataset.classes == tuple("0123456789")
    assert [*dataset.factors] == [*dataset.test_factors] == [*FACTORS]
    assert {values.shape for values in dataset.factors.values()} == {(50,)}
    assert {values.shape for values in dataset.test_factors.values()} == {(10,)}
    redrawn = strokes.draw(np.asarray(dataset.test_labels), **dataset.test_factors)
    np.testing.assert_array_equal(redrawn, dataset.test_images)
    for array in (dataset.images, dataset.factors["slant"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.usefixtures("small_strokes")
def test_strokes_are_drawn_once_and_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = data.load("strokes", root=tmp_path)
    monkeypatch.setattr(strokes, "make", lambda: pytest.fail("drawn again"))
    second = data.load("strokes", root=tmp_path)
    assert isinstance(second.images, np.memmap)
    np.testing.assert_array_equal(first.images, second.images)
    for name, values in first.factors.items():
        np.testing.assert_array_equal(values, second.factors[name])


@pytest.mark.usefixtures("small_strokes")
def test_strokes_are_redrawn_when_their_source_code_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "strokes.py"
    source.write_text("")
    monkeypatch.setattr(strokes, "__file__", str(source))
    before = data.load("strokes", root=tmp_path)
    monkeypatch.setattr(strokes, "make", lambda: upside_down(before))
    assert data.load("strokes", root=tmp_path).images[0].tolist() == before.images[0].tolist()
    os.utime(source, (0, 0))
    after = data.load("strokes", root=tmp_path)
    assert after.images[0].tolist() == before.images[0][::-1].tolist()


def upside_down(dataset: data.Dataset) -> dict[str, np.ndarray]:
    return {
        "images": dataset.images[:, ::-1].copy(),
        "labels": dataset.labels.copy(),
        "factors": np.stack([*dataset.factors.values()]),
        "test_images": dataset.test_images.copy(),
        "test_labels": dataset.test_labels.copy(),
        "test_factors": np.stack([*dataset.test_factors.values()]),
    }


@pytest.mark.usefixtures("small_strokes")
def test_strokes_stay_in_memory_without_a_writable_folder(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "cache").write_text("")
    cache.parent.write_text("")
    dataset = data.load("strokes", root=tmp_path)
    assert not isinstance(dataset.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        dataset.factors["slant"][0] = 0


def test_other_datasets_have_no_factors(tmp_path: Path) -> None:
    digits = data.load("digits", root=tmp_path)
    assert (digits.factors, digits.test_factors) == ({}, {})


def test_name_strokes_is_reserved(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="Strokes is the name of a built-in dataset"):
        data.add(tmp_path, "Strokes", root=tmp_path)
