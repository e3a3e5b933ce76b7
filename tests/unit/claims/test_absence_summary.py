"""Whether means and SDs can show that there is no difference; whether something was done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from plip.claims import ClaimResult, Verdict
from plip.errors import LedgerError
from plip.stats import unpaired_equivalence

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

FILE = "scan.json"
SCAN = (
    'check = "equivalence_from_summary", means = [["@scan.json#rows.a"], ["@scan.json#rows.b"]], '
    'sds = [["@scan.json#rows.sa"], ["@scan.json#rows.sb"]], n = [10, "@scan.json#n"], '
    'places = ["@scan.json#rows.layer"], unit = "points"'
)


def scan(*rows: tuple[float, float, float, float]) -> dict[str, object]:
    keys = ("a", "b", "sa", "sb")
    listed = [{"layer": 10 + i, **dict(zip(keys, row, strict=True))} for i, row in enumerate(rows)]
    return {FILE: {"n": 10, "rows": listed}}


def of(options: str) -> str:
    return f"{SCAN}, {options}" if options else SCAN


@pytest.mark.parametrize(
    ("rows", "options", "verdict", "reason"),
    [
        (
            [(20.0, 20.1, 0.5, 0.5), (20.0, 19.9, 0.5, 0.5)],
            "margin = 1.0",
            Verdict.HOLDS,
            "every layer lies within ±1 points",
        ),
        (
            [(20.0, 20.1, 0.5, 0.5), (17.3, 14.0, 4.6, 5.0)],
            "",
            Verdict.UNSUPPORTED,
            "layer 11: the means of 10 and 10 differ by -3.3 points, 90% interval [-7.03, 0.427]; "
            "equivalence could be claimed from ±7.03 points, and only a true difference of 6.37 "
            "points would have been found with 80% power",
        ),
        (
            [(20.0, 20.1, 0.5, 0.5), (17.3, 14.0, 0.5, 0.5)],
            "",
            Verdict.CONTRADICTED,
            "equality is rejected, p = ",
        ),
        (
            [(20.0, 20.1, 0.0, 0.0)],
            "margin = 1.0",
            Verdict.UNSUPPORTED,
            "no interval is defined: a standard error of 0.0",
        ),
    ],
    ids=["within a margin", "wide", "different", "without spread"],
)
def test_equivalence_from_summary(
    data_check_of: Judge,
    rows: list[tuple[float, float, float, float]],
    options: str,
    verdict: Verdict,
    reason: str,
) -> None:
    claim = data_check_of("no difference", of(options), scan(*rows))
    assert claim.verdict is verdict
    assert reason in claim.reason
    if verdict is not Verdict.UNSUPPORTED or "layer" in claim.reason:
        assert claim.decision_changes is (verdict is not Verdict.HOLDS)
        assert len(claim.checks[0].rows) == len(rows)


def test_one_place_among_many_is_held_to_a_stricter_level(data_check_of: Judge) -> None:
    almost = (17.0, 14.0, 2.9, 2.9)  # p = 0.033
    alone = data_check_of("no difference", of(""), scan(almost))
    assert alone.verdict is Verdict.CONTRADICTED
    among = data_check_of("no difference", of(""), scan(almost, (1.0, 1.0, 2.9, 2.9)))
    assert among.verdict is Verdict.UNSUPPORTED


def test_it_is_the_interval_of_the_samples(data_check_of: Judge) -> None:
    one, other = (
        (1.0, 2.5, 3.1, 4.4, 5.2, 2.2, 3, 3, 3, 3),
        (2.0, 2.4, 3.6, 4.1, 5.9, 2, 2, 1, 4, 9),
    )
    row = (
        *map(float, map(np.mean, (one, other))),
        *(float(np.std(s, ddof=1)) for s in (one, other)),
    )
    claim = data_check_of("no difference", of(""), scan(row))
    found = unpaired_equivalence(one, other)
    assert claim.checks[0].computed == pytest.approx((found.low, found.high), rel=1e-9)


def test_groups_of_different_length_are_compared_by_nothing(data_check_of: Judge) -> None:
    short = of("").replace("@scan.json#rows.sb", "@scan.json#rows[layer=10].sb")
    claim = data_check_of("no", short, scan((1.0, 2.0, 1.0, 1.0), (1.0, 2.0, 1.0, 1.0)))
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith("there are not as many means, SDs and places")


NOT_DONE = 'check = "not_done", results = ["@scan.json#rows.a"]'


def test_what_was_done_was_not_left_undone(data_check_of: Judge) -> None:
    claim = data_check_of("not tested", NOT_DONE, scan((1.0, 2.0, 1.0, 1.0), (1.0, 2.0, 1.0, 1.0)))
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.reason == "the repository has results of it: 2 in scan.json"
    without = data_check_of("not tested", NOT_DONE.replace("scan", "other"))
    assert without.verdict is Verdict.NOT_CHECKABLE
    assert without.reason == "needs artifacts: other.json"


def test_only_files_show_what_was_done(data_check_of: Judge) -> None:
    with pytest.raises(LedgerError, match="c: not_done: wanted a reference into a data file"):
        data_check_of("not tested", 'check = "not_done", results = ["a"]', a="1.0")
