"""What training minimises: the reconstruction error, and the price of an active code."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aecore.choices.loss import LOSSES, mean_squared_error
from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.config import Config
from aecore.network.autoencoder import Autoencoder

# A strength of 1 then costs about as much as a digit's reconstruction error: the slider's
# middle is where something is to be seen.
PRICE = 1e-3


def penalty(codes: Tensor, scale: Tensor, config: Config) -> Tensor:
    """Return the price of the codes under the configured kind of sparsity, per pixel's error.

    Parameters
    ----------
    codes : Tensor of shape (n, bottleneck)
    scale : Tensor of shape (bottleneck,)
        Length of each unit's decoder weights.
    config : Config

    Returns
    -------
    Tensor, a scalar
    """
    price = SPARSITY_KINDS[config.sparsity_kind].penalty
    if config.sparsity == 0 or price is None:
        return codes.new_zeros(())
    return config.sparsity * PRICE * price(codes, scale, config)


@dataclass(frozen=True)
class Loss:
    """What a step minimises, and the squared error per pixel that a chart shows of it."""

    total: Tensor
    squares: Tensor


def loss(
    model: Autoencoder, images: Tensor, corrupted: Tensor, config: Config, *, half: bool = False
) -> Loss:
    """Return the reconstruction error together with the price of the codes.

    Parameters
    ----------
    model : Autoencoder
    images, corrupted : Tensor of shape (n, pixels), in [0, 1]
        What is to be rebuilt, and from what.
    config : Config
    half : bool
        Multiply matrices in bfloat16; errors are summed in float32 all the same.

    Returns
    -------
    Loss
    """
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        codes = model.encode(corrupted)
        output = model.decode(codes)
    return _loss(output, images, config.loss, penalty(codes.float(), model.decoder_scale(), config))


def layer_loss(
    model: Autoencoder,
    layer: int,
    images: Tensor,
    corrupted: Tensor,
    config: Config,
    *,
    half: bool = False,
) -> Loss:
    """Return the error with which one layer and its mirror rebuild what the layers below give.

    Bengio, Y. et al. (2007). Greedy layer-wise training of deep networks.

    Parameters
    ----------
    layer : int
        1 is nearest the image. The layers below it are left as they are.

    Returns
    -------
    Loss
    """
    below, encode, decode = model.layer(layer)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        with torch.no_grad():
            wanted, given = below(images), below(corrupted)
        reconstruction = decode(encode(given))
    return _loss(reconstruction, wanted.float(), config.loss if layer == 1 else "mse")


def _loss(output: Tensor, wanted: Tensor, kind: str, price: Tensor | float = 0.0) -> Loss:
    error = LOSSES[kind].error(output := output.float(), wanted)
    squares = error.detach()
    if kind != "mse":
        squares = mean_squared_error(output.detach(), wanted)
    return Loss(error + price, squares)
