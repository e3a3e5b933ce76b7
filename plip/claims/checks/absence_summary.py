"""Whether evidence that shows no effect can show that there is none: means and SDs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from plip.claims.chart import Chart, ChartLine, ChartSeries
from plip.claims.checks.absence import Margin, absence
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Count, Sources, count_faults, count_sources, whole
from plip.claims.checks.samples import Level, between, overturned
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, worst
from plip.errors import MeasureError

if TYPE_CHECKING:
    from plip.stats.equivalence import Equivalence

__all__ = ["EquivalenceFromSummary"]


class EquivalenceFromSummary(Check):
    """The means and SDs of two groups show that there is no difference, in every place.

    Two one-sided t tests at α, from means, SDs and numbers: the interval of the difference of the
    means at level 1 − 2α, by Welch, lies within ±margin. Contradicted if Welch's test rejects, at α
    over the number of places, that some place has none.
    """

    name: ClassVar[str] = "equivalence_from_summary"
    kind: ClassVar[Kind] = Kind.ABSENCE
    needs_figure: ClassVar[bool] = False
    means: tuple[Sources, Sources]
    """Of the first group in every place, such as a layer, and of the second."""
    sds: tuple[Sources, Sources]
    """Likewise, with n − 1 below."""
    n: tuple[Count, Count]
    """How many figures each group has."""
    places: tuple[str, ...] = ()
    """Sources of the places' numbers."""
    things: str = "layer"
    """What a place is."""
    margin: Margin = None
    """The largest difference that counts as none, in the unit of the means."""
    unit: str = ""
    """Of the means, for the reason."""
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        sides = (*self.means, *self.sds)
        return (
            *(source for side in sides for source in side),
            *self.places,
            *count_sources(*self.n),
        )

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        for count in self.n:
            yield from count_faults(count, given, least=2)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        # Loads scipy, which a ledger without such a statement does without.
        from plip.stats.equivalence import summary_equivalence

        columns = [
            [reading.value for reading in given.readings(*side)]
            for side in (*self.means, *self.sds)
        ]
        number = len(columns[0])
        names = [str(i) for i in range(1, number + 1)]
        if self.places:
            names = [reading.printed for reading in given.readings(*self.places)]
        if {len(names), *map(len, columns)} != {number}:
            reason = "there are not as many means, SDs and places of one group as of the other"
            return self.result(Verdict.UNSUPPORTED, reason)
        ns = (whole(self.n[0], given, least=2), whole(self.n[1], given, least=2))
        try:
            found = [
                summary_equivalence((m1, m2), (s1, s2), ns, alpha=self.alpha)
                for m1, m2, s1, s2 in zip(*columns, strict=True)
            ]
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"no interval is defined: {error.found}")
        outcomes = [
            absence(each.low, each.high, each.p < self.alpha / number, self.margin)
            for each in found
        ]
        outcome = worst(outcomes)
        # The place that decides: of those with the worst outcome, the one farthest from none.
        name, each = max(
            (
                pair
                for pair, own in zip(zip(names, found, strict=True), outcomes, strict=True)
                if own is outcome
            ),
            key=lambda pair: pair[1].smallest_margin,
        )
        return self.result(
            outcome,
            self._reason(outcome, name, each),
            between(each.low, each.high),
            rows=tuple(map(self._row, names, found)),
            chart=self._chart(names, found),
            decision_changes=overturned(claim, outcome is not Verdict.HOLDS),
        )

    def _reason(self, outcome: Verdict, name: str, each: Equivalence) -> str:
        unit = f" {self.unit}" if self.unit else ""
        reason = (
            f"{self.things} {name}: the means of {each.n[0]} and {each.n[1]} differ by "
            f"{each.difference:.3g}{unit}, {100 * (1 - 2 * self.alpha):g}% interval "
            f"[{each.low:.3g}, {each.high:.3g}]; "
        )
        if outcome is Verdict.HOLDS:
            return f"{reason}every {self.things} lies within ±{self.margin:g}{unit}"
        if outcome is Verdict.CONTRADICTED:
            return f"{reason}equality is rejected, p = {each.p:.2g}"
        return (
            f"{reason}equivalence could be claimed from ±{each.smallest_margin:.3g}{unit}, and "
            f"only a true difference of {each.detectable:.3g}{unit} would have been found with 80% "
            "power"
        )

    def _row(self, name: str, each: Equivalence) -> dict[str, object]:
        return {
            self.things: name,
            "difference": each.difference,
            "low": each.low,
            "high": each.high,
            "p of no difference": each.p,
            "smallest margin": each.smallest_margin,
            "detectable with 80% power": each.detectable,
        }

    def _chart(self, names: Sequence[str], found: Sequence[Equivalence]) -> Chart:
        x = tuple(float(i) for i in range(len(found)))
        lines = [ChartLine(name="no difference", axis="y", at=0.0)]
        if self.margin is not None:
            lines += [ChartLine(name="margin", axis="y", at=s * self.margin) for s in (-1, 1)]
        return Chart(
            title=f"Differences of the means with {100 * (1 - 2 * self.alpha):g}% intervals",
            x=self.things,
            y=f"difference ({self.unit})" if self.unit else "difference",
            series=(
                ChartSeries(
                    name="second less first",
                    x=x,
                    y=tuple(each.difference for each in found),
                    low=tuple(each.low for each in found),
                    high=tuple(each.high for each in found),
                ),
            ),
            lines=tuple(lines),
            x_ticks=tuple(zip(x, names, strict=True)),
        )
