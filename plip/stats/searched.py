"""Several figures of the same units, adjusted for having looked at all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plip.errors import MeasureError

__all__ = ["max_t_paired"]

Values = NDArray[np.float64]

# Sign flips computed at once.
_BLOCK = 1000


def max_t_paired(
    differences: Sequence[Sequence[float]], *, seed: int, resamples: int = 9999
) -> tuple[float, ...]:
    """Adjust paired differences for having searched: p against the largest |t| of them all.

    The signs of whole units are flipped, so that figures stay as dependent on each other as they
    are. p_j = (1 + #{flips with max_i |t_i| ≥ |t_j|}) / (1 + resamples), t = mean √n / sd.

    Args:
        differences: for each unit its differences between two conditions, such as one a layer.
        seed: of the flips.
        resamples: how many are drawn.

    Returns:
        A p for each figure, family-wise, two-sided; a figure that is 0 throughout has 1.

    Raises:
        MeasureError: fewer than two units, no figure, figures that are not finite or differ in
            number.

    Source: Westfall and Young 1993, single-step max-T; signs as in `paired`.
    """
    widths = sorted({len(row) for row in differences})
    if len(differences) < 2 or len(widths) > 1 or widths[0] == 0:
        raise _unusable(f"{len(differences)} units with {widths} figures")
    x = np.asarray(differences, dtype=np.float64)
    if not np.isfinite(x).all():
        raise _unusable("figures that are not finite")
    squares = (x**2).sum(0)
    observed = _size(x.sum(0, keepdims=True), squares, len(x))[0]
    rng = np.random.default_rng(seed)
    reached = np.zeros(x.shape[1])
    for start in range(0, resamples, _BLOCK):
        count = min(_BLOCK, resamples - start)
        signs = rng.integers(2, size=(count, len(x))) * 2.0 - 1
        largest = _size(signs @ x, squares, len(x)).max(1, keepdims=True)
        # A flip that repeats the observed one may be rounded apart from it.
        reached += (largest >= observed - 1e-12 * observed).sum(0)
    return tuple(((1 + reached) / (1 + resamples)).tolist())


def _size(sums: Values, squares: Values, n: int) -> Values:
    """Return what grows with |t|, (Σx)² / (n Σx²), in [0, 1]; 0 where all is 0.

    t² = (n − 1) c / (1 − c) of this c; where nothing varies, t is infinite and c is 1.
    """
    share: Values = np.divide(sums**2, n * squares, out=np.zeros_like(sums), where=squares > 0)
    return share


def _unusable(found: str) -> MeasureError:
    return MeasureError(
        "max-T of paired differences",
        wanted="as many finite figures of each of at least two units",
        found=found,
        advice="leave out units that lack some",
    )
