"""Check of feasibility: whole curves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Verdict
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

SCALES = {"u": "0.5×", "s": "1.0×", "t": "2.0×", "v": "6.0×"}
CURVE = 'check = "feasible_curve", scales = ["u", "s", "t", "v"], values = ["a0", "a1", "a2", "a6"]'


def printed(mass: list[float], k: int) -> dict[str, str]:
    """Print the curve of rows with these masses."""
    return {
        name: f"{100 * sum(s * m / (1 + (s - 1) * m) / k for m in mass) / len(mass):.2f}%"
        for name, s in (("a0", 0.5), ("a1", 1.0), ("a2", 2.0), ("a6", 6.0))
    }


# Nearly equal rows bend the most: no more targets can give what they give.
ROWS = [0.29, 0.3, 0.31]


def test_a_curve_of_rows(data_check_of: Judge) -> None:
    claim = data_check_of("so", f"{CURVE}, targets = [3]", **SCALES, **printed(ROWS, 3))
    assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
    assert claim.reason == (
        "some distribution of attention over k = 3 targets gives all 4 means; "
        "one number of targets for all is possible up to k = 3"
    )
    rows = claim.checks[0].rows
    assert all(row["fits"] for row in rows)
    assert all(
        row["least that the others allow"] <= float(str(row["published"])[:-1]) + 0.01
        for row in rows
    )
    chart = claim.checks[0].chart
    assert chart is not None
    assert [series.style for series in chart.series] == ["band", "points"]


def test_what_more_targets_could_not_give(data_check_of: Judge) -> None:
    claim = data_check_of("so", f"{CURVE}, targets = [9, 4]", **SCALES, **printed(ROWS, 3))
    assert (claim.verdict, claim.decision_changes) == (Verdict.CONTRADICTED, True)
    assert claim.reason.startswith(
        "no distribution of attention over k = 4, 9 targets gives these 4 means: "
    )
    assert "·A(6.0×) is at most " in claim.reason
    assert claim.reason.endswith("or more; one number of targets for all is possible up to k = 3")
    claim = data_check_of("so", f"{CURVE}, targets = [9, 3]", **SCALES, **printed(ROWS, 3))
    assert claim.verdict is Verdict.HOLDS


def test_a_curve_that_no_rows_give(data_check_of: Judge) -> None:
    bent = {"a0": "0.90%", "a1": "2.00%", "a2": "4.50%", "a6": "16.00%"}
    claim = data_check_of("so", CURVE, **SCALES, **bent)
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.reason.startswith(
        "no distribution of attention over any number of targets gives these 4 means: "
    )
    assert "up to k" not in claim.reason
    # One value that does not fit is found by those that do.
    odd = {**printed(ROWS, 1), "a2": "20.00%"}
    rows = data_check_of("so", CURVE, **SCALES, **odd).checks[0].rows
    assert [row["fits"] for row in rows][2] is False


def test_without_the_unscaled_value(data_check_of: Judge) -> None:
    check = 'check = "feasible_curve", scales = ["t", "v"], values = ["a2", "a6"]'
    claim = data_check_of("so", check, **SCALES, **printed(ROWS, 3))
    assert claim.verdict is Verdict.HOLDS
    chart = claim.checks[0].chart
    assert chart is not None
    assert [series.style for series in chart.series] == ["points"]


def repository(counts: list[int]) -> dict[str, object]:
    rows = [{"id": f"s{i}", "targets": list(range(k))} for i, k in enumerate(counts)]
    return {"d.json": {"rows": rows}}


POSITIONS = f'{CURVE}, positions = ["@d.json#rows.targets"]'


def test_targets_from_a_data_file(data_check_of: Judge) -> None:
    claim = data_check_of("so", POSITIONS, repository([3, 3]), **SCALES, **printed(ROWS, 3))
    assert claim.verdict is Verdict.HOLDS
    assert "over 2 samples with k = 3 targets gives" in claim.reason
    claim = data_check_of("so", POSITIONS, repository([4, 5]), **SCALES, **printed(ROWS, 3))
    assert claim.verdict is Verdict.CONTRADICTED
    # Half of the samples with one target suffice for what all of them with four do not.
    claim = data_check_of("so", POSITIONS, repository([4, 1]), **SCALES, **printed(ROWS, 3))
    assert claim.verdict is Verdict.HOLDS


def test_samples_with_values_of_their_own(data_check_of: Judge) -> None:
    """Two samples far apart reach less than their mean alone would."""
    alike = printed([0.36, 0.36], 1)
    check = f'{POSITIONS}, samples = ["s0", "s1"]'
    files = repository([1, 1])
    samples = {"s0": "2.00%", "s1": "70.00%"}
    assert data_check_of("so", POSITIONS, files, **SCALES, **alike).verdict is Verdict.HOLDS
    claim = data_check_of("so", check, files, **SCALES, **alike, **samples)
    assert claim.verdict is Verdict.CONTRADICTED
    assert "2 samples with k = 1 targets and their own unscaled values gives" in claim.reason
    apart = printed([0.02, 0.7], 1)
    claim = data_check_of("so", check, files, **SCALES, **apart, **samples)
    assert claim.verdict is Verdict.HOLDS
    with pytest.raises(ArtifactError, match="found 's2' in one of both"):
        data_check_of("so", check, repository([1, 1, 1]), **SCALES, **apart, **samples)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (', targets = [3], positions = ["@d.json#rows.targets"]', "wanted either 'targets' or"),
        (', samples = ["s0"]', "wanted 'positions' beside 'samples'"),
        (", targets = [0]", "Input should be greater than or equal to 1"),
    ],
)
def test_options_that_do_not_go_together(data_check_of: Judge, options: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=fault):
        data_check_of("so", CURVE + options, **SCALES, **printed(ROWS, 1), s0="2.00%")


def test_tables_without_meaning(data_check_of: Judge) -> None:
    curve = printed(ROWS, 1)
    with pytest.raises(LedgerError, match="wanted scales above 0"):
        data_check_of("so", CURVE, **{**SCALES, "u": "0.0×"}, **curve)
    with pytest.raises(LedgerError, match="wanted each scale once"):
        data_check_of("so", CURVE, **{**SCALES, "u": "2.0×"}, **curve)
    with pytest.raises(LedgerError, match="wanted the ids of entries as scales and values"):
        data_check_of("so", CURVE.replace('"a2"', '"@d.json#x"'), **SCALES, **curve)
