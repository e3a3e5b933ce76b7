"""What values that cannot leave a range can have as mean and spread."""

from __future__ import annotations

import math

from plip.errors import MeasureError

__all__ = ["dropped_term_bounds", "largest_sd"]


def dropped_term_bounds(floor: float) -> tuple[float, float]:
    """Bound a divergence from which terms with p or q not above a floor are dropped.

    D = Σ p_i ln(p_i / q_i) over the i with p_i > ε and q_i > ε. Each such p_i ≤ 1 and q_i > ε, so
    that ln(p_i / q_i) < −ln ε, and Σ p_i ≤ 1: D < −ln ε. With P and Q the sums of the p_i and q_i
    that are left, D ≥ P ln(P / Q) ≥ P ln P ≥ −1/e by the log-sum inequality, as Q ≤ 1.

    Args:
        floor: ε, in (0, 1).

    Returns:
        −1/e and −ln ε, nats; the mean of any number of such divergences lies between them too.

    Raises:
        MeasureError: a floor outside (0, 1).
    """
    if not 0 < floor < 1:
        raise MeasureError(
            "floor of a divergence",
            wanted="a probability above 0 and below 1",
            found=str(floor),
            advice="give the probability below which terms are dropped",
        )
    return -1 / math.e, -math.log(floor)


def largest_sd(n: int, mean: tuple[float, float], low: float, high: float) -> float:
    """Compute the largest standard deviation of n values in [low, high] with a given mean.

    The sum of squares is convex, so that it is largest where all values but one are at the ends:
    j = ⌊n (mean − low) / (high − low)⌋ at the upper one, one in between to meet the mean, the
    others at the lower one. Between means at which j changes it is convex in the mean, so that the
    largest over an interval of means is at its ends or at such a mean. The divisor is n − 1.

    Args:
        n: how many values, ≥ 2.
        mean: its bounds; the part of them within the range counts.
        low: least value.
        high: greatest value.

    Raises:
        MeasureError: fewer than two values, bounds out of order, or no mean within the range.
    """
    least, most = max(mean[0], low), min(mean[1], high)
    if n < 2 or not mean[0] <= mean[1] or not least <= most or not math.isfinite(high - low):
        raise MeasureError(
            "largest spread",
            wanted="at least two values and a mean within their range",
            found=f"{n} values of mean {mean[0]} … {mean[1]} in [{low}, {high}]",
            advice="correct the range, or the mean",
        )
    width = high - low
    if width == 0:
        return 0.0
    first, last = (n * (end - low) / width for end in (least, most))
    corners = [low + width * j / n for j in range(math.ceil(first), math.floor(last) + 1)]
    squares = max(_squares(n, end, low, high) for end in (least, most, *corners))
    return math.sqrt(squares / (n - 1))


def _squares(n: int, mean: float, low: float, high: float) -> float:
    """Largest Σ (x − mean)² at one mean."""
    at_high = min(max(n * (mean - low) / (high - low), 0.0), float(n))
    full = min(math.floor(at_high), n - 1)
    between = low + (at_high - full) * (high - low)
    ends = full * (high - mean) ** 2 + (n - 1 - full) * (low - mean) ** 2
    return ends + (between - mean) ** 2
