"""PyTorch, or a word on how to get it; imported before whatever needs it."""

from __future__ import annotations

from nonlin.errors import NonlinError

__all__ = ["MissingTorchError"]


class MissingTorchError(NonlinError, ImportError):
    """PyTorch, which only nonlin.torch needs, is not installed; says what to install."""


try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingTorchError(
        "nonlin.torch needs PyTorch: pip install torch, or pip install 'nonlin[torch]'"
    ) from error
