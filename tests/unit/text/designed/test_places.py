"""Whether a neutral line stands in a marker's place, for tokenizers of several kinds."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from plip.text import Tokens
from plip.text.designed import DesignedText, designed_corpus, stands_in_place

pytestmark = pytest.mark.fast

DESIGN = designed_corpus(functions=1)
PYTHON, RUST = (DESIGN.texts(function, language)[0] for function, language in DESIGN)

Cut = Callable[[str], Tokens]


def cut_by(pattern: str) -> Cut:
    """Make a tokenizer of a pattern; equal pieces have equal ids."""

    def cut(text: str) -> Tokens:
        matches = list(re.finditer(pattern, text, re.DOTALL))
        ids = tuple(hash(match.group()) for match in matches)
        return Tokens(text, ids, tuple(match.span() for match in matches))

    return cut


# Every character; a word or a sign, with the space before it; the same with signs in a row.
CHARACTERS = cut_by(r".")
SIGNS = cut_by(r" ?\w+| ?[^\w\s]|\s")
RUNS = cut_by(r" ?\w+| ?[^\w\s]+|\s")


def fits(text: DesignedText, line: str, cut: Cut) -> bool:
    return stands_in_place(text, line, cut(text.marked.text), cut(text.neutral(line).text))


@pytest.mark.parametrize(
    ("cut", "python", "rust"),
    [
        (CHARACTERS, "###", "// so -"),
        (SIGNS, "###", "// so."),
        (RUNS, "#", "// so."),
    ],
)
def test_the_first_line_that_fits(cut: Cut, python: str, rust: str) -> None:
    for text, wanted in ((PYTHON, python), (RUST, rust)):
        lines = DESIGN.neutral_lines(text.language)
        assert next(line for line in lines if fits(text, line, cut)) == wanted


def test_another_length_does_not_fit() -> None:
    assert not fits(PYTHON, "##", CHARACTERS)
    assert not fits(PYTHON, "# so", CHARACTERS)
    assert fits(PYTHON, "# -", CHARACTERS)


def test_a_line_that_begins_with_the_markers_token_is_no_contrast() -> None:
    assert not fits(PYTHON, ">##", CHARACTERS)
    assert not fits(RUST, "#[cold]", CHARACTERS)


def test_a_line_that_merges_with_what_stands_before_does_not_fit() -> None:
    merging = cut_by(r"\n\n/|.")
    assert fits(RUST, "// so -", CHARACTERS)
    assert not fits(RUST, "// so -", merging)


def test_a_line_whose_sign_comes_a_token_later_does_not_fit() -> None:
    """ " >>" and ">" against " " and "#": as many, but the sign is not where the marker is."""
    assert not fits(PYTHON, "#", cut_by(r" >>|."))


def test_as_many_tokens_are_not_enough() -> None:
    """A single other token, before the line or behind it, is more than one difference."""
    tokens = CHARACTERS(PYTHON.marked.text)
    other = CHARACTERS(PYTHON.neutral("###").text)
    end = PYTHON.marked.text.index("\n", len(PYTHON.before)) + 1
    ids = list(other.ids)
    ids[end + 1] = -1
    assert stands_in_place(PYTHON, "###", tokens, other)
    assert not stands_in_place(PYTHON, "###", tokens, Tokens(other.text, tuple(ids), other.spans))
    ids = list(other.ids)
    ids[3] = -1
    assert not stands_in_place(PYTHON, "###", tokens, Tokens(other.text, tuple(ids), other.spans))
