"""A comparison as a record, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from plip.errors import MeasureError
from plip.records import ComparisonRecord
from plip.stats import Comparison

__all__ = ["compared"]


def compared(
    compare: Callable[..., Comparison],
    one: Sequence[float],
    other: Sequence[float],
    *,
    seed: int,
    resamples: int,
) -> ComparisonRecord:
    """Compare two sides.

    Args:
        compare: `unpaired` or `paired` of plip.stats.
        one: figures of the first side.
        other: figures of the second side.
        seed: of the permutations.
        resamples: how many are drawn.
    """
    try:
        found = compare(one, other, seed=seed, resamples=resamples)
    except MeasureError as error:
        return ComparisonRecord(n=(len(one), len(other)), undefined=str(error))
    return ComparisonRecord(
        n=found.n,
        difference=found.difference,
        t=found.t,
        df=found.df,
        p_t=found.p_t,
        p_permutation=found.p_permutation,
    )
