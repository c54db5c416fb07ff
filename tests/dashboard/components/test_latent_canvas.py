import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aecore import i18n
from aecore.choices.activation import ACTIVATIONS, HIDDEN_ACTIVATIONS
from aecore.config import Config
from aecore.network.autoencoder import Autoencoder
from aecore.training.seeding import generator
from dashboard.components import bundle, latent_canvas
from dashboard.components.decoder import decoder_layers
from dashboard.components.latent_canvas import Marks, Pin, marks, pack
from dashboard.components.modules import join_modules
from tests.dashboard.components.mount_recorder import MountRecorder
from tests.support import Bracketed

FOLDER = Path(latent_canvas.__file__).parent
SCRIPTS = [*FOLDER.glob("*.js"), *Path(bundle.__file__).parent.glob("*.js")]

NETS: dict[str, dict[str, Any]] = {
    "dense": {},
    "tied": {"tied": True},
    "linear path": {"linear_path": True},
    "tied linear path": {"tied": True, "linear_path": True},
    "no hidden layer": {"hidden": ""},
    "convolutional": {"architecture": "convolutional"},
    "convolutional linear path": {"architecture": "convolutional", "linear_path": True},
}


def build(shape: tuple[int, int] = (13, 9), **values: Any) -> Autoencoder:
    """Return a network with nonzero biases."""
    config = Config(**{"hidden": "6-5", "bottleneck": 3, "linear_path": False, **values})
    net = Autoencoder(shape, config, generator=generator(0, "weights"))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias"):
                parameter.uniform_(-0.5, 0.5, generator=generator(1, name))
    return net


def read_header(raw: bytes, start: int = 0) -> tuple[dict[str, Any], int]:
    """Return a header, and the position of what follows it."""
    (length,) = struct.unpack_from("<I", raw, start)
    header = json.loads(raw[start + 4 : start + 4 + length])
    return header, (start + 4 + length + 3) & ~3


def run_layers(layers: list[dict[str, Any]], arrays: Any, code: NDArray[np.float32]) -> Any:
    """Compute the layers for one code, following their documentation."""
    values: Any = code.astype(np.float64)
    for layer in layers:
        kind = layer["kind"]
        if "weight" in layer:
            weight, bias = arrays[layer["weight"]], arrays[layer["bias"]]
        if kind == "linear":
            values = values @ weight + bias
        elif kind == "path":
            values = values + code @ weight + bias
        elif kind == "unflatten":
            values = values.reshape(layer["channels"], layer["height"], layer["width"])
        elif kind == "conv_transpose":
            values = conv_transpose(values, weight, layer) + bias[:, None, None]
        elif kind == "flatten":
            values = values.ravel()
        else:
            values = ACTIVATIONS[layer["name"]].build()(torch.as_tensor(values)).numpy()
    return values


