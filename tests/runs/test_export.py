import ast
import csv
import io
import json
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file
from safetensors.torch import load

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.network import onnx
from aecore.presets import SUITED
from aecore.runs import archive, export
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from tests.support import advance_run, trained

SETTINGS = {"dataset": "digits", "hidden": "32", "batch_size": 64, "epochs": 2, "bottleneck": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> Path:
    path = tmp_path_factory.mktemp("export") / "run"
    trained(path, digits, Config(**SETTINGS), steps=30)
    return path


def test_exported_weights_contain_their_settings(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(content := export.export(folder, "safetensors"))
    with safe_open(tmp_path / "x.safetensors", "pt") as file:
        assert Config(**json.loads(file.metadata()["config"])) == Run(folder).config
    network = TrainedModel.open(folder)
    network.model.load_state_dict(load(content))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"architecture": "convolutional", "hidden": "4-8"},
        {"sparsity_kind": "top_k", "active_units": 2, "bottleneck": 9, "linear_path": False},
    ],
)
def test_onnx_export_matches_torch(
    values: dict[str, object], tmp_path: Path, digits: Dataset
) -> None:
    import onnxruntime

    trained(tmp_path / "run", digits, Config(**{**SETTINGS, **values}), steps=5)
    network = TrainedModel.open(tmp_path / "run")
    content = export.export(tmp_path / "run", "onnx")
    rows = (digits.test_images[:13].reshape(13, -1) / 255).astype(np.float32)
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        encoder, decoder, autoencoder = (
            onnxruntime.InferenceSession(files.read(f"{name}.onnx"))
            for name in ("encoder", "decoder", "autoencoder")
        )
    (codes,) = encoder.run(["code"], {"image": rows})
    assert codes == pytest.approx(network.encode(digits.test_images[:13]), abs=1e-4)
    (images,) = decoder.run(["image"], {"code": codes})
    (reconstructions,) = autoencoder.run(["reconstruction"], {"image": rows})
    assert images == pytest.approx(reconstructions, abs=1e-4)
    expected = network.reconstruct(digits.test_images[:13]).reshape(13, -1)
    assert reconstructions.clip(0, 1) == pytest.approx(expected, abs=1e-4)


def test_onnx_export_with_different_results_is_rejected(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "LARGEST_ERROR", -1.0)
    with pytest.raises(LabError, match="gives different results"):
        export.export(folder, "onnx")


def test_tables_contain_every_held_out_image(folder: Path, digits: Dataset) -> None:
    from pyarrow import parquet

    network = TrainedModel.open(folder)
    columns = parquet.read_table(io.BytesIO(export.export(folder, "parquet"))).to_pydict()
    rows = list(csv.DictReader(io.StringIO(export.export(folder, "csv").decode())))
    assert (
        list(columns)
        == list(rows[0])
        == [
            "index",
            "label",
            "error",
            "map_x",
            "map_y",
            "code_0",
            "code_1",
            "code_2",
        ]
    )
    codes = network.encode(digits.test_images)
    assert columns["code_1"] == pytest.approx(codes[:, 1].tolist())
    assert [float(row["code_1"]) for row in rows] == pytest.approx(codes[:, 1].tolist(), rel=1e-5)
    assert [int(row["label"]) for row in rows] == digits.test_labels.tolist()
    assert np.mean(columns["error"]) == pytest.approx(
        np.square(network.reconstruct(digits.test_images) - digits.test_images / 255).mean(),
        rel=1e-4,
    )


def test_projector_export_contains_the_files_its_config_names(
    folder: Path, digits: Dataset
) -> None:
    with zipfile.ZipFile(io.BytesIO(export.export(folder, "projector"))) as files:
        config = files.read("projector_config.pbtxt").decode()
        vectors = files.read("vectors.tsv").decode().splitlines()
        labels = files.read("metadata.tsv").decode().splitlines()
        sprite = Image.open(io.BytesIO(files.read("sprite.png")))
    assert all(name in config for name in ("vectors.tsv", "metadata.tsv", "sprite.png"))
    assert len(vectors) == len(labels) == len(digits.test_images)
    assert labels[:5] == [str(each) for each in digits.test_labels[:5]]
    assert sprite.width == sprite.height == 8 * 19
    assert np.array_equal(np.asarray(sprite)[:8, 8:16], digits.test_images[1])


