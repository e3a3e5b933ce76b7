"""Reading figures as printed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from plip.claims import parse_figure
from plip.errors import LedgerError
from plip.stats import Interval

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("printed", "unit", "low", "high", "face", "decimals"),
    [
        ("5.70%", "%", "5.695", "5.705", ("5.7", "5.7"), 2),
        ("2.46×", "×", "2.455", "2.465", ("2.46", "2.46"), 2),
        ("±332.08", "nats", "332.075", "332.085", ("332.08", "332.08"), 2),
        ("470", "nats", "469.5", "470.5", ("470", "470"), 0),
        ("~2-3×", "×", "1.5", "3.5", ("2", "3"), 0),
        ("2.8–4.4×", "×", "2.75", "4.45", ("2.8", "4.4"), 1),
        ("2-3.5×", "×", "1.5", "3.55", ("2", "3.5"), 1),
        ("≈470", "nats", "469.5", "470.5", ("470", "470"), 0),
        ("≈ 332", "nats", "331.5", "332.5", ("332", "332"), 0),
        ("-0.5%", "%", "-0.55", "-0.45", ("-0.5", "-0.5"), 1),
        ("−5", "nats", "-5.5", "-4.5", ("-5", "-5"), 0),
        ("−0.3–1.2", "nats", "-0.35", "1.25", ("-0.3", "1.2"), 1),
        ("−3–−1.5", "nats", "-3.5", "-1.45", ("-3", "-1.5"), 1),
        ("p = 0.018", "p", "0.0175", "0.0185", ("0.018", "0.018"), 3),
        ("n=30", "samples", "29.5", "30.5", ("30", "30"), 0),
        ("σ ≈ 109", "nats", "108.5", "109.5", ("109", "109"), 0),
        ("×3.0", "×", "2.95", "3.05", ("3", "3"), 1),
        ("scale=3.0", "×", "2.95", "3.05", ("3", "3"), 1),
        ("12,345.6", "tokens", "12345.55", "12345.65", ("12345.6", "12345.6"), 1),
        ("2.8e-5", "p", "0.0000275", "0.0000285", ("0.000028", "0.000028"), 6),
        ("2.8 × 10⁻⁵", "p", "0.0000275", "0.0000285", ("0.000028", "0.000028"), 6),
        ("3×10^4", "tokens", "25000", "35000", ("30000", "30000"), 0),
        ("1.25·10^−1", "p", "0.1245", "0.1255", ("0.125", "0.125"), 3),
    ],
)
def test_rounded(
    printed: str, unit: str, low: str, high: str, face: tuple[str, str], decimals: int
) -> None:
    figure = parse_figure(printed, unit=unit, exact=False)
    assert figure.printed == printed
    assert figure.interval == Interval(Fraction(low), Fraction(high))
    assert figure.at_face == Interval(Fraction(face[0]), Fraction(face[1]))
    assert figure.decimals == decimals


def test_exact_figures_stand_for_themselves() -> None:
    assert parse_figure("3.0×", unit="×", exact=True).interval == Interval.point(Fraction(3))
    needed = parse_figure("~3-4×", unit="×", exact=True)
    assert needed.interval == Interval(Fraction(3), Fraction(4))


def test_shown_in_its_unit_with_one_decimal_more() -> None:
    five = Interval(Fraction("5.697"), Fraction("5.7065"))
    assert parse_figure("5.70%", unit="%", exact=False).show(five) == "[5.697, 5.707]%"
    assert parse_figure("5.7", unit="nats", exact=False).show(five, more=0) == "[5.6, 5.8] nats"


@pytest.mark.parametrize(
    ("printed", "unit", "complaint"),
    [
        ("5,70%", "%", "wanted a number or range such as 5.70%, ±332.08 or ~2-3×, found '5,70%'"),
        ("- 5%", "%", "wanted a number or range"),
        ("1B6", "parameters", "wanted a number or range"),
        ("p < 0.018", "p", "wanted a number or range"),
        ("12,34", "nats", "wanted a number or range"),
        ("٣", "nats", "wanted a number or range"),
        ("", "nats", "wanted a number or range"),
        ("5.70", "%", "wanted the unit of the entry, '%', found '' at the number"),
        ("5.70%", "nats", "wanted the unit of the entry, 'nats', found '%' at the number"),
        ("×3.0", "nats", "wanted the unit of the entry, 'nats', found '×' at the number"),
        ("5.70%", "×", "wanted the unit of the entry, '×', found '%' at the number"),
        ("4-3×", "×", "wanted a range from its lower to its upper end, found '4-3×'"),
        ("−1–−3", "nats", "wanted a range from its lower to its upper end, found '−1–−3'"),
    ],
)
def test_unreadable(printed: str, unit: str, complaint: str) -> None:
    with pytest.raises(LedgerError) as caught:
        parse_figure(printed, unit=unit, exact=False)
    assert str(caught.value).startswith(f"figure {printed!r}: {complaint}")
    assert caught.value.advice == "quote the figure as the paper prints it"
