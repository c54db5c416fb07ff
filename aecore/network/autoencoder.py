"""The autoencoder: an encoder and a decoder that mirrors it, dense or convolutional."""

import math
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from aecore.choices.activation import ACTIVATIONS
from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.config import Config
from aecore.network.products import Linear, linear

L = TypeVar("L", bound=nn.Module)

DECODER = ("from_code.", "decoder.", "path_out.")
# Penalties on activations are relative to images of this size, that of MNIST.
REFERENCE_PIXELS = 28 * 28


class TiedLinear(nn.Module):
    """A dense layer that shares the transposed weights of another but has its own bias."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(layer.in_features))
        # A tuple hides the layer from torch, so its weights are registered only once.
        self._source = (layer,)

    @property
    def weight(self) -> Tensor:
        """The weights, of shape (out, in)."""
        return self._source[0].weight.T

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, in) to (n, out)."""
        return linear(x, self.weight, self.bias)


class Autoencoder(nn.Module):
    """An encoder and a decoder joined by a code of `config.bottleneck` units.

    Images are rows of pixels in [0, 1]. With a linear path, ``z = encoder(x) + A x + a`` and
    ``x' = decoder(z) + B z + b``; without one, the output goes through a sigmoid.

    Parameters
    ----------
    shape : (height, width)
        Image size in pixels.
    config : Config
    generator : torch.Generator
        Source of the initial weights.
    """

    path_in: nn.Linear | None
    path_out: nn.Linear | TiedLinear | None

    def __init__(self, shape: tuple[int, int], config: Config, *, generator: Generator) -> None:
        super().__init__()
        self.shape = shape
        self.bottleneck = config.bottleneck
        self.active_units = top_k_units(config)
        pixels, code = math.prod(shape), config.bottleneck
        build = _dense if config.architecture == "dense" else _convolutional
        self.encoder, self.decoder, features = build(shape, config)
        self.to_code = _linear(features, code)
        self.from_code = TiedLinear(self.to_code) if config.tied else _linear(code, features)
        self.code_activation = ACTIVATIONS[config.code_activation].build()
        self.output = nn.Identity() if config.linear_path else nn.Sigmoid()
        self.path_in = self.path_out = None
        if config.linear_path:
            self.path_in = _linear(pixels, code)
            self.path_out = TiedLinear(self.path_in) if config.tied else _linear(code, pixels)
        _initialise(self, ACTIVATIONS[config.activation].gain, generator)
        if config.linear_path:
            _silence_nonlinear_path(self)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.to_code.weight.device

    def encode(self, x: Tensor) -> Tensor:
        """Map images (n, pixels) to codes (n, bottleneck)."""
        z = self.code_activation(self.pre_activation(x))
        return z if self.active_units is None else keep_top_k(z, self.active_units)

    def pre_activation(self, x: Tensor) -> Tensor:
        """Map images to codes before their activation function, of shape (n, bottleneck)."""
        z: Tensor = self.to_code(self.encoder(x))
        return z if self.path_in is None else z + self.path_in(x)

    def decode(self, z: Tensor) -> Tensor:
        """Map codes (n, bottleneck) to images (n, pixels), in [0, 1] unless there is a linear path.

        With a linear path the output is unbounded.
        """
        return cast("Tensor", self.output(self.pre_output(z)))

    def pre_output(self, z: Tensor) -> Tensor:
        """Map codes to images before the function of the output layer, of shape (n, pixels)."""
        x: Tensor = self.decoder(self.from_code(z))
        return x if self.path_out is None else x + self.path_out(z)

    def forward(self, x: Tensor) -> Tensor:
        """Map images to their reconstructions, both (n, pixels)."""
        return self.decode(self.encode(x))

    def layer(self, number: int) -> tuple[nn.Module, nn.Module, nn.Module]:
        """Return the layers below a dense layer, the layer itself, and its mirror in the decoder.

        Layer 1 is nearest the image; the last is the code. The mirror of layer 1 is without the
        function of the output layer.
        """
        depth = len(self.encoder) // 2
        below = self.encoder[: 2 * (number - 1)]
        if number > depth:
            code = nn.Sequential(self.to_code, self.code_activation)
            return below, code, nn.Sequential(self.from_code, *self.decoder[:1])
        place = 2 * (depth - number) + 1
        return below, self.encoder[2 * number - 2 : 2 * number], self.decoder[place : place + 2]

    def decoder_scale(self) -> Tensor:
        """Return the norm of each unit's decoder weights, of shape (bottleneck,).

        Norms are relative to the size of the image: the same image with four times as many pixels
        has a norm twice as large.
        """
        squares = self.from_code.weight.square().sum(0)
        if self.path_out is not None:
            squares = squares + self.path_out.weight.square().sum(0)
        squares = squares * (REFERENCE_PIXELS / math.prod(self.shape))
        # sqrt has no gradient at 0; a dead unit would turn every weight into NaN.
        return squares.clamp_min(1e-12).sqrt()

    @torch.no_grad()
    def set_linear_path(self, mean: NDArray[np.float64], components: NDArray[np.float64]) -> None:
        """Set the linear path to a projection onto principal components.

        Parameters
        ----------
        mean : ndarray of shape (pixels,)
        components : ndarray of shape (rank, pixels)
            The first `bottleneck` are used; any units beyond them get zero weights.
        """
        assert self.path_in is not None
        assert self.path_out is not None
        axes = torch.zeros(self.bottleneck, len(mean))
        rank = min(self.bottleneck, len(components))
        axes[:rank] = torch.as_tensor(components[:rank].copy(), dtype=torch.float32)
        centre = torch.as_tensor(mean, dtype=torch.float32)
        self.path_in.weight.copy_(axes)
        self.path_in.bias.copy_(-axes @ centre)
        self.path_out.bias.copy_(centre)
        if isinstance(self.path_out, nn.Linear):
            self.path_out.weight.copy_(axes.T)


