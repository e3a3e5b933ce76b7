"""Checks on plain statements of order: more than, rising, falling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field

from plip.claims.checks.base import CheckResult, Quantities, differing_units
from plip.claims.checks.options import Count, Sources, count_faults, count_sources, whole
from plip.claims.checks.orders_statement import Statement, called, order
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict, worst
from plip.stats import Interval

__all__ = ["Greater", "Rises"]


class Greater(Statement):
    """Each value is greater than what it is compared with: x_i > y_i, or x_i > y for one y."""

    name: ClassVar[str] = "greater"
    values: Sources
    than: Sources

    def inputs(self) -> tuple[str, ...]:
        return (*self.values, *self.than, *count_sources(self.total))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        values, than = given.readings(*self.values), given.readings(*self.than)
        if len(than) == 1:
            than *= len(values)
        if len(values) != len(than):
            reason = f"{len(values)} values cannot be compared one by one with {len(than)}"
            return self.result(Verdict.UNSUPPORTED, reason)
        pairs = list(zip(values, than, strict=True))
        outcomes = [order(x, y) for x, y in pairs]
        outcome = worst(outcomes)
        x, y = next(pair for pair, found in zip(pairs, outcomes, strict=True) if found is outcome)
        if outcome is Verdict.HOLDS:
            x, y = min(pairs, key=lambda pair: pair[0].value - pair[1].value)
        says = {
            Verdict.HOLDS: "is greater than",
            Verdict.ROUNDING: "is greater only by rounding than",
            Verdict.UNSUPPORTED: "overlaps with",
            Verdict.CONTRADICTED: "is not greater than",
        }[outcome]
        reason = f"{called(x)} {says} {called(y)}"
        if len(pairs) > 1:
            greater = sum(found.stands for found in outcomes)
            which = "the closest" if outcome is Verdict.HOLDS else "among the others"
            reason = f"{greater} of {len(pairs)} are greater; {which}: {reason}"
        outcome, reason = self.covered(len(pairs), outcome, reason, given)
        rows = tuple(
            {"of": x.label, "value": x.value, "than": y.value, "greater": found.stands}
            for (x, y), found in zip(pairs, outcomes, strict=True)
        )
        least = Interval.minimum(x.finest - y.finest for x, y in pairs)
        return self.result(outcome, reason, least, rows=rows)


class Rises(Statement):
    """The values rise, or fall, in the order given or that of `over`: x_1 < x_2 < …

    A trend of a thing that was measured at two places only is a line through two points: a ledger
    that reads a sentence as one asks for `points` of them. Percentages of `trials` outcomes each
    are held against sampling noise too: every step's 95 % interval (Newcombe) must leave out 0,
    else the order may be chance.
    """

    name: ClassVar[str] = "rises"
    values: Sources
    over: tuple[str, ...] = ()
    """What they rise over, in the same order; the values are taken as given without it."""
    direction: Literal["up", "down"] = "up"
    points: int = Field(default=2, ge=2)
    """The fewest that can carry the statement."""
    trials: Count | None = None
    """How many outcomes each value is a percentage of."""

    def inputs(self) -> tuple[str, ...]:
        return (*self.values, *self.over, *count_sources(self.total, self.trials))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        for group in (self.values, self.over):
            first = next((i for i in group if not is_reference(i)), None)
            if first is not None:
                yield from differing_units(given[first].figure.unit, given, group)
        yield from count_faults(self.total, given)
        yield from count_faults(self.trials, given)
        if self.trials is not None:
            yield from differing_units("%", given, self.values)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        values = self._inorder(given)
        if values is None or len(values) < 2:
            reason = "there are not as many values as places, or fewer than two of them"
            return self.result(Verdict.UNSUPPORTED, reason)
        up = self.direction == "up"
        steps = [(a, b) if up else (b, a) for a, b in pairwise(values)]
        outcomes = [order(b, a) for a, b in steps]
        outcome = worst(outcomes)
        word = "rise" if up else "fall"
        says = {
            Verdict.HOLDS: f"every step is a {word}",
            Verdict.ROUNDING: f"not every step is a {word} at face value",
            Verdict.UNSUPPORTED: f"not every step is certainly a {word}",
            Verdict.CONTRADICTED: f"not every step is a {word}",
        }[outcome]
        at = min(range(len(steps)), key=lambda i: steps[i][1].value - steps[i][0].value)
        reason = f"{says}; the smallest is from {called(values[at])} to {called(values[at + 1])}"
        if outcome.stands and len(values) < self.points:
            outcome = Verdict.UNSUPPORTED
            reason += f"; {len(values)} points do not make a trend, which needs {self.points}"
        if outcome.stands and self.trials is not None:
            outcome, reason = _beyond_noise(outcome, reason, steps, whole(self.trials, given))
        outcome, reason = self.covered(len(values), outcome, reason, given)
        least = Interval.minimum(b.finest - a.finest for a, b in steps)
        rows = tuple({"at": each.label, "value": each.value} for each in values)
        return self.result(outcome, reason, least, rows=rows)

    def _inorder(self, given: Given) -> tuple[Reading, ...] | None:
        values = given.readings(*self.values)
        if not self.over:
            return values
        places = given.readings(*self.over)
        if len(places) != len(values):
            return None
        order = sorted(range(len(values)), key=lambda i: places[i].value)
        return tuple(values[i] for i in order)


def _beyond_noise(
    outcome: Verdict, reason: str, steps: Sequence[tuple[Reading, Reading]], trials: int
) -> tuple[Verdict, str]:
    # Loads scipy, which a ledger without such a statement does without.
    from plip.stats.proportions import difference_interval

    for low, high in steps:
        one, other = (round(min(max(each.value, 0), 100) * trials / 100) for each in (high, low))
        interval = difference_interval((one, trials), (other, trials))
        if interval[0] <= 0:
            return Verdict.UNSUPPORTED, (
                f"{reason}; but {high.printed} and {low.printed} of {trials} each are "
                f"{100 * (one - other) / trials:.0f} points apart within ±"
                f"{50 * (interval[1] - interval[0]):.0f} (95 %), which sampling alone can give"
            )
    return outcome, reason
