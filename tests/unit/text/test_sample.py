"""Samples on tokens: query, keys, merged targets, exclusion, covariates."""

from __future__ import annotations

from typing import Any

import pytest

from plip.errors import CorpusError, PositionError, TextError
from plip.text import CharMarks, Covariates, Group, Sample, TokenMarks, Tokens, tokenize

pytestmark = pytest.mark.fast

TEXT = "def f(a, b):\n    >>> f"
#       0   4 6  9    17


def words(text: str = TEXT) -> Tokens:
    """Cut before every space and bracket: def| f|(a,| b|):\\n|   | >>>| f"""
    spans = ((0, 3), (3, 5), (5, 8), (8, 10), (10, 13), (13, 16), (16, 20), (20, 22))
    return Tokens(text, tuple(range(len(spans))), spans)


def sample(marker: int = 17, targets: tuple[int, ...] = (0, 4, 6, 9)) -> Sample:
    return Sample(
        "py_x", Group.PYTHON_DOCTEST, TEXT, CharMarks(marker, TEXT[marker : marker + 3], targets)
    )


class TestSample:
    def test_faults_are_reported_together(self) -> None:
        with pytest.raises(CorpusError) as caught:
            Sample("", Group.RUST_TEST, "ab", CharMarks(1, "a", (7,)))
        assert caught.value.details["faults"] == [
            "sample '': wanted an id, found ''",
            "sample '': wanted a target as a whole number within 0..1, found 7",
            "sample '': wanted 'a' at character 1, found 'b'; it stands at 0",
        ]
        assert str(caught.value).startswith("sample '': wanted samples whose marks fit their texts")

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("", "wanted a text that is not empty, found ''"),
            ("a\udc80", "wanted Unicode text, found a lone surrogate at character 1"),
        ],
    )
    def test_texts_that_cannot_be(self, text: str, fault: str) -> None:
        with pytest.raises(CorpusError) as caught:
            Sample("x", Group.RUST_TEST, text, TokenMarks(1, (0,)))
        assert caught.value.details["faults"] == [f"sample 'x': {fault}"]


class TestLocate:
    def test_positions_and_covariates(self) -> None:
        located = sample().locate(words())
        assert (located.query, located.keys, located.merged) == (6, (0, 1, 2, 3), 0)
        assert located.excluded is None
        assert located.sample == sample()
        assert located.tokens == words()
        assert located.covariates == Covariates(
            distance_chars_nearest=8,
            distance_chars_mean=(17 + 13 + 11 + 8) / 4,
            distance_tokens_nearest=3,
            distance_tokens_mean=(6 + 5 + 4 + 3) / 4,
            n_targets=4,
            n_chars=22,
            n_tokens=8,
            first_token_is_target=True,
        )

    def test_targets_on_one_token_count_once(self) -> None:
        located = sample(targets=(9, 5, 6, 7, 9)).locate(words())
        assert (located.keys, located.merged) == ((2, 3), 3)
        assert located.covariates.n_targets == 2
        assert located.covariates.distance_tokens_mean == 3.5
        assert located.covariates.distance_chars_mean == (8 + 12 + 11 + 10 + 8) / 5
        assert located.covariates.first_token_is_target is False

    def test_target_behind_its_marker(self) -> None:
        located = sample(targets=(0, 21, 18)).locate(words())
        assert located.excluded == (
            "1 of 3 target tokens come after the marker's token 6 (the first is token 7): "
            "causality makes that attention 0 whatever the model"
        )
        assert located.keys == ()
        assert located.query == 6
        assert located.covariates.distance_chars_nearest == -4
        assert located.covariates.distance_tokens_nearest == -1
        assert located.covariates.n_targets == 3

    @pytest.mark.parametrize("target", [16, 17, 19])
    def test_target_on_its_marker(self, target: int) -> None:
        located = sample(targets=(0, target)).locate(words())
        assert located.excluded == (
            "a target shares the marker's token 6: "
            "that attention is the marker's to itself, not to the function"
        )
        assert located.keys == ()

    def test_tokens_of_another_text(self) -> None:
        with pytest.raises(TextError) as caught:
            sample().locate(words("DEF f(a, b):\n    >>> f"))
        assert str(caught.value) == (
            "sample 'py_x': wanted tokens of its own text, found tokens of "
            "'DEF f(a, b):\\n    >>> f'; tokenize the sample's text"
        )

    def test_mark_in_a_gap(self) -> None:
        spans = ((0, 3), (4, 5), (16, 20))
        with pytest.raises(PositionError) as caught:
            sample().locate(Tokens(TEXT, (0, 1, 2), spans))
        assert str(caught.value) == (
            "sample 'py_x': wanted a token that holds character 6 ('a'), found a gap between "
            "token 1 [4, 5) and token 2 [16, 20); correct the mark, so that it stands on a "
            "character of a token"
        )

    def test_special_tokens_shift_everything(self, byte_level: Any) -> None:
        plain = sample().locate(tokenize(byte_level(), TEXT))
        full = sample().locate(tokenize(byte_level(), TEXT, special_tokens=True))
        assert full.query == plain.query + 1
        assert full.keys == tuple(key + 1 for key in plain.keys)
        assert plain.covariates.first_token_is_target
        assert not full.covariates.first_token_is_target
        assert full.covariates.distance_tokens_mean == plain.covariates.distance_tokens_mean

    @pytest.mark.parametrize("trim", [False, True])
    def test_trimmed_or_not_is_the_same_place(self, byte_level: Any, trim: bool) -> None:
        tokens = tokenize(byte_level(trim_offsets=trim), TEXT)
        located = sample().locate(tokens)
        assert tokens.surface(located.query).lstrip().startswith(">")
        assert tokens.surface(located.keys[0])[0] == "d"


