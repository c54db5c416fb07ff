"""Damage the files of a run at random: single values by their place, tensors, bytes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

Files = dict[str, bytes]

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    2,
    7,
    4096,
    2**31,
    2**63,
    10**400,
    0.5,
    1e300,
    -0.0,
    float("nan"),
    float("inf"),
    "",
    "x",
    "3",
    "4096-4096-4096-4096",
    "../../evil",
    "__import__('os').abort()",
    "\u2028\n'\"\\",
    "x" * 6000,
    [],
    [[]],
    [0, 1],
    {},
    {"noise": [0, 1]},
)
DTYPES = (np.float16, np.float32, np.float64, np.int8, np.uint8, np.int64, np.bool_)
NUMBERS = (0.0, -1.0, 255.0, 65504.0, 1e38, float("nan"), float("inf"))


def damaged(files: Files, random: Random) -> Files:
    """Return a run's files with one to three of them damaged."""
    files = dict(files)
    for _ in range(random.randint(1, 3)):
        name = random.choice(sorted(files))
        files[name] = _damage(name, files, random)
    if random.random() < 0.1:
        del files[random.choice(sorted(files))]
    return files


def _damage(name: str, files: Files, random: Random) -> bytes:
    content = files[name]
    if random.random() < 0.1:
        return files[random.choice(sorted(files))]
    if random.random() < 0.2:
        return damaged_bytes(content, random)
    kinds: dict[str, Callable[[bytes, Random], bytes]] = {
        ".json": _damaged_json,
        ".jsonl": _damaged_lines,
        ".safetensors": _damaged_tensors,
    }
    return kinds[Path(name).suffix](content, random)


def damaged_bytes(content: bytes, random: Random) -> bytes:
    """Return bytes of which some are changed, or the end is cut off."""
    changed = bytearray(content)
    if not changed or random.random() < 0.2:
        return bytes(changed[: random.randint(0, len(changed))])
    for _ in range(random.randint(1, 4)):
        # The beginning says what the rest is.
        end = len(changed) if random.random() < 0.5 else min(len(changed), 400)
        changed[random.randrange(end)] = random.randrange(256)
    return bytes(changed)


def _damaged_json(content: bytes, random: Random) -> bytes:
    try:
        value = json.loads(content)
    except ValueError:
        return content
    places = list(_places(value))
    if not places:
        return json.dumps(random.choice(VALUES)).encode()
    parent, key = random.choice(places)
    match random.randrange(4):
        case 0:
            del parent[key]
        case 1 if isinstance(parent, dict):
            parent[random.choice(("", "x", "step", "__class__"))] = random.choice(VALUES)
        case _:
            parent[key] = random.choice(VALUES)
    return json.dumps(value).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys: Any = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _damaged_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines() or [b""]
    place = random.randrange(len(lines))
    lines[place] = _damaged_json(lines[place], random)
    return b"\n".join(lines) + b"\n"


def _damaged_tensors(content: bytes, random: Random) -> bytes:
    loaded = load_tensors(content)
    if loaded is None:
        return content
    tensors, metadata = loaded
    if metadata and random.random() < 0.4:
        facts = _damaged_json(metadata["facts"].encode(), random)
        return save(tensors, {**metadata, "facts": facts.decode()})
    name = random.choice(sorted(tensors))
    tensor = tensors[name]
    match random.randrange(5):
        case 0:
            del tensors[name]
        case 1:
            tensors[random.choice(("x", "codes", "weight/x", "points"))] = tensors.pop(name)
        case 2:
            with np.errstate(invalid="ignore", over="ignore"):
                tensors[name] = np.nan_to_num(tensor).astype(random.choice(DTYPES))
        case 3:
            shape = random.choice(((), (0,), (1, *tensor.shape), tensor.shape[::-1], (3, 2)))
            tensors[name] = np.resize(tensor, shape).astype(tensor.dtype)
        case 4:
            with np.errstate(invalid="ignore", over="ignore"):
                values = np.array(random.choice(NUMBERS)).astype(tensor.dtype)
            tensors[name] = np.where(
                np.arange(tensor.size).reshape(tensor.shape) == 0, values, tensor
            )
    contiguous = {each: np.ascontiguousarray(array) for each, array in tensors.items()}
    return save(contiguous, metadata)


def load_tensors(content: bytes) -> tuple[dict[str, Any], dict[str, str] | None] | None:
    """Return tensors and metadata; None where an earlier change has made them unreadable."""
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        return load(content), header.get("__metadata__")
    except (SafetensorError, ValueError, OverflowError, AttributeError, KeyError):
        return None
