"""How near is near enough, and which error a plan must end in.

In float64 the seam computes in float64 throughout, so that a run and the oracle differ by rounding
of float64 alone, some 1e-15, wherever the model itself stays in float64. RMS norms do not: they
round to float32 whatever the model's dtype, and two values that differ by 1e-15 on different sides
of a rounding boundary come out 6e-8 apart, relative; a handful of those, amplified by the layers
above, stay below 1e-6 of the largest logit. LayerNorm families get 1e-11.

In float32, bfloat16 and float16 the measure is the floor: what the model's own unsteered SDPA run
misses the float64 oracle by on the same text. Steering works on scores, and the relative error of a
weight is at most twice the error of its row's scores, before and after: so a steered weight is no
worse than an unsteered one of its size, and the same holds of what is computed from it. What is
left is luck, within `FLOORS`.
"""

from __future__ import annotations

from draws import Case
from hypothesis import assume
from oracle import Truth
from torch import Tensor

from plip.errors import NoEffectError, PlanError, PlipError
from plip.models import Run

__all__ = ["EXACT", "FLOORS", "LOW", "bits", "near", "tolerance", "verdict"]

#: Families whose own code stays in float64.
EXACT = ("starcoder2", "gpt_neox", "gpt2")
#: What a run in low precision may have of the floor.
FLOORS = 4
LOW = ("float32", "bfloat16", "float16")


def tolerance(name: str, truth: Tensor) -> float:
    """Return what a float64 run may miss the oracle by."""
    return max(1.0, float(truth.abs().max())) * (1e-11 if name in EXACT else 1e-6)


def near(name: str, found: Tensor, wanted: Tensor) -> bool:
    """Whether a float64 result is the wanted one."""
    return float((found - wanted).abs().max()) <= tolerance(name, wanted)


def verdict(case: Case, truth: Truth) -> type[PlipError] | None:
    """Return the error that a plan must end in, by what the oracle saw of it."""
    if truth.emptied:  # an EmptyRowError, or an OperationError where a value does not add up
        return PlanError
    effects = [truth.effect(i) for i, change in enumerate(case.changes) if not change.idle]
    assume(not any(1e-8 < effect < 1e-4 for effect in effects))
    return NoEffectError if any(effect < 1e-6 for effect in effects) else None


def bits(run: Run) -> Tensor:
    """Return the logits of a run."""
    assert run.logits is not None
    return run.logits
