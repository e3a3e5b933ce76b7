"""Whether groups differ in something else than what they are compared for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from statistics import fmean
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from plip import stats
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.options import Sources
from plip.claims.checks.samples import Level, by_label, overturned, per_sample
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.errors import ArtifactError, MeasureError

__all__ = ["Adjusted", "Covariate"]

# Samples are exchanged within as many strata of a covariate that takes more values than this.
_STRATA = 4
# Samples are matched within this part of the covariate's standard deviation.
_CALIPER = 0.2


class Covariate(BaseModel):
    """A figure of each sample, from a data file, that may differ between the groups.

    Values that belong to one sample (the positions of its targets) become one figure as `derive`
    says; `minus` takes the mean of others away, as in the distance from marker to targets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    of: Sources
    """References to the values, of both groups."""
    derive: Literal["mean", "count", "length", "has"] = "mean"
    """`mean` of the numbers, `count` of the values, `length` of the text in characters, `has`: 1
    if one of the values is `value`, else 0."""
    minus: tuple[str, ...] = ()
    value: float | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.value is None) == (self.derive == "has"):
            raise ValueError("wanted 'value' with 'has' and only there")
        if not all(map(is_reference, (*self.of, *self.minus))):
            raise ValueError("wanted references into data files")
        return self

    def read(self, given: Given, labels: Sequence[str]) -> list[float]:
        """Return the figure of each sample.

        Raises:
            ArtifactError: a sample lacks values, or they are of another type.
        """
        own, less = per_sample(given, self.of), per_sample(given, self.minus)
        found = []
        for label in labels:
            if label not in own or (self.minus and label not in less):
                raise self._fault(f"values of sample {label!r}", "none")
            try:
                figure = self._derive(own[label])
                found.append(figure - fmean(less[label]) if self.minus else figure)
            except TypeError:
                raise self._fault("numbers, or one text for its length", label) from None
        return found

    def _derive(self, values: list[Any]) -> float:
        if self.derive == "count":
            return float(len(values))
        if self.derive == "has":
            return float(self.value in values)
        if self.derive == "length":
            return float(sum(len(value) for value in values))
        return fmean(values)

    def _fault(self, wanted: str, found: str) -> ArtifactError:
        return ArtifactError(
            f"covariate {self.name!r}",
            wanted=wanted,
            found=found,
            advice="correct the references in the ledger",
        )


class _Analysis(BaseModel):
    """One way to compare the groups."""

    model_config = ConfigDict(frozen=True)

    name: str
    n: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None

    @property
    def row(self) -> dict[str, object]:
        """As in the table."""
        return {"analysis": self.name, **self.model_dump(exclude={"name"})}


