"""The same comparison by several tests: scipy's own, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plip.errors import MeasureError
from plip.stats import outcome_tests, paired_tests, rank_test, unpaired_tests

pytestmark = pytest.mark.fast

ONE = [1.0, 2.5, 3.1, 4.4, 5.2, 2.2]
OTHER = [1.4, 2.4, 3.6, 4.1, 5.9, 9.0]


def test_unpaired() -> None:
    found = unpaired_tests(ONE, OTHER)
    assert found["Welch"] == pytest.approx(stats.ttest_ind(ONE, OTHER, equal_var=False).pvalue)
    assert found["Student"] == pytest.approx(stats.ttest_ind(ONE, OTHER).pvalue)
    assert found["Mann–Whitney"] == pytest.approx(stats.mannwhitneyu(ONE, OTHER).pvalue)
    logs = np.log(ONE), np.log(OTHER)
    expected = stats.ttest_ind(*logs, equal_var=False).pvalue
    assert found["Welch on logarithms"] == pytest.approx(expected)
    assert 0 < found["permutation"] < 1
    assert "Welch on logarithms" not in unpaired_tests([0.0, *ONE], OTHER)


def test_paired() -> None:
    found = paired_tests(ONE, OTHER)
    assert found["paired t"] == pytest.approx(stats.ttest_rel(ONE, OTHER).pvalue)
    assert found["Wilcoxon"] == pytest.approx(stats.wilcoxon(ONE, OTHER).pvalue)
    ratios = np.log(np.array(ONE) / np.array(OTHER))
    assert found["paired t on log ratios"] == pytest.approx(stats.ttest_1samp(ratios, 0).pvalue)
    assert "paired t on log ratios" not in paired_tests([0.0, *ONE], [1.0, *OTHER])


def test_ranks() -> None:
    """All six of one side above all six of the other: 2 / C(12, 6)."""
    high, low = [float(i) for i in range(10, 16)], [float(i) for i in range(6)]
    assert rank_test(high, low, paired=False) == pytest.approx(2 / 924)
    assert rank_test(high[::-1], low, paired=True) == pytest.approx(2 / 64)
    assert rank_test([1.0], [2.0], paired=False) == 1


def test_no_spread() -> None:
    with pytest.raises(MeasureError, match="figures that vary"):
        paired_tests([1.0, 2.0], [2.0, 3.0])
    with pytest.raises(MeasureError, match="figures that vary"):
        unpaired_tests([1.0, 1.0], [2.0, 2.0])


def test_outcomes() -> None:
    """Seven gained, one lost; 2 P(X ≤ 1 | 8) = 18/256."""
    before = [False] * 7 + [True] * 5 + [False] * 8
    after = [True] * 7 + [False] + [True] * 4 + [False] * 8
    found = outcome_tests(before, after)
    assert found["paired", "McNemar, exact"] == pytest.approx(18 / 256)
    assert found["paired", "McNemar, exact, one-sided (more after)"] == pytest.approx(9 / 256)
    assert found["paired", "McNemar, exact, one-sided (fewer after)"] == pytest.approx(255 / 256)
    expected = stats.fisher_exact([[11, 9], [5, 15]])
    assert found["unpaired", "Fisher"] == pytest.approx(expected.pvalue)
    greater = stats.fisher_exact([[11, 9], [5, 15]], alternative="greater").pvalue
    assert found["unpaired", "Fisher, one-sided (more after)"] == pytest.approx(greater)


def test_outcomes_that_do_not_change() -> None:
    assert set(outcome_tests([True], [True]).values()) == {1.0}
    assert set(outcome_tests([False] * 3, [False] * 3).values()) == {1.0}
    with pytest.raises(MeasureError, match="0 and 0"):
        outcome_tests([], [])
    with pytest.raises(MeasureError, match="1 and 2"):
        outcome_tests([True], [True, False])
