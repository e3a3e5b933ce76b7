"""Checks of identity (bounds), target and precision."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import ClaimResult, Verdict
from plip.errors import LedgerError

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

BOUND = 'check = "divergence_bound", floor = 1e-10'


@pytest.mark.parametrize(
    ("quoted", "verdict", "fits"),
    [
        ("470.42", Verdict.CONTRADICTED, "470.42 does not fit"),
        ("23.04", Verdict.CONTRADICTED, "23.04 does not fit"),
        ("23.03", Verdict.HOLDS, "23.03 fits"),
        ("0.00", Verdict.HOLDS, "0.00 fits"),
    ],
)
def test_a_mean_of_divergences(
    data_check_of: Judge, quoted: str, verdict: Verdict, fits: str
) -> None:
    claim = data_check_of(quoted, BOUND)
    assert (claim.verdict, claim.decision_changes) == (verdict, verdict is not Verdict.HOLDS)
    assert claim.reason == (
        "with terms up to 1e-10 dropped no divergence exceeds −ln 1e-10 = 23.03 nats, nor does a "
        f"mean of them; {fits}"
    )


@pytest.mark.parametrize(
    ("quoted", "mean", "verdict", "reason"),
    [
        (
            "±12.3",
            "11.4",
            Verdict.HOLDS,
            "and of 10 with mean 11.4 no SD exceeds 12.31; ±12.3 fits",
        ),
        (
            "±12.5",
            "11.4",
            Verdict.CONTRADICTED,
            "and of 10 with mean 11.4 no SD exceeds 12.31; ±12.5 does not fit",
        ),
        # Nine zeros and one of 20.
        ("±6.4", "2.0", Verdict.HOLDS, "±6.4 fits"),
        ("±8.0", "2.0", Verdict.CONTRADICTED, "±8.0 does not fit"),
        (
            "±331.31",
            "469.96",
            Verdict.CONTRADICTED,
            "so that a mean of 469.96 is impossible, and of 10 no SD exceeds 12.33; "
            "±331.31 does not fit",
        ),
    ],
)
def test_a_spread_of_divergences(
    data_check_of: Judge, quoted: str, mean: str, verdict: Verdict, reason: str
) -> None:
    claim = data_check_of(quoted, f'{BOUND}, mean = "a", n = 10', a=mean)
    assert claim.verdict is verdict
    assert claim.reason.endswith(reason)


def test_bounds_without_meaning(data_check_of: Judge) -> None:
    with pytest.raises(LedgerError, match="wanted both 'mean' and 'n' of a standard deviation"):
        data_check_of("1.0", f"{BOUND}, n = 10")
    with pytest.raises(LedgerError, match="wanted a whole number from 2, found 1"):
        data_check_of("1.0", f'{BOUND}, mean = "a", n = 1', a="2.0")
    with pytest.raises(LedgerError, match="floor: Input should be less than 1"):
        data_check_of("1.0", BOUND.replace("1e-10", "1.0"))


TABLE = {"s": "1.0×", "t": "2.0×", "u": "4.0×", "a": "2.0%", "b": "3.6%", "d": "6.0%", "x": "5.0%"}
REACHES = (
    'check = "reaches_target", scales = ["s", "t", "u"], values = ["a", "b", "d"], target = "x"'
)


@pytest.mark.parametrize(
    ("options", "verdict", "reason"),
    [
        (
            "at = 4",
            Verdict.HOLDS,
            "at 4× the value is 6.0%, 1.200 times the target 5.0%: it reaches it; "
            "the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 2",
            Verdict.CONTRADICTED,
            "at 2× the value is 3.6%, 0.720 times the target 5.0%: it does not reach it; "
            "the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 3.5",
            Verdict.UNSUPPORTED,
            "at 3.5× the value is between 3.6% and 6.0%, [0.702, 1.223] times the target 5.0%, "
            "which does not settle it; the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 1.5",
            Verdict.CONTRADICTED,
            "at 1.5× the value is between 2.0% and 3.6%, [0.386, 0.738] times the target 5.0%; "
            "the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 8",
            Verdict.UNSUPPORTED,
            "at 8× the table ends before it, at 6.0%; the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 0.5",
            Verdict.CONTRADICTED,
            "at 0.5× the value is at most 2.0%, [0.000, 0.415] times the target 5.0%; "
            "the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            'at = "u", tolerance = 0.2',
            Verdict.HOLDS,
            "at 4.0× the value is 6.0%, 1.200 times the target 5.0%: within 20% of it; "
            "the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 4, tolerance = 0.19",
            Verdict.ROUNDING,
            "at 4× the value is 6.0%, 1.200 times the target 5.0%: within 19% of it only by "
            "rounding; the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 4, tolerance = 0.1",
            Verdict.CONTRADICTED,
            "at 4× the value is 6.0%, 1.200 times the target 5.0%: not within 10% of it; "
            "the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
        (
            "at = 3.5, tolerance = 0.5",
            Verdict.HOLDS,
            "at 3.5× the value is between 3.6% and 6.0%, [0.702, 1.223] times the target 5.0%; "
            "the curve passes 5.0% at 3.07× [2.98, 3.16]",
        ),
    ],
)
def test_reaches_target(data_check_of: Judge, options: str, verdict: Verdict, reason: str) -> None:
    claim = data_check_of("so", f"{REACHES}, {options}", **TABLE)
    assert (claim.verdict, claim.reason) == (verdict, reason)
    assert claim.decision_changes is not verdict.stands or verdict is Verdict.UNSUPPORTED
    chart = claim.checks[0].chart
    assert chart is not None
    assert [line.name for line in chart.lines] == ["target", "stated dose"]


def test_the_claims_own_dose(data_check_of: Judge) -> None:
    assert data_check_of("4.0×", REACHES, **TABLE).verdict is Verdict.HOLDS
    with pytest.raises(LedgerError, match="wanted 'at', the stated dose, or a claim with one"):
        data_check_of("so", REACHES, **TABLE)


def test_targets_that_are_not_reached(data_check_of: Judge) -> None:
    claim = data_check_of("so", f"{REACHES}, at = 4", **{**TABLE, "x": "7.0%"})
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.reason.endswith("it does not reach it; no dose of the table reaches 7.0%")
    assert claim.checks[0].computed is None
    claim = data_check_of("so", f"{REACHES}, at = 4", **{**TABLE, "b": "7.0%"})
    assert claim.reason.endswith("it reaches it; which dose 5.0% needs the table does not tell")
    claim = data_check_of("so", f"{REACHES}, at = 3", **{**TABLE, "b": "7.0%"})
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason.startswith("at 3× the table has no such dose, and its curve does not rise")
    claim = data_check_of("so", f"{REACHES}, at = 4", **{**TABLE, "x": "0.0%"})
    assert claim.reason == "the target, 0.0%, may be 0: any value reaches it"
    with pytest.raises(LedgerError, match=r"wanted the ids of entries, found '@d.json#x'"):
        data_check_of("so", f"{REACHES}, at = 4".replace('"x"', '"@d.json#x"'), **TABLE)


ROUNDED = 'check = "above_rounding", values = ["a", "b"], quantity = "value"'


@pytest.mark.parametrize(
    ("options", "verdict", "reason"),
    [
        (
            'format = "bfloat16"',
            Verdict.UNSUPPORTED,
            "the largest difference is 0.59, not above the 3.68 that rounding of bfloat16 values "
            "of 470.6 alone can make",
        ),
        (
            'format = "float32"',
            Verdict.HOLDS,
            "the largest difference is 0.59, above the 5.61e-05 that rounding of float32 values of "
            "470.6 alone can make",
        ),
        (
            'format = "float16", largest = 1000.0',
            Verdict.UNSUPPORTED,
            "the largest difference is 0.59, not above the 0.977 that rounding of float16 values "
            "of 1000 alone can make",
        ),
        (
            'format = "float32", against = "d"',
            Verdict.HOLDS,
            "the largest difference is 0.65, above the 5.61e-05 that rounding of float32 values of "
            "470.6 alone can make",
        ),
    ],
)
def test_differences_above_rounding(
    data_check_of: Judge, options: str, verdict: Verdict, reason: str
) -> None:
    figures = {"a": "469.96", "b": "470.55", "d": "469.90"}
    claim = data_check_of("so", f"{ROUNDED}, {options}", **figures)
    assert (claim.verdict, claim.reason) == (verdict, reason)


def test_divergences_above_rounding(data_check_of: Judge) -> None:
    files = {"d.json": {"rows": [{"id": "s", "kl": 1e-8}, {"id": "t", "kl": 4e-6}]}}
    check = (
        'check = "above_rounding", values = ["@d.json#rows.kl"], quantity = "divergence", '
        'largest = 20.0, format = "{}"'
    )
    claim = data_check_of("so", check.format("float32"), files)
    assert (claim.verdict, claim.decision_changes) == (Verdict.HOLDS, False)
    assert claim.reason == (
        "the mean of 2 divergences is 2e-06 nats, above the 2.38e-07 that rounding of float32 "
        "logits up to 20 and float32 probabilities alone can make; 1 of 2 by themselves are not "
        "above it"
    )
    assert [row["above rounding"] for row in claim.checks[0].rows] == [False, True]
    claim = data_check_of("so", check.format("bfloat16"), files)
    assert (claim.verdict, claim.decision_changes) == (Verdict.UNSUPPORTED, True)


def test_rounding_without_meaning(data_check_of: Judge) -> None:
    check = 'check = "above_rounding", values = ["a"], quantity = "divergence", format = "float32"'
    with pytest.raises(LedgerError, match="wanted 'largest', the size of the largest logit"):
        data_check_of("so", check, a="1.0")
    with pytest.raises(LedgerError, match="wanted no 'against': a divergence is one from the"):
        data_check_of("so", f'{check}, largest = 1.0, against = "a"', a="1.0")
    with pytest.raises(LedgerError, match="wanted 'b' in 'nats', found it in '%'"):
        data_check_of("so", f'{ROUNDED}, format = "float32"', a="1.0", b="2%")
    with pytest.raises(LedgerError, match="format: Input should be 'bfloat16', 'float16'"):
        data_check_of("so", f'{ROUNDED}, format = "int8"', a="1.0", b="2.0")
