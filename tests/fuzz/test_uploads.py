"""Files of images that are damaged at random are refused with a sentence, or read.

``AECORE_FUZZ_CASES`` is the number of cases of each test; the default takes some seconds.
"""

import zipfile
from collections.abc import Callable
from io import BytesIO
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from aecore.data.custom import reader
from aecore.data.custom.limits import Limits
from aecore.errors import LabError
from tests.fuzz.cases import CASES
from tests.fuzz.mutation import damaged_bytes

LIMITS = Limits(least=5, file=2**20)
fuzz = settings(max_examples=CASES, derandomize=True, database=None, deadline=None)
randoms = st.integers(0, 2**32).map(Random)
rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (60, 8, 8), dtype=np.uint8)


def npz() -> bytes:
    buffer = BytesIO()
    np.savez_compressed(buffer, images=IMAGES, labels=np.arange(60) % 3)
    return buffer.getvalue()


def csv() -> bytes:
    head = ",".join(["label", *(f"pixel{place}" for place in range(64))])
    rows = [",".join(map(str, [n % 3, *image.ravel()])) for n, image in enumerate(IMAGES)]
    return "\n".join([head, *rows]).encode()


def pictures(kind: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for number, image in enumerate(IMAGES):
            file = BytesIO()
            Image.fromarray(image).save(file, kind)
            packed.writestr(f"{'abc'[number % 3]}/{number}.{kind.lower()}", file.getvalue())
    return buffer.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "npz": npz,
    "csv": csv,
    "png": lambda: pictures("PNG"),
    "jpeg": lambda: pictures("JPEG"),
    "tiff": lambda: pictures("TIFF"),
}


def check(content: bytes) -> None:
    """Read a file; what is read must be usable."""
    try:
        result = reader.read(BytesIO(content), limits=LIMITS)
    except LabError:
        return
    assert result.images.dtype == np.uint8
    assert result.images.ndim == 3
    assert result.images.size
    assert result.labels.shape == result.images.shape[:1]
    assert ((result.labels >= -1) & (result.labels < max(1, len(result.classes)))).all()
    "".join(result.classes).encode()


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_file_is_refused_or_read(kind: str) -> None:
    original = KINDS[kind]()
    assert len(reader.read(BytesIO(original), limits=LIMITS).images) == 60

    @fuzz
    @given(random=randoms)
    def damage_and_read(random: Random) -> None:
        check(damaged_bytes(original, random))

    damage_and_read()


@fuzz
@given(
    images=arrays.arrays(
        arrays.scalar_dtypes() | arrays.unicode_string_dtypes(),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=60),
    ),
    labels=arrays.arrays(
        arrays.scalar_dtypes() | arrays.unicode_string_dtypes(),
        arrays.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=60),
    ),
)
def test_any_arrays_are_refused_or_read(images: Any, labels: Any) -> None:
    buffer = BytesIO()
    np.savez(buffer, images=images, labels=labels)
    check(buffer.getvalue())


CELLS = st.one_of(
    st.integers(-10, 300).map(str),
    st.floats().map(str),
    st.sampled_from(["", " ", '"', "'", "label", "1e999", "9" * 400, "\ud7ff", "=1+1", "0x10"]),
)


@fuzz
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=17), min_size=1, max_size=60),
    separator=st.sampled_from([",", ";", "\t", " "]),
)
def test_any_table_is_refused_or_read(rows: list[list[str]], separator: str) -> None:
    check("\n".join(separator.join(row) for row in rows).encode())
