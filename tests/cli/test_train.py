import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import data, knob
from aecore.config import Config
from aecore.network.inference import tensor
from aecore.presets import preset
from aecore.runs.run import Run
from aecore.training import checkpoint
from aecore.training.trainer import Trainer
from tests.cli.conftest import SMALL, STEPS, Call


def settings(path: Path) -> Config:
    config: Config = Run(path).frame().config
    return config


def saved(path: Path) -> dict[str, bytes]:
    files = [path / "history.jsonl", *(path / "checkpoint").iterdir()]
    return {file.name: file.read_bytes() for file in files}


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int, number: signal.Signals) -> None:
    """Let a signal arrive while a step is being made."""
    make = Trainer.step

    def step_and_signal(self: Trainer) -> Any:
        if self.steps == step - 1:
            signal.raise_signal(number)
        return make(self)

    monkeypatch.setattr(Trainer, "step", step_and_signal)


def test_every_knob_is_a_flag_with_its_words_values_and_default(call: Call) -> None:
    said = " ".join(call("train", "--help").out.split())
    for name, each in knob.knobs(Config).items():
        default = (
            {True: "on", False: "off"}[each.default] if each.kind == "switch" else each.default
        )
        live = "; live" if each.live else ""
        words = f"{each.explanation} ({each.span}; default {default}{live})"
        assert f"--{name.replace('_', '-')} " in said
        assert words in said


def test_flags_become_the_settings(call: Call, tmp_path: Path) -> None:
    flags = ["--noise-kind", "masking", "--noise", ".25", "--no-linear-path", "--tied"]
    said = call("train", *SMALL, "--epochs", "1", *flags, "--out", tmp_path / "x")
    assert said.code == 0
    config = settings(tmp_path / "x")
    assert (config.noise_kind, config.noise) == ("masking", 0.25)
    assert (config.linear_path, config.tied) == (False, True)
    assert (config.hidden, config.batch_size) == ("16", 50)


