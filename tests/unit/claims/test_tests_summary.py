"""Welch's and Student's test against means, SDs and numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Verdict
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

# R, help(sleep): means 0.75 and 2.33, SDs 1.789010 and 2.002249, ten each; t.test gives
# t = -1.8608, df = 17.776, p = 0.07939; with equal variances df = 18, p = 0.07919.
SLEEP = {"m": "0.750", "o": "2.330", "s": "1.789", "u": "2.002"}
CHECK = 'check = "welch_from_summary", gives = "{}", means = ["m", "o"], sds = ["s", "u"], n = [{}]'


@pytest.mark.parametrize(
    ("gives", "quoted", "options", "verdict"),
    [
        ("t", "-1.86", "", Verdict.HOLDS),
        ("t", "1.861", "", Verdict.HOLDS),
        ("t", "1.862", "", Verdict.ROUNDING),
        ("t", "1.87", "", Verdict.CONTRADICTED),
        ("df", "17.78", "", Verdict.HOLDS),
        ("df", "18", "", Verdict.HOLDS),
        ("df", "17", "", Verdict.CONTRADICTED),
        ("df", "18.0", ", equal_variances = true", Verdict.HOLDS),
        ("df", "18.0", "", Verdict.CONTRADICTED),
        ("p", "0.079", "", Verdict.HOLDS),
        ("p", "0.0794", "", Verdict.HOLDS),
        ("p", "0.0792", ", equal_variances = true", Verdict.HOLDS),
        ("p", "0.040", ", tails = 1", Verdict.HOLDS),
        ("p", "0.049", "", Verdict.CONTRADICTED),
        ("p", "0.05", ', relation = ">"', Verdict.HOLDS),
        ("p", "0.05", ', relation = "<"', Verdict.CONTRADICTED),
    ],
)
def test_verdicts(check_of: Judge, gives: str, quoted: str, options: str, verdict: Verdict) -> None:
    claim = check_of(quoted, CHECK.format(gives, "10, 10") + options, **SLEEP)
    assert claim.verdict is verdict


def test_reasons_and_decisions(check_of: Judge) -> None:
    p = check_of("0.049", CHECK.format("p", "10, 10"), **SLEEP)
    assert p.decision_changes is True
    assert p.reason.startswith(
        "0.750 ± 1.789 (n = 10) and 2.330 ± 2.002 (n = 10) have a p of 0.07913 to "
    )
    assert p.reason.endswith(": not as printed, p = 0.049")
    t = check_of("1.86", CHECK.format("t", "10, 10"), **SLEEP)
    assert t.reason.startswith(
        "t of 0.750 ± 1.789 (n = 10) and 2.330 ± 2.002 (n = 10) lies in [1.8"
    )
    assert t.decision_changes is None


@pytest.mark.parametrize(
    ("s", "u", "found"),
    [("0.0", "0.0", "standard deviations that may both be 0")],
)
def test_no_spread(check_of: Judge, s: str, u: str, found: str) -> None:
    claim = check_of("1.86", CHECK.format("t", "10, 10"), **(SLEEP | {"s": s, "u": u}))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.endswith(f"can be compared by no t test: {found}")


def test_numbers_from_files_and_typed(data_check_of: Judge) -> None:
    files = {"d.json": {"m": [0.75, 2.33], "sd": 1.789010, "n": 10}}
    check = (
        'check = "welch_from_summary", gives = "p", means = [0.75, 2.33], '
        'sds = ["@d.json#sd", 2.002249], n = ["@d.json#n", 10]'
    )
    assert data_check_of("0.07939", check, files).verdict is Verdict.HOLDS


@pytest.mark.parametrize("n", ["1, 10", "10, 0"])
def test_too_few(check_of: Judge, n: str) -> None:
    with pytest.raises(LedgerError, match="welch_from_summary: wanted a whole number from 2"):
        check_of("1.86", CHECK.format("t", n), **SLEEP)
