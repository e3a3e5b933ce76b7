"""The figure of a scan of layers and heads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from plip.records import HeadAsymmetry, ScanSample, ScanSummary, SiteResponse
from plip.report.plots.axes import ends, gapped, intervals, nothing_to_show
from plip.report.plots.style import (
    BLACK,
    BLUE,
    GREY,
    VERMILION,
    Look,
    counted,
    legend_above,
    new_figure,
    noted,
    styled,
)

__all__ = ["plot_scan"]

_LEVEL = 0.05
_PERCENT = 0.01
_SELECTION = Look(BLUE, "o", "-")
_REPORT = Look(VERMILION, "s", "--")


def plot_scan(summary: ScanSummary, samples: Sequence[ScanSample], *, model: str) -> Figure:
    """Draw how every head's attention differs, and how the prediction responds by layer and head.

    Args:
        summary: of the scan.
        samples: its samples.
        model: what was scanned.
    """
    layers = len({each.layer for each in summary.asymmetry})
    n = sum(sample.excluded is None for sample in samples)
    doses = ", ".join(f"{dose:g}×" for dose in summary.doses)
    with styled():
        height = min(max(0.13 * layers, 1.2), 3.5)
        figure = new_figure(
            height + 3.6,
            "Attention by head, response by layer and head",
            f"{model}, heads of layer {summary.layer}, n = {n} samples",
        )
        heat, by_layer, by_head = figure.subplots(3, 1, height_ratios=[height, 1.3, 1.3])
        _heat(figure, heat, summary.asymmetry)
        _slopes(by_layer, summary.layers, [each.layer for each in summary.layers], "layer")
        known = [each for each in summary.heads if each.head is not None]
        heads = [each.head for each in known if each.head is not None]
        _slopes(by_head, known, heads, f"head of layer {summary.layer}")
        legend_above(by_layer, 2)
        noted(
            figure,
            f"+ and −: p max-T < {_LEVEL:g} over all heads. Hatched: undefined.",
            counted(sum(e.p_max_t is None for e in summary.asymmetry), "head", "without a p value"),
            f"Slope: √KL by dose − 1 at {doses}.",
            counted(_undefined(summary), "slope", "undefined, not drawn"),
            f"Bars: bootstrap {summary.confidence:.0%} intervals of the mean.",
            counted(len(samples) - n, "sample", "excluded"),
        )
    return figure


def _undefined(summary: ScanSummary) -> int:
    sites = (*summary.layers, *summary.heads)
    return sum(half.mean is None for each in sites for half in (each.selection, each.report))


def _heat(figure: Figure, axes: Axes, asymmetry: Sequence[HeadAsymmetry]) -> None:
    gaps = _gaps(asymmetry)
    largest = float(np.max(np.abs(gaps[np.isfinite(gaps)]), initial=0.0)) or 1.0
    # What the map leaves open shows this through.
    axes.patch.set(hatch="//////", edgecolor=GREY, facecolor="white")
    image = axes.pcolormesh(np.ma.masked_invalid(gaps), cmap="PuOr_r", vmin=-largest, vmax=largest)
    halo = withStroke(linewidth=2.4, foreground="white")  # black alone is lost on dark cells
    for sign, marker in ((1, "+"), (-1, "_")):
        marked = [
            each
            for each in asymmetry
            if each.p_max_t is not None
            and each.p_max_t < _LEVEL
            and np.sign(gaps[each.layer, each.head]) == sign
        ]
        axes.plot(
            [each.head + 0.5 for each in marked],
            [each.layer + 0.5 for each in marked],
            marker,
            color=BLACK,
            markersize=4,
            markeredgewidth=0.8,
            path_effects=[halo],
        )
    for axis, count in ((axes.xaxis, gaps.shape[1]), (axes.yaxis, gaps.shape[0])):
        step = -(-count // 12)
        axis.set_ticks(
            [at + 0.5 for at in range(0, count, step)], labels=map(str, range(0, count, step))
        )
    axes.tick_params(length=0)
    axes.set_xlabel("head")
    axes.set_ylabel("layer")
    bar = figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_label("Python − Rust\n(percentage points)")
    bar.outline.set_visible(False)
    if not np.isfinite(gaps).any():
        nothing_to_show(axes, "undefined in every head")


def _gaps(asymmetry: Sequence[HeadAsymmetry]) -> NDArray[np.float64]:
    """Return Python − Rust by layer and head in percentage points, NaN where undefined."""
    shape = (max(e.layer for e in asymmetry) + 1, max(e.head for e in asymmetry) + 1)
    gaps = np.full(shape, np.nan)
    for each in asymmetry:
        if each.python is not None and each.rust is not None:
            gaps[each.layer, each.head] = (each.python - each.rust) / _PERCENT
    return gaps


def _slopes(axes: Axes, sites: Sequence[SiteResponse], at: Sequence[int], name: str) -> None:
    for look, aside, half in ((_SELECTION, -0.12, "one half"), (_REPORT, 0.12, "the other")):
        spreads = [site.selection if aside < 0 else site.report for site in sites]
        x = [place + aside for place in at]
        intervals(axes, x, [ends(spread) for spread in spreads], look.colour)
        axes.plot(
            x,
            gapped([spread.mean for spread in spreads]),
            look.marker,
            color=look.colour,
            markerfacecolor=look.colour if aside < 0 else "white",
            label=f"{half} of the samples" if aside < 0 else half,
        )
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    if all(each.selection.mean is None and each.report.mean is None for each in sites):
        nothing_to_show(axes, "undefined everywhere")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(min(at) - 0.5, max(at) + 0.5)
    axes.set_xlabel(name)
    axes.set_ylabel("slope (√nats per\nunit of dose)")
