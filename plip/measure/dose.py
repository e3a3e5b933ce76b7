"""What a dose reaches, in closed form from one baseline pass."""

from __future__ import annotations

import math

from scipy.optimize import brentq
from torch import Tensor

from plip.errors import MeasureError
from plip.measure.attention import as_fractions

__all__ = ["attention_at_scale", "reachable_levels", "scale_reaching"]

#: Factors searched for a level; float32 rows hold the products of all of them.
SMALLEST_SCALE, LARGEST_SCALE = 1e-30, 1e30


def attention_at_scale(weights: Tensor, scale: float) -> Tensor:
    """Predict the weights that scaling the target edges leads to.

    a'[h, k] = s·a[h, k] / (1 + (s − 1)·A[h]), A[h] = Σ_k a[h, k]

    Args:
        weights: [..., head, target], baseline attention to all steered targets, fractions.
        scale: s, finite and ≥ 0, dimensionless.

    Returns:
        Like `weights`, float64.

    Raises:
        MeasureError: the factor has no meaning, the weights are no fractions, or a head would lose
            all its attention.

    Source: STEERING_RESULTS.md §4.1.
    """
    if not (math.isfinite(scale) and scale >= 0):
        raise MeasureError(
            "scale", wanted="a finite factor ≥ 0", found=repr(scale), advice="give a plain number"
        )
    wide = as_fractions(weights)
    mass = wide.sum(-1, keepdim=True)
    # As scale·mass + rest, because 1 + (scale − 1)·mass cancels for a small scale and a mass near
    # 1. Rounding in float32 may put a mass a little above 1.
    total = scale * mass + (1 - mass).clamp(min=0)
    if bool((total == 0).any()):
        raise MeasureError(
            "scale",
            wanted="some attention left in every head",
            found="a head that pays all its attention to the targets, scaled by 0",
            advice="leave one of the keys out, or use a factor above 0",
        )
    return scale * wide / total


def reachable_levels(weights: Tensor) -> tuple[float, float]:
    """Return the open interval of mean attention that factors between 0 and infinity reach.

    A head with no attention to the targets stays at 0, one that pays all of it stays at 1, and
    every other goes from 0 to 1 in the sum over its k targets:
    (share of heads with A = 1) / k … (share of heads with A > 0) / k.

    Args:
        weights: [head, target], baseline attention, fractions.
    """
    mass = as_fractions(weights).sum(-1)
    n_heads, n_targets = weights.shape
    fixed = int((mass >= 1).sum())
    moved = int((mass > 0).sum())
    return fixed / n_heads / n_targets, moved / n_heads / n_targets


def scale_reaching(weights: Tensor, level: float) -> float:
    """Solve for the factor that brings the mean attention to a level.

    Find s with 1/(H·k) Σ_h s·A[h] / (1 + (s − 1)·A[h]) = level; the left side rises with s.

    Args:
        weights: [head, target], baseline attention of one row, fractions.
        level: the mean over heads and targets to reach, a fraction.

    Returns:
        s, dimensionless, in [1e-30, 1e30].

    Raises:
        MeasureError: no factor reaches the level; the error names the levels that can be reached.
    """
    low, high = reachable_levels(weights)

    def excess(log_scale: float) -> float:
        return float(attention_at_scale(weights, math.exp(log_scale)).mean()) - level

    ends = math.log(SMALLEST_SCALE), math.log(LARGEST_SCALE)
    if not (low < level < high) or excess(ends[0]) > 0 or excess(ends[1]) < 0:
        raise MeasureError(
            f"target attention {level:g}",
            wanted=f"a level between {low:.6g} and {high:.6g}, what scaling can reach with "
            f"{_count(weights.shape[1], 'target')} in {_count(weights.shape[0], 'head')}",
            found=f"{level:g}",
            advice="ask for a level within, or set the value instead of scaling",
            details={"level": level, "lowest": low, "highest": high},
        )
    return math.exp(brentq(excess, *ends, xtol=1e-14, rtol=8.9e-16))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
