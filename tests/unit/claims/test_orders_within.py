"""All within a range, and flat."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Verdict
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

KL = {"a": "470.42", "b": "469.96", "d": "470.55"}
FLAT = 'check = "flat", values = ["a", "b", "d"], tolerance = {}'


class TestAllWithin:
    @pytest.mark.parametrize(
        ("bounds", "verdict", "reason"),
        [
            ("low = 0.05", Verdict.HOLDS, "all 3 values lie at or above 0.05"),
            ("high = 0.4", Verdict.HOLDS, "all 3 values lie at or below 0.4"),
            ("low = 0.06, high = 0.39", Verdict.HOLDS, "all 3 values lie between 0.06 and 0.39"),
            (
                "low = 0.064",
                Verdict.ROUNDING,
                "3 of 3 values lie at or above 0.064; 0.06 (a) does so only by rounding",
            ),
            (
                "low = 0.066",
                Verdict.CONTRADICTED,
                "2 of 3 values lie at or above 0.066; 0.06 (a) does not",
            ),
            (
                "high = 0.38",
                Verdict.CONTRADICTED,
                "2 of 3 values lie at or below 0.38; 0.39 (d) does not",
            ),
            ("high = 0.01", Verdict.CONTRADICTED, "0 of 3 values lie at or below 0.01"),
            ("low = 0.5", Verdict.CONTRADICTED, "0 of 3 values lie at or above 0.5"),
        ],
    )
    def test_bounds(self, check_of: Judge, bounds: str, verdict: Verdict, reason: str) -> None:
        check = f'check = "all_within", values = ["a", "b", "d"], {bounds}'
        claim = check_of("all of them", check, a="0.06", b="0.10", d="0.39")
        assert claim.verdict is verdict
        assert claim.reason.startswith(reason)

    @pytest.mark.parametrize(
        ("quoted", "verdict"),
        [
            ("2.3-2.6%", Verdict.HOLDS),
            ("2.4-2.6%", Verdict.CONTRADICTED),
            ("2.325-2.6%", Verdict.ROUNDING),
            ("2.3251-2.6%", Verdict.CONTRADICTED),
            ("2.3-2.59%", Verdict.HOLDS),
        ],
    )
    def test_the_claim_s_own_range(self, check_of: Judge, quoted: str, verdict: Verdict) -> None:
        check = 'check = "all_within", values = ["a", "b"]'
        claim = check_of(quoted, check, a="2.32%", b="2.59%")
        assert claim.verdict is verdict
        assert f"within {quoted}" in claim.reason

    def test_printed_ranges_that_reach_beyond(self, check_of: Judge) -> None:
        check = 'check = "all_within", values = ["a", "b"], high = 2.5'
        claim = check_of("all of them", check, a="2.3-2.6%", b="2.4%")
        assert (claim.verdict, claim.reason) == (
            Verdict.UNSUPPORTED,
            "1 of 2 values lie at or below 2.5; 2.3-2.6% (a) reaches beyond",
        )
        column = 'check = "flat", values = ["a", "b"], level = "b", tolerance = 0.05'
        level = check_of("flat", column, a="2.3-2.6%", b="2.4%")
        assert level.verdict is Verdict.UNSUPPORTED
        assert "they need not stay within 5% of it" in level.reason

    def test_as_many_as_the_statement_is_about(self, check_of: Judge) -> None:
        check = 'check = "all_within", values = ["a", "b"], high = 2.5, total = {}'
        given = {"a": "2.3%", "b": "2.4%"}
        assert check_of("all of them", check.format(2), **given).verdict is Verdict.HOLDS
        assert check_of("all of them", check.format(3), **given).verdict is Verdict.UNSUPPORTED

    def test_rows_and_total(self, data_check_of: Judge) -> None:
        files = {"d.json": {"rows": [{"id": "l1", "p": 0.2}, {"id": "l2", "p": 0.01}], "n": 5}}
        check = 'check = "all_within", values = ["@d.json#rows.p"], low = {}, total = "@d.json#n"'
        claim = data_check_of("none", check.format(0.05), files)
        assert claim.verdict is Verdict.CONTRADICTED
        assert claim.checks[0].rows == (
            {"of": "l1", "value": 0.2, "within": True},
            {"of": "l2", "value": 0.01, "within": False},
        )
        assert claim.checks[0].computed == (0.01, 0.2)
        few = data_check_of("none", check.format(0.005), files)
        assert few.verdict is Verdict.UNSUPPORTED
        assert few.reason.endswith("the statement is about 5, of which 2 are known")

    @pytest.mark.parametrize(
        ("quoted", "bounds", "fault"),
        [
            ("all of them", "", "wanted 'low' or 'high', or a claim with one figure"),
            ("2-3", "", "wanted 'a' in 'nats', found it in '%'"),
            ("all", ", low = 3, high = 2", "wanted a range from low to high, found 3 to 2"),
        ],
    )
    def test_faults(self, check_of: Judge, quoted: str, bounds: str, fault: str) -> None:
        with pytest.raises(LedgerError, match=fault):
            check_of(quoted, f'check = "all_within", values = ["a"]{bounds}', a="1%")


class TestFlat:
    @pytest.mark.parametrize(
        ("tolerance", "verdict", "stay"),
        [
            ("0.01", Verdict.HOLDS, "they stay within 1% of it"),
            ("0.0001", Verdict.CONTRADICTED, "they do not stay within 0.01% of it"),
        ],
    )
    def test_around_the_middle(
        self, check_of: Judge, tolerance: str, verdict: Verdict, stay: str
    ) -> None:
        claim = check_of("flat", FLAT.format(tolerance), **KL)
        assert claim.verdict is verdict
        assert claim.reason.startswith(
            "the 3 values go from 469.96 to 470.55, which is 0.13% of the level 470.255: "
        )
        assert stay in claim.reason
        assert claim.reason.endswith("describes the column, and is no test that nothing changes")

    @pytest.mark.parametrize(
        ("value", "verdict"),
        [("11", Verdict.HOLDS), ("11.2", Verdict.ROUNDING), ("11.7", Verdict.CONTRADICTED)],
    )
    def test_only_by_rounding(self, check_of: Judge, value: str, verdict: Verdict) -> None:
        # The level, 10, may be 10.5 at the most, and a tenth above that 11.55.
        check = FLAT.format("0.1") + ', level = "x"'
        assert check_of("flat", check, a=value, b="10", d="10", x="10").verdict is verdict

    def test_around_a_stated_level(self, check_of: Judge) -> None:
        stated = FLAT.format("0.01") + ', level = "x"'
        assert check_of("flat", stated, **KL, x="~470").verdict is Verdict.HOLDS
        off = check_of("flat", stated, **KL, x="~500")
        assert off.verdict is Verdict.CONTRADICTED
        assert "of the level ~500" in off.reason
        nothing = check_of("flat", stated, **KL, x="0.0")
        assert nothing.verdict is Verdict.UNSUPPORTED
        assert nothing.reason == "the level, 0.0, may be 0, so that nothing is near it"

    def test_a_spread_above_the_level(self, check_of: Judge) -> None:
        claim = check_of("flat", FLAT.format("0.25"), a="0", b="0.5", d="4.8")
        assert claim.verdict is Verdict.CONTRADICTED
        assert "go from 0 to 4.8, which is 200% of the level 2.4" in claim.reason

    def test_of_values_below_zero(self, data_check_of: Judge) -> None:
        files = {"d.json": {"x": [-10.0, -10.5]}}
        check = 'check = "flat", values = ["@d.json#x"], tolerance = {}'
        assert data_check_of("flat", check.format(0.03), files).verdict is Verdict.HOLDS
        assert data_check_of("flat", check.format(0.02), files).verdict is Verdict.CONTRADICTED

    @pytest.mark.parametrize("tolerance", ["0", "1", "-0.1"])
    def test_tolerances_without_meaning(self, check_of: Judge, tolerance: str) -> None:
        with pytest.raises(LedgerError, match="flat: tolerance"):
            check_of("flat", FLAT.format(tolerance), **KL)
