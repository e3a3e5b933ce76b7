"""The statistics of the audit: what reported figures imply, and how groups compare. No torch.

Names are loaded when they are first used, so that intervals, all that a ledger needs, do without
scipy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from plip.stats.intervals import Interval

if TYPE_CHECKING:
    from plip.stats.adjustment import (
        Adjusted,
        adjust,
        common_support,
        match_pairs,
        stratified_permutation,
    )
    from plip.stats.blocks import (
        crossed_levels,
        free_contrasts,
        mean_interval,
        nested_levels,
        units_needed,
    )
    from plip.stats.bounded import dropped_term_bounds, largest_sd
    from plip.stats.comparison import Comparison, max_t, paired, unpaired
    from plip.stats.distance import at_distance, common_range
    from plip.stats.equivalence import (
        Equivalence,
        clopper_pearson,
        detectable_difference,
        detectable_rates,
        paired_equivalence,
        unpaired_equivalence,
    )
    from plip.stats.feasible import (
        Component,
        Feasibility,
        feasible_curve,
        implied_range,
        jensen_range,
    )
    from plip.stats.granularity import debit, grim, grimmer, whole_counts
    from plip.stats.groups import GroupTest, group_tests
    from plip.stats.linear import Coefficient, LinearFit, least_squares, random_intercept
    from plip.stats.monotone import dose_for
    from plip.stats.proportions import cluster_bootstrap, difference_interval, mcnemar, wilson
    from plip.stats.reported import p_bounds, p_value, upper_tail_bounds, welch_bounds
    from plip.stats.rounding import Format, divergence_noise, unit_roundoff, value_noise
    from plip.stats.searched import max_t_paired
    from plip.stats.selection import bonferroni, held_out, holm, most_searched
    from plip.stats.spread import sd_bounds
    from plip.stats.variants import outcome_tests, paired_tests, rank_test, unpaired_tests

__all__ = [
    "Adjusted",
    "Coefficient",
    "Comparison",
    "Component",
    "Equivalence",
    "Feasibility",
    "Format",
    "GroupTest",
    "Interval",
    "LinearFit",
    "adjust",
    "at_distance",
    "bonferroni",
    "clopper_pearson",
    "cluster_bootstrap",
    "common_range",
    "common_support",
    "crossed_levels",
    "debit",
    "detectable_difference",
    "detectable_rates",
    "difference_interval",
    "divergence_noise",
    "dose_for",
    "dropped_term_bounds",
    "feasible_curve",
    "free_contrasts",
    "grim",
    "grimmer",
    "group_tests",
    "held_out",
    "holm",
    "implied_range",
    "jensen_range",
    "largest_sd",
    "least_squares",
    "match_pairs",
    "max_t",
    "max_t_paired",
    "mcnemar",
    "mean_interval",
    "most_searched",
    "nested_levels",
    "outcome_tests",
    "p_bounds",
    "p_value",
    "paired",
    "paired_equivalence",
    "paired_tests",
    "random_intercept",
    "rank_test",
    "sd_bounds",
    "stratified_permutation",
    "unit_roundoff",
    "units_needed",
    "unpaired",
    "unpaired_equivalence",
    "unpaired_tests",
    "upper_tail_bounds",
    "value_noise",
    "welch_bounds",
    "whole_counts",
    "wilson",
]

_MODULES = {
    "plip.stats.adjustment": (
        "Adjusted",
        "adjust",
        "common_support",
        "match_pairs",
        "stratified_permutation",
    ),
    "plip.stats.blocks": (
        "crossed_levels",
        "free_contrasts",
        "mean_interval",
        "nested_levels",
        "units_needed",
    ),
    "plip.stats.bounded": ("dropped_term_bounds", "largest_sd"),
    "plip.stats.equivalence": (
        "Equivalence",
        "clopper_pearson",
        "detectable_difference",
        "detectable_rates",
        "paired_equivalence",
        "unpaired_equivalence",
    ),
    "plip.stats.feasible": (
        "Component",
        "Feasibility",
        "feasible_curve",
        "implied_range",
        "jensen_range",
    ),
    "plip.stats.monotone": ("dose_for",),
    "plip.stats.rounding": ("Format", "divergence_noise", "unit_roundoff", "value_noise"),
    "plip.stats.variants": ("outcome_tests", "paired_tests", "rank_test", "unpaired_tests"),
    "plip.stats.comparison": ("Comparison", "max_t", "paired", "unpaired"),
    "plip.stats.distance": ("at_distance", "common_range"),
    "plip.stats.linear": ("Coefficient", "LinearFit", "least_squares", "random_intercept"),
    "plip.stats.searched": ("max_t_paired",),
    "plip.stats.proportions": ("cluster_bootstrap", "difference_interval", "mcnemar", "wilson"),
    "plip.stats.granularity": ("debit", "grim", "grimmer", "whole_counts"),
    "plip.stats.groups": ("GroupTest", "group_tests"),
    "plip.stats.reported": ("p_bounds", "p_value", "upper_tail_bounds", "welch_bounds"),
    "plip.stats.selection": ("bonferroni", "held_out", "holm", "most_searched"),
    "plip.stats.spread": ("sd_bounds",),
}
_LAZY = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'plip.stats' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
