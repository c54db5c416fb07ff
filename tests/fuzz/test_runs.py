"""Runs whose files are damaged at random are refused with a sentence, or can be used.

``AECORE_FUZZ_CASES`` is the number of cases of each test; the default takes some seconds.
"""

import ast
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Diverged, LabError
from aecore.network.inference import decode, encode
from aecore.runs import archive
from aecore.runs.export import export
from aecore.runs.index import index, is_finished
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from tests.fuzz.cases import CASES
from tests.fuzz.mutation import Files, damaged
from tests.support import trained

fuzz = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
randoms = st.integers(0, 2**32).map(Random)


@pytest.fixture(scope="module", params=["dense", "sparse"])
def files(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    small: Dataset,
    quick: Config,
) -> Files:
    settings = {"dense": {}, "sparse": {"bottleneck": 40, "sparsity_kind": "top_k"}}[request.param]
    path = tmp_path_factory.mktemp("runs") / "a"
    trainer = trained(path, small, quick.changed(**settings, active_units=3), 6)
    assert trainer.steps == 6
    run = Run(path)
    run.claim()
    trainer = run.resume(small)
    trainer.change(noise=0.2)
    run.train(trainer, 8)
    run.save(trainer)
    run.release()
    return {
        each.relative_to(path).as_posix(): each.read_bytes()
        for each in path.rglob("*")
        if each.is_file() and each.name != ".lock"
    }


def pack(files: Files) -> BytesIO:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in files.items():
            packed.writestr(f"a/{name}", content)
    return buffer


def use(path: Path, dataset: Dataset) -> None:
    """Do with a run whatever pages and commands do; each may be refused, but not fail."""
    with suppress(LabError):
        for row in index(path.parent):
            is_finished(row)
    with suppress(LabError):
        run = Run(path)
        for step in run.frames():
            with suppress(LabError):
                shot = run.frame(step)
                shot.require(dataset)
                assert decode(shot.decoder, shot.codes).shape[1:] == dataset.shape
            with suppress(LabError):
                assert run.codes(step).ndim == 2
        with suppress(LabError):
            newest = run.frame()
            newest.require(dataset)
            assert encode(newest.model, dataset.test_images).shape[1] == newest.config.bottleneck
        with suppress(LabError):
            network = TrainedModel.open(path, dataset)
            assert network.reconstruct(dataset.test_images).shape == dataset.test_images.shape
        for form in ("script", "line"):
            with suppress(LabError):
                content = export(path, form)
                assert form == "line" or only_trains(content)
        with suppress(LabError, Diverged):
            run.claim()
            try:
                trainer = run.resume(dataset)
                run.train(trainer, trainer.steps + 2)
                run.save(trainer)
            finally:
                run.release()


def only_trains(script: bytes) -> bool:
    """Return whether an exported script calls nothing but what the export writes."""
    called = {
        ast.unparse(node.func) for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)
    }
    return called <= {
        "Config",
        "Trainer",
        "data.load",
        "trainer.train",
        "trainer.change",
        "print",
    }


@fuzz
@given(random=randoms)
def test_damaged_zip_is_refused_or_can_be_used(
    random: Random, files: Files, small: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("root")
    run = None
    with suppress(LabError):
        run = archive.unpack(pack(damaged(files, random)), root)
    if run is None:
        assert [path.name for path in root.iterdir()] == [archive.INCOMING]
        return
    # What was accepted can be read.
    run.summary()
    for step in run.frames():
        assert run.frame(step).decoder
    use(run.path, small)


@fuzz
@given(random=randoms)
def test_damaged_folder_is_refused_or_can_be_used(
    random: Random, files: Files, small: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("root") / "a"
    for name, content in damaged(files, random).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    use(path, small)
