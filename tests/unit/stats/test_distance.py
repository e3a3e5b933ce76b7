"""Figures between distances."""

from __future__ import annotations

import math

import pytest

from plip.errors import MeasureError
from plip.stats import at_distance, common_range

pytestmark = pytest.mark.fast


def test_between_two_distances() -> None:
    assert at_distance([10, 40], [0.3, 0.1], 20) == pytest.approx(0.2)  # √(10 · 40)
    assert at_distance([10, 40], [0.3, 0.1], 10) == 0.3
    assert at_distance([10, 40], [0.3, 0.1], 40) == 0.1
    assert at_distance([10, 40, 80], [0.3, 0.1, 0.5], 60) == pytest.approx(
        0.1 + 0.4 * math.log(1.5) / math.log(2)
    )


def test_of_a_power_law_in_its_own_terms_it_is_exact() -> None:
    distances = [5.0, 13.0, 48.0, 130.0]
    figures = [2 - 0.3 * math.log(d) for d in distances]
    for at in (5.0, 6.0, 20.0, 129.0):
        assert at_distance(distances, figures, at) == pytest.approx(2 - 0.3 * math.log(at))


@pytest.mark.parametrize(
    ("distances", "figures", "at", "text"),
    [
        ([10, 40], [0.3, 0.1], 9, "wanted one within 10 … 40, where it was measured, found 9"),
        ([10, 40], [0.3, 0.1], 41, "distance 41: "),
        ([10, 40], [0.3, 0.1], math.nan, "distance nan: "),
        ([], [], 1, "found .* with 0 figures"),
        ([10, 40], [0.3], 20, "with 1 figures"),
        ([40, 10], [0.3, 0.1], 20, "that ascend"),
        ([10, 10], [0.3, 0.1], 10, "that ascend"),
        ([0, 10], [0.3, 0.1], 5, "distances above 0"),
    ],
)
def test_what_is_refused(
    distances: list[float], figures: list[float], at: float, text: str
) -> None:
    with pytest.raises(MeasureError, match=text):
        at_distance(distances, figures, at)


def test_what_ranges_share() -> None:
    assert common_range([(9, 120), (34, 155), (20, 119)]) == (34, 119)
    assert common_range(iter([(9, 20), (20, 30)])) == (20, 20)
    with pytest.raises(MeasureError, match="found ranges that end at 20 and begin at 21; give mor"):
        common_range([(9, 20), (21, 30)])
    with pytest.raises(MeasureError, match="found no range"):
        common_range([])
