"""Each check, on figures that pass, that pass only by rounding, and that fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plip.claims import CHECKS, Check, ClaimResult, Ledger, Verdict, audit

pytestmark = pytest.mark.fast

Judge = Callable[..., ClaimResult]

MEAN = 'check = "mean_of", of = ["a", "b"]'
RATIO = 'check = "ratio_of", numerator = "a", denominator = "b"'
SAME = 'check = "same_as", other = "a"'
IDENTITY = 'check = "identity_is_zero"'
COLUMN = 'check = "column_identity_is_zero", identity = "a"'
BOUND = 'check = "dose_bound", baseline = "a", scale = "s"'
RISES = 'check = "monotone_in_dose", scales = ["s", "t"], values = ["a", "b"]'
NEEDED = 'check = "scale_needed", target = "x", scales = ["u", "s", "t"], values = ["c3", "a", "b"]'
ABOUT = 'check = "approximately", value = "a", reference = "b", tolerance = 0.25'


def test_a_statement_without_a_figure_may_rest_on_a_column(
    check_of: Callable[..., ClaimResult],
) -> None:
    claim = check_of("it is safe", COLUMN, a="469.96")
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == (
        "the divergence that this rests on, a, is 469.96 where nothing is changed; a true one is 0 "
        "there, so that the column measures something else"
    )
    sound = check_of("it is safe", COLUMN, a="0.00")
    assert sound.verdict is Verdict.NOT_CHECKABLE
    assert sound.reason == (
        "the divergence that this rests on, a, is 0 where nothing is changed, as it must be; the "
        "statement itself needs the divergence of each sample"
    )


def test_the_registry_knows_each_check_by_its_name() -> None:
    assert all(issubclass(kind, Check) and kind.name == name for name, kind in CHECKS.items())
    assert sorted(CHECKS) == [
        "above_rounding",
        "adjusted",
        "all_within",
        "approximately",
        "best_of",
        "changed_share",
        "clustered",
        "column_identity_is_zero",
        "confounded",
        "count_of",
        "debit",
        "difference_of",
        "divergence_bound",
        "dose_bound",
        "equivalence",
        "equivalence_from_summary",
        "equivalence_rates",
        "exponential_decay",
        "feasible_curve",
        "flat",
        "greater",
        "grim",
        "grimmer",
        "identity_is_zero",
        "mean_of",
        "monotone_in_dose",
        "not_done",
        "other_contrast",
        "p_below",
        "paired_outcomes",
        "published_measure",
        "range_of",
        "ratio_of",
        "ratios_differ",
        "reaches_target",
        "reported_p",
        "rerun",
        "rises",
        "same_as",
        "scale_needed",
        "sd_of",
        "sensitive",
        "share_of",
        "two_groups",
        "vacuous_control",
        "welch_from_summary",
        "whole_count",
    ]


@pytest.mark.parametrize(
    ("quoted", "verdict", "reason"),
    [
        (
            "2.45%",
            Verdict.HOLDS,
            "the mean of the 2 printed figures lies in [2.445, 2.455]%; 2.45% fits",
        ),
        (
            "2.46%",
            Verdict.ROUNDING,
            "the mean of the 2 printed figures is 2.450% at face value, not 2.46%; "
            "only their rounding, [2.445, 2.455]%, admits it",
        ),
        (
            "2.47%",
            Verdict.CONTRADICTED,
            "the mean of the 2 printed figures lies in [2.445, 2.455]%; 2.47% does not fit",
        ),
    ],
)
def test_mean_of(check_of: Judge, quoted: str, verdict: Verdict, reason: str) -> None:
    claim = check_of(quoted, MEAN, a="1.20%", b="3.70%")
    assert (claim.verdict, claim.reason) == (verdict, reason)
    assert claim.checks[0].check == "mean_of"
    assert claim.checks[0].computed == (2.445, 2.455)


@pytest.mark.parametrize(
    ("quoted", "verdict"),
    [("2.46×", Verdict.HOLDS), ("2.45×", Verdict.ROUNDING), ("2.47×", Verdict.CONTRADICTED)],
)
def test_ratio_of(check_of: Judge, quoted: str, verdict: Verdict) -> None:
    claim = check_of(quoted, RATIO, exact=False, a="5.70%", b="2.32%")
    assert claim.verdict is verdict
    assert claim.checks[0].computed == pytest.approx((5.695 / 2.325, 5.705 / 2.315), rel=1e-12)
    assert claim.reason.startswith("5.70% / 2.32% is 2.457× as printed; from the finest figures")


def test_ratio_of_what_may_be_zero_is_unsupported(check_of: Judge) -> None:
    claim = check_of("2.46×", RATIO, a="5.70%", b="0.00%")
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == "the denominator, 0.00%, may be 0, so that no ratio is defined"
    assert claim.checks[0].computed is None


@pytest.mark.parametrize(
    ("quoted", "other", "verdict", "words"),
    [
        ("2.32%", "2.32%", Verdict.HOLDS, "agrees with"),
        ("2.3%", "2.32%", Verdict.HOLDS, "agrees with"),
        ("2.32%", "2.3%", Verdict.ROUNDING, "agrees only by rounding with"),
        ("2.32%", "2.33%", Verdict.CONTRADICTED, "does not agree with"),
        ("2.32%", "2.4%", Verdict.CONTRADICTED, "does not agree with"),
    ],
)
def test_same_as(check_of: Judge, quoted: str, other: str, verdict: Verdict, words: str) -> None:
    claim = check_of(quoted, SAME, a=other)
    assert claim.verdict is verdict
    assert claim.reason == f"{quoted} {words} the same quantity at a, {other}"


@pytest.mark.parametrize(
    ("quoted", "verdict"),
    [
        ("0.00", Verdict.HOLDS),
        ("0.01", Verdict.CONTRADICTED),
        ("469.96", Verdict.CONTRADICTED),
        ("±0.00", Verdict.HOLDS),
        ("±331.31", Verdict.CONTRADICTED),
    ],
)
def test_identity_is_zero(check_of: Judge, quoted: str, verdict: Verdict) -> None:
    claim = check_of(quoted, IDENTITY)
    assert claim.verdict is verdict
    assert quoted in claim.reason
    assert claim.checks[0].computed == (0, 0)


def test_a_column_that_is_not_zero_at_the_identity_supports_nothing(check_of: Judge) -> None:
    claim = check_of("470.53", COLUMN, a="469.96")
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == (
        "the divergence of this table is 469.96 where nothing is changed; "
        "a true one is 0 there, so that 470.53 measures something else"
    )


def test_a_column_that_is_zero_at_the_identity_is_not_thereby_recomputed(check_of: Judge) -> None:
    claim = check_of("0.53", COLUMN, a="0.00")
    assert claim.verdict is Verdict.NOT_CHECKABLE
    assert claim.reason.endswith("0.53 itself needs the divergence of each sample")


@pytest.mark.parametrize(
    ("quoted", "scale", "verdict", "computed"),
    [
        ("5.71%", "3.0×", Verdict.HOLDS, (2.315, 6.975)),
        ("6.96%", "3.0×", Verdict.HOLDS, (2.315, 6.975)),
        ("6.98%", "3.0×", Verdict.ROUNDING, (2.315, 6.975)),
        ("6.99%", "3.0×", Verdict.CONTRADICTED, (2.315, 6.975)),
        ("2.30%", "3.0×", Verdict.CONTRADICTED, (2.315, 6.975)),
        ("1.23%", "0.5×", Verdict.HOLDS, (1.1575, 2.325)),
        ("1.15%", "0.5×", Verdict.CONTRADICTED, (1.1575, 2.325)),
        ("2.34%", "0.5×", Verdict.CONTRADICTED, (1.1575, 2.325)),
        ("2.32%", "1.0×", Verdict.HOLDS, (2.315, 2.325)),
        ("2.34%", "1.0×", Verdict.CONTRADICTED, (2.315, 2.325)),
    ],
)
def test_dose_bound(
    check_of: Judge, quoted: str, scale: str, verdict: Verdict, computed: tuple[float, float]
) -> None:
    claim = check_of(quoted, BOUND, a="2.32%", s=scale)
    assert claim.verdict is verdict
    assert claim.checks[0].computed == computed
    assert claim.reason.startswith(f"scaling by {scale} takes a mean of 2.32% to some value in [")


def test_dose_bound_from_the_finest_figures_of_the_baseline(
    ledger_of: Callable[[str], Ledger],
) -> None:
    def entry(entry_id: str, quoted: str, unit: str, check: str = "") -> str:
        return (
            f'[[entry]]\nid = "{entry_id}"\nsection = "1"\nstatement = "Something."\n'
            f'quoted = "{quoted}"\nunit = "{unit}"\nexact = {str(unit == "×").lower()}\n'
            f"checks = [{check}]\n"
        )

    ledger = ledger_of(
        entry("x", "2.20%", "%")
        + entry("a", "2%", "%", '{ check = "mean_of", of = ["x"] }')
        + entry("s", "2×", "×")
        + entry("c", "4.50%", "%", f"{{ {BOUND} }}")
    )
    claim = audit(ledger).claims[-1]
    assert claim.verdict is Verdict.CONTRADICTED
    assert claim.checks[0].computed == (2.195, 4.41)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "start"),
    [
        ("2.32%", "2.34%", Verdict.HOLDS, "every step is a rise"),
        ("2.32%", "2.33%", Verdict.HOLDS, "every step is a rise"),
        ("2.32%", "2.32%", Verdict.ROUNDING, "not every step is a rise at face value"),
        ("2.32%", "2.31%", Verdict.CONTRADICTED, "not every step is a rise"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_monotone_in_dose(
    check_of: Judge, low: str, high: str, verdict: Verdict, start: str, swapped: bool
) -> None:
    given = {"s": "1×", "t": "2×", "a": low, "b": high}
    if swapped:  # the order of the ledger does not matter, that of the scales does
        given = {"s": "2×", "t": "1×", "a": high, "b": low}
    claim = check_of("Attention", RISES, **given)
    assert claim.verdict is verdict
    assert claim.reason == f"{start}; the smallest is from {low} at 1× to {high} at 2×"


@pytest.mark.parametrize(
    ("quoted", "verdict"),
    [
        ("~4-6×", Verdict.HOLDS),
        ("~3-7×", Verdict.HOLDS),
        ("~3-4×", Verdict.CONTRADICTED),
        ("~6-7×", Verdict.UNSUPPORTED),
        ("~7-8×", Verdict.CONTRADICTED),
        ("~3-5×", Verdict.UNSUPPORTED),
        ("5×", Verdict.UNSUPPORTED),
    ],
)
def test_scale_needed(check_of: Judge, quoted: str, verdict: Verdict) -> None:
    given = {"u": "1×", "s": "4×", "t": "6×", "c3": "2.59%", "a": "8.27%", "b": "10.98%"}
    claim = check_of(quoted, NEEDED, x="9.08%", **given)
    assert claim.verdict is verdict
    assert claim.checks[0].computed == (4, 6)
    assert claim.reason.startswith("9.08% is first reached between 4× (8.27%) and 6× (10.98%)")


def test_scale_needed_where_a_dose_meets_the_target_to_the_last_digit(check_of: Judge) -> None:
    given = {"u": "1×", "s": "2×", "t": "3×", "c3": "2.32%", "a": "4.17%", "b": "5.70%"}
    claim = check_of("~2-3×", NEEDED, x="5.70%", **given)
    assert claim.verdict is Verdict.HOLDS
    assert claim.reason.startswith("5.70% is first reached between 2× (4.17%) and 3× (5.70%)")
    assert claim.checks[0].computed is None  # its rounding may put 3× short of the target


def test_scale_needed_where_a_dose_passes_the_target_by_the_last_digit(check_of: Judge) -> None:
    given = {"u": "1×", "s": "2×", "t": "3×", "c3": "2.32%", "a": "4.17%", "b": "5.71%"}
    claim = check_of("~2-3×", NEEDED, x="5.70%", **given)
    assert claim.verdict is Verdict.HOLDS
    assert claim.checks[0].computed == (2, 3)


def test_scale_needed_where_a_dose_misses_the_target_by_the_last_digit(check_of: Judge) -> None:
    given = {"u": "1×", "s": "2×", "t": "3×", "c3": "2.32%", "a": "5.69%", "b": "7.00%"}
    claim = check_of("~1-2×", NEEDED, x="5.70%", **given)
    # 5.69 and 5.70 may be one value that was rounded both ways: 2× is not ruled out.
    assert claim.verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("target", "quoted", "verdict", "where"),
    [
        ("20.00%", "~3-6×", Verdict.CONTRADICTED, "20.00% is not reached by 6× (10.98%)"),
        ("20.00%", "~3-9×", Verdict.UNSUPPORTED, "20.00% is not reached by 6× (10.98%)"),
        ("1.00%", "~0-1×", Verdict.UNSUPPORTED, "1.00% is reached by 1× (2.59%) already"),
        ("1.00%", "~2-3×", Verdict.CONTRADICTED, "1.00% is reached by 1× (2.59%) already"),
    ],
)
def test_scale_needed_beyond_the_table(
    check_of: Judge, target: str, quoted: str, verdict: Verdict, where: str
) -> None:
    given = {"u": "1×", "s": "4×", "t": "6×", "c3": "2.59%", "a": "8.27%", "b": "10.98%"}
    claim = check_of(quoted, NEEDED, x=target, **given)
    assert claim.verdict is verdict
    assert claim.reason.startswith(where)


def test_scale_needed_of_a_curve_that_falls_back(check_of: Judge) -> None:
    given = {"u": "1×", "s": "3×", "t": "4×", "c3": "2.32%", "a": "5.71%", "b": "5.60%"}
    claim = check_of("~2-3×", NEEDED, x="5.70%", **given)
    assert claim.verdict is Verdict.UNSUPPORTED
    assert claim.reason == (
        "5.70% is reached, then missed, between 3× (5.71%) and 4× (5.60%), "
        "so that no one scale is needed"
    )


@pytest.mark.parametrize(
    ("value", "reference", "verdict", "reason"),
    [
        (
            "8.27%",
            "9.08%",
            Verdict.HOLDS,
            "8.27% is 0.911 times 9.08% ([0.909, 0.912]), within 25% of it",
        ),
        ("7.50%", "10.00%", Verdict.HOLDS, "7.50% is 0.750 times 10.00%"),
        ("12.50%", "10.00%", Verdict.HOLDS, "12.50% is 1.250 times 10.00%"),
        (
            "7.49%",
            "9.99%",
            Verdict.ROUNDING,
            "7.49% is 0.750 times 9.99% ([0.748, 0.751]), only by rounding within 25% of it",
        ),
        ("12.51%", "10.00%", Verdict.ROUNDING, "12.51% is 1.251 times 10.00%"),
        (
            "9.17%",
            "5.70%",
            Verdict.CONTRADICTED,
            "9.17% is 1.609 times 5.70% ([1.606, 1.612]), not within 25% of it",
        ),
        ("7.40%", "10.00%", Verdict.CONTRADICTED, "7.40% is 0.740 times 10.00%"),
        ("0.01%", "0.00%", Verdict.UNSUPPORTED, "the reference, 0.00%, may be 0"),
    ],
)
def test_approximately(
    check_of: Judge, value: str, reference: str, verdict: Verdict, reason: str
) -> None:
    claim = check_of("a ≈ b", ABOUT, a=value, b=reference)
    assert claim.verdict is verdict
    assert claim.reason.startswith(reason)
