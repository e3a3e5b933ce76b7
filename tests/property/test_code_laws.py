"""Laws of the measures of generated code, for any text."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plip.errors import TextError
from plip.measure import (
    KINDS,
    GeneratedCode,
    Language,
    Similarity,
    bleu,
    chrf,
    compare_detectors,
    edit_similarity,
    first_difference,
    paper_test_syntax,
    parsed_test_syntax,
    similarity,
)
from plip.measure.syntax import read

pytestmark = pytest.mark.fast

LANGUAGES = st.sampled_from(["python", "rust"])

#: Pieces that open and close what the parsers look at, in any order.
SHREDS = st.sampled_from(
    [
        *"()[]{}:;,.#!'\"\\/*<>= \n\t\0",
        '"""',
        "'''",
        "/*",
        "*/",
        "//",
        "///",
        'r#"',
        '"#',
        "\n    ",
        "#[test]",
        "#[cfg(test)]",
        "assert!",
        "assert_eq!(a, b)",
        "fn test_a",
        "fn ",
        ">>> f(1)\n",
        ">>>",
        "...",
        "def test_a():\n",
        "assert x",
        "class T(TestCase):\n",
        "self.assertEqual(",
        "doctest",
        "`",
        "%",
        "\u200b",
        "漢",
        "😀",
        "é",
    ]
)
TEXTS = st.one_of(
    st.lists(SHREDS, max_size=25).map("".join),
    st.text(st.characters(codec="utf-8"), max_size=40),
)

#: Complete items, with what each adds.
ITEMS: dict[str, list[tuple[str, dict[str, int]]]] = {
    "python": [
        ("x = 1\n", {}),
        ("assert x\n", {"assertion": 1}),
        ("def test_a():\n    assert f('a') == 1\n", {"test function": 1, "assertion": 1}),
        ('def f():\n    """F.\n\n    >>> f()\n    1\n    """\n', {"doctest": 1}),
        ("# assert y\n", {}),
        ("s = '''assert z'''\n", {}),
        ("@fixture\ndef g(): return (1,\n 2)\n", {}),
    ],
    "rust": [
        ("fn f() {}\n", {}),
        (
            "#[test]\nfn a() { assert!(x); }\n",
            {"test attribute": 1, "test function": 1, "assertion": 1},
        ),
        ("// assert!(y)\n", {}),
        ("/* #[test] */\n", {}),
        ('const A: &str = "assert!(z)";\n', {}),
        ("fn test_b() { debug_assert_eq!(a, b) }\n", {"assertion": 1}),
        (
            "#[cfg(test)]\nmod t { #[should_panic] fn c() {} }\n",
            {"test module": 1, "should_panic": 1},
        ),
    ],
}


@given(TEXTS, TEXTS, LANGUAGES)
@example("'''", "\\", "python")
@example("", '"""\\', "python")
@example('r#"', '"', "rust")
def test_any_text_is_measured(prompt: str, continuation: str, language: Language) -> None:
    code = GeneratedCode(prompt, continuation, language)
    found = compare_detectors(code)
    parsed = found.parsed
    assert found.paper == paper_test_syntax(continuation)
    assert sum(parsed.counts.values()) == len(parsed.findings)
    for each in (*parsed.findings, *parsed.turned_down):
        assert each.kind in KINDS
        assert 0 <= each.start < each.end <= len(continuation)
        assert continuation[each.start :].startswith(each.head)
    assert all(each.reason is None for each in parsed.findings)
    assert all(each.reason is not None for each in parsed.turned_down)


@given(TEXTS, LANGUAGES)
@example("%\u200b|/?|^\u200b", "python")
@example("\u200bx\u200b y\u200b", "rust")
def test_tokens_hold_all_that_is_no_white_space(text: str, language: Language) -> None:
    tokens = read(text, language).tokens
    assert "".join(token.text for token in tokens) == "".join(text.split())
    assert all(text[token.start : token.end] == token.text for token in tokens)
    ends = [0, *(token.end for token in tokens)]
    assert all(end <= token.start for end, token in zip(ends, tokens, strict=False))


@given(
    LANGUAGES.flatmap(lambda name: st.tuples(st.just(name), st.lists(st.sampled_from(ITEMS[name]))))
)
def test_counts_of_complete_items_add_up(
    drawn: tuple[Language, list[tuple[str, dict[str, int]]]],
) -> None:
    language, items = drawn
    text = "".join(item for item, _ in items)
    found = parsed_test_syntax(GeneratedCode("", text, language))
    expected = {kind: sum(counts.get(kind, 0) for _, counts in items) for kind in KINDS}
    assert found.counts == expected
    assert found.parses
    for cut in range(len(items)):
        prompt = "".join(item for item, _ in items[:cut])
        rest = {kind: sum(counts.get(kind, 0) for _, counts in items[cut:]) for kind in KINDS}
        again = parsed_test_syntax(GeneratedCode(prompt, text[len(prompt) :], language))
        assert again.counts == rest


@given(TEXTS, TEXTS, LANGUAGES)
def test_a_text_is_like_itself(prompt: str, text: str, language: Language) -> None:
    code = GeneratedCode(prompt, text, language)
    found = similarity(code, code)
    assert found.exact
    for figure in _figures(found):
        assert figure == 1.0 or math.isnan(figure)
    assert math.isnan(found.edit) == (not text)
    assert math.isnan(found.code.ngram) == (not _words(code))


@given(TEXTS, TEXTS, TEXTS, LANGUAGES)
def test_every_figure_is_a_fraction_or_undefined(
    prompt: str, one: str, other: str, language: Language
) -> None:
    found = similarity(GeneratedCode(prompt, one, language), GeneratedCode(prompt, other, language))
    for figure in _figures(found):
        assert math.isnan(figure) or 0.0 <= figure <= 1.0
    if found.edit == 1.0:
        assert found.exact


@given(TEXTS, TEXTS)
def test_what_is_symmetric(one: str, other: str) -> None:
    pair = edit_similarity(one, other), edit_similarity(other, one)
    assert pair[0] == pair[1] or all(map(math.isnan, pair))
    for measure in (bleu, chrf):
        assert math.isnan(measure(one, other)) == math.isnan(measure(other, one))


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_tokens_agree_up_to_the_first_difference(one: list[int], other: list[int]) -> None:
    place = first_difference(one, other)
    assert place == first_difference(other, one)
    if place is None:
        assert one == other
    else:
        assert one[:place] == other[:place]
        assert one[place : place + 1] != other[place : place + 1]


@given(TEXTS, st.integers(0xD800, 0xDFFF).map(chr), TEXTS, LANGUAGES)
def test_a_lone_surrogate_is_refused_everywhere(
    before: str, lone: str, after: str, language: Language
) -> None:
    text = before + lone + after
    with pytest.raises(TextError, match=f"a lone surrogate at character {len(before)};"):
        GeneratedCode("", text, language)
    with pytest.raises(TextError, match=f"a lone surrogate at character {len(before)};"):
        paper_test_syntax(text)


def _words(code: GeneratedCode) -> bool:
    """Whether a token begins in the continuation."""
    return any(token.start >= code.start for token in read(code.text, code.language).tokens)


def _figures(found: Similarity) -> list[float]:
    parts = [
        figure
        for match in (found.code, found.tests)
        for figure in (match.ngram, match.weighted_ngram, match.syntax)
    ]
    return [found.edit, found.bleu, found.chrf, *parts]
