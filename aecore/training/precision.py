"""Choice of the floating-point precision of matrix products."""

import torch


def use_bfloat16(precision: str) -> bool:
    """Return whether to multiply in bfloat16.

    Parameters
    ----------
    precision : {'auto', 'float32', 'bfloat16'}
        With 'auto', only on processors that have instructions for it: on others it is ten times
        slower.
    """
    if precision == "auto":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return precision == "bfloat16"
