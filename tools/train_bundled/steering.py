"""What steering does to a bundled model, on the hand-written functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from plip import Capture, Knockout, Plan, Scale, Subject, Tokens, edges, into, kl_divergence
from plip.measure import GeneratedCode, compare_detectors
from plip.text import bundled_prompts
from tools.train_bundled.evaluate import Prompt, copied_share

DOSE = 6.0
DOSE_NATS = f"dose_{DOSE:g}_nats"
TEMPERATURE = 0.8
SAMPLES = {"persistence prompts": 30, "after #[test]": 10, "after a function": 10}
NEW_TOKENS = 80
LONGEST_NAME = 24


def whole_names(subject: Subject, prompts: Sequence[Prompt]) -> dict[str, Any]:
    """How often the greedy continuation is the function's name and its parenthesis."""
    missed: list[dict[str, str]] = []
    for prompt in prompts:
        (found,) = subject.generate(
            subject.tokenize(prompt.prompt), max_new_tokens=LONGEST_NAME
        ).continuations
        if not (found.text or "").lstrip(" ").startswith(f"{prompt.name}("):
            missed.append({"id": prompt.id, "name": prompt.name, "text": found.text or ""})
    return copied_share(prompts, missed)


def marker_and_name(tokens: Tokens, prompt: Prompt) -> tuple[int, list[int]]:
    """The marker's token, and the tokens of the name where the function is defined."""
    marker = tokens.at(prompt.prompt.rindex(">>>"))
    start = prompt.prompt.index(f"def {prompt.name}(") + len("def ")
    first, last = tokens.at(start), tokens.at(start + len(prompt.name) - 1)
    return marker, list(range(first, last + 1))


@dataclass(frozen=True)
class MarkerAttention:
    """Attention from the marker, of shape (prompts, layers, heads).

    To a token of the name and to one of the background, means over such tokens, and to the name's
    first token. The prompt's first token, where attention goes that goes nowhere else, and the
    marker are not background.
    """

    name: Tensor
    first: Tensor
    background: Tensor

    def by_layer(self) -> list[float]:
        """The name over the background, each a mean over heads, then prompts."""
        name, background = (each.nanmean(2).mean(0) for each in (self.name, self.background))
        return (name / background).tolist()

    def by_head(self, layer: int) -> dict[str, list[float]]:
        """The heads of a layer: the name over the background, and the share to its first token."""
        name, first, background = (
            each[:, layer].nanmean(0) for each in (self.name, self.first, self.background)
        )
        return {
            "over_background": (name / background).tolist(),
            "to_first_token": first.tolist(),
        }


def marker_attention(subject: Subject, prompts: Sequence[Prompt]) -> MarkerAttention:
    """Where each head looks from the marker at the end of each prompt."""
    layers = list(range(subject.n_layers))
    found: list[Tensor] = []
    for prompt in prompts:
        tokens = subject.tokenize(prompt.prompt)
        marker, name = marker_and_name(tokens, prompt)
        rest = [key for key in range(1, marker) if key not in name]
        run = subject.run(tokens, capture=Capture(layers=layers, queries=[marker]))
        rows = torch.stack([run.attention[layer][0, :, 0].double() for layer in layers])
        found.append(torch.stack([rows[:, :, keys].mean(2) for keys in (name, name[:1], rest)]))
    return MarkerAttention(*torch.stack(found, dim=1))


def divergences(subject: Subject, prompts: Sequence[Prompt], dose: float) -> list[float]:
    """By layer: mean KL(baseline ‖ steered) of the next token, in nats.

    Of a transformer the marker's edges to the name are scaled, in a prompt that ends in the marker;
    of a recurrent model the marker's write, in a prompt that ends in the space behind it.
    """
    state = subject.mechanism == "state"
    operation = Knockout() if dose == 0 else Scale(dose)
    sums = [0.0] * subject.n_layers
    for prompt in prompts:
        tokens = subject.tokenize(prompt.prompt + (" " if state else ""))
        marker, name = marker_and_name(tokens, prompt)
        where = into(marker) if state else edges(query=marker, keys=name)
        plans = [Plan(operation, where, layers=[layer]) for layer in range(subject.n_layers)]
        (run,) = subject.sweep([tokens], [[None, *plans]])
        assert run.logits is not None
        found = kl_divergence(run.logits[:1].expand_as(run.logits), run.logits).tolist()[1:]
        sums = [total + each for total, each in zip(sums, found, strict=True)]
    return [total / len(prompts) for total in sums]


def test_syntax(subject: Subject, texts: Sequence[str], samples: int, seed: int) -> dict[str, Any]:
    """Share of sampled Rust continuations with test syntax, by substrings and by a parser."""
    paper = parsed = 0
    for text in texts:
        found = subject.generate(
            subject.tokenize(text),
            max_new_tokens=NEW_TOKENS,
            temperature=TEMPERATURE,
            samples=samples,
            seed=seed,
        )
        for each in found.continuations:
            both = compare_detectors(GeneratedCode(text, each.text or "", "rust"))
            paper += both.paper.found
            parsed += both.parsed.found
    total = samples * len(texts)
    return {"samples": total, "substring": paper / total, "parser": parsed / total}


def rust_prompts(prompts: Sequence[Prompt]) -> dict[str, list[str]]:
    """What Rust continuations are sampled from."""
    return {
        "persistence prompts": [each.text for each in bundled_prompts("persistence-paper")],
        "after #[test]": [_until(each.prompt, "#[test]\n") for each in prompts[::4]],
        "after a function": [_until(each.prompt, "\n}\n") for each in prompts[::4]],
    }


def evaluate_steering(subject: Subject, prompts: dict[str, list[Prompt]]) -> dict[str, Any]:
    """All that the card says about attention, steering and continuations."""
    python = prompts["python"]
    attention = marker_attention(subject, python)
    by_layer = attention.by_layer()
    best = by_layer.index(max(by_layer))
    heads = attention.by_head(best)
    return {
        "whole_names_python": whole_names(subject, python),
        "attention_over_background": rounded(by_layer),
        "attention_by_head": {
            "layer": best,
            **{kind: rounded(values) for kind, values in heads.items()},
        },
        "knockout_nats": rounded(divergences(subject, python, 0.0)),
        DOSE_NATS: rounded(divergences(subject, python, DOSE)),
        "test_syntax": {
            kind: test_syntax(subject, texts, SAMPLES[kind], seed)
            for seed, (kind, texts) in enumerate(rust_prompts(prompts["rust"]).items(), start=1)
        },
    }


def _until(text: str, end: str) -> str:
    """The beginning of a text up to the first place where something ends."""
    return text[: text.index(end) + len(end)]


def rounded(values: Sequence[float]) -> list[float]:
    """Four significant digits of each."""
    return [float(f"{value:.4g}") if math.isfinite(value) else value for value in values]
