"""Whether evidence that shows no effect can show that there is none: rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import ClassVar

from plip import stats
from plip.claims.chart import Chart, ChartLine, ChartSeries
from plip.claims.checks.absence import Margin, absence
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Count, Sources, count_faults, count_sources, whole
from plip.claims.checks.samples import Level, between, overturned, percent_of
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, worst
from plip.errors import ArtifactError
from plip.stats import Interval
from plip.stats.granularity import whole_counts

__all__ = ["ChangedShare", "EquivalenceRates"]


@dataclass(frozen=True, slots=True)
class _Compared:
    """A rate against the reference, in the unit of the rates."""

    label: str
    printed: str
    count: int
    outcome: Verdict
    difference: float
    low: float
    high: float
    detectable: tuple[float, float]

    @property
    def smallest_margin(self) -> float:
        return max(abs(self.low), abs(self.high))


class EquivalenceRates(Check):
    """The rates show that there is no difference from a reference rate.

    Newcombe's interval of the difference of two proportions at level 1 − 2α lies within ±margin. A
    printed rate stands for every whole count of n that rounds to it; what is found must be so for
    all of them. Contradicted without a margin: the interval at level 1 − α over the number of rates
    leaves 0 out.
    """

    name: ClassVar[str] = "equivalence_rates"
    kind: ClassVar[Kind] = Kind.ABSENCE
    needs_figure: ClassVar[bool] = False
    rates: Sources
    """Rates of the conditions, fractions or percent."""
    reference: str
    """The rate without the intervention."""
    n: Count
    """Trials behind each rate."""
    margin: Margin = None
    """The largest difference that counts as none, in the unit of the rates."""
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        return (*self.rates, self.reference, *count_sources(self.n))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.n, given)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        n, scale = whole(self.n, given), percent_of(self.reference, given)
        reference, rates = given.reading(self.reference), given.readings(*self.rates)
        found = [self._compare(reference, rate, n, scale, len(rates)) for rate in rates]
        outcome = worst(each.outcome for each in found)
        each = max(
            (one for one in found if one.outcome is outcome), key=lambda one: one.smallest_margin
        )
        unit = " points" if scale == 100 else ""
        reason = (
            f"{each.printed} against {reference.printed} of {n} each is a difference of "
            f"{each.difference:.3g}{unit}, {100 * (1 - 2 * self.alpha):g}% interval "
            f"[{each.low:.3g}, {each.high:.3g}]; "
        )
        if outcome is Verdict.HOLDS:
            reason += f"all lie within ±{self.margin:g}{unit}"
        elif outcome is Verdict.CONTRADICTED:
            reason += "equality is rejected"
        else:
            reason += (
                f"equivalence could be claimed from ±{each.smallest_margin:.3g}{unit}, and only a "
                f"true rate {_beyond(each.detectable)} would have been found with 80% power"
            )
        return self.result(
            outcome,
            reason,
            between(each.low, each.high),
            rows=tuple(_row(one) for one in found),
            chart=_chart(found, unit, self.margin),
            decision_changes=overturned(claim, outcome is not Verdict.HOLDS),
        )

    def _compare(
        self, reference: Reading, rate: Reading, n: int, scale: int, many: int
    ) -> _Compared:
        """Compare one rate, at the counts that leave the widest choice."""
        found = [
            self._counted(rate, (count, n), (base, n), scale, many)
            for count, base in product(_ends(rate, n, scale), _ends(reference, n, scale))
        ]
        outcome = worst(each.outcome for each in found)
        if outcome is Verdict.CONTRADICTED and len({each.outcome for each in found}) > 1:
            outcome = Verdict.UNSUPPORTED
        widest = max(found, key=lambda each: each.smallest_margin)
        return replace(widest, outcome=outcome)

    def _counted(
        self, rate: Reading, one: tuple[int, int], base: tuple[int, int], scale: int, many: int
    ) -> _Compared:
        low, high = stats.difference_interval(one, base, confidence=1 - 2 * self.alpha)
        wide = stats.difference_interval(one, base, confidence=1 - self.alpha / many)
        margin = None if self.margin is None else self.margin / scale
        below, above = stats.detectable_rates(base[0] / base[1], base[1], one[1], alpha=self.alpha)
        return _Compared(
            rate.label,
            rate.printed,
            one[0],
            absence(low, high, not wide[0] <= 0 <= wide[1], margin),
            scale * (one[0] / one[1] - base[0] / base[1]),
            scale * low,
            scale * high,
            (scale * below, scale * above),
        )


class ChangedShare(Check):
    """Of all units, not only of those that were tried, next to none changes.

    Of n units k changed. Clopper and Pearson's one-sided bound of the share that changes, at level
    1 − α, is 1 − α^{1/n} for k = 0 (rule of three: 3/n); it must be below the margin.
    """

    name: ClassVar[str] = "changed_share"
    kind: ClassVar[Kind] = Kind.ABSENCE
    needs_figure: ClassVar[bool] = False
    n: Count
    """Units tried."""
    same: Count | None = None
    """Those that came out the same; all of them without it."""
    margin: Margin = None
    """The largest share that counts as none, in percent."""
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        return count_sources(self.n, self.same)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.n, given)
        yield from count_faults(self.same, given, least=0)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        n = whole(self.n, given)
        same = n if self.same is None else whole(self.same, given, least=0)
        if same > n:
            raise ArtifactError(
                f"units of {self.n}",
                wanted="no more that are the same than there are",
                found=f"{same} of {n}",
                advice="correct the counts in the ledger",
            )
        changed = n - same
        low, high = stats.clopper_pearson(changed, n, confidence=1 - 2 * self.alpha)
        if self.margin is None:
            outcome = Verdict.CONTRADICTED if changed else Verdict.UNSUPPORTED
        elif 100 * high <= self.margin:
            outcome = Verdict.HOLDS
        else:
            outcome = Verdict.CONTRADICTED if 100 * low > self.margin else Verdict.UNSUPPORTED
        bound = (
            f"at most {100 * high:.1f}% change"
            if not changed
            else (f"between {100 * low:.1f} and {100 * high:.1f}% change")
        )
        reason = (
            f"{changed} of {n} changed: of all such units {bound}, each bound with "
            f"{100 * (1 - self.alpha):g}% confidence"
        )
        if self.margin is not None:
            within = {
                Verdict.HOLDS: "within",
                Verdict.UNSUPPORTED: "which does not place it within",
                Verdict.CONTRADICTED: "beyond",
            }[outcome]
            reason += f", {within} {self.margin:g}%"
        return self.result(
            outcome,
            reason,
            between(100 * low, 100 * high),
            decision_changes=overturned(claim, outcome is not Verdict.HOLDS),
        )


def _ends(rate: Reading, n: int, scale: int) -> list[int]:
    """Return the least and the greatest count that rounds to a rate; the nearest where none does,
    which is for a check of granularity to find fault with."""
    counts = whole_counts(rate.finest / Interval.point(Fraction(scale)), n)
    if not counts:
        return [min(n, max(0, round(n * rate.value / scale)))]
    return sorted({counts[0], counts[-1]})


def _beyond(detectable: tuple[float, float]) -> str:
    low, high = detectable
    sides = [f"below {low:.3g}"] if low == low else []
    sides += [f"above {high:.3g}"] if high == high else []
    return " or ".join(sides) or "that does not exist"


def _row(each: _Compared) -> dict[str, object]:
    return {
        "condition": each.label,
        "rate": each.printed,
        "count": each.count,
        "difference": each.difference,
        "low": each.low,
        "high": each.high,
        "smallest margin": each.smallest_margin,
        "would have shown below": _number(each.detectable[0]),
        "would have shown above": _number(each.detectable[1]),
    }


def _number(value: float) -> float | None:
    """A rate that does not exist is None in JSON."""
    return value if value == value else None


def _chart(found: list[_Compared], unit: str, margin: float | None) -> Chart:
    x = tuple(float(i) for i in range(len(found)))
    lines = [ChartLine(name="no difference", axis="y", at=0.0)]
    if margin is not None:
        lines += [ChartLine(name="margin", axis="y", at=sign * margin) for sign in (-1, 1)]
    return Chart(
        title="Differences from the reference rate",
        x="condition",
        y=f"difference ({unit.strip()})" if unit else "difference",
        series=(
            ChartSeries(
                name="difference",
                x=x,
                y=tuple(each.difference for each in found),
                low=tuple(each.low for each in found),
                high=tuple(each.high for each in found),
            ),
        ),
        lines=tuple(lines),
        x_ticks=tuple((i, each.label) for i, each in zip(x, found, strict=True)),
    )
