"""Whether there are units enough, and whether a factor comes apart from another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from plip import stats
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Count, Sources, count_faults, count_sources, whole
from plip.claims.checks.samples import Level, overturned, percent_of
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.errors import ArtifactError

__all__ = ["Clustered", "Confounded", "Factor"]


class Clustered(Check):
    """The levels differ by a test whose units are what was repeated, not the repeats.

    Repeats from one unit (continuations of one prompt) are alike in all that is the unit's own: an
    interval from all repeats speaks of these very units. Units crossed with levels: F of randomised
    blocks; units nested in levels: F of the units' means. With one unit a level no interval over
    units exists; the units needed for one are those with t sd √(2/k) ≤ the gap of the two nearest
    levels.
    """

    name: ClassVar[str] = "clustered"
    kind: ClassVar[Kind] = Kind.DESIGN
    needs_figure: ClassVar[bool] = False
    values: Sources
    """Rates, or other numbers: one or more for each unit and level."""
    unit: tuple[str, ...]
    """For each of the values, the unit it comes from."""
    level: tuple[str, ...]
    """For each of the values, its level."""
    n: Count | None = None
    """Repeats behind each value, where the values are rates."""
    units: str = "prompts"
    """What the units are called."""
    alpha: Level = 0.05

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        if len(self.unit) != len(self.level):
            raise ValueError(f"wanted a level for each unit, found {len(self.level)}")
        if len(set(self.level)) < 2:
            raise ValueError("wanted at least two levels")
        return self

    def inputs(self) -> tuple[str, ...]:
        return (*self.values, *count_sources(self.n))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.n, given)
        if not any(map(is_reference, self.values)) and len(self.values) != len(self.unit):
            yield f"wanted a unit for each of {len(self.values)} values, found {len(self.unit)}"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        readings = given.readings(*self.values)
        if len(readings) != len(self.unit):
            raise ArtifactError(
                f"values {', '.join(self.values)}",
                wanted=f"{len(self.unit)}, one for each unit that is named",
                found=str(len(readings)),
                advice="name the unit and the level of each",
            )
        table: dict[str, dict[str, list[float]]] = {}
        for reading, unit, level in zip(readings, self.unit, self.level, strict=True):
            table.setdefault(level, {}).setdefault(unit, []).append(reading.value)
        means = {
            level: {unit: fmean(values) for unit, values in units.items()}
            for level, units in table.items()
        }
        repeats = None if self.n is None else whole(self.n, given)
        scale = percent_of(self.values[0], given)
        rows = tuple(
            self._row(level, table[level], units, repeats, scale) for level, units in means.items()
        )
        lone = [level for level, units in means.items() if len(units) == 1]
        if lone:
            return self._too_few(claim, means, lone, rows)
        everywhere = set.intersection(*(set(units) for units in means.values()))
        if all(set(units) == everywhere for units in means.values()):
            p = stats.crossed_levels(
                [[units[unit] for units in means.values()] for unit in sorted(everywhere)]
            )
            how = f"{len(everywhere)} {self.units}, each at every level"
        else:
            p = stats.nested_levels([list(units.values()) for units in means.values()])
            how = f"{' + '.join(str(len(units)) for units in means.values())} {self.units}"
        reason = f"over {how}, the levels differ with p = {p:.3g}"
        if p < self.alpha:
            return self.result(
                Verdict.HOLDS, reason, rows=rows, decision_changes=overturned(claim, False)
            )
        return self.result(
            Verdict.UNSUPPORTED,
            f"{reason}; repeats within one of the {self.units} are not independent units",
            rows=rows,
            decision_changes=overturned(claim, True),
        )

    def _row(
        self,
        level: str,
        repeated: dict[str, list[float]],
        units: dict[str, float],
        repeats: int | None,
        scale: int,
    ) -> dict[str, object]:
        mean = fmean(units.values())
        row: dict[str, object] = {"level": level, "units": len(units), "mean": mean}
        several = len(units) > 1
        ends = stats.mean_interval(list(units.values())) if several else (None, None)
        row |= {"low over units": ends[0], "high over units": ends[1]}
        if repeats is not None:
            trials = repeats * sum(len(values) for values in repeated.values())
            rate = fmean(value for values in repeated.values() for value in values)
            low, high = stats.wilson(min(trials, round(rate / scale * trials)), trials)
            row |= {
                "repeats": trials,
                "low if repeats were independent": low * scale,
                "high if repeats were independent": high * scale,
            }
        return row

    def _too_few(
        self,
        claim: Entry,
        means: dict[str, dict[str, float]],
        lone: list[str],
        rows: tuple[dict[str, object], ...],
    ) -> CheckResult:
        averages = sorted(fmean(units.values()) for units in means.values())
        gap = min(b - a for a, b in pairwise(averages))
        where = "each level" if len(lone) == len(means) else f"the level {lone[0]}"
        reason = (
            f"{where} has one of the {self.units}: whatever else differs between {self.units} "
            "cannot be told from the levels, however often each is repeated"
        )
        if gap > 0:
            half, whole_gap = (stats.units_needed(gap, share * gap) for share in (0.5, 1.0))
            reason += (
                f"; the nearest levels are {gap:.3g} apart, and if {self.units} alone differ by "
                f"half of that (SD) {half} a level would be needed, if by as much, {whole_gap}"
            )
        return self.result(
            Verdict.UNSUPPORTED, reason, rows=rows, decision_changes=overturned(claim, True)
        )


class Factor(BaseModel):
    """What condition by condition was set, or was so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    levels: tuple[str, ...] = Field(min_length=1)
    """One for each condition; or a single reference that leads to them."""

    @property
    def references(self) -> tuple[str, ...]:
        """The reference, where the levels stand in a data file."""
        return self.levels if len(self.levels) == 1 and is_reference(self.levels[0]) else ()

    def read(self, given: Given) -> list[str]:
        """Return the level of each condition."""
        if not self.references:
            return list(self.levels)
        return [str(item.value) for item in given.select(self.levels[0])]


