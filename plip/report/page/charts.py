"""Charts of checks as SVG within a page: without styles, in the page's colours, described."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from plip.claims import Chart, ChartSeries
from plip.report.audit.values import number
from plip.report.plots.claim import plot_chart
from plip.report.plots.style import BLACK, styled

__all__ = ["chart_svg", "describe"]

_NAMESPACE = re.compile(r"\{[^}]*\}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
# More points than these are described by their ends and extremes.
_SPOKEN = 12


def chart_svg(chart: Chart, name: str) -> str:
    """Return a chart as an `<svg>` element for a page of HTML.

    Styles become attributes, so that the page may forbid inline styles; black becomes the page's
    text colour. The element has a title and a description for those who do not see it.

    Args:
        chart: what is drawn.
        name: unique within the page; ids begin with it.
    """
    root = ET.fromstring(_drawn(plot_chart(chart)))
    _tidy(root, name)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "fill": "currentColor",
        # What matplotlib's style sheet says of everything.
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    for place, (tag, text) in enumerate((("title", chart.title), ("desc", describe(chart)))):
        element = ET.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    return ET.tostring(root, encoding="unicode")


def _drawn(figure: Figure) -> str:
    content = io.StringIO()
    with styled(), warnings.catch_warnings():
        # A character that the font lacks is drawn as a box; the description has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        FigureCanvasSVG(figure)
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(content, format="svg", transparent=True, metadata=metadata)
    return content.getvalue()


def _tidy(parent: ET.Element, name: str) -> None:
    """Drop namespaces, style sheets, metadata; turn styles into attributes, make ids unique."""
    parent.tag = _NAMESPACE.sub("", parent.tag)
    parent.text = parent.tail = None
    attributes = {_NAMESPACE.sub("", key): value for key, value in parent.attrib.items()}
    for declaration in attributes.pop("style", "").split(";"):
        key, _, value = declaration.partition(":")
        if value:
            attributes[key.strip()] = value.strip()
    parent.attrib = {key: _value(key, value, name) for key, value in attributes.items()}
    for child in list(parent):
        if _NAMESPACE.sub("", child.tag) in ("metadata", "style"):
            parent.remove(child)
        else:
            _tidy(child, name)


def _value(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    if value == BLACK:
        return "currentColor"
    return _REFERENCE.sub(rf"url(#{name}-\1)", value)


def describe(chart: Chart) -> str:
    """Say in words what a chart shows: its axes, and the values of each series."""
    scale = {True: ", logarithmic", False: ""}
    parts = [
        f"Horizontal axis: {chart.x}{scale[chart.x_log]}. "
        f"Vertical axis: {chart.y}{scale[chart.y_log]}."
    ]
    ticks = dict(chart.x_ticks)
    parts += [f"{series.name}: {'; '.join(_values(series, ticks))}." for series in chart.series]
    parts += [f"{line.name}: line at {line.axis} = {number(line.at)}." for line in chart.lines]
    return " ".join(parts)


def _values(series: ChartSeries, ticks: dict[float, str]) -> Iterator[str]:
    places: Sequence[int] = range(len(series.x))
    if len(places) > _SPOKEN:
        yield f"{len(places)} points"
        known = [place for place in places if series.y[place] is not None]
        picked = {0, len(places) - 1}
        if known:
            picked |= {min(known, key=lambda p: series.y[p] or 0.0)}
            picked |= {max(known, key=lambda p: series.y[p] or 0.0)}
        places = sorted(picked)
    for place in places:
        x, y = series.x[place], series.y[place]
        text = f"{ticks.get(x, number(x))}: {'undefined' if y is None else number(y)}"
        if series.style == "band" and y is None:
            text = ticks.get(x, number(x)) + ":"
        if series.low is not None and series.high is not None:
            low, high = series.low[place], series.high[place]
            if low is not None and high is not None:
                text += f" [{number(low)}, {number(high)}]"
        yield text
