"""Export a run for use in other programs."""

import io
import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save

from aecore.config import Config
from aecore.errors import RunError
from aecore.files import cell, zipped
from aecore.i18n import N_, Message
from aecore.images import Images
from aecore.knob import knobs
from aecore.maps.projection import plane
from aecore.metrics.reconstruction import errors
from aecore.network import onnx
from aecore.network.inference import tensor
from aecore.presets import SUITED, preset
from aecore.runs import archive
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel

# TensorBoard's limit.
SPRITE_SIDE = 8192
PROJECTOR_IMAGES = 5000


@dataclass(frozen=True)
class Format:
    """An export format.

    Attributes
    ----------
    label, description : Message
        Its name and contents.
    suffix : str
        File name extension.
    write : callable
        Maps a run's folder to the bytes of the file.
    """

    label: Message
    description: Message
    suffix: str
    write: Callable[[Path], bytes]


def export(path: Path, name: str) -> bytes:
    """Export a run.

    Parameters
    ----------
    path : Path
        The run's folder.
    name : str
        A key of `FORMATS`.

    Raises
    ------
    RunError
        If there is no such format, a library for it is missing, or the run cannot be read.
    """
    if name not in FORMATS:
        raise RunError(
            "format is {name!r}; choose one of {all}.", name=name, all=", ".join(FORMATS)
        )
    return FORMATS[name].write(Path(path))


def _safetensors(path: Path) -> bytes:
    network = TrainedModel.open(path)
    weights = {name: each.detach().clone() for name, each in network.model.state_dict().items()}
    facts = {"config": json.dumps(network.config.model_dump()), "step": str(network.step)}
    return bytes(save(weights, metadata=facts))


def _onnx(path: Path) -> bytes:
    network = TrainedModel.open(path)
    return onnx.write(network.model, network.config.model_dump())


def _zip(path: Path) -> bytes:
    return archive.pack(Run(path))


def table(network: TrainedModel) -> dict[str, NDArray[Any]]:
    """Tabulate the held-out images: labels, errors, map positions and codes.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    dict of str to ndarray of shape (n,)
        ``index``, ``label`` (-1 where unknown), ``error`` (mean squared error per pixel),
        ``map_x`` and ``map_y`` (a two-unit code as it is, any other projected by PCA), and
        ``code_0``, ``code_1``, ...
    """
    images = network.dataset.test_images
    codes = network.encode(images)
    points = codes if codes.shape[1] == 2 else plane(codes)
    return {
        "index": np.arange(len(images)),
        "label": np.asarray(network.dataset.test_labels),
        "error": errors(tensor(images).numpy(), network.reconstruct(images)),
        "map_x": points[:, 0],
        "map_y": points[:, 1],
        **{f"code_{unit}": codes[:, unit] for unit in range(codes.shape[1])},
    }


def _parquet(path: Path) -> bytes:
    arrow, parquet = _library("pyarrow"), _library("pyarrow.parquet")
    file = io.BytesIO()
    parquet.write_table(arrow.table(table(TrainedModel.open(path))), file)
    return file.getvalue()


def _csv(path: Path) -> bytes:
    columns = table(TrainedModel.open(path))
    formats = ["%d" if each.dtype.kind == "i" else "%.7g" for each in columns.values()]
    file = io.StringIO()
    rows = np.column_stack(list(columns.values()))
    np.savetxt(file, rows, fmt=formats, delimiter=",", header=",".join(columns), comments="")
    return file.getvalue().encode()


