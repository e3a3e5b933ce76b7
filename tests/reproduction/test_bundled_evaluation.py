"""The figures of a bundled model's card: each from a closed form, a stand-in or transformers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from plip import Knockout, Plan, Subject, Tokens, edges, into, load
from plip.models import TransformerSubject
from tools.train_bundled.__main__ import BUNDLED
from tools.train_bundled.evaluate import Prompt, bits_per_byte, load_prompts
from tools.train_bundled.export import load_exported
from tools.train_bundled.overlap import LONG, lines_seen
from tools.train_bundled.steering import (
    DOSE_NATS,
    divergences,
    marker_and_name,
    marker_attention,
    rust_prompts,
    whole_names,
)
from tools.train_bundled.steering import (
    test_syntax as syntax_shares,
)
from tools.train_bundled.targets import Target, missed, wanted_of

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def subject() -> TransformerSubject:
    found = load("bundled:transformer", device="cpu")
    assert isinstance(found, TransformerSubject)
    return found


@pytest.fixture(scope="module")
def prompts() -> list[Prompt]:
    return load_prompts()["python"][:3]


@dataclass
class Writer:
    """Stands in for a subject: continues every text with the given ones."""

    continuations: Sequence[str]

    def tokenize(self, text: str) -> str:
        return text

    def generate(self, tokens: Any, **options: Any) -> Any:
        count = options.get("samples", 1)
        assert count <= len(self.continuations)
        texts = self.continuations[:count]
        return SimpleNamespace(continuations=[SimpleNamespace(text=text) for text in texts])


def surfaces(tokens: Tokens, indices: Sequence[int]) -> str:
    return "".join(tokens.surface(index) for index in indices)


def test_marker_and_name_are_where_they_stand(subject: Subject) -> None:
    for prompt in load_prompts()["python"]:
        tokens = subject.tokenize(prompt.prompt)
        marker, name = marker_and_name(tokens, prompt)
        assert tokens.surface(marker).strip() == ">>>"
        assert surfaces(tokens, name).strip(" (") == prompt.name


def test_attention_of_the_marker_is_that_of_transformers(
    subject: Subject, prompts: list[Prompt]
) -> None:
    model, tokenizer = load_exported(BUNDLED / "transformer")
    model.set_attn_implementation("eager")
    shape = (len(prompts), 6, model.config.num_attention_heads)
    names, firsts, others = (torch.empty(shape, dtype=torch.float64) for _ in range(3))
    for number, prompt in enumerate(prompts):
        ids = tokenizer(prompt.prompt)["input_ids"]
        text = [tokenizer.decode([token]) for token in ids]
        ends = [sum(map(len, text[: index + 1])) for index in range(len(text))]
        start = prompt.prompt.index(f"{prompt.name}(")
        stop = start + len(prompt.name)
        marker = next(index for index in reversed(range(len(ids))) if ">>>" in text[index])
        inside = [
            index
            for index in range(marker)
            if ends[index] > start and ends[index] - len(text[index]) < stop
        ]
        rest = [index for index in range(1, marker) if index not in inside]
        with torch.inference_mode():
            weights = model(input_ids=torch.tensor([ids]), output_attentions=True).attentions
        for layer in range(6):
            for head, row in enumerate(weights[layer][0, :, marker].tolist()):
                names[number, layer, head] = statistics.fmean(row[index] for index in inside)
                firsts[number, layer, head] = row[inside[0]]
                others[number, layer, head] = statistics.fmean(row[index] for index in rest)
    found = marker_attention(subject, prompts)
    layers = names.mean((0, 2)) / others.mean((0, 2))
    assert found.by_layer() == pytest.approx(layers.tolist(), rel=1e-3)
    for layer in range(6):
        heads = names[:, layer].mean(0) / others[:, layer].mean(0)
        by_head = found.by_head(layer)
        assert by_head["over_background"] == pytest.approx(heads.tolist(), rel=1e-3)
        first = firsts[:, layer].mean(0).tolist()
        assert by_head["to_first_token"] == pytest.approx(first, rel=1e-3)


def test_divergences_are_those_of_whole_runs(subject: Subject, prompts: list[Prompt]) -> None:
    expected = [0.0] * 6
    for prompt in prompts:
        tokens = subject.tokenize(prompt.prompt)
        marker, name = marker_and_name(tokens, prompt)
        for layer in range(6):
            plan = Plan(Knockout(), edges(query=marker, keys=name), layers=[layer])
            run = subject.run([tokens, tokens], plan=[None, plan])
            assert run.logits is not None
            plain, steered = run.logits.double().log_softmax(-1)
            expected[layer] += float((plain.exp() * (plain - steered)).sum()) / len(prompts)
    assert divergences(subject, prompts, 0.0) == pytest.approx(expected, rel=1e-3, abs=1e-9)
    assert min(divergences(subject, prompts, 6.0)) > 0


def test_write_of_the_recurrent_model_is_scaled_behind_the_space(prompts: list[Prompt]) -> None:
    recurrent = load("bundled:rwkv6", device="cpu")
    expected = [0.0] * 6
    for prompt in prompts:
        tokens = recurrent.tokenize(f"{prompt.prompt} ")
        where = into(len(tokens) - 2)
        assert tokens.surface(len(tokens) - 2).strip() == ">>>"
        for layer in range(6):
            plan = Plan(Knockout(), where, layers=[layer])
            run = recurrent.run([tokens, tokens], plan=[None, plan])
            assert run.logits is not None
            plain, steered = run.logits.double().log_softmax(-1)
            expected[layer] += float((plain.exp() * (plain - steered)).sum()) / len(prompts)
    assert min(expected) > 0
    assert divergences(recurrent, prompts, 0.0) == pytest.approx(expected, rel=1e-2)


def test_whole_names_want_the_name_and_its_parenthesis(prompts: list[Prompt]) -> None:
    first = prompts[0].name
    for text, copied in ((f" {first}(", 1), (f"{first}(3)", 1), (f" {first}s(", 0), ("", 0)):
        assert whole_names(Writer([text]), prompts[:1])["copied"] == copied  # type: ignore[arg-type]
    result = whole_names(Writer([f" {first}(1)"]), prompts)  # type: ignore[arg-type]
    assert result["share"] == pytest.approx(1 / 3)
    assert [miss["name"] for miss in result["missed"]] == [each.name for each in prompts[1:]]


def test_syntax_is_counted_by_both_detectors() -> None:
    written = Writer(
        ["    1\n}\n\n#[test]\nfn test_x() {\n}\n", "    1 // >>> no test\n}\n", "    1\n}\n"]
    )
    found = syntax_shares(written, ["fn x() -> u8 {\n", "fn y() -> u8 {\n"], 3, 0)  # type: ignore[arg-type]
    assert found == {
        "samples": 6,
        "substring": pytest.approx(2 / 3),
        "parser": pytest.approx(1 / 3),
    }


def test_rust_prompts_end_where_a_test_may_begin() -> None:
    kinds = rust_prompts(load_prompts()["rust"])
    assert {kind: len(texts) for kind, texts in kinds.items()} == {
        "persistence prompts": 3,
        "after #[test]": 10,
        "after a function": 10,
    }
    assert all(text.endswith("#[test]\n") for text in kinds["after #[test]"])
    for text in kinds["after a function"]:
        assert text.endswith("\n}\n")
        assert "#[" not in text


def test_bits_per_byte_of_a_uniform_model() -> None:
    class Uniform:
        def __call__(self, input_ids: torch.Tensor) -> Any:
            return SimpleNamespace(logits=torch.zeros(1, input_ids.shape[1], 32))

    class Pairs:
        """Two bytes a token, the last one may be one."""

        eos_token_id = 0

        def __call__(self, text: str, truncation: bool, max_length: int) -> Any:
            assert truncation
            pieces = [text[start : start + 2] for start in range(0, len(text), 2)][:max_length]
            self.kept = "".join(pieces)
            return {"input_ids": list(range(1, len(pieces) + 1))}

        def decode(self, tokens: list[int]) -> str:
            return self.kept

    assert bits_per_byte(Uniform(), Pairs(), ["abcd", "efgh"], 10) == pytest.approx(2.5)
    assert bits_per_byte(Uniform(), Pairs(), ["abcdefgh"], 3) == pytest.approx(2.5)
    assert bits_per_byte(Uniform(), Pairs(), ["abc"], 10) == pytest.approx(10 / 3)


def test_lines_seen_are_counted_where_they_are_long() -> None:
    read, new = ("a" * LONG, "b" * LONG)
    short = "c" * (LONG - 1)
    training = [f"{short}\n{read}\n", f"{short}x{new}"]
    held_out = [f"{short}\n    {read}  \n", f"{new}\n{new}\n{new}"]
    assert lines_seen(held_out, training) == 0.25
    assert math.isnan(lines_seen([short], training))


def figures(value: float) -> dict[str, Any]:
    """An evaluation in which every figure is the same."""
    share = {"share": value}
    layers = [value / 2, value, value / 3]
    return {
        "names": {"python": share, "python_after_space": share, "rust": share},
        "steering": {
            "whole_names_python": share,
            "attention_over_background": layers,
            "knockout_nats": layers,
            DOSE_NATS: layers,
            "test_syntax": {
                "persistence prompts": {"substring": value},
                "after a function": {"substring": value},
            },
        },
        "held_out": {"bits_per_byte": {"real python": value, "real rust": value}},
    }


@pytest.mark.parametrize("model", ["transformer", "rwkv6"])
def test_targets_are_met_at_their_bounds(model: str) -> None:
    for target in wanted_of(model):
        bound = target.bound[model]
        worse = bound * (1.001 if target.at_most else 0.999)
        assert target.met(model, figures(bound))
        assert not target.met(model, figures(worse))
    assert missed(model, figures(0.0)) == [
        each.text for each in wanted_of(model) if not each.at_most
    ]
    assert missed(model, figures(11.0)) == [each.text for each in wanted_of(model) if each.at_most]


def test_an_undefined_figure_reaches_nothing() -> None:
    for at_most in (False, True):
        target = Target("x", {"transformer": 0.0}, lambda _: math.nan, at_most)
        assert not target.met("transformer", {})
