"""What rounding alone can make of a figure, by the format of the numbers it was computed in."""

from __future__ import annotations

import math
from typing import Literal, get_args

from plip.errors import MeasureError

__all__ = ["Format", "divergence_noise", "unit_roundoff", "value_noise"]

Format = Literal["bfloat16", "float16", "float32", "float64"]

# Bits of the significand, the implied one included.
_BITS: dict[Format, int] = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}


def unit_roundoff(number_format: Format) -> float:
    """Return the largest relative error of rounding to a format: u = 2^−bits of the significand.

    Raises:
        MeasureError: no such format.
    """
    if number_format not in _BITS:
        raise MeasureError(
            f"format {number_format!r}",
            wanted=f"one of {', '.join(get_args(Format))}",
            found=repr(number_format),
            advice="name the format that the numbers were computed in",
        )
    return float(2.0 ** -_BITS[number_format])


def value_noise(number_format: Format, largest: float) -> float:
    """Bound the difference that rounding makes between two values: 2 u M.

    Each of two values of size up to M is stored with an error up to u M. A difference no larger
    cannot be told from rounding, whatever came before the last rounding.

    Args:
        number_format: in which the values were stored.
        largest: M ≥ 0, in their unit.

    Raises:
        MeasureError: no such format, or a size that is negative or not finite.
    """
    return 2 * unit_roundoff(number_format) * _size(largest)


def divergence_noise(logits: Format, largest: float, arithmetic: Format) -> float:
    """Bound the divergence, in nats, that rounding makes between two equal distributions.

    Logits up to L are stored with errors up to u L, so that the difference of two roundings of the
    same logits spans at most 4 u L; by Hoeffding's lemma KL ≤ (4 u L)² / 8 = 2 (u L)². Taking
    probabilities then rounds each at least twice (exponential, division), with unit roundoff v,
    which moves Σ p ln(p / q) by up to 4 v. Errors within the network come on top, and are not
    counted.

    Args:
        logits: format of the logits.
        largest: L ≥ 0, their largest size.
        arithmetic: format of the probabilities.

    Returns:
        2 (u L)² + 4 v.

    Raises:
        MeasureError: no such format, or a size that is negative or not finite.
    """
    return 2 * (unit_roundoff(logits) * _size(largest)) ** 2 + 4 * unit_roundoff(arithmetic)


def _size(largest: float) -> float:
    if not (math.isfinite(largest) and largest >= 0):
        raise MeasureError(
            "largest value",
            wanted="a finite size from 0",
            found=str(largest),
            advice="give the largest size of the values that were rounded",
        )
    return largest
