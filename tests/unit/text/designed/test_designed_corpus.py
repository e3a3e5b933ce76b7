"""The designed corpus: functions that hold, marks that fit, variants that differ in one thing."""

from __future__ import annotations

import ast
import doctest
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_rust
from tree_sitter import Language as Grammar
from tree_sitter import Parser

from plip.errors import ConfigError
from plip.text import bundled_corpus
from plip.text.designed import (
    LANGUAGES,
    LARGEST,
    DesignedCorpus,
    DesignedFunction,
    DesignedText,
    designed_corpus,
)
from plip.text.designed.recipes import RECIPES
from plip.text.designed.words import ADJECTIVES, NEUTRAL, NOUNS, PARAMETERS, REMARKS

pytestmark = pytest.mark.fast

# Of the default corpus: whoever changes a text changes every published figure.
DIGEST = "55d221b89016453c284741120a644381b981b1c62002beb0df830f890546acb2"

DESIGN = designed_corpus()
SMALL = designed_corpus(functions=24, steps=(0, 1, 3))


def all_texts(design: DesignedCorpus) -> list[DesignedText]:
    return [text for function, language in design for text in design.texts(function, language)]


def words(text: DesignedText) -> list[str]:
    found = [re.match(r"\w+", text.marked.text[target:]) for target in text.targets]
    return [match.group() for match in found if match]


def test_the_default_corpus_is_pinned() -> None:
    assert DESIGN.digest == DIGEST
    assert (len(DESIGN.functions), len(DESIGN), DESIGN.steps) == (120, 240, (0, 2, 4, 8))


def test_drawn_from_the_seed_and_nothing_else() -> None:
    assert designed_corpus(seed=3, functions=5) == designed_corpus(seed=3, functions=5)
    assert (
        designed_corpus(seed=3, functions=5).digest != designed_corpus(seed=4, functions=5).digest
    )
    assert designed_corpus(functions=7).functions == DESIGN.functions[:7]
    assert designed_corpus(steps=(0, 2, 4, 9), functions=1).digest != (
        designed_corpus(functions=1).digest
    )


def test_more_filler_leaves_what_was_there() -> None:
    longer = designed_corpus(functions=3, steps=(0, 20))
    for function, other in zip(DESIGN.functions, longer.functions, strict=False):
        assert other.remarks[: len(function.remarks)] == function.remarks
        assert (other.name, other.arguments) == (function.name, function.arguments)


def test_every_recipe_is_used_as_often() -> None:
    counts = [sum(f.recipe is recipe for f in DESIGN.functions) for recipe in RECIPES]
    assert counts == [5] * 24
    names = [name for recipe in RECIPES for name in recipe.names]
    assert len(set(names)) == len(names)


def test_names_are_unique_and_in_no_other_corpus() -> None:
    names = {function.name for function in DESIGN.functions}
    assert len(names) == 120
    others = {name for s in bundled_corpus() for name in re.findall(r"\b(?:def|fn) (\w+)", s.text)}
    assert not names & others


def test_the_most_functions() -> None:
    assert len({f.name for f in designed_corpus(functions=LARGEST, steps=(0,)).functions}) == 1440


def test_remarks_name_nothing() -> None:
    """Not a word of filler is one of a definition, so that a copy cannot draw attention."""
    said = {word.lower() for part in REMARKS for text in part for word in re.findall(r"\w+", text)}
    parts = {part for name in (*NOUNS, *ADJECTIVES) for part in name.split("_")}
    parts |= {name for recipe in RECIPES for name in recipe.names}
    parts |= {name for names in PARAMETERS.values() for name in names}
    neutral = {word for lines in NEUTRAL.values() for line in lines for word in line.split()}
    assert not said & parts
    assert not neutral & parts
    assert not said & {"test", "assert", "doctest", "example"}


def test_remarks_of_a_text_are_not_repeated() -> None:
    for function in designed_corpus(functions=4, steps=(99,)).functions:
        assert len({remark.rsplit(" ", 2)[0] for remark in function.remarks}) > 90
        assert len(set(function.remarks)) == len(function.remarks) == 100


@pytest.mark.parametrize("text", all_texts(SMALL), ids=lambda t: t.marked.id)
def test_targets_are_keyword_name_and_parameters(text: DesignedText) -> None:
    function = next(f for f in SMALL.functions if f.name == text.function)
    keyword = {"python": "def", "rust": "fn"}[text.language]
    assert words(text) == [keyword, function.name, *function.parameters]
    assert text.kinds == ("keyword", "name", *["parameter"] * len(function.parameters))
    assert all(text.marked.text[t - 1] in "\n (" for t in text.targets if t)
    assert max(text.targets) < len(text.before)
    assert text.marked.text[len(text.before) :].startswith(text.marker)


def test_both_languages_have_the_same_targets() -> None:
    for function in DESIGN.functions:
        python, rust = (DESIGN.texts(function, language) for language in LANGUAGES)
        for one, other in zip(python, rust, strict=True):
            assert words(one)[1:] == words(other)[1:] == [function.name, *function.parameters]
            assert (one.kinds, one.led, one.filler) == (other.kinds, other.led, other.filler)


