"""The same comparison by every reasonable test, so that it shows where they part."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy import stats

from plip.errors import MeasureError
from plip.stats.comparison import paired
from plip.stats.groups import TestName, group_tests, t_test
from plip.stats.groups import rank_test as ranks
from plip.stats.proportions import mcnemar

__all__ = ["outcome_tests", "paired_tests", "rank_test", "unpaired_tests"]

_SEED = 0
_NAMES: dict[TestName, str] = {
    "welch": "Welch",
    "student": "Student",
    "mann_whitney": "Mann–Whitney",
    "permutation": "permutation",
}


def unpaired_tests(one: Sequence[float], other: Sequence[float]) -> dict[str, float]:
    """Compare two independent groups; two-sided p by the name of the test.

    The tests of `group_tests`; Welch on logarithms too where all figures are above 0.

    Args:
        one: at least two finite figures.
        other: likewise.

    Raises:
        MeasureError: as `group_tests`.
    """
    found = {_NAMES[test.name]: test.p for test in group_tests(one, other, seed=_SEED)}
    if min(*one, *other) > 0:
        found["Welch on logarithms"] = t_test("welch", np.log(one), np.log(other)).p
    return found


def paired_tests(one: Sequence[float], other: Sequence[float]) -> dict[str, float]:
    """Compare two conditions of the same units; two-sided p by the name of the test.

    Student on differences, Wilcoxon's signed ranks, a permutation of signs; Student on log ratios
    too where all figures are above 0 and their ratios vary. Wilcoxon leaves differences of 0 out,
    and is exact where there are neither these nor ties and no more than fifty units.

    Args:
        one: at least two finite figures.
        other: the same units in the same order.

    Raises:
        MeasureError: as `paired`.
    """
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Precision loss occurred", RuntimeWarning)
        compared = paired(one, other, seed=_SEED)
        found = {
            "paired t": compared.p_t,
            "Wilcoxon": rank_test(one, other, paired=True),
            "permutation of signs": compared.p_permutation,
        }
        if min(a.min(), b.min()) > 0:
            ratios = np.log(a / b)
            if ratios.std() > 0:
                found["paired t on log ratios"] = float(stats.ttest_1samp(ratios, 0).pvalue)
    return found


def rank_test(one: Sequence[float], other: Sequence[float], *, paired: bool) -> float:
    """Compare by ranks, whatever the distribution; p, two-sided.

    Paired: Wilcoxon's signed ranks, differences of 0 left out, exact without these and ties up to
    fifty units. Otherwise Mann and Whitney's test.

    Args:
        one: at least one finite figure.
        other: likewise; paired, the same units in the same order.
        paired: which of the two.
    """
    if paired:
        return float(stats.wilcoxon(one, other).pvalue)
    return ranks(np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)).p


def outcome_tests(before: Sequence[bool], after: Sequence[bool]) -> dict[tuple[str, str], float]:
    """Compare outcomes of the same units under two conditions, as paired and as unpaired.

    McNemar's exact test, two-sided and as one-sided tests; beside them Fisher's test, which takes
    the conditions for different units.

    Args:
        before: outcome of each unit under the first condition.
        after: of the same units, in the same order, under the second.

    Returns:
        p by "paired" or "unpaired" and the name of the test.

    Raises:
        MeasureError: no unit, or conditions with different numbers of them.
    """
    if not before or len(before) != len(after):
        raise MeasureError(
            "paired outcomes",
            wanted="the same units under both conditions, at least one",
            found=f"{len(before)} and {len(after)}",
            advice="leave out units that lack one of the two",
        )
    gained = sum(b and not a for a, b in zip(before, after, strict=True))
    lost = sum(a and not b for a, b in zip(before, after, strict=True))
    hits = sum(after), sum(before)
    table = [[count, len(before) - count] for count in hits]
    flips = gained + lost
    exact = {
        "greater": float(stats.binom.sf(gained - 1, flips, 0.5)) if flips else 1.0,
        "less": float(stats.binom.cdf(gained, flips, 0.5)) if flips else 1.0,
    }
    found = {("paired", "McNemar, exact"): mcnemar(gained, lost)}
    for side, name in (("greater", "more after"), ("less", "fewer after")):
        found["paired", f"McNemar, exact, one-sided ({name})"] = exact[side]
    found["unpaired", "Fisher"] = float(stats.fisher_exact(table).pvalue)
    for side, name in (("greater", "more after"), ("less", "fewer after")):
        p = float(stats.fisher_exact(table, alternative=side).pvalue)
        found["unpaired", f"Fisher, one-sided ({name})"] = p
    return found
