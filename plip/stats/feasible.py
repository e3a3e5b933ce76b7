"""Whether a dose-response curve of scaled attention can come from any attention at all.

One row of attention has mass m on its k steered edges. Scaled by s and renormalised, the mean over
the k targets is s·m / ((1 + (s − 1)·m)·k). A published value is the mean of this over heads and
samples, that is, over some distribution of m in [0, 1] for each number of targets. Whether there is
a distribution that gives every published value is a linear program, its unknowns the probabilities
of m on a grid.

A grid leaves nothing out: any m lies in a cell, and putting its probability on the cell's ends, so
that m is kept, moves the value at scale s by no more than e = h²/8 · max |f″| of that cell, the
error of linear interpolation. So a solution on the grid is a solution; and where there is none, the
dual multipliers λ are a certificate that is checked for every m, grid or not: the mean of
Σ λ_s f_s(m)/k is at most its maximum, and the published values are above it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from plip.errors import MeasureError

__all__ = ["Component", "Feasibility", "feasible_curve", "implied_range", "jensen_range"]

Values = NDArray[np.float64]

# A solution may miss bounds by the solver's tolerance, in fractions of attention, far below any
# printed digit; a certificate must clear them by more than the rounding of its sums.
_MISSED = 1e-8
_CLEARED = 1e-10
# What scipy's solvers report.
_SOLVED, _INFEASIBLE = 0, 2
# Grid points of one component, and of all: at 700 the error is a hundredth of a printed 0.01%.
_MOST_POINTS = 700
_LARGEST_PROGRAM = 5000


@dataclass(frozen=True, slots=True)
class Component:
    """Samples that are alike in what is known of them.

    Args:
        share: of the mean over all samples; the shares sum to 1.
        targets: k, how many edges a row has.
        baseline: bounds of the unscaled value E[m]/k of these samples, None where it is not known.
    """

    share: float
    targets: int
    baseline: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Feasibility:
    """Whether there is a distribution of edge mass, with the proof.

    Args:
        feasible: True with a distribution that gives every value, False with a certificate that
            none does; None where the two are too close for the grid.
        relaxation: by how much every bound must be moved outwards, at least, for there to be one.
        multipliers: λ of each dose, Σ |λ| = 1 together with those of known baselines: the tightest
            combination of the published values, Σ λ y.
        least: the smallest value of the combination that the bounds allow.
        most: the largest that any distribution gives; below `least` where nothing is feasible.
    """

    feasible: bool | None
    relaxation: float
    multipliers: tuple[float, ...]
    least: float
    most: float


def jensen_range(baseline: tuple[float, float], scale: float, targets: int) -> tuple[float, float]:
    """Bound the value at one scale from the unscaled one alone.

    f_s(m) = s·m / (1 + (s − 1)·m) bends downwards in m for s > 1 and upwards for s < 1, so that
    its mean lies between that of a mixture of rows with m = 0 and m = 1 and that of equal rows
    (Jensen): between y and f_s(k·y)/k.

    Args:
        baseline: bounds of the unscaled value y, fractions of attention, with k·y ≤ 1.
        scale: s ≥ 0.
        targets: k.

    Raises:
        MeasureError: a scale below 0, no target, or a mass k·y beyond [0, 1] even at its least.
    """
    low, high = baseline
    if scale < 0 or targets < 1 or not 0 <= low <= high or targets * low > 1:
        raise _unusable(
            "a scale from 0 and a mass k·y within [0, 1]",
            f"scale {scale:g}, {targets} targets of {low:g} … {high:g}",
        )
    high = min(high, 1 / targets)
    ends = [_scaled(np.array([targets * y]), scale)[0] / targets for y in (low, high)]
    return (low, float(ends[1])) if scale >= 1 else (float(ends[0]), high)


def feasible_curve(
    scales: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    components: Sequence[Component],
) -> Feasibility:
    """Decide whether a curve is a mean of scaled attention over any distribution of edge mass.

    Args:
        scales: s > 0, each once.
        bounds: of the value at each, fractions of attention.
        components: kinds of samples.

    Raises:
        MeasureError: nothing to decide, a scale that is not positive, bounds out of order, shares
            that do not sum to 1, or no target.
    """
    program = _Program(tuple(scales), tuple(bounds), tuple(components))
    solved = program.relaxed()
    # λ from the duals of the upper and the lower bounds.
    count = len(program.low)
    force = -solved.ineqlin.marginals
    multipliers = force[count : 2 * count] - force[:count]
    size = float(np.abs(multipliers).sum())
    if size > 0:
        multipliers = multipliers / size
    least = float(np.where(multipliers > 0, program.low, program.high) @ multipliers)
    most = program.largest(multipliers)
    reached = program.matrix @ solved.x[:-1]
    missed = float(np.maximum(program.low - reached, reached - program.high).max())
    feasible = True if missed <= _MISSED else False if least - most > _CLEARED else None
    return Feasibility(
        feasible,
        max(missed, 0.0) if feasible is not True else 0.0,
        tuple(multipliers[: len(scales)].tolist()),
        least,
        most,
    )


def implied_range(
    scales: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    components: Sequence[Component],
    scale: float,
) -> tuple[float, float] | None:
    """Bound the value at another scale from the values at these.

    The bounds are widened by the error of the grid, so that every distribution lies within them.

    Returns:
        The smallest and the largest value; None where no distribution gives the values at `scales`.

    Raises:
        MeasureError: as `feasible_curve`.
    """
    program = _Program(tuple(scales), tuple(bounds), tuple(components))
    row, error = program.row(scale)
    ends = [program.extreme(sign * row) for sign in (1, -1)]
    if any(end is None for end in ends):
        return None
    low, high = (float(row @ end) for end in ends if end is not None)
    return low - error, high + error


@dataclass(frozen=True)
class _Program:
    """The linear program: columns are grid points of each component, rows are values."""

    scales: tuple[float, ...]
    bounds: tuple[tuple[float, float], ...]
    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        shares = sum(component.share for component in self.components)
        sound = (
            len(self.scales) == len(self.bounds) > 0
            and all(math.isfinite(scale) and scale > 0 for scale in self.scales)
            and all(low <= high for low, high in self.bounds)
            and self.components
            and all(c.targets >= 1 and c.share > 0 for c in self.components)
            and abs(shares - 1) < 1e-9
        )
        if not sound:
            raise _unusable(
                "positive scales with bounds, and samples with targets whose shares sum to 1",
                f"{len(self.scales)} scales, {len(self.bounds)} bounds, shares of {shares:g}",
            )

    @cached_property
    def grid(self) -> Values:
        """Grid points of m, denser towards 0, where the curves bend most."""
        points = max(200, min(_MOST_POINTS, _LARGEST_PROGRAM // len(self.components)))
        found: Values = np.linspace(0, 1, points) ** 2
        return found

    @cached_property
    def known(self) -> list[int]:
        """The components whose baseline is known."""
        return [i for i, c in enumerate(self.components) if c.baseline is not None]

    @cached_property
    def low(self) -> Values:
        """Lower bound of every row: doses, then known baselines."""
        return self._bounds(0)

    @cached_property
    def high(self) -> Values:
        return self._bounds(1)

    def _bounds(self, end: int) -> Values:
        baselines = [c.baseline[end] for c in self.components if c.baseline is not None]
        return np.array([*(bound[end] for bound in self.bounds), *baselines])

    @cached_property
    def matrix(self) -> Values:
        """What each unknown adds to each row."""
        rows = [self.row(scale)[0] for scale in self.scales]
        for known in self.known:
            row = np.zeros((len(self.components), self.grid.size))
            row[known] = self.grid / self.components[known].targets
            rows.append(row.ravel())
        return np.array(rows)

    @cached_property
    def errors(self) -> Values:
        """Error of the grid in every row; baselines are kept exactly."""
        return np.array([self.row(scale)[1] for scale in self.scales] + [0.0] * len(self.known))

    def row(self, scale: float) -> tuple[Values, float]:
        """Return what each unknown adds to the value at a scale, and the error of the grid."""
        weights = np.array([c.share / c.targets for c in self.components])
        row = weights[:, None] * _scaled(self.grid, scale)
        return row.ravel(), float(weights.sum() * _cell_errors(self.grid, scale).max())

    @cached_property
    def sums(self) -> sparse.csr_array:
        """Each component's probabilities sum to 1."""
        ones = np.ones((1, self.grid.size))
        return sparse.csr_array(sparse.block_diag([ones] * len(self.components)))

    def relaxed(self) -> optimize.OptimizeResult:
        """Minimise the t by which all bounds are moved outwards."""
        # Rows in units of the narrowest bound, so that the solver's tolerance is far below it.
        unit = max(float((self.high - self.low).min()) / 2, 1e-7)
        away = -np.ones((len(self.low), 1))
        upper = np.hstack([self.matrix / unit, away])
        lower = np.hstack([-self.matrix / unit, away])
        columns = self.matrix.shape[1]
        none = sparse.csr_array((len(self.components), 1))
        return _solve(
            c=np.append(np.zeros(columns), 1.0),
            A_ub=np.vstack([upper, lower]),
            b_ub=np.concatenate([self.high, -self.low]) / unit,
            A_eq=sparse.hstack([self.sums, none]),
            b_eq=np.ones(len(self.components)),
        )

    def extreme(self, objective: Values) -> Values | None:
        """Minimise a row within bounds widened by the grid's error; None if there is nothing."""
        unit = max(float((self.high - self.low).min()) / 2, 1e-7)
        found = _linprog(
            c=objective / float(np.abs(objective).max()),
            A_ub=np.vstack([self.matrix, -self.matrix]) / unit,
            b_ub=np.concatenate([self.high + self.errors, self.errors - self.low]) / unit,
            A_eq=self.sums,
            b_eq=np.ones(len(self.components)),
        )
        if found.status == _INFEASIBLE:
            return None
        return np.asarray(_solved(found).x)

    def largest(self, multipliers: Values) -> float:
        """Bound Σ λ·row over all distributions: the sum of each component's largest value.

        Within a cell the combination is at most the larger of its ends plus the interpolation
        errors of its parts.
        """
        values = (multipliers @ self.matrix).reshape(len(self.components), self.grid.size)
        cells = np.zeros(self.grid.size - 1)
        for multiplier, scale in zip(multipliers, self.scales, strict=False):
            cells += abs(multiplier) * _cell_errors(self.grid, scale)
        total = 0.0
        for component, own in zip(self.components, values, strict=True):
            ends = np.maximum(own[:-1], own[1:])
            total += float((ends + cells * component.share / component.targets).max())
        return total


