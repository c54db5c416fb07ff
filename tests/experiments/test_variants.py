from pathlib import Path

import pytest

from aecore.data import Dataset
from aecore.experiments.variants import VARIANTS, train, variants


def test_all_have_the_same_budget() -> None:
    found = variants("digits", epochs=3)
    assert set(found) == set(VARIANTS)
    assert {each.epochs for each in found.values()} == {3}
    assert len({(each.batch_size, each.seed) for each in found.values()}) == 1
    assert found["tied"].tied
    assert found["pretrained"].pretrain_epochs == 1
    kinds = {found[name].sparsity_kind for name in ("l1", "kl", "top_k")}
    assert kinds == {"l1", "kl", "top_k"}


def test_each_is_trained_once_and_measured(
    tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: variants("digits", epochs=1)[name] for name in ("classic", "top_k")}
    first = dict(train(few, digits, tmp_path))
    assert first["classic"]["test_mse"] > 0
    assert first["top_k"]["active"] < first["classic"]["active"]
    assert all(row["seconds"] > 0 for row in first.values())
    monkeypatch.setattr("aecore.runs.run.Run.create", None)
    assert dict(train(few, digits, tmp_path)) == first
