"""A decoder as a list of plain layers, which `decoder.js` computes in the browser."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from aecore.choices.activation import ACTIVATIONS
from aecore.network.autoencoder import Autoencoder, TiedLinear

Layer = dict[str, Any]
Arrays = dict[str, NDArray[np.float32]]


def activations() -> str:
    """Return the script that defines ``ACTIVATIONS``, which ``decoder.js`` looks up."""
    functions = [f"  {name}: (x) => {each.javascript}," for name, each in ACTIVATIONS.items()]
    return "\n".join(["const ACTIVATIONS = {", *functions, "};", ""])


def decoder_layers(model: Autoencoder) -> tuple[list[Layer], Arrays]:
    """Describe what makes an image of a code, in the order in which it is computed.

    Parameters
    ----------
    model : Autoencoder
        Dense, tied or convolutional, with or without a linear path.

    Returns
    -------
    layers : list of dict
        Each has a ``kind``. ``linear`` maps `inputs` to `outputs` numbers; ``path`` does so with
        the code itself and adds it to what there is. ``unflatten`` makes `channels` maps of
        `height` by `width`, ``conv_transpose`` maps of twice the size (3x3, stride 2, padding 1) of
        the `height` and `width` it names, ``flatten`` makes numbers of maps. ``activation``
        applies the one of `ACTIVATIONS` that `name` names. `weight` and `bias` name arrays.
    arrays : dict of str to ndarray of float32
        Weights of shape (inputs, outputs), or (inputs, 3, 3, outputs) for convolutions; biases of
        shape (outputs,). A copy: training on does not change them.
    """
    layers: list[Layer] = []
    arrays: Arrays = {}
    shape: tuple[int, ...] = (1, *model.shape)
    for part in _parts(model):
        if isinstance(part, nn.Linear | TiedLinear):
            layer = _weighted("linear", part, arrays, lambda weight: weight.T)
        elif isinstance(part, nn.Unflatten):
            shape = tuple(int(side) for side in part.unflattened_size)
            layer = _maps("unflatten", shape)
        elif isinstance(part, nn.ConvTranspose2d):
            shape = _doubled(shape, part)
            laid = _weighted("conv_transpose", part, arrays, lambda w: w.permute(0, 2, 3, 1))
            layer = {**laid, **_maps("conv_transpose", shape)}
        elif isinstance(part, nn.Flatten):
            layer = _maps("flatten", shape)
        else:
            layer = _activation(part)
        layers.append(layer)
    if model.path_out is not None:
        layers.append(_weighted("path", model.path_out, arrays, lambda weight: weight.T))
    if not isinstance(model.output, nn.Identity):
        layers.append(_activation(model.output))
    return layers, arrays


def _parts(model: Autoencoder) -> Iterator[nn.Module]:
    yield model.from_code
    yield from model.decoder


def _activation(part: nn.Module) -> Layer:
    module = type(part).__name__
    name = next(name for name, each in ACTIVATIONS.items() if each.module == module)
    return {"kind": "activation", "name": name}


def _maps(kind: str, shape: tuple[int, ...]) -> Layer:
    channels, height, width = shape
    return {"kind": kind, "channels": channels, "height": height, "width": width}


def _doubled(shape: tuple[int, ...], part: nn.ConvTranspose2d) -> tuple[int, ...]:
    extra = [int(side) for side in part.output_padding]
    sides = [2 * side - 1 + more for side, more in zip(shape[1:], extra, strict=True)]
    return (part.out_channels, *sides)


def _weighted(
    kind: str, part: Any, arrays: Arrays, laid: Callable[[Tensor], Tensor]
) -> dict[str, Any]:
    number = len(arrays) // 2
    names = {"weight": f"weight {number}", "bias": f"bias {number}"}
    weight = _numbers(laid(part.weight))
    arrays[names["weight"]], arrays[names["bias"]] = weight, _numbers(part.bias)
    return {"kind": kind, "inputs": weight.shape[0], "outputs": weight.shape[-1], **names}


def _numbers(values: Tensor) -> NDArray[np.float32]:
    return values.detach().float().cpu().numpy().copy(order="C")
