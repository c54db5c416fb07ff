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
from tests.support import Bracketed

HERE = Path(latent_canvas.__file__).parent
SCRIPTS = [*HERE.glob("*.js"), *Path(bundle.__file__).parent.glob("*.js")]

NETS: dict[str, dict[str, Any]] = {
    "dense": {},
    "tied": {"tied": True},
    "linear path": {"linear_path": True},
    "tied linear path": {"tied": True, "linear_path": True},
    "no hidden layer": {"hidden": ""},
    "convolutional": {"architecture": "convolutional"},
    "convolutional linear path": {"architecture": "convolutional", "linear_path": True},
}


class Mounted(list[dict[str, Any]]):
    """Stands where Streamlit mounts a component, and remembers what it was given."""

    def __call__(self, **given: Any) -> None:
        self.append(given)


def build(shape: tuple[int, int] = (13, 9), **values: Any) -> Autoencoder:
    """Return a network none of whose biases is zero."""
    config = Config(**{"hidden": "6-5", "bottleneck": 3, "linear_path": False, **values})
    net = Autoencoder(shape, config, generator=generator(0, "weights"))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias"):
                parameter.uniform_(-0.5, 0.5, generator=generator(1, name))
    return net


def read(raw: bytes, start: int = 0) -> tuple[dict[str, Any], int]:
    """Return a header, and where it ends."""
    (length,) = struct.unpack_from("<I", raw, start)
    header = json.loads(raw[start + 4 : start + 4 + length])
    return header, (start + 4 + length + 3) & ~3


def run(layers: list[dict[str, Any]], arrays: Any, code: NDArray[np.float32]) -> Any:
    """Compute layers as they are documented, one code at a time."""
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
            values = spread(values, weight, layer) + bias[:, None, None]
        elif kind == "flatten":
            values = values.ravel()
        else:
            values = ACTIVATIONS[layer["name"]].build()(torch.as_tensor(values)).numpy()
    return values


