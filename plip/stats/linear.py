"""Linear models: ordinary least squares, and a random intercept for each group."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from plip.errors import MeasureError

__all__ = ["Coefficient", "LinearFit", "least_squares", "random_intercept"]

Values = NDArray[np.float64]

_INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate with its uncertainty.

    Args:
        estimate: of a coefficient, or of a sum of several.
        se: its standard error.
        low: lower end of its interval.
        high: upper end.
        p: two-sided, of its being 0, by Student's distribution.
    """

    estimate: float
    se: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class LinearFit:
    """A fitted model y = Σ β_j x_j, plus an intercept for each group where there are groups.

    Args:
        names: of the coefficients, "intercept" first.
        estimates: β, in that order.
        covariance: of the estimates.
        df: degrees of freedom of Student's distribution.
        n: observations.
        groups: how many; None of ordinary least squares.
        residual_sd: of an observation around its prediction.
        group_sd: of the groups' intercepts, 0 where the likelihood is highest without any; None of
            ordinary least squares.
        confidence: level of the intervals.
    """

    names: tuple[str, ...]
    estimates: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    df: int
    n: int
    groups: int | None
    residual_sd: float
    group_sd: float | None
    confidence: float

    def combination(self, weights: Mapping[str, float]) -> Coefficient:
        """Estimate Σ w_j β_j; what is not named has weight 0.

        Args:
            weights: by the coefficients' names.

        Raises:
            MeasureError: a name that the model does not have, or a sum without any uncertainty.
        """
        unknown = sorted(set(weights) - set(self.names))
        if unknown:
            raise MeasureError(
                "linear model",
                wanted=f"names among {', '.join(self.names)}",
                found=", ".join(unknown),
                advice="name coefficients of the model",
            )
        w = np.array([weights.get(name, 0.0) for name in self.names])
        estimate = float(w @ np.array(self.estimates))
        variance = float(w @ np.array(self.covariance) @ w)
        if not variance > 0:
            raise MeasureError(
                "linear model",
                wanted="an estimate with a standard error",
                found=f"a variance of {variance:g}",
                advice="give observations that scatter around the model",
            )
        se = variance**0.5
        half = float(stats.t.ppf((1 + self.confidence) / 2, self.df)) * se
        p = float(2 * stats.t.sf(abs(estimate / se), self.df))
        return Coefficient(estimate, se, estimate - half, estimate + half, p)


def least_squares(
    response: Sequence[float],
    predictors: Mapping[str, Sequence[float]],
    *,
    confidence: float = 0.95,
) -> LinearFit:
    """Fit y = β_0 + Σ β_j x_j by ordinary least squares.

    β = (XᵀX)⁻¹Xᵀy, covariance s² (XᵀX)⁻¹, s² = Σ residual² / (n − coefficients)

    Args:
        response: y, finite.
        predictors: x_j by name, each as long as y.
        confidence: level of intervals, in (0, 1).

    Raises:
        MeasureError: figures that are not finite, no more observations than coefficients, or
            predictors that determine each other.
    """
    y, x, names = _design(response, predictors)
    spread = np.linalg.inv(x.T @ x)
    estimates = spread @ x.T @ y
    df = len(y) - x.shape[1]
    variance = float(((y - x @ estimates) ** 2).sum()) / df
    return LinearFit(
        names=names,
        estimates=tuple(estimates.tolist()),
        covariance=_rows(variance * spread),
        df=df,
        n=len(y),
        groups=None,
        residual_sd=variance**0.5,
        group_sd=None,
        confidence=confidence,
    )


