"""What several figures draw: gaps, intervals, swarms, axes of divergences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from plip.records import Spread

__all__ = ["divergence_axis", "ends", "gapped", "intervals", "nothing_to_show", "swarm", "thinned"]

# The most decades that get a label.
_DECADES = 6


def gapped(values: Iterable[float | None], unit: float = 1.0) -> NDArray[np.float64]:
    """Return values in units of `unit`, NaN where undefined: a gap in a line, never a 0."""
    return np.array([math.nan if value is None else value / unit for value in values])


def intervals(
    axes: Axes,
    places: Sequence[float],
    ends: Sequence[tuple[float | None, float | None]],
    colour: str,
    unit: float = 1.0,
    *,
    pale: bool = False,
) -> None:
    """Draw the intervals that are defined, as bars without caps; pale ones are wide, for behind.

    They are drawn by their ends, since a bootstrap interval need not hold the mean.
    """
    known = [
        (place, low / unit, high / unit)
        for place, (low, high) in zip(places, ends, strict=True)
        if low is not None and high is not None
    ]
    if known:
        x, low, high = zip(*known, strict=True)
        width, strength = (4.0, 0.3) if pale else (0.9, 1.0)
        axes.vlines(x, low, high, colors=colour, linewidths=width, alpha=strength)


def ends(spread: Spread) -> tuple[float | None, float | None]:
    """Return the ends of a mean's interval."""
    return spread.ci_low, spread.ci_high


def swarm(values: Sequence[float], *, size: float, step: float, widest: float) -> list[float]:
    """Place equal values beside each other, without anything drawn at random.

    Each value, in ascending order, takes the free place nearest to the middle.

    Args:
        values: heights.
        size: two points nearer than this in height may not have the same place.
        step: between places.
        widest: the farthest place from the middle; all draw nearer where it would not do.

    Returns:
        A place for each value, 0 for the middle.
    """
    taken: list[tuple[float, int]] = []
    places = [0] * len(values)
    for index in sorted(range(len(values)), key=lambda at: (values[at], at)):
        near = {place for value, place in taken if values[index] - value < size}
        place = next(k for k in _outwards() if k not in near)
        places[index] = place
        taken.append((values[index], place))
    farthest = max(map(abs, places), default=0)
    step = min(step, widest / farthest) if farthest else step
    return [step * place for place in places]


def _outwards() -> Iterable[int]:
    """Count 0, 1, −1, 2, −2 and on."""
    yield 0
    k = 1
    while True:
        yield k
        yield -k
        k += 1


def divergence_axis(
    axes: Axes, what: str, main: Iterable[float | None], also: Iterable[float | None] = ()
) -> None:
    """Make the vertical axis logarithmic; where 0 is to be seen, linear below the smallest figure.

    Args:
        axes: whose axis.
        what: of which divergence, its unit left out.
        main: figures that must be told apart.
        also: further ones that must be in sight, such as those of single samples.
    """
    important = [value for value in main if value is not None]
    everything = important + [value for value in also if value is not None]
    positive = [v for v in important if v > 0] or [v for v in everything if v > 0]
    if not positive:
        axes.set_ylabel(f"{what}\n(nats)")
        return
    first = math.floor(math.log10(min(positive)))
    last = max(math.ceil(math.log10(max(everything))), first + 1)
    floor = 10.0**first
    powers = range(first, last + 1, math.ceil((last - first) / _DECADES))
    ticks, labels = [10.0**power for power in powers], [f"$10^{{{power}}}$" for power in powers]
    if min(everything) < floor:
        axes.set_yscale("symlog", linthresh=floor)
        axes.set_yticks([0.0, *ticks], ["0", *labels])
        axes.set_ylim(-0.2 * floor, 10.0**last)
        axes.set_ylabel(f"{what}\n(nats, linear below $10^{{{first}}}$)")
    else:
        axes.set_yscale("log")
        axes.set_yticks(ticks, labels)
        axes.set_ylim(floor, 10.0**last)
        axes.set_ylabel(f"{what}\n(nats)")
    axes.minorticks_off()


def thinned(places: Sequence[float], apart: float) -> list[float]:
    """Return ascending places for labels of which none is nearer to the one before than `apart`."""
    chosen: list[float] = []
    for place in sorted(places):
        if not chosen or place - chosen[-1] >= apart:
            chosen.append(place)
    return chosen


def nothing_to_show(axes: Axes, why: str) -> None:
    """Say in place of data why there is none."""
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center")
