"""The figure of a dose-response experiment."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.records import DoseResponseSample, DoseResponseSummary
from plip.report.plots import plot_dose_response

pytestmark = pytest.mark.fast

DoseResponse = tuple[DoseResponseSummary, list[DoseResponseSample]]
Legible = Callable[[Figure], list[str]]
Points = Callable[[Axes, str], tuple[list[float], list[float]]]
Bars = Callable[[Axes], list[tuple[float, float, float]]]


def test_attention_and_divergence(
    dose_response: DoseResponse, points: Points, bars: Bars, legible: Legible
) -> None:
    figure = plot_dose_response(*dose_response, model="tiny")
    upper, lower = figure.axes
    assert points(upper, "reached") == ([0.5, 6.0], [12.5, 12.5])
    assert points(upper, "without steering")[1] == [6.25, 6.25]
    assert points(lower, "mean") == ([0.5, 6.0], [0.0, 0.25])
    assert bars(lower) == [(0.5, 0.0, 0.0), (6.0, 0.125, 0.5)]
    assert [bar[1:] for bar in bars(upper)] == [(6.25, 25.0)] * 3
    assert upper.get_ylabel() == "attention from marker\nto function (%)"
    assert lower.get_xlabel() == "dose: factor of marker → function edges"
    texts = legible(figure)
    assert texts[0] == "Dose-response\ntiny, layer 4, n = 2 samples"
    note = texts[1].replace("\n", " ")
    assert "bootstrap 95% intervals" in note
    assert "1 sample excluded." in note
    assert "2 samples at a dose they could not have, not drawn." in note
    assert "2 divergences infinite, not drawn." in note


def test_no_divergence_at_all_is_drawn_at_0_on_a_linear_part(dose_response: DoseResponse) -> None:
    _, lower = plot_dose_response(*dose_response, model="tiny").axes
    assert lower.get_yscale() == "symlog"
    assert lower.get_ylabel() == "KL(baseline ‖ steered)\n(nats, linear below $10^{-1}$)"
    assert lower.get_yticks()[0] == 0
    low, high = lower.get_ylim()
    assert low < 0
    assert high == 1


def test_without_0_the_axis_is_logarithmic(dose_response: DoseResponse) -> None:
    summary, samples = dose_response
    kept = [s.model_copy(update={"points": s.points[1:]}) for s in samples]
    doses = summary.model_copy(update={"doses": summary.doses[1:]})
    _, lower = plot_dose_response(doses, kept, model="tiny").axes
    assert lower.get_yscale() == "log"
    assert lower.get_ylabel() == "KL(baseline ‖ steered)\n(nats)"


def test_levels_stand_behind_factors(dose_response: DoseResponse, points: Points) -> None:
    upper, lower = plot_dose_response(*dose_response, model="tiny").axes
    labels = [label.get_text() for label in lower.get_xticklabels()]
    assert labels == ["0.5", "6", "scaled to\n9%", "set to\n60%"]
    places = list(lower.get_xticks())
    assert places[:2] == [0.5, 6.0]
    assert 6.0 < places[2] < places[3]
    behind = [line for line in lower.lines if list(line.get_ydata()) == [0, 1]]
    assert [line.get_xdata()[0] for line in behind] == [(6.0 + places[2]) / 2]
    reached = [line for line in upper.lines if list(line.get_xdata()) == places[2:]][-2]
    assert reached.get_linestyle() == "None"
    assert reached.get_ydata()[0] == 12.5
    assert math.isnan(reached.get_ydata()[1])


def test_the_closed_form_is_of_the_samples_that_had_the_dose(
    dose_response: DoseResponse, points: Points
) -> None:
    summary, samples = dose_response
    first = samples[0].points[0].model_copy(update={"attention_predicted": 0.25})
    changed = samples[0].model_copy(update={"points": (first, *samples[0].points[1:])})
    upper, _ = plot_dose_response(summary, [changed, *samples[1:]], model="tiny").axes
    _, closed = points(upper, "closed form")
    assert closed[:3] == [18.75, 12.5, 12.5]
    assert math.isnan(closed[3])


def test_a_state(state_dose_response: DoseResponse, points: Points, legible: Legible) -> None:
    figure = plot_dose_response(*state_dose_response, model="tiny")
    upper, lower = figure.axes
    assert points(upper, "reached") == ([1.0, 3.0], [128.0, 256.0])
    assert points(upper, "without steering")[1] == [128.0, 128.0]
    assert "closed form" not in [line.get_label() for line in upper.lines]
    assert upper.get_ylabel() == "state norm ‖S‖\nafter the write"
    assert lower.get_xlabel() == "dose: factor of the marker's write"
    assert "2 samples at a dose they could not have" in legible(figure)[1].replace("\n", " ")


def test_controls_and_factors(layered: DoseResponse, points: Points, legible: Legible) -> None:
    figure = plot_dose_response(*layered, model="tiny")
    _, lower = figure.axes
    assert points(lower, "mean") == ([2.0], [0.5])
    assert points(lower, "other edges") == ([2.0], [0.25])
    assert points(lower, "other layer") == ([2.0], [0.0625])
    looks = [
        (line.get_color(), line.get_marker(), line.get_linestyle(), line.get_linewidth())
        for line in lower.lines
        if line.get_label() in ("mean", "other edges", "other layer")
    ]
    assert len({colour for colour, *_ in looks}) == len({marker for _, marker, *_ in looks}) == 3
    assert len({line for _, _, line, _ in looks}) == 3
    assert all(width < looks[0][3] for *_, width in looks[1:])
    labels = [label.get_text() for label in lower.get_xticklabels()]
    assert labels == ["2", "factors"]
    beside = [line for line in lower.lines if line.get_marker() == "^"]
    assert [float(line.get_ydata()[0]) for line in beside] == [0.25, 0.125]
    texts = legible(figure)
    assert texts[0] == "Dose-response\ntiny, layers 1, 3, n = 2 samples"
    note = texts[1].replace("\n", " ")
    assert "Attention: the mean over layers." in note
    assert "Thin lines: controls, the same dose; means of the samples that had them." in note


def test_the_other_write_of_a_state_is_named(layered: DoseResponse, legible: Legible) -> None:
    summary, samples = layered
    state = summary.model_copy(update={"mechanism": "state"})
    texts = legible(plot_dose_response(state, samples, model="tiny"))
    assert "other write" in texts


def test_each_sample_is_a_pale_line(dose_response: DoseResponse) -> None:
    _, lower = plot_dose_response(*dose_response, model="tiny").axes
    pale = [line for line in lower.lines if line.get_color() == "#CCCCCC"]
    assert [list(line.get_xdata()) for line in pale] == [[0.5, 6.0]] * 2
    assert [list(line.get_ydata()) for line in pale] == [[0.0, 0.25]] * 2
    ticks = [line for line in lower.lines if line.get_marker() == "_"]
    assert len(ticks) == 2


def test_a_single_dose_shows_its_samples(
    state_dose_response: DoseResponse, legible: Legible
) -> None:
    summary, samples = state_dose_response
    one = summary.model_copy(update={"doses": summary.doses[1:]})
    kept = [s.model_copy(update={"points": s.points[1:]}) for s in samples]
    figure = plot_dose_response(one, kept, model="tiny")
    ticks = [line for line in figure.axes[1].lines if line.get_marker() == "_"]
    assert [float(line.get_ydata()[0]) for line in ticks[:1]] == [0.001]
    legible(figure)


def test_doses_asked_for_in_any_order_make_one_line(
    state_dose_response: DoseResponse, points: Points
) -> None:
    summary, samples = state_dose_response
    turned = summary.model_copy(update={"doses": summary.doses[::-1]})
    others = [s.model_copy(update={"points": s.points[::-1]}) for s in samples]
    upper, lower = plot_dose_response(turned, others, model="tiny").axes
    assert points(upper, "reached") == ([1.0, 3.0], [128.0, 256.0])
    assert list(lower.lines[0].get_ydata()) == [0.0, 0.001]
