"""What an experiment gave when it was run again."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Rerun", "RerunKey"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RerunKey(_Frozen):
    """Which figure of which experiment on which model: what a claim asks for."""

    model: str
    """The hub id, such as "Qwen/Qwen2.5-Coder-3B-Instruct"."""
    experiment: str
    """A command of plip, such as "calibrate"."""
    figure: str
    """The figure's name within it, such as "layer 20/attention/py_simple_add"."""


class Rerun(_Frozen):
    """A figure computed here, with all that it may depend on."""

    value: float
    """In the unit of the claim's figure."""
    revision: str | None
    """The commit of the weights, None for a directory."""
    weights: str
    """SHA-256 of the weights."""
    dtype: str
    device: str
    """The class of the device, such as "cpu" or "cuda"."""
    attention: str
    """The attention implementation."""
    torch: str
    """Major and minor version of torch."""
