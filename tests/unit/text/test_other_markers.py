"""The marker of another kind."""

from __future__ import annotations

import ast
import doctest
from dataclasses import replace
from typing import Any

import pytest

from plip.errors import CorpusError, TextError
from plip.text import (
    CharMarks,
    Group,
    Sample,
    TokenMarks,
    bundled_corpus,
    bundled_prompts,
    sample_with_other_marker,
    with_other_marker,
)

pytestmark = pytest.mark.fast

PYTHON = 'def add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a + b'
RUST = "fn add(a: u8, b: u8) -> u8 {\n    a + b\n}\n\n#[test]\nfn works() {}\n"


def test_a_doctest_becomes_a_remark() -> None:
    found = with_other_marker(PYTHON, "python", 27)
    assert found.text == PYTHON.replace(">>> add", "# >>> add")
    assert (found.marker, found.pattern, found.longer) == (29, ">>>", 2)
    assert found.text[found.marker :].startswith(">>> add(1, 2)")
    docstring = ast.get_docstring(ast.parse(found.text).body[0])  # type: ignore[arg-type]  # a function
    assert doctest.DocTestParser().get_examples(docstring or "") == []


def test_a_test_becomes_an_ordinary_function() -> None:
    marker = RUST.index("#[test]")
    found = with_other_marker(RUST, "rust", marker)
    assert found.text == RUST.replace("#[test]", "#[inline]")
    assert (found.marker, found.pattern, found.longer) == (marker, "#[inline]", 2)


def test_only_the_marker_that_is_named_is_replaced() -> None:
    twice = PYTHON.replace("    3\n", "    3\n    >>> add(2, 2)\n    4\n")
    first, second = 27, twice.rindex(">>>")
    assert with_other_marker(twice, "python", first).text.count("# >>>") == 1
    found = with_other_marker(twice, "python", second)
    assert found.text == twice[:second] + "# " + twice[second:]


@pytest.mark.parametrize(
    ("text", "language", "marker", "message"),
    [
        (
            PYTHON,
            "python",
            26,
            "prompt 'p': wanted the marker '>>>' at character 26, found ' >>'; give the place "
            "where the marker of a test begins",
        ),
        (PYTHON, "python", 9999, "prompt 'p': wanted the marker '>>>' at character 9999, found ''"),
        (PYTHON, "python", -3, "prompt 'p': wanted the marker '>>>' at character -3, found ''"),
        (RUST, "python", 42, "prompt 'p': wanted the marker '>>>' at character 42, found '#[t'"),
        (
            "#[derive(Debug)]\nstruct S;",
            "rust",
            0,
            "prompt 'p': wanted the marker '#[test]' at character 0, found '#[deriv'",
        ),
        (
            "def f():\n    # so: >>> f()\n    pass",
            "python",
            19,
            "prompt 'p': wanted a '>>>' that begins a doctest at character 19, found one in a "
            "remark: '# so: >>>'; leave this control out: the marker is one of another kind "
            "already",
        ),
    ],
)
def test_where_no_such_marker_stands(text: str, language: Any, marker: int, message: str) -> None:
    with pytest.raises(TextError) as caught:
        with_other_marker(text, language, marker, who="prompt 'p'")
    assert str(caught.value).startswith(message)


def test_marks_of_a_sample_keep_their_characters() -> None:
    marks = CharMarks(marker=27, pattern=">>>", targets=(0, 4, 8, 11, PYTHON.index("return")))
    sample = Sample("py", Group.PYTHON_DOCTEST, PYTHON, marks)
    found = sample_with_other_marker(sample)
    assert (found.id, found.group) == ("py", Group.PYTHON_BASELINE)
    assert isinstance(found.marks, CharMarks)
    assert found.marks.targets == (0, 4, 8, 11, PYTHON.index("return") + 2)
    for old, new in zip(marks.targets, found.marks.targets, strict=True):
        assert PYTHON[old:][:3] == found.text[new:][:3]
    assert found.text[found.marks.marker :].startswith(found.marks.pattern)


def test_every_bundled_test_has_one_and_no_control_has() -> None:
    for sample in bundled_corpus():
        if sample.group.is_control:
            with pytest.raises(TextError):
                sample_with_other_marker(sample)
            continue
        found = sample_with_other_marker(sample)
        assert found.group.is_control
        assert len(found.text) == len(sample.text) + 2


@pytest.mark.parametrize(
    "design", ["generate-paper", "generate-fifty", "persistence-paper", "persistence-crossed"]
)
def test_every_bundled_prompt_has_one(design: str) -> None:
    for prompt in bundled_prompts(design):
        found = with_other_marker(prompt.text, prompt.language, prompt.marker, who=prompt.id)
        assert replace(prompt, text=found.text, marker=found.marker, pattern=found.pattern)


def test_what_has_no_such_control() -> None:
    tokens = Sample("old", Group.RUST_TEST, RUST, TokenMarks(marker=9, targets=(0,)))
    with pytest.raises(CorpusError) as caught:
        sample_with_other_marker(tokens)
    assert str(caught.value) == (
        "sample 'old': wanted marks in characters, to replace the marker, found marks in tokens; "
        "turn them into characters with Sample.with_char_marks"
    )
    marker = RUST.index("#[test]")
    inside = CharMarks(marker=marker, pattern="#[test]", targets=(0, marker + 2))
    with pytest.raises(TextError, match="wanted targets outside the marker, which is replaced"):
        sample_with_other_marker(Sample("in", Group.RUST_TEST, RUST, inside))
