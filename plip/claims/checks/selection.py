"""A check of the best of many, chosen on the data that then test it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from pydantic import JsonValue

from plip.claims.chart import Chart, ChartLine, ChartSeries
from plip.claims.checks.base import CheckResult, Kind, Quantities
from plip.claims.checks.options import Count, Sources, count_faults, count_sources, whole
from plip.claims.checks.tests_decision import Relation, TestCheck, judge_p
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.errors import MeasureError
from plip.stats import Interval

__all__ = ["BestOf"]

_SEED = 0
"""Of the relabellings of max-T, so that an audit is the same every time."""


@dataclass(frozen=True, slots=True)
class _Search:
    """What was searched, and what the best of it is worth."""

    best: Reading
    searched: int | None
    """None is unknown."""
    available: int | None
    adjusted: float
    """p of the best, adjusted for the search; NaN where its extent is unknown."""
    how: str


class BestOf(TestCheck):
    """The best of `searched` places, such as layers, still is significant for having been searched.

    Bonferroni's p of the best is m · p, which is Holm's too; with the values of every unit in every
    place, max-T stands in for it, which knows how places depend on each other, and one half of the
    units tests what the other half chose. How many were searched is an input: that it is unknown is
    a finding, with the number up to which the best would survive.

    Source: Holm 1979; Westfall and Young 1993.
    """

    name: ClassVar[str] = "best_of"
    kind: ClassVar[Kind] = Kind.SELECTION
    needs_figure: ClassVar[bool] = False
    p: Sources
    """Of every place that was searched, or of the best alone."""
    searched: Literal["unknown"] | Count | None = None
    """How many; as many as there are p without it."""
    available: Count | None = None
    """How many there are to search, where that is known."""
    places: tuple[str, ...] = ()
    """The numbers of the places, in the order of `p`, for the chart."""
    first: tuple[str, ...] = ()
    """For every place a source of the first group's values, the units in the same order."""
    second: tuple[str, ...] = ()
    """Likewise for the second group."""
    reports_p: bool = False
    """Whether the claim's figure is p of the best."""
    relation: Relation = "<"
    """Between p and the figure."""
    things: str = "layers"
    """What was searched, in the plural."""

    def inputs(self) -> tuple[str, ...]:
        counts = (None if self.searched == "unknown" else self.searched, self.available)
        return (*self.p, *self.places, *self.first, *self.second, *count_sources(*counts))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if self.searched != "unknown":
            yield from count_faults(self.searched, given)
        yield from count_faults(self.available, given)
        if self.reports_p and len(claim.figures) != 1:
            yield f"wanted a claim with one figure, its p, found {len(claim.figures)}"
        if len(self.first) != len(self.second):
            yield f"wanted both groups everywhere, found {len(self.first)} and {len(self.second)}"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        ps = given.readings(*self.p)
        if not all(0 <= each.value <= 1 for each in ps):
            return self.result(Verdict.UNSUPPORTED, "what is given as p is not all from 0 to 1")
        best = min(ps, key=lambda each: each.value)
        try:
            search, rows = self._search(best, ps, given), self._rows(ps, given)
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"the search cannot be tested: {error.found}")
        outcome, changes, reason = self._judge(claim, search)
        threshold = float(self.alpha) / (search.searched or search.available or len(ps))
        return self.result(
            outcome,
            reason,
            None if math.isnan(search.adjusted) else Interval.point(Fraction(search.adjusted)),
            decision_changes=changes,
            rows=rows,
            chart=self._chart(claim, ps, threshold, given) if len(ps) > 1 else None,
        )

    def _search(self, best: Reading, ps: Sequence[Reading], given: Given) -> _Search:
        # Loads scipy, which a ledger without tests does without.
        from plip.stats import max_t
        from plip.stats.selection import bonferroni

        available = None if self.available is None else whole(self.available, given)
        if self.searched == "unknown":
            return _Search(best, None, available, math.nan, "")
        stated = len(ps) if self.searched is None else whole(self.searched, given)
        searched = max(stated, len(ps))
        if not self.first:
            adjusted = bonferroni(best.value, searched)
            return _Search(best, searched, available, adjusted, "Bonferroni")
        one, other = (self._units(sources, given) for sources in (self.first, self.second))
        adjusted = min(max_t(one, other, seed=_SEED))
        return _Search(best, searched, available, adjusted, "max-T")

    def _judge(self, claim: Entry, search: _Search) -> tuple[Verdict, bool | None, str]:
        from plip.stats.selection import bonferroni, most_searched

        best, alpha = search.best, float(self.alpha)
        most = most_searched(best.value, alpha)
        survives = "any number" if math.isinf(most) else f"up to {most:.0f}"
        if search.searched is None:
            reason = (
                f"how many {self.things} the one with p = {best.printed} was chosen from is not "
                f"stated; it would stand at {self.alpha} for {survives}"
            )
            if search.available is not None:
                worst_case = bonferroni(best.value, search.available)
                reason += (
                    f", and of all {search.available} it has p = {worst_case:.2g} (Bonferroni)"
                )
            return Verdict.UNSUPPORTED, None, reason
        of = "" if search.available is None else f" searched of {search.available}"
        reason = (
            f"p = {best.printed} is the best of {search.searched} {self.things}{of}; adjusted for "
            f"them it is {search.adjusted:.2g} ({search.how})"
        )
        if search.adjusted > alpha:
            return Verdict.UNSUPPORTED, True, f"{reason}, above {self.alpha}"
        reason += f", still below {self.alpha}"
        if not self.reports_p:
            return Verdict.HOLDS, False, reason
        point = Interval.point(Fraction(search.adjusted))
        raw, _ = judge_p(claim.figure, self.relation, best.finest, best.at_face)
        if raw is Verdict.CONTRADICTED:
            return raw, False, f"{reason}; p itself is not {self.relation} {claim.figure.printed}"
        stated, says = judge_p(claim.figure, self.relation, point, point)
        if stated is Verdict.CONTRADICTED:
            return Verdict.UNSUPPORTED, False, f"{reason}, but {says}"
        return stated, False, f"{reason}, and {says}"

    def _units(self, sources: Sequence[str], given: Given) -> list[list[float]]:
        """Return each unit's values, one a place."""
        places = [[reading.value for reading in given.readings(source)] for source in sources]
        if len({len(place) for place in places}) != 1:
            raise MeasureError(
                "values of every place",
                wanted="the same units in every place",
                found=f"{sorted({len(place) for place in places})} units",
                advice="leave out units that lack some",
            )
        return [list(unit) for unit in zip(*places, strict=True)]

    def _rows(self, ps: Sequence[Reading], given: Given) -> tuple[dict[str, JsonValue], ...]:
        from plip.stats.selection import held_out, holm

        adjusted = holm([each.value for each in ps])
        names = self._names(ps, given)
        rows: list[dict[str, JsonValue]] = [
            {"place": name, "p": each.value, "Holm": p}
            for name, each, p in zip(names, ps, adjusted, strict=True)
        ]
        if self.first:
            one, other = (self._units(sources, given) for sources in (self.first, self.second))
            for best, p in held_out(one, other):
                rows.append({"place": f"{names[best]}, held out", "p": p, "Holm": None})
        return tuple(rows)

    def _names(self, ps: Sequence[Reading], given: Given) -> list[str]:
        if self.places:
            return [each.printed for each in given.readings(*self.places)]
        return [each.label or str(number) for number, each in enumerate(ps)]

    def _chart(self, claim: Entry, ps: Sequence[Reading], threshold: float, given: Given) -> Chart:
        places = [float(number) for number in range(len(ps))]
        if self.places:
            places = [each.value for each in given.readings(*self.places)]
        lines = [
            ChartLine(name=f"{self.alpha}", axis="y", at=float(self.alpha)),
            ChartLine(name=f"{self.alpha}, adjusted for the search", axis="y", at=threshold),
        ]
        if self.reports_p:
            bound = float(claim.figure.at_face.low)
            lines.append(
                ChartLine(name=f"p {self.relation} {bound:g}, as printed", axis="y", at=bound)
            )
        return Chart(
            title=claim.statement,
            x=self.things,
            y="p",
            y_log=True,
            series=(
                ChartSeries(
                    name="p",
                    x=tuple(places),
                    # 0 has no place on a logarithmic axis.
                    y=tuple(each.value or None for each in ps),
                ),
            ),
            lines=tuple(lines),
        )
