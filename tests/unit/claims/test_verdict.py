"""How a printed figure is compared with its recomputation."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from plip.claims import Verdict, compare, worst
from plip.stats import Interval

pytestmark = pytest.mark.fast


def between(low: str, high: str) -> Interval:
    return Interval(Fraction(low), Fraction(high))


@pytest.mark.parametrize(
    ("computed", "at_face", "verdict"),
    [
        (("5.697", "5.707"), ("5.702", "5.702"), Verdict.HOLDS),
        # A tie rounds either way.
        (("5.700", "5.710"), ("5.705", "5.705"), Verdict.HOLDS),
        (("5.701", "5.711"), ("5.706", "5.706"), Verdict.ROUNDING),
        (("5.705", "5.715"), ("5.710", "5.710"), Verdict.ROUNDING),
        (("5.7051", "5.7151"), ("5.7101", "5.7101"), Verdict.CONTRADICTED),
        (("5.685", "5.6949"), ("5.690", "5.690"), Verdict.CONTRADICTED),
        # Bounds at face value that admit the figure.
        (("2.315", "6.975"), ("2.32", "6.96"), Verdict.HOLDS),
        (("5.70", "6.975"), ("5.71", "6.96"), Verdict.ROUNDING),
    ],
)
def test_compare(computed: tuple[str, str], at_face: tuple[str, str], verdict: Verdict) -> None:
    assert compare(Interval.reported("5.70"), between(*computed), between(*at_face)) is verdict


def test_the_worst_counts() -> None:
    assert worst([Verdict.HOLDS]) is Verdict.HOLDS
    ranked = [
        Verdict.HOLDS,
        Verdict.ROUNDING,
        Verdict.NOT_CHECKABLE,
        Verdict.UNSUPPORTED,
        Verdict.CONTRADICTED,
    ]
    for better, worse in pairwise(ranked):
        assert worst([worse, better]) is worst([better, worse]) is worse


def test_the_words_of_the_verdicts_and_which_of_them_stand() -> None:
    assert {str(verdict): verdict.stands for verdict in Verdict} == {
        "holds": True,
        "holds only by rounding": True,
        "not checkable here": False,
        "unsupported": False,
        "contradicted": False,
    }
