"""The figure of a dose-response experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.plan import name_layers
from plip.records import Control, DosePoint, DoseResponseSample, DoseResponseSummary, DoseSummary
from plip.report.dose_response import control_name
from plip.report.plots.axes import divergence_axis, ends, gapped, intervals, thinned
from plip.report.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    VERMILION,
    Look,
    counted,
    legend_above,
    new_figure,
    noted,
    styled,
)

__all__ = ["plot_dose_response"]

_PERCENT = 0.01

_CONTROLS: dict[Control, Look] = {
    "edges": Look(BLUE, "^", "--"),
    "marker": Look(GREEN, "D", ":"),
    "layer": Look(PURPLE, "v", "-."),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a dose stands: factors by their size, levels that were asked for behind them."""

    index: int
    x: float
    label: str
    factor: bool


def plot_dose_response(
    summary: DoseResponseSummary, samples: Sequence[DoseResponseSample], *, model: str
) -> Figure:
    """Draw what each dose reached, beside its closed form, and the divergence that it brought.

    Args:
        summary: of the experiment.
        samples: its samples.
        model: what was steered.
    """
    places = _places(summary.doses)
    several, attention = len(summary.layers) > 1, summary.mechanism == "attention"
    with styled():
        figure = new_figure(
            4.0,
            "Dose-response",
            f"{model}, {name_layers(summary.layers)}, "
            f"n = {max(d.n for d in summary.doses)} samples",
        )
        upper, lower = figure.subplots(2, 1, sharex=True)
        _reached(upper, summary, samples, places)
        _divergence(lower, summary, samples, places)
        _dose_axis(lower, summary, places)
        points = [point for sample in samples for point in sample.points]
        noted(
            figure,
            f"Bars: bootstrap {summary.confidence:.0%} intervals of the mean.",
            "Attention: the mean over layers." if several and attention else "",
            "Norm: the mean over layers." if several and not attention else "",
            "Grey lines and ticks: samples.",
            counted(sum(s.excluded is not None for s in samples), "sample", "excluded"),
            counted(
                sum(point.excluded is not None for point in points),
                "sample",
                "at a dose they could not have, not drawn",
            ),
            counted(
                sum(point.kl_infinite for point in points), "divergence", "infinite, not drawn"
            ),
            "Thin lines: controls, the same dose; means of the samples that had them."
            if any(dose.controls for dose in summary.doses)
            else "",
        )
    return figure


def _places(doses: Sequence[DoseSummary]) -> list[_Place]:
    factors = sorted(
        (d.dose, i) for i, d in enumerate(doses) if d.condition == "dose" and d.dose is not None
    )
    found = [_Place(index, dose, f"{dose:g}", True) for dose, index in factors]
    last = found[-1].x if found else 0.0
    gap = max(0.22 * (last - found[0].x), 0.5) if found else 1.0
    verbs = {"set-value": "set to", "scale-to-target": "scaled to"}
    for index, dose in enumerate(doses):
        if dose.condition == "factors":
            last += gap
            found.append(_Place(index, last, "factors", False))
        if dose.condition in verbs and dose.target is not None:
            last += gap
            label = f"{verbs[dose.condition]}\n{dose.target / _PERCENT:g}%"
            found.append(_Place(index, last, label, False))
    return found


def _reached(
    axes: Axes,
    summary: DoseResponseSummary,
    samples: Sequence[DoseResponseSample],
    places: Sequence[_Place],
) -> None:
    attention = summary.mechanism == "attention"
    unit = _PERCENT if attention else 1.0
    name = "attention" if attention else "state_norm"
    _single(axes, samples, places, name, unit)
    spreads = [getattr(summary.doses[place.index], name) for place in places]
    _means(
        axes,
        places,
        [s.mean for s in spreads],
        [ends(s) for s in spreads],
        BLUE,
        "o",
        "reached",
        unit,
    )
    if attention:
        closed = [_predicted(samples, place.index) for place in places]
        axes.plot(
            [place.x for place in places],
            gapped(closed, unit),
            "D",
            color=ORANGE,
            markerfacecolor="none",
            markersize=7,
            label="closed form",
        )
    baseline = summary.baseline_attention.mean if attention else summary.baseline_state_norm.mean
    if baseline is not None:
        axes.axhline(
            baseline / unit, color=GREY, linestyle=":", linewidth=0.8, label="without steering"
        )
    axes.set_ylabel(
        "attention from marker\nto function (%)" if attention else "state norm ‖S‖\nafter the write"
    )
    axes.set_ylim(bottom=0)
    legend_above(axes, 3)


