"""The figure of an ablation."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.plan import name_layers, spell_layers
from plip.records import (
    AblationGroup,
    AblationPoint,
    AblationSample,
    AblationSummary,
    AblationWindow,
    Spread,
)
from plip.report.plots.axes import divergence_axis, ends, gapped, intervals, nothing_to_show
from plip.report.plots.style import (
    BLACK,
    GREY,
    Look,
    counted,
    group_look,
    group_name,
    legend_above,
    new_figure,
    noted,
    styled,
)

__all__ = ["plot_ablation"]

_WHAT = {
    "edges": "the marker's edges to the function",
    "into": "every later token's edge into the marker",
    "into-own": "every edge into the marker, its own row included",
    "write": "the marker's write into the state",
}
_KL = "KL(baseline ‖ ablated)"
_LANGUAGES = ("python_doctest", "rust_test")
# How far a control stands beside its knockout.
_BESIDE = 0.25


def plot_ablation(
    summary: AblationSummary, samples: Sequence[AblationSample], *, model: str
) -> Figure:
    """Draw the divergence of knockouts beside their controls.

    At one window of layers each sample is drawn with its control; at several, means by window of
    Python doctests and Rust tests.

    Args:
        summary: of the experiment.
        samples: its samples.
        model: what was ablated.
    """
    points = [point for sample in samples for point in sample.points]
    single = len(summary.windows) == 1
    with styled():
        figure = _paired(summary, samples, model) if single else _by_window(summary, model)
        noted(
            figure,
            "Control: as much of something else, in the same samples.",
            f"Bars: bootstrap {summary.confidence:.0%} intervals of the mean.",
            counted(sum(s.excluded is not None for s in samples), "sample", "excluded"),
            counted(
                sum(point.excluded is not None for point in points),
                "run",
                "(knockouts or controls) impossible, not drawn",
            ),
            counted(
                sum(point.kl_infinite for point in points), "divergence", "infinite, not drawn"
            ),
        )
    return figure


def _paired(summary: AblationSummary, samples: Sequence[AblationSample], model: str) -> Figure:
    """Draw one window: a column a group, each sample a line from its knockout to its control."""
    (window,) = summary.windows
    n = sum(group.n for group in window.groups)
    figure = new_figure(
        2.6,
        f"Knockout of {_WHAT[summary.ablated]}",
        f"{model}, {name_layers(window.layers)}, n = {n} samples",
    )
    axes = figure.subplots()
    for place, group in enumerate(window.groups):
        pairs = [s.points[:2] for s in samples if s.group == group.group and s.points]
        for knockout, control in pairs:
            _pair(axes, place, knockout, control)
        look = group_look(group.group)
        _column(axes, [place - _BESIDE], [group.kl], look, filled=True, line="none")
        _column(axes, [place + _BESIDE], [group.control_kl], look, filled=False, line="none")
    axes.plot([], [], "o", color=BLACK, label="knockout, mean")
    axes.plot([], [], "o", color=BLACK, markerfacecolor="white", label="control, mean")
    axes.plot([], [], "-", color=GREY, linewidth=0.7, label="a sample")
    axes.set_xticks(
        range(len(window.groups)),
        [f"{group_name(g.group).replace(' ', chr(10))}\nn = {g.n}" for g in window.groups],
    )
    axes.set_xlim(-0.5, len(window.groups) - 0.5)
    spreads = [spread for group in window.groups for spread in (group.kl, group.control_kl)]
    _scale(axes, _KL, spreads, [p.kl_nats for s in samples for p in s.points])
    legend_above(axes, 3)
    return figure


def _pair(axes: Axes, place: int, knockout: AblationPoint, control: AblationPoint) -> None:
    axes.plot(
        [place - _BESIDE, place + _BESIDE],
        gapped([knockout.kl_nats, control.kl_nats]),
        "-",
        marker=".",
        markersize=2.5,
        color=GREY,
        linewidth=0.5,
        zorder=1,
    )


def _by_window(summary: AblationSummary, model: str) -> Figure:
    """Draw several windows: a panel a language, means of knockouts and of controls."""
    groups = _groups(summary.windows)
    wide = len(summary.windows[0].layers)
    window = "each layer in turn" if wide == 1 else f"windows of {wide} layers"
    n = sum(max(_of(w, group).n for w in summary.windows) for group in groups)
    figure = new_figure(
        0.4 + 1.7 * len(groups),
        f"Knockout of {_WHAT[summary.ablated]}",
        f"{model}, {window}, n = {n} samples",
    )
    panels = figure.subplots(len(groups), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    firsts = [w.layers[0] for w in summary.windows]
    shared: list[Spread] = []
    for axes, group in zip(panels, groups, strict=True):
        found = [_of(w, group) for w in summary.windows]
        look = group_look(group)
        kl, control = [g.kl for g in found], [g.control_kl for g in found]
        _column(axes, [x - 0.1 for x in firsts], kl, look, filled=True, line="-")
        _column(axes, [x + 0.1 for x in firsts], control, look, filled=False, line=":")
        axes.plot([], [], "-", marker=look.marker, color=look.colour, label="knockout")
        axes.plot(
            [],
            [],
            ":",
            marker=look.marker,
            color=look.colour,
            markerfacecolor="white",
            label="control",
        )
        shared += kl + control
        legend_above(axes, 2)
        if all(spread.mean is None for spread in kl + control):
            nothing_to_show(axes, "no sample was measured")
    for axes, group in zip(panels, groups, strict=True):
        _scale(axes, f"{group_name(group)}: KL\n(baseline ‖ ablated)", shared, ())
    step = -(-len(firsts) // 12)
    panels[-1].set_xticks(
        firsts[::step],
        [spell_layers(w.layers) for w in summary.windows[::step]],
        rotation=90 * (wide > 1),
    )
    panels[-1].set_xlim(firsts[0] - 0.5, firsts[-1] + 0.5)
    panels[-1].set_xlabel("layer" if wide == 1 else "layers")
    return figure


def _groups(windows: Sequence[AblationWindow]) -> list[str]:
    """Return the two languages, or whatever groups there are where neither is among them."""
    known = [group.group for group in windows[0].groups]
    return [group for group in _LANGUAGES if group in known] or known


def _of(window: AblationWindow, group: str) -> AblationGroup:
    return next(entry for entry in window.groups if entry.group == group)


def _column(
    axes: Axes,
    x: Sequence[float],
    spreads: Sequence[Spread],
    look: Look,
    *,
    filled: bool,
    line: str,
) -> None:
    intervals(axes, x, [ends(spread) for spread in spreads], look.colour)
    axes.plot(
        x,
        gapped([spread.mean for spread in spreads]),
        linestyle=line,
        marker=look.marker,
        color=look.colour,
        markerfacecolor=look.colour if filled else "white",
        zorder=3,
    )


def _scale(axes: Axes, what: str, spreads: Sequence[Spread], also: Sequence[float | None]) -> None:
    figures = [end for spread in spreads for end in (spread.mean, *ends(spread))]
    divergence_axis(axes, what, figures, also)
