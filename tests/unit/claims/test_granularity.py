"""The checks of granularity; their arithmetic is tested with the statistics."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Kind, Ledger, Verdict, audit
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]


@pytest.mark.parametrize(
    ("quoted", "n", "verdict", "reason"),
    [
        ("77%", 30, Verdict.HOLDS, "77% of 30 is 23 (76.7%)"),
        ("0%", 30, Verdict.HOLDS, "0% of 30 is 0 (0.0%)"),
        ("100%", 30, Verdict.HOLDS, "100% of 30 is 30 (100.0%)"),
        ("100%", 1, Verdict.HOLDS, "100% of 1 is 1 (100.0%)"),
        ("67%", 60, Verdict.HOLDS, "67% of 60 is 40 (66.7%)"),
        ("0.35", 20, Verdict.HOLDS, "0.35 of 20 is 7 (0.350 nats)"),
        (
            "78%",
            30,
            Verdict.CONTRADICTED,
            "no whole number of 30 is 78%; the nearest are 23 (76.7%) and 24 (80.0%)",
        ),
        (
            "0.36",
            20,
            Verdict.CONTRADICTED,
            "no whole number of 20 is 0.36; the nearest are 7 (0.350 nats) and 8 (0.400 nats)",
        ),
        ("105%", 30, Verdict.CONTRADICTED, "no whole number of 30 is 105%; the nearest are 30"),
        (
            "77%",
            100,
            Verdict.NOT_CHECKABLE,
            "100 whole numbers can have every value that is printed like 77%, so that this "
            "cannot fail",
        ),
    ],
)
def test_whole_count(check_of: Judge, quoted: str, n: int, verdict: Verdict, reason: str) -> None:
    claim = check_of(quoted, f'check = "whole_count", n = {n}')
    assert claim.verdict is verdict
    assert claim.reason.startswith(reason)
    assert claim.checks[0].kind is Kind.GRANULARITY


@pytest.mark.parametrize(
    ("quoted", "options", "verdict", "reason"),
    [
        ("2.61", "n = 28", Verdict.HOLDS, "2.61 is 73 / 28, a mean of whole numbers"),
        (
            "5.27",
            "n = 43",
            Verdict.CONTRADICTED,
            "no 43 whole numbers have the mean 5.27; the nearest are 226 / 43 = 5.256 nats and "
            "227 / 43 = 5.279 nats",
        ),
        ("5.71", "n = 30, items = 3", Verdict.HOLDS, "5.71 is 514 / 90, a mean of whole numbers"),
        ("5.71", "n = 40", Verdict.CONTRADICTED, "no 40 whole numbers have the mean 5.71"),
        ("5.71", "n = 40, items = 3", Verdict.NOT_CHECKABLE, "120 whole numbers can have every"),
        ("3", "n = 1", Verdict.NOT_CHECKABLE, "1 whole numbers can have every"),
        ("3.0", "n = 1", Verdict.HOLDS, "3.0 is 3 / 1"),
    ],
)
def test_grim(check_of: Judge, quoted: str, options: str, verdict: Verdict, reason: str) -> None:
    claim = check_of(quoted, f'check = "grim", {options}')
    assert claim.verdict is verdict
    assert claim.reason.startswith(reason)


BOTH = "the mean {} and the standard deviation {}"


@pytest.mark.parametrize(
    ("mean", "sd", "options", "verdict", "reason"),
    [
        ("4.74", "6.55", "n = 31", Verdict.HOLDS, "31 whole numbers can have "),
        (
            "5.23",
            "2.55",
            "n = 35",
            Verdict.CONTRADICTED,
            "no 35 whole numbers have {}: every sum of squares that gives it is odd where the sum "
            "is even, or even where it is odd",
        ),
        (
            "7.22",
            "5.30",
            "n = 38",
            Verdict.CONTRADICTED,
            "no 38 whole numbers have {}: no whole sum gives the mean 7.22",
        ),
        (
            "1.50",
            "0.01",
            "n = 4",
            Verdict.CONTRADICTED,
            "no 4 whole numbers have {}: no whole sum of squares gives the standard deviation",
        ),
        ("5.71", "1.42", "n = 40, items = 3", Verdict.HOLDS, "40 means of 3 whole numbers can"),
        ("1.5", "0.5", "n = 2, ddof = 0", Verdict.HOLDS, "2 whole numbers can have"),
        ("1.5", "0.5", "n = 2", Verdict.CONTRADICTED, "no 2 whole numbers have"),
    ],
)
def test_grimmer(
    check_of: Judge, mean: str, sd: str, options: str, verdict: Verdict, reason: str
) -> None:
    claim = check_of(sd, f'check = "grimmer", mean = "m", {options}', m=mean)
    assert claim.verdict is verdict
    assert claim.reason.startswith(reason.format(BOTH.format(mean, sd)))


@pytest.mark.parametrize(
    ("mean", "sd", "n", "verdict", "reason"),
    [
        ("0.53", "0.50", 1683, Verdict.HOLDS, "884 to 900 ones among 1683 have {}"),
        ("0.50", "0.503", 100, Verdict.HOLDS, "50 ones among 100 have {}"),
        ("35%", "48.9%", 20, Verdict.HOLDS, "7 ones among 20 have {}"),
        ("0.35", "0.18", 20, Verdict.CONTRADICTED, "no 20 zeros and ones have {}"),
        ("1.00", "0.00", 50, Verdict.HOLDS, "50 ones among 50 have {}"),
        ("1.20", "0.40", 50, Verdict.CONTRADICTED, "no 50 zeros and ones have {}"),
    ],
)
def test_debit(check_of: Judge, mean: str, sd: str, n: int, verdict: Verdict, reason: str) -> None:
    claim = check_of(sd, f'check = "debit", mean = "m", n = {n}', m=mean)
    assert (claim.verdict, claim.reason) == (verdict, reason.format(BOTH.format(mean, sd)))


def test_a_check_that_cannot_fail_does_not_decide(ledger_of: Callable[[str], Ledger]) -> None:
    text = (
        '[[entry]]\nid = "c"\nsection = "1"\nquoted = "77%"\nunit = "%"\nstatement = "S."\n'
        'checks = [{ check = "whole_count", n = 500 }, { check = "same_as", other = "d" }]\n'
        '[[entry]]\nid = "d"\nsection = "1"\nquoted = "77%"\nunit = "%"\nstatement = "S."\n'
    )
    (claim,) = audit(ledger_of(text)).claims
    assert claim.verdict is Verdict.HOLDS
    assert claim.reason.startswith("77% agrees with")


def test_the_number_may_be_an_entry(check_of: Judge) -> None:
    check = 'check = "whole_count", n = "n"'
    assert check_of("77%", check, n="30").reason == "77% of 30 is 23 (76.7%)"


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        ('check = "whole_count", n = 0', "whole_count: wanted a whole number from 1, found 0"),
        ('check = "whole_count", n = "m"', "wanted a whole number from 1 at 'm', found 2.5"),
        ('check = "grim", n = 5, items = 0', "grim: wanted a whole number from 1, found 0"),
        ('check = "grimmer", mean = "m", n = 1', "wanted a whole number from 2, found 1"),
        ('check = "grimmer", mean = "m", n = 4, items = 0', "wanted a whole number from 1, found"),
        ('check = "debit", mean = "u", n = 4', "wanted the mean in 'nats', found it in '%'"),
        ('check = "debit", mean = "@d.json#x", n = 4', "wanted the id of an entry for the mean"),
        ('check = "debit", mean = "m", n = 4, ddof = 2', "ddof: Input should be 0 or 1"),
    ],
)
def test_faults(check_of: Judge, check: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=fault):
        check_of("0.5", check, m="2.5", u="2%")
