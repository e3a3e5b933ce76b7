"""The recipe of the bundled models: prompts, generated functions, rows, plan, command line."""

from __future__ import annotations

import doctest
import itertools
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tools.train_bundled.__main__ import RECIPES, arguments
from tools.train_bundled.corpus import (
    DIRECT_CALLS_KEPT,
    ENDING_SHARE,
    OPENING_SHARE,
    begins_with_call,
    less_direct,
    ordered,
    replaced_at_the_end,
)
from tools.train_bundled.evaluate import begins_name, load_prompts, prompts_of_documents
from tools.train_bundled.names import Namer
from tools.train_bundled.python_documents import python_document
from tools.train_bundled.rust_documents import scattered_document
from tools.train_bundled.train import Plan, optimizers, packed_rows

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


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (">>> clip(3)", True),
        (">>> x = clip(3)", False),
        (">>> import math\n    >>> clip(3)", False),
        (">>> str(clip(3))", False),
        (">>> clip", False),
        ("no example", False),
    ],
)
def test_whether_the_first_example_begins_with_the_name(example: str, expected: bool) -> None:
    text = f'def clip(x):\n    """\n    {example}\n    3\n    """\n    return x\n'
    assert begins_with_call(text) is expected


def test_last_documents_leave_more_doubt_what_a_doctest_calls() -> None:
    shares = []
    for make in (python_document, less_direct):
        source = namer()
        shares.append(sum(begins_with_call(make(source)) for _ in range(600)) / 600)
    before, last = shares
    assert before == pytest.approx(2 / 3, abs=0.06)
    kept = DIRECT_CALLS_KEPT * before
    assert last == pytest.approx(kept / (kept + 1 - before), abs=0.06)


def test_scattered_tests_follow_the_functions_they_call() -> None:
    source = namer()
    apart = 0
    for _ in range(100):
        code = [line for line in scattered_document(source).splitlines() if line[:3] != "///"]
        begins = [re.match(r"(?:pub )?fn (\w+)\([^)]", line) for line in code]
        defined = {found.group(1): index for index, found in enumerate(begins) if found}
        for name, begin in defined.items():
            call = re.compile(rf"(assert|let).*\b{name}\(")
            first = next(index for index, line in enumerate(code) if call.search(line))
            assert first > begin
            apart += any(begin < other < first for other in defined.values())
    assert 30 < apart < 150


def test_last_part_has_what_the_mix_has_left_and_ends_without_a_newline() -> None:
    mixed = [f"{index}\n" for index in range(200)]
    closing = [f"last {index}\n" for index in range(50)]
    order = ordered(mixed, closing)
    opening = round(OPENING_SHARE * 200)
    assert order[:opening] == mixed[:opening]
    assert sorted(order[opening:]) == sorted(
        text.rstrip("\n") for text in mixed[opening:] + closing
    )
    assert order[opening:] != [text.rstrip("\n") for text in closing + mixed[opening:]]
    assert ordered(mixed, closing) == order


def test_doubtful_documents_are_replaced_at_the_end_alone() -> None:
    order = [f"mix {index}" if index % 2 else f"doubt {index}" for index in range(100)]
    doubtful = [f"{text}\n" for text in order if text.startswith("doubt")]
    count = itertools.count()
    changed, kept, made = replaced_at_the_end(order, doubtful, lambda: f"new {next(count)}\n")
    begin = 100 - round(ENDING_SHARE * 100)
    assert changed[:begin] == order[:begin]
    assert [text for text in changed[begin:] if "mix" in text] == [
        text for text in order[begin:] if "mix" in text
    ]
    assert kept == [text for text in order[:begin] if "doubt" in text]
    assert made == [text for text in changed if "new" in text]
    assert made == [f"new {index}" for index in range(len(doubtful) - len(kept))]
    assert not any("doubt" in text for text in changed[begin:])


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


def test_command_line_has_defaults_outside_the_repository() -> None:
    options = arguments(["transformer", "--steps", "3"])
    assert options.steps == 3
    assert ROOT not in options.work.parents
    assert options.resume is options.checkpoint is options.out is None


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_muon_gets_the_linear_maps_and_nothing_else(name: str) -> None:
    model = RECIPES[name].build(64)
    muon, adamw = optimizers(model, Plan())
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
