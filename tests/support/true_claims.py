"""Claims made of true values, as a sound paper would print them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from plip.claims import CHECKS, CheckResult, Entry, Evidence, Given, Quantity, parse_figure


def printed(value: float | Fraction, decimals: int) -> str:
    """Round half to even, exactly."""
    units = round(Fraction(value) * 10**decimals)
    digits = f"{abs(units):0{decimals + 1}d}"
    text = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{text}" if units < 0 else text


def figure(
    value: float | Fraction | str, decimals: int = 2, *, unit: str = "", exact: bool = False
) -> Quantity:
    """Print a value, or take what is printed, and read it again."""
    text = value if isinstance(value, str) else printed(value, decimals)
    sign = unit if unit in ("%", "×") else ""
    read = parse_figure(f"{text}{sign}", unit=unit, exact=exact)
    return Quantity(read, read.interval, read.at_face)


def judge(
    name: str, claim: Quantity | None, given: Mapping[str, Quantity], **options: object
) -> CheckResult:
    """Run one check of one claim, with a figure or without."""
    figures = () if claim is None else (claim.figure,)
    quoted = figures[0].printed if figures else "so it is"
    entry = Entry("c", "1", quoted, "Something.", figures, ())
    check = CHECKS[name].model_validate(options)
    assert not list(check.faults(entry, given))
    return check.run(entry, Given(given, Evidence()))