def test_a_parameter_within_another_word_is_not_marked() -> None:
    """ "n" stands in "fn", in names of functions, and in "count: i64, n: i64"."""
    functions = designed_corpus(functions=LARGEST, steps=(0,)).functions
    some = [f for f in functions if any("n" in name for name in f.parameters[:-1])]
    some = [f for f in some if "n" in f.parameters[1:]]
    assert len(some) > 5
    design = DesignedCorpus(0, (0,), tuple(some))
    for text in all_texts(design):
        function = next(f for f in some if f.name == text.function)
        assert words(text)[1:] == [function.name, *function.parameters]


class TestVariants:
    def test_which_there_are(self) -> None:
        for function, language in SMALL:
            found = [(text.led, text.filler) for text in SMALL.texts(function, language)]
            assert found == [(True, 0), (True, 1), (True, 3), (False, 0)]

    def test_filler_is_all_that_is_added(self) -> None:
        for function, language in SMALL:
            led = [text for text in SMALL.texts(function, language) if text.led]
            for near, far in pairwise(led):
                sign = {"python": "#", "rust": "//"}[language]
                added = [
                    f"    {sign} {remark}\n"
                    for remark in function.remarks[1 + near.filler : 1 + far.filler]
                ]
                lines = far.marked.text.splitlines(keepends=True)
                at = 2 + near.filler
                assert lines[at : at + len(added)] == added
                del lines[at : at + len(added)]
                assert "".join(lines) == near.marked.text
                assert near.targets == far.targets

    def test_the_first_line_is_all_that_a_lead_adds(self) -> None:
        for function, language in SMALL:
            led, *_, bare = SMALL.texts(function, language)
            first, rest = led.marked.text.split("\n", 1)
            assert first.endswith(function.remarks[0])
            assert rest == bare.marked.text
            assert bare.first_is_target
            assert not led.first_is_target

    def test_filler_is_the_same_in_both_languages(self) -> None:
        for function in SMALL.functions:
            python, rust = (SMALL.texts(function, language)[2] for language in LANGUAGES)
            fillers = [
                [line.strip("#/ \n") for line in text.before.splitlines()[2 : 2 + text.filler]]
                for text in (python, rust)
            ]
            assert fillers[0] == fillers[1] == [*function.remarks[1:4]]

    def test_a_neutral_line_changes_nothing_else(self) -> None:
        for text in all_texts(SMALL):
            for line in SMALL.neutral_lines(text.language):
                sample = text.neutral(line)
                at = len(text.before)
                assert sample.text[:at] == text.marked.text[:at]
                assert sample.text[at + len(line) :] == text.marked.text[at + len(text.marker) :]
                assert sample.text != text.marked.text
                assert sample.group.is_control
                assert not text.marked.group.is_control


class TestTheCode:
    @pytest.mark.parametrize("function", DESIGN.functions, ids=lambda f: f.name)
    def test_python(self, function: DesignedFunction) -> None:
        for text in DESIGN.texts(function, "python"):
            assert run_doctests(text.marked.text, function.name) == (0, 1)
            for line in DESIGN.neutral_lines("python"):
                source = text.neutral(line).text
                ast.parse(source)
                assert run_doctests(source, function.name) == (0, 0)

    def test_rust_parses(self) -> None:
        parser = Parser(Grammar(tree_sitter_rust.language()))
        for text in all_texts(DESIGN):
            if text.language == "rust":
                samples = [text.marked, *map(text.neutral, DESIGN.neutral_lines("rust"))]
                for sample in samples:
                    assert not parser.parse(sample.text.encode()).root_node.has_error, sample.text

    @pytest.mark.skipif(shutil.which("rustc") is None, reason="rustc is not installed")
    def test_rust_compiles_and_its_tests_pass(self, tmp_path: Path) -> None:
        lines = DESIGN.neutral_lines("rust")
        modules = []
        for index, function in enumerate(DESIGN.functions):
            *_, far, bare = DESIGN.texts(function, "rust")
            samples = (far.marked, bare.marked, far.neutral(lines[index % len(lines)]))
            modules += [sample.text for sample in samples]
        source = tmp_path / "texts.rs"
        source.write_text(
            "".join(f"mod m{number} {{\n{text}\n}}\n" for number, text in enumerate(modules))
        )
        program = tmp_path / "texts"
        command = ["rustc", "--edition", "2021", "--cap-lints", "allow", "--test", "-o"]
        subprocess.run([*command, str(program), str(source)], check=True, capture_output=True)
        result = subprocess.run([program], check=True, capture_output=True, text=True)
        assert "240 passed; 0 failed" in result.stdout


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"functions": 0}, "functions: wanted a number from 1 to 1440, found 0"),
        ({"functions": 1441}, "functions: wanted a number from 1 to 1440, found 1441"),
        ({"seed": -1}, "seed: wanted a number from 0, found -1"),
        (
            {"steps": ()},
            "steps: wanted numbers of filler lines, ascending, within 0 … 99, found no",
        ),
        ({"steps": (0, 0)}, "found 0, 0; give such as 0, 2, 4, 8"),
        ({"steps": (4, 2)}, "found 4, 2"),
        ({"steps": (-1, 2)}, "found -1, 2"),
        ({"steps": (0, 100)}, "found 0, 100"),
    ],
)
def test_what_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(text)):
        designed_corpus(**options)


def run_doctests(text: str, name: str) -> tuple[int, int]:
    """Return how many examples of a function fail, and how many there are."""
    names: dict[str, Any] = {}
    exec(compile(text, "sample", "exec"), names)
    test = doctest.DocTestParser().get_doctest(names[name].__doc__ or "", names, name, None, 0)
    result = doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None)
    return result.failed, result.attempted
