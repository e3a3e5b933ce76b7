"""A check of a test of two groups against their values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import JsonValue

from plip.claims.chart import Chart, ChartSeries
from plip.claims.checks.base import CheckResult, Quantities, differing_units
from plip.claims.checks.options import Sources
from plip.claims.checks.tests_decision import Relation, TestCheck, judge_p, show_p
from plip.claims.checks.tests_rounding import rounding_bounds
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, worst
from plip.errors import MeasureError
from plip.stats import Interval

if TYPE_CHECKING:
    from plip.stats.groups import Alternative, GroupTest, TestName

__all__ = ["TwoGroups"]

_NAMES: Mapping[TestName, str] = {
    "welch": "Welch's test",
    "student": "Student's test",
    "mann_whitney": "Mann–Whitney's test",
    "permutation": "a permutation test of the means",
}


class TwoGroups(TestCheck):
    """Two independent groups differ, or do not, by the stated test at the stated level.

    Beside the stated test stand the others; the verdict is about the stated decision by the stated
    test. Printed values are known to their digits only: of a t test p is bounded over all that
    they stand for (from the bounds of means and SDs), of Mann–Whitney over their two most extreme
    ways apart and together; a permutation is of the values at face value.
    """

    name: ClassVar[str] = "two_groups"
    needs_figure: ClassVar[bool] = False
    first: Sources
    second: Sources
    states: Literal["significant", "not significant"] = "significant"
    test: Literal["welch", "student", "mann_whitney", "permutation"] = "welch"
    tails: Literal[1, 2] = 2
    """One tail is that of `direction`."""
    direction: Literal["greater", "less"] | None = None
    """How the first group is said to differ from the second."""
    reports_p: bool = False
    """Whether the claim's figure is p of this test."""
    relation: Relation = "="
    """Between p and the figure."""
    unit: str = "samples"
    """What one value is of."""

    def inputs(self) -> tuple[str, ...]:
        return (*self.first, *self.second)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        first = next(iter(self.entries()), None)
        if first is not None:
            yield from differing_units(given[first].figure.unit, given, self.inputs())
        if self.tails == 1 and self.direction is None:
            yield "wanted a 'direction' for a one-tailed test"
        if self.reports_p and len(claim.figures) != 1:
            yield f"wanted a claim with one figure, its p, found {len(claim.figures)}"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        # Loads scipy, which a ledger without tests does without.
        from plip.stats.groups import group_tests

        one, other = given.readings(*self.first), given.readings(*self.second)
        alternative = self._alternative
        try:
            tests = group_tests(_faces(one), _faces(other), alternative=alternative)
        except MeasureError as error:
            reason = (
                f"{len(one)} and {len(other)} {self.unit} can be tested by no test: {error.found}"
            )
            return self.result(Verdict.UNSUPPORTED, reason)
        chosen = next(each for each in tests if each.name == self.test)
        p = rounding_bounds(chosen, one, other, self._alternative)
        at_face = Interval.point(Fraction(chosen.p))
        outcome, says = self._decide(chosen, p, one, other)
        decision = self.significant(p, self.states != "significant")
        if self.reports_p:
            printed, agrees = judge_p(claim.figure, self.relation, p, at_face)
            outcome, says = worst((outcome, printed)), f"{agrees}; {says}"
            decision = self.decision_changes(claim.figure, self.relation, p)
        others = ", ".join(f"{_NAMES[t.name]} {t.p:.2g}" for t in tests if t is not chosen)
        agree = len({t.p <= float(self.alpha) for t in tests}) == 1
        reason = (
            f"{_NAMES[self.test]} of {len(one)} against {len(other)} {self.unit}, "
            f"{('one', 'two')[self.tails - 1]}-tailed, has p = {show_p(p)}: {says}; "
            f"{'the others decide alike' if agree else 'not every test decides so'} ({others})"
        )
        return self.result(
            outcome,
            reason,
            p,
            decision_changes=decision,
            rows=tuple(_row(each, len(one), len(other)) for each in tests),
            chart=_chart(one, other, claim),
        )

    @property
    def _alternative(self) -> Alternative:
        if self.tails == 2 or self.direction is None:
            return "two-sided"
        return self.direction

    def _decide(
        self, test: GroupTest, p: Interval, one: Sequence[Reading], other: Sequence[Reading]
    ) -> tuple[Verdict, str]:
        """Judge what is stated of the decision at alpha, and of the direction."""
        wanted = self.states == "significant"
        found = test.p <= float(self.alpha)
        word = "significant" if found else "not significant"
        says = f"{word} at {self.alpha}"
        gap = sum(_faces(one)) / len(one) - sum(_faces(other)) / len(other)
        if self.direction is not None and (gap > 0) != (self.direction == "greater"):
            return Verdict.CONTRADICTED, f"{says}, but the first group is not {self.direction}"
        if found is wanted:
            return Verdict.HOLDS, says
        could = self.significant(p, wanted)
        if could is None:
            return Verdict.ROUNDING, f"{says}, unless by the rounding of the values"
        return Verdict.CONTRADICTED, says


def _faces(readings: Sequence[Reading]) -> list[float]:
    return [reading.value for reading in readings]


def _row(test: GroupTest, one: int, other: int) -> dict[str, JsonValue]:
    return {
        "test": _NAMES[test.name],
        "n": f"{one} and {other}",
        "statistic": test.statistic,
        "df": None if math.isnan(test.df) else test.df,
        "p": test.p,
    }


def _chart(one: Sequence[Reading], other: Sequence[Reading], claim: Entry) -> Chart:
    return Chart(
        title=claim.statement,
        x="group",
        y="value",
        series=tuple(
            ChartSeries(name=name, x=(place,) * len(values), y=tuple(_faces(values)))
            for place, name, values in ((1.0, "first", one), (2.0, "second", other))
        ),
        x_ticks=((1.0, f"first (n = {len(one)})"), (2.0, f"second (n = {len(other)})")),
    )
