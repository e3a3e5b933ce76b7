"""What checks of tests share: a printed p beside a computed one, and what alpha makes of both."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from plip.claims.checks.base import Check, Kind
from plip.claims.figures import Figure
from plip.claims.verdict import Verdict, compare
from plip.stats import Interval

__all__ = ["Relation", "TestCheck", "judge_p", "show_p"]

#: How a paper prints p: "p = 0.018", "p < 0.05", "p > 0.05".
Relation: TypeAlias = Literal["=", "<", ">"]


class TestCheck(Check):
    """A check of a test, at a level."""

    kind: ClassVar[Kind] = Kind.TEST
    alpha: Decimal = Field(default=Decimal("0.05"), gt=0, lt=1)
    """The level at which the paper decides; a p that equals it is significant."""

    def decision_changes(
        self, stated: Figure, relation: Relation, computed: Interval
    ) -> bool | None:
        """Tell whether the computed p lies on the other side of alpha than the printed one.

        None where the printed one says nothing about alpha ("p < 0.1"), or the computed one's
        interval has alpha within.
        """
        face, alpha = stated.at_face.low, Fraction(self.alpha)
        if (relation == "<" and face > alpha) or (relation == ">" and face < alpha):
            return None
        claimed = relation == "<" or (relation == "=" and face <= alpha)
        return self.significant(computed, not claimed)

    def significant(self, p: Interval, wanted: bool) -> bool | None:
        """Tell whether p is significant if that is wanted, or is not; None where it may be both."""
        alpha = Fraction(self.alpha)
        if p.high <= alpha:
            return wanted
        return not wanted if p.low > alpha else None


def judge_p(
    stated: Figure, relation: Relation, computed: Interval, at_face: Interval
) -> tuple[Verdict, str]:
    """Compare a printed p with a computed one, and say so in words that follow the computed one.

    "p = 0.018" stands for all that round to it; "p < 0.05" for all that are less than 0.05 itself.
    """
    face = stated.at_face.low
    if relation == "=":
        outcome = compare(stated.interval, computed, at_face)
    elif relation == "<":
        outcome = _judge_bound(at_face.high < face, computed.low < face)
    else:
        outcome = _judge_bound(at_face.low > face, computed.high > face)
    says = {
        Verdict.HOLDS: "as printed",
        Verdict.ROUNDING: "as printed only by rounding",
        Verdict.CONTRADICTED: "not as printed",
    }[outcome]
    return outcome, f"{says}, p {relation} {stated.printed.removeprefix('p').lstrip(' =<>')}"


def _judge_bound(at_face: bool, possible: bool) -> Verdict:
    if at_face:
        return Verdict.HOLDS
    return Verdict.ROUNDING if possible else Verdict.CONTRADICTED


def show_p(p: Interval) -> str:
    """Write p with four significant digits, as a range where it is one."""
    low, high = (f"{float(end):.4g}" for end in (p.low, p.high))
    return low if low == high else f"{low} to {high}"
