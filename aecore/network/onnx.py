"""Export a network as ONNX and verify it against torch."""

import copy
import importlib
import json
import logging
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aecore.errors import RunError
from aecore.files import zipped
from aecore.network.autoencoder import Autoencoder

LARGEST_ERROR = 1e-4
BATCH_SIZES = (1, 7)


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
    """Return the encoder, the decoder and the whole network as ONNX files in a ZIP.

    Their inputs are float32 rows (n, pixels) in [0, 1], or codes (n, bottleneck), for any n.

    Parameters
    ----------
    model : Autoencoder
    settings : mapping
        Added to the ZIP as ``config.json``.

    Raises
    ------
    RunError
        If a library is missing, or onnxruntime and torch differ by more than 1e-4.
    """
    files = {f"{name}.onnx": write_part(model, name) for name in PARTS}
    return zipped({**files, "config.json": json.dumps(dict(settings), indent=1).encode()})


def write_part(model: Autoencoder, name: str) -> bytes:
    """Return one part of a network as an ONNX file.

    Parameters
    ----------
    model : Autoencoder
    name : str
        A key of `PARTS`.

    Raises
    ------
    RunError
        As `write` does.
    """
    for required in ("onnx", "onnxruntime", "onnxscript"):
        library(required)
    part, source, target = PARTS[name]
    # The exporter puts placeholders into its module, which another thread may be using.
    module = part(copy.deepcopy(model)).eval()
    content = _export(module, _width(model, source), source, target)
    _check(content, module, _width(model, source), name)
    return content


def library(name: str) -> ModuleType:
    """Import an optional library.

    Raises
    ------
    RunError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise RunError(
            "This format needs {name}; install it with: pip install 'autoencoder-lab[export]'",
            name=name,
        ) from None


def _width(model: Autoencoder, source: str) -> int:
    return model.bottleneck if source == "code" else model.shape[0] * model.shape[1]


def _export(part: nn.Module, width: int, source: str, target: str) -> bytes:
    batch = torch.export.Dim("batch", min=1)
    example = torch.rand(3, width, generator=torch.Generator().manual_seed(0))
    exporter_logger = logging.getLogger("torch.onnx")
    level = exporter_logger.level
    with tempfile.TemporaryDirectory(prefix="aecore-") as folder, warnings.catch_warnings():
        # The exporter announces deprecations of its own code.
        warnings.simplefilter("ignore")
        exporter_logger.setLevel(logging.ERROR)
        path = Path(folder) / "part.onnx"
        try:
            torch.onnx.export(
                part,
                (example,),
                path,
                dynamo=True,
                input_names=[source],
                output_names=[target],
                dynamic_shapes=({0: batch},),
                external_data=False,
                verbose=False,
            )
        finally:
            exporter_logger.setLevel(level)
        return path.read_bytes()


@torch.no_grad()
def _check(content: bytes, part: nn.Module, width: int, name: str) -> None:
    runtime = library("onnxruntime")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    for count in BATCH_SIZES:
        rows = torch.rand(count, width, generator=torch.Generator().manual_seed(count))
        (output,) = session.run(None, {source.name: rows.numpy()})
        if not np.allclose(output, part(rows).numpy(), atol=LARGEST_ERROR, rtol=0):
            raise RunError(
                "The {name} exported as ONNX gives different results, so it is not saved.",
                name=name,
            )
