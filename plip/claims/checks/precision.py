"""Whether an effect stands out from the rounding of the numbers it was measured in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from plip import stats
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.options import Sources
from plip.claims.checks.samples import between, overturned
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.stats.rounding import Format

__all__ = ["AboveRounding"]


class AboveRounding(Check):
    """The effect is larger than what rounding to the number format alone can make of no effect.

    Values of size M: a difference up to 2 u M, u the format's unit roundoff (2⁻⁸ of bfloat16, 2⁻¹¹
    of float16, 2⁻²⁴ of float32). A divergence computed from logits up to L and probabilities in a
    format with unit roundoff v: up to 2 (u L)² + 4 v nats. Rounding within the network is not
    counted, so that an effect above these is not thereby shown.
    """

    name: ClassVar[str] = "above_rounding"
    kind: ClassVar[Kind] = Kind.PRECISION
    needs_figure: ClassVar[bool] = False
    values: Sources
    """The effects, where they are divergences; else the values that differ."""
    quantity: Literal["value", "divergence"]
    """`value`: the effect is the largest difference between the values, or from `against`.
    `divergence`: it is their mean."""
    against: str | None = None
    """The value without the effect, where they are values."""
    number_format: Format = Field(alias="format")
    """Of the values, or of the logits behind a divergence."""
    largest: float | None = Field(default=None, gt=0)
    """The size of the largest value or logit; that of the values given without it."""
    arithmetic: Format = "float32"
    """Of the probabilities behind a divergence."""

    def inputs(self) -> tuple[str, ...]:
        return (*self.values, *(() if self.against is None else (self.against,)))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        entries = [given[source].figure.unit for source in self.entries()]
        if entries:
            yield from differing_units(entries[0], given, self.entries())
        if self.quantity == "divergence" and self.largest is None:
            yield "wanted 'largest', the size of the largest logit"
        if self.quantity == "divergence" and self.against is not None:
            yield "wanted no 'against': a divergence is one from the baseline already"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        readings = given.readings(*self.values)
        against = None if self.against is None else given.reading(self.against)
        noise, what = self._noise(readings, against)
        effects = self._effects(readings, against)
        if self.quantity == "divergence":
            effect = sum(effects) / len(effects)
            found = f"the mean of {len(effects)} divergences is {effect:.3g} nats"
        else:
            effect = max(effects)
            found = f"the largest difference is {effect:.3g}"
        above = sum(each > noise for each in effects)
        outcome = Verdict.HOLDS if effect > noise else Verdict.UNSUPPORTED
        tells = "above" if outcome is Verdict.HOLDS else "not above"
        reason = f"{found}, {tells} the {noise:.3g} that rounding of {what} alone can make"
        if 0 < above < len(effects):
            reason += f"; {len(effects) - above} of {len(effects)} by themselves are not above it"
        return self.result(
            outcome,
            reason,
            between(0.0, noise),
            rows=tuple(
                {"of": each.label, "effect": size, "above rounding": size > noise}
                for each, size in zip(readings, effects, strict=True)
            ),
            decision_changes=overturned(claim, outcome is not Verdict.HOLDS),
        )

    def _effects(self, readings: tuple[Reading, ...], against: Reading | None) -> list[float]:
        values = [each.value for each in readings]
        if self.quantity == "divergence":
            return [abs(value) for value in values]
        # Without anything to compare with, each differs from the one farthest from it.
        others = [against.value] if against is not None else [min(values), max(values)]
        return [max(abs(value - other) for other in others) for value in values]

    def _noise(self, readings: tuple[Reading, ...], against: Reading | None) -> tuple[float, str]:
        if self.quantity == "divergence" and self.largest is not None:
            noise = stats.divergence_noise(self.number_format, self.largest, self.arithmetic)
            what = f"{self.number_format} logits up to {self.largest:g}"
            return noise, f"{what} and {self.arithmetic} probabilities"
        every = (*readings, *(() if against is None else (against,)))
        largest = self.largest or max(abs(each.value) for each in every)
        noise = stats.value_noise(self.number_format, largest)
        return noise, f"{self.number_format} values of {largest:.4g}"
