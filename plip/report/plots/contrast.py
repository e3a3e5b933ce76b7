"""The figure of a designed comparison."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from plip.records import ContrastFunction, ContrastLayer, ContrastSide, ContrastSummary
from plip.report.plots.axes import ends, gapped, intervals, nothing_to_show
from plip.report.plots.style import (
    BLACK,
    GREY,
    Look,
    counted,
    group_look,
    legend_above,
    new_figure,
    noted,
    styled,
)

__all__ = ["plot_contrast"]

_PERCENT = 0.01
_DISTANCES = (5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_FRACTIONS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
_NEUTRAL = Look(GREY, "D", ":")
_LANGUAGES = (("python", "Python", "python_doctest"), ("rust", "Rust", "rust_test"))

# A function at one distance: in tokens, attention from the marker and from the neutral line in
# percent.
_Point = tuple[float, float, float]


def plot_contrast(
    summary: ContrastSummary, functions: Sequence[ContrastFunction], *, model: str
) -> Figure:
    """Draw attention by distance, from marker and neutral line, and their difference.

    Args:
        summary: of the comparison.
        functions: its records.
        model: what was measured.
    """
    index, layer = next(
        (at, entry) for at, entry in enumerate(summary.layers) if entry.layer == summary.layer
    )
    with styled():
        figure = new_figure(
            4.5,
            "Attention from marker and from neutral line",
            f"{model}, layer {layer.layer}, n = {summary.functions} functions",
        )
        grid = figure.add_gridspec(2, 2, height_ratios=[1.25, 1])
        first = figure.add_subplot(grid[0, 0])
        second = figure.add_subplot(grid[0, 1], sharey=first, sharex=first)
        for axes, (language, name, group) in zip((first, second), _LANGUAGES, strict=True):
            lines = _lines(functions, language, index)
            _paired(axes, lines, layer, language, group_look(group))
            axes.set_title(name, loc="right")
            axes.set_xlabel("distance to targets (tokens)")
        second.tick_params(labelleft=False)
        first.set_ylabel("attention to function (%)")
        _differences(figure.add_subplot(grid[1, :]), layer)
        at = layer.equal_distance
        noted(
            figure,
            "Thin lines: functions, the mean over targets; thick: their mean.",
            f"Below: marker − neutral line, bars are bootstrap {summary.confidence:.0%} intervals.",
            ""
            if at.effect is None
            else f"Diamonds: both languages at {at.distance_tokens:.0f} tokens, interpolated.",
            counted(summary.excluded, "function", "excluded"),
        )
    return figure


def _lines(functions: Sequence[ContrastFunction], language: str, index: int) -> list[list[_Point]]:
    """Return for each function its defined points by distance, behind a line."""
    return [
        [
            (text.distance_tokens, marker / _PERCENT, neutral / _PERCENT)
            for text in function.texts
            if text.led
            and (marker := text.marker[index].mean) is not None
            and (neutral := text.neutral[index].mean) is not None
        ]
        for function in functions
        if function.language == language and function.excluded is None
    ]


def _paired(
    axes: Axes, lines: Sequence[Sequence[_Point]], layer: ContrastLayer, language: str, look: Look
) -> None:
    shown = [points for points in lines if points]
    for points in shown:
        for at, (of, strength) in enumerate(((look, 0.14), (_NEUTRAL, 0.14)), start=1):
            values = [point[at] if point[at] > 0 else float("nan") for point in points]
            axes.plot(
                [point[0] for point in points],
                values,
                color=of.colour,
                alpha=strength,
                linewidth=0.5,
            )
    sides = [getattr(step.effect, language) for step in layer.steps]
    places = gapped([_distance(layer, language, at) for at in range(len(layer.steps))])
    for name, of, values in (
        ("marker", look, [side.marker for side in sides]),
        ("neutral line", _NEUTRAL, [side.neutral for side in sides]),
    ):
        axes.plot(
            places,
            gapped(values, _PERCENT),
            of.line,
            marker=of.marker,
            color=of.colour,
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=name,
        )
    if not shown:
        nothing_to_show(axes, "no function\nwas measured")
        return
    axes.set_xscale("log")
    axes.set_yscale("log")
    _plain(axes)
    legend_above(axes, 1)


def _distance(layer: ContrastLayer, language: str, at: int) -> float | None:
    step = layer.steps[at]
    return step.python_distance if language == "python" else step.rust_distance


def _plain(axes: Axes) -> None:
    """Write plain numbers on logarithmic axes."""
    axes.xaxis.set_major_locator(FixedLocator(_DISTANCES))
    axes.yaxis.set_major_locator(FixedLocator(_FRACTIONS))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _differences(axes: Axes, layer: ContrastLayer) -> None:
    known = []
    for language, name, group in _LANGUAGES:
        look = group_look(group)
        sides: list[ContrastSide] = [getattr(step.effect, language) for step in layer.steps]
        distances = [_distance(layer, language, at) for at in range(len(sides))]
        places = [at for at in distances if at is not None]
        means = [side.difference.mean for side in sides]
        known += [mean for mean in means if mean is not None]
        axes.plot(
            gapped(distances),
            gapped(means, _PERCENT),
            look.line,
            marker=look.marker,
            color=look.colour,
            label=name,
        )
        if len(places) == len(sides):
            bounds = [ends(side.difference) for side in sides]
            intervals(axes, places, bounds, look.colour, _PERCENT)
        _equal(axes, layer, language, look)
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    axes.set_xlabel("distance to targets (tokens)")
    axes.set_ylabel("marker − neutral line\n(percentage points)")
    if not known:
        nothing_to_show(axes, "no difference is defined")
        return
    axes.set_xlim(left=0)
    legend_above(axes, 2)


def _equal(axes: Axes, layer: ContrastLayer, language: str, look: Look) -> None:
    found = layer.equal_distance
    if found.effect is None or found.distance_tokens is None:
        return
    difference = getattr(found.effect, language).difference
    axes.axvline(found.distance_tokens, color=GREY, linestyle=":", linewidth=0.8, zorder=0)
    if difference.mean is not None:
        axes.plot(
            [found.distance_tokens],
            [difference.mean / _PERCENT],
            "D",
            color=look.colour,
            markeredgecolor=BLACK,
            markersize=4.5,
        )
