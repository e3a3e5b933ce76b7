"""Tensor arithmetic: rows of attention, and the operations on them. No transformers."""

from plip.kernels.operations import edge_logit, edge_mass, expected_mass, operate
from plip.kernels.scores import row_output, row_scores, row_weights, rows_dtype, rows_per_block
from plip.kernels.visibility import Visibility

__all__ = [
    "Visibility",
    "edge_logit",
    "edge_mass",
    "expected_mass",
    "operate",
    "row_output",
    "row_scores",
    "row_weights",
    "rows_dtype",
    "rows_per_block",
]