def test_a_preset_gives_what_is_not_given(call: Call, tmp_path: Path) -> None:
    line = ["--preset", "classic", "--train-size", "200", "--epochs", "1", "--threads", "1"]
    assert call("train", *line, "--momentum", ".5", "--out", tmp_path / "x").code == 0
    config = settings(tmp_path / "x")
    assert config == preset("classic", "digits", train_size=200, epochs=1, momentum=0.5)
    assert (config.optimizer, config.momentum, config.epochs) == ("sgd", 0.5, 1)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--bottleneck 0", "bottleneck is 0; choose a whole number, 1 to 1,024."),
        ("--noise -1", "noise is -1; choose a number, 0 to 1."),
        ("--epochs many", "epochs is many; choose a whole number, 1 to 1,000."),
        ("--optimizer best", "optimizer is 'best'; choose one of sgd, adam."),
        ("--loss bce", "Cross-entropy needs outputs between 0 and 1"),
        ("--preset none", "preset is 'none'; choose one of stacked,"),
        ("--bottlenek 3", "Unknown option: --bottlenek. Did you mean --bottleneck?"),
        ("--threads 0", 'Invalid value "0" for --threads. Must be >= 1.'),
        ("--tied=perhaps", "Invalid value for --tied"),
        ("--dataset nothing", "There is no dataset 'nothing'"),
        ("--dataset mnist", "download it (12 MB) with: aecore data download mnist"),
        ("--resume", "name the folder with --out."),
        ("--resume --out nowhere", "nowhere/config.json is missing"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(call: Call, line: str, sentence: str) -> None:
    said = call("train", "--json", *line.split())
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1


def test_a_folder_in_use_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    said = call("train", *SMALL, "--out", tmp_path)
    assert (said.code, (tmp_path / "note").read_text()) == (2, "mine")
    assert "is not empty; choose another folder, or resume the run in it." in said.err


def test_the_result_is_one_line_of_json(call: Call) -> None:
    said = call("train", *SMALL, "--epochs", "3", "--bottleneck", "5", "--json")
    assert (said.code, said.err) == (0, "")
    result = said.result
    assert result["step"] == 3 * STEPS
    assert (result["epoch"], result["finished"], result["bottleneck"]) == (3.0, True, 5)
    assert result["samples_per_second"] == pytest.approx(900 / result["seconds"], rel=0.01, abs=1)

    digits = data.load("digits")
    trainer = Run(Path(result["run"])).resume(digits)
    x = tensor(digits.test_images)
    reconstruction = trainer.model(x).detach().clamp(0, 1)
    assert result["test_mse"] == pytest.approx(
        float((reconstruction - x).square().mean()), rel=1e-5
    )

    train = digits.images[:300].reshape(300, -1) / 255
    test = digits.test_images.reshape(-1, 64) / 255
    axes = np.linalg.svd(train - train.mean(0), full_matrices=False)[2][:5]
    linear = (test - train.mean(0)) @ axes.T @ axes + train.mean(0)
    assert result["pca_mse"] == pytest.approx(np.square(linear - test).mean(), rel=1e-6)
    clamped = np.square(linear.clip(0, 1) - test).mean()
    assert result["pca_mse_clamped"] == pytest.approx(clamped, rel=1e-6)


def test_people_get_a_sentence_and_hear_of_a_loss_to_pca(call: Call) -> None:
    better = call("train", *SMALL, "--epochs", "20").out
    assert "error on all held-out images" in better
    assert "lower error" not in better
    worse = call("train", *SMALL, "--epochs", "1", "--no-linear-path").out
    assert "PCA has lower error" in worse


def test_a_terminal_shows_where_training_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = call("train", *SMALL, "--epochs", "2").err
    for part in (
        f"step {2 * STEPS}",
        "epoch 2.0",
        "held-out error 0.",
        "PCA at d=8 0.",
        "images/s",
    ):
        assert part in bar
    assert call("train", *SMALL, "--epochs", "2", "--json").err == ""


def test_resume_extends_a_finished_run(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "x"
    call("train", *SMALL, "--epochs", "2", "--out", path)
    said = call("train", "--resume", "--out", path, "--epochs", "5", "--threads", "1", "--json")
    assert (said.code, said.result["step"], said.result["finished"]) == (0, 5 * STEPS, True)
    again = Run(path).resume(data.load("digits"))
    assert again.edits == [{"step": 2 * STEPS, "changes": {"epochs": [2, 5]}}]
    rows = [row["step"] for row in Run(path).history()]
    assert rows == sorted(set(rows))
    assert rows[-1] == 5 * STEPS


def test_resuming_a_finished_run_just_tells_the_result(call: Call, tmp_path: Path) -> None:
    line = ["train", *SMALL, "--epochs", "2", "--preset", "denoising", "--json", "--out"]
    first = call(*line, tmp_path / "x").result
    again = call(*line, tmp_path / "x", "--resume").result
    same = ("run", "step", "epoch", "finished", "test_mse", "pca_mse")
    assert [again[name] for name in same] == [first[name] for name in same]


def test_what_is_not_live_cannot_change_on_resuming(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "x"
    call("train", *SMALL, "--epochs", "2", "--out", path)
    before = saved(path)
    for flag, value in (("--batch-size", "10"), ("--preset", "classic"), ("--dataset", "mnist")):
        said = call("train", "--resume", "--out", path, "--epochs", "9", flag, value)
        assert said.code == 2
        assert "cannot change during training; start a new run." in said.err
    assert saved(path) == before


def test_a_run_killed_before_its_first_checkpoint_begins_again(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "x"
    Run.create(path, Config(train_size=300, batch_size=50, hidden="16", epochs=2)).release()
    said = call("train", "--resume", "--out", path, "--threads", "1", "--json")
    assert (said.code, said.result["step"]) == (0, 2 * STEPS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_is_saved_and_goes_on_as_if_it_had_not_been(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    whole, path = tmp_path / "whole", tmp_path / "a run"
    call("train", *SMALL, "--epochs", "4", "--noise", ".2", "--out", whole)
    handler = signal.getsignal(number)
    with monkeypatch.context() as patched:
        stop_at(patched, 9, number)
        said = call("train", *SMALL, "--epochs", "4", "--noise", ".2", "--json", "--out", path)
    assert said.code == 128 + number
    assert (said.result["step"], said.result["finished"]) == (9, False)
    assert f"Saved at step 9. Resume with: aecore train --resume --out '{path}'" in said.err
    assert signal.getsignal(number) is handler

    assert call("train", "--resume", "--threads", "1", "--out", path).code == 0
    assert saved(path) == saved(whole)


def test_divergence_is_told_and_the_run_kept(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    wild = ["--optimizer", "sgd", "--learning-rate", "10", "--schedule", "constant"]
    said = call("train", *SMALL, *wild, "--epochs", "50", "--json", "--out", path)
    assert said.code == 1
    assert "Training diverged at step" in said.err
    assert said.result["finished"] is False
    assert np.isfinite(said.result["test_mse"])
    assert checkpoint.load(path / "checkpoint").facts["step"] == said.result["step"]
