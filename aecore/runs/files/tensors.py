"""Arrays of frames and probes as they are stored: images in bytes, numbers in half precision."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as serialize

from aecore import files
from aecore.training.tensor_file import FACTS

Arrays = dict[str, NDArray[Any]]

LARGEST = float(np.finfo(np.float16).max)
"""The largest number in half precision."""


def write(path: Path, arrays: Arrays, facts: Mapping[str, Any]) -> int:
    """Write arrays and facts atomically, and return the number of bytes."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = serialize(contiguous, {FACTS: json.dumps(facts)})
    files.write(path, content)
    return len(content)


def to_bytes(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Convert images in [0, 1] to bytes."""
    # Those of a diverging run may be no numbers.
    return np.asarray((np.nan_to_num(images) * 255).round(), np.uint8)


def to_float(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert bytes to images in [0, 1]."""
    return np.asarray(images / np.float32(255))


def half(values: NDArray[np.floating]) -> NDArray[np.float16]:
    """Convert numbers to half precision."""
    # Those of a diverging run may exceed its range, or be no numbers.
    return np.asarray(np.clip(np.nan_to_num(values), -LARGEST, LARGEST), np.float16)