def spread(values: Any, weight: Any, layer: dict[str, Any]) -> Any:
    out = np.zeros((layer["outputs"], layer["height"] + 2, layer["width"] + 2))
    for y, x in np.ndindex(values.shape[1:]):
        add = np.einsum("i,iabo->oab", values[:, y, x], weight)
        room = out[:, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
        room += add[:, : room.shape[1], : room.shape[2]]
    return out[:, 1:-1, 1:-1]


@pytest.mark.parametrize("activation", HIDDEN_ACTIVATIONS)
@pytest.mark.parametrize("net", NETS)
@torch.no_grad()
def test_layers_compute_what_the_decoder_does(net: str, activation: str) -> None:
    model = build(activation=activation, **NETS[net])
    codes = 3 * torch.randn(4, 3, generator=generator(0, "codes"))
    layers, arrays = decoder_layers(model)
    found = np.stack([run(layers, arrays, code) for code in codes.numpy()])
    np.testing.assert_allclose(found, model.decode(codes).numpy(), atol=1e-5)
    assert all(array.dtype == np.float32 for array in arrays.values())


@torch.no_grad()
def test_training_on_does_not_change_what_was_described() -> None:
    model = build()
    layers, arrays = decoder_layers(model)
    before = run(layers, arrays, np.ones(3, np.float32))
    for parameter in model.parameters():
        parameter.add_(1)
    assert (run(layers, arrays, np.ones(3, np.float32)) == before).all()


def test_layers_can_be_said_in_json() -> None:
    layers, arrays = decoder_layers(build(architecture="convolutional"))
    assert json.loads(json.dumps(layers)) == layers
    assert {layer["weight"] for layer in layers if "weight" in layer} <= set(arrays)


def test_packed_arrays_come_back_with_type_shape_and_place() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "images": np.arange(7, dtype=np.uint8).reshape(7, 1),
        "points": np.random.default_rng(0).random((5, 2), np.float32),
        "labels": np.array([-1, 3], np.int32),
        "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    }
    raw = pack(arrays, {"classes": ["zéro"]})
    header, start = read(raw)
    assert header["meta"] == {"classes": ["zéro"]}
    kinds = {"u1": np.uint8, "f4": np.float32, "i4": np.int32}
    for entry, (name, array) in zip(header["arrays"], arrays.items(), strict=True):
        place = start + entry["offset"]
        assert place % 4 == 0
        found = np.frombuffer(raw, kinds[entry["type"]], array.size, place)
        assert entry["name"] == name
        assert (found.reshape(entry["shape"]) == array).all()


def test_pack_changes_no_number_silently() -> None:
    with pytest.raises(TypeError, match="codes is float64"):
        pack({"codes": np.zeros(3)})


def test_a_bundle_says_its_name_and_version_before_its_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mounted = Mounted()
    monkeypatch.setattr(bundle, "_bundle", mounted)
    payload = pack({"points": np.zeros((3, 2), np.float32)})
    bundle.bundle("bundle-map", "map", "7", payload)
    (given,) = mounted
    header, start = read(given["data"])
    assert header == {"name": "map", "version": "7"}
    assert given["data"][start:] == payload
    assert start % 4 == 0


def test_the_canvas_is_told_of_bundles_and_sends_no_arrays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mounted = Mounted()
    monkeypatch.setattr(latent_canvas, "_canvas", mounted)
    given = Marks(selected=(1, 2), pins=(Pin(0.5, 1, None), Pin(2, 3, 7)))
    found = latent_canvas.canvas(
        "map",
        bundles={"points": "12"},
        settings={"background": "density", "step": 12},
        height=520,
        label="Map",
        given=given,
    )
    data = mounted[0]["data"]
    assert data["bundles"] == {"points": "12"}
    assert (data["settings"]["background"], data["settings"]["step"]) == ("density", 12)
    assert data["given"]["pins"] == [[0.5, 1, -1], [2, 3, 7]]
    assert len(json.dumps(data)) < 4000
    assert found == given


def test_what_was_told_counts_for_its_revision_only() -> None:
    given = Marks(selected=(9,), frame=30)
    state = {
        "selected": {"revision": "a", "value": [4, 5]},
        "chosen": {"revision": "a", "value": -1},
        "pins": {"revision": "a", "value": [[0.5, 1, -1], [2, 3, 7]]},
    }
    told = marks(state, given, "a")
    assert told == Marks((4, 5), None, (Pin(0.5, 1, None), Pin(2, 3, 7)), 30)
    assert marks(state, given, "b") == given
    assert marks({"frame": {"revision": "a", "value": -1}}, given, "a").frame is None


def test_all_words_pass_through_t(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed("⟦", "⟧"))
    said = latent_canvas._words()
    assert all(text.startswith("⟦") for text in said.values())
    script = "".join(path.read_text("utf-8") for path in SCRIPTS)
    html = (HERE / "latent_canvas.html").read_text("utf-8")
    used = set(re.findall(r"words\.(\w+)", script)) | set(re.findall(r'data-word="(\w+)"', html))
    assert used == set(said)
    assert not re.sub(r"<[^>]*>|\s", "", html)


def test_every_script_is_joined_and_fetches_nothing() -> None:
    joined = join_modules(HERE / "latent_canvas.js")
    for script in SCRIPTS:
        source = script.read_text("utf-8")
        assert not re.search(r"https?:|\bfetch\(|\bimport\(", source)
        if script.parent == HERE:
            assert source.splitlines()[-2] in joined


@pytest.mark.parametrize("sheet", sorted(HERE.glob("*.css")), ids=lambda path: path.stem)
def test_styles_touch_only_their_own_component(sheet: Path) -> None:
    selectors = re.findall(r"^[^\s}/@][^{]*", sheet.read_text("utf-8"), re.M)
    assert selectors
    assert all("latent-canvas" in part for each in selectors for part in each.split(","))
