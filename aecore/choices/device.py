"""Devices on which a network is trained."""

from collections.abc import Mapping
from functools import cache

from aecore.i18n import N_
from aecore.knob import Choice


# A page asks with every redraw.
@cache
def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


@cache
def _has_mps() -> bool:
    import torch

    return torch.backends.mps.is_available()


DEVICES: Mapping[str, Choice] = {
    "auto": Choice(
        label=N_("Auto"),
        description=N_("the fastest of this machine, measured by a few steps before the first."),
        available=lambda: _has_cuda() or _has_mps(),
    ),
    "cpu": Choice(label=N_("CPU"), description=N_("the processor.")),
    "cuda": Choice(
        label=N_("CUDA"),
        description=N_("a graphics card of NVIDIA, or of AMD with ROCm."),
        available=_has_cuda,
    ),
    "mps": Choice(
        label=N_("MPS"), description=N_("the graphics processor of a Mac."), available=_has_mps
    ),
}
