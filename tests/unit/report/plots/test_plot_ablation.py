"""The figure of an ablation."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.records import AblationSample, AblationSummary
from plip.report.plots import plot_ablation

pytestmark = pytest.mark.fast

Ablation = tuple[AblationSummary, list[AblationSample]]
Legible = Callable[[Figure], list[str]]
Bars = Callable[[Axes], list[tuple[float, float, float]]]


def _one_window(ablation: Ablation, control: float | None = None) -> Ablation:
    summary, samples = ablation
    kept = []
    for sample in samples:
        points = sample.points[:2]
        if points and control is not None:
            known = {"kl_nats": control, "kl_infinite": False}
            points = (points[0], points[1].model_copy(update=known))
        kept.append(sample.model_copy(update={"points": points}))
    return summary.model_copy(update={"windows": summary.windows[:1]}), kept


def test_each_window(ablation: Ablation, bars: Bars, legible: Legible) -> None:
    figure = plot_ablation(*ablation, model="tiny")
    python, rust = figure.axes
    for axes, kl in ((python, 0.5), (rust, 0.125)):
        knockout, control = (line for line in axes.lines if len(line.get_xdata()))
        assert list(knockout.get_xdata()) == [0.9, 1.9]
        assert knockout.get_ydata()[0] == kl
        assert math.isnan(knockout.get_ydata()[1])
        assert all(map(math.isnan, control.get_ydata()))
        assert knockout.get_linestyle() != control.get_linestyle()
        assert control.get_markerfacecolor() == "white"
        assert bars(axes) == [(0.9, kl / 2, kl * 2)]
        assert axes.get_yscale() == "log"
    assert python.get_ylabel() == "Python doctest: KL\n(baseline ‖ ablated)\n(nats)"
    assert rust.get_ylabel().startswith("Rust test")
    assert python.get_ylim() == rust.get_ylim()
    assert rust.get_xlabel() == "layer"
    assert [label.get_text() for label in rust.get_xticklabels()] == ["1", "2"]
    texts = legible(figure)
    assert texts[0] == (
        "Knockout of the marker's edges to the function\ntiny, each layer in turn, n = 2 samples"
    )
    note = texts[1].replace("\n", " ")
    assert "1 sample excluded." in note
    assert "4 runs (knockouts or controls) impossible, not drawn." in note
    assert "2 divergences infinite, not drawn." in note


def test_one_window_draws_samples_beside_their_controls(
    ablation: Ablation, legible: Legible
) -> None:
    figure = plot_ablation(*_one_window(ablation, control=0.0625), model="tiny")
    (axes,) = figure.axes
    pairs = [line for line in axes.lines if line.get_marker() == "."]
    assert [list(line.get_xdata()) for line in pairs] == [[-0.25, 0.25], [0.75, 1.25]]
    assert [list(line.get_ydata()) for line in pairs] == [[0.5, 0.0625], [0.125, 0.0625]]
    means = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert [float(line.get_xdata()[0]) for line in means] == [-0.25, 0.25, 0.75, 1.25]
    assert [float(line.get_ydata()[0]) for line in means[::2]] == [0.5, 0.125]
    assert all(math.isnan(line.get_ydata()[0]) for line in means[1::2])
    assert axes.get_ylabel() == "KL(baseline ‖ ablated)\n(nats)"
    assert legible(figure)[0].endswith("tiny, layer 1, n = 2 samples")


def test_an_infinite_control_is_counted_and_not_drawn(ablation: Ablation, legible: Legible) -> None:
    figure = plot_ablation(*_one_window(ablation), model="tiny")
    pairs = [line for line in figure.axes[0].lines if line.get_marker() == "."]
    assert all(math.isnan(line.get_ydata()[1]) for line in pairs)
    assert "2 divergences infinite, not drawn." in legible(figure)[1].replace("\n", " ")


def test_groups_without_either_language_have_panels_of_their_own(
    ablation: Ablation, legible: Legible
) -> None:
    summary, samples = ablation
    windows = tuple(
        window.model_copy(
            update={"groups": (window.groups[1].model_copy(update={"group": "rust_baseline"}),)}
        )
        for window in summary.windows
    )
    figure = plot_ablation(summary.model_copy(update={"windows": windows}), samples, model="tiny")
    assert [axes.get_ylabel().split(":")[0] for axes in figure.axes] == ["Rust baseline"]
    legible(figure)


def test_wide_windows(ablation: Ablation, legible: Legible) -> None:
    summary, samples = ablation
    windows = tuple(
        window.model_copy(update={"layers": (at, at + 1)})
        for at, window in enumerate(summary.windows * 15)
    )
    figure = plot_ablation(summary.model_copy(update={"windows": windows}), samples, model="tiny")
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert labels[:2] == ["0–1", "3–4"]
    assert len(labels) == 10
    assert figure.axes[1].get_xlabel() == "layers"
    assert "windows of 2 layers" in legible(figure)[0]


def test_nothing_measured(ablation: Ablation, legible: Legible) -> None:
    summary, samples = ablation
    last = summary.windows[1]
    windows = (last, last.model_copy(update={"layers": (3,)}))
    nothing = summary.model_copy(update={"windows": windows})
    texts = legible(plot_ablation(nothing, samples, model="tiny"))
    assert texts.count("no sample was measured") == 2
