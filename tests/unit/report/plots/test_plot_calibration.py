"""The figure of a calibration."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from plip.records import CalibrationSample, CalibrationSummary
from plip.report.plots import plot_calibration

pytestmark = pytest.mark.fast

Calibration = tuple[CalibrationSummary, list[CalibrationSample]]
Legible = Callable[[Figure], list[str]]
Points = Callable[[Axes, str], tuple[list[float], list[float]]]
Bars = Callable[[Axes], list[tuple[float, float, float]]]


def test_samples_means_and_intervals(
    calibration: Calibration, points: Points, bars: Bars, legible: Legible
) -> None:
    figure = plot_calibration(*calibration, model="tiny")
    upper, _ = figure.axes
    assert points(upper, "python_doctest") == ([-0.1], [6.25])
    assert points(upper, "rust_test") == ([0.9], [2.5])
    assert points(upper, "mean") == ([0.3, 1.3], [6.25, 2.5])
    ((place, low, high),) = bars(upper)  # of one sample there is no interval
    half = stats.t.ppf(0.975, 1) * 1.25 / math.sqrt(2)
    assert (place, low, high) == pytest.approx((0.3, 6.25 - half, 6.25 + half))
    assert upper.get_ylim()[0] < low
    texts = legible(figure)
    assert texts[0] == "Attention from marker to function\ntiny, layer 1, n = 3 samples"
    assert "Student's 95% interval" in texts[1]
    assert texts[1].endswith("1 sample excluded.")
    assert upper.get_ylabel() == "attention from marker\nto function (%)"
    assert [text for text in texts if "n =" in text][1:] == [
        "Python\ndoctest\nn = 2",
        "Rust\ntest\nn = 1",
    ]


def test_means_by_layer_have_gaps(calibration: Calibration, points: Points) -> None:
    _, lower = plot_calibration(*calibration, model="tiny").axes
    assert points(lower, "Python doctest") == ([0, 1], [10.0, 6.25])
    x, y = points(lower, "Rust test")
    assert x == [0, 1]
    assert math.isnan(y[0])
    assert y[1] == 2.5
    assert lower.get_xlabel() == "layer"
    assert lower.get_ylim()[0] == 0
    assert [line.get_xdata() for line in lower.lines][-1] == [1, 1]


def test_one_layer_needs_no_second_panel(calibration: Calibration, legible: Legible) -> None:
    summary, samples = calibration
    one = summary.model_copy(update={"layers": summary.layers[1:]})
    figure = plot_calibration(one, samples, model="tiny")
    assert len(figure.axes) == 1
    assert "by layer" not in legible(figure)[1]


def test_nothing_measured(calibration: Calibration, legible: Legible) -> None:
    summary, samples = calibration
    layer = summary.layers[1]
    groups = tuple(
        g.model_copy(update={"n": 0, "mean": None, "sd": None, "excluded": 2}) for g in layer.groups
    )
    nothing = layer.model_copy(update={"groups": groups})
    figure = plot_calibration(
        summary.model_copy(update={"layers": (nothing,)}), samples[2:], model="tiny"
    )
    texts = legible(figure)
    assert "no sample was measured" in texts
    assert texts[1].endswith("4 samples excluded.")


def test_attention_that_no_head_defines_is_left_out(
    calibration: Calibration, points: Points
) -> None:
    summary, samples = calibration
    undefined = samples[0].layers[1].model_copy(update={"attention": None})
    first = samples[0].model_copy(update={"layers": (samples[0].layers[0], undefined)})
    figure = plot_calibration(summary, [first, *samples[1:]], model="tiny")
    assert points(figure.axes[0], "python_doctest") == ([], [])