def random_intercept(
    response: Sequence[float],
    predictors: Mapping[str, Sequence[float]],
    groups: Sequence[str],
    *,
    confidence: float = 0.95,
) -> LinearFit:
    """Fit y = β_0 + Σ β_j x_j + u_group + ε, u ~ N(0, τ²), ε ~ N(0, σ²), by REML.

    Standard errors are robust: they hold if a group differs from the others in more than its
    intercept, such as in the effect of a predictor,

    cov = G/(G − 1) A⁻¹ (Σ_g X_gᵀV_g⁻¹r_g r_gᵀV_g⁻¹X_g) A⁻¹, A = Σ_g X_gᵀV_g⁻¹X_g,
    V_g = σ² I + τ² 1 1ᵀ

    with G groups, and G − 1 degrees of freedom.

    Args:
        response: y, finite.
        predictors: x_j by name, each as long as y.
        groups: the group of each observation.
        confidence: level of intervals, in (0, 1).

    Raises:
        MeasureError: as `least_squares`; fewer groups than coefficients and one; an optimisation
            that does not converge.

    Source: Laird and Ware 1982; Liang and Zeger 1986 for the errors. REML is that of statsmodels.
    """
    y, x, names = _design(response, predictors)
    labels, members = np.unique(np.asarray(groups), return_inverse=True)
    if len(members) != len(y) or len(labels) <= x.shape[1]:
        raise MeasureError(
            "mixed model",
            wanted=f"a group for each observation, and more than {x.shape[1]} groups",
            found=f"{len(labels)} groups of {len(members)} observations",
            advice="measure more groups",
        )
    tau2, sigma2 = _variances(y, x, members)
    estimates, covariance = _generalised(y, x, members, tau2 / sigma2)
    return LinearFit(
        names=names,
        estimates=tuple(estimates.tolist()),
        covariance=_rows(covariance),
        df=len(labels) - 1,
        n=len(y),
        groups=len(labels),
        residual_sd=sigma2**0.5,
        group_sd=tau2**0.5,
        confidence=confidence,
    )


def _variances(y: Values, x: Values, members: NDArray[np.int64]) -> tuple[float, float]:
    """Return τ² and σ² at the maximum of the restricted likelihood."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    # Standardised, the optimiser meets the same problem whatever the units are.
    scale = float(y.std())
    if scale == 0:
        raise _not_found("a response that is the same throughout")
    with warnings.catch_warnings():
        # It warns of every detour; what counts is whether it arrived.
        warnings.simplefilter("ignore")
        try:
            # Where the maximum is at τ² = 0, gradients lead nowhere; Powell's method needs none.
            found = MixedLM(y / scale, x, members).fit(reml=True, method=["bfgs", "powell"])
        except np.linalg.LinAlgError as error:
            raise _not_found(str(error).lower()) from error
    tau2, sigma2 = float(found.cov_re[0, 0]) * scale**2, float(found.scale) * scale**2
    if not found.converged or not np.isfinite([tau2, sigma2]).all() or sigma2 <= 0 or tau2 < 0:
        raise _not_found("an optimisation that did not converge")
    return tau2, sigma2


def _generalised(
    y: Values, x: Values, members: NDArray[np.int64], ratio: float
) -> tuple[Values, Values]:
    """Return the generalised least squares estimate and its robust covariance.

    Up to a factor that cancels, V_g⁻¹ = I − ρ/(1 + n_g ρ) 1 1ᵀ with ρ = τ²/σ².
    """
    blocks = [members == group for group in range(members.max() + 1)]

    def weighted(values: Values) -> Values:
        result = values.copy()
        for block in blocks:
            size = int(block.sum())
            result[block] -= ratio / (1 + size * ratio) * values[block].sum(0)
        return result

    wx = weighted(x)
    bread = np.linalg.inv(wx.T @ x)
    estimates: Values = bread @ wx.T @ y
    residual = y - x @ estimates
    scores = np.stack([wx[block].T @ residual[block] for block in blocks])
    count = len(blocks)
    covariance: Values = count / (count - 1) * bread @ (scores.T @ scores) @ bread
    return estimates, covariance


def _design(
    response: Sequence[float], predictors: Mapping[str, Sequence[float]]
) -> tuple[Values, Values, tuple[str, ...]]:
    y = np.asarray(response, dtype=np.float64)
    columns = [np.asarray(column, dtype=np.float64) for column in predictors.values()]
    lengths = {len(y), *map(len, columns)}
    wanted = f"{len(columns) + 2} or more finite observations of every figure"
    if len(lengths) > 1 or len(y) < len(columns) + 2:
        raise _unusable(wanted, f"{' and '.join(map(str, sorted(lengths)))} observations")
    x = np.column_stack([np.ones_like(y), *columns])
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise _unusable(wanted, "some that are not finite")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise _unusable("predictors that vary apart from each other", "some that do not")
    return y, x, (_INTERCEPT, *predictors)


def _unusable(wanted: str, found: str) -> MeasureError:
    return MeasureError(
        "linear model", wanted=wanted, found=found, advice="measure more, or leave a predictor out"
    )


def _not_found(found: str) -> MeasureError:
    return MeasureError(
        "mixed model",
        wanted="variances at a maximum of the likelihood",
        found=found,
        advice="measure more groups, or take the paired differences alone",
    )


def _rows(matrix: Values) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
