"""The Dimensionality page without a browser: comparison with PCA by code size and variant."""

import pytest

from aecore.experiments.trials import trials
from aecore.presets import preset
from dashboard.state import experiments
from dashboard.views.reduce.variants import _cell
from tests.dashboard.support import OpenPage, captions, finish
from tests.support import until


def test_missing_bottlenecks_are_trained_and_compared_with_pca(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.reduce.bottlenecks.WIDTHS", (2, 4))
    monkeypatch.setattr(
        "dashboard.views.reduce.bottlenecks.preset",
        lambda name, dataset, **values: preset(name, dataset, epochs=1, hidden="16", **values),
    )
    page = open_view("reduce")
    assert not page.exception
    assert page.button(key="train missing").label == "Train missing sizes: 2, 4"
    page.button(key="train missing").click().run()
    task = experiments.sweeps().task
    assert task is not None
    until(lambda: not task.running, 100)
    page.run()
    assert not page.exception
    assert "train missing" not in {each.key for each in page.button}
    assert "Trained on 5,000 codes" in captions(page)
    finish(page)
    assert "%" in page.dataframe[0].value.to_string()
    assert "…" not in page.dataframe[0].value.to_string()


def test_variants_report_their_learning_rate_and_training_time(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = {name: preset("classic", "digits", epochs=1, hidden=name) for name in ("8", "12")}
    monkeypatch.setattr("aecore.experiments.variants.variants", lambda *_, **__: configs)
    monkeypatch.setattr(
        "aecore.experiments.variants.VARIANTS", {"8": ("Eight", "", {}), "12": ("Twelve", "", {})}
    )
    page = open_view("reduce")
    assert page.button(key="train variants").label == "Train 2 missing variants"
    page.button(key="train variants").click().run()
    task = experiments.sweeps().task
    assert task is not None
    until(lambda: not task.running, 100)
    # Each has three trials, of which only the number is shown.
    assert (task.total, len(task.rows)) == (8, 8)
    assert [bool(row.summary) for row in task.rows] == [False] * 6 + [True] * 2
    page.run()
    finish(page)
    assert page.button(key="train variants").label == "All trained"
    table = page.dataframe[-1].value
    for name, rate in zip(configs, table["Learning rate"], strict=True):
        assert float(rate) in [trial.learning_rate for trial in trials(configs[name])]
    assert list(table["Variant"]) == ["Eight", "Twelve"]
    assert all(float(seconds) > 0 for seconds in table["Seconds"])


def test_variant_is_not_compared_with_exact_pca() -> None:
    row = {"test_mse": 0.01, "pca_mse_clamped": 1e-32}
    assert _cell(row, "test_mse", ".5f") == "0.01000"
    assert _cell(row, "pca_mse_clamped", ".5f") == "exact"
    assert _cell(row, "seconds", ".1f") == "–"
