import copy
from typing import Any

import numpy as np
import pytest
import torch

from aecore.config import Config
from aecore.network import latent_space
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import decode


def network(**settings: Any) -> Autoencoder:
    settings = {"bottleneck": 3, "hidden": "8", "linear_path": False, **settings}
    return Autoencoder((8, 8), Config(**settings), generator=torch.Generator().manual_seed(1))


def test_decoded_images_are_the_clamped_output_of_the_model() -> None:
    model = network(linear_path=True)
    codes = np.random.default_rng(0).normal(size=(700, 3)).astype(np.float32) * 5
    images = decode(model, codes)
    assert images.shape == (700, 8, 8)
    assert (images.min(), images.max()) == (0, 1)
    with torch.no_grad():
        image = model.decode(torch.from_numpy(codes[601:602])).clamp(0, 1)
    assert np.allclose(images[601].ravel(), image.numpy(), atol=1e-6)
    assert decode(model, codes[:0]).shape == (0, 8, 8)


def test_interpolation_between_codes_is_linear() -> None:
    codes = np.array([[0, 0], [4, 0], [4, 8]], np.float32)
    path = latent_space.interpolate(codes, 4)
    assert path.tolist() == [*([x, 0] for x in range(4)), *([4, y] for y in range(0, 10, 2))]


def test_decoder_sensitivity_is_the_norm_of_the_jacobian_on_the_plane() -> None:
    model = network(activation="tanh")
    rng = np.random.default_rng(0)
    origin, basis, places = (rng.normal(size=shape) for shape in ((3,), (2, 3), (5, 2)))
    sensitivity = latent_space.decoder_sensitivity(model, origin, basis, places)
    tiny = 1e-4
    double = copy.deepcopy(model).double()

    def decode_at(place: Any) -> Any:
        with torch.no_grad():
            return double.decode(torch.from_numpy(origin + place @ basis)[None])[0].numpy()

    for place, norm in zip(places, sensitivity, strict=True):
        slopes = [
            (decode_at(place + step) - decode_at(place - step)) / (2 * tiny)
            for step in np.eye(2) * tiny
        ]
        assert norm == pytest.approx(np.sqrt(np.square(slopes).sum()), rel=1e-3)


def test_effect_of_a_unit_is_its_weights_in_a_single_layer_decoder() -> None:
    model = network(hidden="", linear_path=True)
    assert model.path_out is not None
    weights = model.from_code.weight + model.path_out.weight
    effects = latent_space.unit_effects(model, np.zeros(3, np.float32))
    assert effects.shape == (3, 8, 8)
    assert np.allclose(effects.reshape(3, 64), weights.detach().numpy().T, atol=1e-6)


def test_units_images_and_neighbours_are_sorted() -> None:
    codes = np.array([[0, 5], [1, -9], [-3, 5], [0, 6]], np.float32)
    assert latent_space.units_by_variance(codes).tolist() == [1, 0]
    assert latent_space.top_activating(codes, 0, 2).tolist() == [2, 1]
    assert latent_space.top_activating(codes, 1, 2).tolist() == [1, 3]
    assert latent_space.nearest(codes, np.array([0, 5.4]), 3).tolist() == [0, 3, 2]
