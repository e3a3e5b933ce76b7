"""What a check can find, and how a printed figure is compared with its recomputation."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from plip.stats import Interval

__all__ = ["Verdict", "compare", "worst"]


class Verdict(StrEnum):
    """What the evidence at hand says of a claim, from best to worst."""

    HOLDS = "holds"
    """The printed figure is what its inputs give, or lies within what they allow."""
    ROUNDING = "holds only by rounding"
    """The inputs as printed give another figure; values that round to them give this one."""
    NOT_CHECKABLE = "not checkable here"
    """Something is missing; the reason says what."""
    UNSUPPORTED = "unsupported"
    """The evidence offered cannot carry the statement, true or not."""
    CONTRADICTED = "contradicted"
    """No values behind the printed figures make the statement true."""

    @property
    def stands(self) -> bool:
        """Whether the claim was checked and stood; a claim that was not checked did not."""
        return self in (Verdict.HOLDS, Verdict.ROUNDING)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of one or more verdicts, in the order in which `Verdict` lists them."""
    order = list(Verdict)
    return max(verdicts, key=order.index)


def compare(stated: Interval, computed: Interval, at_face: Interval) -> Verdict:
    """Compare what a claim states with what was recomputed.

    Args:
        stated: every value that the statement allows; for a printed figure, all that round to it.
        computed: every value the recomputation can take, its inputs known to printed precision.
        at_face: what the recomputation gives when the printed inputs are exact; a point, or the
            bounds where the inputs only bound the figure.

    Returns:
        - `CONTRADICTED` if `stated` and `computed` have no value in common;
        - `HOLDS` if `stated` and `at_face` have: the printed inputs, taken at face value, give a
          number that rounds to the stated one (a tie rounds either way), or bounds that admit it;
        - `ROUNDING` otherwise: the printed inputs at face value give another figure, and only
          unprinted digits of theirs can rescue it.
    """
    if not stated.overlaps(computed):
        return Verdict.CONTRADICTED
    return Verdict.HOLDS if stated.overlaps(at_face) else Verdict.ROUNDING
