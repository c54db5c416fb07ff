"""The ways in which training multiplies matrices: in float32 by torch or by oneDNN, or in bfloat16.

On some processors, torch's own products in float32, which are MKL's, are half as fast as oneDNN's.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class Products(StrEnum):
    """A way of multiplying matrices."""

    TORCH = "torch"
    ONEDNN = "onednn"
    BFLOAT16 = "bfloat16"


_present = threading.local()


@contextmanager
def multiplying(way: Products, device: str = "cpu") -> Iterator[None]:
    """Multiply matrices of this thread's networks on a device in a way within the context."""
    before = getattr(_present, "onednn", False)
    _present.onednn = way is Products.ONEDNN
    casts = torch.amp.is_autocast_available(device)
    half = way is Products.BFLOAT16
    try:
        with torch.autocast(device, torch.bfloat16, enabled=half) if casts else nullcontext():
            yield
    finally:
        _present.onednn = before


class Linear(nn.Linear):
    """A dense layer that multiplies in the way of the context."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 -- torch's own name
        """Map (n, in) to (n, out)."""
        return linear(input, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Compute ``x @ weight.T + bias`` in the way of the context.

    Parameters
    ----------
    x : Tensor of shape (n, in)
    weight : Tensor of shape (out, in)
    bias : Tensor of shape (out,)

    Returns
    -------
    Tensor of shape (n, out)
    """
    if getattr(_present, "onednn", False):
        return cast("Tensor", _OneDnn.apply(x, weight, bias))
    return functional.linear(x, weight, bias)


def has_onednn() -> bool:
    """Return whether oneDNN's products in float32 can be called, which torch does not document."""
    try:
        eye = torch.eye(2)
        return bool(torch.equal(onednn_product(eye, eye), eye))
    except (AttributeError, RuntimeError):
        return False


def onednn_product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute ``x @ weight.T + bias`` in float32 by oneDNN; shapes as for `linear`."""
    product: Callable[..., Tensor] = torch.ops.mkldnn._linear_pointwise.default
    return product(x, weight, bias, "none", [], "")


class _OneDnn(torch.autograd.Function):
    """A dense layer whose three products are oneDNN's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return onednn_product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        towards_x = onednn_product(gradient, weight.t()) if ctx.needs_input_grad[0] else None
        return towards_x, onednn_product(gradient.t(), x.t()), gradient.sum(0)
