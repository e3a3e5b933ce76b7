"""CodeBLEU without its data flow."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import tree_sitter_rust
from sacrebleu.metrics.bleu import BLEU
from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser

from plip.measure import CodeMatch, GeneratedCode, Language, code_match, code_match_on_tests
from plip.measure.code_match import KEYWORD_WEIGHT
from plip.measure.syntax import read

pytestmark = pytest.mark.fast

ADD = "fn add(a: i32, b: i32) -> i32 { a + b }"
SUM = "fn sum(x: i32, y: i32) -> i32 { x + y + 1 }"
TOP = "fn top(v: &[i32]) -> Option<i32> { let mut m = None; for x in v { m = Some(*x); } m }"
MAX = "fn top(v: &[i32]) -> Option<i32> { v.iter().copied().max() }"
PLUS = "def f(x):\n    return x + 1\n"
STEP = "def g(y):\n    z = y + 1\n    return z\n"
LOOP = "def even(n):\n    while n > 1:\n        n = n - 2\n    return n == 0\n"
EVEN = "def even(n):\n    return n % 2 == 0\n"


def match(baseline: str, steered: str, language: Language = "rust", prompt: str = "") -> CodeMatch:
    one, other = (GeneratedCode(prompt, text, language) for text in (baseline, steered))
    return code_match(one, other)


def on_tests(baseline: str, steered: str, language: Language, prompt: str = "") -> CodeMatch:
    one, other = (GeneratedCode(prompt, text, language) for text in (baseline, steered))
    return code_match_on_tests(one, other)


@pytest.mark.parametrize(
    ("language", "baseline", "steered", "forward", "backward"),
    [
        ("rust", ADD, SUM, 4 / 7, 4 / 8),
        ("rust", TOP, MAX, 1 / 3, 1 / 3),
        ("python", PLUS, STEP, 1 / 3, 1 / 4),
        ("python", LOOP, EVEN, 1 / 6, 2 / 7),
    ],
)
def test_syntax_is_that_of_the_package_codebleu(
    language: Language, baseline: str, steered: str, forward: float, backward: float
) -> None:
    # Figures of codebleu 0.7.0, tree-sitter 0.22.3, for texts in which no subtree comes too often.
    assert match(baseline, steered, language).syntax == pytest.approx(forward, abs=1e-12)
    assert match(steered, baseline, language).syntax == pytest.approx(backward, abs=1e-12)


def test_a_subtree_matches_as_often_as_it_occurs() -> None:
    one = "fn t() { f(1); }"
    two = "fn t() { f(1); f(2); }"
    # Subtrees of one: file, function, parameters, block, statement, call, arguments.
    assert match(one, two).syntax == pytest.approx(4 / 7)
    # The package counts each of the two statements again, and comes to 7/10.
    assert match(two, one).syntax == pytest.approx(4 / 10)


def test_syntax_by_a_plain_recursion() -> None:
    def shapes(node: Node) -> list[str]:
        below = [shape for child in node.named_children for shape in shapes(child)]
        return ([spelled(node)] if node.child_count else []) + below

    def spelled(node: Node) -> str:
        return f"({node.type}{''.join(map(spelled, node.named_children))})"

    parser = Parser(Grammar(tree_sitter_rust.language()))
    for one, other in ((ADD, TOP), (TOP, MAX), (MAX, SUM), (TOP + ADD, ADD + SUM)):
        wanted, given = (
            Counter(shapes(parser.parse(text.encode()).root_node)) for text in (one, other)
        )
        expected = (wanted & given).total() / wanted.total()
        assert match(one, other).syntax == pytest.approx(expected, abs=1e-15)


def test_names_operators_and_comments_are_not_syntax() -> None:
    assert match("fn f() { a + b }", "/* c */ fn g() { x - y } // z").syntax == 1.0


@pytest.mark.parametrize(
    ("language", "baseline", "steered"),
    [("rust", ADD, SUM), ("rust", TOP, MAX), ("python", LOOP, EVEN), ("python", "# a b\nx", "x")],
)
def test_ngram_is_sacrebleus_over_the_tokens(
    language: Language, baseline: str, steered: str
) -> None:
    one, other = (
        " ".join(token.text for token in read(text, language).tokens)
        for text in (baseline, steered)
    )
    expected = BLEU(tokenize="none", effective_order=True).sentence_score(other, [one]).score / 100
    assert match(baseline, steered, language).ngram == pytest.approx(expected, rel=1e-12)


def test_weighted_ngram_by_hand() -> None:
    # Tokens: let x = 1 ; against let y = 1 ; : 4 of 5 match, "let" as five.
    found = match("let x = 1;", "let y = 1;")
    rest = (2 / 4) * (1 / 3) * (1 / (2 * 2))
    assert found.ngram == pytest.approx((4 / 5 * rest) ** 0.25, rel=1e-12)
    assert found.weighted_ngram == pytest.approx((8 / 9 * rest) ** 0.25, rel=1e-12)
    assert KEYWORD_WEIGHT == 5


@pytest.mark.parametrize(
    ("language", "word", "weight"),
    [
        ("python", "not", 5),
        ("python", "None", 5),
        ("python", "mut", 1),
        ("rust", "mut", 5),
        ("rust", "true", 5),
        ("rust", "not", 1),
        ("rust", "i32", 1),
    ],
)
def test_keywords_are_those_of_the_language(language: Language, word: str, weight: int) -> None:
    # Two of three words match, one of two pairs, no triple.
    rest = (1 / 2) * (1 / 2)
    found = match(f"{word} x y", f"{word} x z", language)
    expected = ((weight + 1) / (weight + 2) * rest) ** (1 / 3)
    assert found.weighted_ngram == pytest.approx(expected, rel=1e-12)


def test_the_mean_is_of_the_three() -> None:
    assert CodeMatch(0.1, 0.2, 0.6).mean == pytest.approx(0.3)
    assert math.isnan(CodeMatch(0.1, 0.2, math.nan).mean)


def test_only_the_continuation_is_compared() -> None:
    prompt = "fn f(a: i32) -> i32 {\n"
    one, other = "    a + 1\n}\n", "    g(a)\n}\n"
    found = match(one, other, prompt=prompt)
    whole = match(prompt + one, prompt + other)
    assert found.syntax == 0.0
    assert found.ngram < whole.ngram
    assert found.syntax < whole.syntax


def test_a_continuation_of_wide_characters_begins_where_it_does() -> None:
    prompt = "// 漢字 😀\nfn f() {"
    assert match(" a(1) }", " b(2) }", prompt=prompt).syntax == 1.0
    assert math.isnan(match(" a(1) }", " c }", prompt=prompt).syntax)


@pytest.mark.parametrize(("one", "other"), [("", "x;"), ("x;", ""), ("", ""), (" \n", "x;")])
def test_without_tokens_it_is_undefined(one: str, other: str) -> None:
    found = match(one, other, prompt="fn f() {}\n")
    assert math.isnan(found.ngram)
    assert math.isnan(found.weighted_ngram)
    assert math.isnan(found.syntax)
    assert math.isnan(found.mean)


class TestOnTests:
    def test_what_is_no_test_changes_nothing(self) -> None:
        test = "#[test]\nfn t() { assert_eq!(f(1), 2); }\n"
        found = on_tests("fn a() { x }\n" + test, test + "struct B { y: i32 }\n", "rust")
        assert found == CodeMatch(1.0, 1.0, 1.0)
        more = "// 漢字漢字漢字\nfn a() { x }\n" + test + "struct B { y: i32 }\n"
        assert on_tests(more, test, "rust") == CodeMatch(1.0, 1.0, 1.0)
        assert on_tests(test, more, "rust") == CodeMatch(1.0, 1.0, 1.0)

    def test_what_is_turned_down_is_left_out(self) -> None:
        found = on_tests("fn test_a() { x }", "fn test_a() { x }", "rust")
        assert math.isnan(found.ngram)
        assert math.isnan(found.syntax)

    def test_another_test_does(self) -> None:
        one = "fn a() {}\n#[test]\nfn t() { assert_eq!(f(1), 2); }\n"
        other = "fn a() {}\n#[test]\nfn t() { g(3); assert!(f(1) == 2); }\n"
        found = on_tests(one, other, "rust")
        assert 0 < found.syntax < 1
        assert 0 < found.ngram < 1
        # Of the attribute (2) and the function: parameters, statement, macro, arguments and f(1)'s.
        assert found.syntax == pytest.approx(7 / 9)

    def test_doctests_with_their_code(self) -> None:
        prompt = 'def f(x):\n    """\n'
        one = "    >>> f(1)\n    2\n    >>> f(2,\n    ...   3)\n    5\n"
        other = "    Text.\n\n    >>> f(1)\n    2\n"
        found = on_tests(one, other, "python", prompt)
        # module, statement, call, arguments of each; those of the first are there.
        assert found.syntax == pytest.approx(4 / 8)
        assert found.ngram < 1
        assert on_tests(one, one, "python", prompt) == CodeMatch(1.0, 1.0, 1.0)
        assert on_tests(one, one + '    """\n    return x', "python", prompt).syntax == 1.0

    @pytest.mark.parametrize(
        ("one", "other"), [("assert x", "y = 1"), ("y = 1", "assert x"), ("", ""), ("y", "y")]
    )
    def test_without_tests_it_is_undefined(self, one: str, other: str) -> None:
        found = on_tests(one, other, "python")
        assert math.isnan(found.ngram)
        assert math.isnan(found.weighted_ngram)
        assert math.isnan(found.syntax)

    def test_an_example_behind_its_quotes(self) -> None:
        text = 'def f():\n    """>>> f()\n    1\n    """\n'
        assert on_tests(text, text, "python") == CodeMatch(1.0, 1.0, 1.0)
