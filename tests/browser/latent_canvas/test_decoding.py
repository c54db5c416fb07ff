from pathlib import Path

import numpy as np
import pytest
import torch

from aecore.choices.activation import ACTIVATIONS, HIDDEN_ACTIVATIONS
from dashboard.components import decoder
from dashboard.components.modules import join_modules
from tests.browser.latent_canvas.map import CanvasServer
from tests.browser.latent_canvas.scene import (
    POINTS,
    SHAPE,
    OpenCanvas,
    add_decoder,
    cursor,
    decoded,
    plane_code,
    torch_decoded,
)
from tests.dashboard.components.test_latent_canvas import NETS, build


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_javascript_activations_match_torch(open_canvas: OpenCanvas, name: str) -> None:
    inputs = np.linspace(-6, 6, 241)
    script = decoder.activations() + join_modules(Path(decoder.__file__).with_name("decoder.js"))
    outputs = open_canvas().page.evaluate(
        f"inputs => {{ {script}; return inputs.map(ACTIVATIONS['{name}']); }}",
        inputs.tolist(),
    )
    expected = ACTIVATIONS[name].build()(torch.as_tensor(inputs))
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_javascript_decoder_matches_torch(
    scene: CanvasServer, open_canvas: OpenCanvas, net: str
) -> None:
    canvas = open_canvas()
    for activation in HIDDEN_ACTIVATIONS:
        model = build(SHAPE, activation=activation, **NETS[net])
        add_decoder(scene, activation, model)
        canvas.rerun()
        canvas.wait_until("state.appliedBundles.includes(given)", f'"{activation}"')
        canvas.hover(1, 0)
        canvas.hover(0.5, -1)
        expected = torch_decoded(model, plane_code(*cursor(canvas)))
        np.testing.assert_allclose(decoded(canvas), expected, atol=1e-4)


def test_nearest_codes_are_averaged_where_the_map_has_no_linear_inverse(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    model, codes = build(SHAPE), np.random.default_rng(1).standard_normal((61, 3))
    add_decoder(scene, "2", model, codes=codes)
    canvas = open_canvas()
    canvas.hover(0, 1)
    squared_distances = ((POINTS - cursor(canvas)) ** 2).sum(1)
    nearest = np.argsort(squared_distances)[:8]
    weights = 1 / (squared_distances[nearest] + 1e-9 * np.ptp(POINTS, axis=0).max() ** 2)
    code = weights @ codes[nearest] / weights.sum()
    np.testing.assert_allclose(decoded(canvas), torch_decoded(model, code), atol=1e-4)
