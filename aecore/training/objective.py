"""What training minimises: the reconstruction error, and the price of an active code."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from aecore.config import Config
from aecore.network.autoencoder import Autoencoder

# A strength of 1 then costs about as much as a digit's reconstruction error: the slider's
# middle is where something is to be seen.
PRICE = 1e-3


def reconstruction(output: Tensor, images: Tensor, loss: str) -> Tensor:
    """Return the mean reconstruction error per pixel.

    Parameters
    ----------
    output : Tensor of shape (n, pixels)
        Reconstructions; in [0, 1] for 'bce'.
    images : Tensor of shape (n, pixels), in [0, 1]
    loss : {'mse', 'bce'}

    Returns
    -------
    Tensor, a scalar
    """
    if loss == "bce":
        if not output.isfinite().all():
            # torch refuses what is no number; here a diverging run is to be noticed by its loss.
            return output.sum()
        return functional.binary_cross_entropy(output, images)
    return functional.mse_loss(output, images)


def l1(codes: Tensor, scale: Tensor) -> Tensor:
    """Return the mean absolute activation, each unit weighed by the length of its decoder weights.

    Without the weight a network escapes the penalty by shrinking the code and enlarging the
    decoder (Bricken et al., 2023, "Towards Monosemanticity", and its April 2024 update).
    """
    return (codes.abs() * scale).mean(0).sum()


def kl(codes: Tensor, target: float) -> Tensor:
    """Return the summed divergence between a target and each unit's mean activation in (0, 1).

    Ng, A. (2011). Sparse autoencoder. CS294A lecture notes.
    """
    mean = codes.mean(0).clamp(1e-6, 1 - 1e-6)
    wanted = torch.full_like(mean, target)
    return (wanted * (wanted / mean).log() + (1 - wanted) * ((1 - wanted) / (1 - mean)).log()).sum()


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
    if config.sparsity == 0 or config.sparsity_kind not in ("l1", "kl"):
        return codes.new_zeros(())
    price = l1(codes, scale) if config.sparsity_kind == "l1" else kl(codes, config.target_activity)
    return config.sparsity * PRICE * price


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
    error = reconstruction(output := output.float(), wanted, kind)
    squares = error.detach()
    if kind != "mse":
        squares = functional.mse_loss(output.detach(), wanted)
    return Loss(error + price, squares)
