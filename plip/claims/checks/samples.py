"""Reading samples by their labels, and stated p values, for the checks that look at data."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import Field

from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import is_reference, parse_reference
from plip.errors import ArtifactError
from plip.stats import Interval

__all__ = [
    "Group",
    "Level",
    "StatedP",
    "aligned",
    "between",
    "by_label",
    "group_sources",
    "overturned",
    "per_sample",
    "percent_of",
    "stated_p",
]

Test = TypeVar("Test", bound=Hashable)

Group: TypeAlias = str | Annotated[tuple[str, ...], Field(min_length=1)]
"""One group of samples: a source, or several."""

Level: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
"""A level of significance."""

# A p counts as that of a test within a hundredth of itself, beside its printed precision: programs
# round degrees of freedom and approximate distributions.
_NEAR = Fraction(1, 100)


def group_sources(group: Group) -> tuple[str, ...]:
    """Return the sources of a group."""
    return (group,) if isinstance(group, str) else group


def between(low: float, high: float) -> Interval:
    """Return the interval of two computed ends."""
    return Interval(Fraction(low), Fraction(high))


def by_label(given: Given, sources: Sequence[str]) -> dict[str, float]:
    """Return numbers by the label of their sample.

    Raises:
        ArtifactError: two numbers with one label.
    """
    readings = given.readings(*sources)
    found = {reading.label: reading.value for reading in readings}
    if len(found) < len(readings):
        raise _fault(sources, "each sample once", "one of them twice")
    return found


def per_sample(given: Given, sources: Sequence[str]) -> dict[str, list[Any]]:
    """Return what references lead to, of whatever type, by the sample it belongs to.

    The values of a list within a sample, labelled `sample/0`, `sample/1` …, belong to the sample.
    """
    found: dict[str, list[Any]] = {}
    for source in sources:
        for item in given.select(source):
            found.setdefault(item.label.partition("/")[0], []).append(item.value)
    return found


def aligned(
    one: Mapping[str, float], other: Mapping[str, float], sources: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Return the numbers of the same samples under two conditions, in one order.

    Raises:
        ArtifactError: the samples differ.
    """
    if set(one) != set(other):
        apart = sorted(set(one) ^ set(other))
        raise _fault(sources, "the same samples under both conditions", f"{apart[0]!r} under one")
    return [one[label] for label in one], [other[label] for label in one]


@dataclass(frozen=True, slots=True)
class StatedP:
    """A p value as a paper states it.

    Args:
        words: such as "p = 0.018" or "p < 0.001".
        interval: every value that it may be.
        at_face: the value if what is printed were exact.
    """

    words: str
    interval: Interval
    at_face: Fraction

    def fits(self, p: float) -> bool:
        """Tell whether a computed p counts as this one: within it, or a hundredth of it away."""
        low, high = self.interval.low * (1 - _NEAR), self.interval.high * (1 + _NEAR)
        return low <= Fraction(p) <= high

    def nearest(self, tests: Mapping[Test, float]) -> Test | None:
        """Return the test whose p counts as this one and is nearest to it; None if none does."""
        fitting = [test for test, p in tests.items() if self.fits(p)]
        return min(fitting, key=lambda test: abs(tests[test] - self.at_face), default=None)

    def below(self, alpha: float) -> bool:
        """Tell whether it was taken for significant."""
        return self.at_face < Fraction(alpha)


def stated_p(claim: Entry, given: Given, source: str | None) -> StatedP:
    """Read a stated p value.

    Args:
        claim: whose own figure it is where there is no source.
        given: the check's inputs.
        source: an entry or a reference; None for the claim's own figure.
    """
    if source is not None and is_reference(source):
        reading = given.reading(source)
        return StatedP(f"p = {reading.printed}", reading.finest, reading.at_face.low)
    figure = claim.figure if source is None else given[source].figure
    number = figure.printed.lstrip("pP =≈")
    if source is None and re.search(rf"[<≤]\s*{re.escape(number)}", claim.quoted):
        # Anything from 0; what is decided on is the bound.
        low = Interval(Fraction(0), figure.at_face.high)
        return StatedP(f"p < {number}", low, figure.at_face.high)
    return StatedP(f"p = {number}", figure.interval, figure.at_face.low)


def percent_of(source: str, given: Given) -> int:
    """Return 100 where a source is in percent, 1 where it is a number."""
    if is_reference(source):
        return 100 if parse_reference(source).percent else 1
    return 100 if given[source].figure.unit == "%" else 1


def overturned(claim: Entry, changed: bool | None) -> bool | None:
    """Tell whether what the paper decides would change: None where it decides nothing."""
    return changed if claim.decides is not None else None


def _fault(sources: Sequence[str], wanted: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"samples of {', '.join(sources)}",
        wanted=wanted,
        found=found,
        advice="correct the references in the ledger",
    )
