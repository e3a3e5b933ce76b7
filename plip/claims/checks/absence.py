"""Whether evidence that shows no effect can show that there is none: samples."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import Field, model_validator

from plip import stats
from plip.claims.chart import Chart, ChartLine, ChartSeries
from plip.claims.checks.base import Check, CheckResult, Kind
from plip.claims.checks.samples import (
    Group,
    Level,
    aligned,
    between,
    by_label,
    group_sources,
    overturned,
)
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, worst
from plip.errors import MeasureError

__all__ = ["Equivalence", "Margin", "absence"]

Margin: TypeAlias = Annotated[float, Field(gt=0)] | None
"""The largest difference that counts as none; None where no one said."""


def absence(low: float, high: float, excluded: bool, margin: float | None) -> Verdict:
    """Judge a statement that there is no difference.

    Args:
        low: lower end of the interval of the difference, that of two one-sided tests.
        high: its upper end.
        excluded: whether a test rejects that the difference is 0.
        margin: the largest difference that counts as none; None where no one said.

    Returns:
        With a margin: holds if the interval lies within it, contradicted if it lies outside,
        unsupported otherwise. Without one: contradicted if equality is rejected, otherwise
        unsupported, since some difference is always within the interval.
    """
    if margin is None:
        return Verdict.CONTRADICTED if excluded else Verdict.UNSUPPORTED
    if -margin <= low and high <= margin:
        return Verdict.HOLDS
    return Verdict.CONTRADICTED if excluded and max(low, -high) >= margin else Verdict.UNSUPPORTED


class Equivalence(Check):
    """The samples show that there is no difference: "no effect", "flat", "identical", "safe".

    Two one-sided t tests at α: the interval of the mean difference at level 1 − 2α lies within
    ±margin. Several groups are compared two by two; the statement holds if every pair is within the
    margin, and is contradicted if Student's test and a rank test both reject, at α over the number
    of pairs, that some pair is equal. One group is compared with 0.
    """

    name: ClassVar[str] = "equivalence"
    kind: ClassVar[Kind] = Kind.ABSENCE
    needs_figure: ClassVar[bool] = False
    groups: tuple[Group, ...] = Field(min_length=1)
    """The samples of each condition: one source each, or a list of sources."""
    names: tuple[str, ...] = ()
    """What the conditions are called, such as doses."""
    paired: bool = True
    """Whether every condition has the same samples, matched by their labels."""
    margin: Margin = None
    """The largest mean difference that counts as none, in the unit of the samples."""
    unit: str = ""
    """Of the samples, for the reason."""
    alpha: Level = 0.05

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.names and len(self.names) != len(self.groups):
            raise ValueError(f"wanted {len(self.groups)} names, found {len(self.names)}")
        return self

    def inputs(self) -> tuple[str, ...]:
        return tuple(source for group in self.groups for source in group_sources(group))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        samples = [by_label(given, group_sources(group)) for group in self.groups]
        try:
            pairs = list(self._pairs(samples))
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"no interval is defined: {error}")
        level = self.alpha / len(pairs)
        found = [
            absence(each.low, each.high, max(each.p, ranks) < level, self.margin)
            for _, each, ranks in pairs
        ]
        # The pair that decides: of those with the worst outcome, the one farthest from none.
        outcome = worst(found)
        name, each, ranks = max(
            (pair for pair, own in zip(pairs, found, strict=True) if own is outcome),
            key=lambda pair: pair[1].smallest_margin,
        )
        unit = f" {self.unit}" if self.unit else ""
        reason = (
            f"{name}: the mean difference of {max(each.n)} is {each.difference:.3g}{unit}, "
            f"{100 * (1 - 2 * self.alpha):g}% interval [{each.low:.3g}, {each.high:.3g}]; "
        )
        if outcome is Verdict.HOLDS:
            reason += f"every pair lies within ±{self.margin:g}"
        elif outcome is Verdict.CONTRADICTED:
            reason += f"equality is rejected, p = {each.p:.2g} (t) and {ranks:.2g} (ranks)"
            if self.margin is not None:
                reason += f", and the difference is beyond ±{self.margin:g}"
        else:
            reason += self._short(each, unit)
        return self.result(
            outcome,
            reason,
            between(each.low, each.high),
            rows=tuple(self._row(*pair) for pair in pairs),
            chart=self._chart(pairs),
            decision_changes=overturned(claim, outcome is not Verdict.HOLDS),
        )

    def _short(self, each: stats.Equivalence, unit: str) -> str:
        if self.margin is None:
            within = "without a margin nothing shows that there is no difference"
        else:
            within = f"that is not within ±{self.margin:g}"
        return (
            f"{within}; equivalence could be claimed from ±{each.smallest_margin:.3g}{unit}, and a "
            f"true difference of {each.detectable:.3g}{unit} would have been found with 80% power"
        )

    def _pairs(
        self, samples: list[dict[str, float]]
    ) -> Iterator[tuple[str, stats.Equivalence, float]]:
        """Yield each comparison's name, its interval and p of its rank test."""
        names = self.names or tuple(f"condition {i}" for i in range(1, len(samples) + 1))
        if len(samples) == 1:
            values = list(samples[0].values())
            nothing = [0.0] * len(values)
            found = stats.paired_equivalence(nothing, values, alpha=self.alpha)
            yield f"{names[0]} against 0", found, stats.rank_test(nothing, values, paired=True)
        for (first, one), (second, other) in combinations(zip(names, samples, strict=True), 2):
            if self.paired:
                a, b = aligned(one, other, self.inputs())
                found = stats.paired_equivalence(a, b, alpha=self.alpha)
            else:
                a, b = list(one.values()), list(other.values())
                found = stats.unpaired_equivalence(a, b, alpha=self.alpha)
            ranks = stats.rank_test(a, b, paired=self.paired)
            yield f"{first} against {second}", found, ranks

    def _row(self, name: str, each: stats.Equivalence, ranks: float) -> dict[str, object]:
        return {
            "compared": name,
            "n": max(each.n),
            "difference": each.difference,
            "low": each.low,
            "high": each.high,
            "p of no difference (t)": each.p,
            "p of no difference (ranks)": ranks,
            "p of equivalence": None if self.margin is None else each.tost(self.margin),
            "smallest margin": each.smallest_margin,
            "detectable with 80% power": each.detectable,
        }

    def _chart(self, pairs: list[tuple[str, stats.Equivalence, float]]) -> Chart:
        x = tuple(float(i) for i in range(len(pairs)))
        lines = [ChartLine(name="no difference", axis="y", at=0.0)]
        if self.margin is not None:
            lines += [ChartLine(name="margin", axis="y", at=s * self.margin) for s in (-1, 1)]
        return Chart(
            title=f"Mean differences with {100 * (1 - 2 * self.alpha):g}% intervals",
            x="compared",
            y=f"difference ({self.unit})" if self.unit else "difference",
            series=(
                ChartSeries(
                    name="mean difference",
                    x=x,
                    y=tuple(each.difference for _, each, _ in pairs),
                    low=tuple(each.low for _, each, _ in pairs),
                    high=tuple(each.high for _, each, _ in pairs),
                ),
            ),
            lines=tuple(lines),
            x_ticks=tuple((i, name) for i, (name, _, _) in zip(x, pairs, strict=True)),
        )
