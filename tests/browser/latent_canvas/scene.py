"""Test content of the canvas: two classes and an isolated point, images, and a decoder."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dashboard.components.decoder import decoder_layers
from tests.browser.latent_canvas.map import CanvasServer, Map

OpenCanvas = Callable[..., Map]
SHAPE = (13, 9)
PIXELS = SHAPE[0] * SHAPE[1]
# A point far from all others: its index and its position.
ISOLATED_INDEX, ISOLATED = 60, (6.0, -3.0)


def clouds() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    left, right = rng.normal((-4, 2), 0.3, (30, 2)), rng.normal((4, 2), 0.3, (30, 2))
    return np.concatenate([left, right, [ISOLATED]]).astype(np.float32)


POINTS = clouds()
LABELS = np.repeat([0, 1, 2], [30, 30, 1]).astype(np.int32)
IMAGES = np.arange(61 * PIXELS, dtype=np.int64).reshape(61, PIXELS).astype(np.uint8)
PLANE = {"origin": np.array([0.1, 0.2, 0.3]), "basis": np.array([[1, 0, 0.5], [0, 1, -0.5]])}


def add_decoder(server: CanvasServer, version: str, model: Any, **inverse: Any) -> None:
    """Add a decoder bundle; `inverse` says how positions become codes, by default by `PLANE`."""
    layers, arrays = decoder_layers(model)
    inverse = {name: np.asarray(array, np.float32) for name, array in (inverse or PLANE).items()}
    server.add_bundle("decoder", version, {**arrays, **inverse}, layers=layers)


def decoded(canvas: Map) -> NDArray[np.float64]:
    return np.array(canvas.value("[...state.lastDecoded]"))


@torch.no_grad()
def torch_decoded(model: Any, code: Any) -> NDArray[np.float32]:
    return np.asarray(model.decode(torch.as_tensor(code, dtype=torch.float32)[None])[0])


def plane_code(x: float, y: float) -> NDArray[np.float64]:
    """Return the code that `PLANE` assigns to a position on the map."""
    return np.asarray(PLANE["origin"] + x * PLANE["basis"][0] + y * PLANE["basis"][1])


def cursor(canvas: Map) -> tuple[float, float]:
    """Return the position of the cursor on the map, which is rounded to whole pixels."""
    x, y = canvas.value("state.toMap(...state.cursor.at)")
    return x, y
