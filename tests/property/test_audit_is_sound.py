"""A study that did what it says is never contradicted, whatever its heads and its rounding."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plip.claims import (
    CHECKS,
    CheckResult,
    Entry,
    Evidence,
    Given,
    Quantity,
    Verdict,
    parse_figure,
)

pytestmark = pytest.mark.fast

# One head's attention to each target: at least one target, some mass left over.
heads = st.lists(
    st.lists(st.integers(1, 300), min_size=1, max_size=3).map(
        lambda weights: [Fraction(weight, 1000) for weight in weights]
    ),
    min_size=1,
    max_size=5,
)
scales = st.lists(
    st.sampled_from(["0", "0.5", "1", "1.5", "2", "3", "4", "6"]), min_size=2, unique=True
)


def attention(rows: list[list[Fraction]], scale: Fraction) -> Fraction:
    """Mean over heads and targets of s·a / (1 + (s − 1)·m), in percent."""
    reached = [scale * a / (1 + (scale - 1) * sum(row)) for row in rows for a in row]
    return 100 * sum(reached) / Fraction(len(reached))


def printed(value: Fraction) -> str:
    hundredths = round(100 * value)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def percent(value: Fraction) -> Quantity:
    figure = parse_figure(f"{printed(value)}%", unit="%", exact=False)
    return Quantity(figure, figure.interval, figure.at_face)


def setting(scale: str) -> Quantity:
    figure = parse_figure(f"{scale}×", unit="×", exact=True)
    return Quantity(figure, figure.interval, figure.at_face)


def run(
    name: str, quantities: dict[str, Quantity], claim: Quantity, **options: object
) -> CheckResult:
    entry = Entry("c", "1", claim.figure.printed, "Something.", (claim.figure,), ())
    check = CHECKS[name].model_validate(options)
    assert not list(check.faults(entry, quantities))
    return check.run(entry, Given(quantities, Evidence()))


def curve(
    rows: list[list[Fraction]], doses: list[str]
) -> tuple[dict[str, Quantity], dict[str, object]]:
    known = {f"s{dose}": setting(dose) for dose in doses}
    known |= {f"a{dose}": percent(attention(rows, Fraction(dose))) for dose in doses}
    return known, {"scales": [f"s{d}" for d in doses], "values": [f"a{d}" for d in doses]}


@given(heads, scales)
def test_the_reach_of_a_dose_holds_what_it_reaches(
    rows: list[list[Fraction]], doses: list[str]
) -> None:
    baseline = percent(attention(rows, Fraction(1)))
    for dose in doses:
        given_ = {"a": baseline, "s": setting(dose)}
        claim = percent(attention(rows, Fraction(dose)))
        result = run("dose_bound", given_, claim, baseline="a", scale="s")
        assert result.outcome.stands, result.reason


@given(heads, scales)
def test_a_true_curve_rises(rows: list[list[Fraction]], doses: list[str]) -> None:
    known, options = curve(rows, doses)
    result = run("monotone_in_dose", known, known[f"a{doses[0]}"], **options)
    assert result.outcome.stands, result.reason


@given(heads, scales, st.integers(0, 8), st.integers(0, 3), st.integers(0, 3))
def test_the_scale_that_is_needed_is_never_ruled_out(
    rows: list[list[Fraction]], doses: list[str], needed: int, below: int, above: int
) -> None:
    known, options = curve(rows, doses)
    known["t"] = percent(attention(rows, Fraction(needed)))
    claim = setting(f"{max(0, needed - below)}-{needed + above}")
    result = run("scale_needed", known, claim, target="t", **options)
    assert result.outcome is not Verdict.CONTRADICTED, result.reason


@given(st.lists(st.fractions(0, 100), min_size=1, max_size=10), st.fractions(1, 100))
def test_a_true_mean_and_a_true_ratio_are_never_contradicted(
    values: list[Fraction], below: Fraction
) -> None:
    known = {f"x{i}": percent(value) for i, value in enumerate(values)}
    mean = sum(values) / Fraction(len(values))
    result = run("mean_of", known, percent(mean), of=list(known))
    assert result.outcome.stands, result.reason
    figure = parse_figure(f"{printed(mean / below)}×", unit="×", exact=False)
    ratio = Quantity(figure, figure.interval, figure.at_face)
    given_ = {"a": percent(mean), "b": percent(below)}
    result = run("ratio_of", given_, ratio, numerator="a", denominator="b")
    assert result.outcome.stands, result.reason
