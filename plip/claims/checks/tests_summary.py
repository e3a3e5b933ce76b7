"""A check of Welch's or Student's test against the means, SDs and numbers beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Literal

from plip.claims.checks.base import CheckResult, Quantities
from plip.claims.checks.options import (
    Count,
    Number,
    count_faults,
    count_sources,
    number,
    number_sources,
    whole,
)
from plip.claims.checks.recompute import compared
from plip.claims.checks.tests_decision import Relation, TestCheck, judge_p, show_p
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.errors import MeasureError
from plip.stats import Interval

__all__ = ["WelchFromSummary"]


class WelchFromSummary(TestCheck):
    """The figure is t, its degrees of freedom or p of two groups' means, SDs and numbers.

    t = (m₁ − m₂) / √(s₁²/n₁ + s₂²/n₂) with Welch's degrees of freedom, or Student's. t is compared
    by its size: papers turn the difference round as they like.
    """

    name: ClassVar[str] = "welch_from_summary"
    gives: Literal["t", "df", "p"]
    """Which of the three the figure is."""
    means: tuple[Number, Number]
    sds: tuple[Number, Number]
    """Of samples, with n − 1 below."""
    n: tuple[Count, Count]
    equal_variances: bool = False
    """Whether the variances are pooled: Student's test."""
    relation: Relation = "="
    """Between p and the figure."""
    tails: Literal[1, 2] = 2

    def inputs(self) -> tuple[str, ...]:
        return (*number_sources(*self.means, *self.sds), *count_sources(*self.n))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        for count in self.n:
            yield from count_faults(count, given, least=2)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        means, sds = (
            (number(pair[0], given), number(pair[1], given)) for pair in (self.means, self.sds)
        )
        ns = (whole(self.n[0], given, least=2), whole(self.n[1], given, least=2))
        groups = " and ".join(
            f"{m.printed} ± {s.printed} (n = {n})" for m, s, n in zip(means, sds, ns, strict=True)
        )
        try:
            t, df, p = self._bounds(means, sds, ns, exact=False)
            faces = dict(
                zip(("t", "df", "p"), self._bounds(means, sds, ns, exact=True), strict=True)
            )
        except MeasureError as error:
            reason = f"{groups} can be compared by no t test: {error.found}"
            return self.result(Verdict.UNSUPPORTED, reason)
        if self.gives == "p":
            outcome, says = judge_p(claim.figure, self.relation, p, faces["p"])
            return self.result(
                outcome,
                f"{groups} have a p of {show_p(p)}: {says}",
                p,
                decision_changes=self.decision_changes(claim.figure, self.relation, p),
            )
        value, figure = df, claim.figure
        if self.gives == "t":
            value = t
            figure = replace(figure, interval=abs(figure.interval), at_face=abs(figure.at_face))
        outcome, reason = compared(figure, f"{self.gives} of {groups}", value, faces[self.gives])
        return self.result(outcome, reason, value)

    def _bounds(
        self,
        means: tuple[Reading, Reading],
        sds: tuple[Reading, Reading],
        ns: tuple[int, int],
        *,
        exact: bool,
    ) -> tuple[Interval, Interval, Interval]:
        from plip.stats.reported import p_bounds, welch_bounds

        (m1, m2), (s1, s2) = (
            [each.at_face if exact else each.finest for each in pair] for pair in (means, sds)
        )
        t, df = welch_bounds((m1, m2), (s1, s2), ns, equal_variances=self.equal_variances)
        p = p_bounds("t", t, [df], tails=self.tails)
        return abs(t), df, p
