"""Whether to multiply in half the bits, which only some processors do faster."""

import torch


def half(precision: str) -> bool:
    """Whether to multiply in bfloat16: without instructions for it, it is ten times slower.

    Parameters
    ----------
    precision : {'auto', 'float32', 'bfloat16'}
    """
    if precision == "auto":
        able = torch.cpu.get_capabilities()
        return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return precision == "bfloat16"
