"""Greater than, rising, falling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Verdict
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

SCAN = {
    "rows": [
        {"id": "l10", "py": 0.10, "rust": 0.12, "layer": 10},
        {"id": "l11", "py": 0.20, "rust": 0.23, "layer": 11},
        {"id": "l12", "py": 0.30, "rust": 0.31, "layer": 12},
    ],
    "layers": 4,
}
FILES = {"d.json": SCAN}


class TestGreater:
    @pytest.mark.parametrize(
        ("a", "b", "verdict", "reason"),
        [
            ("9.17%", "5.70%", Verdict.HOLDS, "9.17% (a) is greater than 5.70% (b)"),
            ("5.71%", "5.70%", Verdict.HOLDS, "5.71% (a) is greater than 5.70% (b)"),
            (
                "5.70%",
                "5.70%",
                Verdict.ROUNDING,
                "5.70% (a) is greater only by rounding than 5.70% (b)",
            ),
            ("5.7%", "5.71%", Verdict.ROUNDING, "5.7% (a) is greater only by rounding than"),
            ("5.69%", "5.70%", Verdict.CONTRADICTED, "5.69% (a) is not greater than 5.70% (b)"),
            ("5.7-9.1%", "2.3-2.6%", Verdict.HOLDS, "5.7-9.1% (a) is greater than 2.3-2.6% (b)"),
            ("5.7-9.1%", "2.3-6.0%", Verdict.UNSUPPORTED, "5.7-9.1% (a) overlaps with 2.3-6.0%"),
            ("2.3-2.6%", "5.7-9.1%", Verdict.CONTRADICTED, "2.3-2.6% (a) is not greater than"),
        ],
    )
    def test_two(self, check_of: Judge, a: str, b: str, verdict: Verdict, reason: str) -> None:
        claim = check_of("more", 'check = "greater", values = ["a"], than = ["b"]', a=a, b=b)
        assert claim.verdict is verdict
        assert claim.reason.startswith(reason)

    def test_one_by_one(self, data_check_of: Judge) -> None:
        rust, py = "@d.json#rows.rust", "@d.json#rows.py"
        claim = data_check_of(
            "more", f'check = "greater", values = ["{rust}"], than = ["{py}"]', FILES
        )
        assert (claim.verdict, claim.reason) == (
            Verdict.HOLDS,
            "3 of 3 are greater; the closest: 0.31 (l12) is greater than 0.3 (l12)",
        )
        assert claim.checks[0].computed == pytest.approx((0.01, 0.01))
        assert claim.checks[0].rows[1] == {"of": "l11", "value": 0.23, "than": 0.2, "greater": True}

    def test_all_against_one(self, data_check_of: Judge) -> None:
        check = 'check = "greater", values = ["@d.json#rows.rust"], than = ["b"]'
        claim = data_check_of("more", check, FILES, b="0.2")
        assert claim.verdict is Verdict.CONTRADICTED
        assert claim.reason == (
            "2 of 3 are greater; among the others: 0.12 (l10) is not greater than 0.2 (b)"
        )

    def test_fewer_cases_than_the_statement_is_about(self, data_check_of: Judge) -> None:
        check = (
            'check = "greater", values = ["@d.json#rows.rust"], than = ["{}"], '
            'total = "@d.json#layers"'
        )
        claim = data_check_of("more", check.format("@d.json#rows.py"), FILES)
        assert claim.verdict is Verdict.UNSUPPORTED
        assert claim.reason.endswith("; the statement is about 4, of which 3 are known")
        # One counterexample is enough, however many there are.
        broken = data_check_of("more", check.format("b"), FILES, b="0.2")
        assert broken.verdict is Verdict.CONTRADICTED

    def test_lists_of_different_lengths(self, data_check_of: Judge) -> None:
        check = 'check = "greater", values = ["@d.json#rows.rust"], than = ["a", "b"]'
        claim = data_check_of("more", check, FILES, a="1", b="2")
        assert (claim.verdict, claim.reason) == (
            Verdict.UNSUPPORTED,
            "3 values cannot be compared one by one with 2",
        )

    def test_mere_numbers_are_not_named(self, data_check_of: Judge) -> None:
        files = {"d.json": {"x": [3, 4], "y": [1, 2]}}
        check = 'check = "greater", values = ["@d.json#x"], than = ["@d.json#y"]'
        assert data_check_of("more", check, files).reason.endswith("3 is greater than 1")


class TestRises:
    @pytest.mark.parametrize(
        ("values", "direction", "verdict", "reason"),
        [
            ("1.0 1.2 1.5", "up", Verdict.HOLDS, "every step is a rise; … 1.0 (a) to 1.2 (b)"),
            ("1.5 1.2 1.1", "down", Verdict.HOLDS, "every step is a fall; … 1.2 (b) to 1.1 (d)"),
            (
                "1.0 1.0 1.5",
                "up",
                Verdict.ROUNDING,
                "not every step is a rise at face value; … 1.0 (a) to 1.0 (b)",
            ),
            (
                "1.0 0.8 1.5",
                "up",
                Verdict.CONTRADICTED,
                "not every step is a rise; … 1.0 (a) to 0.8 (b)",
            ),
            (
                "1.0 1.2 1.5",
                "down",
                Verdict.CONTRADICTED,
                "not every step is a fall; … 1.2 (b) to 1.5 (d)",
            ),
            (
                "1.0-1.2 1.1-1.3 2.0",
                "up",
                Verdict.UNSUPPORTED,
                "not every step is certainly a rise; … 1.0-1.2 (a) to 1.1-1.3 (b)",
            ),
        ],
    )
    def test_in_the_order_given(
        self, check_of: Judge, values: str, direction: str, verdict: Verdict, reason: str
    ) -> None:
        check = f'check = "rises", values = ["a", "b", "d"], direction = "{direction}"'
        claim = check_of("it rises", check, **dict(zip("abd", values.split(), strict=True)))
        assert claim.verdict is verdict
        assert claim.reason == reason.replace("…", "the smallest is from")

    def test_in_the_order_of_something_else(self, check_of: Judge) -> None:
        check = 'check = "rises", values = ["a", "b", "d"], over = ["x", "y", "z"]'
        given = {"a": "1.5", "b": "1.0", "d": "1.2", "x": "9×", "y": "1×", "z": "3×"}
        claim = check_of("it rises", check, **given)
        assert claim.verdict is Verdict.HOLDS
        assert [row["at"] for row in claim.checks[0].rows] == ["b", "d", "a"]
        assert claim.checks[0].computed == pytest.approx((0.1, 0.3))

    def test_of_a_data_file(self, data_check_of: Judge) -> None:
        check = 'check = "rises", values = ["@d.json#rows.py"], over = ["@d.json#rows.layer"]'
        assert data_check_of("it rises", check, FILES).verdict is Verdict.HOLDS
        assert (
            data_check_of("it rises", f"{check}, total = 4", FILES).verdict is Verdict.UNSUPPORTED
        )

    def test_two_points_make_no_trend(self, check_of: Judge) -> None:
        check = 'check = "rises", values = ["a", "b"]'
        given = {"a": "2.46×", "b": "3.51×"}
        assert check_of("it widens", check, **given).verdict is Verdict.HOLDS
        claim = check_of("it widens", f"{check}, points = 3", **given)
        assert claim.verdict is Verdict.UNSUPPORTED
        assert claim.reason.endswith("; 2 points do not make a trend, which needs 3")

    def test_percentages_within_noise(self, check_of: Judge) -> None:
        check = 'check = "rises", values = ["a", "b", "d"], direction = "down", trials = {}'
        given = {"a": "74%", "b": "44%", "d": "36%"}
        claim = check_of("it decays", check.format(90), **given)
        assert claim.verdict is Verdict.UNSUPPORTED
        assert claim.reason == (
            "every step is a fall; the smallest is from 44% (b) to 36% (d); but 44% and 36% of 90 "
            "each are 9 points apart within ±14 (95 %), which sampling alone can give"
        )
        assert check_of("it decays", check.format(2000), **given).verdict is Verdict.HOLDS
        extremes = check_of(
            "it decays", check.format(50), **(given | {"a": "100%", "b": "50%", "d": "0%"})
        )
        assert extremes.verdict is Verdict.HOLDS

    @pytest.mark.parametrize(
        ("check", "verdict"),
        [
            ('values = ["a"]', Verdict.UNSUPPORTED),
            ('values = ["a", "b"], over = ["a"]', Verdict.UNSUPPORTED),
        ],
    )
    def test_too_little_to_rise(self, check_of: Judge, check: str, verdict: Verdict) -> None:
        claim = check_of("it rises", f'check = "rises", {check}', a="1", b="2")
        assert claim.verdict is verdict
        assert claim.reason == "there are not as many values as places, or fewer than two of them"

    @pytest.mark.parametrize(
        ("check", "fault"),
        [
            ('values = ["a", "b"]', "wanted 'b' in 'nats', found it in '%'"),
            ('values = ["b"], trials = 0', "wanted a whole number from 1, found 0"),
            ('values = ["a"], trials = 9', "wanted 'a' in '%', found it in 'nats'"),
            ('values = ["b"], total = 0', "wanted a whole number from 1, found 0"),
            ('values = ["b"], points = 1', "points: Input should be greater than or equal to 2"),
            ('values = ["b"], direction = "flat"', "direction: Input should be 'up' or 'down'"),
        ],
    )
    def test_faults(self, check_of: Judge, check: str, fault: str) -> None:
        with pytest.raises(LedgerError, match=fault):
            check_of("it rises", f'check = "rises", {check}', a="1", b="2%")


def test_greater_in_one_unit(check_of: Judge) -> None:
    with pytest.raises(LedgerError, match="greater: wanted 'b' in 'nats', found it in '%'"):
        check_of("more", 'check = "greater", values = ["a"], than = ["b"]', a="1", b="2%")


def test_a_total_that_is_no_count(data_check_of: Judge) -> None:
    check = 'check = "greater", values = ["a"], than = ["b"], total = "@d.json#rows[id=l10].py"'
    with pytest.raises(ArtifactError, match=r"wanted a whole number from 1, found 0\.1"):
        data_check_of("more", check, FILES, a="2", b="1")
