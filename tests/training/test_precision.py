import pytest
import torch

from aecore.training.precision import half


def test_what_is_asked_for() -> None:
    assert half("bfloat16")
    assert not half("float32")


@pytest.mark.parametrize("able", ["avx512_bf16", "amx_bf16"])
def test_auto_asks_the_processor(able: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {able: True})
    assert half("auto")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {able: False, "avx2": True})
    assert not half("auto")
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert not half("auto")
