"""The figures of generated text: paired outcomes, and rates by distance and scale."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plip.records import (
    GenerationControlSummary,
    GenerationSummary,
    PersistenceControl,
    PersistenceSummary,
)
from plip.report.plots import plot_generation, plot_persistence

pytestmark = pytest.mark.fast

Legible = Callable[[Figure], list[str]]
Points = Callable[[Axes, str], tuple[list[float], list[float]]]
Bars = Callable[[Axes], list[tuple[float, float, float]]]

TITLE = "Test syntax by distance and scale"


def test_outcomes_stack_to_all_pairs(generation: GenerationSummary, legible: Legible) -> None:
    figure = plot_generation(generation, [], model="tiny")
    paper, parsed = figure.axes
    widths = [[bar.get_width() for bar in group] for group in paper.containers]
    assert widths == [
        [30, 75, 0],
        [20, 0, pytest.approx(100 / 3)],
        [10, 25, 0],
        [40, 0, pytest.approx(200 / 3)],
    ]
    starts = [group[0].get_x() for group in paper.containers]
    assert starts == [0, 30, 50, 60]
    assert [group[0].get_width() for group in parsed.containers] == [40, 10, 20, 30]
    assert [group.get_label() for group in paper.containers] == ["kept", "gained", "lost", "none"]
    assert len({group[0].get_facecolor() for group in paper.containers}) == 4
    assert [text.get_text() for text in paper.texts] == [
        "3 / 2 / 1 / 4",
        "3 / 0 / 1 / 0",
        "0 / 2 / 0 / 4",
    ]
    assert [label.get_text() for label in parsed.get_yticklabels()] == [
        "all",
        "edge case",
        "cost in $a^$",
    ]
    assert (paper.get_ylabel(), parsed.get_ylabel()) == ("by substring", "by parser")
    assert parsed.get_xlabel() == "share of pairs (%)"
    assert paper.get_xlim() == (0, 100)
    assert paper.get_ylim() == (2.5, -0.5)  # all of them first
    texts = legible(figure)
    title = texts[0].replace("\n", " ")
    assert "tiny, layer 2, scale 3, greedy, n = 10 pairs of 0 prompts" in title
    note = texts[1].replace("\n", " ")
    assert "Pairs of identical texts: all 1 of 10, edge case 1 of 4, cost in $a^$ 1 of 6." in note


def test_controls_stand_below_the_effect(
    generation: GenerationSummary, generation_control: GenerationControlSummary, legible: Legible
) -> None:
    nobody = generation_control.model_copy(update={"control": "marker", "group": None})
    update = {"groups": generation.groups[:2], "controls": (generation_control, nobody)}
    figure = plot_generation(generation.model_copy(update=update), [], model="tiny")
    paper, parsed = figure.axes
    assert [label.get_text() for label in parsed.get_yticklabels()] == ["all", "token control"]
    assert [text.get_text() for text in paper.texts] == ["3 / 2 / 1 / 4", "3 / 0 / 1 / 0"]
    assert paper.containers[0][1].get_width() == 75
    note = legible(figure)[1].replace("\n", " ")
    assert "Pairs of identical texts: all 1 of 10, token control 3 of 4." in note
    assert (
        "Token control: attention to another token (on average 1.25 over all later tokens, the "
        "marker 1.50); 1 of 5 prompts cannot have it."
    ) in note


def test_one_category_is_all_there_is(generation: GenerationSummary, legible: Legible) -> None:
    one = generation.model_copy(update={"groups": generation.groups[:2], "temperature": 0.5})
    figure = plot_generation(one, [], model="tiny")
    assert [text.get_text() for text in figure.axes[0].texts] == ["3 / 2 / 1 / 4"]
    assert "temperature 0.5" in legible(figure)[0]


def test_rates_with_wilson_intervals(
    persistence: PersistenceSummary, points: Points, bars: Bars, legible: Legible
) -> None:
    figure = plot_persistence(persistence, [], model="tiny")
    paper, parsed = figure.axes
    assert points(paper, "×1") == ([-0.06, 0.94], [40.0, 0.0])
    assert points(paper, "×3") == ([0.06, 1.06], [80.0, 90.0])
    assert points(parsed, "×3")[1] == pytest.approx([90.0, 100.0])
    assert bars(paper)[0] == pytest.approx((-0.06, 20.0, 70.0))
    assert bars(paper)[1] == pytest.approx((0.94, 0.0, 50.0))
    assert len(bars(paper)) == 4
    assert paper.get_ylabel() == "with test syntax\nby substring (%)"
    assert parsed.get_ylabel() == "with test syntax\nby parser (%)"
    assert parsed.get_xlabel() == "distance from marker to continuation (tokens)"
    assert [label.get_text() for label in parsed.get_xticklabels()] == ["close\n20", "far\n200"]
    low, high = paper.get_ylim()
    assert low < 0 < 100 < high
    texts = legible(figure)
    assert texts[0].startswith(f"{TITLE} (confounded design)\ntiny, layer 2, n = 10 texts a point")
    note = texts[1].replace("\n", " ")
    assert "×1 is no steering. Bars: Wilson's 95% intervals" in note
    assert "Temperature 0.8." in note
    assert "Design: confounded; each distance has prompts of its own." in note
    assert "bootstrap" not in note


def test_a_control_has_panels_of_its_own(
    persistence: PersistenceSummary,
    persistence_control: PersistenceControl,
    points: Points,
    legible: Legible,
) -> None:
    nobody = persistence_control.model_copy(update={"control": "marker", "cells": ()})
    update = {"controls": (persistence_control, nobody)}
    figure = plot_persistence(persistence.model_copy(update=update), [], model="tiny")
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "with test syntax\nby substring (%)",
        "token control\nby substring (%)",
        "with test syntax\nby parser (%)",
        "token control\nby parser (%)",
    ]
    marker, control, *_ = figure.axes
    # At the place and in the look that the scale has beside it.
    assert points(control, "×3")[0] == points(marker, "×3")[0]
    assert points(control, "×3")[1] == [40.0, 0.0]
    looks = [next(ln for ln in ax.lines if ln.get_label() == "×3") for ax in (marker, control)]
    assert looks[0].get_color() == looks[1].get_color()
    assert [line.get_label() for line in control.lines] == ["×3"]
    assert "Token control: attention to another token." in legible(figure)[1].replace("\n", " ")


def test_factors_stand_behind_the_scales(
    persistence: PersistenceSummary, points: Points, legible: Legible
) -> None:
    column = tuple(cell.model_copy(update={"scales": (None,)}) for cell in persistence.cells[::2])
    update = {"cells": (*persistence.cells, *column), "factors": ((2, 3.0), (4, 0.5))}
    figure = plot_persistence(persistence.model_copy(update=update), [], model="tiny")
    assert points(figure.axes[0], "factors") == ([0.12, 1.12], [40.0, 0.0])
    assert "Factors, by layer: 2:3,4:0.5." in legible(figure)[1].replace("\n", " ")


def test_lines_join_distances_only_where_prompts_are_the_same(
    persistence: PersistenceSummary, bars: Bars, legible: Legible
) -> None:
    def styles(figure: Figure) -> set[str]:
        return {line.get_linestyle() for axes in figure.axes for line in axes.lines}

    assert styles(plot_persistence(persistence, [], model="tiny")) == {"None"}
    cells = tuple(
        cell.model_copy(
            update={
                "paper": cell.paper.model_copy(update={"prompts_low": 0.0, "prompts_high": 0.75})
            }
        )
        for cell in persistence.cells
    )
    crossed = persistence.model_copy(update={"design": "crossed", "cells": cells})
    figure = plot_persistence(crossed, [], model="tiny")
    assert styles(figure) == {"-", "--"}
    paper, parsed = figure.axes
    assert (len(bars(paper)), len(bars(parsed))) == (8, 4)
    assert bars(paper)[0] == pytest.approx((-0.06, 0.0, 75.0))
    texts = legible(figure)
    assert "(crossed design)" in texts[0]
    assert "Pale bars: bootstrap over prompts." in texts[1].replace("\n", " ")


def test_temperatures_have_panels_of_their_own(
    persistence: PersistenceSummary, points: Points, legible: Legible
) -> None:
    warm = tuple(cell.model_copy(update={"temperature": 1.5}) for cell in persistence.cells[:2])
    both = persistence.model_copy(update={"cells": (*persistence.cells, *warm)})
    figure = plot_persistence(both, [], model="tiny")
    assert [axes.get_ylabel().split("\n")[1] for axes in figure.axes] == [
        "by substring, T = 0.8 (%)",
        "by substring, T = 1.5 (%)",
        "by parser, T = 0.8 (%)",
        "by parser, T = 1.5 (%)",
    ]
    assert points(figure.axes[1], "×3") == ([0.06], [80.0])
    assert "Temperature" not in legible(figure)[1]


def test_many_scales(persistence: PersistenceSummary, legible: Legible) -> None:
    cells = tuple(
        cell.model_copy(update={"scales": (scale,)})
        for cell in persistence.cells[::2]
        for scale in (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 9.0)
    )
    figure = plot_persistence(persistence.model_copy(update={"cells": cells}), [], model="tiny")
    assert len(figure.axes[0].lines) == 9
    legible(figure)
