"""How alike two pieces of generated code are: CodeBLEU without its data flow."""

from __future__ import annotations

import keyword
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sacrebleu.metrics.bleu import BLEU
from tree_sitter import Node

from plip.errors import ConfigError
from plip.measure.code import GeneratedCode, Language
from plip.measure.detectors import find_test_syntax
from plip.measure.syntax import CodeToken, read

__all__ = ["KEYWORD_WEIGHT", "CodeMatch", "code_match", "code_match_on_tests", "same_language"]

#: A keyword counts five times as much as another word.
KEYWORD_WEIGHT = 5

_RUST_KEYWORDS = (
    "as async await break const continue crate dyn else enum extern false fn for if impl in let "
    "loop match mod move mut pub ref return self Self static struct super trait true type unsafe "
    "use where while"
)
_KEYWORDS: dict[Language, frozenset[str]] = {
    "python": frozenset(keyword.kwlist),
    "rust": frozenset(_RUST_KEYWORDS.split()),
}
_COMMENTS = frozenset({"comment", "line_comment", "block_comment"})
_LONGEST = 4

#: A syntax subtree: the kind of its root, and the numbers of the subtrees below it.
_Shape = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """Three of the four parts of CodeBLEU, each a fraction in [0, 1], NaN where it is undefined."""

    ngram: float
    """BLEU over the tokens of the code."""
    weighted_ngram: float
    """The same, with keywords weighted five times among single tokens."""
    syntax: float
    """The share of the baseline's syntax subtrees that the steered code has too."""

    @property
    def mean(self) -> float:
        """The mean of the three. It is not CodeBLEU, which has data flow as a fourth part."""
        return (self.ngram + self.weighted_ngram + self.syntax) / 3


def code_match(baseline: GeneratedCode, steered: GeneratedCode) -> CodeMatch:
    """Compare two continuations as code.

    ngram  = BP · exp(Σ_{n ≤ 4} log p_n / 4)
    p_n    = Σ_g μ_g min(steered_g, baseline_g) / Σ_g μ_g steered_g
    syntax = Σ_t min(baseline_t, steered_t) / Σ_t baseline_t

    g are n-grams of tokens, t the shapes of subtrees: kinds of nodes without names, operators and
    comments. BP is BLEU's brevity penalty. μ is 1 in `ngram`; in `weighted_ngram` it is 5 for a
    word that is a keyword and 1 for another single token. Orders without a match are smoothed as in
    sacrebleu ("exp"), and orders longer than the text are left out. Comments and strings are
    compared word by word. Only tokens and subtrees that begin in the continuation are compared, so
    that the prompt they share adds nothing.

    Args:
        baseline: the reference.
        steered: the candidate. The measure is not symmetric.

    Returns:
        Fractions; 1 for equal continuations of equal prompts. The n-gram parts are NaN if either
        has no token, `syntax` is NaN if either has no subtree.

    Raises:
        ConfigError: two languages.

    Source: Ren et al. 2020, CodeBLEU (arXiv:2009.10297), §3.1–3.2. STEERING_RESULTS.md §8.3
    compares texts for equality only.
    """
    same_language(baseline, steered)
    shapes: dict[_Shape, int] = {}
    return _match(_whole(baseline, shapes), _whole(steered, shapes), baseline.language)


def code_match_on_tests(baseline: GeneratedCode, steered: GeneratedCode) -> CodeMatch:
    """Compare the test syntax in two continuations as code.

    Like `code_match`, but only what stands in findings of `parsed_test_syntax`: test functions with
    their bodies, assertions with their arguments, attributes, doctest examples with what they
    expect. Subtrees of an example are those of its code. NaN unless both have some.

    Raises:
        ConfigError: two languages.
    """
    same_language(baseline, steered)
    shapes: dict[_Shape, int] = {}
    return _match(_tests(baseline, shapes), _tests(steered, shapes), baseline.language)


