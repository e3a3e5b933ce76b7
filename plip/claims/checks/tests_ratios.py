"""A check that one ratio of means is larger than another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.options import Sources
from plip.claims.checks.samples import Level, aligned, between, by_label, overturned
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.errors import MeasureError

__all__ = ["RatiosDiffer"]


class RatiosDiffer(Check):
    """The ratio of two groups' means is larger under the second condition than under the first.

    (x̄₂ / ȳ₂) / (x̄₁ / ȳ₁) > 1, its interval by a bootstrap over the samples, which are the same
    under both conditions, such as two models. It speaks of these two conditions and no others: a
    trend over models has models as its units.
    """

    name: ClassVar[str] = "ratios_differ"
    kind: ClassVar[Kind] = Kind.TEST
    needs_figure: ClassVar[bool] = False
    first: tuple[Sources, Sources]
    """Values of both groups under the first condition."""
    second: tuple[Sources, Sources]
    """Those of the same samples under the second."""
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        return tuple(source for side in (*self.first, *self.second) for source in side)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if entries := self.entries():
            yield from differing_units(given[entries[0]].figure.unit, given, entries)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        # Loads numpy, which a ledger without such a statement does without.
        from plip.stats.ratios import ratio_of_ratios

        groups = [
            aligned(by_label(given, one), by_label(given, other), (*one, *other))
            for one, other in zip(self.first, self.second, strict=True)
        ]
        first, second = zip(*groups, strict=True)
        try:
            found = ratio_of_ratios(
                (first[0], first[1]), (second[0], second[1]), confidence=1 - self.alpha
            )
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"no interval is defined: {error.found}")
        low, high = found.intervals[2]
        level = f"{100 * (1 - self.alpha):g}%"
        reason = (
            f"the ratios, {found.first:.3g} {_shown(found.intervals[0])} and {found.second:.3g} "
            f"{_shown(found.intervals[1])}, stand as 1 to {found.ratio:.3g}, {level} interval "
            f"{_shown((low, high))} over samples"
        )
        if low > 1:
            outcome, reason = Verdict.HOLDS, f"{reason}: the second is larger"
        elif high < 1:
            outcome, reason = Verdict.CONTRADICTED, f"{reason}: the second is smaller"
        else:
            outcome, reason = Verdict.UNSUPPORTED, f"{reason}, which has 1 in it"
        values = (found.first, found.second, found.ratio)
        return self.result(
            outcome,
            reason,
            between(low, high),
            rows=tuple(
                {"ratio": name, "value": value, "low": ends[0], "high": ends[1]}
                for name, value, ends in zip(
                    ("first", "second", "second / first"), values, found.intervals, strict=True
                )
            ),
            decision_changes=overturned(claim, outcome is not Verdict.HOLDS),
        )


def _shown(ends: tuple[float, float]) -> str:
    return f"[{ends[0]:.3g}, {ends[1]:.3g}]"
