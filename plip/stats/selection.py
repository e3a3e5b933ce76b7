"""What is left of the best of many."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from plip.errors import MeasureError
from plip.stats.groups import t_test

__all__ = ["bonferroni", "held_out", "holm", "most_searched"]


def bonferroni(p: float, searched: int) -> float:
    """Adjust the best of many p: min(1, searched · p).

    Raises:
        MeasureError: p outside [0, 1], or nothing searched.
    """
    _check([p])
    if searched < 1:
        raise _unusable("at least one that was searched", str(searched))
    return min(1.0, searched * p)


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Adjust every p of a family for all of them: Holm's step-down procedure.

    p₍ᵢ₎' = max over j ≤ i of min(1, (m − j + 1) p₍ⱼ₎)

    Raises:
        MeasureError: no p, or one outside [0, 1].

    Source: Holm 1979.
    """
    from statsmodels.stats.multitest import multipletests

    _check(ps)
    return tuple(float(p) for p in multipletests(list(ps), method="holm")[1])


def most_searched(p: float, alpha: float) -> float:
    """Return how many may have been searched for the best p to survive: ⌊alpha / p⌋.

    Infinite where p is 0; 0 where it is above alpha itself.

    Raises:
        MeasureError: p outside [0, 1].
    """
    _check([p])
    # A quotient that is whole may be rounded to just below.
    return math.inf if p == 0 else float(math.floor(alpha / p * (1 + 1e-12)))


def held_out(
    one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]
) -> tuple[tuple[int, float], tuple[int, float]]:
    """Choose on one half of the units, test on the other, both ways round.

    The halves are the units with even and with odd numbers. Chosen is the figure with the largest
    |t| of Welch's; its p is two-sided, of the units that had no part in choosing.

    Args:
        one: for each unit of the first group, its figures, such as one a layer; four units or more.
        other: likewise for the second group.

    Returns:
        For each half that chooses: which figure, and its p in the other half.

    Raises:
        MeasureError: too few units, figures that are not finite or differ in number, or one
            without any spread in a half.
    """
    shapes = {len(row) for rows in (one, other) for row in rows}
    if len(shapes) != 1 or min(len(one), len(other)) < 4:
        raise _unusable(
            "as many figures of each of at least four units in a group",
            f"{len(one)} and {len(other)} units with {sorted(shapes)} figures",
        )
    a, b = (np.asarray(list(map(list, rows)), dtype=np.float64) for rows in (one, other))
    results: list[tuple[int, float]] = []
    for half in (0, 1):
        chooses = (a[half::2], b[half::2])
        tests = (a[1 - half :: 2], b[1 - half :: 2])
        varies = [(np.ptp(x, axis=0) + np.ptp(y, axis=0)).min() for x, y in (chooses, tests)]
        if not min(varies) > 0:
            raise _unusable("finite figures that vary in each half", "some that do not")
        found = [t_test("welch", x, y) for x, y in zip(chooses[0].T, chooses[1].T, strict=True)]
        best = max(range(len(found)), key=lambda i: abs(found[i].statistic))
        results.append((best, t_test("welch", tests[0][:, best], tests[1][:, best]).p))
    return results[0], results[1]


def _check(ps: Sequence[float]) -> None:
    if not ps or not all(0 <= p <= 1 for p in ps):
        raise _unusable("p from 0 to 1", str(list(ps)))


def _unusable(wanted: str, found: str) -> MeasureError:
    return MeasureError(
        "selection", wanted=wanted, found=found, advice="give what the search was over"
    )
