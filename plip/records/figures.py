"""Figures over samples that several experiments give."""

from __future__ import annotations

from plip.records.base import Record

__all__ = ["ComparisonRecord", "Spread"]


class Spread(Record):
    """A mean over samples, with how much the samples differ."""

    n: int
    """Samples in it."""

    mean: float | None
    """The mean; None where it is undefined."""

    sd: float | None
    """The standard deviation (n − 1); None below two samples."""

    ci_low: float | None
    """Lower end of the bootstrap interval of the mean; None below two samples."""

    ci_high: float | None
    """Upper end of that interval."""

    undefined: str | None
    """Why figures are missing; None where all are there."""


class ComparisonRecord(Record):
    """A comparison of means. Figures are None where there is none to make."""

    n: tuple[int, int]
    """Figures on each side."""

    difference: float | None = None
    """Mean of the first side − mean of the second, nats."""

    t: float | None = None
    """Welch's t, or that of the differences where sides are paired."""

    df: float | None = None
    """Its degrees of freedom."""

    p_t: float | None = None
    """Two-sided, by Student's distribution."""

    p_permutation: float | None = None
    """Two-sided, by exchanging labels, or signs where sides are paired."""

    p_max_t: float | None = None
    """The same, adjusted for all windows that were searched; None where one was."""

    undefined: str | None = None
    """Why there are no figures; None where there are."""
