"""Measures: divergence of predictions, attention to targets, reach of a dose, generated code."""

from plip.measure.attention import TargetAttention, attention_to_targets
from plip.measure.code import GeneratedCode, Language
from plip.measure.code_match import CodeMatch, code_match, code_match_on_tests
from plip.measure.detectors import (
    PAPER_PATTERNS,
    DetectorComparison,
    PaperDetection,
    ParsedDetection,
    compare_detectors,
    paper_test_syntax,
    parse_rate,
    parsed_test_syntax,
)
from plip.measure.divergence import kl_divergence
from plip.measure.dose import attention_at_scale, reachable_levels, scale_reaching
from plip.measure.findings import KINDS, Finding, Kind
from plip.measure.published import PublishedDivergence, published_bounds, published_divergence
from plip.measure.similarity import (
    Similarity,
    bleu,
    chrf,
    edit_similarity,
    first_difference,
    similarity,
)

__all__ = [
    "KINDS",
    "PAPER_PATTERNS",
    "CodeMatch",
    "DetectorComparison",
    "Finding",
    "GeneratedCode",
    "Kind",
    "Language",
    "PaperDetection",
    "ParsedDetection",
    "PublishedDivergence",
    "Similarity",
    "TargetAttention",
    "attention_at_scale",
    "attention_to_targets",
    "bleu",
    "chrf",
    "code_match",
    "code_match_on_tests",
    "compare_detectors",
    "edit_similarity",
    "first_difference",
    "kl_divergence",
    "paper_test_syntax",
    "parse_rate",
    "parsed_test_syntax",
    "published_bounds",
    "published_divergence",
    "reachable_levels",
    "scale_reaching",
    "similarity",
]
