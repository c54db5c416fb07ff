"""A bottleneck that changes while what was learnt stays: the code is mapped to its new width.

A map goes both ways: ``new = inward @ (old - centre)`` and ``old ~ outward @ new + centre``. The
encoder's last layers are multiplied by one, the decoder's first by the other, and the optimizer's
moments move as the gradients would. After narrowing, what the decoder says last is fitted anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from aecore.network.autoencoder import Autoencoder, Mirror

ROWS = ("to_code.weight", "to_code.bias", "path_in.weight", "path_in.bias")
COLUMNS = ("from_code.weight", "path_out.weight")
# Where an added unit cannot be silent, this makes it so faint that nothing is to be seen of it.
# With tied weights it acts twice; any fainter, and the unit would take too long to come out.
FAINT = 1e-6
FAINT_TIED = 3e-4
# As many images tell the mean of what added units are given.
SETTLED = 512
# What a sigmoid is given to say next to nothing.
QUIET = -20.0
# How closely the last layer is held to what it was, in the mean variance of its inputs. Measured on
# digits and MNIST: held less, it rebuilds better at once and worse after the next steps.
HOLD = 0.1
CHUNK = 1000


@dataclass(frozen=True)
class CodeMap:
    """From an old code to a new one and back.

    Attributes
    ----------
    inward : Tensor of shape (new, old)
    outward : Tensor of shape (old, new)
    centre : Tensor of shape (old,)
    faint : float
        How much weaker than fresh ones the encoder weights of added units are.
    """

    inward: Tensor
    outward: Tensor
    centre: Tensor
    faint: float = 1.0

    def weight(self, name: str, value: Tensor) -> Tensor:
        """Map a parameter; one that does not touch the code is returned as it is."""
        if name in ROWS:
            return self.inward @ value
        return value @ self.outward if name in COLUMNS else value

    def moment(self, name: str, value: Tensor, *, squared: bool = False) -> Tensor:
        """Map the optimizer's mean of a parameter's gradients, or of their squares."""
        rows, columns = self.outward.T, self.inward.T
        if squared:
            rows, columns = rows.square(), columns.square()
        if name in ROWS:
            return rows @ value
        return value @ columns if name in COLUMNS else value


def wider(model: Autoencoder, new: int) -> CodeMap:
    """Return the map that adds silent units to a code."""
    old, faint = model.bottleneck, 1.0
    if model.keep is not None:
        faint = FAINT
    elif isinstance(model.from_code, Mirror):
        faint = FAINT_TIED
    return CodeMap(torch.eye(new, old), torch.eye(old, new), torch.zeros(old), faint)


def narrower(model: Autoencoder, codes: Tensor, new: int, generator: Generator) -> CodeMap:
    """Return the map to the `new` directions of the code that matter most to the image.

    A direction matters by the variance of the codes along it and by how strongly the decoder
    answers to it, for which stands the mean of the squared Jacobian, estimated with random
    cotangents. A linear code is turned to those directions; of any other code, units are kept.

    Parameters
    ----------
    model : Autoencoder
    codes : Tensor of shape (n, bottleneck)
        Of images it was trained on; some thousands are enough.
    new : int
        Smaller than the bottleneck.
    generator : torch.Generator
    """
    codes = codes.detach().double()
    mean = codes.mean(0)
    spread = (codes - mean).T @ (codes - mean) / len(codes)
    metric = _decoder_metric(model, codes.float(), generator).double()
    linear = isinstance(model.code_activation, nn.Identity) and model.keep is None
    if not linear:
        return _selected(spread.diagonal() * metric.diagonal(), mean, new)
    if isinstance(model.from_code, Mirror):
        # Mirrored weights stay mirrored only under a rotation.
        metric = torch.eye(len(mean), dtype=torch.float64)
    return _principal(spread, metric, mean, new)


def _decoder_metric(model: Autoencoder, codes: Tensor, generator: Generator) -> Tensor:
    """Return the mean of J'J over the codes, J being the decoder's Jacobian."""
    codes = codes.clone().requires_grad_()
    images = model.decode(codes)
    signs = torch.randint(0, 2, images.shape, generator=generator) * 2.0 - 1
    (answers,) = torch.autograd.grad(images, codes, signs)
    return answers.T @ answers / len(codes)


def _principal(spread: Tensor, metric: Tensor, mean: Tensor, new: int) -> CodeMap:
    values, axes = torch.linalg.eigh(metric)
    # Directions that the decoder does not hear would divide by zero on the way back.
    lengths = values.clamp_min(values.max() * 1e-8).sqrt()
    root, unroot = axes * lengths @ axes.T, axes / lengths @ axes.T
    kept = torch.linalg.eigh(root @ spread @ root).eigenvectors.flip(1)[:, :new]
    return CodeMap((kept.T @ root).float(), (unroot @ kept).float(), mean.float())


def _selected(importance: Tensor, mean: Tensor, new: int) -> CodeMap:
    kept = importance.argsort(descending=True)[:new].sort().values
    inward = torch.eye(len(mean))[kept]
    centre = mean.float().index_fill(0, kept, 0)
    return CodeMap(inward, inward.T, centre)


def resize(old: Autoencoder, new: Autoencoder, images: Tensor, generator: Generator) -> CodeMap:
    """Write what `old` learnt over the weights of `new`, and return how the code was mapped.

    Parameters
    ----------
    old, new : Autoencoder
        Alike but for the bottleneck.
    images : Tensor of shape (n, pixels), in [0, 1]
        It was trained on; some thousands are enough.
    generator : torch.Generator
    """
    if new.bottleneck >= old.bottleneck:
        code_map = wider(old, new.bottleneck)
        write(old, new, code_map)
        _settle(new, new.bottleneck - old.bottleneck, images[:SETTLED])
    else:
        code_map = narrower(old, _in_parts(old.encode, images), new.bottleneck, generator)
        write(old, new, code_map)
        refit(new, images)
    return code_map


@torch.no_grad()
def _in_parts(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    return torch.cat([function(part) for part in rows.split(CHUNK)])  # type: ignore[no-untyped-call]


@torch.no_grad()
def _settle(model: Autoencoder, grown: int, images: Tensor) -> None:
    """Centre what added units are given, and let the decoder's bias take what they say.

    Uncentred, a rectified unit may be silent for every image, and then never learns.
    """
    if not grown:
        return
    bias = model.to_code.bias[-grown:]
    bias.sub_(_in_parts(model.before_code, images)[:, -grown:].mean(0))
    if model.keep is not None and isinstance(model.code_activation, nn.Sigmoid):
        # Half on, as a centred sigmoid is, they would be among the strongest.
        bias.fill_(QUIET)
    said = _in_parts(model.encode, images)[:, -grown:].mean(0)
    for layer in (model.from_code, model.path_out):
        if layer is not None:
            layer.bias.sub_(layer.weight[:, -grown:] @ said)


@torch.no_grad()
def refit(model: Autoencoder, images: Tensor) -> None:
    """Fit the last linear layers of the decoder to what is missing in its reconstructions.

    By least squares in closed form, held near the present weights. Without it, a network with a
    linear path falls back to its principal components when its code becomes narrower: what it
    learnt beyond them was said in units that are gone.

    Only for a linear path with weights of its own; another output is not linear in its weights.
    """
    if not isinstance(model.path_out, nn.Linear):
        return
    codes = _in_parts(model.encode, images)
    layers, inputs = [model.path_out], [codes]
    if model.decoder and isinstance(last := model.decoder[-1], nn.Linear):
        layers.append(last)
        inputs.append(model.decoder[:-1](model.from_code(codes)))
        told = last(inputs[1]) + model.path_out(codes)
    else:
        told = _in_parts(model.decode, codes)
    missing = (images - told).double()
    given = torch.cat(inputs, 1).double()
    centre, offset = given.mean(0), missing.mean(0)
    given = given - centre
    spread = given.T @ given / len(given)
    hold = HOLD * spread.diagonal().mean().clamp_min(1e-12) * torch.eye(len(spread))
    change = torch.linalg.solve(spread + hold, given.T @ (missing - offset) / len(given))
    model.path_out.bias.add_(offset - centre @ change)
    for layer, part in zip(layers, change.split([each.shape[1] for each in inputs]), strict=True):
        layer.weight.add_(part.T)


@torch.no_grad()
def write(old: Autoencoder, new: Autoencoder, code_map: CodeMap) -> None:
    """Write the weights of `old`, mapped, over those of `new`.

    Added units keep the fresh encoder weights of `new` and have no decoder weights, so that the
    function computed stays the same while they have something to learn from. With tied weights,
    and where only the strongest units pass, the fresh weights are faint.

    Parameters
    ----------
    old, new : Autoencoder
        Alike but for the bottleneck.
    code_map : CodeMap
    """
    grown = new.bottleneck - old.bottleneck
    before = dict(old.named_parameters())
    for name, parameter in new.named_parameters():
        value = code_map.weight(name, before[name])
        if grown > 0 and name in ROWS and parameter.ndim == 2:
            value[-grown:] = parameter[-grown:] * code_map.faint
        parameter.copy_(value)
    _recentre(old, new, code_map)


def _recentre(old: Autoencoder, new: Autoencoder, code_map: CodeMap) -> None:
    """Move the code's centre to zero in the encoder, and back in the decoder."""
    new.to_code.bias.sub_(code_map.inward @ code_map.centre)
    new.from_code.bias.add_(old.from_code.weight @ code_map.centre)
    if new.path_out is not None and old.path_out is not None:
        new.path_out.bias.add_(old.path_out.weight @ code_map.centre)


def carry(state: dict[str, Tensor], name: str, code_map: CodeMap) -> dict[str, Tensor]:
    """Return one parameter's optimizer state, mapped.

    An added unit starts with the mean of the others' squared gradients: with none, its first
    steps would be several times longer than theirs. The gradient of a faint one is as faint.
    """
    carried = {}
    for key, value in state.items():
        if value.ndim == 0:
            carried[key] = value.clone()
            continue
        squared = key == "exp_avg_sq"
        moved = code_map.moment(name, value, squared=squared)
        if squared:
            moved = torch.where(moved > 0, moved, value.mean() * code_map.faint**2)
        carried[key] = moved
    return carried
