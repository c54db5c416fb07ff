import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aecore import data, knob, probe, state
from aecore.cli import main
from aecore.config import Config
from aecore.presets import preset
from aecore.run import Run
from aecore.trainer import Trainer

SMALL = [
    *("--dataset", "digits", "--train-size", "300", "--batch-size", "50", "--hidden", "16"),
    *("--threads", "1"),
]
STEPS = 6
"""Steps of an epoch of `SMALL`."""

CONSOLE = Path(sys.executable).with_name("aecore")


@dataclass(frozen=True)
class Said:
    code: int | str | None
    out: str
    err: str

    @property
    def result(self) -> Any:
        (line,) = self.out.splitlines()
        return json.loads(line)


Call = Callable[..., Said]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Run a command in this process, with folders of its own and nothing wrapped."""
    monkeypatch.setenv("AECORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "400")

    def call(*tokens: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(token) for token in tokens])
        return Said(end.value.code, *capsys.readouterr())

    return call


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
        words = f"{each.words} ({each.span}; default {default}{live})"
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
        ("--dataset nothing", "There is no data set 'nothing'"),
        ("--dataset mnist", "get it (12 MB) with: aecore data download mnist"),
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
    x = probe.tensor(digits.test_images)
    rebuilt = trainer.model(x).detach().clamp(0, 1)
    assert result["test_mse"] == pytest.approx(float((rebuilt - x).square().mean()), rel=1e-5)

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
    assert "loses" not in better
    worse = call("train", *SMALL, "--epochs", "1", "--no-linear-path").out
    assert "It loses to PCA" in worse


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
        assert "cannot change while a run trains; start a new one." in said.err
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
    assert f"Saved at step 9. Go on with: aecore train --resume --out '{path}'" in said.err
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
    assert state.load(path / "checkpoint").facts["step"] == said.result["step"]


def test_a_run_trained_elsewhere_is_busy_refused_and_stopped(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x"
    line = [str(CONSOLE), "train", *SMALL, "--epochs", "1000", "--out", str(path)]
    other = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with other:
        try:
            limit = time.monotonic() + 120
            while not (path / "run.json").exists():
                assert other.poll() is None
                assert time.monotonic() < limit
                time.sleep(0.05)
            assert [run["busy"] for run in call("runs", "--json").result] == [True]
            refused = call("train", "--resume", "--out", path)
            other.send_signal(signal.SIGTERM)
            _, told = other.communicate(timeout=120)
        finally:
            other.kill()
    assert refused.code == 2
    assert "x is being trained by another program; pause it there first." in refused.err
    assert other.returncode == 143
    assert "Go on with: aecore train --resume --out" in told
    assert [run["busy"] for run in call("runs", "--json").result] == [False]


def test_asking_for_help_imports_no_torch() -> None:
    code = "import sys, aecore.cli; assert not {'torch', 'sklearn', 'streamlit'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_runs_are_listed_and_what_is_damaged_is_told(call: Call, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    assert call("runs", "--root", root, "--json").result == []
    assert "start one with: aecore train" in call("runs", "--root", root).err
    call("train", *SMALL, "--epochs", "2", "--bottleneck", "3", "--out", root / "first")
    (root / "first").rename(root / "renamed")
    (run,) = call("runs", "--root", root, "--json").result
    known = {"name": "renamed", "dataset": "digits", "bottleneck": 3, "step": 2 * STEPS}
    assert known.items() <= run.items()
    assert (run["epoch"], run["busy"]) == (2.0, False)
    last = Run(root / "renamed").history()[-1]
    assert (run["held_out"], run["pca"]) == (last["held_out"], last["pca"])
    head, row = call("runs", "--root", root).out.splitlines()
    assert " ".join(head.split()) == "name data set bottleneck step epoch held-out PCA busy"
    errors = [f"{last['held_out']:.5f}", f"{last['pca']:.5f}"]
    assert row.split() == ["renamed", "digits", "3", "12", "2.0", *errors]

    (root / "renamed" / "run.json").write_text("{")
    said = call("runs", "--root", root, "--json")
    assert (said.code, said.result) == (0, [])
    assert "is not valid JSON" in said.err


def test_own_images_are_added_listed_and_learnt_from(call: Call, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (150, 6, 6), np.uint8)
    np.savez(tmp_path / "pictures.npz", images=pictures)
    said = call("data", "add", tmp_path / "pictures.npz", "--name", "mine", "--size", "5")
    assert (said.code, said.err) == (0, "")
    assert said.out == "mine: 120 images to learn from and 30 held out, 5 by 5.\n"
    listed = call("data", "list").out.splitlines()
    assert any(line.split()[:2] == ["mine", "here"] for line in listed)
    assert any(line.startswith("mnist") and "12 MB to download" in line for line in listed)
    line = ["--dataset", "mine", "--train-size", "100", "--epochs", "1", "--hidden", "8"]
    assert call("train", *line, "--threads", "1", "--json").result["dataset"] == "mine"


def test_a_bad_file_and_a_bad_name_are_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "letter.csv").write_text("Dear reader,\nthis is no picture.\n")
    for path, name in (("letter.csv", "mine"), ("nowhere.zip", "mine"), (".", "mnist")):
        said = call("data", "add", tmp_path / path, "--name", name)
        assert (said.code, said.out) == (2, "")
        assert (path if path != "." else "mnist") in said.err
        assert len(said.err.splitlines()) == 1
    assert "choose one of mnist," in call("data", "download", "nothing").err


def test_a_download_shows_its_progress_and_says_where_it_is(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str, *, progress: Callable[[int, int], None]) -> None:
        progress(3_000_000, 12_000_000)

    monkeypatch.setattr(data, "download", fetch)
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = call("data", "download", "mnist")
    assert (said.code, said.out) == (0, f"mnist is in {tmp_path / 'data'}.\n")
    assert "3.0/12.0 MB" in said.err


def test_the_table_of_knobs_is_printed(call: Call) -> None:
    assert call("knobs").out == knob.table(Config) + "\n"


def test_no_command_shows_help_and_an_unknown_one_is_refused(call: Call) -> None:
    assert "train" in call().out
    said = call("trian")
    assert said.code == 2
    assert "trian" in said.err
