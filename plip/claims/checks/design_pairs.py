"""Whether data of the same units are tested as such."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from plip import stats
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Sources
from plip.claims.checks.samples import Level, aligned, by_label, overturned, per_sample, stated_p
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.errors import MeasureError

__all__ = ["PairedOutcomes"]


class PairedOutcomes(Check):
    """The stated p comes from a test that knows that both conditions have the same units.

    Outcomes (true, false): McNemar's exact test, p = 2 P(X ≤ min(gained, lost)), X binomial with
    ½; beside it Fisher's test, which takes the conditions for different units. Numbers: Wilcoxon,
    Student and a permutation of signs on the differences; beside them Welch, Student, Mann–Whitney
    and a permutation of labels. Units are matched by their labels.
    """

    name: ClassVar[str] = "paired_outcomes"
    kind: ClassVar[Kind] = Kind.DESIGN
    needs_figure: ClassVar[bool] = False
    before: Sources
    """Outcomes or numbers under the first condition."""
    after: Sources
    """Those of the same units under the second."""
    stated: str | None = None
    """Where p is stated; the claim's own figure without it."""
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        stated = () if self.stated is None else (self.stated,)
        return (*self.before, *self.after, *stated)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if self.stated is None and len(claim.figures) != 1:
            yield "wanted 'stated', the source of p, or a claim with one figure"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        stated = stated_p(claim, given, self.stated)
        try:
            what, tests = self._tests(given)
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"no test is defined: {error}")
        rows = tuple(
            {"test": name, "units taken as": design, "p": p, "as stated": stated.fits(p)}
            for (design, name), p in tests.items()
        )
        paired = {key: p for key, p in tests.items() if key[0] == "paired"}
        found = stated.nearest(paired)
        if found is not None:
            reason = f"{stated.words} is that of a paired test, {found[1]}; {what}"
            return self.result(Verdict.HOLDS, reason, rows=rows)
        (_, proper), p = next(iter(paired.items()))
        instead = f"paired, p = {p:.3g} ({proper}); {what}"
        found = stated.nearest(tests)
        if found is not None:
            reason = (
                f"{stated.words} is that of {found[1]} ({tests[found]:.4g}), which takes the "
                f"conditions for different units; {instead}"
            )
        else:
            reason = f"{stated.words} is that of none of the {len(tests)} tests tried; {instead}"
        changed = stated.below(self.alpha) != (p < self.alpha)
        return self.result(
            Verdict.UNSUPPORTED, reason, decision_changes=overturned(claim, changed), rows=rows
        )

    def _tests(self, given: Given) -> tuple[str, dict[tuple[str, str], float]]:
        """Return what the data are, in words, and p by design and test."""
        sources = (*self.before, *self.after)
        if all(is_reference(source) for source in sources):
            found = per_sample(given, self.before), per_sample(given, self.after)
            values = [value for side in found for many in side.values() for value in many]
            if all(isinstance(value, bool) for value in values):
                before, after = (
                    {label: float(many[0]) for label, many in side.items()} for side in found
                )
                first, second = aligned(before, after, sources)
                return self._outcomes([v > 0 for v in first], [v > 0 for v in second])
        one, other = aligned(by_label(given, self.before), by_label(given, self.after), sources)
        tests: dict[tuple[str, str], float] = {}
        for design, found_p in (
            ("paired", stats.paired_tests(other, one)),
            ("unpaired", stats.unpaired_tests(other, one)),
        ):
            tests |= {(design, name): p for name, p in found_p.items()}
        return f"{len(one)} units under both conditions", tests

    def _outcomes(
        self, before: list[bool], after: list[bool]
    ) -> tuple[str, dict[tuple[str, str], float]]:
        gained = sum(b and not a for a, b in zip(before, after, strict=True))
        lost = sum(a and not b for a, b in zip(before, after, strict=True))
        what = f"of {len(before)} units {gained} gained the outcome and {lost} lost it"
        return what, stats.outcome_tests(before, after)
