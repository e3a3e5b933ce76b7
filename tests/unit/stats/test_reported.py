"""p of a statistic, and Welch's test from summaries, against scipy and published values."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import stats

from plip.errors import MeasureError
from plip.stats import Interval, p_bounds, p_value, upper_tail_bounds, welch_bounds

pytestmark = pytest.mark.fast

R = Interval.reported


def exact(value: float) -> Interval:
    return Interval.point(Fraction(value))


# statcheck (R), tests/testthat/test-compute-pvalues.R: what it computes for each text.
@pytest.mark.parametrize(
    ("test", "value", "df", "p"),
    [
        ("t", 2.20, (28,), 2 * stats.t.cdf(-2.20, 28)),
        ("F", 2.20, (2, 28), stats.f.sf(2.20, 2, 28)),
        ("r", 0.22, (28,), 2 * stats.t.cdf(-0.22 / math.sqrt((1 - 0.22**2) / 28), 28)),
        ("z", 2.20, (), 2 * stats.norm.sf(2.20)),
        ("chi2", 22.20, (28,), stats.chi2.sf(22.20, 28)),
    ],
)
def test_p_is_what_statcheck_computes(
    test: str, value: float, df: tuple[float, ...], p: float
) -> None:
    assert p_value(test, value, df) == pytest.approx(p, rel=1e-12)


# Quantiles that any table has.
@pytest.mark.parametrize(
    ("test", "value", "df", "tails", "p"),
    [
        ("t", 2.228, (10,), 2, 0.05),
        ("t", 1.812, (10,), 1, 0.05),
        ("t", -1.812, (10,), 1, 0.05),
        ("z", 1.960, (), 2, 0.05),
        ("z", 1.645, (), 1, 0.05),
        ("chi2", 3.841, (1,), 2, 0.05),
        ("chi2", 18.307, (10,), 2, 0.05),
        ("F", 4.965, (1, 10), 2, 0.05),
        ("F", 3.33, (5, 10), 1, 0.05),
        ("r", 0.632, (8,), 2, 0.05),
        ("t", 0.0, (5,), 2, 1.0),
        ("z", 0.0, (), 1, 0.5),
        ("r", -1.0, (8,), 2, 0.0),
        ("F", 0.0, (2, 3), 2, 1.0),
    ],
)
def test_tabled_quantiles(
    test: str, value: float, df: tuple[float, ...], tails: int, p: float
) -> None:
    assert p_value(test, value, df, tails=tails) == pytest.approx(p, abs=5e-4)


@pytest.mark.parametrize(
    ("test", "value", "df", "found"),
    [
        ("t", 2.0, (), "wanted 1 degrees of freedom above 0, found []"),
        ("F", 2.0, (3,), "wanted 2 degrees of freedom above 0, found [3]"),
        ("z", 2.0, (3,), "wanted 0 degrees of freedom above 0, found [3]"),
        ("t", 2.0, (0,), "wanted 1 degrees of freedom above 0, found [0]"),
        ("r", 1.2, (8,), "wanted a correlation from −1 to 1, found 1.2"),
    ],
)
def test_refused(test: str, value: float, df: tuple[float, ...], found: str) -> None:
    with pytest.raises(MeasureError) as caught:
        p_value(test, value, df)
    assert str(caught.value) == f"{test}: {found}; give the test as it was reported"


@pytest.mark.parametrize(
    ("test", "value", "df"),
    [
        ("t", R("2.2"), [exact(28)]),
        ("t", -R("2.2"), [R("10.7")]),
        ("t", R("0.00"), [exact(5)]),
        ("F", R("2.20"), [exact(2), R("27.5")]),
        ("F", R("0.4"), [R("1.6"), R("9.5")]),
        ("F", R("0.0"), [exact(2), exact(9)]),
        ("chi2", R("22.2"), [R("28")]),
        ("z", R("1.9"), []),
        ("r", R("0.5"), [exact(12)]),
        ("r", R("1.0"), [exact(4)]),
    ],
)
@pytest.mark.parametrize("tails", [1, 2])
def test_bounds_hold_what_any_values_behind_the_digits_give(
    test: str, value: Interval, df: list[Interval], tails: int
) -> None:
    found = p_bounds(test, value, df, tails=tails)
    ranges = [np.linspace(float(each.low), float(each.high), 9) for each in (value, *df)]
    ps = [
        p_value(test, x, dfs, tails=tails)
        for x, *dfs in product(*ranges)
        if test != "r" or abs(x) <= 1
    ]
    assert float(found.low) <= min(ps) <= max(ps) <= float(found.high)
    assert float(found.low) == pytest.approx(min(ps), rel=1e-3, abs=1e-12)
    assert float(found.high) == pytest.approx(max(ps), rel=1e-3)


def test_upper_tail_knows_the_side() -> None:
    for t in (R("2.3"), -R("2.3"), R("0.0")):
        found = upper_tail_bounds(t, R("10.7"))
        ps = [
            float(stats.t.sf(x, df))
            for x in np.linspace(float(t.low), float(t.high), 9)
            for df in (10.65, 10.7, 10.75)
        ]
        assert float(found.low) <= min(ps) <= max(ps) <= float(found.high)
        assert float(found.high - found.low) <= max(ps) - min(ps) + 1e-8


# R, help(sleep): extra sleep of ten and ten; t.test(extra ~ group) gives t = -1.8608,
# df = 17.776, p-value = 0.07939, and with var.equal = TRUE t = -1.8608, df = 18, p = 0.07919.
SLEEP = (
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)


@pytest.mark.parametrize(("equal", "df", "p"), [(False, 17.776, 0.07939), (True, 18, 0.07919)])
def test_welch_and_student_are_those_of_r(equal: bool, df: float, p: float) -> None:
    means = tuple(exact(float(np.mean(group))) for group in SLEEP)
    sds = tuple(exact(float(np.std(group, ddof=1))) for group in SLEEP)
    t, found = welch_bounds(means, sds, (10, 10), equal_variances=equal)
    assert float(t.low) == pytest.approx(-1.8608, abs=5e-5)
    assert float(found.low) == pytest.approx(df, abs=5e-4)
    assert float(p_bounds("t", t, [found]).low) == pytest.approx(p, abs=5e-6)
    assert float(t.high - t.low) < 1e-7


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("ns", [(10, 10), (4, 25), (2, 3)])
def test_bounds_of_summaries_hold_all_behind_the_digits(ns: tuple[int, int], equal: bool) -> None:
    means, sds = (R("5.7"), R("2.3")), (R("3.8"), R("1.4"))
    t, df = welch_bounds(means, sds, ns, equal_variances=equal)
    seen_t, seen_df = [], []
    for m1, m2, s1, s2 in product(
        *(np.linspace(float(i.low), float(i.high), 5) for i in (*means, *sds))
    ):
        test = stats.ttest_ind_from_stats(m1, s1, ns[0], m2, s2, ns[1], equal_var=equal)
        a, b = s1**2 / ns[0], s2**2 / ns[1]
        welch = (a + b) ** 2 / (a**2 / (ns[0] - 1) + b**2 / (ns[1] - 1))
        seen_t.append(test.statistic)
        seen_df.append(sum(ns) - 2 if equal else welch)
    assert float(t.low) <= min(seen_t) <= max(seen_t) <= float(t.high)
    assert float(t.high) == pytest.approx(max(seen_t))
    assert float(t.low) == pytest.approx(min(seen_t))
    assert float(df.low) <= min(seen_df) <= max(seen_df) <= float(df.high)
    assert float(df.low) == pytest.approx(min(seen_df))


def test_the_most_degrees_of_freedom_lie_where_the_variances_balance() -> None:
    # w = v1 / (v1 + v2) may be (n1 − 1) / (n1 + n2 − 2), where df = n1 + n2 − 2.
    _, df = welch_bounds((R("1"), R("2")), (R("3"), R("3")), (8, 8))
    assert float(df.high) == pytest.approx(14)
    assert float(df.low) < 13.9


def test_one_group_without_spread() -> None:
    t, df = welch_bounds((R("2.0"), R("1.0")), (R("0.00"), R("0.50")), (5, 5))
    assert float(df.low) == pytest.approx(4, abs=0.01)
    assert float(t.low) > 0


@pytest.mark.parametrize(
    ("sds", "ns", "message"),
    [
        ((R("1.0"), R("1.0")), (1, 10), "at least two in each group, found 1 and 10"),
        ((R("0.0"), R("0.00")), (5, 10), "some spread, found standard deviations that may both"),
    ],
)
def test_no_welch(sds: tuple[Interval, Interval], ns: tuple[int, int], message: str) -> None:
    with pytest.raises(MeasureError, match=f"Welch's test: wanted {message}"):
        welch_bounds((R("2.0"), R("1.0")), sds, ns)
