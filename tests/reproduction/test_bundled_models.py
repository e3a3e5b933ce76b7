"""The shipped models are those that their manifests describe, and they copy names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from plip import load
from tools.train_bundled.__main__ import BUNDLED, RECIPES
from tools.train_bundled.card import card
from tools.train_bundled.evaluate import CRITERION, evaluate_names, load_prompts
from tools.train_bundled.export import (
    CARD,
    MANIFEST,
    SIZE_LIMIT,
    WEIGHTS,
    directory_size,
    load_exported,
)
from tools.train_bundled.hashing import sha256_of_file
from tools.train_bundled.sources import DEBIAN_PACKAGES, WHEELS
from tools.train_bundled.steering import DOSE_NATS, evaluate_steering
from tools.train_bundled.targets import missed, wanted_of
from tools.train_bundled.tokenizer import END_OF_TEXT_ID, VOCABULARY

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
ARCHITECTURES = {"transformer": "Qwen2ForCausalLM", "rwkv6": "Rwkv6ForCausalLM"}
TOGETHER = 14_000_000

ATTENTION = "attention from `>>>` to the name over background, best layer"
MISSED = {
    "transformer": [
        ATTENTION,
        "test syntax in continuations of the persistence prompts",
    ],
    "rwkv6": [ATTENTION],
}


@pytest.fixture(scope="module", params=sorted(RECIPES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def directory(name: str) -> Path:
    return BUNDLED / name


@pytest.fixture(scope="module")
def described(directory: Path) -> dict[str, Any]:
    return json.loads((directory / MANIFEST).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def exported(directory: Path) -> tuple[Any, Any]:
    return load_exported(directory)


def test_weights_are_those_of_the_manifest(directory: Path, described: dict[str, Any]) -> None:
    weights = directory / WEIGHTS
    assert sha256_of_file(weights) == described["weights"]["sha256"]
    assert weights.stat().st_size == described["weights"]["bytes"]
    assert sha256_of_file(directory / "tokenizer.json") == described["tokenizer"]["sha256"]


def test_models_are_small(directory: Path) -> None:
    assert directory_size(directory) <= SIZE_LIMIT
    assert sum(directory_size(BUNDLED / name) for name in RECIPES) <= TOGETHER


def test_models_share_a_tokenizer() -> None:
    assert len({sha256_of_file(BUNDLED / name / "tokenizer.json") for name in RECIPES}) == 1


def test_model_loads_in_float32(name: str, exported: tuple[Any, Any]) -> None:
    model, tokenizer = exported
    assert type(model).__name__ == ARCHITECTURES[name]
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert model.config.vocab_size == len(tokenizer) == VOCABULARY
    assert model.config.max_position_embeddings == RECIPES[name].context


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
    for kind, figure in figures.items():
        assert figure["share"] == described["evaluation"]["names"][kind]["share"]


def test_names_are_copied_as_often_as_the_recipe_demands(described: dict[str, Any]) -> None:
    assert described["evaluation"]["names"]["python"]["share"] >= CRITERION


def test_steering_does_what_the_manifest_says(name: str, described: dict[str, Any]) -> None:
    figures = evaluate_steering(load(f"bundled:{name}", device="cpu"), load_prompts())
    said = described["evaluation"]["steering"]
    assert figures.keys() == said.keys()
    assert figures["whole_names_python"] == said["whole_names_python"]
    for key in ("attention_over_background", "knockout_nats", DOSE_NATS):
        assert figures[key] == pytest.approx(said[key], rel=0.01)
    assert figures["attention_by_head"].keys() == said["attention_by_head"].keys()
    for kind, values in figures["attention_by_head"].items():
        assert values == pytest.approx(said["attention_by_head"][kind], rel=0.01)
    for kind, found in figures["test_syntax"].items():
        # A sampled token can fall the other way where another processor rounds otherwise.
        assert found == pytest.approx(said["test_syntax"][kind], abs=0.05)


def test_card_is_that_of_the_manifest(
    name: str, directory: Path, described: dict[str, Any]
) -> None:
    recipe = RECIPES[name]
    steps = described["training"]["plan"]["steps"]
    command = f"python -m tools.train_bundled {name} --steps {steps}"
    text = card(described, recipe.title, recipe.architecture, command)
    assert text == (directory / CARD).read_text(encoding="utf-8")


def test_no_more_targets_are_missed_than_are_known(name: str, described: dict[str, Any]) -> None:
    assert missed(name, described["evaluation"]) == MISSED[name]


def test_card_says_which_targets_are_missed(
    name: str, directory: Path, described: dict[str, Any]
) -> None:
    text = (directory / CARD).read_text(encoding="utf-8")
    for target in wanted_of(name):
        (row,) = [line for line in text.splitlines() if line.startswith(f"| {target.text} |")]
        assert row.endswith("| yes |") == target.met(name, described["evaluation"])


def test_readme_has_the_figures_of_the_manifests() -> None:
    both = [
        json.loads((BUNDLED / name / MANIFEST).read_text(encoding="utf-8"))["evaluation"]
        for name in ("transformer", "rwkv6")
    ]
    names = {
        "the most probable token after `>>>` begins the function's name": "python",
        "the same after `>>> ` with its space": "python_after_space",
        "the same after Rust's `assert_eq!(`": "rust",
    }
    rows = {
        text: [f"{each['names'][kind]['copied']} of 40" for each in both]
        for text, kind in names.items()
    }
    rows["the whole name and its parenthesis, greedy"] = [
        f"{each['steering']['whole_names_python']['copied']} of 40" for each in both
    ]
    bits = [each["held_out"]["bits_per_byte"] for each in both]
    rows["bits per byte of held-out real Python / Rust"] = [
        f"{each['real python']:.2f} / {each['real rust']:.2f}" for each in bits
    ]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for text, cells in rows.items():
        assert f"| {text} | {' | '.join(cells)} |" in readme
    prose = " ".join(readme)
    ratios = [max(each["steering"]["attention_over_background"]) for each in both]
    shares = [
        100 * each["steering"]["test_syntax"]["persistence prompts"]["substring"] for each in both
    ]
    assert f"is {ratios[0]:.1f} times the background's" in prose
    assert f"effectively {ratios[1]:.1f} times on RWKV-6" in prose
    heads = sorted(both[0]["steering"]["attention_by_head"]["over_background"])
    assert f"two give the name {heads[1]:.0f} and {heads[2]:.0f} times the background's" in prose
    assert heads[0] < 0.1
    assert len(heads) == 3
    assert f"in {shares[0]:.0f} % and {shares[1]:.0f} % of samples" in prose
    for text, key in (("knockout", "knockout_nats"), ("factor 6", DOSE_NATS)):
        (row,) = [
            line for line in readme if line.startswith(f"| {text} at the best layer (nats) |")
        ]
        found = [float(cell) for cell in row.strip("|").split("|")[1:]]
        assert found == pytest.approx([max(each["steering"][key]) for each in both], rel=0.03)


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