class Adjusted(Check):
    """The groups differ also at equal covariates.

    Values are compared on the logarithm where all are above 0: by least squares on group and
    covariate (HC3), one covariate at a time and all together; by a permutation of labels within
    strata of the covariate; over pairs matched on it. Where no sample of one group lies within the
    other's range of a covariate, the groups cannot be compared at equal covariate at all. With a
    covariate that counts targets, the sum over targets is compared in place of their mean too.
    """

    name: ClassVar[str] = "adjusted"
    kind: ClassVar[Kind] = Kind.COMPARABILITY
    needs_figure: ClassVar[bool] = False
    one: Sources
    other: Sources
    names: tuple[str, str] = ("the first group", "the second group")
    covariates: tuple[Covariate, ...] = Field(min_length=1)
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        theirs = (source for each in self.covariates for source in (*each.of, *each.minus))
        return (*self.one, *self.other, *theirs)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if entries := self.entries():
            yield from differing_units(given[entries[0]].figure.unit, given, entries)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        one, other = by_label(given, self.one), by_label(given, self.other)
        values = [*one.values(), *other.values()]
        first = [True] * len(one) + [False] * len(other)
        covariates = {each.name: each.read(given, [*one, *other]) for each in self.covariates}
        varying = {name: x for name, x in covariates.items() if len(set(x)) > 1}
        try:
            analyses = list(self._analyses(values, first, varying))
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"no comparison is defined: {error}")
        rows = (
            *(self._described(name, x, first) for name, x in covariates.items()),
            *(each.row for each in analyses),
        )
        crude = analyses[0]
        apart = [name for name, x in varying.items() if min(_support(x, first)) == 0]
        others = [each for each in analyses[1:] if each.p is not None]
        lost = [each for each in others if not self._keeps(each, crude)]
        outcome, reason = self._judge(crude, apart, lost, len(others), varying, first)
        changed: bool | None = bool(lost) or (None if apart else False)
        return self.result(outcome, reason, rows=rows, decision_changes=overturned(claim, changed))

    def _keeps(self, each: _Analysis, crude: _Analysis) -> bool:
        """Tell whether an analysis finds the difference too, in the same direction."""
        # A permutation has no effect of its own, only the crude one's p.
        opposed = (each.effect or 0.0) * (crude.effect or 0.0) < 0
        return each.p is not None and each.p < self.alpha and not opposed

    def _judge(
        self,
        crude: _Analysis,
        apart: list[str],
        lost: list[_Analysis],
        count: int,
        covariates: dict[str, list[float]],
        first: list[bool],
    ) -> tuple[Verdict, str]:
        if crude.p is None or crude.p >= self.alpha:
            return Verdict.UNSUPPORTED, f"the groups do not differ to begin with, {_p(crude)}"
        kept = f"of {count} other analyses {count - len(lost)} keep the difference"
        if lost:
            kept += f", {lost[0].name} does not ({_p(lost[0])})"
        if apart:
            ranges = " and ".join(
                f"{name} {min(side):.4g} … {max(side):.4g}"
                for name, side in zip(self.names, _sides(covariates[apart[0]], first), strict=True)
            )
            return Verdict.UNSUPPORTED, (
                f"{apart[0]} keeps the groups apart ({ranges}): nothing can be compared at equal "
                f"{apart[0]}, only extrapolated; {kept}"
            )
        if lost:
            return Verdict.UNSUPPORTED, kept
        return Verdict.HOLDS, f"all {count} other analyses keep the difference"

    def _described(self, name: str, x: list[float], first: list[bool]) -> dict[str, object]:
        """Return a covariate's row: the difference of its means."""
        one, other = _sides(x, first)
        p = None
        # Undefined where it is the same in every sample of each group, or with too few of them.
        with suppress(MeasureError):
            p = stats.unpaired_equivalence(one, other).p
        means = f"{fmean(one):.4g} against {fmean(other):.4g}"
        found = _Analysis(
            name=f"{name} itself: {means}", n=len(x), effect=fmean(one) - fmean(other), p=p
        )
        return found.row

    def _analyses(
        self, values: list[float], first: list[bool], covariates: dict[str, list[float]]
    ) -> Iterator[_Analysis]:
        on_log = min(values) > 0
        y = [math.log(value) for value in values] if on_log else values
        scale = "on the logarithm" if on_log else "as they are"
        yield _regression(f"values {scale}, unadjusted", y, first, [])
        for each in self.covariates:
            x = covariates.get(each.name)
            if x is None:
                continue
            if each.derive == "count":
                sums = [value * count for value, count in zip(values, x, strict=True)]
                summed = [math.log(value) for value in sums] if on_log else sums
                yield _regression("sums over targets in place of means", summed, first, [])
            yield from _one_covariate(each.name, x, y, first)
        if len(covariates) > 1:
            # Together they may leave no degrees of freedom, or determine each other.
            with suppress(MeasureError):
                yield _regression("adjusted for all", y, first, list(covariates.values()))


def _one_covariate(
    name: str, x: list[float], y: list[float], first: list[bool]
) -> Iterator[_Analysis]:
    try:
        yield _regression(f"adjusted for {name}", y, first, [x])
    except MeasureError:
        # The covariate tells the groups apart without fail.
        yield _Analysis(name=f"adjusted for {name}", n=0)
    p, used = stats.stratified_permutation(y, first, _strata(x), seed=0)
    yield _Analysis(
        name=f"permuted within strata of {name}", n=used, p=None if math.isnan(p) else p
    )
    one, other = _sides(x, first)
    spread = math.sqrt(fmean((value - fmean(x)) ** 2 for value in x))
    pairs = stats.match_pairs(one, other, caliper=_CALIPER * spread)
    mine, theirs = _sides(y, first)
    matched = _Analysis(name=f"pairs matched on {name}", n=2 * len(pairs))
    # Undefined with fewer than two pairs.
    with suppress(MeasureError):
        found = stats.paired_equivalence([theirs[j] for _, j in pairs], [mine[i] for i, _ in pairs])
        ends = {"low": found.low, "high": found.high, "p": found.p}
        matched = matched.model_copy(update={"effect": found.difference, **ends})
    yield matched


def _regression(
    name: str, y: list[float], first: list[bool], covariates: list[list[float]]
) -> _Analysis:
    found = stats.adjust(y, first, covariates)
    return _Analysis(
        name=name, n=len(y), effect=found.effect, low=found.low, high=found.high, p=found.p
    )


def _strata(x: list[float]) -> list[int]:
    """Equal values where there are few of them, otherwise quarters of the order."""
    known = sorted(set(x))
    if len(known) <= _STRATA:
        return [known.index(value) for value in x]
    order = sorted(x)
    cuts = [order[len(order) * i // _STRATA] for i in range(1, _STRATA)]
    return [sum(value >= cut for cut in cuts) for value in x]


def _sides(values: list[float], first: list[bool]) -> tuple[list[float], list[float]]:
    one = [value for value, own in zip(values, first, strict=True) if own]
    other = [value for value, own in zip(values, first, strict=True) if not own]
    return one, other


def _support(x: list[float], first: list[bool]) -> tuple[int, int]:
    return stats.common_support(*_sides(x, first))


def _p(each: _Analysis) -> str:
    return "p is not defined" if each.p is None else f"p = {each.p:.2g}"