class Confounded(Check):
    """The factor comes apart from another: its levels can be compared at the same level of that.

    Contrasts of the factor that the other does not determine = rank [1 F O] − rank [1 O] of the
    indicators; the factor has (levels − 1). Where each level of the other occurs with one level of
    the factor only, but each level of the factor with several of the other, these are its units
    (`clustered`), and it is not confounded with them.
    """

    name: ClassVar[str] = "confounded"
    kind: ClassVar[Kind] = Kind.DESIGN
    needs_figure: ClassVar[bool] = False
    factor: Factor
    """What the statement is about."""
    other: Factor
    """What else differs."""

    @model_validator(mode="after")
    def _of_one_length(self) -> Self:
        typed = not self.factor.references and not self.other.references
        if typed and len(self.factor.levels) != len(self.other.levels):
            raise ValueError("wanted both factors of every condition")
        return self

    def inputs(self) -> tuple[str, ...]:
        return (*self.factor.references, *self.other.references)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        factor, other = self.factor.read(given), self.other.read(given)
        if len(factor) != len(other):
            raise ArtifactError(
                f"levels of {self.factor.name} and {self.other.name}",
                wanted="one of each for every condition",
                found=f"{len(factor)} and {len(other)}",
                advice="correct the references in the ledger",
            )
        name, beside = self.factor.name, self.other.name
        with_it = {level: _beside(level, factor, other) for level in dict.fromkeys(factor)}
        rows = tuple(
            {name: level, beside: ", ".join(found), "conditions": factor.count(level)}
            for level, found in with_it.items()
        )
        if len(with_it) < 2:
            reason = f"{name} has one level only, {factor[0]}: nothing to compare it with"
            return self.result(
                Verdict.UNSUPPORTED, reason, rows=rows, decision_changes=overturned(claim, True)
            )
        free = stats.free_contrasts(factor, other)
        contrasts = len(with_it) - 1
        nested = all(len(_beside(level, other, factor)) == 1 for level in set(other))
        if nested and all(len(found) > 1 for found in with_it.values()):
            reason = f"every level of {name} has several of {beside}: they are its units"
            return self.result(Verdict.HOLDS, reason, rows=rows)
        if free == contrasts:
            reason = f"{name} varies within {beside}, so that all its levels can be compared"
            return self.result(Verdict.HOLDS, reason, rows=rows)
        level, found = min(with_it.items(), key=lambda item: len(item[1]))
        example = f"{level} occurs with {' and '.join(found)} only"
        known = f"{free} of {contrasts}" if free else "none"
        reason = (
            f"{name} is confounded with {beside} ({example}): of the {contrasts} contrasts "
            f"between its levels, {known} can be told from it"
        )
        return self.result(
            Verdict.UNSUPPORTED, reason, rows=rows, decision_changes=overturned(claim, True)
        )


def _beside(level: str, own: list[str], other: list[str]) -> list[str]:
    """Return the levels of the other factor that occur with a level of this one."""
    pairs = zip(own, other, strict=True)
    return list(dict.fromkeys(theirs for ours, theirs in pairs if ours == level))
