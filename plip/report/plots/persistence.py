"""The figure of a persistence experiment."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.plan import name_factors, name_layers
from plip.records import PersistenceCell, PersistenceRate, PersistenceSummary, RateRecord
from plip.report.generation import DETECTORS
from plip.report.plots.axes import gapped, intervals
from plip.report.plots.style import LOOKS, legend_above, new_figure, noted, styled
from plip.report.steering import control_name, control_notes

__all__ = ["plot_persistence"]

_PERCENT = 0.01
# The scale that is no steering, whose look is the first.
_UNSTEERED = 1.0
_LATER = LOOKS[1:]


def plot_persistence(
    summary: PersistenceSummary, cells: Sequence[PersistenceCell], *, model: str
) -> Figure:
    """Draw how often continuations have test syntax, by distance and scale.

    A panel for each detector and temperature, and below it one for each control. Where each
    distance has prompts of its own no line joins the distances, since it would join prompts.

    Args:
        summary: of the experiment.
        cells: its cells.
        model: what was steered.
    """
    temperatures = list(dict.fromkeys(rate.temperature for rate in summary.cells))
    sources = [("with test syntax", summary.cells)]
    sources += [(control_name(each), each.cells) for each in summary.controls if each.cells]
    rows = [
        (detector, warm, name, rates)
        for detector in DETECTORS
        for warm in temperatures
        for name, rates in sources
    ]
    sizes = sorted({rate.paper.n for rate in summary.cells})
    n = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]}–{sizes[-1]}"
    over_prompts = any(rate.paper.prompts_low is not None for rate in summary.cells)
    prompts = len({cell.prompt for cell in cells})
    with styled():
        figure = new_figure(
            0.7 + (1.5 if len(sources) == 1 else 1.2) * len(rows),
            f"Test syntax by distance and scale ({summary.design} design)",
            f"{model}, {name_layers(summary.layers)}, n = {n} texts a point, {prompts} prompts",
        )
        panels = figure.subplots(len(rows), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for axes, (detector, warm, name, rates) in zip(panels, rows, strict=True):
            here = [rate for rate in rates if rate.temperature == warm]
            _panel(axes, here, detector, summary)
            # Not cut off at 100, where the marks of certain outcomes stand.
            axes.set_ylim(-4, 104)
            heat = f", T = {warm:g}" if len(temperatures) > 1 else ""
            axes.set_ylabel(f"{name}\nby {DETECTORS[detector]}{heat} (%)")
        legend_above(panels[0], 5)
        _distances(panels[-1], summary.cells)
        heat = "" if len(temperatures) > 1 else f"Temperature {temperatures[0]:g}."
        noted(
            figure,
            f"×{_UNSTEERED:g} is no steering.",
            f"Factors, by layer: {name_factors(summary.factors)}." if summary.factors else "",
            f"Bars: Wilson's {summary.confidence:.0%} intervals, for these very prompts.",
            "Pale bars: bootstrap over prompts." if over_prompts else "",
            heat,
            f"Design: {summary.design}; {summary.design_note}.",
            *(f"{note[0].upper()}{note[1:]}." for note in control_notes(summary.controls)),
        )
    return figure


def _found(rate: PersistenceRate, detector: str) -> RateRecord:
    return rate.paper if detector == "paper" else rate.parsed


def _name(rate: PersistenceRate) -> str:
    return rate.distance or "all"


def _panel(
    axes: Axes, rates: Sequence[PersistenceRate], detector: str, summary: PersistenceSummary
) -> None:
    """Draw rates; a scale has the same place and look in every panel."""
    distances = list(dict.fromkeys(map(_name, summary.cells)))
    every = {rate.scales[0] for rate in summary.cells}
    scales = sorted(every, key=lambda scale: (scale is None, scale or 0.0))
    steered = [scale for scale in scales if scale != _UNSTEERED]
    joined = summary.design == "crossed"
    step = min(0.12, 0.8 / len(scales))
    for place, scale in enumerate(scales):
        mine = [rate for rate in rates if rate.scales[0] == scale]
        if not mine:
            continue
        look = LOOKS[0] if scale == _UNSTEERED else _LATER[steered.index(scale) % len(_LATER)]
        aside = step * (place - (len(scales) - 1) / 2)
        x = [distances.index(_name(rate)) + aside for rate in mine]
        found = [_found(rate, detector) for rate in mine]
        over = [(each.prompts_low, each.prompts_high) for each in found]
        intervals(axes, x, over, look.colour, _PERCENT, pale=True)
        intervals(axes, x, [(each.low, each.high) for each in found], look.colour, _PERCENT)
        axes.plot(
            x,
            gapped([each.rate for each in found], _PERCENT),
            linestyle=look.line if joined else "none",
            marker=look.marker,
            color=look.colour,
            linewidth=0.7,
            markersize=3.5,
            label="factors" if scale is None else f"×{scale:g}",
        )


def _distances(axes: Axes, rates: Sequence[PersistenceRate]) -> None:
    tokens = {_name(rate): rate.distance_tokens for rate in rates}
    labels = [f"{name}\n{far:.0f}" for name, far in tokens.items()]
    axes.set_xticks(range(len(tokens)), labels, parse_math=False)
    axes.set_xlim(-0.5, len(tokens) - 0.5)
    axes.set_xlabel("distance from marker to continuation (tokens)")
