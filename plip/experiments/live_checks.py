"""From figures of a live run to a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence

from plip.claims import CheckResult, Verdict

__all__ = ["largest"]


def largest(check: str, values: Sequence[float], bound: float, what: str) -> CheckResult:
    """Check that the largest of some errors stays within its bound.

    Args:
        check: the check's name.
        values: errors, each ≥ 0; without any the claim is not checkable here.
        bound: the most that is allowed.
        what: the errors, in words.
    """
    if not values:
        return CheckResult(
            check=check, outcome=Verdict.NOT_CHECKABLE, reason=f"{what}: nothing was measured"
        )
    undefined = any(math.isnan(value) for value in values)
    most = math.nan if undefined else max(values)
    return CheckResult(
        check=check,
        outcome=Verdict.HOLDS if most <= bound else Verdict.CONTRADICTED,
        computed=None if undefined else (min(values), most),
        reason=f"{what}: at most {most:.2g} in {len(values)} cases, {bound:.2g} allowed",
    )
