import pytest
import torch

from aecore.training.precision import use_bfloat16


def test_what_is_asked_for() -> None:
    assert use_bfloat16("bfloat16")
    assert not use_bfloat16("float32")


@pytest.mark.parametrize("able", ["avx512_bf16", "amx_bf16"])
def test_auto_asks_the_processor(able: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {able: True})
    assert use_bfloat16("auto")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {able: False, "avx2": True})
    assert not use_bfloat16("auto")
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert not use_bfloat16("auto")
