"""Checks of p as printed: against its statistic, and against a bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from plip.claims.checks.base import CheckResult, Quantities
from plip.claims.checks.options import (
    Count,
    Number,
    Sources,
    count_faults,
    count_sources,
    located,
    number,
    number_sources,
    whole,
)
from plip.claims.checks.tests_decision import Relation, TestCheck, judge_p, show_p
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.errors import MeasureError
from plip.stats import Interval

__all__ = ["PBelow", "ReportedP"]


class ReportedP(TestCheck):
    """The figure is p of a statistic with its degrees of freedom, within what was printed.

    Contradicted is what statcheck calls an inconsistency; `decision_changes` tells whether it is a
    decision inconsistency: whether p lies on the other side of alpha.

    Source: Nuijten et al. 2016 (statcheck).
    """

    name: ClassVar[str] = "reported_p"
    test: Literal["t", "F", "chi2", "z", "r"]
    statistic: Number
    df: tuple[Number, ...] = ()
    """One of t, chi2 and r (n − 2), two of F, none of z."""
    relation: Relation = "="
    tails: Literal[1, 2] = 2

    def inputs(self) -> tuple[str, ...]:
        return number_sources(self.statistic, *self.df)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        wanted = {"t": 1, "F": 2, "chi2": 1, "z": 0, "r": 1}[self.test]
        if len(self.df) != wanted:
            yield f"wanted {wanted} degrees of freedom of {self.test}, found {len(self.df)}"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        # Loads scipy, which a ledger without tests does without.
        from plip.stats.reported import p_bounds

        value, df = number(self.statistic, given), [number(each, given) for each in self.df]
        shown = ", ".join(each.printed for each in df)
        test = f"{self.test}({shown})" if df else self.test
        try:
            p = p_bounds(self.test, value.finest, [each.finest for each in df], tails=self.tails)
            at_face = p_bounds(
                self.test, value.at_face, [each.at_face for each in df], tails=self.tails
            )
        except MeasureError as error:
            return self.result(
                Verdict.UNSUPPORTED, f"{test} = {value.printed} has no p: {error.found}"
            )
        outcome, says = judge_p(claim.figure, self.relation, p, at_face)
        tails = "" if self.test in ("F", "chi2") else f"{('one', 'two')[self.tails - 1]}-tailed "
        return self.result(
            outcome,
            f"{test} = {value.printed} has a {tails}p of {show_p(p)}: {says}",
            p,
            decision_changes=self.decision_changes(claim.figure, self.relation, p),
        )


class PBelow(TestCheck):
    """Every p is less than the figure: p_i < x."""

    name: ClassVar[str] = "p_below"
    p: Sources
    total: Count | None = None
    """How many p the statement speaks of; fewer at hand cannot carry it."""

    def inputs(self) -> tuple[str, ...]:
        return (*self.p, *count_sources(self.total))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.total, given)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        found = located(self.p, given)
        place, largest = max(found, key=lambda each: each[1].at_face.high)
        p = Interval.maximum(each.finest for _, each in found)
        at_face = Interval.maximum(each.at_face for _, each in found)
        outcome, says = judge_p(claim.figure, "<", p, at_face)
        where = f" ({place})" if len(found) > 1 and place else ""
        which = f"the largest of {len(found)} p" if len(found) > 1 else "p"
        reason = f"{which} is {largest.printed}{where}: {says}"
        total = None if self.total is None else whole(self.total, given)
        if total is not None and len(found) < total and outcome is not Verdict.CONTRADICTED:
            outcome = Verdict.UNSUPPORTED
            reason += f"; the statement is about {total}, of which {len(found)} are known"
        return self.result(
            outcome,
            reason,
            p,
            decision_changes=self.decision_changes(claim.figure, "<", p),
            rows=tuple({"of": where, "p": each.value} for where, each in found),
        )
