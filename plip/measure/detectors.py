"""Two detectors of test syntax in generated code, and where they differ."""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from tree_sitter import Parser

from plip.measure.code import GeneratedCode, Language, check_text
from plip.measure.findings import KINDS, Finding, Kind
from plip.measure.python_syntax import find_in_python
from plip.measure.rust_syntax import find_in_rust
from plip.measure.syntax import ParsedCode, grammar, read

__all__ = [
    "PAPER_PATTERNS",
    "DetectorComparison",
    "PaperDetection",
    "ParsedDetection",
    "compare_detectors",
    "find_test_syntax",
    "paper_test_syntax",
    "parse_rate",
    "parsed_test_syntax",
]

#: What the original experiments look for, in any language.
PAPER_PATTERNS = ("#[test]", "assert_eq!", "assert!", "fn test_", ">>>", "doctest")

Outcome = Literal["both", "only paper", "only parsed", "neither"]


@dataclass(frozen=True, slots=True)
class PaperDetection:
    """What the paper's detector sees in a text."""

    patterns: tuple[str, ...]
    """The patterns that occur, in the order of `PAPER_PATTERNS`."""

    @property
    def found(self) -> bool:
        """Whether any occurs: the paper's "preserves tests"."""
        return bool(self.patterns)


@dataclass(frozen=True, slots=True)
class ParsedDetection:
    """The test syntax that begins in a continuation. Positions are relative to it."""

    language: Language
    findings: tuple[Finding, ...]
    """What counts, in order."""
    turned_down: tuple[Finding, ...]
    """What looks like test syntax and is none, each with its reason, in order."""
    parses: bool
    """Whether the prompt and the continuation together are a complete, correct text."""

    @property
    def found(self) -> bool:
        """Whether there is any test syntax that counts."""
        return bool(self.findings)

    def count(self, kind: Kind) -> int:
        """How many of one kind count."""
        return sum(finding.kind == kind for finding in self.findings)

    @property
    def counts(self) -> dict[Kind, int]:
        """How many count, for every kind."""
        return {kind: self.count(kind) for kind in KINDS}


@dataclass(frozen=True, slots=True)
class DetectorComparison:
    """Both detectors on one continuation."""

    paper: PaperDetection
    parsed: ParsedDetection
    reasons: tuple[str, ...]
    """Each match of a pattern that is no test syntax, and why; each finding that no pattern meets.
    Empty if the two see the same; there may be reasons where both have found something."""

    @property
    def outcome(self) -> Outcome:
        """Which of the two found anything."""
        if self.paper.found:
            return "both" if self.parsed.found else "only paper"
        return "only parsed" if self.parsed.found else "neither"

    @property
    def agree(self) -> bool:
        """Whether both or neither found anything."""
        return self.paper.found == self.parsed.found


def paper_test_syntax(text: str) -> PaperDetection:
    """Detect test syntax as the paper's experiments do: by substrings, in any language.

    `#[test]`, `assert_eq!`, `assert!`, `fn test_`, `>>>`, `doctest`

    The paper names three of them and shortens two to "assert". It takes `Option<Box<T>>>` for a
    test, does not see Python's `assert x`, and looks into comments and strings.

    Args:
        text: the generated text alone, without its prompt.

    Raises:
        TextError: a lone surrogate, or no text.

    Source: STEERING_RESULTS.md §8.4, "Metric".
    """
    check_text(text, "generated text")
    return PaperDetection(tuple(pattern for pattern in PAPER_PATTERNS if pattern in text))


def parsed_test_syntax(code: GeneratedCode) -> ParsedDetection:
    """Detect test syntax as the language has it.

    The continuation is read behind its prompt by a parser that recovers from errors. Something
    counts if it begins in the continuation: the `assert` of an assertion, the `fn` or `def` of a
    function, the `#` of an attribute, the `>>>` of an example. It counts if the text ends in it. In
    comments and strings it is turned down with its reason. What the kinds are is said at
    `find_in_python` and `find_in_rust`.

    Source: STEERING_RESULTS.md §8.4 counts test syntax; this is the count as a parser makes it.
    """
    found = find_test_syntax(read(code.text, code.language), code.start)
    relative = [
        replace(each, start=each.start - code.start, end=each.end - code.start) for each in found
    ]
    return ParsedDetection(
        language=code.language,
        findings=tuple(found for found in relative if found.reason is None),
        turned_down=tuple(found for found in relative if found.reason is not None),
        parses=_parses(code),
    )


def find_test_syntax(parsed: ParsedCode, start: int) -> list[Finding]:
    """List what begins at a character or behind it, counted or turned down, in order."""
    find = find_in_python if parsed.language == "python" else find_in_rust
    here = (found for found in find(parsed) if found.start >= start)
    return sorted(here, key=lambda found: (found.start, found.end, found.kind))


def compare_detectors(code: GeneratedCode) -> DetectorComparison:
    """Hold the paper's detector against the parsing one, with reasons for each difference."""
    paper = paper_test_syntax(code.continuation)
    parsed = parsed_test_syntax(code)
    heads = [(found, _head(found)) for found in parsed.findings]
    reasons: list[tuple[int, str]] = []
    met: set[int] = set()
    for pattern in paper.patterns:
        for match in re.finditer(re.escape(pattern), code.continuation):
            at = range(*match.span())
            seen = [number for number, (_, head) in enumerate(heads) if _overlap(head, at)]
            met.update(seen)
            if not seen:
                why = _why_none(at, parsed)
                reasons.append((at.start, f"{pattern!r} at character {at.start} is {why}"))
    for number, (found, head) in enumerate(heads):
        if number not in met:
            reasons.append(
                (
                    head.start,
                    f"{found.head!r} at character {head.start} is test syntax "
                    f"({found.kind}) that no pattern meets",
                )
            )
    return DetectorComparison(paper, parsed, tuple(reason for _, reason in sorted(reasons)))


def parse_rate(codes: Iterable[GeneratedCode]) -> float:
    """Measure how many texts are complete and correct.

    (texts whose prompt and continuation parse as a whole) / (all texts)

    Python is parsed by `ast`, in the version that runs; a text too deeply nested for it counts as
    one that does not parse. Rust is parsed by tree-sitter, without an error in the tree.

    Returns:
        A fraction in [0, 1]; NaN for no text.
    """
    parsed = [_parses(code) for code in codes]
    return sum(parsed) / len(parsed) if parsed else math.nan


def _head(found: Finding) -> range:
    return range(found.start, found.start + len(found.head))


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def _why_none(at: range, parsed: ParsedDetection) -> str:
    for found in parsed.turned_down:
        if _overlap(_head(found), at) and found.reason is not None:
            return f"no test: {found.reason}"
    return f"no test syntax of {parsed.language.capitalize()}"


def _parses(code: GeneratedCode) -> bool:
    if code.language == "rust":
        tree = Parser(grammar("rust")).parse(code.text.encode())
        return not tree.root_node.has_error
    with warnings.catch_warnings():
        # Generated code may hold escapes that Python warns of.
        warnings.simplefilter("ignore")
        try:
            ast.parse(code.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