def same_language(baseline: GeneratedCode, steered: GeneratedCode) -> None:
    """Refuse to compare across languages.

    Raises:
        ConfigError: two languages.
    """
    if baseline.language != steered.language:
        raise ConfigError(
            "similarity of code",
            wanted="baseline and steered code of one language",
            found=f"{baseline.language} and {steered.language}",
            advice="compare continuations of the same prompt",
        )


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What is compared: tokens in order, and how often each subtree occurs, by its number."""

    tokens: Sequence[CodeToken]
    subtrees: Counter[int]


def _whole(code: GeneratedCode, shapes: dict[_Shape, int]) -> _Pieces:
    parsed = read(code.text, code.language)
    start = len(code.prompt.encode())
    return _Pieces(
        [token for token in parsed.tokens if token.start >= code.start],
        Counter(number for number, at, _ in _subtrees(parsed.root, shapes) if at >= start),
    )


def _tests(code: GeneratedCode, shapes: dict[_Shape, int]) -> _Pieces:
    parsed = read(code.text, code.language)
    found = [each for each in find_test_syntax(parsed, code.start) if each.reason is None]
    marked = bytearray(len(code.text))
    subtrees: Counter[int] = Counter()
    spans = []
    for each in found:
        marked[each.start : each.end] = b"\1" * (each.end - each.start)
        if each.kind == "doctest":
            source = read(_example(code.text[each.start : each.end]), "python")
            subtrees.update(number for number, _, _ in _subtrees(source.root, shapes))
        else:
            first = len(code.text[: each.start].encode())
            spans.append((first, first + len(code.text[each.start : each.end].encode())))
    for number, start, end in _subtrees(parsed.root, shapes):
        if any(first <= start and end <= last for first, last in spans):
            subtrees[number] += 1
    return _Pieces([token for token in parsed.tokens if marked[token.start]], subtrees)


def _example(found: str) -> str:
    """The code of a doctest example, without its prompts and what it expects."""
    first, *rest = found.split("\n")
    following = takewhile(lambda line: line.startswith("..."), map(str.lstrip, rest))
    return "\n".join(line[4:] for line in (first, *following))


def _subtrees(root: Node, shapes: dict[_Shape, int]) -> Iterator[tuple[int, int, int]]:
    """Number every subtree by its shape; give its number and its range in bytes."""
    numbers: list[list[int]] = [[]]
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if not done:
            numbers.append([])
            stack.append((node, True))
            named = [child for child in node.named_children if child.type not in _COMMENTS]
            stack.extend((child, False) for child in reversed(named))
            continue
        shape = (node.type, tuple(numbers.pop()))
        number = shapes.setdefault(shape, len(shapes))
        numbers[-1].append(number)
        if node.child_count:
            yield number, node.start_byte, node.end_byte


def _match(baseline: _Pieces, steered: _Pieces, language: Language) -> CodeMatch:
    common = (baseline.subtrees & steered.subtrees).total()
    defined = baseline.subtrees.total() and steered.subtrees.total()
    return CodeMatch(
        ngram=_bleu(baseline.tokens, steered.tokens, frozenset()),
        weighted_ngram=_bleu(baseline.tokens, steered.tokens, _KEYWORDS[language]),
        syntax=common / baseline.subtrees.total() if defined else math.nan,
    )


def _bleu(
    baseline: Sequence[CodeToken], steered: Sequence[CodeToken], keywords: frozenset[str]
) -> float:
    """Compute BLEU over tokens; these keywords are weighted among single ones."""
    if not (baseline and steered):
        return math.nan
    correct, total = [], []
    for order in range(1, _LONGEST + 1):
        given = _ngrams(steered, order)
        matched = _ngrams(baseline, order) & given
        weighted = keywords if order == 1 else frozenset()
        correct.append(_weight(matched, weighted))
        total.append(_weight(given, weighted))
    score = BLEU.compute_bleu(
        correct, total, len(steered), len(baseline), smooth_method="exp", effective_order=True
    )
    # exp and log leave a score of 1 a little above it.
    return min(score.score / 100, 1.0)


def _ngrams(tokens: Sequence[CodeToken], order: int) -> Counter[tuple[str, ...]]:
    words = [token.text for token in tokens]
    return Counter(tuple(words[at : at + order]) for at in range(len(words) - order + 1))


def _weight(grams: Counter[tuple[str, ...]], keywords: frozenset[str]) -> int:
    return sum(
        count * (KEYWORD_WEIGHT if gram[0] in keywords else 1) for gram, count in grams.items()
    )
