"""The training objective: reconstruction error plus sparsity penalty."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aecore.choices.loss import LOSSES, mean_squared_error
from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.config import Config
from aecore.network.autoencoder import Autoencoder
from aecore.network.products import Products, multiplying

# Makes a penalty of strength 1 comparable to the reconstruction error of a digit, so that the
# effect is visible in the middle of the slider.
PENALTY_SCALE = 1e-3


def penalty(codes: Tensor, scale: Tensor, config: Config) -> Tensor:
    """Compute the sparsity penalty of codes, to be added to the error per pixel.

    Parameters
    ----------
    codes : Tensor of shape (n, bottleneck)
    scale : Tensor of shape (bottleneck,)
        Norm of each unit's decoder weights.
    config : Config

    Returns
    -------
    Tensor, a scalar
    """
    function = SPARSITY_KINDS[config.sparsity_kind].penalty
    if config.sparsity == 0 or function is None:
        return codes.new_zeros(())
    return config.sparsity * PENALTY_SCALE * function(codes, scale, config)


@dataclass(frozen=True)
class Loss:
    """The loss of a step to minimise, and its mean squared error per pixel for the chart."""

    total: Tensor
    squares: Tensor


def loss(
    model: Autoencoder,
    images: Tensor,
    corrupted: Tensor,
    config: Config,
    *,
    products: Products = Products.TORCH,
) -> Loss:
    """Compute the reconstruction error plus the sparsity penalty.

    Parameters
    ----------
    model : Autoencoder
    images, corrupted : Tensor of shape (n, pixels), in [0, 1]
        The target and the input.
    config : Config
    products : Products
        How to multiply matrices; errors are summed in float32 in any case.

    Returns
    -------
    Loss
    """
    with multiplying(products, images.device.type):
        codes = model.encode(corrupted)
        before = model.pre_output(codes)
    added = penalty(codes.float(), model.decoder_scale(), config)
    return _image_loss(model, before, images, config, added)


def layer_loss(
    model: Autoencoder,
    layer: int,
    images: Tensor,
    corrupted: Tensor,
    config: Config,
    *,
    products: Products = Products.TORCH,
) -> Loss:
    """Compute the error of a layer and its mirror in reconstructing the output of the layers below.

    Bengio, Y. et al. (2007). Greedy layer-wise training of deep networks.

    Parameters
    ----------
    layer : int
        1 is nearest the image. The layers below it are not trained.

    Returns
    -------
    Loss
    """
    below, encode, decode = model.layer(layer)
    with multiplying(products, images.device.type):
        with torch.no_grad():
            target, source = below(images), below(corrupted)
        reconstruction = decode(encode(source))
    if layer == 1:
        return _image_loss(model, reconstruction, images, config)
    error = mean_squared_error(reconstruction.float(), target.float())
    return Loss(error, error.detach())


def _image_loss(
    model: Autoencoder,
    before: Tensor,
    images: Tensor,
    config: Config,
    added: Tensor | float = 0.0,
) -> Loss:
    """Compute the loss of outputs before the function of the output layer, in float32.

    In bfloat16 a sigmoid is 1 from 6.24 on, where the cross-entropy has no gradient.
    """
    kind, before = LOSSES[config.loss], before.float()
    output = model.output(before)
    error = kind.error(before if kind.of_logits else output, images)
    squares = mean_squared_error(output.detach(), images) if kind.of_logits else error.detach()
    return Loss(error + added, squares)