def _divergence(
    axes: Axes,
    summary: DoseResponseSummary,
    samples: Sequence[DoseResponseSample],
    places: Sequence[_Place],
) -> None:
    _single(axes, samples, places, "kl_nats", 1.0)
    spreads = [summary.doses[place.index].kl for place in places]
    means, bars = [s.mean for s in spreads], [ends(s) for s in spreads]
    _means(axes, places, means, bars, VERMILION, "s", "mean", 1.0)
    beside = _controls(axes, summary, places)
    single = [point.kl_nats for sample in samples for point in sample.points]
    main = [*means, *beside, *(end for bar in bars for end in bar)]
    divergence_axis(axes, "KL(baseline ‖ steered)", main, single)
    if beside:
        legend_above(axes, 2)


def _controls(
    axes: Axes, summary: DoseResponseSummary, places: Sequence[_Place]
) -> list[float | None]:
    """Draw what the same dose did to each control, as thin lines; return all that was drawn."""
    drawn: list[float | None] = []
    n = sum(place.factor for place in places)
    x = [place.x for place in places]
    for at, control in enumerate(summary.doses[0].controls):
        look = _CONTROLS[control.control]
        means = [summary.doses[place.index].controls[at].kl.mean for place in places]
        values = gapped(means)
        name = control_name(control.control, summary.mechanism)
        style: dict[str, Any] = {
            "marker": look.marker,
            "color": look.colour,
            "markerfacecolor": "white",
            "markersize": 3,
            "linewidth": 0.7,
            "zorder": 1.5,
        }
        axes.plot(x[:n], values[:n], look.line, label=f"other {name}", **style)
        axes.plot(x[n:], values[n:], "none", **style)
        drawn += means
    return drawn


def _single(
    axes: Axes,
    samples: Sequence[DoseResponseSample],
    places: Sequence[_Place],
    name: str,
    unit: float,
) -> None:
    """Draw each sample as a pale line over factors, and as a grey tick where no line leads to."""
    for sample in samples:
        if not sample.points:
            continue
        for factor in (True, False):
            chosen = [place for place in places if place.factor is factor]
            if not chosen:
                continue
            line = factor and len(chosen) > 1
            values = [getattr(sample.points[place.index], name) for place in chosen]
            axes.plot(
                [place.x for place in chosen],
                gapped(values, unit),
                "-" if line else "_",
                color=PALE if line else GREY,
                linewidth=0.7,
                zorder=1,
            )


def _means(
    axes: Axes,
    places: Sequence[_Place],
    means: Sequence[float | None],
    bars: Sequence[tuple[float | None, float | None]],
    colour: str,
    marker: str,
    label: str,
    unit: float,
) -> None:
    x = [place.x for place in places]
    n = sum(place.factor for place in places)
    values = gapped(means, unit)
    axes.plot(x[:n], values[:n], "-", marker=marker, color=colour, label=label)
    axes.plot(x[n:], values[n:], marker, color=colour)
    intervals(axes, x, bars, colour, unit)


def _predicted(samples: Sequence[DoseResponseSample], index: int) -> float | None:
    """Return the mean of the closed form over the samples that had a dose."""
    points: list[DosePoint] = [s.points[index] for s in samples if s.points]
    values = [p.attention_predicted for p in points if p.excluded is None]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _dose_axis(axes: Axes, summary: DoseResponseSummary, places: Sequence[_Place]) -> None:
    factors = [place for place in places if place.factor]
    x = [place.x for place in places]
    span = max(x) - min(x) or 1.0
    shown = thinned([place.x for place in factors], 0.06 * span)
    ticks = [place for place in places if not place.factor or place.x in shown]
    axes.set_xticks([place.x for place in ticks], [place.label for place in ticks])
    axes.set_xlim(min(x) - 0.06 * span, max(x) + 0.1 * span)
    what = "marker → function edges" if summary.mechanism == "attention" else "the marker's write"
    axes.set_xlabel(f"dose: factor of {what}")
    if 0 < len(factors) < len(places):
        behind = (factors[-1].x + places[len(factors)].x) / 2
        for each in axes.figure.get_axes():
            each.axvline(behind, color=BLACK, linewidth=0.5)
