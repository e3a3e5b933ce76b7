"""Checks of absence: samples, rates, shares."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from plip.claims import ClaimResult, Verdict
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

LOW = [1.0, 1.2, 0.9, 1.4, 1.1, 1.3, 0.8, 1.2]
SAME = [1.1, 1.1, 0.8, 1.5, 1.1, 1.4, 0.7, 1.3]
HIGH = [2.0, 2.3, 1.8, 2.5, 2.2, 2.2, 1.9, 2.1]


def files(*groups: list[float]) -> dict[str, object]:
    return {
        "d.json": {
            f"g{i}": [{"id": f"s{j}", "x": x} for j, x in enumerate(group)]
            for i, group in enumerate(groups)
        }
    }


def equivalence(count: int, options: str = "") -> str:
    groups = ", ".join(f'"@d.json#g{i}.x"' for i in range(count))
    return f'check = "equivalence", groups = [{groups}], unit = "nats"{options}'


def test_no_difference_within_a_margin(data_check_of: Judge) -> None:
    claim = data_check_of("flat", equivalence(2, ", margin = 0.2"), files(LOW, SAME))
    assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
    assert claim.reason == (
        "condition 1 against condition 2: the mean difference of 8 is 0.0125 nats, 90% interval "
        "[-0.0539, 0.0789]; every pair lies within ±0.2"
    )
    low, high = stats.ttest_rel(SAME, LOW).confidence_interval(0.9)
    assert claim.checks[0].computed == pytest.approx((low, high))
    chart = claim.checks[0].chart
    assert chart is not None
    assert [line.at for line in chart.lines] == [0, -0.2, 0.2]


def test_no_difference_was_found_but_none_was_shown(data_check_of: Judge) -> None:
    claim = data_check_of("flat", equivalence(2, ", margin = 0.05"), files(LOW, SAME))
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert claim.reason.endswith(
        "that is not within ±0.05; equivalence could be claimed from ±0.0789 nats, and a true "
        "difference of 0.115 nats would have been found with 80% power"
    )
    claim = data_check_of("flat", equivalence(2), files(LOW, SAME))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert "without a margin nothing shows that there is no difference" in claim.reason
    assert claim.checks[0].rows[0]["p of equivalence"] is None


def test_a_difference_contradicts(data_check_of: Judge) -> None:
    options = ', names = ["×1", "×2", "×9"]'
    claim = data_check_of("flat", equivalence(3, options), files(LOW, SAME, HIGH))
    assert (claim.verdict, claim.decision_changes) == (Verdict.CONTRADICTED, True)
    assert claim.reason.startswith("×2 against ×9: the mean difference of 8 is 1 nats")
    assert claim.reason.endswith("equality is rejected, p = 4.6e-07 (t) and 0.0078 (ranks)")
    assert [row["compared"] for row in claim.checks[0].rows] == [
        "×1 against ×2",
        "×1 against ×9",
        "×2 against ×9",
    ]
    claim = data_check_of("flat", equivalence(2, ", margin = 0.5"), files(LOW, HIGH))
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.reason.endswith(", and the difference is beyond ±0.5")
    wide = data_check_of("flat", equivalence(2, ", margin = 1.05"), files(LOW, HIGH))
    assert wide.verdict is Verdict.UNSUPPORTED
    wider = data_check_of("flat", equivalence(2, ", margin = 1.2"), files(LOW, HIGH))
    assert wider.verdict is Verdict.HOLDS


def test_few_units_contradict_nothing(data_check_of: Judge) -> None:
    """Student's test alone rejects; of four pairs no rank test can."""
    claim = data_check_of("flat", equivalence(2), files(LOW[:4], HIGH[:4]))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.checks[0].rows[0]["p of no difference (t)"] < 0.001
    assert claim.checks[0].rows[0]["p of no difference (ranks)"] == pytest.approx(0.125)


def test_groups_of_other_samples(data_check_of: Judge) -> None:
    claim = data_check_of("flat", equivalence(2, ", paired = false"), files(LOW, HIGH[:6]))
    assert claim.verdict is Verdict.CONTRADICTED
    row = claim.checks[0].rows[0]
    assert row["p of no difference (ranks)"] == pytest.approx(stats.mannwhitneyu(LOW, HIGH[:6])[1])
    with pytest.raises(ArtifactError, match="'s6' under one"):
        data_check_of("flat", equivalence(2), files(LOW, HIGH[:6]))


