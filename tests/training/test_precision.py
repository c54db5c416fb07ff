import pytest
import torch

from aecore.training.precision import use_bfloat16


def test_explicit_precision_is_used() -> None:
    assert use_bfloat16("bfloat16")
    assert not use_bfloat16("float32")


@pytest.mark.parametrize("capability", ["avx512_bf16", "amx_bf16"])
def test_auto_depends_on_the_capabilities_of_the_cpu(
    capability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    assert use_bfloat16("auto")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: False, "avx2": True})
    assert not use_bfloat16("auto")
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert not use_bfloat16("auto")
