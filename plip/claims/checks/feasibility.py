"""Whether a whole dose-response curve can come from any attention at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Annotated, ClassVar

from pydantic import Field

from plip import stats
from plip.claims.chart import Chart, ChartSeries
from plip.claims.checks.base import CheckResult, Kind, Quantities, differing_units
from plip.claims.checks.dose import Curve
from plip.claims.checks.samples import overturned, per_sample, percent_of
from plip.claims.evidence import Given, Reading
from plip.claims.ledger import Entry
from plip.claims.references import is_reference
from plip.claims.verdict import Verdict
from plip.errors import ArtifactError

__all__ = ["FeasibleCurve"]

# More targets than this are not tried where none are given.
_MOST_TARGETS = 50

Bounds = tuple[float, float]


class FeasibleCurve(Curve):
    """The published means are means of s·m / ((1 + (s − 1)·m)·k) over some distribution of mass m.

    m in [0, 1] is the mass of all steered edges of a row, k the number of targets over which the
    attention is averaged. Whether a distribution gives every printed interval is a linear program;
    where none does, the multipliers that prove it are given (`plip.stats.feasible`). A row with k
    targets reaches no more than one with fewer, so that samples with several k are feasible only if
    the fewest are; without targets, k = 1 is what every other k has to meet too.
    """

    name: ClassVar[str] = "feasible_curve"
    kind: ClassVar[Kind] = Kind.FEASIBILITY
    targets: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """The numbers of targets that samples may have."""
    positions: tuple[str, ...] = ()
    """Instead: references to the target positions of each sample, which are counted."""
    samples: tuple[str, ...] = ()
    """With `positions`: the unscaled attention of each sample, which its rows must average to."""

    def inputs(self) -> tuple[str, ...]:
        return (*super().inputs(), *self.positions, *self.samples)

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        if any(map(is_reference, (*self.scales, *self.values))):
            yield "wanted the ids of entries as scales and values"
            return
        unit = given[self.values[0]].figure.unit
        yield from differing_units(unit, given, (*self.values, *self.samples))
        scales = [given[i].figure.at_face for i in self.scales]
        if len(set(scales)) < len(scales):
            yield "wanted each scale once, found one twice"
        if min(scale.low for scale in scales) <= 0:
            yield "wanted scales above 0: at 0 nothing is left of any mass"
        if self.targets and self.positions:
            yield "wanted either 'targets' or 'positions'"
        if self.samples and not self.positions:
            yield "wanted 'positions' beside 'samples', to know how many targets each has"

    def run(self, claim: Entry, given: Given) -> CheckResult:
        pairs = zip(given.readings(*self.scales), given.readings(*self.values), strict=True)
        points = sorted(pairs, key=lambda pair: pair[0].value)
        percent = percent_of(self.values[0], given)
        scales = tuple(scale.value for scale, _ in points)
        bounds = tuple(_bounds(value, percent) for _, value in points)
        components, words = self._components(given, percent)
        found = _feasible(scales, bounds, components)
        most = _most_targets(scales, bounds)
        rows = tuple(_rows(points, bounds, components, percent))
        chart = _chart(points, bounds, min(c.targets for c in components), percent)
        up_to = f"; one number of targets for all is possible up to k = {most}" if most else ""
        if found.feasible is False:
            reason = (
                f"no distribution of attention over {words} gives these {len(points)} means: "
                f"{_certificate(points, found, percent)}, and every value would have to move by "
                f"{percent * found.relaxation:.2g} or more{up_to}"
            )
            return self.result(
                Verdict.CONTRADICTED,
                reason,
                rows=rows,
                chart=chart,
                decision_changes=overturned(claim, True),
            )
        if found.feasible is None:
            reason = f"the means of {words} are too near to what is possible to tell"
            return self.result(Verdict.UNSUPPORTED, reason, rows=rows, chart=chart)
        reason = f"some distribution of attention over {words} gives all {len(points)} means{up_to}"
        return self.result(
            Verdict.HOLDS,
            reason,
            rows=rows,
            chart=chart,
            decision_changes=overturned(claim, False),
        )

    def _components(self, given: Given, percent: int) -> tuple[tuple[stats.Component, ...], str]:
        """Return the kinds of samples, and what they are in words."""
        if not self.positions:
            fewest = min(self.targets, default=1)
            words = "any number of targets"
            if self.targets:
                words = f"k = {', '.join(str(k) for k in sorted(set(self.targets)))} targets"
            return (stats.Component(1.0, fewest),), words
        counts = {label: len(many) for label, many in per_sample(given, self.positions).items()}
        ks = sorted(set(counts.values()))
        words = f"{len(counts)} samples with k = {', '.join(map(str, ks))} targets"
        if not self.samples:
            shares = Counter(counts.values())
            parts = (stats.Component(shares[k] / len(counts), k) for k in ks)
            return tuple(parts), words
        readings = {reading.label: reading for reading in given.readings(*self.samples)}
        if set(readings) != set(counts):
            apart = sorted(set(readings) ^ set(counts))
            raise ArtifactError(
                f"samples of {', '.join(self.samples)}",
                wanted="the samples whose targets are known",
                found=f"{apart[0]!r} in one of both",
                advice="correct the references in the ledger",
            )
        parts = (
            stats.Component(1 / len(counts), k, _bounds(readings[label], percent))
            for label, k in counts.items()
        )
        return tuple(parts), f"{words} and their own unscaled values"


@cache
def _feasible(
    scales: tuple[float, ...], bounds: tuple[Bounds, ...], components: tuple[stats.Component, ...]
) -> stats.Feasibility:
    return stats.feasible_curve(scales, bounds, components)


@cache
def _implied(
    scales: tuple[float, ...],
    bounds: tuple[Bounds, ...],
    components: tuple[stats.Component, ...],
    scale: float,
) -> Bounds | None:
    return stats.implied_range(scales, bounds, components, scale)


def _bounds(reading: Reading, percent: int) -> Bounds:
    return float(reading.finest.low) / percent, float(reading.finest.high) / percent


def _most_targets(scales: tuple[float, ...], bounds: tuple[Bounds, ...]) -> int:
    """Return the largest single number of targets that is feasible, 0 if none."""
    most = 0
    while most < _MOST_TARGETS:
        found = _feasible(scales, bounds, (stats.Component(1.0, most + 1),))
        if found.feasible is not True:
            break
        most += 1
    return most


def _certificate(
    points: list[tuple[Reading, Reading]], found: stats.Feasibility, percent: int
) -> str:
    """Write the combination of published values that nothing reaches."""
    terms = [
        f"{'−' if weight < 0 else '+'} {abs(weight):.3f}·A({scale.printed})"
        for weight, (scale, _) in zip(found.multipliers, points, strict=True)
        if abs(weight) > 1e-3
    ]
    combined = " ".join(terms).removeprefix("+ ") or "the combination"
    return (
        f"{combined} is at most {percent * found.most:.3f} for any, "
        f"and at least {percent * found.least:.3f} as published"
    )


def _rows(
    points: list[tuple[Reading, Reading]],
    bounds: tuple[Bounds, ...],
    components: tuple[stats.Component, ...],
    percent: int,
) -> Iterator[dict[str, object]]:
    """Yield each dose with what all others leave for it."""
    for index, (scale, value) in enumerate(points):
        others = [i for i in range(len(points)) if i != index]
        implied = _implied(
            tuple(points[i][0].value for i in others),
            tuple(bounds[i] for i in others),
            components,
            scale.value,
        )
        low, high = (None, None) if implied is None else (percent * end for end in implied)
        # Where the others are impossible by themselves, nothing can be said of this one.
        fits = None
        if implied is not None:
            fits = bounds[index][0] <= implied[1] and implied[0] <= bounds[index][1]
        yield {
            "scale": scale.printed,
            "published": value.printed,
            "least that the others allow": low,
            "most that the others allow": high,
            "fits": fits,
        }


def _chart(
    points: list[tuple[Reading, Reading]], bounds: tuple[Bounds, ...], targets: int, percent: int
) -> Chart:
    """Draw the points over what the unscaled value alone allows."""
    published = ChartSeries(
        name="published",
        x=tuple(scale.value for scale, _ in points),
        y=tuple(value.value for _, value in points),
        low=tuple(percent * low for low, _ in bounds),
        high=tuple(percent * high for _, high in bounds),
    )
    unscaled = [i for i, (scale, _) in enumerate(points) if scale.at_face.low == 1]
    series: tuple[ChartSeries, ...] = (published,)
    if unscaled and targets * bounds[unscaled[0]][0] <= 1 and bounds[unscaled[0]][0] >= 0:
        first, last = points[0][0].value, points[-1][0].value
        x = tuple(first + (last - first) * i / 60 for i in range(61))
        ends = [stats.jensen_range(bounds[unscaled[0]], scale, targets) for scale in x]
        band = ChartSeries(
            name=f"possible from the unscaled value, k = {targets}",
            x=x,
            y=(None,) * len(x),
            low=tuple(percent * low for low, _ in ends),
            high=tuple(percent * high for _, high in ends),
            style="band",
        )
        series = (band, published)
    return Chart(
        title="Published means and what is possible",
        x="scale (×)",
        y="attention (%)" if percent == 100 else "attention",
        series=series,
    )
