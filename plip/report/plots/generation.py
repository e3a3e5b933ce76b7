"""The figure of a comparison of baseline and steered continuations."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.plan import name_layers
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
from plip.report.steering import control_name, control_notes, dose_name

__all__ = ["plot_generation"]

# What a row of bars is called, and the pairs it shows.
Row = tuple[str, GenerationGroup]

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

    The pairs of all prompts, those of each category, and those of each control.

    Args:
        summary: of the experiment.
        samples: its prompts.
        model: what was steered.
    """
    # With one category there is nothing to tell apart.
    groups = summary.groups if len(summary.groups) > 2 else summary.groups[:1]
    rows = [(_category(group), group) for group in groups]
    rows += [
        (control_name(control), control.group)
        for control in summary.controls
        if control.group is not None
    ]
    how = "greedy" if summary.temperature == 0 else f"temperature {summary.temperature:g}"
    with styled():
        figure = new_figure(
            0.9 + 2 * (0.25 + 0.17 * len(rows)),
            "Test syntax in baseline and steered continuations",
            f"{model}, {name_layers(summary.layers)}, {dose_name(summary)}, {how}, "
            f"n = {summary.groups[0].pairs} pairs of {len(samples)} prompts",
        )
        panels = figure.subplots(len(DETECTORS), 1, sharex=True)
        for axes, detector in zip(panels, DETECTORS, strict=True):
            _bars(axes, rows, detector)
        panels[-1].set_xlabel("share of pairs (%)")
        legend_above(panels[0], 4)
        noted(
            figure,
            "Right: pairs kept / gained / lost / none.",
            f"Steered: {summary.steered}.",
            _identical(rows),
            *(f"{note[0].upper()}{note[1:]}." for note in control_notes(summary.controls)),
        )
    return figure


def _category(group: GenerationGroup) -> str:
    return "all" if group.category is None else group.category.replace("_", " ")


def _bars(axes: Axes, rows: Sequence[Row], detector: str) -> None:
    groups = [group for _, group in rows]
    places = range(len(rows))
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
    axes.set_yticks(places, [name for name, _ in rows], parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_ylabel(f"by {DETECTORS[detector]}")


def _identical(rows: Sequence[Row]) -> str:
    counts = ", ".join(f"{name} {group.identical} of {group.pairs}" for name, group in rows)
    return f"Pairs of identical texts: {counts}."
