"""Change the width of the bottleneck while keeping what the network has learned.

A linear map takes old codes to new ones and back: ``new = inward @ (old - centre)`` and
``old ~ outward @ new + centre``. The encoder's last layers are multiplied by the first matrix, the
decoder's first layers by the second, and the optimizer's moments are transformed as the gradients
would be. After narrowing, the decoder's last linear layers are refitted.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from aecore.network.autoencoder import Autoencoder, TiedLinear

ROWS = ("to_code.weight", "to_code.bias", "path_in.weight", "path_in.bias")
COLUMNS = ("from_code.weight", "path_out.weight")
# Where an added unit cannot start at zero, this scale makes its effect invisible. With tied weights
# the scale acts twice; any smaller, and the unit would take too long to grow.
ADDED_SCALE = 1e-6
ADDED_SCALE_TIED = 3e-4
# Number of images from which the mean pre-activation of added units is estimated.
CENTRING_IMAGES = 512
# Pre-activation at which a sigmoid unit is practically 0.
SIGMOID_OFF = -20.0
# Ridge penalty of the refit, relative to the mean variance of the inputs. Measured on digits and
# MNIST: a smaller one reconstructs better at once, but worse after the next steps.
RIDGE = 0.03
REFIT_STEPS = 8
CHUNK = 1000


@dataclass(frozen=True)
class CodeMap:
    """A linear map from an old code to a new one and back.

    Attributes
    ----------
    inward : Tensor of shape (new, old)
    outward : Tensor of shape (old, new)
    centre : Tensor of shape (old,)
    added_scale : float
        Factor by which the initial encoder weights of added units are scaled.
    """

    inward: Tensor
    outward: Tensor
    centre: Tensor
    added_scale: float = 1.0

    def map_weight(self, name: str, value: Tensor) -> Tensor:
        """Map a parameter; one that does not touch the code is returned unchanged."""
        if name in ROWS:
            return self.inward @ value
        return value @ self.outward if name in COLUMNS else value

    def map_moment(self, name: str, value: Tensor, *, squared: bool = False) -> Tensor:
        """Map the optimizer's running mean of a parameter's gradients, or of their squares."""
        rows, columns = self.outward.T, self.inward.T
        if squared:
            rows, columns = rows.square(), columns.square()
        if name in ROWS:
            return rows @ value
        return value @ columns if name in COLUMNS else value


def widening_map(model: Autoencoder, new: int) -> CodeMap:
    """Return the map that adds units without an effect on the image to a code."""
    old, scale = model.bottleneck, 1.0
    if model.active_units is not None:
        scale = ADDED_SCALE
    elif isinstance(model.from_code, TiedLinear):
        scale = ADDED_SCALE_TIED
    return CodeMap(torch.eye(new, old), torch.eye(old, new), torch.zeros(old), scale)


def narrowing_map(model: Autoencoder, codes: Tensor, new: int, generator: Generator) -> CodeMap:
    """Return the map to the `new` directions of the code that matter most to the image.

    A direction matters in proportion to the variance of the codes along it and to the decoder's
    response, the mean of its squared Jacobian, estimated with random cotangents. A linear code is
    rotated to those directions; for any other code, whole units are selected.

    Parameters
    ----------
    model : Autoencoder
    codes : Tensor of shape (n, bottleneck)
        Codes of training images; a few thousand are enough.
    new : int
        New width, smaller than the bottleneck.
    generator : torch.Generator
    """
    codes = codes.detach().double()
    mean = codes.mean(0)
    covariance = (codes - mean).T @ (codes - mean) / len(codes)
    metric = _decoder_metric(model, codes.float(), generator).double()
    linear = isinstance(model.code_activation, nn.Identity) and model.active_units is None
    if not linear:
        return _unit_selection(covariance.diagonal() * metric.diagonal(), mean, new)
    if isinstance(model.from_code, TiedLinear):
        # Tied weights stay tied only under a rotation.
        metric = torch.eye(len(mean), dtype=torch.float64)
    return _principal_directions(covariance, metric, mean, new)


def _decoder_metric(model: Autoencoder, codes: Tensor, generator: Generator) -> Tensor:
    """Return the mean of J'J over the codes, where J is the decoder's Jacobian."""
    codes = codes.clone().requires_grad_()
    # A change of a pixel that stays black or white has no effect.
    images = model.decode(codes).clamp(0, 1)
    signs = torch.randint(0, 2, images.shape, generator=generator) * 2.0 - 1
    (gradients,) = torch.autograd.grad(images, codes, signs)
    return gradients.T @ gradients / len(codes)


def _principal_directions(covariance: Tensor, metric: Tensor, mean: Tensor, new: int) -> CodeMap:
    values, axes = torch.linalg.eigh(metric)
    # Directions without an effect on the image would divide by zero on the way back.
    lengths = values.clamp_min(values.max() * 1e-8).sqrt()
    root, inverse_root = axes * lengths @ axes.T, axes / lengths @ axes.T
    directions = torch.linalg.eigh(root @ covariance @ root).eigenvectors.flip(1)[:, :new]
    return CodeMap((directions.T @ root).float(), (inverse_root @ directions).float(), mean.float())


def _unit_selection(importance: Tensor, mean: Tensor, new: int) -> CodeMap:
    units = importance.argsort(descending=True)[:new].sort().values
    inward = torch.eye(len(mean))[units]
    centre = mean.float().index_fill(0, units, 0)
    return CodeMap(inward, inward.T, centre)


def resize(old: Autoencoder, new: Autoencoder, images: Tensor, generator: Generator) -> CodeMap:
    """Transfer the weights of `old` to `new`, and return the map of the code.

    Parameters
    ----------
    old, new : Autoencoder
        Networks that differ only in the bottleneck.
    images : Tensor of shape (n, pixels), in [0, 1]
        Training images; a few thousand are enough.
    generator : torch.Generator
    """
    if new.bottleneck >= old.bottleneck:
        code_map = widening_map(old, new.bottleneck)
        write_weights(old, new, code_map)
        _centre_added_units(new, new.bottleneck - old.bottleneck, images[:CENTRING_IMAGES])
    else:
        code_map = narrowing_map(old, _in_chunks(old.encode, images), new.bottleneck, generator)
        write_weights(old, new, code_map)
        refit(new, images)
    return code_map


@torch.no_grad()
def _in_chunks(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    return torch.cat([function(chunk) for chunk in rows.split(CHUNK)])  # type: ignore[no-untyped-call]


@torch.no_grad()
def _centre_added_units(model: Autoencoder, added: int, images: Tensor) -> None:
    """Centre the pre-activations of added units, and cancel their mean in the decoder's bias.

    Without centring, a rectified unit may be inactive for every image and would never learn.
    """
    if not added:
        return
    bias = model.to_code.bias[-added:]
    bias.sub_(_in_chunks(model.pre_activation, images)[:, -added:].mean(0))
    if model.active_units is not None and isinstance(model.code_activation, nn.Sigmoid):
        # A centred sigmoid is at 0.5, which would put the added units among the top k.
        bias.fill_(SIGMOID_OFF)
    means = _in_chunks(model.encode, images)[:, -added:].mean(0)
    for layer in (model.from_code, model.path_out):
        if layer is not None:
            layer.bias.sub_(layer.weight[:, -added:] @ means)


@torch.no_grad()
def refit(model: Autoencoder, images: Tensor) -> None:
    """Fit the last linear layers of the decoder to the residual of its clipped reconstructions.

    The fit is ridge regression, with a penalty on changes of the weights. Because of the clipping
    it takes some steps, and the error falls with each. Without the fit, a network with a linear
    path falls back to its principal components when its code becomes narrower, because what it
    learned beyond them was coded in units that are gone.

    Does nothing unless there is a linear path with untied weights: any other output is not linear
    in its weights.
    """
    if not isinstance(model.path_out, nn.Linear):
        return
    codes = _in_chunks(model.encode, images)
    layers, inputs = [model.path_out], [codes]
    if model.decoder and isinstance(last := model.decoder[-1], nn.Linear):
        layers.append(last)
        inputs.append(model.decoder[:-1](model.from_code(codes)))
        output = last(inputs[1]) + model.path_out(codes)
    else:
        output = _in_chunks(model.decode, codes)
    features = torch.cat(inputs, 1)
    centre = features.mean(0)
    features = features - centre
    covariance = (features.T @ features / len(features)).double()
    ridge = RIDGE * float(covariance.diagonal().mean().clamp_min(1e-12))
    factor = torch.linalg.cholesky(covariance + ridge * torch.eye(len(covariance)))
    change = torch.zeros(len(covariance), images.shape[1])
    for _ in range(REFIT_STEPS):
        residual = images - output.clamp(0, 1)
        offset = residual.mean(0)
        wanted = (features.T @ residual / len(features) - ridge * change).double()
        step = torch.cholesky_solve(wanted, factor).float()
        change += step
        output = output + features @ step + offset
        model.path_out.bias.add_(offset - centre @ step)
    parts = torch.split(change, [each.shape[1] for each in inputs])
    for layer, part in zip(layers, parts, strict=True):
        layer.weight.add_(part.T)


@torch.no_grad()
def write_weights(old: Autoencoder, new: Autoencoder, code_map: CodeMap) -> None:
    """Overwrite the weights of `new` with the mapped weights of `old`.

    Added units keep the initial encoder weights of `new` and get zero decoder weights, so the
    network computes the same function, yet gradients reach them. With tied weights or top-k
    sparsity, the initial weights are scaled down instead.

    Parameters
    ----------
    old, new : Autoencoder
        Networks that differ only in the bottleneck.
    code_map : CodeMap
    """
    added = new.bottleneck - old.bottleneck
    before = dict(old.named_parameters())
    for name, parameter in new.named_parameters():
        value = code_map.map_weight(name, before[name])
        if added > 0 and name in ROWS and parameter.ndim == 2:
            value[-added:] = parameter[-added:] * code_map.added_scale
        parameter.copy_(value)
    _recentre(old, new, code_map)


def _recentre(old: Autoencoder, new: Autoencoder, code_map: CodeMap) -> None:
    """Subtract the code's centre in the encoder, and add it back in the decoder."""
    new.to_code.bias.sub_(code_map.inward @ code_map.centre)
    new.from_code.bias.add_(old.from_code.weight @ code_map.centre)
    if new.path_out is not None and old.path_out is not None:
        new.path_out.bias.add_(old.path_out.weight @ code_map.centre)


def map_optimizer_state(
    state: dict[str, Tensor], name: str, code_map: CodeMap
) -> dict[str, Tensor]:
    """Map the optimizer state of one parameter.

    An added unit starts with the mean of the other units' squared gradients; starting at zero, its
    first steps would be several times longer than theirs. Where its weights are scaled down, so
    is its gradient.
    """
    mapped = {}
    for key, value in state.items():
        if value.ndim == 0:
            mapped[key] = value.clone()
            continue
        squared = key == "exp_avg_sq"
        moment = code_map.map_moment(name, value, squared=squared)
        if squared:
            moment = torch.where(moment > 0, moment, value.mean() * code_map.added_scale**2)
        mapped[key] = moment
    return mapped
