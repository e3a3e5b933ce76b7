"""The recipe of the bundled models: prompts, generated functions, rows, plan, command line."""

from __future__ import annotations

import doctest
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import Qwen2ForCausalLM
from tree_sitter import Parser

from plip.measure.syntax import grammar
from tools.train_bundled.__main__ import RECIPES, arguments
from tools.train_bundled.corpus import (
    NEWLINES_KEPT,
    begins_with_import,
    fewer_imports,
    with_either_end,
)
from tools.train_bundled.evaluate import begins_name, load_prompts, prompts_of_documents
from tools.train_bundled.names import Namer
from tools.train_bundled.python_documents import python_document
from tools.train_bundled.rust_documents import scattered_document
from tools.train_bundled.rust_types import typed_parts
from tools.train_bundled.train import Plan, optimizers, packed_rows, train
from tools.train_bundled.transformer import build_transformer

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
POOL = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbor", "island"]


def namer(held_out: bool = False) -> Namer:
    return Namer(POOL, random.Random(5), held_out)


def test_hand_written_prompts_end_where_the_name_is_due() -> None:
    prompts = load_prompts()
    for language, ending in (("python", ">>>"), ("rust", "assert_eq!(")):
        entries = prompts[language]
        assert len({entry.id for entry in entries}) == len({entry.name for entry in entries}) == 40
        for entry in entries:
            assert entry.prompt.endswith(ending)
            assert f"{entry.name}(" in entry.prompt


@pytest.mark.parametrize(
    ("token", "expected"),
    [(" tal", True), ("tally", True), (" ", False), ("", False), ("\n", False), (" vowels", False)],
)
def test_begins_name(token: str, expected: bool) -> None:
    assert begins_name(token, "tally_vowels") is expected


def test_generated_doctests_hold() -> None:
    source = namer()
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    tried = 0
    for _ in range(60):
        text = python_document(source)
        if not text.startswith("def ") or "from " in text:
            continue
        scope: dict[str, Any] = {"__name__": "generated"}
        exec(text, scope)
        for name in [name for name, value in scope.items() if callable(value)]:
            for test in doctest.DocTestFinder().find(scope[name], name, globs=dict(scope)):
                tried += runner.run(test, out=lambda _: None).attempted
    assert tried > 20
    assert runner.summarize(verbose=False).failed == 0


def test_held_out_names_are_not_generated_for_training() -> None:
    mine = {namer().function() for _ in range(200)}
    others = {namer(held_out=True).function() for _ in range(20)}
    assert not mine & others


def test_prompts_are_cut_before_the_first_call() -> None:
    text = 'def clip(x):\n    """\n    >>> clip(3)\n    3\n    """\n    return x\n'
    (prompt,) = prompts_of_documents([text, "x = 1\n"], "python")
    assert prompt.name == "clip"
    assert prompt.prompt == 'def clip(x):\n    """\n    >>>'


def first_example(document: str) -> str:
    found = re.search(r">>> (.*)", document)
    return found.group(1) if found else ""


def test_most_doctests_begin_with_a_name_that_the_document_defines_but_not_all() -> None:
    source = namer()
    documents = [python_document(source) for _ in range(600)]
    direct = sum(
        f"def {first_example(text).partition('(')[0]}(" in text.partition(">>>")[0]
        for text in documents
        if "(" in first_example(text)
    )
    assert direct / 600 == pytest.approx(0.7, abs=0.06)


def code_lines(document: str) -> list[str]:
    return [line for line in document.splitlines() if line[:3] != "///"]


def test_scattered_tests_follow_the_functions_they_call() -> None:
    words = namer()
    source = Namer([words.made_up() for _ in range(3000)], random.Random(6), held_out=False)
    apart = 0
    for _ in range(100):
        code = code_lines(scattered_document(source))
        begins = [re.match(r" *(?:pub )?fn (\w+)\([^)]", line) for line in code]
        defined = {found.group(1): index for index, found in enumerate(begins) if found}
        for name, begin in defined.items():
            call = re.compile(rf"^ +(assert|let|[a-z_]\w*\(&mut).*\b{name}\(|^ +{name}\(&mut")
            first = next(index for index, line in enumerate(code) if call.search(line))
            assert first > begin
            apart += any(begin < other < first for other in defined.values())
    assert 20 < apart < 150