def _scaled(mass: Values, scale: float) -> Values:
    """f_s(m) = s·m / (1 + (s − 1)·m); 1 at m = 1, whatever the scale."""
    found: Values = scale * mass / np.where(mass < 1, 1 + (scale - 1) * mass, scale)
    return found


def _cell_errors(grid: Values, scale: float) -> Values:
    """Bound the error of linear interpolation in each cell: h²/8 · max |f_s″|.

    f_s″ = −2 s (s − 1) / (1 + (s − 1)·m)³ changes steadily with m: its largest size is at an end.
    """
    bend = 2 * scale * abs(scale - 1) / (1 + (scale - 1) * grid) ** 3
    found: Values = np.diff(grid) ** 2 / 8 * np.maximum(bend[:-1], bend[1:])
    return found


def _linprog(**program: object) -> optimize.OptimizeResult:
    """Solve a program by the first method that ends in a solution or in there being none.

    Bounds that all but meet can leave one method with a status that it has no name for.
    """
    for method in ("highs", "highs-ds", "highs-ipm"):
        found = optimize.linprog(**program, method=method)
        if found.status in (_SOLVED, _INFEASIBLE):
            break
    return found


def _solve(**program: object) -> optimize.OptimizeResult:
    return _solved(_linprog(**program))


def _solved(found: optimize.OptimizeResult) -> optimize.OptimizeResult:
    if found.status != _SOLVED:
        raise MeasureError(
            "linear program",
            wanted="a solution",
            found=found.message,
            advice="give bounds of ordinary size, fractions of attention",
        )
    return found


def _unusable(wanted: str, found: str) -> MeasureError:
    return MeasureError(
        "dose-response curve",
        wanted=wanted,
        found=found,
        advice="give the published values as fractions with their scales",
    )
