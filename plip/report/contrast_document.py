"""A designed comparison as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plip.records import ContrastFunction, ContrastSummary, Manifest

__all__ = ["contrast_document"]


def contrast_document(
    manifest: Manifest, summary: ContrastSummary, functions: Sequence[ContrastFunction]
) -> dict[str, Any]:
    """Return a designed comparison: its summary, and every function's attention.

    `{"schema", "model", "corpus_hash", "seed", "layer", "functions", "excluded", "layers":
    [{"effects", "steps", "beginnings", "equal_distance", "model"}], "beside", "records":
    [{"function", "language", "texts": [{"distance_tokens", "marker", "neutral", …}]}]}`; attention
    is a fraction, distances are tokens, coefficients are in the logarithm of attention, null is
    undefined.
    """
    return {
        "schema": "plip.contrast/1",
        "model": manifest.subject.to_json(),
        "corpus_hash": manifest.corpus_hash,
        "seed": manifest.seed,
        **{name: value for name, value in summary.to_json().items() if name != "schema"},
        "records": [
            {name: value for name, value in function.to_json().items() if name != "schema"}
            for function in functions
        ],
    }