def keep_top_k(codes: Tensor, k: int) -> Tensor:
    """Keep the `k` activations of each code with the largest magnitude and zero the others.

    Makhzani, A. and Frey, B. (2013). k-sparse autoencoders. arXiv:1312.5663. There the largest
    values are kept, whatever their magnitude, which is the same for codes that are not negative;
    and more are kept of test images than in training, where here as many are.
    """
    if k >= codes.shape[1]:
        return codes
    largest = codes.abs().topk(k, dim=1).indices
    return torch.zeros_like(codes).scatter(1, largest, codes.gather(1, largest))


@lru_cache(maxsize=64)
def parameter_shapes(shape: tuple[int, int], config: Config) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a network's parameters by name, without allocating them."""
    with torch.device("meta"):
        model = Autoencoder(shape, config, generator=Generator())
    return {name: tuple(each.shape) for name, each in model.named_parameters()}


def is_decoder_parameter(name: str, *, tied: bool) -> bool:
    """Return whether the decoder uses a parameter; a tied one uses the encoder's weights too."""
    return name.startswith(DECODER) or (tied and name.endswith(".weight"))


def top_k_units(config: Config) -> int | None:
    """Return the number of units that sparsity keeps per image; None for all."""
    count = SPARSITY_KINDS[config.sparsity_kind].active_units
    return None if count is None else count(config)


def _uninitialised(kind: type[L], *sizes: int, **options: Any) -> L:
    """Return a layer whose weights are allocated but not initialised."""
    # The usual constructor draws from the global generator. torch's own alternative, `skip_init`,
    # imports sympy, which takes more than a second.
    layer = kind(*sizes, **options, device="meta")
    for name, parameter in [*layer.named_parameters()]:
        setattr(layer, name, nn.Parameter(torch.empty(parameter.shape)))
    return layer


def _linear(inputs: int, outputs: int) -> Linear:
    return _uninitialised(Linear, inputs, outputs)


def _dense(shape: tuple[int, int], config: Config) -> tuple[nn.Sequential, nn.Sequential, int]:
    """Return dense layers before the code, their mirror after it, and the number of features."""
    sizes = (math.prod(shape), *config.widths)
    activation = ACTIVATIONS[config.activation].build
    encoder, decoder = nn.Sequential(), nn.Sequential()
    for before, after in pairwise(sizes):
        layer = _linear(before, after)
        twin = TiedLinear(layer) if config.tied else _linear(after, before)
        encoder.extend([layer, activation()])
        decoder = nn.Sequential(activation(), twin, *decoder)
    return encoder, decoder, sizes[-1]


def _convolutional(
    shape: tuple[int, int], config: Config
) -> tuple[nn.Sequential, nn.Sequential, int]:
    """Return the same as `_dense`, built of convolutions that halve the image."""
    activation = ACTIVATIONS[config.activation].build
    encoder, decoder = nn.Sequential(nn.Unflatten(1, (1, *shape))), nn.Sequential()
    height, width = shape
    for before, after in pairwise((1, *config.widths)):
        encoder.extend([_uninitialised(nn.Conv2d, before, after, 3, 2, 1), activation()])
        # Halving rounds an odd side up; only an even side needs padding on the way back.
        extra = (1 - height % 2, 1 - width % 2)
        twin = _uninitialised(nn.ConvTranspose2d, after, before, 3, 2, 1, output_padding=extra)
        decoder = nn.Sequential(activation(), twin, *decoder)
        height, width = (height + 1) // 2, (width + 1) // 2
    encoder.append(nn.Flatten())
    features = config.widths[-1] * height * width
    unflatten = nn.Unflatten(1, (config.widths[-1], height, width))
    return encoder, nn.Sequential(unflatten, *decoder, nn.Flatten()), features


@torch.no_grad()
def _initialise(model: nn.Module, gain: float, generator: Generator) -> None:
    """Draw every weight as in Glorot and Bengio (2010) and set every bias to zero."""
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.zero_()
        else:
            nn.init.xavier_uniform_(parameter, gain, generator=generator)


@torch.no_grad()
def _silence_nonlinear_path(model: Autoencoder) -> None:
    """Zero the last layers of encoder and decoder, so that only the linear path acts at first.

    Gradients reach these layers at once, and those before them from the second step on.
    """
    model.to_code.weight.zero_()
    last = [layer for layer in (model.from_code, *model.decoder) if hasattr(layer, "weight")][-1]
    if isinstance(last, TiedLinear):
        # Its weights are those of the encoder's first layer; only what it adds can be cancelled.
        silent = model.decoder(model.from_code(torch.zeros(1, model.bottleneck)))
        last.bias.sub_(silent[0])
    else:
        last.weight.zero_()
