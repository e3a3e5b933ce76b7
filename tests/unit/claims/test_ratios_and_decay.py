"""Whether ratios differ, and whether rates fall as an exponential does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Verdict
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

RATIOS = (
    'check = "ratios_differ", first = [["@d.json#a.one"], ["@d.json#b.one"]], '
    'second = [["@d.json#a.two"], ["@d.json#b.two"]]'
)


def data(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> dict[str, object]:
    sides = {
        name: [{"id": f"{name}{i}", "one": x, "two": y} for i, (x, y) in enumerate(rows)]
        for name, rows in (("a", a), ("b", b))
    }
    return {"d.json": sides}


B = [(2.0, 2.0), (2.2, 2.2), (1.8, 1.8), (2.1, 2.1)]


@pytest.mark.parametrize(
    ("a", "verdict", "says"),
    [
        ([(4.0, 6.0), (4.4, 6.8), (3.6, 5.6)], Verdict.HOLDS, ": the second is larger"),
        ([(6.0, 4.0), (6.8, 4.4), (5.6, 3.6)], Verdict.CONTRADICTED, ": the second is smaller"),
        ([(4.0, 2.0), (4.4, 9.9), (3.6, 3.0)], Verdict.UNSUPPORTED, ", which has 1 in it"),
        ([(4.0, 0.0), (4.4, 9.9), (3.6, 3.0)], Verdict.UNSUPPORTED, "the least 0"),
    ],
    ids=["larger", "smaller", "either", "undefined"],
)
def test_ratios(
    data_check_of: Judge, a: list[tuple[float, float]], verdict: Verdict, says: str
) -> None:
    claim = data_check_of("the gap widens", RATIOS, data(a, B))
    assert claim.verdict is verdict
    assert claim.reason.endswith(says)
    if "interval over" in claim.reason:
        assert claim.decision_changes is (verdict is not Verdict.HOLDS)
        assert [row["ratio"] for row in claim.checks[0].rows] == [
            "first",
            "second",
            "second / first",
        ]


def test_ratios_of_entries_in_different_units_make_no_sense(data_check_of: Judge) -> None:
    check = 'check = "ratios_differ", first = [["x"], ["y"]], second = [["x"], ["y"]]'
    with pytest.raises(LedgerError, match="ratios_differ: wanted 'y' in 'nats', found it in '%'"):
        data_check_of("the gap widens", check, x="1.0", y="1%")


def decay(*rates: str) -> tuple[str, dict[str, str]]:
    names = [f"r{i}" for i in range(len(rates))]
    places = [f"x{i}" for i in range(len(rates))]
    check = f'check = "exponential_decay", rates = {names}, over = {places}, n = 100'
    distances = ("10", "20", "40", "80")[: len(rates)]
    given = dict(zip(names, rates, strict=True)) | dict(zip(places, distances, strict=True))
    return check.replace("'", '"'), given


@pytest.mark.parametrize(
    ("rates", "verdict", "reason"),
    [
        (
            ("90%", "80%", "60%", "35%"),
            Verdict.UNSUPPORTED,
            "an exponential fits the 4 rates (p = 0.96), and so does a straight line (p = 0.5): "
            "they do not tell these apart",
        ),
        (
            ("98%", "70%", "30%", "6%"),
            Verdict.HOLDS,
            "and no other curve that was tried",
        ),
        (
            ("90%", "40%", "38%", "37%"),
            Verdict.CONTRADICTED,
            "no exponential towards 0 fits the 4 rates, p = ",
        ),
        (
            ("90%", "40%", "38%"),
            Verdict.UNSUPPORTED,
            "one towards a level above 0 has a third parameter, and meets any three",
        ),
        (("90%", "40%"), Verdict.UNSUPPORTED, "no curve can be tested: [90, 40] of [100, 100]"),
    ],
    ids=["others too", "only it", "not it", "three", "two"],
)
def test_decay(data_check_of: Judge, rates: tuple[str, ...], verdict: Verdict, reason: str) -> None:
    check, given = decay(*rates)
    claim = data_check_of("it decays", check, **given)
    assert claim.verdict is verdict
    assert reason in claim.reason


def test_rates_without_their_distances(data_check_of: Judge) -> None:
    check, given = decay("90%", "80%", "60%", "35%")
    claim = data_check_of("it decays", check.replace(', "x3"', ""), **given)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == "there are 4 rates and 3 distances"
