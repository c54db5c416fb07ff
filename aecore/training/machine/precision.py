"""Choice of how training multiplies matrices, by the setting `precision` and the processor."""

import platform
import time
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from aecore.files import user_cache, write
from aecore.network.products import Linear, Products, has_onednn, multiplying

# A layer of the default network, and a common batch.
BATCH, INPUTS, OUTPUTS = 256, 784, 512
PAIRS = 9
# Clear of the noise of a measurement, so that each one on the same machine decides alike.
LEAST_GAIN = 1.4


def products(precision: str, device: str = "cpu") -> Products:
    """Return how a run multiplies matrices.

    Parameters
    ----------
    precision : {'auto', 'float32', 'bfloat16'}
        With 'auto', in bfloat16 only on devices that have instructions for it: on others it is up
        to ten times slower.
    device : {'cpu', 'cuda', 'mps'}
    """
    if precision == "bfloat16" or (precision == "auto" and _has_bfloat16(device)):
        return Products.BFLOAT16
    return fastest_float32(device)


def fastest_float32(device: str = "cpu") -> Products:
    """Return which products in float32 are faster, where there is a choice.

    It is measured once, in some 50 ms, and noted in the user's cache: if each process measured it,
    equal runs on the same machine could differ.
    """
    return _fastest_float32(torch.get_num_threads()) if device == "cpu" else Products.TORCH


@lru_cache
def _fastest_float32(threads: int) -> Products:
    if not has_onednn():
        return Products.TORCH
    note = user_cache() / "products" / f"{torch.__version__} {_processor()} {threads}"
    try:
        return Products(note.read_text("utf-8"))
    except (OSError, ValueError):
        way = _measure_float32()
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        write(note, way.encode())
    return way


def _measure_float32() -> Products:
    layer, x = Linear(INPUTS, OUTPUTS), torch.ones(BATCH, INPUTS)
    gains = [
        _seconds(layer, x, Products.TORCH) / _seconds(layer, x, Products.ONEDNN)
        # The first prepares what later ones reuse.
        for _ in range(1 + PAIRS)
    ][1:]
    return Products.ONEDNN if median(gains) > LEAST_GAIN else Products.TORCH


def _seconds(layer: Linear, x: Tensor, way: Products) -> float:
    start = time.perf_counter()
    with multiplying(way):
        torch.autograd.grad(layer(x).sum(), [*layer.parameters()])
    return time.perf_counter() - start


def _processor() -> str:
    """Return a short name of the processor, which a file can have."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        name = next(line for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor()
    return f"{zlib.crc32(name.encode()):08x}"


def _has_bfloat16(device: str) -> bool:
    if device != "cpu":
        return device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