class TestTokenMarks:
    def test_indices_as_they_are(self) -> None:
        older = Sample("x", Group.PYTHON_DOCTEST, TEXT, TokenMarks(6, (3, 0, 3)))
        located = older.locate(words())
        assert (located.query, located.keys, located.merged) == (6, (0, 3), 1)
        assert located.covariates.distance_chars_nearest == 8
        assert located.covariates.distance_chars_mean == (8 + 16 + 8) / 3

    @pytest.mark.parametrize(("marker", "targets"), [(8, (0,)), (6, (0, 8))])
    def test_outside_the_tokens(self, marker: int, targets: tuple[int, ...]) -> None:
        older = Sample("x", Group.PYTHON_DOCTEST, TEXT, TokenMarks(marker, targets))
        with pytest.raises(PositionError) as caught:
            older.locate(words())
        assert str(caught.value) == (
            "sample 'x': wanted marks within the text's 8 tokens, found token 8; "
            "use the tokenizer that the marks were made for, or character marks"
        )

    def test_turned_into_character_marks(self) -> None:
        older = Sample("x", Group.PYTHON_DOCTEST, TEXT, TokenMarks(6, (3, 0, 1)))
        turned = older.with_char_marks(words())
        assert turned.marks == CharMarks(17, ">>>", (9, 0, 4))
        assert turned.locate(words()).keys == older.locate(words()).keys
        assert turned.with_char_marks(words()) is turned

    @pytest.mark.parametrize("index", [0, 2, 4, 5])
    def test_token_that_no_character_leads_to(self, index: int) -> None:
        spans = ((0, 0), (0, 1), (0, 1), (1, 6), (1, 6), (6, 8))
        tokens = Tokens("😀  >>>  ", tuple(range(6)), spans)
        older = Sample("x", Group.PYTHON_DOCTEST, tokens.text, TokenMarks(3, (index,)))
        with pytest.raises(PositionError) as caught:
            older.with_char_marks(tokens)
        assert str(caught.value) == (
            f"sample 'x': wanted a character that leads to token {index} and to no earlier one, "
            f"found {tokens.surface(index)!r}; mark a token that begins with a character of its own"
        )
