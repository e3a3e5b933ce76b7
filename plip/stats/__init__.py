"""The statistics of the audit: what reported figures imply. No torch."""

from plip.stats.intervals import Interval

__all__ = ["Interval"]
