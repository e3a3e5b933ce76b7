"""Checks of sensitivity and comparability."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from plip.claims import CheckResult, ClaimResult, Verdict
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

ONE = [5.0, 6.2, 4.8, 5.6, 7.1, 5.9, 6.4, 5.2]
FAR = [2.1, 1.8, 2.6, 2.2, 1.5, 2.9, 2.4, 2.0]
NEAR = [4.9, 6.0, 5.1, 5.4, 6.8, 5.5, 6.6, 5.3]


def files(one: list[float], other: list[float], **columns: list[object]) -> dict[str, object]:
    """Two groups of samples, with further fields of all samples."""
    rows = [{"id": f"p{i}", "group": "one", "x": x} for i, x in enumerate(one)]
    rows += [{"id": f"r{i}", "group": "other", "x": x} for i, x in enumerate(other)]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return {"d.json": {"rows": rows}}


SIDES = 'one = ["@d.json#rows[group=one].x"], other = ["@d.json#rows[group=other].x"]'
SENSITIVE = f'check = "sensitive", {SIDES}'


def test_every_variant_decides_alike(data_check_of: Judge) -> None:
    claim = data_check_of("so", f"{SENSITIVE}, significant = true", files(ONE, FAR))
    assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
    assert claim.reason.startswith("all 21 variants decide for a difference; p from ")
    rows = {str(row["variant"]): row for row in claim.checks[0].rows}
    assert rows["Welch"]["p"] == pytest.approx(stats.ttest_ind(ONE, FAR, equal_var=False).pvalue)
    without = stats.ttest_ind(ONE[1:], FAR, equal_var=False).pvalue
    assert rows["Welch without p0"]["p"] == pytest.approx(without)
    assert rows["Welch without r7"]["difference"] == pytest.approx(np.mean(ONE) - np.mean(FAR[:7]))
    claim = data_check_of("so", f"{SENSITIVE}, significant = false", files(ONE, FAR))
    assert (claim.verdict, claim.decision_changes) == (Verdict.CONTRADICTED, True)
    assert claim.reason.startswith("none of 21 variants decides for no difference; ")
    claim = data_check_of("so", f"{SENSITIVE}, significant = false", files(ONE, NEAR))
    assert claim.verdict is Verdict.HOLDS


def test_one_sample_decides(data_check_of: Judge) -> None:
    one, other = [1.0, 1.2, 0.9, 1.1, 9.0], [0.5, 0.7, 0.6, 0.4, 0.6]
    claim = data_check_of("so", f"{SENSITIVE}, significant = false", files(one, other))
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert "of 15 variants decide otherwise: Mann–Whitney (p = 0.012)" in claim.reason
    rows = {str(row["variant"]): row["decides as stated"] for row in claim.checks[0].rows}
    assert rows["Welch"] is True
    assert rows["Welch without p4"] is False


def test_named_samples_are_left_out(data_check_of: Judge) -> None:
    check = f'{SENSITIVE}, significant = true, drop = ["p0", "r1", "r2"]'
    claim = data_check_of("so", check, files(ONE, FAR))
    last = claim.checks[0].rows[-1]
    assert last["variant"] == "Welch without p0, r1, r2"
    expected = stats.ttest_ind(ONE[1:], [FAR[0], *FAR[3:]], equal_var=False).pvalue
    assert last["p"] == pytest.approx(expected)
    with pytest.raises(ArtifactError, match="found no 'p9'"):
        data_check_of("so", check.replace("p0", "p9"), files(ONE, FAR))


def test_a_difference_the_other_way_decides_otherwise(data_check_of: Judge) -> None:
    """Without the one huge sample the groups differ significantly, but in the other direction."""
    one, other = [1.0, 1.1, 0.9, 1.05, 0.95, 90.0], [3.0, 3.1, 2.9, 3.05, 2.95, 3.0]
    claim = data_check_of("so", f"{SENSITIVE}, significant = true", files(one, other))
    rows = {str(row["variant"]): row for row in claim.checks[0].rows}
    assert rows["Welch without p5"]["p"] < 1e-6
    assert rows["Welch without p5"]["decides as stated"] is False


def test_pairs(data_check_of: Judge) -> None:
    rows = [{"id": f"s{i}", "a": a, "b": b} for i, (a, b) in enumerate(zip(ONE, NEAR, strict=True))]
    check = (
        'check = "sensitive", one = ["@d.json#rows.a"], other = ["@d.json#rows.b"], '
        "paired = true, significant = false"
    )
    claim = data_check_of("so", check, {"d.json": {"rows": rows}})
    names = [str(row["variant"]) for row in claim.checks[0].rows]
    assert names[:4] == ["paired t", "Wilcoxon", "permutation of signs", "paired t on log ratios"]
    assert claim.checks[0].rows[4]["p"] == pytest.approx(stats.ttest_rel(ONE[1:], NEAR[1:]).pvalue)
    assert len(names) == 12


def test_no_comparison(data_check_of: Judge) -> None:
    check = f"{SENSITIVE}, significant = true"
    claim = data_check_of("so", check, files([1.0, 1.0], [2.0, 2.0]))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith("no test is defined: comparison of two groups: wanted figures")
    # Two a side: none can be left out.
    claim = data_check_of("so", check, files([1.0, 1.2], [2.0, 2.3]))
    assert len(claim.checks[0].rows) == 5
    with pytest.raises(LedgerError, match="wanted 'b' in '%', found it in 'nats'"):
        data_check_of(
            "so",
            'check = "sensitive", one = ["a"], other = ["b"], significant = true',
            a="1%",
            b="2",
        )


ADJUSTED = f'check = "adjusted", {SIDES}, names = ["Python", "Rust"]'
FURTHER = '{ name = "distance", of = ["@d.json#rows.marker"], minus = ["@d.json#rows.targets"] }'
COUNT = '{ name = "targets", of = ["@d.json#rows.targets"], derive = "count" }'
FIRST = '{ name = "first", of = ["@d.json#rows.targets"], derive = "has", value = 0 }'
LENGTH = '{ name = "length", of = ["@d.json#rows.code"], derive = "length" }'


def analyses(result: CheckResult) -> dict[str, dict[str, object]]:
    return {str(row["analysis"]): dict(row) for row in result.rows}


def test_a_covariate_that_keeps_the_groups_apart(data_check_of: Judge) -> None:
    data = files(
        ONE, FAR, marker=[*range(10, 18), *range(40, 48)], targets=[[0, 1, 2]] * 8 + [[0, 1, 5]] * 8
    )
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{FURTHER}]", data)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith(
        "distance keeps the groups apart (Python 9 … 16 and Rust 38 … 45): nothing can be compared "
        "at equal distance, only extrapolated; of "
    )
    found = analyses(claim.checks[0])
    assert found["distance itself: 12.5 against 41.5"]["effect"] == -29
    assert found["pairs matched on distance"]["n"] == 0
    assert found["permuted within strata of distance"]["p"] is None


def test_a_covariate_that_is_balanced(data_check_of: Judge) -> None:
    data = files(ONE, FAR, marker=list(range(10, 18)) * 2, targets=[[0, 1, 2]] * 16)
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{FURTHER}, {FIRST}]", data)
    assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
    assert claim.reason == "all 3 other analyses keep the difference"
    found = analyses(claim.checks[0])
    logs = [math.log(x) for x in ONE], [math.log(x) for x in FAR]
    gap = np.mean(logs[0]) - np.mean(logs[1])
    assert found["values on the logarithm, unadjusted"]["effect"] == pytest.approx(gap)
    assert found["adjusted for distance"]["effect"] == pytest.approx(gap)
    assert found["pairs matched on distance"]["n"] == 16
    expected = stats.ttest_rel(*logs).pvalue
    assert found["pairs matched on distance"]["p"] == pytest.approx(expected)
    # The same in every sample: described, and nothing to adjust for.
    assert found["first itself: 1 against 1"]["p"] is None
    assert not any(name.startswith("adjusted for first") for name in found)


def test_a_covariate_that_explains_the_difference(data_check_of: Judge) -> None:
    """Values are the length of the text, but for noise; one group has longer texts."""
    lengths = [20, 31, 42, 53, 64, 75, 86, 97, 12, 15, 18, 21, 24, 27, 30, 33]
    noise = np.random.default_rng(4).normal(size=16) * 0.05
    values = [n * math.exp(e) for n, e in zip(lengths, noise, strict=True)]
    data = files(values[:8], values[8:], code=["x" * n for n in lengths])
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{LENGTH}]", data)
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert "keep the difference, adjusted for length does not (p = " in claim.reason
    assert not claim.reason.startswith("length keeps")


def test_a_covariate_that_turns_the_difference_around(data_check_of: Judge) -> None:
    """At equal covariate the first group is lower; its covariates are higher."""
    marker = [*range(6, 14), *range(1, 9)]
    noise = np.random.default_rng(6).normal(size=16) * 0.05
    values = [
        math.exp(0.4 * x - 0.8 * (i < 8) + e)
        for i, (x, e) in enumerate(zip(marker, noise, strict=True))
    ]
    data = files(values[:8], values[8:], marker=marker, targets=[[0]] * 16)
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{FURTHER}]", data)
    found = analyses(claim.checks[0])
    assert found["values on the logarithm, unadjusted"]["effect"] == pytest.approx(1.2, abs=0.1)
    assert found["adjusted for distance"]["effect"] == pytest.approx(-0.8, abs=0.1)
    assert found["adjusted for distance"]["p"] < 1e-4
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert "adjusted for distance does not (p = " in claim.reason


def test_sums_in_place_of_means(data_check_of: Judge) -> None:
    """The means differ because one group has a third of the targets; the sums do not."""
    targets = [[0, 1]] * 6 + [[0, 1, 2]] * 2 + [list(range(6))] * 6 + [[0, 1, 2]] * 2
    other = [value / 3 for value in ONE[:6]] + ONE[6:]
    data = files(ONE, other, targets=targets)
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{COUNT}]", data)
    found = analyses(claim.checks[0])
    assert found["sums over targets in place of means"]["effect"] == pytest.approx(0, abs=1e-9)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert "sums over targets in place of means does not" in claim.reason


def test_groups_that_do_not_differ_to_begin_with(data_check_of: Judge) -> None:
    data = files(ONE, NEAR, marker=list(range(16)), targets=[[0]] * 16)
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{FURTHER}]", data)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith("the groups do not differ to begin with, p = 0.")
    negative = files([-x for x in ONE], FAR, marker=list(range(8)) * 2, targets=[[0]] * 16)
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{FURTHER}]", negative)
    assert "values as they are, unadjusted" in analyses(claim.checks[0])


def test_too_few_samples(data_check_of: Judge) -> None:
    data = files([1.0, 2.0], [3.0, 4.0], marker=[1, 2, 3, 4], targets=[[0]] * 4)
    claim = data_check_of("so", f"{ADJUSTED}, covariates = [{FURTHER}]", data)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith("no comparison is defined: adjusted comparison: wanted")


@pytest.mark.parametrize(
    ("covariate", "fault"),
    [
        ('{ name = "x", of = ["@d.json#rows.x"], derive = "has" }', "wanted 'value' with 'has'"),
        ('{ name = "x", of = ["@d.json#rows.x"], value = 1 }', "wanted 'value' with 'has'"),
        ('{ name = "x", of = ["a"] }', "wanted references into data files"),
    ],
)
def test_covariates_without_meaning(data_check_of: Judge, covariate: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=fault):
        data_check_of("so", f"{ADJUSTED}, covariates = [{covariate}]", files(ONE, FAR), a="1%")


def test_covariates_that_samples_lack(data_check_of: Judge) -> None:
    data = files(ONE, FAR, code=["x"] * 16)
    some = '{ name = "length", of = ["@d.json#rows[group=one].code"], derive = "length" }'
    with pytest.raises(ArtifactError, match="wanted values of sample 'r0', found none"):
        data_check_of("so", f"{ADJUSTED}, covariates = [{some}]", data)
    text = '{ name = "code", of = ["@d.json#rows.code"] }'
    with pytest.raises(ArtifactError, match="covariate 'code': wanted numbers, or one text"):
        data_check_of("so", f"{ADJUSTED}, covariates = [{text}]", data)


CONTROL = 'check = "vacuous_control"'


@pytest.mark.parametrize(
    ("options", "verdict", "reason"),
    [
        (
            'edges = ["@d.json#none.edges"]',
            Verdict.UNSUPPORTED,
            "the control changes nothing in all cases (2): its outcome is fixed by construction",
        ),
        (
            'edges = ["@d.json#some.edges"]',
            Verdict.HOLDS,
            "in 1 of 2 cases the control could come out otherwise",
        ),
        (
            'doses = ["s"]',
            Verdict.UNSUPPORTED,
            "the control is at dose 1 in all cases (1): its outcome is fixed by construction",
        ),
        ('doses = ["t"]', Verdict.HOLDS, "in 1 of 1 cases the control could come out otherwise"),
        (
            'doses = ["t"], identity = 3.0',
            Verdict.UNSUPPORTED,
            "the control is at dose 3 in all cases (1): its outcome is fixed by construction",
        ),
        (
            "query = 5, predicted = 9, layer = 11, layers = 12",
            Verdict.UNSUPPORTED,
            "layer 11 is the last of 12: the row of position 5 reaches nothing but its own "
            "prediction, and that of 9 is measured: the control cannot come out otherwise",
        ),
        (
            "query = 9, predicted = 5, layer = 0, layers = 12",
            Verdict.UNSUPPORTED,
            "position 9 lies behind 5, whose prediction is measured: the control cannot come out "
            "otherwise",
        ),
        (
            "query = 9, predicted = 9, layer = 11, layers = 12",
            Verdict.HOLDS,
            "what the control changes can reach what is measured",
        ),
        (
            "query = 5, predicted = 9, layer = 10, layers = 12",
            Verdict.HOLDS,
            "what the control changes can reach what is measured",
        ),
    ],
)
def test_controls(data_check_of: Judge, options: str, verdict: Verdict, reason: str) -> None:
    data = {"d.json": {"none": [{"edges": 0}, {"edges": 0}], "some": [{"edges": 0}, {"edges": 2}]}}
    claim = data_check_of("so", f"{CONTROL}, {options}", data, s="1.0×", t="3.0×")
    assert (claim.verdict, claim.reason) == (verdict, reason)
    assert claim.decision_changes is (True if verdict is Verdict.UNSUPPORTED else None)


def test_controls_without_meaning(data_check_of: Judge) -> None:
    with pytest.raises(LedgerError, match="wanted 'edges', 'doses' or a place"):
        data_check_of("so", CONTROL)
    with pytest.raises(LedgerError, match="wanted all of 'query', 'predicted', 'layer' and"):
        data_check_of("so", f"{CONTROL}, query = 3")
    with pytest.raises(LedgerError, match="wanted a whole number from 1, found 0"):
        data_check_of("so", f"{CONTROL}, query = 3, predicted = 4, layer = 0, layers = 0")
