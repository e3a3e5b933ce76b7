"""How alike a baseline continuation and a steered one are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from plip.measure.code import GeneratedCode, check_text
from plip.measure.code_match import CodeMatch, code_match, code_match_on_tests, same_language

__all__ = ["Similarity", "bleu", "chrf", "edit_similarity", "first_difference", "similarity"]


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two continuations are. Fractions in [0, 1], NaN where one is undefined."""

    exact: bool
    """Whether the two texts are equal: the paper's "Match?"."""
    edit: float
    """`edit_similarity`"""
    bleu: float
    """`bleu`"""
    chrf: float
    """`chrf`"""
    code: CodeMatch
    """`code_match`"""
    tests: CodeMatch
    """`code_match_on_tests`"""


def similarity(baseline: GeneratedCode, steered: GeneratedCode) -> Similarity:
    """Compare a steered continuation with its baseline in every way that needs no tokenizer.

    Raises:
        ConfigError: two languages.

    Source: STEERING_RESULTS.md §8.3 has the exact match.
    """
    same_language(baseline, steered)
    one, other = baseline.continuation, steered.continuation
    return Similarity(
        exact=one == other,
        edit=edit_similarity(one, other),
        bleu=bleu(one, other),
        chrf=chrf(one, other),
        code=code_match(baseline, steered),
        tests=code_match_on_tests(baseline, steered),
    )


def first_difference(baseline: Sequence[int], steered: Sequence[int]) -> int | None:
    """Find the first token in which two continuations differ.

    min {t : baseline_t ≠ steered_t}, where an ended continuation differs from one that goes on

    Args:
        baseline: token ids of the continuation, without the prompt.
        steered: likewise.

    Returns:
        A position in tokens, from 0; None for equal continuations.
    """
    for position, (one, other) in enumerate(zip(baseline, steered, strict=False)):
        if one != other:
            return position
    return None if len(baseline) == len(steered) else min(len(baseline), len(steered))


def edit_similarity(baseline: str, steered: str) -> float:
    """Measure the share of characters that need no edit.

    1 − d / max(|baseline|, |steered|), d the Levenshtein distance in code points: the least number
    of insertions, deletions and substitutions, each at cost 1. Symmetric.

    Returns:
        A fraction in [0, 1], 1 only for equal texts; NaN if both are empty.

    Raises:
        TextError: a lone surrogate, or no text.
    """
    check_text(baseline, "baseline text")
    check_text(steered, "steered text")
    if not (baseline or steered):
        return math.nan
    return Levenshtein.normalized_similarity(baseline, steered)


def bleu(baseline: str, steered: str) -> float:
    """Measure BLEU of the steered text, with the baseline as its reference.

    BP · exp(Σ_{n ≤ N} log p_n / N), N = 4, or the words in the steered text if they are fewer

    As sacrebleu computes it for a sentence, divided by 100: tokens of mteval-v13a, case kept,
    exponential smoothing. `code_match` has BLEU over the tokens of code. Not symmetric.

    Returns:
        A fraction in [0, 1]; NaN if either text has no word.

    Raises:
        TextError: a lone surrogate, or no text.

    Source: Papineni et al. 2002; Post 2018, nrefs:1|case:mixed|eff:yes|tok:13a|smooth:exp.
    """
    check_text(baseline, "baseline text")
    check_text(steered, "steered text")
    score = BLEU(effective_order=True).sentence_score(steered, [baseline])
    # sacrebleu counts no match as 0, though without a word there is nothing to match.
    if score.sys_len == 0 or score.ref_len == 0:
        return math.nan
    # exp and log leave a score of 1 a little above it.
    return min(float(score.score) / 100, 1.0)


def chrf(baseline: str, steered: str) -> float:
    """Measure chrF of the steered text, with the baseline as its reference.

    (1 + β²) P R / (β² P + R), β = 2, P and R the mean precision and recall of n-grams of 1 … 6
    characters

    As sacrebleu computes it for a sentence, divided by 100: white space left out, case kept. Not
    symmetric.

    Returns:
        A fraction in [0, 1]; NaN if either text is empty or white space.

    Raises:
        TextError: a lone surrogate, or no text.

    Source: Popović 2015; nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no.
    """
    check_text(baseline, "baseline text")
    check_text(steered, "steered text")
    if not (baseline.strip() and steered.strip()):
        return math.nan
    return min(float(CHRF().sentence_score(steered, [baseline]).score) / 100, 1.0)
