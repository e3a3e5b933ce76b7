"""Ratios, differences and shares."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Ledger, Verdict
from plip.errors import ArtifactError, LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

FILES = {"d.json": {"py": 0.0011142323, "rust": 0.00024164727, "none": 0.0, "k": 25, "n": 30}}
RATIO = 'check = "ratio_of", numerator = "@d.json#py", denominator = "@d.json#{}"'
LESS = 'check = "difference_of", minuend = "a", subtrahend = "b"'


def test_ratio_of_a_data_file(data_check_of: Judge) -> None:
    claim = data_check_of("4.6", RATIO.format("rust"), FILES)
    assert (claim.verdict, claim.reason) == (
        Verdict.HOLDS,
        "0.00111423 / 0.000241647 is 4.61 nats; 4.6 fits",
    )
    assert data_check_of("4.7", RATIO.format("rust"), FILES).verdict is Verdict.CONTRADICTED


def test_no_ratio_to_nothing(data_check_of: Judge) -> None:
    claim = data_check_of("4.6", RATIO.format("none"), FILES)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == "the denominator, 0, may be 0, so that no ratio is defined"


@pytest.mark.parametrize(
    ("quoted", "verdict", "reason"),
    [
        ("3.38%", Verdict.HOLDS, "5.70% less 2.32% lies in [3.370, 3.390]%; 3.38% fits"),
        (
            "3.39%",
            Verdict.ROUNDING,
            "5.70% less 2.32% is 3.380% at face value, not 3.39%; "
            "only their rounding, [3.370, 3.390]%, admits it",
        ),
        (
            "3.40%",
            Verdict.CONTRADICTED,
            "5.70% less 2.32% lies in [3.370, 3.390]%; 3.40% does not fit",
        ),
    ],
)
def test_difference_of(check_of: Judge, quoted: str, verdict: Verdict, reason: str) -> None:
    claim = check_of(quoted, LESS, a="5.70%", b="2.32%")
    assert (claim.verdict, claim.reason) == (verdict, reason)


def test_a_difference_is_known_from_the_finest_figures(
    ledger_of: Callable[[str], Ledger],
) -> None:
    text = "".join(
        f'[[entry]]\nid = "{i}"\nsection = "1"\nquoted = "{p}"\nunit = "%"\nstatement = "S."\n'
        f"checks = [{c}]\n"
        for i, p, c in (("a", "5.70%", ""), ("b", "2.32%", ""), ("gap", "3%", f"{{ {LESS} }}"))
    )
    known = ledger_of(text).quantity("gap")
    assert (known.finest.show(3), known.finest_at_face.show(3)) == ("[3.370, 3.390]", "3.380")


def test_difference_of_a_data_file_has_its_sign(data_check_of: Judge) -> None:
    check = 'check = "difference_of", minuend = "@d.json#k", subtrahend = "@d.json#n"'
    claim = data_check_of("-5", check, FILES)
    assert (claim.verdict, claim.reason) == (Verdict.HOLDS, "25 less 30 is −5.0 nats; -5 fits")


@pytest.mark.parametrize(
    ("quoted", "count", "verdict", "reason"),
    [
        ("83%", '"@d.json#k"', Verdict.HOLDS, "25 of 30 is 83.3%; 83% fits"),
        ("84%", "25", Verdict.CONTRADICTED, "25 of 30 is 83.3%; 84% does not fit"),
        ("0%", "0", Verdict.HOLDS, "0 of 30 is 0.0%; 0% fits"),
        ("100%", "30", Verdict.HOLDS, "30 of 30 is 100.0%; 100% fits"),
        (
            "100%",
            "31",
            Verdict.CONTRADICTED,
            "31 is more than the 30 that it is said to be a part of",
        ),
    ],
)
def test_share_of(
    data_check_of: Judge, quoted: str, count: str, verdict: Verdict, reason: str
) -> None:
    claim = data_check_of(quoted, f'check = "share_of", count = {count}, n = "@d.json#n"', FILES)
    assert (claim.verdict, claim.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("quoted", "check", "fault"),
    [
        (
            "0.8",
            'check = "share_of", count = 1, n = 2',
            "wanted a claim in '%', found it in 'nats'",
        ),
        ("8%", 'check = "share_of", count = 1, n = 0', "wanted a whole number from 1, found 0"),
        ("8%", 'check = "share_of", count = -1, n = 2', "share_of: count"),
        ("8%", 'check = "share_of", count = "a", n = 2', "from 0 at 'a', found 5.5%"),
        ("8", LESS, "wanted 'a' in 'nats', found it in '%'"),
        (
            "8×",
            'check = "ratio_of", numerator = "a", denominator = "b"',
            "wanted 'b' in '%', found it in 'nats'",
        ),
    ],
)
def test_faults(check_of: Judge, quoted: str, check: str, fault: str) -> None:
    with pytest.raises(LedgerError, match=fault):
        check_of(quoted, check, a="5.5%", b="2")


def test_several_values_are_not_one(data_check_of: Judge) -> None:
    files = {"d.json": {"rows": [{"x": 1}, {"x": 2}], "rust": 1}}
    check = 'check = "ratio_of", numerator = "@d.json#rows.x", denominator = "@d.json#rust"'
    with pytest.raises(ArtifactError, match="wanted one value, found 2"):
        data_check_of("4.6", check, files)
