"""Ratios of ratios: a second implementation, laws, and what has none."""

from __future__ import annotations

import random
from statistics import fmean, quantiles

import pytest

from plip.errors import MeasureError
from plip.stats.ratios import ratio_of_ratios

pytestmark = pytest.mark.fast

A1, B1 = (6.9, 7.9, 1.6, 2.5, 10.1), (3.2, 3.0, 2.5, 3.5, 1.9)
A2, B2 = (10.0, 8.7, 7.2, 5.3, 12.7), (3.8, 2.8, 2.4, 3.4, 2.2)


def test_against_a_plain_bootstrap() -> None:
    found = ratio_of_ratios((A1, B1), (A2, B2))
    assert found.first == pytest.approx(fmean(A1) / fmean(B1))
    assert found.ratio == pytest.approx(found.second / found.first)
    rng = random.Random(1)
    drawn: list[tuple[float, float, float]] = []
    for _ in range(20_000):
        a, b = (rng.choices(range(5), k=5) for _ in range(2))
        one = fmean(A1[i] for i in a) / fmean(B1[i] for i in b)
        other = fmean(A2[i] for i in a) / fmean(B2[i] for i in b)
        drawn.append((one, other, other / one))
    for column, (low, high) in zip(zip(*drawn, strict=True), found.intervals, strict=True):
        ends = quantiles(column, n=40)
        assert (low, high) == pytest.approx((ends[0], ends[-1]), rel=0.03)


def test_the_same_condition_twice_has_no_spread() -> None:
    found = ratio_of_ratios((A1, B1), (A1, B1))
    assert found.ratio == 1
    assert found.intervals[2] == (1, 1)
    doubled = ratio_of_ratios((A1, B1), (tuple(2 * a for a in A1), B1))
    assert doubled.intervals[2] == pytest.approx((2, 2))


def test_it_is_the_same_every_time_and_narrower_at_a_lower_level() -> None:
    assert ratio_of_ratios((A1, B1), (A2, B2)) == ratio_of_ratios((A1, B1), (A2, B2))
    wide, narrow = (ratio_of_ratios((A1, B1), (A2, B2), confidence=c) for c in (0.99, 0.5))
    assert wide.intervals[2][0] < narrow.intervals[2][0] < narrow.intervals[2][1]
    assert narrow.intervals[2][1] < wide.intervals[2][1]


@pytest.mark.parametrize(
    "group", [(0.0, 1.0, 2.0, 3.0, 4.0), (-1.0, 1.0, 2.0, 3.0, 4.0), (float("nan"),) * 5, (1.0,)]
)
def test_what_has_no_ratio(group: tuple[float, ...]) -> None:
    with pytest.raises(MeasureError, match="ratio of ratios: wanted two or more samples above 0"):
        ratio_of_ratios((A1, group), (A2, group))
