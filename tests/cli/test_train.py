import os
import pty
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import data, knob
from aecore.choices.schedule import SCHEDULES
from aecore.cli.terminal.stopping import stopping
from aecore.config import Config
from aecore.network.inference import tensor
from aecore.presets import preset
from aecore.runs.run import Run
from aecore.training import checkpoint
from aecore.training.schedule import learning_rate
from aecore.training.trainer import Trainer
from tests.cli.conftest import SMALL, STEPS, Call
from tests.support import saved_files, until


def saved_config(path: Path) -> Config:
    config: Config = Run(path).frame().config
    return config


AECORE = Path(sys.executable).with_name("aecore")


def send_signal_at(
    monkeypatch: pytest.MonkeyPatch, step: int, signal_number: signal.Signals
) -> None:
    """Send a signal to this process during a step."""
    original_step = Trainer.step

    def step_and_signal(self: Trainer) -> Any:
        if self.steps == step - 1:
            signal.raise_signal(signal_number)
        return original_step(self)

    monkeypatch.setattr(Trainer, "step", step_and_signal)


def test_help_lists_every_knob_with_description_range_and_default(call: Call) -> None:
    text = " ".join(call("train", "--help").out.split())
    for name, each in knob.knobs(Config).items():
        default = (
            {True: "on", False: "off"}[each.default] if each.kind == "switch" else each.default
        )
        live = "; live" if each.live else ""
        entry = f"{each.explanation} ({each.span}; default {default}{live})"
        assert f"--{name.replace('_', '-')} " in text
        assert entry in text


def test_flags_set_the_config(call: Call, tmp_path: Path) -> None:
    flags = ["--noise-kind", "masking", "--noise", ".25", "--no-linear-path", "--tied"]
    result = call("train", *SMALL, "--epochs", "1", *flags, "--out", tmp_path / "x")
    assert result.code == 0
    config = saved_config(tmp_path / "x")
    assert (config.noise_kind, config.noise) == ("masking", 0.25)
    assert (config.linear_path, config.tied) == (False, True)
    assert (config.hidden, config.batch_size) == ("16", 50)


