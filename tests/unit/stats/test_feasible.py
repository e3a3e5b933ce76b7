"""Curves of scaled attention: made from real rows, and bent the wrong way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from plip.errors import MeasureError
from plip.stats import Component, feasible_curve, implied_range, jensen_range

pytestmark = pytest.mark.fast

SCALES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)

Bounds = list[tuple[float, float]]


def curve(masses: Sequence[float], targets: Sequence[int], scales: Sequence[float]) -> list[float]:
    m, k = np.asarray(masses), np.asarray(targets)
    return [float((s * m / (1 + (s - 1) * m) / k).mean()) for s in scales]


def printed(values: Sequence[float], half: float = 5e-5) -> Bounds:
    rounded = np.round(np.asarray(values) / (2 * half)) * 2 * half
    return [(float(v - half - 1e-12), float(v + half + 1e-12)) for v in rounded]


@pytest.mark.parametrize("seed", range(20))
def test_what_rows_give_is_feasible(seed: int) -> None:
    rng = np.random.default_rng(seed)
    heads, k = int(rng.integers(1, 40)), int(rng.integers(1, 6))
    masses = rng.beta(*rng.uniform(0.1, 3, size=2), size=heads)
    bounds = printed(curve(masses, [k] * heads, SCALES))
    for targets in range(1, k + 1):
        found = feasible_curve(SCALES, bounds, [Component(1, targets)])
        assert found.feasible is True, (targets, found)
        assert found.relaxation == 0


@pytest.mark.parametrize("seed", range(5))
def test_so_is_what_several_kinds_of_samples_give(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = rng.integers(1, 7, size=6)
    masses = rng.beta(0.4, 4, size=(6, 16))
    each = masses / targets[:, None]
    values = curve(masses.ravel(), np.repeat(targets, 16), SCALES)
    samples = [
        Component(1 / 6, int(k), known)
        for k, known in zip(targets, printed(each.mean(1).tolist()), strict=True)
    ]
    assert feasible_curve(SCALES, printed(values), samples).feasible is True
    shares = [Component(float((targets == k).mean()), int(k)) for k in sorted(set(targets))]
    assert feasible_curve(SCALES, printed(values), shares).feasible is True


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (
            [1.2, 2.4, 4.8, 7.2, 9.6, 14.4],
            "in proportion to the scale, with mass that is not small",
        ),
        ([1.3, 2.4, 4.0, 6.0, 8.0, 12.0], "bends upwards"),
        ([1.3, 2.4, 4.4, 4.5, 7.3, 9.6], "a step in between"),
        ([2.4, 2.4, 4.4, 6.0, 7.4, 9.6], "flat below 1, rising above"),
        ([1.3, 2.4, 2.3, 2.2, 2.1, 2.0], "falls"),
    ],
)
def test_what_no_rows_give_is_not(values: list[float], why: str) -> None:
    bounds = printed([value / 100 for value in values])
    found = feasible_curve(SCALES, bounds, [Component(1, 3)])
    assert found.feasible is False, why
    assert found.relaxation > 0
    assert found.least > found.most
    # The certificate, by hand: no row gives as much as the combination has at least.
    m = np.linspace(0, 1, 100001)
    combined = sum(
        w * s * m / (1 + (s - 1) * m) / 3 for w, s in zip(found.multipliers, SCALES, strict=True)
    )
    published = sum(
        min(w * low, w * high) for w, (low, high) in zip(found.multipliers, bounds, strict=True)
    )
    assert float(combined.max()) <= found.most + 1e-12 < published + 1e-9
    assert found.least == pytest.approx(published, abs=1e-12)
    assert sum(map(abs, found.multipliers)) == pytest.approx(1)
    # With the relaxation found there is a distribution.
    moved = [(low - found.relaxation, high + found.relaxation) for low, high in bounds]
    assert feasible_curve(SCALES, moved, [Component(1, 3)]).feasible is True


@pytest.mark.parametrize("mass", [0.0123, 0.2345, 0.6789, 0.98765])
def test_a_mass_between_grid_points_is_not_ruled_out(mass: float) -> None:
    """Known without any rounding, equal rows fit no distribution on the grid, and are feasible."""
    values = curve([mass], [1], SCALES)
    exact = [(value, value) for value in values]
    assert feasible_curve(SCALES, exact, [Component(1, 1)]).feasible is not False
    for index, scale in enumerate(SCALES):
        others = [i for i in range(len(SCALES)) if i != index]
        found = implied_range(
            [SCALES[i] for i in others], [exact[i] for i in others], [Component(1, 1)], scale
        )
        assert found is not None
        assert found[0] <= values[index] <= found[1]


def test_known_samples_exclude_what_their_mean_allows() -> None:
    """Two samples far apart reach less at high scales than two that are alike."""
    masses = [0.02, 0.7]
    values = curve(masses, [1, 1], SCALES)
    alike = curve([0.36, 0.36], [1, 1], SCALES)
    apart = [Component(0.5, 1, bounds) for bounds in printed(masses)]
    assert feasible_curve(SCALES, printed(values), apart).feasible is True
    assert feasible_curve(SCALES, printed(alike), [Component(1, 1)]).feasible is True
    assert feasible_curve(SCALES, printed(alike), apart).feasible is False


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0, 2.0, 6.0, 20.0])
def test_jensen(scale: float) -> None:
    rng = np.random.default_rng(1)
    for k in (1, 3):
        for masses in (rng.uniform(size=5), rng.integers(2, size=7).astype(float), np.full(3, 0.2)):
            (y,) = curve(masses, [k] * len(masses), [1.0])
            (value,) = curve(masses, [k] * len(masses), [scale])
            low, high = jensen_range((y, y), scale, k)
            assert low - 1e-12 <= value <= high + 1e-12
    # Both ends are reached: rows of 0 and 1, and equal rows.
    low, high = jensen_range((0.1, 0.1), scale, 2)
    ends = sorted([0.1, scale * 0.2 / (1 + (scale - 1) * 0.2) / 2])
    assert [low, high] == pytest.approx(ends)


def test_the_implied_range_holds_the_value_and_is_narrow() -> None:
    masses = np.random.default_rng(2).beta(0.5, 4, size=30)
    values = curve(masses, [3] * 30, SCALES)
    others = [i for i in range(6) if i != 3]
    known = [printed(values)[i] for i in others]
    found = implied_range([SCALES[i] for i in others], known, [Component(1, 3)], SCALES[3])
    assert found is not None
    assert found[0] <= values[3] <= found[1]
    assert found[1] - found[0] < 5e-4
    assert found[0] >= jensen_range(printed(values)[1], 3.0, 3)[0] - 1e-9
    assert (
        implied_range(SCALES, printed([0.02, 0.02, 0.5, 0.6, 0.01, 0.3]), [Component(1, 1)], 5)
        is None
    )


def test_single_values() -> None:
    assert feasible_curve([1.0], [(0.2, 0.2)], [Component(1, 5)]).feasible is True
    assert feasible_curve([1.0], [(0.21, 0.21)], [Component(1, 5)]).feasible is False
    assert feasible_curve([2.0], [(0.0, 0.0)], [Component(1, 5)]).feasible is True
    assert feasible_curve([2.0], [(-0.1, -0.01)], [Component(1, 5)]).feasible is False


@pytest.mark.parametrize(
    ("scales", "bounds", "components"),
    [
        ([], [], [Component(1, 1)]),
        ([0.0], [(0.0, 0.1)], [Component(1, 1)]),
        ([1.0], [(0.2, 0.1)], [Component(1, 1)]),
        ([1.0, 2.0], [(0.1, 0.2)], [Component(1, 1)]),
        ([1.0], [(0.1, 0.2)], []),
        ([1.0], [(0.1, 0.2)], [Component(0.5, 1)]),
        ([1.0], [(0.1, 0.2)], [Component(1, 0)]),
    ],
)
def test_nothing_to_decide(
    scales: list[float], bounds: Bounds, components: list[Component]
) -> None:
    with pytest.raises(MeasureError, match="dose-response curve: wanted positive scales"):
        feasible_curve(scales, bounds, components)


def test_no_mass() -> None:
    with pytest.raises(MeasureError, match="a mass k·y within"):
        jensen_range((0.4, 0.4), 2.0, 3)
    with pytest.raises(MeasureError, match="scale -1"):
        jensen_range((0.1, 0.1), -1.0, 3)


def test_bounds_that_all_but_meet_are_found_not_to() -> None:
    # The simplex method ends without a status on these; another says that there is no solution.
    values = (2.78, 4.13, 6.74, 8.59, 9.99)
    bounds = [((value - 0.005) / 100, (value + 0.005) / 100) for value in values]
    assert implied_range((0.5, 1, 2, 3, 4), bounds, [Component(1.0, 4)], 6) is None
