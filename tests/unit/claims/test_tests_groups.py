"""Two groups, by several tests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy import stats

from plip.claims import ClaimResult, Verdict
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

# Extra hours of sleep of ten and ten (R, help(sleep)): Welch p = 0.07939.
SLEEP = {
    "one": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    "other": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    "same": [1, 1, 1],
    "few": [2],
}
FILES = {"d.json": SLEEP}


def two(options: str = "", first: str = "one", second: str = "other") -> str:
    return (
        f'check = "two_groups", first = ["@d.json#{first}"], second = ["@d.json#{second}"]{options}'
    )


@pytest.mark.parametrize(
    ("options", "verdict", "changes", "says"),
    [
        ("", Verdict.CONTRADICTED, True, "p = 0.07939: not significant at 0.05"),
        (', states = "not significant"', Verdict.HOLDS, False, "not significant at 0.05"),
        (", alpha = 0.1", Verdict.HOLDS, False, "p = 0.07939: significant at 0.1"),
        (
            ', tails = 1, direction = "less"',
            Verdict.HOLDS,
            False,
            "one-tailed, has p = 0.0397: significant at 0.05",
        ),
        (
            ', tails = 1, direction = "greater"',
            Verdict.CONTRADICTED,
            True,
            "p = 0.9603: not significant at 0.05, but the first group is not greater",
        ),
        (
            ', alpha = 0.1, direction = "greater"',
            Verdict.CONTRADICTED,
            False,
            "significant at 0.1, but the first group is not greater",
        ),
        (', alpha = 0.1, direction = "less"', Verdict.HOLDS, False, "significant at 0.1;"),
        (', test = "student"', Verdict.CONTRADICTED, True, "Student's test of 10 against 10"),
        (', test = "mann_whitney", alpha = 0.07', Verdict.HOLDS, False, "p = 0.06933"),
        (', test = "permutation"', Verdict.CONTRADICTED, True, "permutation test of the means of"),
    ],
)
def test_decisions(
    data_check_of: Judge, options: str, verdict: Verdict, changes: bool, says: str
) -> None:
    claim = data_check_of("they differ", two(options), FILES)
    assert claim.verdict is verdict
    assert claim.decision_changes is changes
    assert says in claim.reason


def test_all_tests_stand_side_by_side(data_check_of: Judge) -> None:
    claim = data_check_of("they differ", two(', alpha = 0.075, unit = "sleepers"'), FILES)
    rows = {row["test"]: row for row in claim.checks[0].rows}
    assert list(rows) == [
        "Welch's test",
        "Student's test",
        "Mann–Whitney's test",
        "a permutation test of the means",
    ]
    assert all(row["n"] == "10 and 10" for row in rows.values())
    assert rows["Welch's test"]["df"] == pytest.approx(17.776, abs=1e-3)
    assert rows["Mann–Whitney's test"]["df"] is None
    assert "10 against 10 sleepers" in claim.reason
    assert (
        "not every test decides so (Student's test 0.079, Mann–Whitney's test 0.069" in claim.reason
    )
    alike = data_check_of("they differ", two(), FILES)
    assert "the others decide alike (" in alike.reason


def test_the_chart_has_every_value(data_check_of: Judge) -> None:
    chart = data_check_of("they differ", two(), FILES).checks[0].chart
    assert chart is not None
    assert [list(series.y) for series in chart.series] == [SLEEP["one"], SLEEP["other"]]
    assert chart.x_ticks == ((1, "first (n = 10)"), (2, "second (n = 10)"))


@pytest.mark.parametrize(
    ("quoted", "relation", "verdict", "changes"),
    [
        ("0.079", "=", Verdict.CONTRADICTED, False),  # as printed, but not significant
        ("0.05", "<", Verdict.CONTRADICTED, True),
        ("0.03", "=", Verdict.CONTRADICTED, True),
    ],
)
def test_its_p(
    data_check_of: Judge, quoted: str, relation: str, verdict: Verdict, changes: bool
) -> None:
    check = two(f', reports_p = true, relation = "{relation}"')
    claim = data_check_of(quoted, check, FILES)
    assert (claim.verdict, claim.decision_changes) == (verdict, changes)


def test_a_p_that_is_off_by_its_last_digit_changes_nothing(data_check_of: Judge) -> None:
    claim = data_check_of("0.078", two(', reports_p = true, states = "not significant"'), FILES)
    assert (claim.verdict, claim.decision_changes) == (Verdict.CONTRADICTED, False)
    assert "not as printed, p = 0.078; not significant at 0.05" in claim.reason
    right = data_check_of("0.079", two(', reports_p = true, states = "not significant"'), FILES)
    assert right.verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("same", "same", "3 and 3 samples can be tested by no test: the same figure throughout"),
        ("few", "one", "1 and 10 samples can be tested by no test: 1 and 10"),
    ],
)
def test_what_cannot_be_tested(data_check_of: Judge, first: str, second: str, reason: str) -> None:
    claim = data_check_of("they differ", two("", first, second), FILES)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith(reason)


PRINTED = {
    "a": "6.9", "b": "7.9", "d": "1.6", "e": "2.5", "v": "3.2", "w": "3.0", "x": "2.5", "y": "0.5",
}  # fmt: skip
GROUPS = 'check = "two_groups", first = ["a", "b", "d", "e"], second = ["v", "w", "x", "y"]'


@pytest.mark.parametrize("test", ["welch", "student", "mann_whitney"])
@pytest.mark.parametrize(
    "tail", ["", ', tails = 1, direction = "greater"', ', tails = 1, direction = "less"']
)
def test_p_over_all_that_the_digits_stand_for(check_of: Judge, test: str, tail: str) -> None:
    claim = check_of("they differ", f'{GROUPS}, test = "{test}"{tail}', **PRINTED)
    assert claim.checks[0].computed is not None
    low, high = claim.checks[0].computed
    alternative = "two-sided" if not tail else "less" if "less" in tail else "greater"
    moved = np.array(list(product((-0.05, 0.05), repeat=8))) + [float(v) for v in PRINTED.values()]
    one, other = moved[:, :4], moved[:, 4:]
    if test == "mann_whitney":
        # One by one: where any pair has ties, scipy is exact for none of them.
        seen = [
            stats.mannwhitneyu(a, b, alternative=alternative).pvalue
            for a, b in zip(one[::5], other[::5], strict=True)
        ]
    else:
        seen = stats.ttest_ind(
            one, other, equal_var=test == "student", alternative=alternative, axis=1
        ).pvalue
    assert low <= min(seen) <= max(seen) <= high
    if test != "mann_whitney":  # ties come and go with the digits
        assert high - low < 3 * (max(seen) - min(seen))


def test_ranks_that_rounding_can_balance(check_of: Judge) -> None:
    # U is 7 of 16 as printed and may be 9, and so 8, where p is 1.
    check = (
        'check = "two_groups", first = ["a", "b", "d", "e"], second = ["v", "w", "x", "y"], '
        'test = "mann_whitney"'
    )
    first = {"a": "2", "b": "6", "d": "10", "e": "1"}
    claim = check_of("they differ", check, **first, v="2.1", w="6.1", x="0.1", y="20.0")
    assert claim.checks[0].computed == (pytest.approx(31 / 35), 1)


def test_a_decision_that_only_rounding_gives(check_of: Judge) -> None:
    p = stats.ttest_ind([6.9, 7.9, 1.6, 2.5], [3.2, 3.0, 2.5, 0.5], equal_var=False).pvalue
    below, above = f"{p - 0.001:.6f}", f"{p + 0.001:.6f}"
    rounded = check_of("they differ", f"{GROUPS}, alpha = {below}", **PRINTED)
    assert (rounded.verdict, rounded.decision_changes) == (Verdict.ROUNDING, None)
    assert "unless by the rounding of the values" in rounded.reason
    held = check_of("they differ", f"{GROUPS}, alpha = {above}", **PRINTED)
    assert (held.verdict, held.decision_changes) == (Verdict.HOLDS, None)


def test_figures_that_may_all_be_one(check_of: Judge) -> None:
    check = 'check = "two_groups", first = ["a", "b"], second = ["v", "w"]'
    claim = check_of("they differ", check, a="1.0", b="1.1", v="1.0", w="1.0")
    assert claim.checks[0].computed == (0, 1)
    assert claim.verdict is Verdict.ROUNDING


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (", tails = 1", "wanted a 'direction' for a one-tailed test"),
        (", reports_p = true", "wanted a claim with one figure, its p, found 0"),
        (', test = "anova"', "test: Input should be"),
        (", alpha = 0", "alpha: Input should be greater than 0"),
    ],
)
def test_faults(data_check_of: Judge, options: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=f"two_groups: {fault}"):
        data_check_of("they differ", two(options), FILES)


def test_groups_in_one_unit(check_of: Judge) -> None:
    check = 'check = "two_groups", first = ["a", "b"], second = ["v", "w"]'
    with pytest.raises(LedgerError, match="two_groups: wanted 'v' in 'nats', found it in '%'"):
        check_of("they differ", check, a="1.0", b="1.1", v="1.0%", w="1.0")


def test_large_groups_of_many_values(data_check_of: Judge) -> None:
    rng = np.random.default_rng(0)
    files = {
        "d.json": {"one": rng.normal(size=40).tolist(), "other": rng.normal(2, size=40).tolist()}
    }
    claim = data_check_of("they differ", two(', test = "permutation"'), files)
    assert (claim.verdict, claim.checks[0].computed) == (Verdict.HOLDS, (1e-4, 1e-4))
