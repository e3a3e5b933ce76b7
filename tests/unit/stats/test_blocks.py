"""Levels over units: statsmodels' analyses of variance, textbook counts."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from plip.errors import MeasureError
from plip.stats import crossed_levels, free_contrasts, mean_interval, nested_levels, units_needed

pytestmark = pytest.mark.fast

TABLE = [[1.0, 2.0, 4.0], [2.0, 2.5, 4.5], [0.5, 3.0, 3.0], [1.5, 1.0, 5.0]]


def test_crossed() -> None:
    rows = [(f"u{i}", f"l{j}", y) for i, row in enumerate(TABLE) for j, y in enumerate(row)]
    frame = pd.DataFrame(rows, columns=["unit", "level", "y"])
    table = anova_lm(ols("y ~ C(unit) + C(level)", frame).fit())
    assert crossed_levels(TABLE) == pytest.approx(table.loc["C(level)", "PR(>F)"], rel=1e-9)


def test_two_crossed_levels_are_a_paired_t_test() -> None:
    pairs = [row[:2] for row in TABLE]
    expected = stats.ttest_rel([a for a, _ in pairs], [b for _, b in pairs]).pvalue
    assert crossed_levels(pairs) == pytest.approx(expected, rel=1e-9)


def test_nested() -> None:
    groups = [[1.0, 2.0, 4.0], [5.0, 6.5], [9.0]]
    assert nested_levels(groups) == pytest.approx(stats.f_oneway(*groups).pvalue, rel=1e-9)


def test_what_does_not_vary() -> None:
    assert crossed_levels([[1.0, 1.0], [3.0, 3.0]]) == 1
    assert crossed_levels([[0.1, 0.2], [0.3, 0.4]]) == 0
    assert nested_levels([[2.0, 2.0], [2.0, 2.0]]) == 1
    assert nested_levels([[2.0, 2.0], [3.0, 3.0]]) == 0


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ([[1.0, 2.0]], "1 at 2"),
        ([[1.0], [2.0]], "2 at 1"),
        ([[1.0, 2.0], [1.0]], r"\[1, 2\]"),
        ([[1.0, math.nan], [1.0, 2.0]], "2 at 2"),
        ([], r"\[\]"),
    ],
)
def test_no_crossing(table: list[list[float]], found: str) -> None:
    with pytest.raises(MeasureError, match=f"found {found}"):
        crossed_levels(table)


@pytest.mark.parametrize("groups", [[[1.0], [2.0]], [[1.0, 2.0]], [[1.0, 2.0], []], []])
def test_no_nesting(groups: list[list[float]]) -> None:
    with pytest.raises(MeasureError, match="comparison over units"):
        nested_levels(groups)


def test_mean_interval() -> None:
    expected = stats.ttest_1samp([1.0, 2.0, 4.0], 0).confidence_interval(0.9)
    assert mean_interval([1.0, 2.0, 4.0], confidence=0.9) == pytest.approx(tuple(expected))
    assert mean_interval([2.0, 2.0]) == (2, 2)
    with pytest.raises(MeasureError, match="1 units"):
        mean_interval([1.0])


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0, 10.0, 37.3])
def test_units_needed(ratio: float) -> None:
    def half_width(k: int) -> float:
        return float(stats.t.isf(0.025, 2 * (k - 1)) * ratio * math.sqrt(2 / k))

    found = units_needed(1.0, ratio)
    assert half_width(found) <= 1
    assert found == 2 or half_width(found - 1) > 1


def test_units_that_cannot_be_counted() -> None:
    assert units_needed(1.0, 0.0) == 2
    with pytest.raises(MeasureError, match="0 and 1"):
        units_needed(0, 1)
    with pytest.raises(MeasureError, match="no more than 1000000 units"):
        units_needed(1.0, 1000.0)


@pytest.mark.parametrize(
    ("factor", "other", "free"),
    [
        ("abc", "xyz", 0),
        ("aabb", "xyxy", 1),
        ("aabb", "xyzw", 0),
        ("aabbcc", "xyxyzz", 1),
        ("abc", "xxx", 2),
        ("aaa", "xyz", 0),
        ("a", "x", 0),
    ],
)
def test_free_contrasts(factor: str, other: str, free: int) -> None:
    assert free_contrasts(list(factor), list(other)) == free


def test_factors_of_other_conditions() -> None:
    with pytest.raises(MeasureError, match="1 and 2"):
        free_contrasts(["a"], ["x", "y"])
