"""Charts of checks: what is drawn, and what is said of it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from plip.claims import Chart, ChartLine, ChartSeries
from plip.report.page.charts import chart_svg, describe
from plip.report.plots.claim import plot_chart
from plip.report.plots.style import BLUE

pytestmark = pytest.mark.fast


def test_every_series_and_line_is_in_the_legend(charts: tuple[Chart, ...]) -> None:
    (axes,) = plot_chart(charts[0]).axes
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "feasible",
        "published",
        "target",
        "s",
    ]


def test_a_band_is_filled_and_a_gap_is_left(charts: tuple[Chart, ...]) -> None:
    (axes,) = plot_chart(charts[0]).axes
    assert len(axes.collections) == 2  # the band, and the intervals of the other series
    published = next(line for line in axes.lines if line.get_color() == BLUE)
    values = [float(value) for value in published.get_ydata()]
    assert values[:2] == [1.1, 2.3]
    assert values[2] != values[2]
    assert published.get_linestyle() == "--"


def test_points_are_not_joined(charts: tuple[Chart, ...]) -> None:
    (axes,) = plot_chart(charts[1]).axes
    assert axes.lines[0].get_linestyle() == "None"
    assert axes.lines[0].get_marker() == "o"
    assert axes.get_yscale() == "log"


def test_an_axis_with_a_0_is_linear_around_it(charts: tuple[Chart, ...]) -> None:
    (axes,) = plot_chart(charts[2]).axes
    assert axes.get_yscale() == "symlog"
    assert axes.yaxis.get_transform().linthresh == 1e-3  # type: ignore[attr-defined]  # its own
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "close to the marker",
        "medium",
        "far",
    ]


def test_nothing_but_zeros_on_a_logarithmic_axis() -> None:
    series = ChartSeries(name="n", x=(1, 2), y=(0.0, None))
    (axes,) = plot_chart(Chart(title="t", x="x", y="y", series=(series,), y_log=True)).axes
    assert axes.get_yscale() == "linear"


def test_settings_of_the_user_change_nothing(charts: tuple[Chart, ...]) -> None:
    before = chart_svg(charts[0], "c")
    with mpl.rc_context({"lines.linewidth": 9, "svg.fonttype": "none", "axes.grid": True}):
        assert chart_svg(charts[0], "c") == before


def test_the_drawing_has_no_style_and_no_link(charts: tuple[Chart, ...]) -> None:
    for chart in charts:
        root = ET.fromstring(chart_svg(chart, "name"))
        assert root.tag == "svg"
        for element in root.iter():
            assert element.tag not in ("style", "metadata", "image")
            assert "style" not in element.attrib
            assert element.attrib.get("id", "name-").startswith("name-")
            assert element.attrib.get("href", "#name-").startswith("#name-")
        assert "#000000" not in ET.tostring(root, encoding="unicode")
        assert root.attrib["aria-labelledby"] == "name-title name-desc"
        assert (root[0].tag, root[0].text) == ("title", chart.title)
        assert (root[1].tag, root[1].text) == ("desc", describe(chart))


def test_the_description_has_the_values(charts: tuple[Chart, ...]) -> None:
    assert describe(charts[0]) == (
        "Horizontal axis: scale (×). Vertical axis: attention (%). "
        "feasible: 0.5: [1, 1.2]; 1: [2, 2.4]; 2: [3, 4.4]; 3: [4, 6.2]. "
        "published: 0.5: 1.1 [1, 1.2]; 1: 2.3 [2.2, 2.4]; 2: undefined; 3: 9.5 [9.4, 9.6]. "
        "target: line at y = 5.7. s: line at x = 1."
    )
    assert describe(charts[2]).endswith("rate: close to the marker: 0; medium: 0.001; far: 0.5.")


def test_of_many_points_ends_and_extremes_are_told() -> None:
    series = ChartSeries(name="n", x=tuple(range(20)), y=(None, 5.0, *range(17), 3.0))
    chart = Chart(title="t", x="x", y="y", series=(series,), x_log=True)
    assert describe(chart) == (
        "Horizontal axis: x, logarithmic. Vertical axis: y. "
        "n: 20 points; 0: undefined; 2: 0; 18: 16; 19: 3."
    )


@pytest.mark.parametrize("names", [1, 9])
def test_many_series_and_lines_still_fit(names: int) -> None:
    chart = Chart(
        title="t",
        x="x",
        y="a label that is much too long for one line beside the axis",
        series=tuple(
            ChartSeries(name=f"series {n} " + "word " * 20, x=(1, 2), y=(n, n + 1), style="line")
            for n in range(names)
        ),
        lines=tuple(ChartLine(name=f"line {n}", axis="y", at=n) for n in range(names)),
    )
    assert "<svg" in chart_svg(chart, "c")


@pytest.mark.parametrize(
    ("count", "name", "rotation"), [(3, "short", 0), (4, "a name of some length", 35)]
)
def test_names_stand_straight_where_they_fit(count: int, name: str, rotation: float) -> None:
    (axes,) = plot_chart(named(count, name)).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        f"{name} {n}" for n in range(count)
    ]
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {rotation}
    assert axes.get_xlim() == (-0.5, count - 0.5)


def test_many_long_names_stand_beside_the_axis() -> None:
    (axes,) = plot_chart(named(24, "Welch without a sample")).axes
    assert [label.get_text() for label in axes.get_yticklabels()][23] == "Welch without a sample 23"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("p", "variant")
    assert axes.get_xscale() == "log"
    points = axes.lines[0]
    assert list(points.get_ydata()) == list(range(24))
    assert list(points.get_xdata())[:2] == [0.01, 0.02]
    assert axes.get_ylim() == (23.5, -0.5)
    threshold = axes.lines[1]
    assert list(threshold.get_xdata()) == [0.05, 0.05]


def named(count: int, name: str) -> Chart:
    x = tuple(float(n) for n in range(count))
    y = tuple(0.01 * (n + 1) for n in x)
    series = ChartSeries(name="p", x=x, y=y, low=y, high=y)
    return Chart(
        title="t",
        x="variant",
        y="p",
        series=(series,),
        lines=(ChartLine(name="0.05", axis="y", at=0.05),),
        x_ticks=tuple((n, f"{name} {int(n)}") for n in x),
        y_log=True,
    )


def test_whole_numbers_are_counted_in_whole_numbers(charts: tuple[Chart, ...]) -> None:
    (axes,) = plot_chart(charts[1]).axes
    assert all(tick == int(tick) for tick in axes.get_xticks())
    (axes,) = plot_chart(charts[0]).axes
    assert not all(tick == int(tick) for tick in axes.get_xticks())


def test_less_than_two_decades_get_more_labels_than_powers_of_ten() -> None:
    (axes,) = plot_chart(named(3, "n")).axes
    assert {0.01, 0.02, 0.05} <= {round(float(tick), 6) for tick in axes.get_yticks()}
    assert axes.yaxis.get_major_formatter()(0.02, 0) == "0.02"