def test_exported_zip_gives_the_same_codes(folder: Path, tmp_path: Path) -> None:
    unpacked = archive.unpack(io.BytesIO(export.export(folder, "zip")), tmp_path)
    images = TrainedModel.open(folder).dataset.test_images
    original, restored = (
        TrainedModel.open(folder).encode(images),
        TrainedModel.open(unpacked.path).encode(images),
    )
    assert np.array_equal(original, restored)


def test_exported_script_reproduces_the_history(
    tmp_path: Path, digits: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.create(tmp_path / "run", Config(**SETTINGS))
    trainer = run.start(digits)
    advance_run(run, trainer, 10)
    trainer.change(noise=0.2, bottleneck=4)
    advance_run(run, trainer, 15)
    run.save(trainer)
    run.release()
    scope: dict[str, object] = {"__name__": "repeated"}
    exec(compile(export.export(run.path, "script"), "script", "exec"), scope)
    assert scope["trainer"].history == trainer.history  # type: ignore[attr-defined]
    assert str(trainer.history[-1]["step"]) in capsys.readouterr().out
    with pytest.raises(LabError, match="one command cannot repeat that"):
        export.export(run.path, "line")


def test_exported_command_contains_the_changed_settings(folder: Path) -> None:
    line = export.export(folder, "line").decode()
    assert line.startswith("aecore train ")
    for words in ("--dataset digits", "--hidden 32", "--bottleneck 3", "--epochs 2"):
        assert words in line
    # What a preset suits to the images is named too, in case they are others elsewhere.
    for flag in SUITED:
        assert f"--{flag.replace('_', '-')} " in line


def test_missing_library_is_reported_with_its_install_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(LabError, match=r"pip install 'autoencoder-lab\[export\]'"):
        export.export(folder, "onnx")


def test_unknown_format_is_rejected(folder: Path) -> None:
    with pytest.raises(LabError, match="choose one of safetensors, onnx"):
        export.export(folder, "docx")


HOSTILE_NAME = '"""\n\'; raise SystemExit(1)\r\n#\\ \u2028 Ü'


def test_exported_script_runs_nothing_but_the_run(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / HOSTILE_NAME
    shutil.copytree(folder, path)
    with safe_open(path / "latest.safetensors", "numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        facts = json.loads(file.metadata()["facts"])
    script = export.export(path, "script").decode()
    nodes = ast.parse(script).body
    assert [type(node).__name__ for node in nodes] == [
        *("Expr", "ImportFrom", "Assign", "Assign", "Assign", "Assign", "For", "Expr")
    ]
    assert script.splitlines()[4] == f"# The run {HOSTILE_NAME!r}"
    for step in ("1\nraise SystemExit(1)", "__import__('os')", [1], 1e999):
        text = json.dumps({**facts, "step": step})
        save_file(arrays, path / "latest.safetensors", {"facts": text})
        with pytest.raises(LabError, match="damaged at step"):
            export.export(path, "script")


def test_projector_export_bears_odd_names(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = replace(small, classes=("a\nb\tc", "=1+1", "plain"))
    trained(tmp_path / 'a"\n}', odd, quick, 1)
    monkeypatch.setattr(data, "load", lambda name: odd)
    content = export.export(tmp_path / 'a"\n}', "projector")
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        labels = files.read("metadata.tsv").decode().splitlines()
        config = files.read("projector_config.pbtxt").decode()
    assert labels[:3] == ["a b c", "'=1+1", "plain"]
    assert len(labels) == len(odd.test_images)
    assert config.splitlines()[1] == r'  tensor_name: "a\"\n}"'
