from pathlib import Path

from aecore.data import Dataset
from aecore.experiments.variants import VARIANTS, finished, measure, variants
from aecore.runs.run import Run
from tests.support import trained


def test_all_variants_have_the_same_budget() -> None:
    configs = variants("digits", epochs=3)
    assert set(configs) == set(VARIANTS)
    assert {each.epochs for each in configs.values()} == {3}
    assert len({(each.batch_size, each.seed) for each in configs.values()}) == 1
    assert configs["tied"].tied
    assert configs["pretrained"].pretrain_epochs == 1
    kinds = {configs[name].sparsity_kind for name in ("l1", "kl", "top_k")}
    assert kinds == {"l1", "kl", "top_k"}


def test_measurement_includes_the_training_time(tmp_path: Path, digits: Dataset) -> None:
    config = variants("digits", epochs=1)["classic"]
    assert not finished(tmp_path / "x")
    trainer = trained(tmp_path / "x", digits, config, steps=2)
    assert not finished(tmp_path / "x")
    run = Run(tmp_path / "x")
    run.train(trainer)
    run.save(trainer, seconds=1.5)
    assert finished(tmp_path / "x")
    measured = measure(tmp_path / "x", digits)
    assert measured["test_mse"] > 0
    assert (measured["run"], measured["seconds"]) == ("x", 1.5)