def test_one_group_against_nothing(data_check_of: Judge) -> None:
    claim = data_check_of("none", equivalence(1), files(HIGH))
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.reason.startswith("condition 1 against 0: the mean difference of 8 is 2.12 nats")
    balanced = [0.1, -0.1, 0.2, -0.2, 0.1, -0.1]
    claim = data_check_of("none", equivalence(1, ", margin = 0.5"), files(balanced))
    assert claim.verdict is Verdict.HOLDS


@pytest.mark.parametrize("groups", [([0.0] * 5,), (LOW, LOW), ([1.0], [2.0])])
def test_no_interval(data_check_of: Judge, groups: tuple[list[float], ...]) -> None:
    claim = data_check_of("none", equivalence(len(groups)), files(*groups))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith("no interval is defined: equivalence: wanted")


def test_groups_of_entries(data_check_of: Judge) -> None:
    check = (
        'check = "equivalence", paired = false, groups = [["a", "b", "d"], ["e", "f", "g"]], '
        "margin = 3"
    )
    figures = {"a": "1.0%", "b": "1.1%", "d": "0.9%", "e": "1.0%", "f": "1.2%", "g": "0.8%"}
    assert data_check_of("none", check, **figures).verdict is Verdict.HOLDS
    with pytest.raises(LedgerError, match="wanted 2 names, found 1"):
        data_check_of("none", f'{check}, names = ["x"]', **figures)


RATES = 'check = "equivalence_rates", rates = ["b", "d"], reference = "a", n = 90'


def test_rates(data_check_of: Judge) -> None:
    claim = data_check_of("none", RATES, a="53%", b="49%", d="53%")
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)
    assert claim.reason == (
        "49% against 53% of 90 each is a difference of -4.44 points, 90% interval [-16.4, 7.71]; "
        "equivalence could be claimed from ±16.4 points, and only a true rate below 32.7 or above "
        "73.2 would have been found with 80% power"
    )
    expected = confint_proportions_2indep(44, 90, 48, 90, method="newcomb", alpha=0.1)
    assert claim.checks[0].computed == pytest.approx([100 * end for end in expected], abs=1e-6)
    assert [row["count"] for row in claim.checks[0].rows] == [44, 48]


def test_rates_with_a_margin(data_check_of: Judge) -> None:
    figures = {"a": "53%", "b": "49%", "d": "53%"}
    assert data_check_of("none", f"{RATES}, margin = 17", **figures).verdict is Verdict.HOLDS
    assert data_check_of("none", f"{RATES}, margin = 16", **figures).verdict is Verdict.UNSUPPORTED
    apart = {"a": "53%", "b": "90%", "d": "53%"}
    claim = data_check_of("none", f"{RATES}, margin = 16", **apart)
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.reason.endswith("equality is rejected")
    assert data_check_of("none", RATES, **apart).verdict is Verdict.CONTRADICTED


def test_a_printed_rate_may_be_several_counts(data_check_of: Judge) -> None:
    """50% of 400 is anything from 198 to 202; what is found must be so for all of them."""
    check = RATES.replace("90", "400")
    claim = data_check_of("none", f"{check}, margin = 6.5", a="50%", b="50%", d="50%")
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.checks[0].rows[0]["difference"] == pytest.approx(-1)
    claim = data_check_of("none", f"{check}, margin = 7", a="50%", b="50%", d="50%")
    assert claim.verdict is Verdict.HOLDS
    # Borderline: some counts reject no difference, others do not.
    claim = data_check_of("none", check, a="50%", b="58%", d="50%")
    assert claim.verdict is Verdict.UNSUPPORTED


