"""Which curves rates over a distance can lie on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import xlogy

from plip.errors import MeasureError

__all__ = ["Fit", "Form", "fit_forms"]

Values = NDArray[np.float64]
Form: TypeAlias = Literal["exponential", "straight line", "power"]

# Rates of 0 and 1 are kept this far from the ends, where a likelihood has no logarithm.
_EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Fit:
    """A curve of two parameters through rates.

    Args:
        deviance: 2 Σ [k ln(k / n r) + (n − k) ln((n − k) / n (1 − r))], r the curve's rate.
        df: distances − 2.
        p: of a deviance as large, the curve being right.
        rates: the curve's, at every distance.
    """

    deviance: float
    df: int
    p: float
    rates: tuple[float, ...]


def fit_forms(
    distances: Sequence[float], successes: Sequence[int], n: Sequence[int]
) -> Mapping[Form, Fit]:
    """Fit curves of two parameters to binomial rates, each by maximum likelihood.

    exponential a·exp(−b x), straight line a − b x, power a·x^(−b)

    Args:
        distances: x > 0, at least three different ones.
        successes: k, of n each.
        n: trials, ≥ 1.

    Raises:
        MeasureError: fewer than three distances, which any such curve meets, or impossible counts.
    """
    x, k, trials = (np.asarray(v, dtype=np.float64) for v in (distances, successes, n))
    usable = len(x) == len(k) == len(trials) and len(set(distances)) == len(x) >= 3
    if not (usable and (x > 0).all() and (trials >= 1).all() and ((k >= 0) & (k <= trials)).all()):
        raise MeasureError(
            "decay",
            wanted="counts of trials at three or more different distances above 0",
            found=f"{list(successes)} of {list(n)} at {list(distances)}",
            advice="measure at more distances: two parameters meet any two",
        )
    scale = float(x.mean())
    forms: dict[Form, Callable[[Values], Values]] = {
        "exponential": lambda w: np.exp(w[0] - w[1] * x / scale),
        "straight line": lambda w: np.exp(w[0]) - w[1] * x / scale,
        "power": lambda w: np.exp(w[0] - w[1] * np.log(x / scale)),
    }
    return {form: _fit(curve, k, trials) for form, curve in forms.items()}


def _fit(curve: Callable[[Values], Values], k: Values, n: Values) -> Fit:
    def rates(w: Values) -> Values:
        return np.clip(curve(w), _EDGE, 1 - _EDGE)

    def loss(w: Values) -> float:
        return float(-(xlogy(k, rates(w)) + xlogy(n - k, 1 - rates(w))).sum())

    middle = math.log(max(k.sum() / n.sum(), 0.01))
    starts = [(middle + shift, slope) for shift in (0.0, 0.5) for slope in (-0.3, 0.0, 0.3, 1.0)]
    options = {"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4000}
    found = min(
        (optimize.minimize(loss, s, method="Nelder-Mead", options=options) for s in starts),
        key=lambda each: float(each.fun),
    )
    best = rates(np.asarray(found.x))
    deviance = 2 * float(
        (xlogy(k, k / (n * best)) + xlogy(n - k, (n - k) / (n * (1 - best)))).sum()
    )
    df = len(k) - 2
    deviance = max(deviance, 0.0)
    return Fit(deviance, df, float(stats.chi2.sf(deviance, df)), tuple(map(float, best)))
