from pathlib import Path

import pytest

from aecore.data import Dataset
from aecore.errors import Diverged
from aecore.experiments import variants
from aecore.experiments.sweep import Outcome, folder_name
from aecore.experiments.trials import trials
from tests.cli.conftest import Call
from tests.support import trained


def test_each_variant_is_trained_once_and_measured(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = variants.variants("digits", epochs=1)
    subset = {name: configs[name] for name in ("top_k", "classic")}
    monkeypatch.setattr(variants, "variants", lambda *_, **__: subset)
    command = ("variants", "--dataset", "digits", "--out", tmp_path)
    first = call(*command, "--json").json
    assert list(first) == list(subset)
    assert first["top_k"]["active"] < first["classic"]["active"]
    assert all(row["test_mse"] > 0 and row["seconds"] > 0 for row in first.values())
    for name, row in first.items():
        rates = [trial.learning_rate for trial in trials(subset[name])]
        assert row["learning_rate"] in rates
    monkeypatch.setattr("aecore.experiments.pool.COMMAND", ("false",))
    assert call(*command, "--json").json == first
    table = call(*command)
    heads, top_k, classic = table.out.splitlines()
    assert "learning rate" in heads
    assert f"{first['top_k']['learning_rate']:g}" in top_k.split()
    # Each of the two has three trials.
    notes = table.err.splitlines()
    assert sum("tried learning rate" in each for each in notes) == 6
    assert notes[-1].startswith("8/8")
    assert "Sparse, top-k" in top_k
    # Its code is wider than the images, which PCA then reconstructs exactly.
    assert "exact" in top_k
    assert "exact" not in classic


def test_variant_that_fails_is_reported_after_the_others(
    call: Call, tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = variants.variants("digits", epochs=1)
    name = folder_name(configs["top_k"])
    trained(tmp_path / name, digits, configs["top_k"], 1)
    reason = Diverged("Training diverged at step 3.")
    outcomes = (
        Outcome(0, {}, reason=reason, done=1, total=2),
        Outcome(8, {}, name, done=2, total=2),
    )
    monkeypatch.setattr(variants, "train", lambda *_, **__: iter(outcomes))
    result = call("variants", "--dataset", "digits", "--out", tmp_path, "--json")
    assert result.code == 2
    assert list(result.json) == ["top_k"]
    assert "1/2  Classic: Training diverged" in result.err
    assert "Training diverged" in result.err.splitlines()[-1]
