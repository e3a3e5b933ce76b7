"""The statistics of the audit: what reported figures imply, and how groups compare. No torch."""

from plip.stats.comparison import Comparison, max_t, paired, unpaired
from plip.stats.intervals import Interval
from plip.stats.proportions import cluster_bootstrap, difference_interval, mcnemar, wilson

__all__ = [
    "Comparison",
    "Interval",
    "cluster_bootstrap",
    "difference_interval",
    "max_t",
    "mcnemar",
    "paired",
    "unpaired",
    "wilson",
]
