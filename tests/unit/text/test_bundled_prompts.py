"""The bundled prompts: built, not typed; code that would run; the paper's ids and no text of it."""

from __future__ import annotations

import ast
import doctest
import json
import shutil
import subprocess
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from plip.errors import ConfigError
from plip.text import Prompt, Prompts, bundled_prompts
from plip.text.bundled import PROMPT_NAMES, prompt_file
from plip.text.bundled.crossed_texts import CROSSED, FILLER, LEVELS
from plip.text.bundled.fifty_texts import FIFTY
from plip.text.bundled.prompt_builder import build_prompts

pytestmark = pytest.mark.fast

BODIES = {id_: task.body for tasks in FIFTY.values() for id_, task in tasks.items()}
TEST_SYNTAX = ("#[", "assert", "test", ">>>")


@pytest.fixture(scope="session")
def paper_prompts(shared_dir: Path) -> list[dict[str, str]]:
    corpus = shared_dir / "paper" / "plip-rs" / "corpus"
    content = json.loads((corpus / "generation_prompts_n50.json").read_text("utf-8"))
    prompts: list[dict[str, str]] = content["prompts"]
    return prompts


def test_shipped_files_are_what_the_builder_makes() -> None:
    built = build_prompts()
    assert tuple(built) == PROMPT_NAMES
    for name, prompts in built.items():
        assert prompt_file(name).read_text("utf-8") == prompts.to_json()
        assert bundled_prompts(name) == prompts


def test_another_name() -> None:
    with pytest.raises(ConfigError, match="found 'mine'; name one of them"):
        bundled_prompts("mine")


def test_designs() -> None:
    categories = [Counter(p.category for p in bundled_prompts(name)) for name in PROMPT_NAMES]
    assert categories == [
        {"python_doctest": 3, "rust_test": 2},
        {
            "arithmetic": 10,
            "string": 10,
            "collection": 10,
            "option": 10,
            "generic": 5,
            "edge_case": 5,
        },
        {"rust_test": 3},
        {"rust_test": 18},
    ]
    assert [p.id for p in bundled_prompts("persistence-paper")] == [
        "rs_close",
        "rs_medium",
        "rs_far",
    ]


def test_markers() -> None:
    for name in PROMPT_NAMES:
        for prompt in bundled_prompts(name):
            pattern = ">>>" if prompt.language == "python" else "#[test]"
            assert prompt.pattern == pattern
            assert prompt.text.count(pattern) == 1
            assert prompt.marker == prompt.text.index(pattern) > 0
            assert prompt.text.endswith(("{\n", ":\n"))


def test_distances_grow() -> None:
    lengths = [len(p.text) - p.marker for p in bundled_prompts("persistence-paper")]
    assert all(one < other for one, other in pairwise(lengths))


def test_crossed_prompts_differ_by_the_same_filler() -> None:
    prompts = {p.id: p for p in bundled_prompts("persistence-crossed")}
    for family in CROSSED:
        mine = [prompts[f"{family}_{level}"] for level in LEVELS]
        assert [p.distance for p in mine] == list(LEVELS)
        assert {p.family for p in mine} == {family}
        assert len({p.marker for p in mine}) == 1
        head, end = CROSSED[family]
        for prompt, pieces in zip(mine, LEVELS.values(), strict=True):
            filler = "".join(FILLER[:pieces])
            assert prompt.text == (head + filler + end).lstrip("\n")
            assert prompt.text.replace(filler, "") == mine[0].text


def test_filler_tests_nothing() -> None:
    for filler in FILLER:
        assert not any(word in filler for word in TEST_SYNTAX)


@pytest.mark.parametrize(
    "prompt",
    [p for p in bundled_prompts("generate-paper") if p.language == "python"],
    ids=lambda p: p.id,
)
def test_doctests_hold(prompt: Prompt) -> None:
    whole = prompt.text + "    return None\n"
    names: dict[str, Any] = {}
    exec(compile(whole, "prompt", "exec"), names)
    first = next(node for node in ast.parse(whole).body if isinstance(node, ast.FunctionDef))
    test = doctest.DocTestParser().get_doctest(names[first.name].__doc__, names, prompt.id, None, 0)
    result = doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None)
    assert (result.attempted, result.failed) == (1, 0)


@pytest.mark.skipif(shutil.which("rustc") is None, reason="rustc is not installed")
def test_rust_prompts_compile_and_their_tests_pass(tmp_path: Path) -> None:
    rust = [p for name in PROMPT_NAMES for p in bundled_prompts(name) if p.language == "rust"]
    source = tmp_path / "prompts.rs"
    source.write_text(
        "".join(f"mod {p.id} {{\n{p.text}    {BODIES.get(p.id, 'todo!()')}\n}}\n}}\n" for p in rust)
    )
    program = tmp_path / "prompts"
    command = ["rustc", "--edition", "2021", "--cap-lints", "allow", "--test", "-o"]
    subprocess.run([*command, str(program), str(source)], check=True, capture_output=True)
    result = subprocess.run([program], check=True, capture_output=True, text=True)
    assert f"{len(rust)} passed; 0 failed" in result.stdout


def test_the_papers_ids_and_categories(paper_prompts: list[dict[str, str]]) -> None:
    expected = [(prompt["id"], prompt["category"]) for prompt in paper_prompts]
    assert [(p.id, p.category) for p in bundled_prompts("generate-fifty")] == expected


def test_no_line_is_the_papers(paper_prompts: list[dict[str, str]]) -> None:
    def lines(text: str) -> set[str]:
        stripped = {line.strip(" /") for line in text.splitlines()}
        return stripped - {"", "#[test]", "#[should_panic]", "}", "{"}

    theirs = set().union(*(lines(prompt["prompt"]) for prompt in paper_prompts))
    ours = [p for name in PROMPT_NAMES for p in bundled_prompts(name)]
    assert set().union(*(lines(p.text) for p in ours)) & theirs == set()


def test_prompts_of_a_file_and_bundled_ones_are_the_same_kind(tmp_path: Path) -> None:
    prompts = bundled_prompts("generate-paper")
    prompts.write(tmp_path / "mine.json")
    assert Prompts.read(tmp_path / "mine.json").digest == prompts.digest
