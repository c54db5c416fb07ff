import json
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs.run import Run
from aecore.training.trainer import Trainer
from tests.support import advance_run, same, trained


def test_rows_after_the_checkpoint_are_discarded_on_resuming(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulate a kill between two saves, which leaves rows newer than the checkpoint."""
    # A machine that stands still for seconds would be a reason to save again.
    monkeypatch.setattr("aecore.runs.run.LEAST_SECONDS_UNSAVED", math.inf)
    monkeypatch.setattr("aecore.runs.run.MOST_SECONDS_UNSAVED", math.inf)
    run = Run.create(tmp_path / "a", quick)
    trainer = run.start(small)
    advance_run(run, trainer, 5)
    run.save(trainer)
    advance_run(run, trainer, 4)
    run.release()
    with (tmp_path / "a" / "history.jsonl").open("a") as file:
        file.write('{"step": 10, "trai')
    for part in ("run.json.part", "checkpoint/000000009.safetensors.part", "frames/x.part"):
        (tmp_path / "a" / part).write_bytes(b"half")
    reopened = Run(tmp_path / "a")
    assert [row["step"] for row in reopened.history()] == list(range(1, 10))
    assert reopened.frames() == list(range(10))
    resumed = reopened.resume(small)
    assert resumed.steps == 5
    assert [row["step"] for row in reopened.history()] == list(range(1, 6))
    advance_run(reopened, resumed, 4)
    same(trainer, resumed)
    assert reopened.history() == trainer.history
    assert [row["step"] for row in reopened.history()] == list(range(1, 10))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is damaged: input should"),
        ('{"bottleneck": 0}', "bottleneck is 0; choose a whole number, 1 to 1,024"),
        ('{"bottelneck": 3}', "bottelneck is not a setting"),
        ('{"code_activation": "relu"}', "switch linear_path off"),
    ],
)
def test_hand_edited_settings_are_rejected(
    tmp_path: Path, quick: Config, text: str, message: str
) -> None:
    Run.create(tmp_path / "a", quick).release()
    (tmp_path / "a" / "config.json").write_text(text)
    with pytest.raises(LabError, match=message):
        Run(tmp_path / "a")


def test_folder_that_is_not_a_run_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Incomplete run: .*config\.json is missing"):
        Run(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("checkpoint/state.json", "{", "is not valid JSON"),
        ("checkpoint/state.json", "{}", "is damaged at config"),
        ("checkpoint/state.json", "[]", "is damaged: input should"),
        ("checkpoint/state.json", None, "is missing"),
        ("history.jsonl", None, "is missing"),
    ],
)
def test_damaged_run_cannot_be_resumed(
    tmp_path: Path, small: Dataset, quick: Config, name: str, text: str | None, message: str
) -> None:
    trained(tmp_path / "a", small, quick, 2)
    path = tmp_path / "a" / name
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(LabError, match=message):
        Run(tmp_path / "a").resume(small)


@pytest.mark.parametrize("text", ["{", "[]", None])
def test_damaged_summary_is_rejected(
    tmp_path: Path, small: Dataset, quick: Config, text: str | None
) -> None:
    trained(tmp_path / "a", small, quick, 1)
    path = tmp_path / "a" / "run.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(LabError, match=r"run\.json"):
        Run(tmp_path / "a").summary()


def test_invalid_history_rows_are_skipped(tmp_path: Path, small: Dataset, quick: Config) -> None:
    trainer = trained(tmp_path / "a", small, quick, 3)
    path = tmp_path / "a" / "history.jsonl"
    junk = b'\xff\xfe\n[1]\n{"epoch": 3}\n{"step": "x"}\nnull\n\n'
    path.write_bytes(junk + path.read_bytes() + b'{"step": 4, "tr')
    assert Run(tmp_path / "a").history() == trainer.history


def test_frame_that_was_not_saved_is_rejected(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    trained(tmp_path / "a", small, quick, 3)
    with pytest.raises(LabError, match="cannot be read"):
        Run(tmp_path / "a").frame(1234)


@pytest.mark.parametrize("frames", [None, "all", 3, ["x", [], None, 0, 1, 2, 3, 4, 5]])
def test_unusable_list_of_frames_does_not_keep_a_run_from_resuming(
    tmp_path: Path, small: Dataset, quick: Config, frames: object
) -> None:
    trained(tmp_path / "a", small, quick, 5)
    state = tmp_path / "a" / "checkpoint" / "state.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "frames": frames}))
    assert Run(tmp_path / "a").resume(small).steps == 5
    assert Run(tmp_path / "a").frames() == list(range(6))


def test_run_cannot_be_resumed_on_another_dataset(
    tmp_path: Path, small: Dataset, digits: Dataset, quick: Config
) -> None:
    trained(tmp_path / "a", small, quick, 1)
    with pytest.raises(LabError, match="The dataset digits has changed since this run was"):
        Run(tmp_path / "a").resume(digits)


TRAIN_FOREVER = """
import sys
from pathlib import Path
import torch
from aecore import data
from aecore.runs import run
from aecore.config import Config
torch.set_num_threads(1)
run.LEAST_SECONDS_UNSAVED = run.MOST_SECONDS_UNSAVED = 0.0
current = run.Run.create(Path(sys.argv[1]), Config(**eval(sys.argv[2])))
trainer = current.start(data.load("digits"))
while True:
    trainer.step()
    current.record(trainer)
"""


def test_run_killed_at_any_moment_can_be_resumed(
    tmp_path: Path, digits: Dataset, quick: Config
) -> None:
    path, config = tmp_path / "a", quick.changed(epochs=1000, hidden="8")
    command = [sys.executable, "-c", TRAIN_FOREVER, str(path), str(config.model_dump())]
    state_file = path / "checkpoint" / "state.json"
    with subprocess.Popen(command) as child:
        while child.poll() is None:
            if state_file.exists() and json.loads(state_file.read_text())["step"] >= 20:
                break
            time.sleep(0.01)
        child.kill()
    run = Run(path)
    run.claim()
    trainer = run.resume(digits)
    assert trainer.steps >= 20
    uninterrupted = Trainer(digits, run.config)
    while uninterrupted.steps < trainer.steps:
        uninterrupted.step()
    same(uninterrupted, trainer)
    assert run.history() == uninterrupted.history
    assert abs(run.frame().step - trainer.steps) <= 1
    run.release()
