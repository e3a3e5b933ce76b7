"""How alike two texts are."""

from __future__ import annotations

import math
import random

import pytest
import sacrebleu

from plip.errors import ConfigError, TextError
from plip.measure import (
    GeneratedCode,
    bleu,
    chrf,
    code_match,
    code_match_on_tests,
    edit_similarity,
    first_difference,
    similarity,
)

pytestmark = pytest.mark.fast

ONE = "    return a + b\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
OTHER = "    return a + b + 0\n\n\ndef test_sum():\n    assert add(2, 2) == 4\n    assert f()\n"


def by_table(one: str, other: str) -> int:
    """Levenshtein distance by the plain table."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


class TestEditSimilarity:
    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ("kitten", "sitting", 1 - 3 / 7),
            ("abc", "abc", 1.0),
            ("abc", "xyz", 0.0),
            ("ab", "ba", 0.0),
            ("", "abc", 0.0),
            ("abc", "", 0.0),
            ("漢字", "漢", 0.5),
            ("😀a", "a", 0.5),
        ],
    )
    def test_by_hand(self, one: str, other: str, expected: float) -> None:
        assert edit_similarity(one, other) == pytest.approx(expected, abs=1e-15)

    def test_it_is_the_plain_table(self) -> None:
        generator = random.Random(0)
        for _ in range(50):
            one, other = (
                "".join(generator.choices("ab \n", k=generator.randint(1, 30))) for _ in range(2)
            )
            expected = 1 - by_table(one, other) / max(len(one), len(other))
            assert edit_similarity(one, other) == pytest.approx(expected, abs=1e-15)

    def test_nothing_against_nothing_is_undefined(self) -> None:
        assert math.isnan(edit_similarity("", ""))


class TestFirstDifference:
    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ([1, 2, 3], [1, 2, 3], None),
            ([1, 2, 3], [1, 5, 3], 1),
            ([4, 2], [5, 2], 0),
            ([1, 2], [1, 2, 3], 2),
            ([1, 2, 3], [1], 1),
            ([], [1], 0),
            ([], [], None),
        ],
    )
    def test_by_hand(self, one: list[int], other: list[int], expected: int | None) -> None:
        assert first_difference(one, other) == expected
        assert first_difference(tuple(other), tuple(one)) == expected


class TestBleu:
    def test_by_hand(self) -> None:
        # 5 words; of the steered 4, 3 + 2 + 1 + 0 n-grams match of 4 + 3 + 2 + 1.
        precisions = [3 / 4, 2 / 3, 1 / 2, 1 / 2]
        expected = math.exp(1 - 5 / 4) * math.prod(precisions) ** (1 / 4)
        assert bleu("a b c d e", "a b c x") == pytest.approx(expected, rel=1e-12)

    def test_it_is_sacrebleus(self) -> None:
        expected = sacrebleu.sentence_bleu(OTHER, [ONE], use_effective_order=True).score / 100
        assert bleu(ONE, OTHER) == pytest.approx(expected, rel=1e-15)
        assert bleu(ONE, OTHER) != pytest.approx(bleu(OTHER, ONE))

    def test_its_bounds(self) -> None:
        assert bleu(ONE, ONE) == 1.0
        assert bleu("a", "a") == 1.0
        assert bleu("a b c", "x y z") == 0.0

    @pytest.mark.parametrize(("one", "other"), [("", "a"), ("a", ""), ("", ""), (" \n", "a")])
    def test_without_words_it_is_undefined(self, one: str, other: str) -> None:
        assert math.isnan(bleu(one, other))


class TestChrf:
    def test_by_hand(self) -> None:
        # 1-grams: 2 of 3 and of 3; 2-grams: 1 of 2 and of 2; 3-grams: 0 of 1; longer ones: none.
        mean = (2 / 3 + 1 / 2 + 0) / 3
        assert chrf("ab c", "a bd") == pytest.approx(mean, rel=1e-12)

    def test_recall_counts_more(self) -> None:
        precision, recall = 1.0, (1 / 2 + 0) / 1 / 1
        assert chrf("ab", "a") == pytest.approx(5 * precision * recall / (4 * precision + recall))

    def test_it_is_sacrebleus(self) -> None:
        expected = sacrebleu.sentence_chrf(OTHER, [ONE]).score / 100
        assert chrf(ONE, OTHER) == pytest.approx(expected, rel=1e-15)
        assert chrf(ONE, OTHER) != pytest.approx(chrf(OTHER, ONE))

    def test_its_bounds(self) -> None:
        assert chrf(ONE, ONE) == 1.0
        assert chrf("abc", "xyz") == 0.0

    @pytest.mark.parametrize(("one", "other"), [("", "a"), ("a", ""), ("", ""), (" \n", "a")])
    def test_without_characters_it_is_undefined(self, one: str, other: str) -> None:
        assert math.isnan(chrf(one, other))


@pytest.mark.parametrize("measure", [edit_similarity, bleu, chrf])
@pytest.mark.parametrize(
    ("one", "other", "who"), [("\ud800", "a", "baseline"), ("a", "\ud800", "steered")]
)
def test_a_lone_surrogate_is_refused(measure: object, one: str, other: str, who: str) -> None:
    assert callable(measure)
    with pytest.raises(TextError, match=f"{who} text: wanted Unicode text, found a lone surrogate"):
        measure(one, other)


def test_all_of_it_together() -> None:
    prompt = "def add(a, b):\n"
    one, other = (GeneratedCode(prompt, text, "python") for text in (ONE, OTHER))
    found = similarity(one, other)
    assert not found.exact
    assert found.edit == edit_similarity(ONE, OTHER)
    assert found.bleu == bleu(ONE, OTHER)
    assert found.chrf == chrf(ONE, OTHER)
    assert found.code == code_match(one, other)
    assert found.tests == code_match_on_tests(one, other)
    assert similarity(one, one).exact


def test_two_languages_are_refused() -> None:
    one, other = GeneratedCode("", "x", "python"), GeneratedCode("", "x", "rust")
    for measure in (similarity, code_match, code_match_on_tests):
        with pytest.raises(ConfigError) as caught:
            measure(one, other)
        assert str(caught.value) == (
            "similarity of code: wanted baseline and steered code of one language, "
            "found python and rust; compare continuations of the same prompt"
        )
