"""A test that was computed soundly and printed to some digits is never contradicted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from true_claims import figure, judge

from plip.claims import Verdict

pytestmark = pytest.mark.fast

digits = st.integers(1, 4)
groups = st.lists(st.decimals(-50, 50, places=3).map(float), min_size=2, max_size=7)


def p_of(test: str, value: float, df: list[float], tails: int) -> float:
    if test == "F":
        return float(stats.f.sf(value, *df))
    if test == "chi2":
        return float(stats.chi2.sf(value, *df))
    if test == "r":
        value *= math.sqrt(df[0] / (1 - value**2))
    return tails * float(
        stats.norm.sf(abs(value)) if test == "z" else stats.t.sf(abs(value), df[0])
    )


@given(
    st.sampled_from(["t", "F", "chi2", "z", "r"]),
    st.floats(0.01, 0.95),
    st.floats(0.5, 60),
    st.floats(0.5, 60),
    st.integers(1, 2),
    digits,
    st.integers(1, 6),
    digits,
)
def test_a_true_p(
    test: str, share: float, one: float, other: float, tails: int, ds: int, dp: int, dd: int
) -> None:
    value = share if test == "r" else share * {"t": 5, "z": 5, "F": 8, "chi2": 60}[test]
    dfs = {"t": [one], "chi2": [one], "r": [one], "F": [one, other], "z": []}[test]
    p = p_of(test, value, dfs, tails)
    known = {"s": figure(value, ds)} | {f"d{i}": figure(df, dd) for i, df in enumerate(dfs)}
    options = {"test": test, "statistic": "s", "df": [f"d{i}" for i in range(len(dfs))]}
    result = judge("reported_p", figure(p, dp), known, tails=tails, **options)
    assert result.outcome.stands, result.reason
    for relation, bound in (("<", p * 1.01 + 1e-9), (">", p * 0.99 - 1e-9)):
        claim = figure(bound, 12)
        result = judge("reported_p", claim, known, tails=tails, relation=relation, **options)
        assert result.outcome.stands, result.reason


@given(groups, groups, st.booleans(), digits, digits, digits)
def test_a_true_test_of_summaries(
    one: list[float], other: list[float], pooled: bool, dm: int, ds: int, dg: int
) -> None:
    sds = [float(np.std(g, ddof=1)) for g in (one, other)]
    assume(max(sds) > 0.5)
    test = stats.ttest_ind_from_stats(
        np.mean(one), sds[0], len(one), np.mean(other), sds[1], len(other), equal_var=pooled
    )
    a, b = (s**2 / len(g) for s, g in zip(sds, (one, other), strict=True))
    df = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(other) - 1))
    if pooled:
        df = len(one) + len(other) - 2
    known = {
        "m": figure(float(np.mean(one)), dm),
        "o": figure(float(np.mean(other)), dm),
        "s": figure(sds[0], ds),
        "u": figure(sds[1], ds),
    }
    for gives, value in (("t", test.statistic), ("df", df), ("p", test.pvalue)):
        result = judge(
            "welch_from_summary",
            figure(float(value), dg),
            known,
            gives=gives,
            means=["m", "o"],
            sds=["s", "u"],
            n=[len(one), len(other)],
            equal_variances=pooled,
        )
        # Where both standard deviations may be 0 as printed, nothing can be said.
        assert result.outcome.stands or result.outcome is Verdict.UNSUPPORTED, result.reason


@given(groups, groups, st.sampled_from(["welch", "student"]), digits, st.integers(1, 5))
@settings(max_examples=30)
def test_a_true_decision_on_values(
    one: list[float], other: list[float], test: str, dv: int, dp: int
) -> None:
    assume(min(np.ptp(one), np.ptp(other)) > 0.1)  # scipy warns of constant groups
    p = float(stats.ttest_ind(one, other, equal_var=test == "student").pvalue)
    known = {f"a{i}": figure(x, dv) for i, x in enumerate(one)}
    known |= {f"b{i}": figure(x, dv) for i, x in enumerate(other)}
    result = judge(
        "two_groups",
        figure(p, dp),
        known,
        first=[i for i in known if i.startswith("a")],
        second=[i for i in known if i.startswith("b")],
        test=test,
        states="significant" if p <= 0.05 else "not significant",
        reports_p=True,
    )
    assert result.outcome.stands or result.outcome is Verdict.UNSUPPORTED, result.reason


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30), st.floats(0.001, 0.5))
@settings(max_examples=30)
def test_a_best_that_survives_its_search(ps: list[float], alpha: float) -> None:
    known = {f"p{i}": figure(p, 9) for i, p in enumerate(ps)}
    face = [float(each.figure.at_face.low) for each in known.values()]
    result = judge("best_of", None, known, p=list(known), alpha=str(alpha))
    survives = len(ps) * min(face) <= alpha
    assert result.outcome is (Verdict.HOLDS if survives else Verdict.UNSUPPORTED), result.reason
    bound = judge("p_below", figure(f"{max(ps) + 1e-6:.9f}"), known, p=list(known))
    assert bound.outcome.stands, bound.reason
