"""A network as ONNX, checked against torch before it is handed out."""

import importlib
import io
import json
import logging
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aecore.errors import RunError
from aecore.network.autoencoder import Autoencoder

LARGEST_ERROR = 1e-4
CHECKED = (1, 7)


class _Encoder(nn.Module):
    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model.encode(x)


class _Decoder(_Encoder):
    def forward(self, x: Tensor) -> Tensor:
        return self.model.decode(x)


class _Both(_Encoder):
    def forward(self, x: Tensor) -> Tensor:
        return self.model.decode(self.model.encode(x))


PARTS = {
    "encoder": (_Encoder, "image", "code"),
    "decoder": (_Decoder, "code", "image"),
    "autoencoder": (_Both, "image", "reconstruction"),
}


def write(model: Autoencoder, settings: Mapping[str, Any]) -> bytes:
    """Return encoder, decoder and the whole as ONNX, in a zip, with the settings.

    Each takes float32 rows (n, pixels) in [0, 1], or codes (n, bottleneck), for any n.

    Parameters
    ----------
    model : Autoencoder
    settings : mapping
        Written beside, as ``config.json``.

    Raises
    ------
    RunError
        Where a library is missing, or onnxruntime does not agree with torch to 1e-4.
    """
    for name in ("onnx", "onnxruntime", "onnxscript"):
        library(name)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (part, given, made) in PARTS.items():
            content = _export(part(model).eval(), _width(model, given), given, made)
            _check(content, part(model), _width(model, given), name)
            archive.writestr(f"{name}.onnx", content)
        archive.writestr("config.json", json.dumps(dict(settings), indent=1))
    return file.getvalue()


def library(name: str) -> ModuleType:
    """Import a library that exports need.

    Raises
    ------
    RunError
        Where it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise RunError(
            "This format needs {name}; install it with: pip install 'autoencoder-lab[export]'",
            name=name,
        ) from None


def _width(model: Autoencoder, given: str) -> int:
    return model.bottleneck if given == "code" else model.shape[0] * model.shape[1]


def _export(part: nn.Module, width: int, given: str, made: str) -> bytes:
    batch = torch.export.Dim("batch", min=1)
    example = torch.rand(3, width, generator=torch.Generator().manual_seed(0))
    talk = logging.getLogger("torch.onnx")
    before = talk.level
    with tempfile.TemporaryDirectory(prefix="aecore-") as folder, warnings.catch_warnings():
        # The exporter talks of its own plans.
        warnings.simplefilter("ignore")
        talk.setLevel(logging.ERROR)
        path = Path(folder) / "part.onnx"
        try:
            torch.onnx.export(
                part,
                (example,),
                path,
                dynamo=True,
                input_names=[given],
                output_names=[made],
                dynamic_shapes=({0: batch},),
                external_data=False,
                verbose=False,
            )
        finally:
            talk.setLevel(before)
        return path.read_bytes()


@torch.no_grad()
def _check(content: bytes, part: nn.Module, width: int, name: str) -> None:
    runtime = library("onnxruntime")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    for count in CHECKED:
        rows = torch.rand(count, width, generator=torch.Generator().manual_seed(count))
        (found,) = session.run(None, {given.name: rows.numpy()})
        if not np.allclose(found, part(rows).numpy(), atol=LARGEST_ERROR, rtol=0):
            raise RunError(
                "The {name} exported as ONNX gives different results, so it is not saved.",
                name=name,
            )
