"""The figure of a comparison of baseline and steered continuations."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.records import GenerationGroup, GenerationSample, GenerationSummary
from plip.report.generation import DETECTORS
from plip.report.plots.style import (
    BLUE,
    GREEN,
    PALE,
    VERMILION,
    legend_above,
    new_figure,
    noted,
    styled,
)

__all__ = ["plot_generation"]

# What becomes of a pair: its name, colour, and hatching for grey print.
_OUTCOMES = (
    ("kept", BLUE, ""),
    ("gained", GREEN, "////"),
    ("lost", VERMILION, "...."),
    ("none", PALE, ""),
)


def plot_generation(
    summary: GenerationSummary, samples: Sequence[GenerationSample], *, model: str
) -> Figure:
    """Draw what steering made of the pairs: test syntax kept, gained, lost, or never there.

    Args:
        summary: of the experiment.
        samples: its prompts.
        model: what was steered.
    """
    # With one category there is nothing to tell apart.
    groups = summary.groups if len(summary.groups) > 2 else summary.groups[:1]
    how = "greedy" if summary.temperature == 0 else f"temperature {summary.temperature:g}"
    with styled():
        figure = new_figure(
            0.9 + 2 * (0.25 + 0.17 * len(groups)),
            "Test syntax in baseline and steered continuations",
            f"{model}, layer {summary.layer}, scale {summary.scale:g}, {how}, "
            f"n = {summary.groups[0].pairs} pairs of {len(samples)} prompts",
        )
        panels = figure.subplots(len(DETECTORS), 1, sharex=True)
        for axes, detector in zip(panels, DETECTORS, strict=True):
            _bars(axes, groups, detector)
        panels[-1].set_xlabel("share of pairs (%)")
        legend_above(panels[0], 4)
        noted(
            figure,
            "Right: pairs kept / gained / lost / none.",
            f"Steered: {summary.steered}.",
            _identical(summary.groups[0]),
        )
    return figure


def _bars(axes: Axes, groups: Sequence[GenerationGroup], detector: str) -> None:
    places = range(len(groups))
    found = [next(o for o in group.outcomes if o.detector == detector) for group in groups]
    left = [0.0] * len(groups)
    for name, colour, hatch in _OUTCOMES:
        shares = [100 * getattr(o, name) / g.pairs for o, g in zip(found, groups, strict=True)]
        axes.barh(
            places,
            shares,
            left=left,
            height=0.7,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=name,
        )
        left = [start + share for start, share in zip(left, shares, strict=True)]
    for place, each in zip(places, found, strict=True):
        counts = (each.kept, each.gained, each.lost, each.none)
        axes.text(102, place, " / ".join(map(str, counts)), va="center", fontsize=6)
    names = ["all" if g.category is None else g.category.replace("_", " ") for g in groups]
    axes.set_yticks(places, names, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_ylabel(f"by {DETECTORS[detector]}")


def _identical(whole: GenerationGroup) -> str:
    return f"Identical texts: {whole.identical} of {whole.pairs} pairs."
