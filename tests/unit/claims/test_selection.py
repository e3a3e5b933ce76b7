"""The best of many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from plip.claims import ClaimResult, Kind, Verdict
from plip.errors import LedgerError
from plip.stats import max_t

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

SCAN = {
    "rows": [{"layer": 10 + i, "p": p} for i, p in enumerate((0.3, 0.0001139, 0.02, 0.6))],
    "layers": 28,
    "bad": [0.2, 1.2],
}
FILES = {"d.json": SCAN}


def best(options: str = "", path: str = "rows.p") -> str:
    return f'check = "best_of", p = ["@d.json#{path}"]{options}'


def test_all_that_were_searched(data_check_of: Judge) -> None:
    claim = data_check_of("significant", best(', available = "@d.json#layers"'), FILES)
    assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
    assert claim.reason == (
        "p = 0.0001139 is the best of 4 layers searched of 28; adjusted for them it is 0.00046 "
        "(Bonferroni), still below 0.05"
    )
    assert claim.checks[0].kind is Kind.SELECTION
    assert claim.checks[0].computed == pytest.approx((4 * 0.0001139,) * 2)
    assert [row["Holm"] for row in claim.checks[0].rows] == pytest.approx(
        [0.6, 0.0004556, 0.06, 0.6]
    )


@pytest.mark.parametrize(
    ("searched", "verdict", "changes"),
    [(19, Verdict.HOLDS, False), (438, Verdict.HOLDS, False), (440, Verdict.UNSUPPORTED, True)],
)
def test_only_the_best_is_known(
    data_check_of: Judge, searched: int, verdict: Verdict, changes: bool
) -> None:
    check = best(f", searched = {searched}", "rows[layer=11].p")
    claim = data_check_of("significant", check, FILES)
    assert (claim.verdict, claim.decision_changes) == (verdict, changes)
    assert claim.checks[0].chart is None
    if changes:
        assert claim.reason.endswith("(Bonferroni), above 0.05")


def test_no_fewer_were_searched_than_there_are_p(data_check_of: Judge) -> None:
    claim = data_check_of("significant", best(", searched = 2"), FILES)
    assert claim.reason.startswith("p = 0.0001139 is the best of 4 layers; adjusted")
    assert claim.checks[0].computed == pytest.approx((4 * 0.0001139,) * 2)


@pytest.mark.parametrize(
    ("quoted", "options", "verdict", "end"),
    [
        ("0.0005", "", Verdict.HOLDS, "still below 0.05, and as printed, p < 0.0005"),
        ("0.0002", "", Verdict.UNSUPPORTED, "still below 0.05, but not as printed, p < 0.0002"),
        ("0.0001", "", Verdict.CONTRADICTED, "p itself is not < 0.0001"),
        ("0.0001", ', relation = "="', Verdict.UNSUPPORTED, "but not as printed, p = 0.0001"),
        ("0.001", ', relation = ">"', Verdict.CONTRADICTED, "p itself is not > 0.001"),
    ],
)
def test_the_printed_p(
    data_check_of: Judge, quoted: str, options: str, verdict: Verdict, end: str
) -> None:
    claim = data_check_of(quoted, best(f", reports_p = true{options}"), FILES)
    assert (claim.verdict, claim.decision_changes) == (verdict, False)
    assert claim.reason.endswith(end)


def test_an_unknown_search_is_a_finding(data_check_of: Judge) -> None:
    check = 'check = "best_of", p = ["a"], searched = "unknown"'
    claim = data_check_of("significant", check, FILES, a="0.018")
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, None)
    assert claim.reason == (
        "how many layers the one with p = 0.018 was chosen from is not stated; "
        "it would stand at 0.05 for up to 2"
    )
    assert claim.checks[0].computed is None
    all_of_them = data_check_of("significant", f"{check}, available = 24", FILES, a="0.018")
    assert all_of_them.reason.endswith(", and of all 24 it has p = 0.43 (Bonferroni)")
    none = data_check_of("significant", check, FILES, a="0")
    assert none.reason.endswith("it would stand at 0.05 for any number")


def test_the_chart(data_check_of: Judge) -> None:
    check = best(', places = ["@d.json#rows.layer"], reports_p = true, things = "heads"')
    chart = data_check_of("0.0002", check, FILES).checks[0].chart
    assert chart is not None
    assert (chart.x, chart.y_log) == ("heads", True)
    assert chart.series[0].x == (10, 11, 12, 13)
    assert chart.series[0].y == (0.3, 0.0001139, 0.02, 0.6)
    assert [(line.name, line.at) for line in chart.lines] == [
        ("0.05", 0.05),
        ("0.05, adjusted for the search", 0.0125),
        ("p < 0.0002, as printed", 0.0002),
    ]


def test_p_of_0_has_no_place_on_the_axis(data_check_of: Judge) -> None:
    files = {"d.json": {"p": [0.0, 0.5]}}
    result = data_check_of("significant", best("", "p"), files).checks[0]
    assert result.outcome is Verdict.HOLDS
    assert result.chart is not None
    assert result.chart.series[0].y == (None, 0.5)


class TestValuesOfEveryPlace:
    @pytest.fixture
    def files(self) -> dict[str, object]:
        rng = np.random.default_rng(2)
        first, second = rng.normal(size=(3, 8)), rng.normal(size=(3, 8))
        first[1] += 3
        return {
            "d.json": {
                "p": [0.4, 0.00001, 0.7],
                **{f"one{i}": row.tolist() for i, row in enumerate(first)},
                **{f"other{i}": row.tolist() for i, row in enumerate(second)},
                "short": [1, 2, 3],
            }
        }

    CHECK = best("", "p") + (
        ', first = ["@d.json#one0", "@d.json#one1", "@d.json#one2"]'
        ', second = ["@d.json#other0", "@d.json#other1", "@d.json#{}"]'
    )

    def test_max_t_and_held_out_halves(
        self, data_check_of: Judge, files: dict[str, dict[str, list[float]]]
    ) -> None:
        claim = data_check_of("significant", self.CHECK.format("other2"), files)
        data = files["d.json"]
        groups = (
            [list(unit) for unit in zip(*(data[f"{name}{i}"] for i in range(3)), strict=True)]
            for name in ("one", "other")
        )
        assert claim.checks[0].computed == pytest.approx((min(max_t(*groups, seed=0)),) * 2)
        assert claim.reason.endswith("(max-T), still below 0.05")
        held = claim.checks[0].rows[3:]
        assert [row["place"] for row in held] == ["1, held out", "1, held out"]
        assert all(row["p"] < 0.05 and row["Holm"] is None for row in held)

    def test_different_units(self, data_check_of: Judge, files: dict[str, object]) -> None:
        claim = data_check_of("significant", self.CHECK.format("short"), files)
        assert claim.verdict is Verdict.UNSUPPORTED
        assert claim.reason == "the search cannot be tested: [3, 8] units"

    def test_one_group_alone(self, data_check_of: Judge) -> None:
        with pytest.raises(LedgerError, match="wanted both groups everywhere, found 1 and 0"):
            data_check_of("significant", best(', first = ["@d.json#rows.p"]'), FILES)


def test_what_is_no_p(data_check_of: Judge) -> None:
    claim = data_check_of("significant", best("", "bad"), FILES)
    assert (claim.verdict, claim.reason) == (
        Verdict.UNSUPPORTED,
        "what is given as p is not all from 0 to 1",
    )


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (", searched = 0", "wanted a whole number from 1, found 0"),
        (", available = 0", "wanted a whole number from 1, found 0"),
        (", reports_p = true", "wanted a claim with one figure, its p, found 0"),
        (", searched = -1", "searched"),
    ],
)
def test_faults(data_check_of: Judge, options: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=f"best_of: {fault}"):
        data_check_of("significant", best(options), FILES)
