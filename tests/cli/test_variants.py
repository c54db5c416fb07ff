from pathlib import Path

import pytest

from aecore.experiments import variants
from tests.cli.conftest import Call


def test_each_is_trained_once_and_measured(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = variants.variants("digits", epochs=1)
    few = {name: configs[name] for name in ("top_k", "classic")}
    monkeypatch.setattr(variants, "variants", lambda *_, **__: few)
    line = ("variants", "--dataset", "digits", "--out", tmp_path)
    first = call(*line, "--json").result
    assert list(first) == list(few)
    assert first["top_k"]["active"] < first["classic"]["active"]
    assert all(row["test_mse"] > 0 and row["seconds"] > 0 for row in first.values())
    monkeypatch.setattr("aecore.experiments.pool.COMMAND", ("false",))
    assert call(*line, "--json").result == first
    assert "Sparse, top-k" in call(*line).out
