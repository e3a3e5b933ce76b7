"""The figure of a check: whatever its chart holds, on one pair of axes."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator
from itertools import cycle, pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from plip.claims import Chart, ChartSeries
from plip.report.plots.axes import gapped
from plip.report.plots.style import GREY, LOOKS, WIDTH, Look, legend_above, styled

__all__ = ["plot_chart"]

# In inches: the axes, a line of the legend, names that stand aslant, a name of its own line.
_HEIGHT, _LEGEND_LINE, _ASLANT, _NAME_LINE = 2.0, 0.13, 0.4, 0.15
# Lines to compare with are told apart by their dashes.
_DASHES = ("--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)))
# Names in the legend of this length still fit beside each other.
_SHORT = 22
_LINE = 52
# Names below the axis fit beside each other up to so many characters in all, aslant up to so many.
_BESIDE, _ASLANT_CHARACTERS = 48, 150
# Within so many times the smallest value, powers of ten alone are too few labels.
_DECADES = 100


def plot_chart(chart: Chart) -> Figure:
    """Draw a check's chart, without its title: the page that it stands in writes that.

    A logarithmic axis is linear around 0 where its values are not all positive. Where x is names
    and they are too many or too long to stand below the axis, they stand beside it.
    """
    names = [_name(series.name) for series in chart.series]
    names += [_name(line.name) for line in chart.lines]
    columns = 1 if max(map(len, names)) > _SHORT else 2
    lines = sum(name.count("\n") + 1 for name in names[::columns])
    characters = sum(len(name) + 2 for _, name in chart.x_ticks)
    sideways = characters > _ASLANT_CHARACTERS
    height = len(chart.x_ticks) * _NAME_LINE + 0.5 if sideways else _HEIGHT
    height += _LEGEND_LINE * lines + (_ASLANT if characters > _BESIDE and not sideways else 0)
    with styled():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        _scales(axes, chart, sideways)
        for series, look in zip(chart.series, cycle(LOOKS), strict=False):
            _draw(axes, series, look, sideways)
        for line, dashes in zip(chart.lines, cycle(_DASHES), strict=False):
            across = axes.axvline if (line.axis == "x") != sideways else axes.axhline
            across(line.at, color=GREY, linestyle=dashes, linewidth=0.9, label=_name(line.name))
        if chart.x_ticks:
            _ticks(axes, chart, sideways, aslant=characters > _BESIDE)
        elif not chart.x_log and all(x == int(x) for s in chart.series for x in s.x):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        x, y = (chart.y, chart.x) if sideways else (chart.x, chart.y)
        axes.set_xlabel(_wrapped(x, _LINE), parse_math=False)
        axes.set_ylabel(_wrapped(y, 34), parse_math=False)
        if len(names) > 1:
            legend_above(axes, columns)
            legend = axes.get_legend()
            for text in legend.get_texts() if legend is not None else ():
                text.set_parse_math(False)
    return figure


def _draw(axes: Axes, series: ChartSeries, look: Look, sideways: bool) -> None:
    name = _name(series.name)
    low, high = gapped(series.low or ()), gapped(series.high or ())
    if series.style == "band":
        bare = all(value is None for value in series.y)
        fill = axes.fill_betweenx if sideways else axes.fill_between
        label = name if bare else None
        fill(series.x, low, high, color=look.colour, alpha=0.2, linewidth=0, label=label)
        if bare:
            return
    elif series.low is not None:
        bars = axes.hlines if sideways else axes.vlines
        bars(series.x, low, high, colors=look.colour, linewidths=0.9)
    x, y = series.x, gapped(series.y)
    axes.plot(
        *((y, x) if sideways else (x, y)),
        linestyle="none" if series.style == "points" else look.line,
        marker="" if series.style == "band" else look.marker,
        color=look.colour,
        label=name,
    )


def _scales(axes: Axes, chart: Chart, sideways: bool) -> None:
    if chart.x_log:
        _logarithmic(axes, "y" if sideways else "x", _along(chart, "x"))
    if chart.y_log:
        _logarithmic(axes, "x" if sideways else "y", _along(chart, "y"))


def _along(chart: Chart, axis: str) -> Iterator[float | None]:
    """Yield everything that must be in sight along an axis."""
    yield from (line.at for line in chart.lines if line.axis == axis)
    for series in chart.series:
        if axis == "x":
            yield from series.x
        else:
            for values in (series.y, series.low or (), series.high or ()):
                yield from values


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


def _ticks(axes: Axes, chart: Chart, sideways: bool, *, aslant: bool) -> None:
    """Put names in place of numbers, with room around the first and the last."""
    places = [place for place, _ in chart.x_ticks]
    names = [name for _, name in chart.x_ticks]
    everywhere = sorted({*places, *(x for series in chart.series for x in series.x)})
    room = 0.5 * min((after - x for x, after in pairwise(everywhere)), default=1.0)
    ends = everywhere[0] - room, everywhere[-1] + room
    if sideways:
        axes.set_yticks(places, names, parse_math=False)
        axes.set_ylim(ends[1], ends[0])
        return
    axes.set_xticks(
        places,
        names,
        rotation=35 if aslant else 0,
        ha="right" if aslant else "center",
        rotation_mode="anchor",
        parse_math=False,
    )
    axes.set_xlim(*ends)


def _name(name: str) -> str:
    # A name that begins with an underscore is left out of legends.
    return _wrapped(f" {name}" if name.startswith("_") else name, _LINE)


def _wrapped(text: str, width: int) -> str:
    """Cut a text into at most two lines; the chart's description has all of it."""
    lines = textwrap.wrap(text, width, drop_whitespace=False, max_lines=2, placeholder="…")
    return "\n".join(lines) or text
