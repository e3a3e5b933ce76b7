"""Checks on what a divergence can be at all, by its definition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import Field, model_validator

from plip import stats
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.options import Count, count_faults, count_sources, whole
from plip.claims.checks.samples import between, overturned
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict, compare

__all__ = ["DivergenceBound"]


class DivergenceBound(Check):
    """The figure is a mean divergence, or its spread, that the definition allows.

    A divergence Σ p ln(p / q) from which terms with p ≤ ε or q ≤ ε are dropped lies between −1/e
    and −ln ε nats: each term left has p ≤ 1 and q > ε, so that ln(p / q) < −ln ε, and the p add up
    to 1 at most. So does the mean of any number of them. The standard deviation of n values within
    these bounds and of a given mean is largest where all but one are at the bounds.
    """

    name: ClassVar[str] = "divergence_bound"
    kind: ClassVar[Kind] = Kind.IDENTITY
    floor: float = Field(gt=0, lt=1)
    """ε, the probability up to which terms are dropped."""
    mean: str | None = None
    """Where the claim's figure is a standard deviation: the mean beside it."""
    n: Count | None = None
    """Then also: of how many divergences."""

    @model_validator(mode="after")
    def _of_a_spread(self) -> Self:
        if (self.mean is None) != (self.n is None):
            raise ValueError("wanted both 'mean' and 'n' of a standard deviation")
        return self

    def inputs(self) -> tuple[str, ...]:
        mean = () if self.mean is None else (self.mean,)
        return (*mean, *count_sources(self.n))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.n, given, least=2)
        if self.mean is not None:
            yield from differing_units(claim.figure.unit, given, (self.mean,))

    def run(self, claim: Entry, given: Given) -> CheckResult:
        low, high = stats.dropped_term_bounds(self.floor)
        figure = claim.figure
        words = (
            f"with terms up to {self.floor:g} dropped no divergence exceeds "
            f"−ln {self.floor:g} = {high:.2f} nats"
        )
        if self.mean is None or self.n is None:
            outcome = compare(figure.interval, between(low, high), between(low, high))
            fits = "does not fit" if outcome is Verdict.CONTRADICTED else "fits"
            return self.result(
                outcome,
                f"{words}, nor does a mean of them; {figure.printed} {fits}",
                between(low, high),
                decision_changes=overturned(claim, not outcome.stands),
            )
        n, mean = whole(self.n, given, least=2), given.reading(self.mean)
        ends = float(mean.finest.low), float(mean.finest.high)
        if ends[1] < low or ends[0] > high:
            # Of any mean that is possible.
            ends = low, high
            words += f", so that a mean of {mean.printed} is impossible, and of {n} no SD"
        else:
            words += f", and of {n} with mean {mean.printed} no SD"
        largest = stats.largest_sd(n, ends, low, high)
        outcome = compare(figure.interval, between(0.0, largest), between(0.0, largest))
        return self.result(
            outcome,
            f"{words} exceeds {largest:.2f}; {figure.printed} "
            f"{'does not fit' if outcome is Verdict.CONTRADICTED else 'fits'}",
            between(0.0, largest),
            decision_changes=overturned(claim, not outcome.stands),
        )
