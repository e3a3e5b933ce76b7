"""The shipped transformer is the one its manifest describes, and it copies names."""

from __future__ import annotations

import doctest
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from tools.train_bundled.__main__ import BUNDLED, RECIPES, arguments
from tools.train_bundled.evaluate import (
    CRITERION,
    begins_name,
    evaluate_names,
    load_prompts,
    prompts_of_documents,
)
from tools.train_bundled.export import (
    MANIFEST,
    SIZE_LIMIT,
    WEIGHTS,
    directory_size,
    load_exported,
)
from tools.train_bundled.hashing import sha256_of_file
from tools.train_bundled.names import Namer
from tools.train_bundled.python_functions import python_document
from tools.train_bundled.sources import DEBIAN_PACKAGES, WHEELS
from tools.train_bundled.tokenizer import (
    END_OF_TEXT_ID,
    VOCABULARY,
)
from tools.train_bundled.train import Plan, packed_rows

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
DIRECTORY = BUNDLED / "transformer"
POOL = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbor", "island"]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return json.loads((DIRECTORY / MANIFEST).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def exported() -> tuple[Any, Any]:
    return load_exported(DIRECTORY)


def namer(held_out: bool = False) -> Namer:
    return Namer(POOL, random.Random(5), held_out)


def test_weights_are_those_of_the_manifest(described: dict[str, Any]) -> None:
    weights = DIRECTORY / WEIGHTS
    assert sha256_of_file(weights) == described["weights"]["sha256"]
    assert weights.stat().st_size == described["weights"]["bytes"]
    assert sha256_of_file(DIRECTORY / "tokenizer.json") == described["tokenizer"]["sha256"]


def test_model_is_small() -> None:
    assert directory_size(DIRECTORY) <= SIZE_LIMIT


def test_model_loads_in_float32(exported: tuple[Any, Any]) -> None:
    model, tokenizer = exported
    assert type(model).__name__ == "Qwen2ForCausalLM"
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert model.config.vocab_size == len(tokenizer) == VOCABULARY
    assert model.config.max_position_embeddings == RECIPES["transformer"].context


def test_tokenizer_adds_nothing_and_loses_nothing(exported: tuple[Any, Any]) -> None:
    _, tokenizer = exported
    text = 'def grün(x):\n\t"""\n    >>> grün(1)  \n'
    tokens = tokenizer(text)["input_ids"]
    assert tokenizer.decode(tokens) == text
    assert tokenizer(text, add_special_tokens=False)["input_ids"] == tokens
    assert tokenizer.eos_token_id == END_OF_TEXT_ID


def test_names_are_copied_as_the_manifest_says(
    exported: tuple[Any, Any], described: dict[str, Any]
) -> None:
    prompts = load_prompts()
    figures = evaluate_names(*exported, prompts)
    assert len(prompts["python"]) == len(prompts["rust"]) == 40
    assert figures["python"]["share"] >= CRITERION
    for kind, figure in figures.items():
        assert figure["share"] == described["evaluation"]["names"][kind]["share"]


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


def test_every_source_is_in_manifest_and_notice(described: dict[str, Any]) -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    pinned = {(source.name, source.version) for source in (*WHEELS, *DEBIAN_PACKAGES)}
    named = {(source["name"], source["version"]) for source in described["sources"]}
    assert pinned == {entry for entry in named if entry[0] != "cpython"}
    for source in described["sources"]:
        assert f"{source['name']} {source['version']} ({source['licence']})" in notice


def test_half_of_the_mix_is_python(described: dict[str, Any]) -> None:
    sizes = described["mix_bytes"]
    python = sum(size for kind, size in sizes.items() if kind.startswith("python"))
    assert python / sum(sizes.values()) == pytest.approx(0.5, abs=0.05)


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
