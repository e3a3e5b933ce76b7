"""A check whether a suspected mechanism gives figures that the named quantity cannot."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Self

from pydantic import Field, model_validator

from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.diagnosis_column import (
    EXPERIMENT,
    Column,
    Statistic,
    column_of,
    diagnosis_figure,
)
from plip.claims.checks.rerun import lacking, provenance
from plip.claims.evidence import Given
from plip.claims.figures import Figure
from plip.claims.ledger import Entry
from plip.claims.reruns import RerunKey
from plip.claims.verdict import Verdict
from plip.stats import Interval

__all__ = ["PublishedMeasure"]

_ZERO = Fraction(0)
# Terms below 1e-10 do not count: a sum over one pair of distributions stays below −ln 1e-10.
_ONE_PAIR = -math.log(1e-10)
# A column that steering does not move: its means stay within this share of each other.
_FLAT = 0.01


class PublishedMeasure(Check):
    """A column of divergences is the comparison of hidden states with a prediction.

    `plip.measure.published_divergence` is not 0 where nothing is changed, does not move with the
    dose, and exceeds what one pair of distributions allows. The check can find that a figure is
    that comparison, or leave it open; it never makes a statement about a divergence true.
    """

    name: ClassVar[str] = "published_measure"
    kind: ClassVar[Kind] = Kind.DIAGNOSIS
    needs_figure: ClassVar[bool] = False
    optional: ClassVar[bool] = True
    model: str = Field(min_length=1)
    """The hub id whose weights the column is of."""
    layer: str
    """The entry of the steered layer."""
    dose: str
    """The entry of this figure's dose."""
    statistic: Statistic = "mean"
    """What the figure is, over the samples."""
    value: str | None = None
    """The entry of the figure to explain; the claim's own if there is none."""
    identity: str | None = None
    """The entry of the column's mean at dose 1; the figure itself if there is none."""
    scales: tuple[str, ...] = ()
    """The entries of the column's doses, to be shown beside."""
    values: tuple[str, ...] = ()
    """The entries of its figures, in the same order."""
    hidden: int = Field(ge=1)
    """Units of the model's hidden state."""
    vocabulary: int = Field(ge=1)
    """Entries of its logits."""
    tolerance: Decimal = Field(default=Decimal("0.05"), gt=0, lt=1)
    """How far from the printed figure the model's own may lie, as a share of it."""
    shown_on: str = "bundled:transformer"
    """A model on which the mechanism is shown, where the column's own is not at hand."""
    inputs_file: str | None = None
    """The file of the paper's repository with the samples that the column was measured on."""
    digest: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """SHA-256 of those samples, as `Corpus.digest` gives it."""

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.scales) != len(self.values):
            raise ValueError(f"{len(self.scales)} scales but {len(self.values)} values")
        if (self.inputs_file is None) != (self.digest is None):
            raise ValueError("wanted 'inputs_file' and 'digest' together")
        return self

    def inputs(self) -> tuple[str, ...]:
        single = (self.layer, self.dose, self.value, self.identity)
        return (*(i for i in single if i is not None), *self.scales, *self.values)

    def asks_for(self, given: Quantities) -> RerunKey:
        """Return which figure of which run it is about."""
        figure = diagnosis_figure(
            self._layer(given), self._dose(given), "published", self.statistic
        )
        return RerunKey(model=self.model, experiment=EXPERIMENT, figure=figure)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if self.value is None and len(claim.figures) != 1:
            yield f"wanted a 'value', or a claim with one figure, found {len(claim.figures)}"
            return
        named = tuple(i for i in (self.identity, *self.values) if i is not None)
        yield from differing_units(self._figure(claim, given).unit, given, named)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure = self._figure(claim, given)
        identity = figure if self.identity is None else given[self.identity].figure
        if identity.interval.contains(_ZERO):
            reason = "the divergence of this table is 0 where nothing is changed: none is explained"
            return self.result(Verdict.NOT_CHECKABLE, reason)
        printed = self._printed(figure, given)
        own = column_of(given.reruns, self.model, self._layer(given))
        if own is not None:
            return self._against_its_own(figure, self._dose(given), own, printed)
        needs = lacking(self.model, self.inputs_file)
        shown = column_of(given.reruns, self.shown_on)
        if shown is None:
            reason = f"{self._allowed()}; which sum {figure.printed} is of {needs}"
            return self.result(Verdict.NOT_CHECKABLE, reason)
        shows, found = _found_on(shown)
        details = shown.details(printed, self.statistic)
        beyond_one = identity.interval.low > Fraction(_ONE_PAIR)
        within_all = identity.interval.high < Fraction(self._most())
        if not (shows and beyond_one and within_all):
            reason = f"{found}; the printed column is not of that kind, and more of it {needs}"
            return self.result(Verdict.NOT_CHECKABLE, reason, **details)
        reason = (
            f"{found}; the printed {identity.printed} {figure.unit} at dose 1 is of that kind, as "
            f"one pair of distributions gives less than {_ONE_PAIR:.2f}; whether {figure.printed} "
            f"is this very sum {needs}"
        )
        return self.result(Verdict.UNSUPPORTED, reason, **details)

    def _against_its_own(
        self, figure: Figure, dose: float, own: Column, printed: dict[float, float]
    ) -> CheckResult:
        value, middle = own.get(dose, "published", self.statistic), float(figure.at_face.low)
        where = f"on {provenance(own.model, own.rerun)} at dose {dose:g}"
        details = own.details(printed, self.statistic)
        # A dose that was not run is NaN, and near nothing.
        if not (middle and abs(value / middle - 1) <= float(self.tolerance)):
            reason = (
                f"hidden states against the prediction give {value:.2f} {figure.unit} {where}, not "
                f"{figure.printed}: what was printed stays unexplained"
            )
            return self.result(Verdict.NOT_CHECKABLE, reason, **details)
        reason = (
            f"{figure.printed} is hidden states against the prediction: {value:.2f} {figure.unit} "
            f"{where}, where the divergence of the predictions is "
            f"{own.get(dose, 'kl', self.statistic):.2g}"
        )
        point = Interval.point(Fraction(value))
        return self.result(Verdict.UNSUPPORTED, reason, point, **details)

    def _layer(self, given: Quantities) -> int:
        return int(given[self.layer].figure.at_face.low)

    def _dose(self, given: Quantities) -> float:
        return float(given[self.dose].figure.at_face.low)

    def _figure(self, claim: Entry, given: Quantities) -> Figure:
        return claim.figure if self.value is None else given[self.value].figure

    def _printed(self, figure: Figure, given: Quantities) -> dict[float, float]:
        """Return what is printed by dose, as far as the options name it."""
        column = {
            float(given[scale].figure.at_face.low): float(given[value].figure.at_face.low)
            for scale, value in zip(self.scales, self.values, strict=True)
        }
        return column | {self._dose(given): float(figure.at_face.low)}

    def _most(self) -> float:
        return _ONE_PAIR * math.ceil(self.vocabulary / self.hidden)

    def _allowed(self) -> str:
        """Say what sums over one pair of distributions and over all hidden states may be."""
        return (
            f"one pair of distributions gives less than {_ONE_PAIR:.2f} nats and the hidden states "
            f"of {self.vocabulary / self.hidden:.1f} tokens against the vocabulary less than "
            f"{self._most():.0f}"
        )


def _found_on(shown: Column) -> tuple[bool, str]:
    """Say whether a model shows the mechanism, and what was found on it."""
    compared, divergence = shown.means("published"), shown.means("kl")
    at_1, divergence_at_1 = shown.get(1.0, "published", "mean"), shown.get(1.0, "kl", "mean")
    shows = (
        at_1 > 0
        and max(compared) - min(compared) <= _FLAT * at_1
        and divergence_at_1 == 0
        and max(divergence) > 0
    )
    return shows, (
        f"on {shown.model} hidden states against the prediction give {at_1:.2f} nats at dose 1 and "
        f"{min(compared):.2f} to {max(compared):.2f} over the doses, where the divergence is "
        f"{divergence_at_1:.2g} and up to {max(divergence):.2g}"
    )
