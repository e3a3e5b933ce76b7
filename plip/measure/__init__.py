"""Measures: divergence of predictions, attention to targets, what a dose reaches."""

from plip.measure.attention import TargetAttention, attention_to_targets
from plip.measure.divergence import kl_divergence
from plip.measure.dose import attention_at_scale, reachable_levels, scale_reaching

__all__ = [
    "TargetAttention",
    "attention_at_scale",
    "attention_to_targets",
    "kl_divergence",
    "reachable_levels",
    "scale_reaching",
]
