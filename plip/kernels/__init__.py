"""Tensor arithmetic: rows of attention, operations on them, the WKV-6 recurrence."""

from plip.kernels.effective import effective_weights, normalised_weights, state_after
from plip.kernels.operations import edge_logit, edge_mass, expected_mass, operate
from plip.kernels.scores import row_output, row_scores, row_weights, rows_dtype, rows_per_block
from plip.kernels.visibility import Visibility
from plip.kernels.wkv import wkv

__all__ = [
    "Visibility",
    "edge_logit",
    "edge_mass",
    "effective_weights",
    "expected_mass",
    "normalised_weights",
    "operate",
    "row_output",
    "row_scores",
    "row_weights",
    "rows_dtype",
    "rows_per_block",
    "state_after",
    "wkv",
]
