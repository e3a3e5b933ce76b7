"""The figure of a check: whatever its chart holds, on one pair of axes."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from itertools import chain, cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from plip.claims import Chart, ChartSeries
from plip.report.plots.axes import gapped, intervals
from plip.report.plots.style import GREY, LOOKS, WIDTH, Look, legend_above, styled

__all__ = ["plot_chart"]

_HEIGHT = 2.0
# Lines to compare with are told apart by their dashes.
_DASHES = ("--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)))
# Names of this length still fit beside each other.
_SHORT = 22
_LINE = 52
# Of a line of the legend, in inches.
_LINE_HEIGHT = 0.13
# Within so many times the smallest value, powers of ten alone are too few labels.
_DECADES = 100
# More ticks, or longer names, than these are written aslant.
_TICKS, _TICK_NAME = 6, 8
# What these take, in inches.
_ASLANT = 0.4


def plot_chart(chart: Chart) -> Figure:
    """Draw a check's chart, without its title: the page that it stands in writes that.

    A logarithmic axis is linear around 0 where its values are not all positive.
    """
    names = [_name(series.name) for series in chart.series]
    names += [_name(line.name) for line in chart.lines]
    columns = 1 if max(map(len, names)) > _SHORT else 2
    lines = sum(name.count("\n") + 1 for name in names[::columns])
    with styled():
        height = _HEIGHT + _LINE_HEIGHT * lines + (_ASLANT if _aslant(chart) else 0)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        _scales(axes, chart)
        for series, look in zip(chart.series, cycle(LOOKS), strict=False):
            _draw(axes, series, look)
        for line, dashes in zip(chart.lines, cycle(_DASHES), strict=False):
            across = axes.axvline if line.axis == "x" else axes.axhline
            across(line.at, color=GREY, linestyle=dashes, linewidth=0.9, label=_name(line.name))
        if chart.x_ticks:
            _ticks(axes, chart)
        axes.set_xlabel(chart.x, parse_math=False)
        axes.set_ylabel(_wrapped(chart.y, 34), parse_math=False)
        if len(names) > 1:
            legend_above(axes, columns)
            legend = axes.get_legend()
            for text in legend.get_texts() if legend is not None else ():
                text.set_parse_math(False)
    return figure


def _draw(axes: Axes, series: ChartSeries, look: Look) -> None:
    name = _name(series.name)
    if series.style == "band":
        low, high = gapped(series.low or ()), gapped(series.high or ())
        bare = all(value is None for value in series.y)
        axes.fill_between(
            series.x,
            low,
            high,
            color=look.colour,
            alpha=0.2,
            linewidth=0,
            label=name if bare else None,
        )
        if bare:
            return
    elif series.low is not None and series.high is not None:
        ends = list(zip(series.low, series.high, strict=True))
        intervals(axes, series.x, ends, look.colour)
    axes.plot(
        series.x,
        gapped(series.y),
        linestyle="none" if series.style == "points" else look.line,
        marker="" if series.style == "band" else look.marker,
        color=look.colour,
        label=name,
    )


def _scales(axes: Axes, chart: Chart) -> None:
    x = chain(
        (value for series in chart.series for value in series.x),
        (line.at for line in chart.lines if line.axis == "x"),
    )
    y = chain(
        (
            value
            for series in chart.series
            for values in (series.y, series.low or (), series.high or ())
            for value in values
        ),
        (line.at for line in chart.lines if line.axis == "y"),
    )
    if chart.x_log:
        _logarithmic(axes, "x", x)
    if chart.y_log:
        _logarithmic(axes, "y", y)


def _logarithmic(axes: Axes, which: str, values: Iterable[float | None]) -> None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    smallest = min((abs(value) for value in known if value != 0), default=None)
    set_scale = axes.set_xscale if which == "x" else axes.set_yscale
    if smallest is None:
        return
    if min(known) > 0:
        set_scale("log")
        if max(known) < _DECADES * min(known):
            axis = axes.xaxis if which == "x" else axes.yaxis
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
            axis.set_minor_locator(NullLocator())
    else:
        set_scale("symlog", linthresh=10.0 ** math.floor(math.log10(smallest)))


def _aslant(chart: Chart) -> bool:
    """Tell whether the names below the axis would run into each other."""
    names = [name for _, name in chart.x_ticks]
    return len(names) > _TICKS or any(len(name) > _TICK_NAME for name in names)


def _ticks(axes: Axes, chart: Chart) -> None:
    aslant = _aslant(chart)
    axes.set_xticks(
        [place for place, _ in chart.x_ticks],
        [name for _, name in chart.x_ticks],
        rotation=35 if aslant else 0,
        ha="right" if aslant else "center",
        rotation_mode="anchor",
        parse_math=False,
    )
    axes.minorticks_off()


def _name(name: str) -> str:
    # A name that begins with an underscore is left out of legends.
    return _wrapped(f" {name}" if name.startswith("_") else name, _LINE)


def _wrapped(text: str, width: int) -> str:
    """Cut a text into at most two lines; the chart's description has all of it."""
    lines = textwrap.wrap(text, width, drop_whitespace=False, max_lines=2, placeholder="…")
    return "\n".join(lines) or text
