"""Bounds of divergences and spreads, noise of number formats: brute force and numpy's own types."""

from __future__ import annotations

import math

import numpy as np
import pytest

from plip.errors import MeasureError
from plip.stats import (
    divergence_noise,
    dropped_term_bounds,
    largest_sd,
    unit_roundoff,
    value_noise,
)

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("floor", [1e-10, 1e-3, 0.2])
def test_divergences_with_dropped_terms_lie_within_their_bounds(floor: float) -> None:
    low, high = dropped_term_bounds(floor)
    rng = np.random.default_rng(3)
    for sharpness in (0.05, 1.0, 20.0, 200.0):
        for _ in range(200):
            scores = rng.normal(size=(2, 6)) * sharpness
            p, q = (np.exp(s - s.max()) / np.exp(s - s.max()).sum() for s in scores)
            kept = (p > floor) & (q > floor)
            divergence = float((p[kept] * np.log(p[kept] / q[kept])).sum())
            assert low <= divergence < high


def test_the_bounds_are_nearly_reached() -> None:
    floor = 1e-10
    low, high = dropped_term_bounds(floor)
    assert high == pytest.approx(23.02585, abs=1e-5)
    # All on a token that the other distribution gives just more than the floor.
    assert math.log(1 / (floor * 1.0001)) == pytest.approx(high, abs=1e-3)
    # A token of probability 1/e where the other has nearly everything; the rest is dropped.
    assert 1 / math.e * math.log((1 / math.e) / (1 - 1e-9)) == pytest.approx(low, abs=1e-8)


@pytest.mark.parametrize("floor", [0.0, 1.0, -1.0, math.nan])
def test_no_floor(floor: float) -> None:
    with pytest.raises(MeasureError, match="a probability above 0 and below 1"):
        dropped_term_bounds(floor)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_no_values_spread_more(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(300):
        values = rng.beta(0.1, 0.2, size=n) * 5 - 2
        mean = float(values.mean())
        assert values.std(ddof=1) <= largest_sd(n, (mean, mean), -2, 3) + 1e-9


def test_the_largest_spread_is_reached() -> None:
    for values in ([0, 0, 1, 1], [0, 0, 0.25, 1], [1, 1], [0, 1], [0.5, 0]):
        mean = float(np.mean(values))
        expected = float(np.std(values, ddof=1))
        assert largest_sd(len(values), (mean, mean), 0, 1) == pytest.approx(expected)


def test_the_largest_spread_over_an_interval_of_means() -> None:
    grid = np.linspace(0.21, 0.63, 40001)
    expected = max(largest_sd(5, (float(m), float(m)), 0, 1) for m in grid[::40])
    assert largest_sd(5, (0.21, 0.63), 0, 1) == pytest.approx(expected, abs=1e-3)
    assert largest_sd(5, (0.21, 0.63), 0, 1) >= expected
    assert largest_sd(5, (-3, 9), 0, 1) == pytest.approx(np.std([0, 0, 1, 1, 1], ddof=1))
    assert largest_sd(4, (7, 7), 7, 7) == 0


@pytest.mark.parametrize(("n", "mean"), [(1, (0.5, 0.5)), (3, (2.0, 3.0)), (3, (0.6, 0.5))])
def test_no_spread(n: int, mean: tuple[float, float]) -> None:
    with pytest.raises(MeasureError, match=f"{n} values of mean"):
        largest_sd(n, mean, 0, 1)


@pytest.mark.parametrize(("name", "kind"), [("float16", np.float16), ("float32", np.float32)])
def test_unit_roundoff(name: str, kind: type[np.floating]) -> None:
    assert unit_roundoff(name) == float(np.finfo(kind).eps) / 2  # type: ignore[arg-type]
    assert unit_roundoff("bfloat16") == 2**-8
    assert unit_roundoff("float64") == np.finfo(np.float64).eps / 2


@pytest.mark.parametrize(("name", "kind"), [("float16", np.float16), ("float32", np.float32)])
def test_rounding_makes_no_more_than_the_noise(name: str, kind: type[np.floating]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        values = rng.normal(size=50) * 20
        largest = float(np.abs(values).max())
        stored = values.astype(kind).astype(np.float64)
        assert np.abs(stored - values).max() * 2 <= value_noise(name, largest)  # type: ignore[arg-type]
        p, q = (np.exp(z - z.max()) / np.exp(z - z.max()).sum() for z in (values, stored))
        divergence = float((p * np.log(p / q)).sum())
        assert divergence <= divergence_noise(name, largest, "float64") + 1e-13  # type: ignore[arg-type]


def test_values_of_470() -> None:
    assert value_noise("bfloat16", 470) == pytest.approx(3.67, abs=0.01)
    assert value_noise("float32", 470) == pytest.approx(5.6e-5, rel=0.01)
    assert divergence_noise("float32", 20, "float32") == pytest.approx(4 * 2**-24, rel=1e-3)
    assert divergence_noise("bfloat16", 16, "float32") == pytest.approx(
        2 * (16 / 256) ** 2, rel=0.01
    )


def test_no_format() -> None:
    with pytest.raises(MeasureError, match="one of bfloat16, float16, float32, float64"):
        unit_roundoff("float8")  # type: ignore[arg-type]
    with pytest.raises(MeasureError, match="a finite size from 0, found -1"):
        value_noise("float32", -1)
    with pytest.raises(MeasureError, match="found inf"):
        divergence_noise("float32", math.inf, "float32")
