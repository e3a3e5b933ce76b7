"""Options that several checks share: lists of sources, and whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Annotated, TypeAlias

from pydantic import Field

from plip.claims.checks.base import Quantities
from plip.claims.evidence import Given, Reading
from plip.claims.references import is_reference, parse_reference
from plip.errors import ArtifactError
from plip.stats import Interval

__all__ = [
    "Count",
    "Number",
    "Sources",
    "count_faults",
    "count_sources",
    "known_count",
    "located",
    "number",
    "number_sources",
    "whole",
]

Sources: TypeAlias = Annotated[tuple[str, ...], Field(min_length=1)]
"""Ids of entries, and references into data files; a reference may lead to several values."""

Count: TypeAlias = Annotated[int, Field(ge=0)] | str
"""A whole number typed into the ledger, or the source of one."""

Number: TypeAlias = Decimal | str
"""A number typed into the ledger, exact, or the source of one."""


def number_sources(*numbers: Number | None) -> tuple[str, ...]:
    """Return those of the numbers that are sources."""
    return tuple(each for each in numbers if isinstance(each, str))


def number(option: Number, given: Given) -> Reading:
    """Return a number as a reading."""
    if isinstance(option, str):
        return given.reading(option)
    exact = Interval.point(Fraction(option))
    return Reading("", str(option), exact, exact)


def located(sources: Sequence[str], given: Given) -> tuple[tuple[str, Reading], ...]:
    """Return every value of the sources with where it stands: its label, behind the file's name
    where several data files are read."""
    files = {i: parse_reference(i).file for i in sources if is_reference(i)}
    several = len(set(files.values())) > 1
    return tuple(
        (_place(PurePosixPath(files[i]).stem if i in files and several else "", each.label), each)
        for i in sources
        for each in given.readings(i)
    )


def _place(file: str, label: str) -> str:
    return f"{file}: {label}" if file and label else file or label


def count_sources(*counts: Count | None) -> tuple[str, ...]:
    """Return those of the counts that are sources."""
    return tuple(count for count in counts if isinstance(count, str))


def known_count(count: Count, given: Quantities) -> int | None:
    """Return a count without any data file; None where it stands in one."""
    if isinstance(count, int):
        return count
    return None if is_reference(count) else _whole(given[count].figure.at_face)


def count_faults(count: Count | None, given: Quantities, *, least: int = 1) -> Iterator[str]:
    """Yield a fault if a count is known without data files and no whole number from `least`."""
    if isinstance(count, int):
        if count < least:
            yield f"wanted a whole number from {least}, found {count}"
    elif count is not None and not is_reference(count):
        figure = given[count].figure
        if (found := _whole(figure.at_face)) is None or found < least:
            yield f"wanted a whole number from {least} at {count!r}, found {figure.printed}"


def whole(count: Count, given: Given, *, least: int = 1) -> int:
    """Return a count, from `least`.

    Raises:
        ArtifactError: a data file has something else there.
    """
    if isinstance(count, int):
        return count
    reading = given.reading(count)
    found = _whole(reading.at_face)
    if found is None or found < least:
        raise ArtifactError(
            f"reference {count!r}",
            wanted=f"a whole number from {least}",
            found=reading.printed,
            advice="correct the reference in the ledger, or the file",
        )
    return found


def _whole(value: Interval) -> int | None:
    is_whole = value.low == value.high and value.low.denominator == 1
    return int(value.low) if is_whole else None
