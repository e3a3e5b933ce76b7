"""What a rate allows a second sample to show."""

from __future__ import annotations

import pytest
from scipy.stats import binom, fisher_exact

from plip.errors import MeasureError
from plip.stats.prediction import predicted_successes

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("successes", "trials", "future", "expected"),
    [(23, 30, 30, (15, 29)), (0, 30, 30, (0, 5)), (30, 30, 30, (25, 30)), (0, 1, 1, (0, 1))],
)
def test_known_cases(successes: int, trials: int, future: int, expected: tuple[int, int]) -> None:
    assert predicted_successes(successes, trials, future) == expected


@pytest.mark.parametrize("successes", range(11))
def test_it_is_what_two_one_sided_exact_tests_leave(successes: int) -> None:
    low, high = predicted_successes(successes, 10, 14, confidence=0.9)
    for y in range(15):
        table = [[successes, 10 - successes], [y, 14 - y]]
        tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
        assert (low <= y <= high) == (min(tails) > 0.05)


@pytest.mark.parametrize(("trials", "future"), [(30, 30), (10, 25)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_it_holds_the_second_sample_as_often_as_it_says(
    trials: int, future: int, confidence: float
) -> None:
    allowed = [
        predicted_successes(k, trials, future, confidence=confidence) for k in range(trials + 1)
    ]
    for rate in (0.0, 0.01, 0.1, 0.3, 0.5, 0.77, 0.99, 1.0):
        covered = sum(
            binom.pmf(k, trials, rate)
            * (binom.cdf(high, future, rate) - binom.cdf(low - 1, future, rate))
            for k, (low, high) in enumerate(allowed)
        )
        assert covered >= confidence - 1e-12


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((3, 2, 5, 0.95), "3 of 2, then 5, at 0.95"),
        ((-1, 2, 5, 0.95), "-1 of 2"),
        ((0, 0, 5, 0.95), "0 of 0"),
        ((1, 2, 0, 0.95), "then 0"),
        ((1, 2, 5, 1.0), "at 1.0"),
        ((1, 2, 5, 0.0), "at 0.0"),
    ],
)
def test_counts_without_meaning(arguments: tuple[int, int, int, float], found: str) -> None:
    successes, trials, future, confidence = arguments
    with pytest.raises(MeasureError, match=f"prediction of a rate: .*{found}"):
        predicted_successes(successes, trials, future, confidence=confidence)
