"""What tests of nonlin.torch share: numbers, and formats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


F, nn = torch.nn.functional, torch.nn
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def numbers(*shape: int, dtype: Any = torch.float64, seed: int = 0) -> Any:
    x = torch.from_numpy(np.random.default_rng(seed).normal(0, 2, shape))
    return x.to(dtype)


def leaf(x: Any) -> Any:
    return x.detach().clone().requires_grad_()
