"""Choice of how training multiplies matrices, by the setting `precision` and the processor."""

import time
from functools import lru_cache

import torch
from torch import Tensor

from aecore.network.products import Linear, Products, has_onednn, multiplying

# A layer of the default network, and a common batch.
BATCH, INPUTS, OUTPUTS = 256, 784, 512
PAIRS = 7
# Clear of the noise of a measurement, so that each one on the same machine decides alike.
LEAST_GAIN = 1.4


def products(precision: str) -> Products:
    """Return how a run multiplies matrices.

    Parameters
    ----------
    precision : {'auto', 'float32', 'bfloat16'}
        With 'auto', in bfloat16 only on processors that have instructions for it: on others it is
        ten times slower.
    """
    if precision == "bfloat16" or (precision == "auto" and _has_bfloat16()):
        return Products.BFLOAT16
    return fastest_float32()


def fastest_float32() -> Products:
    """Return which products in float32 are faster, measured once per process, in some 30 ms."""
    return _fastest_float32(torch.get_num_threads())


@lru_cache
def _fastest_float32(threads: int) -> Products:
    del threads  # What is measured depends on it.
    if not has_onednn():
        return Products.TORCH
    layer, x = Linear(INPUTS, OUTPUTS), torch.ones(BATCH, INPUTS)
    seconds: dict[Products, list[float]] = {Products.TORCH: [], Products.ONEDNN: []}
    for _ in range(PAIRS + 1):
        for way, times in seconds.items():
            times.append(_seconds(layer, x, way))
    # The first of each prepares what later ones reuse; the least is that which nothing disturbed.
    torch_seconds, onednn_seconds = (min(times[1:]) for times in seconds.values())
    return Products.ONEDNN if torch_seconds > LEAST_GAIN * onednn_seconds else Products.TORCH


def _seconds(layer: Linear, x: Tensor, way: Products) -> float:
    start = time.perf_counter()
    with multiplying(way):
        torch.autograd.grad(layer(x).sum(), [*layer.parameters()])
    return time.perf_counter() - start


def _has_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
