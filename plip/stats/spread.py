"""The standard deviation of figures that are known only as intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby, product

from plip.errors import MeasureError
from plip.stats.intervals import Interval

__all__ = ["sd_bounds"]

# Corners that are gone through for the exact maximum; above that many it is bounded.
_CORNERS = 20_000


def sd_bounds(parts: Sequence[Interval], *, ddof: int = 1) -> Interval:
    """Hold the standard deviation of values of which one lies in each part.

    sd = √(min_c Σ (x_i − c)² / (n − ddof))

    The least is exact: min over x and c of Σ (x_i − c)² is the least of Σ dist(c, part_i)² over c,
    a convex function of one variable that is quadratic between the parts' ends. The greatest is at
    a corner, since the sum of squares is convex in x. Among parts of one width, swapping the ends
    of two shows that those at their upper ends have the larger centres; so that only as many
    corners come into question as there are ways to cut each width's row. Where these are too many,
    min_c Σ max_x (x_i − c)² stands in: never less than the greatest.

    Args:
        parts: at least `ddof` + 1.
        ddof: 1 of a sample, 0 of a whole population.

    Raises:
        MeasureError: too few parts.
    """
    if len(parts) <= ddof:
        raise MeasureError(
            "standard deviation",
            wanted=f"at least {ddof + 1} values",
            found=str(len(parts)),
            advice="give the values that it is taken over",
        )
    divisor = len(parts) - ddof
    least, greatest = _least(parts) / divisor, _greatest(parts) / divisor
    return Interval(root(least, up=False), root(greatest, up=True))


def root(value: Fraction, *, up: bool) -> Fraction:
    """Return the square root, exact if it is rational, else off by 1e-15 or less to one side."""
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    if exact * exact == value:
        return exact
    # Enough digits for what is far below 1, too.
    scale = 10 ** (15 + max(0, -math.floor(math.log10(value)) // 2))
    found = math.isqrt(value.numerator * scale * scale // value.denominator)
    return Fraction(found + up, scale)


def _least(parts: Sequence[Interval]) -> Fraction:
    """Minimise Σ dist(c, part_i)² over c."""
    ends = sorted({end for part in parts for end in (part.low, part.high)})
    for left, right in zip(ends, [*ends[1:], ends[-1]], strict=True):
        # Between two ends, the same parts lie above c and the same below it.
        off = [p.low for p in parts if p.low >= right and p.low > left]
        off += [p.high for p in parts if p.high <= left]
        if not off:
            return Fraction(0)
        centre = sum(off, Fraction(0)) / len(off)
        if left <= centre <= right:
            return sum(((x - centre) ** 2 for x in off), Fraction(0))
    raise AssertionError("a convex function has its least somewhere")


def _greatest(parts: Sequence[Interval]) -> Fraction:
    """Maximise Σ (x_i − mean)² over the corners, or bound it from above."""
    by_width = sorted(parts, key=lambda p: (p.high - p.low, p.low))
    rows = [list(row) for _, row in groupby(by_width, key=lambda p: p.high - p.low)]
    if math.prod(1 if row[0].low == row[0].high else len(row) + 1 for row in rows) > _CORNERS:
        return _bound(parts)
    n = len(parts)
    return max(
        sum((squares for _, squares in cuts), Fraction(0))
        - sum((total for total, _ in cuts), Fraction(0)) ** 2 / n
        for cuts in product(*(list(_cuts(row)) for row in rows))
    )


def _cuts(row: Sequence[Interval]) -> Iterator[tuple[Fraction, Fraction]]:
    """Yield Σ x and Σ x² for each corner of a row of parts of one width, in ascending order."""
    low = [p.low for p in row]
    high = [p.high for p in row]
    for cut in range(1 if low == high else len(row) + 1):
        corner = low[:cut] + high[cut:]
        yield sum(corner, Fraction(0)), sum((x * x for x in corner), Fraction(0))


def _bound(parts: Sequence[Interval]) -> Fraction:
    """Return Σ max_x (x_i − c)² for a c near its best; any c bounds the greatest from above."""
    centres = sorted((p.low + p.high) / 2 for p in parts)
    candidates = {sum(centres, Fraction(0)) / len(centres), (centres[0] + centres[-1]) / 2}
    return min(
        sum((max(abs(p.low - c), abs(p.high - c)) ** 2 for p in parts), Fraction(0))
        for c in candidates
    )
