"""The figure of a calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.special import stdtrit

from plip.records import CalibrationSample, CalibrationSummary, GroupAttention, LayerSummary
from plip.report.plots.axes import gapped, intervals, nothing_to_show, swarm
from plip.report.plots.style import (
    BLACK,
    GREY,
    counted,
    group_look,
    group_name,
    legend_above,
    new_figure,
    noted,
    styled,
)

__all__ = ["plot_calibration"]

_CONFIDENCE = 0.95
_PERCENT = 0.01
_LABEL = "attention from marker\nto function (%)"


def plot_calibration(
    summary: CalibrationSummary, samples: Sequence[CalibrationSample], *, model: str
) -> Figure:
    """Draw each sample's attention by group, and the groups' means by layer if there are several.

    Args:
        summary: of the calibration.
        samples: its samples.
        model: what was calibrated.
    """
    reported = next(entry for entry in summary.layers if entry.layer == summary.layer)
    by_layer = len(summary.layers) > 1
    n = sum(group.n for group in reported.groups)
    with styled():
        figure = new_figure(
            4.2 if by_layer else 2.3,
            "Attention from marker to function",
            f"{model}, layer {summary.layer}, n = {n} samples",
        )
        axes = figure.subplots(2 if by_layer else 1, 1, squeeze=False)[:, 0]
        _groups(axes[0], reported, samples)
        if by_layer:
            _layers(axes[1], summary)
        noted(
            figure,
            "Points: samples, the mean over heads and target tokens.",
            f"Diamonds: group means, with Student's {_CONFIDENCE:.0%} interval.",
            "Below: group means by layer; the dotted line is the layer above." if by_layer else "",
            counted(sum(group.excluded for group in reported.groups), "sample", "excluded"),
        )
    return figure


def _groups(axes: Axes, layer: LayerSummary, samples: Sequence[CalibrationSample]) -> None:
    found = {group.group: _attention(samples, group.group, layer.layer) for group in layer.groups}
    highest = max((value for values in found.values() for value in values), default=0.0)
    for place, group in enumerate(layer.groups):
        values = found[group.group]
        # A marker is about a thirtieth of the axis high.
        offsets = swarm(values, size=highest / 30, step=0.09, widest=0.22)
        look = group_look(group.group)
        axes.plot(
            [place - 0.1 + offset for offset in offsets],
            values,
            look.marker,
            color=look.colour,
            markerfacecolor="none",
            markersize=3.5,
            label=group.group,
        )
    places = [place + 0.3 for place in range(len(layer.groups))]
    means = gapped([group.mean for group in layer.groups], _PERCENT)
    axes.plot(places, means, "D", color=BLACK, markersize=3.5, label="mean")
    intervals(axes, places, [_interval(group) for group in layer.groups], BLACK, _PERCENT)
    axes.set_xticks(
        range(len(layer.groups)),
        [
            f"{group_name(group.group).replace(' ', chr(10))}\nn = {group.n}"
            for group in layer.groups
        ],
    )
    axes.set_xlim(-0.5, len(layer.groups) - 0.5)
    axes.set_ylabel(_LABEL)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0] if highest == 0 else _lowest(layer.groups)))
    if not any(found.values()):
        nothing_to_show(axes, "no sample was measured")


def _attention(samples: Sequence[CalibrationSample], group: str, layer: int) -> list[float]:
    """Return what is defined of a group's attention in a layer, in percent."""
    return [
        entry.attention / _PERCENT
        for sample in samples
        if sample.group == group
        for entry in sample.layers
        if entry.layer == layer and entry.attention is not None
    ]


def _interval(group: GroupAttention) -> tuple[float | None, float | None]:
    """Return Student's interval of a group's mean: mean ± t SD / √n."""
    if group.mean is None or group.sd is None:
        return None, None
    half = float(stdtrit(group.n - 1, (1 + _CONFIDENCE) / 2)) * group.sd / math.sqrt(group.n)
    return group.mean - half, group.mean + half


def _lowest(groups: Sequence[GroupAttention]) -> float:
    """Return where the axis must begin for every interval to be in sight, in percent."""
    lows = [low for low, _ in map(_interval, groups) if low is not None]
    return 1.05 * min(lows, default=0.0) / _PERCENT


def _layers(axes: Axes, summary: CalibrationSummary) -> None:
    layers = [entry.layer for entry in summary.layers]
    for group in dict.fromkeys(g.group for entry in summary.layers for g in entry.groups):
        means = [
            next((g.mean for g in entry.groups if g.group == group), None)
            for entry in summary.layers
        ]
        look = group_look(group)
        axes.plot(
            layers,
            gapped(means, _PERCENT),
            look.line,
            marker=look.marker,
            color=look.colour,
            label=group_name(group),
        )
    axes.axvline(summary.layer, color=GREY, linestyle=":", linewidth=0.8, zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("layer")
    axes.set_ylabel(_LABEL)
    axes.set_ylim(bottom=0)
    legend_above(axes, 2)
