"""The figure of a designed comparison."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from contrasts import contrast_functions, contrast_summary
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.records import ContrastSummary
from plip.report.plots import plot_contrast
from plip.report.plots.style import BLUE, GREY, VERMILION

pytestmark = pytest.mark.fast

Legible = Callable[[Figure], list[str]]
Points = Callable[[Axes, str], tuple[list[float], list[float]]]
Bars = Callable[[Axes], list[tuple[float, float, float]]]


def drawn(summary: ContrastSummary | None = None) -> Figure:
    return plot_contrast(summary or contrast_summary(), contrast_functions(), model="tiny")


def thin(axes: Axes) -> list[tuple[str, list[float], list[float]]]:
    return [
        (str(line.get_color()), list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.lines
        if (line.get_alpha() or 1) < 1
    ]


def test_every_function_from_marker_and_neutral_line() -> None:
    python, rust, _ = drawn().axes
    assert thin(python) == [
        (BLUE, [12.0, 100.0], [25.0, 25.0]),
        (GREY, [12.0, 100.0], [12.5, pytest.approx(12.5 / 9)]),
        (BLUE, [12.0, 100.0], [50.0, 50.0]),
        (GREY, [12.0, 100.0], [12.5, pytest.approx(12.5 / 9)]),
    ]
    assert [color for color, _, _ in thin(rust)] == [VERMILION, GREY] * 2
    assert thin(rust)[0][1] == [30.0, 118.0]


def test_means_by_distance(points: Points) -> None:
    python, rust, _ = drawn().axes
    x, y = points(python, "marker")
    assert (x, y[0]) == ([12.0, 100.0], 50.0)
    assert y[1] != y[1]  # undefined there
    assert points(rust, "marker") == ([30.25, 140.0], [12.5, 25.0])
    assert points(rust, "neutral line") == ([30.25, 140.0], [12.5, 12.5])
    assert (python.get_xscale(), python.get_yscale()) == ("log", "log")
    assert python.get_ylabel() == "attention to function (%)"
    assert python.get_xlabel() == rust.get_xlabel() == "distance to targets (tokens)"
    assert python.get_ylim() == rust.get_ylim()


def test_differences_and_the_common_distance(points: Points, bars: Bars) -> None:
    below = drawn().axes[2]
    assert points(below, "Python")[1][0] == 37.5
    assert points(below, "Rust") == ([30.25, 140.0], [0.0, 12.5])
    assert (12.0, 31.25, 40.625) in bars(below)
    assert (140.0, 6.25, 15.625) in bars(below)
    diamonds = [line for line in below.lines if line.get_marker() == "D"]
    assert [
        (line.get_color(), list(line.get_xdata()), list(line.get_ydata())) for line in diamonds
    ] == [(BLUE, [60.0], [12.5]), (VERMILION, [60.0], [6.25])]
    assert below.get_ylabel() == "marker − neutral line\n(percentage points)"


def test_what_it_says(legible: Legible) -> None:
    texts = legible(drawn())
    assert texts[0].endswith("tiny, layer 4, n = 3 functions")
    note = texts[1].replace("\n", " ")
    assert "bars are bootstrap 95% intervals" in note
    assert "Diamonds: both languages at 60 tokens" in note
    assert note.endswith("2 functions excluded.")


def test_the_reported_layer_of_several() -> None:
    summary = contrast_summary(2, 4)
    functions = contrast_functions(2, 4)
    text = functions[0].texts[0]
    other = text.marker[0].model_copy(update={"per_target": (0.5,) * 3})
    changed = text.model_copy(update={"marker": (other, text.marker[1])})
    functions[0] = functions[0].model_copy(update={"texts": (changed, *functions[0].texts[1:])})
    figure = plot_contrast(summary, functions, model="tiny")
    assert thin(figure.axes[0])[0][2] == [25.0, 25.0]


def test_no_common_distance(legible: Legible) -> None:
    summary = contrast_summary()
    (layer,) = summary.layers
    equal = layer.equal_distance.model_copy(update={"effect": None, "undefined": "none"})
    nowhere = layer.model_copy(update={"equal_distance": equal})
    figure = drawn(summary.model_copy(update={"layers": (nowhere,)}))
    assert "Diamonds" not in legible(figure)[1]
    assert not [line for line in figure.axes[2].lines if line.get_marker() == "D"]


def test_attention_of_0_is_a_gap_on_a_logarithmic_axis() -> None:
    functions = contrast_functions()
    text = functions[0].texts[0]
    none = text.neutral[0].model_copy(update={"per_target": (0.0,) * 3})
    changed = text.model_copy(update={"neutral": (none,)})
    functions[0] = functions[0].model_copy(update={"texts": (changed, *functions[0].texts[1:])})
    figure = plot_contrast(contrast_summary(), functions, model="tiny")
    (first, second) = thin(figure.axes[0])[1][2]
    assert first != first
    assert second == pytest.approx(12.5 / 9)


def test_nothing_was_measured(legible: Legible) -> None:
    nothing = [
        function.model_copy(update={"excluded": "no line fits", "texts": ()})
        for function in contrast_functions()
    ]
    summary = contrast_summary()
    (layer,) = summary.layers
    unknown = layer.steps[1].effect
    side = unknown.python
    steps = tuple(
        step.model_copy(
            update={
                "python_distance": None,
                "rust_distance": None,
                "effect": unknown.model_copy(update={"rust": side}),
            }
        )
        for step in layer.steps
    )
    equal = layer.equal_distance.model_copy(
        update={"effect": None, "distance_tokens": None, "undefined": "none"}
    )
    empty = layer.model_copy(update={"steps": steps, "equal_distance": equal})
    figure = plot_contrast(
        summary.model_copy(update={"layers": (empty,), "functions": 0}), nothing, model="tiny"
    )
    texts = legible(figure)
    assert texts.count("no function\nwas measured") == 2
    assert "no difference is defined" in texts