def test_functions_of_a_type_are_parsed_and_each_is_tested() -> None:
    source = namer()
    seen: set[str] = set()
    for _ in range(200):
        definition, parts = typed_parts(source, 2)
        seen.add(next((line.split()[0] for line in definition if "{" in line), "numbers"))
        for item, test in parts:
            assert test[0] == "#[test]"
            (name,) = re.findall(r"\bfn (\w+)\(", "\n".join(item))
            assert re.search(rf"\b{name}\(", "\n".join(test[2:]))
        text = "\n".join([*definition, *(line for part in parts for each in part for line in each)])
        assert not Parser(grammar("rust")).parse(text.encode()).root_node.has_error
    assert seen == {"struct", "enum", "numbers"}


def test_most_documents_lose_the_newline_at_their_end() -> None:
    documents = [f"{index}\n" for index in range(1000)]
    found = with_either_end(documents, random.Random(3))
    assert [text.rstrip("\n") for text in found] == [text.rstrip("\n") for text in documents]
    kept = sum(text.endswith("\n") for text in found) / 1000
    assert kept == pytest.approx(NEWLINES_KEPT, abs=0.04)


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (">>> from a import clip", True),
        (">>> import math\n    >>> clip(3)", True),
        (">>> clip(3)\n    3\n    >>> import math", False),
        (">>> imported(3)", False),
        (">>> fromage = clip(3)", False),
        ("import a\n    no example", False),
    ],
)
def test_whether_the_first_example_is_an_import(example: str, expected: bool) -> None:
    assert begins_with_import(f'def clip(x):\n    """\n    {example}\n    """\n') is expected


@pytest.mark.parametrize("kept", [0.0, 0.3])
def test_of_documents_with_an_import_in_their_first_example_a_share_is_read(kept: float) -> None:
    others = [f">>> clip({index})" for index in range(20)]
    found = fewer_imports([">>> import math"] * 1000 + others, kept, random.Random(3))
    assert found[-20:] == others
    assert (len(found) - 20) / 1000 == pytest.approx(kept, abs=0.03)


def test_rows_hold_whole_documents() -> None:
    lengths = [3, 9, 4, 2, 7, 5]
    stream = ([index] * lengths[index % 6] for index in range(1000))
    for _, row in zip(range(20), packed_rows(stream, 16, 99), strict=False):
        assert sum(len(piece) for piece in row) <= 16
        assert all(piece[-1] == 99 for piece in row)


def test_plan_decays_to_nothing_and_starts_apart_from_its_length() -> None:
    short, long = Plan(steps=1000), Plan(steps=2000)
    assert [short.scale(step) for step in range(600)] == [long.scale(step) for step in range(600)]
    assert short.lengths()[:600] == long.lengths()[:600]
    assert short.scale(999) == pytest.approx(1 / 400)
    assert len(short.lengths()) == 1000


def test_plans_of_different_length_agree_until_the_first_decays() -> None:
    short, long = Plan(steps=1000), Plan(steps=2000)
    assert short.agrees_with(long, 601)
    assert long.agrees_with(short, 601)
    assert not short.agrees_with(long, 602)
    assert not short.agrees_with(Plan(steps=2000, seed=1), 1)


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    plan = Plan(steps=4, tokens_per_step=256, warmup_steps=1, checkpoint_every=1)
    longer = replace(plan, steps=8)
    documents = [[1, 2, 3, 4]] * 50

    def begin() -> Qwen2ForCausalLM:
        return build_transformer(8)

    train(begin(), documents, 0, plan, tmp_path)
    with pytest.raises(ValueError, match="resume an earlier checkpoint"):
        train(begin(), documents, 0, longer, tmp_path, tmp_path / "step-00004.pt")
    resumed = train(begin(), documents, 0, longer, tmp_path, tmp_path / "step-00003.pt")
    assert resumed.step == 8


def test_command_line_has_defaults_outside_the_repository() -> None:
    options = arguments(["transformer", "--steps", "3"])
    assert options.steps == 3
    assert ROOT not in options.work.parents
    assert options.resume is options.checkpoint is options.out is None


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_muon_gets_the_linear_maps_and_nothing_else(name: str) -> None:
    model = RECIPES[name].build(64)
    muon, adamw = optimizers(model, RECIPES[name].plan)
    named = {id(parameter): key for key, parameter in model.named_parameters()}
    mine, rest = (
        {named[id(parameter)] for group in each.param_groups for parameter in group["params"]}
        for each in (muon, adamw)
    )
    assert mine | rest == set(named.values())
    assert not mine & rest
    assert all(key.endswith(".weight") and model.get_parameter(key).ndim == 2 for key in mine)
    assert not any("embed" in key or "time_" in key or key.endswith(".bias") for key in mine)
    assert all("proj" in key or "attention." in key or "feed_forward." in key for key in mine)
