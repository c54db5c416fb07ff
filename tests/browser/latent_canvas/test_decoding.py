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
    Open,
    bring_decoder,
    cursor,
    decoded,
    plane,
    torchs,
)
from tests.dashboard.components.test_latent_canvas import NETS, build


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_in_javascript_is_that_of_torch(opened: Open, name: str) -> None:
    places = np.linspace(-6, 6, 241)
    script = decoder.activations() + join_modules(Path(decoder.__file__).with_name("decoder.js"))
    twin = opened().page.evaluate(
        f"places => {{ {script}; return places.map(ACTIVATIONS['{name}']); }}",
        places.tolist(),
    )
    expected = ACTIVATIONS[name].build()(torch.as_tensor(places))
    np.testing.assert_allclose(twin, expected, atol=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_javascript_decodes_as_torch_does(scene: CanvasServer, opened: Open, net: str) -> None:
    canvas = opened()
    for activation in HIDDEN_ACTIVATIONS:
        model = build(SHAPE, activation=activation, **NETS[net])
        bring_decoder(scene, activation, model)
        canvas.again()
        canvas.until("state.appliedBundles.includes(given)", f'"{activation}"')
        canvas.hover(1, 0)
        canvas.hover(0.5, -1)
        expected = torchs(model, plane(*cursor(canvas)))
        np.testing.assert_allclose(decoded(canvas), expected, atol=1e-4)


def test_where_no_plane_leads_back_the_nearest_codes_are_averaged(
    scene: CanvasServer, opened: Open
) -> None:
    model, codes = build(SHAPE), np.random.default_rng(1).standard_normal((61, 3))
    bring_decoder(scene, "2", model, codes=codes)
    canvas = opened()
    canvas.hover(0, 1)
    squares = ((POINTS - cursor(canvas)) ** 2).sum(1)
    near = np.argsort(squares)[:8]
    weights = 1 / (squares[near] + 1e-9 * np.ptp(POINTS, axis=0).max() ** 2)
    code = weights @ codes[near] / weights.sum()
    np.testing.assert_allclose(decoded(canvas), torchs(model, code), atol=1e-4)