def test_rates_at_the_ends(data_check_of: Judge) -> None:
    claim = data_check_of("none", RATES, a="0%", b="0%", d="0%")
    assert claim.verdict is Verdict.UNSUPPORTED
    assert "only a true rate above 6.04 would" in claim.reason
    small = RATES.replace("90", "2")
    claim = data_check_of("none", small, a="50%", b="50%", d="100%")
    assert claim.verdict is Verdict.UNSUPPORTED
    assert "only a true rate that does not exist would have been found" in claim.reason
    assert claim.checks[0].rows[0]["would have shown below"] is None


def test_fractions_in_a_data_file(data_check_of: Judge) -> None:
    check = (
        'check = "equivalence_rates", rates = ["@d.json#b"], reference = "@d.json#a", '
        'n = "@d.json#n", margin = 0.5'
    )
    claim = data_check_of("none", check, {"d.json": {"a": 0.5, "b": 0.45, "n": 20}})
    assert claim.verdict is Verdict.HOLDS
    assert "difference of -0.05, 90% interval" in claim.reason
    # No whole count of 20 is 0.47: the nearest, 9, is taken.
    claim = data_check_of("none", check, {"d.json": {"a": 0.5, "b": 0.47, "n": 20}})
    assert claim.checks[0].rows[0]["count"] == 9


@pytest.mark.parametrize(
    ("options", "verdict", "changed", "reason"),
    [
        (
            "n = 5",
            Verdict.UNSUPPORTED,
            True,
            "0 of 5 changed: of all such units at most 45.1% change, each bound with 95% "
            "confidence",
        ),
        (
            "n = 5, margin = 10",
            Verdict.UNSUPPORTED,
            True,
            "0 of 5 changed: of all such units at most 45.1% change, each bound with 95% "
            "confidence, which does not place it within 10%",
        ),
        (
            "n = 59, margin = 5",
            Verdict.HOLDS,
            False,
            "0 of 59 changed: of all such units at most 5.0% change, each bound with 95% "
            "confidence, within 5%",
        ),
        (
            "n = 5, same = 4",
            Verdict.CONTRADICTED,
            True,
            "1 of 5 changed: of all such units between 1.0 and 65.7% change, each bound with 95% "
            "confidence",
        ),
        (
            "n = 20, same = 10, margin = 10",
            Verdict.CONTRADICTED,
            True,
            "10 of 20 changed: of all such units between 30.2 and 69.8% change, each bound with "
            "95% confidence, beyond 10%",
        ),
    ],
)
def test_changed_share(
    data_check_of: Judge, options: str, verdict: Verdict, changed: bool, reason: str
) -> None:
    claim = data_check_of("all", f'check = "changed_share", {options}')
    assert (claim.verdict, claim.decision_changes, claim.reason) == (verdict, changed, reason)


def test_no_share(data_check_of: Judge) -> None:
    with pytest.raises(ArtifactError, match="found 6 of 5"):
        data_check_of("all", 'check = "changed_share", n = 5, same = 6')
    with pytest.raises(LedgerError, match="wanted a whole number from 1, found 0"):
        data_check_of("all", 'check = "changed_share", n = 0')
    assert data_check_of("all", 'check = "changed_share", n = 1').verdict is Verdict.UNSUPPORTED


def test_many_pairs_are_corrected_for(data_check_of: Judge) -> None:
    """p of the ranks is 1/64 for one pair of conditions; of six, that may well be chance."""
    up = [0.2, 0.3, 0.1, 0.25, 0.15, 0.22, 0.28]
    one, other = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    risen = [x + e for x, e in zip(one, up, strict=True)]
    jitter = [0.01, -0.02, 0.015, -0.01, 0.02, -0.015, 0.005]
    near = [[x + s * e for x, e in zip(other, jitter, strict=True)] for s in (1.0, -1.0)]
    claim = data_check_of("flat", equivalence(2), files(one, risen))
    assert claim.verdict is Verdict.CONTRADICTED
    claim = data_check_of("flat", equivalence(4), files(one, risen, *near))
    assert claim.verdict is Verdict.UNSUPPORTED


def test_samples_are_read_once(data_check_of: Judge) -> None:
    twice = 'check = "equivalence", groups = [["@d.json#g0.x", "@d.json#g0.x"]]'
    with pytest.raises(ArtifactError, match="wanted each sample once, found one of them twice"):
        data_check_of("flat", twice, files(LOW))