def conv_transpose(values: Any, weight: Any, layer: dict[str, Any]) -> Any:
    out = np.zeros((layer["outputs"], layer["height"] + 2, layer["width"] + 2))
    for y, x in np.ndindex(values.shape[1:]):
        add = np.einsum("i,iabo->oab", values[:, y, x], weight)
        window = out[:, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
        window += add[:, : window.shape[1], : window.shape[2]]
    return out[:, 1:-1, 1:-1]


@pytest.mark.parametrize("activation", HIDDEN_ACTIVATIONS)
@pytest.mark.parametrize("net", NETS)
@torch.no_grad()
def test_layers_compute_the_same_as_the_decoder(net: str, activation: str) -> None:
    model = build(activation=activation, **NETS[net])
    codes = 3 * torch.randn(4, 3, generator=generator(0, "codes"))
    layers, arrays = decoder_layers(model)
    images = np.stack([run_layers(layers, arrays, code) for code in codes.numpy()])
    np.testing.assert_allclose(images, model.decode(codes).numpy(), atol=1e-5)
    assert all(array.dtype == np.float32 for array in arrays.values())


@torch.no_grad()
def test_further_training_does_not_change_extracted_layers() -> None:
    model = build()
    layers, arrays = decoder_layers(model)
    before = run_layers(layers, arrays, np.ones(3, np.float32))
    for parameter in model.parameters():
        parameter.add_(1)
    assert (run_layers(layers, arrays, np.ones(3, np.float32)) == before).all()


def test_layers_are_json_serialisable() -> None:
    layers, arrays = decoder_layers(build(architecture="convolutional"))
    assert json.loads(json.dumps(layers)) == layers
    assert {layer["weight"] for layer in layers if "weight" in layer} <= set(arrays)


def test_packed_arrays_keep_type_shape_and_alignment() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "images": np.arange(7, dtype=np.uint8).reshape(7, 1),
        "points": np.random.default_rng(0).random((5, 2), np.float32),
        "labels": np.array([-1, 3], np.int32),
        "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    }
    raw = pack(arrays, {"classes": ["zéro"]})
    header, start = read_header(raw)
    assert header["meta"] == {"classes": ["zéro"]}
    kinds = {"u1": np.uint8, "f4": np.float32, "i4": np.int32}
    for entry, (name, array) in zip(header["arrays"], arrays.items(), strict=True):
        position = start + entry["offset"]
        assert position % 4 == 0
        unpacked = np.frombuffer(raw, kinds[entry["type"]], array.size, position)
        assert entry["name"] == name
        assert (unpacked.reshape(entry["shape"]) == array).all()


def test_pack_rejects_arrays_it_would_have_to_convert() -> None:
    with pytest.raises(TypeError, match="codes is float64"):
        pack({"codes": np.zeros(3)})


def test_bundle_data_starts_with_name_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = MountRecorder()
    monkeypatch.setattr(bundle, "_bundle", mounts)
    payload = pack({"points": np.zeros((3, 2), np.float32)})
    bundle.bundle("bundle-map", "map", "7", payload)
    (arguments,) = mounts
    header, start = read_header(arguments["data"])
    assert header == {"name": "map", "version": "7"}
    assert arguments["data"][start:] == payload
    assert start % 4 == 0


def test_canvas_receives_bundle_versions_but_no_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = MountRecorder()
    monkeypatch.setattr(latent_canvas, "_canvas", mounts)
    marked = Marks(selected=(1, 2), pins=(Pin(0.5, 1, None), Pin(2, 3, 7)))
    result = latent_canvas.canvas(
        "map",
        bundles={"points": "12"},
        settings={"background": "density", "step": 12},
        height=520,
        label="Map",
        given=marked,
    )
    data = mounts[0]["data"]
    assert data["bundles"] == {"points": "12"}
    assert (data["settings"]["background"], data["settings"]["step"]) == ("density", 12)
    assert data["given"]["pins"] == [[0.5, 1, -1], [2, 3, 7]]
    assert len(json.dumps(data)) < 4000
    assert result == marked


def test_reported_marks_apply_only_to_their_revision() -> None:
    initial = Marks(selected=(9,), frame=30)
    state = {
        "selected": {"revision": "a", "value": [4, 5]},
        "chosen": {"revision": "a", "value": -1},
        "pins": {"revision": "a", "value": [[0.5, 1, -1], [2, 3, 7]]},
    }
    reported = marks(state, initial, "a")
    assert reported == Marks((4, 5), None, (Pin(0.5, 1, None), Pin(2, 3, 7)), 30)
    assert marks(state, initial, "b") == initial
    assert marks({"frame": {"revision": "a", "value": -1}}, initial, "a").frame is None


def test_all_canvas_texts_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed("⟦", "⟧"))
    texts = latent_canvas._words()
    assert all(text.startswith("⟦") for text in texts.values())
    script = "".join(path.read_text("utf-8") for path in SCRIPTS)
    html = (FOLDER / "latent_canvas.html").read_text("utf-8")
    used = set(re.findall(r"words\.(\w+)", script)) | set(re.findall(r'data-word="(\w+)"', html))
    assert used == set(texts)
    assert not re.sub(r"<[^>]*>|\s", "", html)


def test_all_scripts_are_joined_and_fetch_nothing() -> None:
    joined = join_modules(FOLDER / "latent_canvas.js")
    for script in SCRIPTS:
        source = script.read_text("utf-8")
        assert not re.search(r"https?:|\bfetch\(|\bimport\(", source)
        if script.parent == FOLDER:
            assert source.splitlines()[-2] in joined


@pytest.mark.parametrize("sheet", sorted(FOLDER.glob("*.css")), ids=lambda path: path.stem)
def test_styles_are_scoped_to_the_canvas(sheet: Path) -> None:
    selectors = re.findall(r"^[^\s}/@][^{]*", sheet.read_text("utf-8"), re.M)
    assert selectors
    assert all("latent-canvas" in part for each in selectors for part in each.split(","))
