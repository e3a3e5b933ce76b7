"""Adjusting for a search."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from plip.errors import MeasureError
from plip.stats import bonferroni, held_out, holm, most_searched

pytestmark = pytest.mark.fast


def test_holm_by_hand() -> None:
    # Of three: 3 · 0.01, 2 · 0.03, then no less than that.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([0.5, 0.9]) == pytest.approx((1, 1))
    assert holm([0.2]) == pytest.approx((0.2,))
    assert holm([0.0, 0.0]) == (0, 0)


def test_holm_of_the_best_is_bonferroni_s() -> None:
    ps = np.random.default_rng(1).uniform(size=17).tolist()
    assert min(holm(ps)) == pytest.approx(bonferroni(min(ps), 17))


@pytest.mark.parametrize(
    ("p", "searched", "adjusted"), [(0.01, 3, 0.03), (0.2, 10, 1), (0, 5, 0), (1, 1, 1)]
)
def test_bonferroni(p: float, searched: int, adjusted: float) -> None:
    assert bonferroni(p, searched) == pytest.approx(adjusted)


@pytest.mark.parametrize(
    ("p", "most"), [(0.018, 2), (0.01, 5), (0.05, 1), (0.06, 0), (1, 0), (0, math.inf)]
)
def test_most_searched(p: float, most: float) -> None:
    assert most_searched(p, 0.05) == most


@pytest.mark.parametrize("effect", [5, -5])
def test_held_out_tests_what_the_other_half_chose(effect: float) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(12, 6)), rng.normal(size=(12, 6))
    a[:, 4] += effect
    for half, (best, p) in enumerate(held_out(a.tolist(), b.tolist())):
        rest = slice(1 - half, None, 2)
        assert best == 4
        wanted = stats.ttest_ind(a[rest, 4], b[rest, 4], equal_var=False).pvalue
        assert p == pytest.approx(wanted)


def test_held_out_of_noise_is_uniform() -> None:
    rng = np.random.default_rng(11)
    ps = [
        p
        for _ in range(150)
        for _, p in held_out(rng.normal(size=(8, 10)).tolist(), rng.normal(size=(8, 10)).tolist())
    ]
    assert np.mean(np.array(ps) < 0.05) < 0.1
    assert np.mean(ps) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: holm([]), r"p from 0 to 1, found \[\]"),
        (lambda: holm([0.1, 1.2]), r"p from 0 to 1, found \[0.1, 1.2\]"),
        (lambda: bonferroni(-0.1, 3), r"p from 0 to 1, found \[-0.1\]"),
        (lambda: bonferroni(math.nan, 3), r"p from 0 to 1, found \[nan\]"),
        (lambda: bonferroni(0.1, 0), "at least one that was searched, found 0"),
        (lambda: most_searched(2, 0.05), r"p from 0 to 1, found \[2\]"),
        (
            lambda: held_out([[1], [2], [3]], [[1], [2], [3], [4]]),
            r"at least four units in a group, found 3 and 4 units with \[1\] figures",
        ),
        (
            lambda: held_out([[1], [2], [3], [4]], [[1], [2, 3], [3], [4]]),
            r"found 4 and 4 units with \[1, 2\] figures",
        ),
        (
            lambda: held_out([[1]] * 4, [[1]] * 4),
            "finite figures that vary in each half, found some that do not",
        ),
        (
            lambda: held_out([[1], [2], [3], [math.nan]], [[1], [2], [3], [4]]),
            "finite figures that vary in each half",
        ),
    ],
)
def test_refused(call: object, message: str) -> None:
    with pytest.raises(MeasureError, match=message):
        call()  # type: ignore[operator]  # a parameter
