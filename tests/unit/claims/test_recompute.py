"""Means, SDs, ranges and counts, from printed figures and from data files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from plip.claims import ClaimResult, Ledger, Verdict, audit
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

ROWS = {"rows": [{"id": "a", "x": 0.5}, {"id": "b", "x": 0.25}, {"id": "c", "x": 1.0}], "n": 30}
FILES = {"d.json": ROWS}


class TestMeanOf:
    def test_of_a_data_file(self, data_check_of: Judge) -> None:
        claim = data_check_of("0.58", 'check = "mean_of", of = ["@d.json#rows.x"]', FILES)
        assert (claim.verdict, claim.reason) == (
            Verdict.HOLDS,
            "the mean of the 3 values is 0.583 nats; 0.58 fits",
        )
        assert data_check_of(
            "0.59", 'check = "mean_of", of = ["@d.json#rows.x"]', FILES
        ).verdict is (Verdict.CONTRADICTED)

    def test_of_a_figure_and_a_data_file_together(self, data_check_of: Judge) -> None:
        check = 'check = "mean_of", of = ["a", "@d.json#rows[id=c].x|%"]'
        claim = data_check_of("75.0%", check, FILES, a="50%")
        assert claim.verdict is Verdict.HOLDS
        assert claim.checks[0].computed == (74.75, 75.25)

    def test_percentages_of_whole_counts_are_known_as_counts(self, check_of: Judge) -> None:
        # 30 %, 33 % and 43 % of 30 are 9, 10 and 13: 35.56 %, though the printed ones give 35.33.
        given = {"a": "30%", "b": "33%", "d": "43%"}
        plain = check_of("36%", 'check = "mean_of", of = ["a", "b", "d"]', **given)
        assert plain.verdict is Verdict.ROUNDING
        counted = check_of("36%", 'check = "mean_of", of = ["a", "b", "d"], trials = 30', **given)
        assert (counted.verdict, counted.reason) == (
            Verdict.HOLDS,
            "the mean of the 3 printed figures, each a whole number of 30, is 35.6%; 36% fits",
        )
        assert check_of(
            "35%", 'check = "mean_of", of = ["a", "b", "d"], trials = 30', **given
        ).verdict is (Verdict.CONTRADICTED)

    def test_the_number_of_outcomes_may_stand_elsewhere(self, data_check_of: Judge) -> None:
        given = {"a": "30%", "b": "33%", "d": "43%", "n": "30"}
        for source in ("@d.json#n", "n"):
            check = f'check = "mean_of", of = ["a", "b", "d"], trials = "{source}"'
            assert data_check_of("36%", check, FILES, **given).verdict is Verdict.HOLDS

    def test_a_percentage_that_is_no_count_stays_what_it_is(self, check_of: Judge) -> None:
        claim = check_of("78%", 'check = "mean_of", of = ["a"], trials = 30', a="78%")
        assert claim.checks[0].computed == (77.5, 78.5)

    def test_a_percentage_of_several_counts_is_any_of_them(self, check_of: Judge) -> None:
        claim = check_of("67%", 'check = "mean_of", of = ["a"], trials = 200', a="67%")
        assert claim.checks[0].computed == (66.5, 67.5)
        assert claim.verdict is Verdict.HOLDS

    def test_what_was_counted_is_known_more_finely(
        self, ledger_of: Callable[[str], Ledger]
    ) -> None:
        text = "".join(
            f'[[entry]]\nid = "{i}"\nsection = "1"\nquoted = "{p}"\nunit = "%"\nstatement = "S."\n'
            for i, p in (("a", "33%"), ("b", "34%"))
        )
        text += (
            '[[entry]]\nid = "m"\nsection = "1"\nquoted = "33%"\nunit = "%"\nstatement = "S."\n'
            'checks = [{ check = "mean_of", of = ["a"], trials = 3 }]\n'
        )
        assert ledger_of(text).quantity("m").finest.show(3) == "33.333"

    @pytest.mark.parametrize(
        ("quoted", "options", "given", "fault"),
        [
            ("36", "trials = 30", "36", "wanted percentages beside 'trials', found 'nats'"),
            ("36%", "trials = 0", "36%", "wanted a whole number from 1, found 0"),
            ("36%", 'trials = "a"', "36.5%", "wanted a whole number from 1 at 'a', found 36.5%"),
        ],
    )
    def test_options_that_do_not_go_together(
        self, check_of: Judge, quoted: str, options: str, given: str, fault: str
    ) -> None:
        with pytest.raises(LedgerError, match=fault):
            check_of(quoted, f'check = "mean_of", of = ["a"], {options}', a=given)

    def test_a_count_in_a_file_must_be_one(self, data_check_of: Judge) -> None:
        check = 'check = "mean_of", of = ["a"], trials = "@d.json#rows[id=a].x"'
        with pytest.raises(ArtifactError, match=r"wanted a whole number from 1, found 0\.5"):
            data_check_of("36%", check, FILES, a="36%")


class TestSdOf:
    OF = 'check = "sd_of", of = ["a", "b", "d"]'

    @pytest.mark.parametrize(
        ("quoted", "verdict"),
        [
            ("1.0", Verdict.HOLDS),
            ("1.05", Verdict.ROUNDING),
            ("0.95", Verdict.ROUNDING),
            ("1.11", Verdict.CONTRADICTED),
            ("0.89", Verdict.CONTRADICTED),
        ],
    )
    def test_of_printed_figures(self, check_of: Judge, quoted: str, verdict: Verdict) -> None:
        claim = check_of(quoted, self.OF, a="1.0", b="2.0", d="3.0")
        assert claim.verdict is verdict
        assert claim.checks[0].computed == pytest.approx((0.95, 1.0504), abs=1e-4)

    def test_what_is_below(self, data_check_of: Judge) -> None:
        values = [0.5, 0.25, 1.0]
        for ddof in (0, 1):
            check = f'check = "sd_of", of = ["@d.json#rows.x"], ddof = {ddof}'
            sd = float(np.std(values, ddof=ddof))
            claim = data_check_of(f"{sd:.3f}", check, FILES)
            assert claim.verdict is Verdict.HOLDS
            assert claim.reason == (
                f"the standard deviation of the 3 values, with n − {ddof} below, is {sd:.4f} nats; "
                f"{sd:.3f} fits"
            )
            assert claim.checks[0].computed == pytest.approx((sd, sd), rel=1e-12)

    def test_of_one_value_there_is_none(self, check_of: Judge) -> None:
        claim = check_of("0.0", 'check = "sd_of", of = ["a"]', a="1.0")
        assert claim.verdict is Verdict.UNSUPPORTED
        assert claim.reason == (
            "the standard deviation of the one printed figure, with n − 1 below, is not defined"
        )
        population = check_of("0.0", 'check = "sd_of", of = ["a"], ddof = 0', a="1.0")
        assert population.verdict is Verdict.HOLDS

    def test_it_is_known_more_finely(self, ledger_of: Callable[[str], Ledger]) -> None:
        text = "".join(
            f'[[entry]]\nid = "{i}"\nsection = "1"\nquoted = "{p}"\nunit = "nats"\n'
            f'statement = "S."\nchecks = [{c}]\n'
            for i, p, c in (
                ("a", "1.00", ""),
                ("b", "3.00", ""),
                ("s", "1", '{ check = "sd_of", of = ["a", "b"] }'),
            )
        )
        assert ledger_of(text).quantity("s").finest_at_face.show(4) == "1.4142"


class TestRangeOf:
    OF = 'check = "range_of", of = ["a", "b", "d"]'

    @pytest.mark.parametrize(
        ("quoted", "verdict", "fits"),
        [
            ("2.3-9.1%", Verdict.HOLDS, "fits"),
            ("2.32–9.08%", Verdict.HOLDS, "fits"),
            ("2.3-9.2%", Verdict.CONTRADICTED, "does not fit"),
            ("2.4-9.1%", Verdict.CONTRADICTED, "does not fit"),
            ("5.7-9.1%", Verdict.CONTRADICTED, "does not fit"),
            ("2.315-9.08%", Verdict.ROUNDING, "fits only by their rounding"),
            ("9.1%", Verdict.CONTRADICTED, "does not fit"),
        ],
    )
    def test_of_printed_figures(
        self, check_of: Judge, quoted: str, verdict: Verdict, fits: str
    ) -> None:
        claim = check_of(quoted, self.OF, a="5.70%", b="9.08%", d="2.32%")
        assert claim.verdict is verdict
        assert claim.reason == f"the 3 printed figures go from 2.32% to 9.08%; {quoted} {fits}"
        assert claim.checks[0].computed == (2.315, 9.085)
        assert claim.checks[0].rows[0] == {"of": "a", "value": 5.7}

    def test_several_files_are_told_apart(self, data_check_of: Judge) -> None:
        files = {"one.json": {"r": 2.78}, "two.json": {"r": 4.35}}
        check = 'check = "range_of", of = ["@one.json#r", "@two.json#r"]'
        claim = data_check_of("2.8-4.4×", check, files)
        assert claim.verdict is Verdict.CONTRADICTED  # exact scales
        assert [row["of"] for row in claim.checks[0].rows] == ["one", "two"]

    def test_both_ends_of_a_single_number(self, check_of: Judge) -> None:
        assert check_of("5.7%", self.OF, a="5.70%", b="5.71%", d="5.69%").verdict is Verdict.HOLDS


class TestCountOf:
    def test_of_a_data_file(self, data_check_of: Judge) -> None:
        check = 'check = "count_of", of = ["@d.json#rows.id"]'
        claim = data_check_of("3", check, FILES)
        assert (claim.verdict, claim.checks[0].computed) == (Verdict.HOLDS, (3, 3))
        assert data_check_of("4", check, FILES).verdict is Verdict.CONTRADICTED

    def test_entries_are_not_counted(self, check_of: Judge) -> None:
        with pytest.raises(LedgerError, match="wanted a reference into a data file, found 'a'"):
            check_of("1", 'check = "count_of", of = ["a"]', a="1.0")


def test_no_source_is_refused(check_of: Judge) -> None:
    for name in ("mean_of", "sd_of", "range_of", "count_of"):
        with pytest.raises(LedgerError, match=f"{name}: of: .* at least 1 item"):
            check_of("1.0", f'check = "{name}", of = []')


def test_other_units_are_refused(check_of: Judge) -> None:
    for name in ("mean_of", "sd_of", "range_of"):
        with pytest.raises(LedgerError, match=f"{name}: wanted 'a' in 'nats', found it in '%'"):
            check_of("1.0", f'check = "{name}", of = ["a"]', a="1.0%")


def test_a_missing_file_is_no_pass(ledger_of: Callable[[str], Ledger]) -> None:
    text = (
        '[[entry]]\nid = "c"\nsection = "1"\nquoted = "1"\nunit = ""\nstatement = "S."\n'
        'checks = [{ check = "count_of", of = ["@d.json#rows"] }]\n'
    )
    (claim,) = audit(ledger_of(text)).claims
    assert (claim.verdict, claim.reason) == (Verdict.NOT_CHECKABLE, "needs artifacts: d.json")
