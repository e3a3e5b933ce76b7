"""Tokens: which token holds a character, and what a tokenizer must give."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from plip.errors import PositionError, TextError
from plip.text import Tokens, tokenize

pytestmark = pytest.mark.fast


class Pieces:
    """A tokenizer that answers with what it was given."""

    def __init__(self, ids: list[int], spans: list[tuple[int, int]] | None) -> None:
        self.answer: dict[str, Any] = {"input_ids": ids}
        if spans is not None:
            self.answer["offset_mapping"] = spans
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, text: str, **options: Any) -> dict[str, Any]:
        self.asked.append((text, options))
        return self.answer


class TestAt:
    def test_first_and_last_character_of_a_token(self) -> None:
        tokens = Tokens("def f", (0, 1), ((0, 3), (3, 5)))
        assert [tokens.at(char) for char in range(5)] == [0, 0, 0, 1, 1]

    def test_first_of_the_tokens_that_share_a_character(self) -> None:
        tokens = Tokens("a😀b", (0, 1, 2, 3), ((0, 1), (1, 2), (1, 2), (2, 3)))
        assert tokens.at(1) == 1

    def test_token_that_ends_in_half_a_character(self) -> None:
        tokens = Tokens("漢字x", (0, 1, 2), ((0, 2), (1, 2), (2, 3)))
        assert [tokens.at(char) for char in range(3)] == [0, 0, 2]

    def test_empty_span_holds_nothing(self) -> None:
        tokens = Tokens("ab", (0, 1, 2, 3), ((0, 0), (0, 1), (1, 2), (0, 0)))
        assert [tokens.at(0), tokens.at(1)] == [1, 2]

    @pytest.mark.parametrize("char", [-1, 2, 1000])
    def test_outside_the_text(self, char: int) -> None:
        tokens = Tokens("ab", (0,), ((0, 2),))
        with pytest.raises(PositionError) as caught:
            tokens.at(char, who="sample 'x'")
        assert str(caught.value) == (
            f"sample 'x': wanted a character within the text's 2, found character {char}; "
            "count positions in Unicode code points from 0"
        )
        assert caught.value.details == {"char": char, "length": 2}

    @pytest.mark.parametrize(
        ("char", "found"),
        [
            (0, "a gap before token 1 [1, 2)"),
            (3, "a gap between token 1 [1, 2) and token 3 [4, 5)"),
            (5, "a gap after the last token, token 3 [4, 5)"),
        ],
    )
    def test_gap_is_never_bridged(self, char: int, found: str) -> None:
        tokens = Tokens(" a  b ", (0, 1, 2, 3, 4), ((0, 0), (1, 2), (3, 3), (4, 5), (0, 0)))
        with pytest.raises(PositionError) as caught:
            tokens.at(char)
        assert str(caught.value) == (
            f"text: wanted a token that holds character {char} (' '), found {found}; "
            "correct the mark, so that it stands on a character of a token"
        )

    def test_no_token_with_characters(self) -> None:
        with pytest.raises(PositionError, match="found no token that stands for any character"):
            Tokens("a", (0,), ((0, 0),)).at(0)


class TestSurface:
    def test_cuts_the_text(self) -> None:
        tokens = Tokens("def f", (0, 1, 2), ((0, 0), (0, 3), (3, 5)))
        assert [tokens.surface(index) for index in range(3)] == ["", "def", " f"]
        assert len(tokens) == 3

    @pytest.mark.parametrize("index", [-1, 2])
    def test_no_such_token(self, index: int) -> None:
        with pytest.raises(PositionError) as caught:
            Tokens("ab", (0, 1), ((0, 1), (1, 2))).surface(index)
        assert str(caught.value) == (
            f"token {index}: wanted a token among the text's 2, found index {index}; "
            "count tokens from 0"
        )


class TestTokens:
    def test_frozen_and_picklable(self) -> None:
        tokens = Tokens("ab", (0, 1), ((0, 1), (1, 2)))
        with pytest.raises(FrozenInstanceError):
            tokens.text = "c"  # type: ignore[misc]  # what the test is about
        assert pickle.loads(pickle.dumps(tokens)) == tokens

    @pytest.mark.parametrize(
        ("ids", "spans", "message"),
        [
            ((0,), ((0, 1), (1, 2)), "tokens: wanted one span for each id, found 1 ids and 2"),
            ((0,), ((0, 3),), r"token 0: wanted a span within .* 2 characters, found \[0, 3\)"),
            ((0,), ((-1, 1),), r"token 0: wanted a span within .*, found \[-1, 1\)"),
            ((0,), ((-1, -1),), r"token 0: wanted a span within .*, found \[-1, -1\)"),
            ((0,), ((2, 1),), r"found \[2, 1\)"),
            ((0, 1), ((1, 2), (0, 1)), r"token 1: .* backwards, found \[0, 1\) after \[1, 2\)"),
            ((0, 1), ((0, 2), (0, 1)), r"found \[0, 1\) after \[0, 2\)"),
            ((0, 1), ((1, 2), (0, 2)), r"found \[0, 2\) after \[1, 2\)"),
        ],
    )
    def test_spans_that_cannot_be(self, ids: Any, spans: Any, message: str) -> None:
        with pytest.raises(TextError, match=message):
            Tokens("ab", ids, spans)


class TestTokenize:
    def test_asks_for_offsets_and_no_special_tokens(self) -> None:
        tokenizer = Pieces([5, 6], [(0, 1), (1, 2)])
        assert tokenize(tokenizer, "ab") == Tokens("ab", (5, 6), ((0, 1), (1, 2)))
        tokenize(tokenizer, "ab", special_tokens=True)
        assert tokenizer.asked == [
            ("ab", {"return_offsets_mapping": True, "add_special_tokens": False}),
            ("ab", {"return_offsets_mapping": True, "add_special_tokens": True}),
        ]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "text: wanted a str that is not empty, found ''; give at least one character"),
            (None, "text: wanted a str that is not empty, found NoneType; give"),
            (b"def", "found bytes"),
            ("a\ud800", "wanted Unicode text, found a lone surrogate at character 1; decode"),
        ],
    )
    def test_texts_that_cannot_be_cut(self, text: Any, message: str) -> None:
        with pytest.raises(TextError, match=message):
            tokenize(Pieces([0], [(0, 1)]), text)

    def test_text_that_gives_no_tokens(self) -> None:
        with pytest.raises(TextError) as caught:
            tokenize(Pieces([], []), "~" * 50)
        assert str(caught.value) == (
            f"text: wanted at least one token, found none in '{'~' * 40}'; "
            "give a text that the tokenizer does not drop"
        )

    def test_slow_tokenizer(self) -> None:
        tokenizer = Pieces([0], [(0, 1)])
        tokenizer.is_fast = False  # type: ignore[attr-defined]  # a stand-in, not a class of ours
        with pytest.raises(TextError) as caught:
            tokenize(tokenizer, "a")
        assert str(caught.value) == (
            "tokenizer Pieces: wanted character spans for its tokens, found a slow one, which "
            "keeps no character spans; load the fast tokenizer of the model (AutoTokenizer, with "
            "a tokenizer.json)"
        )
        assert tokenizer.asked == []
        tokenizer.spans = True  # type: ignore[attr-defined]  # as above
        assert tokenize(tokenizer, "a").spans == ((0, 1),)

    def test_answer_without_offsets(self) -> None:
        with pytest.raises(TextError, match="found an answer without 'offset_mapping'"):
            tokenize(Pieces([0], None), "a")

    def test_offsets_in_bytes_are_refused(self) -> None:
        with pytest.raises(TextError, match="code points"):
            tokenize(Pieces([0], [(0, len("é😀".encode()))]), "é😀")

    def test_other_faults_pass_through(self) -> None:
        def broken(text: str, **options: Any) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            tokenize(broken, "a")

    def test_unequal_answer(self) -> None:
        with pytest.raises(TextError, match="1 ids and 2 spans"):
            tokenize(Pieces([0], [(0, 1), (1, 2)]), "ab")


TEXT = 'def total(left, right):\n    """\n    >>> total(4, 9)\n    13\n    """\n'


def held(tokens: Tokens) -> list[str]:
    """The surface of the token that holds each character."""
    return [tokens.surface(tokens.at(char)) for char in range(len(tokens.text))]


class TestByteLevel:
    @pytest.mark.parametrize("prefix", [False, True])
    def test_untrimmed_tokens_tile_the_text(self, byte_level: Any, prefix: bool) -> None:
        tokens = tokenize(byte_level(add_prefix_space=prefix), TEXT)
        assert "".join(map(tokens.surface, range(len(tokens)))) == TEXT
        for char, surface in enumerate(held(tokens)):
            assert TEXT[char] in surface

    def test_leading_space_belongs_to_its_token(self, byte_level: Any) -> None:
        tokens = tokenize(byte_level(), TEXT)
        name = TEXT.index(" total")
        assert tokens.at(name) == tokens.at(name + 1)
        assert tokens.surface(tokens.at(name)).startswith(" ")

    def test_trimmed_spaces_are_gaps(self, byte_level: Any) -> None:
        tokens = tokenize(byte_level(trim_offsets=True), TEXT)
        name = TEXT.index(" total")
        assert tokens.surface(tokens.at(name + 1))[0] == "t"
        with pytest.raises(PositionError, match="a gap between token"):
            tokens.at(name)
        marker = TEXT.index(">>>")
        assert tokens.surface(tokens.at(marker)).startswith(">")

    @pytest.mark.parametrize("trim", [False, True])
    @pytest.mark.parametrize("text", ["a😀b", "漢字 x", "é", "👩‍👩‍👧!", "क्षि y", "x\u0301y"])
    def test_characters_in_several_tokens(self, byte_level: Any, text: str, trim: bool) -> None:
        tokens = tokenize(byte_level(trim_offsets=trim), text)
        assert len(tokens) > len(text)
        for char in (c for c in range(len(text)) if text[c] != " "):
            assert tokens.at(char) == tokens.spans.index((char, char + 1))
            assert tokens.spans.count((char, char + 1)) == len(text[char].encode())

    @pytest.mark.parametrize("trim", [False, True])
    def test_added_prefix_space_is_no_character(self, byte_level: Any, trim: bool) -> None:
        tokens = tokenize(byte_level(trim_offsets=trim, add_prefix_space=True), "#[test]")
        assert tokens.spans[0] == (0, 0)
        assert tokens.surface(tokens.at(0)).startswith("#")

    def test_special_tokens_only_when_asked_for(self, byte_level: Any) -> None:
        tokenizer = byte_level()
        plain, full = tokenize(tokenizer, TEXT), tokenize(tokenizer, TEXT, special_tokens=True)
        assert full.ids == (1, *plain.ids, 2)
        assert full.spans == ((0, 0), *plain.spans, (0, 0))
        marker = TEXT.index(">>>")
        assert full.at(marker) == plain.at(marker) + 1
        assert full.at(0) == 1

    def test_only_spaces(self, byte_level: Any) -> None:
        assert {surface.strip() for surface in held(tokenize(byte_level(), "   "))} == {""}
        with pytest.raises(PositionError, match="no token that stands for any character"):
            tokenize(byte_level(trim_offsets=True), "   ").at(0)


class TestSentencePiece:
    @pytest.mark.parametrize("unigram", [False, True])
    @pytest.mark.parametrize("scheme", ["always", "first", "never"])
    def test_space_mark_stands_for_the_space(
        self, metaspace: Any, scheme: str, unigram: bool
    ) -> None:
        text = "def total(left, right)"
        tokens = tokenize(metaspace(prepend_scheme=scheme, unigram=unigram), text)
        for char, surface in enumerate(held(tokens)):
            assert text[char] in surface
        assert tokens.surface(tokens.at(0)).startswith("d")

    def test_added_space_mark_is_no_character(self, metaspace: Any) -> None:
        tokenizer = metaspace()
        tokens = tokenize(tokenizer, "#[test]")
        assert tokenizer.convert_ids_to_tokens(tokens.ids[0]) == "▁"
        assert tokens.spans[0] == (0, 0)
        assert tokens.surface(tokens.at(0)).startswith("#")

    def test_space_mark_in_the_text_is_a_character(self, metaspace: Any) -> None:
        tokens = tokenize(metaspace(prepend_scheme="never"), "a ▁ b")
        assert tokens.surface(tokens.at(2)) == "▁"

    def test_byte_fallback(self, metaspace: Any) -> None:
        tokens = tokenize(metaspace(prepend_scheme="never"), "a 😀")
        assert tokens.spans[-4:] == ((2, 3),) * 4
        assert tokens.at(2) == len(tokens) - 4

    def test_normalised_space_marks(self, llama_like: Any) -> None:
        tokens = tokenize(llama_like, TEXT, special_tokens=True)
        assert tokens.spans[0] == tokens.spans[-1] == (0, 0)
        for char, surface in enumerate(held(tokens)):
            assert TEXT[char] in surface
