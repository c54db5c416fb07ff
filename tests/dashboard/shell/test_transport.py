from typing import Any

import pytest

from aecore.choices import device
from dashboard.shell.transport import device_facts, error_fact, pca_fact, ratio_fact


def row(**values: float) -> Any:
    return {"step": 1, "held_out": 0.02, "pca": 0.04, **values}


def test_clean_errors_are_labelled_as_such() -> None:
    assert error_fact(row(noise=0.0)).value == "0.0200"
    assert "noisy" not in error_fact(row()).tooltip
    fact = pca_fact(row(noise=0.0))
    assert (fact.name, fact.value) == ("PCA error", "0.0400")
    assert pca_fact(row()) == fact


def test_errors_on_noisy_images_are_labelled_as_such() -> None:
    assert "Measured on noisy images" in error_fact(row(noise=0.3)).tooltip
    fact = pca_fact(row(noise=0.3))
    assert (fact.name, fact.value) == ("PCA (denoising)", "0.0400")
    assert "Denoise page" in fact.tooltip


@pytest.mark.parametrize("error", [0.0, 3e-32, 1.2e-6])
def test_exact_pca_is_named_instead_of_an_error(error: float) -> None:
    fact = pca_fact(row(pca=error, noise=0.0))
    assert (fact.name, fact.value) == ("PCA", "exact at this width")
    assert fact.tooltip.startswith("PCA is exact at this width")


def test_without_rows_there_is_nothing_to_compare() -> None:
    assert [fact(None).value for fact in (error_fact, pca_fact)] == ["–"] * 2
    assert ratio_fact(None, noisy=False).value == "–"
    assert pca_fact(row(pca=None)).value == "–"  # type: ignore[arg-type]


def test_ratio_is_green_only_below_pca() -> None:
    assert ratio_fact(0.5, noisy=False)[:3] == ("Error vs PCA", "0.50×", "good")
    assert ratio_fact(1.5, noisy=True)[:3] == ("Error vs PCA (denoising)", "1.50×", "bad")


@pytest.mark.parametrize("has_gpu", [True, False])
def test_device_is_said_where_there_is_a_choice(
    has_gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_has_cuda", lambda: has_gpu)
    monkeypatch.setattr(device, "_has_mps", lambda: False)
    assert [fact[:2] for fact in device_facts("cuda")] == [("Device", "CUDA")] * has_gpu
    assert device_facts("") == []
