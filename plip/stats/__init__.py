"""The statistics of the audit: what reported figures imply, and how groups compare. No torch.

Names are loaded when they are first used, so that intervals, all that a ledger needs, do without
scipy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from plip.stats.intervals import Interval

if TYPE_CHECKING:
    from plip.stats.comparison import Comparison, max_t, paired, unpaired
    from plip.stats.distance import at_distance, common_range
    from plip.stats.linear import Coefficient, LinearFit, least_squares, random_intercept
    from plip.stats.proportions import cluster_bootstrap, difference_interval, mcnemar, wilson
    from plip.stats.searched import max_t_paired

__all__ = [
    "Coefficient",
    "Comparison",
    "Interval",
    "LinearFit",
    "at_distance",
    "cluster_bootstrap",
    "common_range",
    "difference_interval",
    "least_squares",
    "max_t",
    "max_t_paired",
    "mcnemar",
    "paired",
    "random_intercept",
    "unpaired",
    "wilson",
]

_MODULES = {
    "plip.stats.comparison": ("Comparison", "max_t", "paired", "unpaired"),
    "plip.stats.distance": ("at_distance", "common_range"),
    "plip.stats.linear": ("Coefficient", "LinearFit", "least_squares", "random_intercept"),
    "plip.stats.searched": ("max_t_paired",),
    "plip.stats.proportions": ("cluster_bootstrap", "difference_interval", "mcnemar", "wilson"),
}
_LAZY = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'plip.stats' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