def _projector(path: Path) -> bytes:
    """Return a ZIP for TensorBoard's embedding projector: unpack it and pass it as --logdir."""
    network = TrainedModel.open(path)
    height, width = network.dataset.shape
    per_row = min(SPRITE_SIDE // max(height, width), int(np.ceil(np.sqrt(PROJECTOR_IMAGES))))
    images = network.dataset.test_images[: min(PROJECTOR_IMAGES, per_row**2)]
    labels, classes = network.dataset.test_labels[: len(images)], network.dataset.classes
    vectors = io.StringIO()
    np.savetxt(vectors, network.encode(images), fmt="%.6g", delimiter="\t")
    names = [cell(classes[label]) if label >= 0 else "?" for label in labels]
    config = (
        "embeddings {\n"
        f"  tensor_name: {json.dumps(network.name, ensure_ascii=False)}\n"
        '  tensor_path: "vectors.tsv"\n'
        '  metadata_path: "metadata.tsv"\n'
        f'  sprite {{\n    image_path: "sprite.png"\n    single_image_dim: {width}\n'
        f"    single_image_dim: {height}\n  }}\n"
        "}\n"
    )
    return zipped(
        {
            "vectors.tsv": vectors.getvalue().encode(),
            # No header: TensorBoard would take it for a row if there is only one column.
            "metadata.tsv": "".join(f"{name}\n" for name in names).encode(),
            "sprite.png": _sprite(images),
            "projector_config.pbtxt": config.encode(),
        }
    )


def _sprite(images: Images) -> bytes:
    count, height, width = images.shape
    side = int(np.ceil(np.sqrt(count)))
    sheet = np.zeros((side * side, height, width), np.uint8)
    sheet[:count] = images
    whole = sheet.reshape(side, side, height, width).swapaxes(1, 2).reshape(side * height, -1)
    file = io.BytesIO()
    Image.fromarray(whole).save(file, "PNG")
    return file.getvalue()


def _script(path: Path) -> bytes:
    """Return a Python script that repeats the run, including its edits."""
    run = Run(path)
    last = run.frame()
    edits = [(e["step"], {n: after for n, (_, after) in e["changes"].items()}) for e in last.edits]
    return SCRIPT.format(
        name=run.name, settings=_settings(run.config), edits=edits, steps=last.step
    ).encode()


SCRIPT = '''"""Make a run again: the same settings and edits give the same history."""

from aecore import Config, Trainer, data

# The run {name!r}
config = Config({settings})
edits = {edits!r}
steps = {steps!r}

trainer = Trainer(data.load(config.dataset), config)
for step, changes in [*edits, (steps, {{}})]:
    trainer.train(step)
    trainer.change(**changes)
print(trainer.history[-1] if trainer.history else "no step was made")
'''


def _settings(config: Config) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in _non_defaults(config).items())


def _non_defaults(config: Config) -> dict[str, Any]:
    """Return the knobs that differ from their defaults, and the dataset."""
    values = config.model_dump()
    declared = knobs(Config)
    return {n: v for n, v in values.items() if v != declared[n].default or n == "dataset"}


def _line(path: Path) -> bytes:
    """Return the shell command that repeats the run.

    Raises
    ------
    RunError
        If the run was changed during training, which a single command cannot repeat.
    """
    run = Run(path)
    if run.frame().edits:
        raise RunError(
            "{name} was changed while it trained; one command cannot repeat that, a script can.",
            name=run.name,
        )
    words = ["aecore", "train"]
    # The command starts from a preset, not from the defaults; the images decide its other settings.
    start = preset("stacked").model_dump()
    always = {"dataset", *SUITED}
    values = run.config.model_dump()
    for name in [n for n in values if n in always or values[n] != start[n]]:
        value = values[name]
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", str(value)]
    return (shlex.join(words) + "\n").encode()


def _library(name: str) -> ModuleType:
    return onnx.library(name)


FORMATS: Mapping[str, Format] = {
    "safetensors": Format(
        N_("Weights"), N_("safetensors, with the settings"), "safetensors", _safetensors
    ),
    "onnx": Format(N_("ONNX"), N_("encoder, decoder and both, for any batch"), "onnx.zip", _onnx),
    "parquet": Format(
        N_("Table (Parquet)"),
        N_("codes, labels, errors, positions on the map"),
        "parquet",
        _parquet,
    ),
    "csv": Format(N_("CSV"), N_("the same table as text"), "csv", _csv),
    "projector": Format(
        N_("TensorBoard"), N_("for its embedding projector"), "projector.zip", _projector
    ),
    "zip": Format(N_("The whole run"), N_("to import elsewhere"), "zip", _zip),
    "script": Format(
        N_("Python script"), N_("repeats the run, including its edits"), "py", _script
    ),
    "line": Format(N_("Command"), N_("repeats the run in one line"), "sh", _line),
}
"""All formats by name, in the order in which they are offered."""