def test_preset_supplies_settings_not_given_as_flags(call: Call, tmp_path: Path) -> None:
    arguments = ["--preset", "classic", "--train-size", "200", "--epochs", "1", "--threads", "1"]
    assert call("train", *arguments, "--momentum", ".5", "--out", tmp_path / "x").code == 0
    config = saved_config(tmp_path / "x")
    assert config == preset("classic", "digits", train_size=200, epochs=1, momentum=0.5)
    assert (config.optimizer, config.momentum, config.epochs) == ("sgd", 0.5, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
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
def test_invalid_arguments_are_rejected_with_a_one_line_message(
    call: Call, arguments: str, message: str
) -> None:
    result = call("train", "--json", *arguments.split())
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert len(result.err.splitlines()) == 1


def test_non_empty_folder_is_rejected(call: Call, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    result = call("train", *SMALL, "--out", tmp_path)
    assert (result.code, (tmp_path / "note").read_text()) == (2, "mine")
    assert "is not empty; choose another folder, or resume the run in it." in result.err


def test_json_output_is_one_line_with_correct_metrics(call: Call) -> None:
    result = call("train", *SMALL, "--epochs", "3", "--bottleneck", "5", "--json")
    assert (result.code, result.err) == (0, "")
    summary = result.json
    assert summary["step"] == 3 * STEPS
    assert (summary["epoch"], summary["finished"], summary["bottleneck"]) == (3.0, True, 5)
    assert summary["samples_per_second"] == pytest.approx(900 / summary["seconds"], rel=0.01, abs=1)

    digits = data.load("digits")
    trainer = Run(Path(summary["run"])).resume(digits)
    x = tensor(digits.test_images)
    reconstruction = trainer.model(x).detach().clamp(0, 1)
    assert summary["test_mse"] == pytest.approx(
        float((reconstruction - x).square().mean()), rel=1e-5
    )

    train = digits.images[:300].reshape(300, -1) / 255
    test = digits.test_images.reshape(-1, 64) / 255
    axes = np.linalg.svd(train - train.mean(0), full_matrices=False)[2][:5]
    linear = (test - train.mean(0)) @ axes.T @ axes + train.mean(0)
    assert summary["pca_mse"] == pytest.approx(np.square(linear - test).mean(), rel=1e-6)
    clamped = np.square(linear.clip(0, 1) - test).mean()
    assert summary["pca_mse_clamped"] == pytest.approx(clamped, rel=1e-6)


def test_text_output_reports_error_and_warns_if_pca_is_better(call: Call) -> None:
    better = call("train", *SMALL, "--epochs", "20").out
    assert "error on all held-out images" in better
    assert "lower error" not in better
    worse = call("train", *SMALL, "--epochs", "1", "--no-linear-path").out
    assert "PCA has lower error" in worse


def test_overcomplete_run_is_not_compared_with_pca(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = [*SMALL, "--epochs", "1", "--bottleneck", "64", "--no-linear-path"]
    text = call("train", *wide).out
    assert "PCA is exact at this width." in text
    assert "lower error" not in text
    assert call("train", *wide, "--json").json["pca_mse_clamped"] < 1e-20
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = call("train", *wide).err
    assert "PCA is exact at this width" in bar
    assert "PCA at d=64" not in bar


def test_run_with_noise_is_compared_on_noisy_images(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = [
        *("--dataset", "digits", "--hidden", "128", "--bottleneck", "40", "--noise", "0.3"),
        *("--batch-size", "32", "--epochs", "15", "--threads", "1"),
    ]
    result = call("train", *noisy, "--json").json
    assert result["test_mse"] > result["pca_mse_clamped"]
    assert result["noisy_test_mse"] < result["noisy_pca_mse"]
    monkeypatch.setenv("FORCE_COLOR", "1")
    output = call("train", *noisy)
    assert f"with noise {result['noisy_test_mse']:.5f}, PCA (denoising) 0.0" in output.out
    assert "lower error" not in output.out
    assert "PCA (denoising) 0.0" in output.err
    worse = call("train", *SMALL, "--epochs", "1", "--no-linear-path", "--noise", "0.3")
    assert "PCA has lower error" in worse.out


def test_terminal_shows_a_progress_bar(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = call("train", *SMALL, "--epochs", "2").err
    for part in (
        f"step {2 * STEPS}",
        "epoch 2.0",
        "validation error 0.",
        "PCA at d=8 0.",
        "images/s",
    ):
        assert part in bar
    assert call("train", *SMALL, "--epochs", "2", "--json").err == ""


def test_resume_extends_a_finished_run(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "x"
    call("train", *SMALL, "--epochs", "2", "--out", path)
    result = call("train", "--resume", "--out", path, "--epochs", "5", "--threads", "1", "--json")
    assert (result.code, result.json["step"], result.json["finished"]) == (0, 5 * STEPS, True)
    trainer = Run(path).resume(data.load("digits"))
    assert trainer.edits == [{"step": 2 * STEPS, "changes": {"epochs": [2, 5]}}]
    rows = [row["step"] for row in Run(path).history()]
    assert rows == sorted(set(rows))
    assert rows[-1] == 5 * STEPS


def test_resuming_a_finished_run_only_reports_its_result(call: Call, tmp_path: Path) -> None:
    command = ["train", *SMALL, "--epochs", "2", "--preset", "denoising", "--json", "--out"]
    first = call(*command, tmp_path / "x").json
    second = call(*command, tmp_path / "x", "--resume").json
    keys = ("run", "step", "epoch", "finished", "test_mse", "pca_mse")
    assert [second[name] for name in keys] == [first[name] for name in keys]


def test_only_live_settings_can_change_on_resume(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "x"
    call("train", *SMALL, "--epochs", "2", "--out", path)
    before = saved_files(path)
    for flag, value in (("--batch-size", "10"), ("--preset", "classic"), ("--dataset", "mnist")):
        result = call("train", "--resume", "--out", path, "--epochs", "9", flag, value)
        assert result.code == 2
        assert "cannot change during training; start a new run." in result.err
    assert saved_files(path) == before


def test_run_killed_before_its_first_checkpoint_restarts(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "x"
    Run.create(path, Config(train_size=300, batch_size=50, hidden="16", epochs=2)).release()
    result = call("train", "--resume", "--out", path, "--threads", "1", "--json")
    assert (result.code, result.json["step"]) == (0, 2 * STEPS)


@pytest.mark.usefixtures("hangup_ends")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_run_is_saved_and_resumes_identically(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal_number: signal.Signals
) -> None:
    uninterrupted, path = tmp_path / "whole", tmp_path / "a run"
    call("train", *SMALL, "--epochs", "4", "--noise", ".2", "--out", uninterrupted)
    handler = signal.getsignal(signal_number)
    with monkeypatch.context() as patched:
        send_signal_at(patched, 9, signal_number)
        result = call("train", *SMALL, "--epochs", "4", "--noise", ".2", "--json", "--out", path)
    assert result.code == 128 + signal_number
    assert (result.json["step"], result.json["finished"]) == (9, False)
    assert f"Saved at step 9. Resume with: aecore train --resume --out '{path}'" in result.err
    assert signal.getsignal(signal_number) is handler

    assert call("train", "--resume", "--threads", "1", "--out", path).code == 0
    assert saved_files(path) == saved_files(uninterrupted)


@pytest.mark.usefixtures("hangup_ends")
def test_run_is_saved_when_its_terminal_is_closed(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    # A session leader's first terminal becomes its controlling one.
    settings = ["--dataset", "digits", "--batch-size", "4", "--epochs", "1000", "--json"]
    command = shlex.join([str(AECORE), "train", *settings])
    place = shlex.quote(str(tmp_path / "x"))
    device = os.ttyname(end)
    process = subprocess.Popen(
        ["sh", "-c", f"exec {command} --out {place} <{device} >{device} 2>&1"],
        start_new_session=True,
    )
    os.close(end)
    until((tmp_path / "x" / "run.json").exists, 60)
    first = Run(tmp_path / "x").summary()["step"]
    until(lambda: len(Run(tmp_path / "x").history()) > 10, 60)
    os.close(terminal)
    assert process.wait(60) != 0
    run = Run(tmp_path / "x")
    assert run.summary()["step"] >= run.history()[-1]["step"] > first
    assert not run.busy


@pytest.mark.usefixtures("hangup_ends")
def test_ignored_hangup_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stopping() as stop:
        signal.raise_signal(signal.SIGHUP)
    assert not stop


def test_refused_start_leaves_no_folder(call: Call, tmp_path: Path) -> None:
    result = call("train", *SMALL, "--classes", "11", "--out", tmp_path / "x")
    assert result.code == 2
    assert "11" in result.err
    assert not (tmp_path / "x").exists()
    assert (
        call("train", *SMALL, "--classes", "1", "--epochs", "1", "--out", tmp_path / "x").code == 0
    )


def test_divergence_is_reported_and_the_run_is_kept(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    diverging = ["--optimizer", "sgd", "--learning-rate", "10", "--schedule", "constant"]
    result = call("train", *SMALL, *diverging, "--epochs", "50", "--json", "--out", path)
    assert result.code == 1
    assert "Training diverged at step" in result.err
    assert result.json["finished"] is False
    assert np.isfinite(result.json["test_mse"])
    assert checkpoint.load(path / "checkpoint").facts["step"] == result.json["step"]


@pytest.mark.parametrize("schedule", ["one_cycle", "constant"])
def test_more_epochs_on_resume_say_how_the_learning_rate_goes_on(
    call: Call, tmp_path: Path, schedule: str
) -> None:
    path = tmp_path / "x"
    call("train", *SMALL, "--epochs", "2", "--schedule", schedule, "--out", path)
    before = list(Run(path).history())[-1]["learning_rate"]
    result = call("train", "--resume", "--out", path, "--epochs", "4", "--threads", "1")
    config = Run(path).config
    now, last = (learning_rate(config, step / 24) for step in (12, 23))
    label = SCHEDULES[schedule].label
    assert (
        f"Resumed at step 12 of 24, 50% into the schedule {label}: the learning rate goes on from "
        f"{before:.2g} to {now:.2g}, and ends at {last:.2g}."
    ) in result.err
    assert list(Run(path).history())[-1]["learning_rate"] == pytest.approx(last)
    assert "learning rate" not in call("train", "--resume", "--out", path).err
