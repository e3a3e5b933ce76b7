"""Whether a decision survives other reasonable choices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar

from plip import stats
from plip.claims.chart import Chart, ChartLine, ChartSeries
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.options import Sources
from plip.claims.checks.samples import Level, aligned, by_label, overturned
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.errors import ArtifactError, MeasureError

__all__ = ["Sensitive"]

Sample = dict[str, float]


class Sensitive(Check):
    """Every reasonable variant of a comparison decides as stated.

    Variants: each test for such data (Welch, Student, Mann–Whitney, permutation of labels, Welch on
    logarithms; for pairs Student on differences, Wilcoxon, permutation of signs, log ratios), the
    first of them with each sample left out in turn, and with the named samples left out, such as
    those that layers or heads were chosen on. A significant variant in the other direction decides
    otherwise too.
    """

    name: ClassVar[str] = "sensitive"
    kind: ClassVar[Kind] = Kind.SENSITIVITY
    needs_figure: ClassVar[bool] = False
    one: Sources
    other: Sources
    significant: bool
    """What is stated: that they differ, or that they do not."""
    paired: bool = False
    """Whether both sides have the same samples, matched by their labels."""
    drop: tuple[str, ...] = ()
    """Labels of samples to leave out together."""
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        return (*self.one, *self.other)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if entries := self.entries():
            yield from differing_units(given[entries[0]].figure.unit, given, entries)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        one, other = by_label(given, self.one), by_label(given, self.other)
        unknown = [label for label in self.drop if label not in one and label not in other]
        if unknown:
            raise ArtifactError(
                f"samples of {', '.join(self.inputs())}",
                wanted="the samples that are to be left out",
                found=f"no {unknown[0]!r}",
                advice="correct the labels in the ledger",
            )
        try:
            variants = dict(self._variants(one, other))
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"no test is defined: {error}")
        gap = _gap(one, other)
        agree = {
            name: p < self.alpha and found * gap >= 0 if self.significant else p >= self.alpha
            for name, (p, found) in variants.items()
        }
        rows = tuple(
            {"variant": name, "p": p, "difference": found, "decides as stated": agree[name]}
            for name, (p, found) in variants.items()
        )
        parting = [name for name, same in agree.items() if not same]
        stated = "a difference" if self.significant else "no difference"
        if not parting:
            outcome = Verdict.HOLDS
            found = f"all {len(variants)} variants decide for {stated}"
        elif len(parting) == len(variants):
            outcome = Verdict.CONTRADICTED
            found = f"none of {len(variants)} variants decides for {stated}"
        else:
            outcome = Verdict.UNSUPPORTED
            listed = ", ".join(f"{name} (p = {variants[name][0]:.2g})" for name in parting[:3])
            more = f" and {len(parting) - 3} more" if len(parting) > 3 else ""
            found = f"{len(parting)} of {len(variants)} variants decide otherwise: {listed}{more}"
        ps = [p for p, _ in variants.values()]
        reason = f"{found}; p from {min(ps):.2g} to {max(ps):.2g}"
        return self.result(
            outcome,
            reason,
            rows=rows,
            chart=_chart(variants, self.alpha),
            decision_changes=overturned(claim, bool(parting)),
        )

    def _variants(self, one: Sample, other: Sample) -> Iterator[tuple[str, tuple[float, float]]]:
        """Yield each variant's name, p and difference."""
        tests, gap = self._tests(one, other), _gap(one, other)
        for name, p in tests.items():
            yield name, (p, gap)
        main = next(iter(tests))
        everyone = dict.fromkeys((*one, *other))
        leave = [(f"{main} without {label}", {label}) for label in everyone]
        if self.drop:
            leave.append((f"{main} without {', '.join(self.drop)}", set(self.drop)))
        for name, dropped in leave:
            left = [{k: v for k, v in side.items() if k not in dropped} for side in (one, other)]
            # Where too few are left for any test, nothing is decided.
            with suppress(MeasureError):
                yield name, self._main(left[0], left[1])

    def _main(self, one: Sample, other: Sample) -> tuple[float, float]:
        """Return p of the first of the tests, and the difference."""
        if self.paired:
            p = stats.paired_equivalence(*aligned(one, other, self.inputs())).p
        else:
            p = stats.unpaired_equivalence(list(one.values()), list(other.values())).p
        return p, _gap(one, other)

    def _tests(self, one: Sample, other: Sample) -> dict[str, float]:
        if self.paired:
            return stats.paired_tests(*aligned(one, other, self.inputs()))
        return stats.unpaired_tests(list(one.values()), list(other.values()))


def _gap(one: Sample, other: Sample) -> float:
    return sum(one.values()) / len(one) - sum(other.values()) / len(other)


def _chart(variants: dict[str, tuple[float, float]], alpha: float) -> Chart:
    x = tuple(float(i) for i in range(len(variants)))
    return Chart(
        title="p of each variant",
        x="variant",
        y="p",
        # The axis is logarithmic: a p that has underflowed is a gap.
        series=(ChartSeries(name="p", x=x, y=tuple(p or None for p, _ in variants.values())),),
        lines=(ChartLine(name=f"p = {alpha:g}", axis="y", at=alpha),),
        y_log=True,
        x_ticks=tuple(zip(x, variants, strict=True)),
    )
