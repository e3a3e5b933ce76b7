"""Reported p against statistics and bounds, with the examples of statcheck."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scipy import stats

from plip.claims import ClaimResult, Kind, Verdict
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]


def report(
    judge: Judge,
    statistic: str,
    p: str,
    relation: str = "=",
    *,
    test: str = "t",
    df: str = "28",
    options: str = "",
) -> ClaimResult:
    check = (
        f'check = "reported_p", test = "{test}", statistic = "s", df = [{df}], '
        f'relation = "{relation}"{options}'
    )
    return judge(p, check, s=statistic)


# statcheck (R), tests/testthat/test-decisionerror.R: "simple decision errors".
@pytest.mark.parametrize(
    ("test", "df", "statistic", "p"),
    [
        ("t", "28", "2.20", "0.06"),
        ("t", "28", "1.20", "0.03"),
        ("F", "2, 28", "22.20", "0.06"),
        ("F", "2, 28", "2.20", "0.03"),
        ("r", "28", "0.22", "0.03"),
        ("r", "28", "0.52", "0.06"),
        ("chi2", "28", "2.20", "0.03"),
        ("chi2", "28", "52.20", "0.06"),
        ("z", "", "1.20", "0.03"),
        ("z", "", "2.20", "0.06"),
    ],
)
def test_decision_errors_of_statcheck(
    check_of: Judge, test: str, df: str, statistic: str, p: str
) -> None:
    claim = report(check_of, statistic, p, test=test, df=df)
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.decision_changes is True


# The same file, "decision errors are correctly classified when alpha levels are changed".
@pytest.mark.parametrize(
    ("statistic", "p", "alpha"),
    [
        ("2.20", "0.06", "0.05"),
        ("1.20", "0.03", "0.05"),
        ("2.20", "0.11", "0.10"),
        ("1.20", "0.09", "0.10"),
        ("5.20", "0.02", "0.01"),
        ("1.20", "0.005", "0.01"),
    ],
)
def test_decision_errors_at_other_levels(
    check_of: Judge, statistic: str, p: str, alpha: str
) -> None:
    claim = report(check_of, statistic, p, options=f", alpha = {alpha}")
    assert claim.decision_changes is True


# The same file, from "cases where t = ..., p = ... are correctly classified" on: t of p = .04, .05
# and .06, and whether the decision is in error. At .05 a little more or less decides.
T04, T06 = (f"{stats.t.isf(p / 2, 28):.15f}" for p in (0.04, 0.06))
ABOVE = f"{stats.t.isf(0.025, 28) + 0.0001:.15f}"


@pytest.mark.parametrize(
    ("statistic", "relation", "p", "error"),
    [
        (T04, "=", "0.04", False),
        (ABOVE, "=", "0.04", False),
        (T06, "=", "0.04", True),
        (T04, "=", "0.05", False),
        (T06, "=", "0.05", True),
        (T04, "=", "0.06", True),
        (ABOVE, "=", "0.06", True),
        (T06, "=", "0.06", False),
        (T04, "<", "0.04", False),
        (ABOVE, "<", "0.04", False),
        (T06, "<", "0.04", True),
        (T04, "<", "0.05", False),
        (ABOVE, "<", "0.05", False),
        (T06, "<", "0.05", True),
        (T04, "<", "0.06", False),
        (ABOVE, "<", "0.06", False),
        (T06, "<", "0.06", False),
        (T04, ">", "0.04", False),
        (ABOVE, ">", "0.04", False),
        (T06, ">", "0.04", False),
        (T04, ">", "0.05", True),
        (ABOVE, ">", "0.05", True),
        (T06, ">", "0.05", False),
        (T04, ">", "0.06", True),
        (ABOVE, ">", "0.06", True),
        (T06, ">", "0.06", False),
    ],
)
def test_decisions_of_statcheck(
    check_of: Judge, statistic: str, relation: str, p: str, error: bool
) -> None:
    claim = report(check_of, statistic, p, relation)
    assert (claim.decision_changes is True) is error


def test_an_inconsistency_need_not_change_the_decision(check_of: Judge) -> None:
    # statcheck, tests/testthat/test-error.R has the first; t(28) = 2.20 has p = .036.
    assert report(check_of, "1.02", "0.05", "<", df="48").decision_changes is True
    harmless = report(check_of, "2.20", "0.03")
    assert (harmless.verdict, harmless.decision_changes) == (Verdict.CONTRADICTED, False)
    assert harmless.reason == (
        "t(28) = 2.20 has a two-tailed p of 0.03584 to 0.03662: not as printed, p = 0.03"
    )
    assert harmless.checks[0].kind is Kind.TEST


@pytest.mark.parametrize(
    ("statistic", "relation", "p", "verdict"),
    [
        ("2.20", "=", "0.036", Verdict.HOLDS),
        ("2.20", "=", "0.04", Verdict.HOLDS),
        ("2.20", "=", "0.0366", Verdict.ROUNDING),
        ("2.20", "=", "0.0368", Verdict.CONTRADICTED),
        ("2.20", "<", "0.05", Verdict.HOLDS),
        ("2.20", "<", "0.0362", Verdict.ROUNDING),
        ("2.20", "<", "0.0358", Verdict.CONTRADICTED),
        ("2.20", ">", "0.03", Verdict.HOLDS),
        ("2.20", ">", "0.0365", Verdict.ROUNDING),
        ("2.20", ">", "0.0367", Verdict.CONTRADICTED),
        ("-2.20", "=", "0.036", Verdict.HOLDS),
    ],
)
def test_verdicts(check_of: Judge, statistic: str, relation: str, p: str, verdict: Verdict) -> None:
    assert report(check_of, statistic, p, relation).verdict is verdict


def test_one_tail(check_of: Judge) -> None:
    claim = report(check_of, "2.20", "0.018", options=", tails = 1")
    assert claim.verdict is Verdict.HOLDS
    assert "has a one-tailed p of 0.01792 to 0.01831" in claim.reason
    assert report(check_of, "2.20", "0.018").verdict is Verdict.CONTRADICTED
    upper = report(check_of, "4.965", "0.05", test="F", df="1, 10")
    assert upper.reason.startswith("F(1, 10) = 4.965 has a p of 0.0")


def test_whether_it_changes_may_be_open(check_of: Judge) -> None:
    # t(28) = 2.05 may be 2.048, where p is 0.05.
    assert report(check_of, "2.05", "0.05").decision_changes is None
    assert report(check_of, "2.20", "0.10", "<").decision_changes is None


def test_degrees_of_freedom_may_stand_elsewhere(data_check_of: Judge) -> None:
    files = {"d.json": {"t": 5.727821205171171, "df": 10.705995452971374}}
    check = 'check = "reported_p", test = "t", statistic = "@d.json#t", df = ["@d.json#df"]'
    claim = data_check_of("0.00015", check, files)
    assert claim.verdict is Verdict.HOLDS
    assert claim.reason.startswith("t(10.706) = 5.72782 has a two-tailed p of 0.0001471:")
    typed = 'check = "reported_p", test = "t", statistic = 5.7278, df = [10.706]'
    assert data_check_of("0.00015", typed, files).verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    ("test", "df", "statistic", "reason"),
    [
        ("r", "8", "1.30", "r(8) = 1.30 has no p: 1.295"),
        ("t", "0", "1.30", "t(0) = 1.30 has no p: [0.0]"),
    ],
)
def test_what_has_no_p(check_of: Judge, test: str, df: str, statistic: str, reason: str) -> None:
    claim = report(check_of, statistic, "0.05", test=test, df=df)
    assert (claim.verdict, claim.reason) == (Verdict.UNSUPPORTED, reason)


@pytest.mark.parametrize(
    ("test", "df", "options", "fault"),
    [
        ("t", "", "", "wanted 1 degrees of freedom of t, found 0"),
        ("F", "2", "", "wanted 2 degrees of freedom of F, found 1"),
        ("z", "2", "", "wanted 0 degrees of freedom of z, found 1"),
        ("t", "2", ", alpha = 1", "alpha: Input should be less than 1"),
        ("t", "2", ", tails = 3", "tails: Input should be 1 or 2"),
        ("q", "2", "", "test: Input should be 't', 'F', 'chi2', 'z' or 'r'"),
    ],
)
def test_faults(check_of: Judge, test: str, df: str, options: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=f"reported_p: {fault}"):
        report(check_of, "2.20", "0.05", test=test, df=df, options=options)


class TestPBelow:
    FILES = {"one.json": {"best": 3.0e-6}, "two.json": {"best": 0.00011391928}}  # noqa: RUF012
    CHECK = 'check = "p_below", p = ["@one.json#best", "@two.json#best"]'

    def test_every_one(self, data_check_of: Judge) -> None:
        claim = data_check_of("0.0002", self.CHECK, self.FILES)
        assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
        assert claim.reason == ("the largest of 2 p is 0.000113919 (two): as printed, p < 0.0002")
        assert claim.checks[0].rows[0] == {"of": "one", "p": 3e-6}

    @pytest.mark.parametrize("bound", ["0.0001", "0.00011"])
    def test_not_every_one(self, data_check_of: Judge, bound: str) -> None:
        claim = data_check_of(bound, self.CHECK, self.FILES)
        assert (claim.verdict, claim.decision_changes) == (Verdict.CONTRADICTED, False)

    def test_fewer_than_the_statement_is_about(self, data_check_of: Judge) -> None:
        claim = data_check_of("0.0002", f"{self.CHECK}, total = 4", self.FILES)
        assert claim.verdict is Verdict.UNSUPPORTED
        assert claim.reason.endswith("; the statement is about 4, of which 2 are known")

    def test_printed_ones(self, check_of: Judge) -> None:
        check = 'check = "p_below", p = ["a"]'
        assert check_of("0.05", check, a="0.049").verdict is Verdict.HOLDS
        assert check_of("0.05", check, a="0.05").verdict is Verdict.ROUNDING
        over = check_of("0.05", check, a="0.06")
        assert (over.verdict, over.decision_changes) == (Verdict.CONTRADICTED, True)
        assert over.reason == "p is 0.06: not as printed, p < 0.05"

    def test_a_total_that_is_no_count(self, data_check_of: Judge) -> None:
        with pytest.raises(ArtifactError, match="wanted a whole number from 1"):
            data_check_of("0.0002", f'{self.CHECK}, total = "@one.json#best"', self.FILES)
