from pathlib import Path

import pytest

from aecore.experiments import variants
from tests.cli.conftest import Call


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
    monkeypatch.setattr("aecore.experiments.pool.COMMAND", ("false",))
    assert call(*command, "--json").json == first
    _, top_k, classic = call(*command).out.splitlines()
    assert "Sparse, top-k" in top_k
    # Its code is wider than the images, which PCA then reconstructs exactly.
    assert "exact" in top_k
    assert "exact" not in classic
