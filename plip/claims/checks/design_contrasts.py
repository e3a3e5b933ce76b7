"""Whether a test is one of the contrast that it is quoted for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from typing import Any, ClassVar

from plip import stats
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Sources
from plip.claims.checks.samples import overturned, per_sample, stated_p
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.errors import ArtifactError, MeasureError

__all__ = ["OtherContrast"]


class OtherContrast(Check):
    """The stated p compares what the statement compares.

    Every test of the values by their groups, and every one by the arms that the statement sets
    against each other, is made from the data; whichever gives the stated p is what was tested. Arms
    that the data do not have cannot have been compared.
    """

    name: ClassVar[str] = "other_contrast"
    kind: ClassVar[Kind] = Kind.DESIGN
    needs_figure: ClassVar[bool] = False
    values: Sources
    """References to one number a sample."""
    groups: Sources
    """References to the group of each sample, such as its language."""
    arms: Sources
    """References to what tells the statement's arms apart, such as how much was changed."""
    contrast: tuple[str, str]
    """The values of `arms` that the statement compares, such as ("1", "0")."""
    stated: str | None = None
    """Where p is stated; the claim's own figure without it."""

    def inputs(self) -> tuple[str, ...]:
        stated = () if self.stated is None else (self.stated,)
        return (*self.values, *self.groups, *self.arms, *stated)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if self.stated is None and len(claim.figures) != 1:
            yield "wanted 'stated', the source of p, or a claim with one figure"
        for source in (*self.values, *self.groups, *self.arms):
            if not is_reference(source):
                yield f"wanted a reference into a data file, found {source!r}"
        if _text(self.contrast[0]) == _text(self.contrast[1]):
            yield f"wanted two arms, found {self.contrast[0]!r} twice"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        stated = stated_p(claim, given, self.stated)
        values = [float(value) for value in self._column(given, self.values)]
        groups, arms = (
            [_text(value) for value in self._column(given, sources)]
            for sources in (self.groups, self.arms)
        )
        if not len(values) == len(groups) == len(arms):
            raise ArtifactError(
                f"samples of {', '.join(self.values)}",
                wanted="a group and an arm for each",
                found=f"{len(values)} values, {len(groups)} groups, {len(arms)} arms",
                advice="correct the references in the ledger",
            )
        one, other = (_text(arm) for arm in self.contrast)
        meant = f"{one} against {other}"
        tests = {(meant, test): p for test, p in _tests(values, arms, one, other).items()}
        for first, second in combinations(dict.fromkeys(groups), 2):
            name = f"{first} against {second}"
            tests |= {(name, test): p for test, p in _tests(values, groups, first, second).items()}
        rows = tuple(
            {"contrast": name, "test": test, "p": p, "as stated": stated.fits(p)}
            for (name, test), p in tests.items()
        )
        found = stated.nearest({key: p for key, p in tests.items() if key[0] == meant})
        if found is not None:
            reason = f"{stated.words} is that of {meant} ({found[1]}), which the statement compares"
            return self.result(Verdict.HOLDS, reason, rows=rows)
        wanted = f"the statement compares {meant}"
        lacking = [arm for arm in (one, other) if arm not in arms]
        if lacking:
            wanted += f", and of {len(arms)} samples none is in arm {' or '.join(lacking)}"
        found = stated.nearest(tests)
        if found is not None:
            reason = (
                f"{stated.words} is that of {found[0]} ({found[1]}, {tests[found]:.4g}); {wanted}"
            )
        else:
            reason = f"{stated.words} is that of none of the {len(tests)} tests tried; {wanted}"
        return self.result(
            Verdict.UNSUPPORTED, reason, rows=rows, decision_changes=overturned(claim, True)
        )

    def _column(self, given: Given, sources: tuple[str, ...]) -> list[Any]:
        return [value for many in per_sample(given, sources).values() for value in many]


def _tests(values: list[float], of: list[str], one: str, other: str) -> dict[str, float]:
    sides = [
        [value for value, own in zip(values, of, strict=True) if own == side]
        for side in (one, other)
    ]
    try:
        return stats.unpaired_tests(*sides)
    except MeasureError:
        # Sides with fewer than two samples, or without spread, have no test.
        return {}


def _text(value: Any) -> str:
    """Write a value of a data file as a ledger would."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    try:
        return f"{float(value):g}"
    except ValueError:
        return str(value)
