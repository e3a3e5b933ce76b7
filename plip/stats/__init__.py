"""The statistics of the audit: what reported figures imply, and how groups compare. No torch."""

from plip.stats.comparison import Comparison, max_t, paired, unpaired
from plip.stats.intervals import Interval

__all__ = ["Comparison", "Interval", "max_t", "paired", "unpaired"]
