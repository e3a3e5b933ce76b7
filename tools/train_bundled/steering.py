"""What steering does to a bundled model, on the hand-written functions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

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


def attention_over_background(subject: Subject, prompts: Sequence[Prompt]) -> list[float]:
    """By layer: mean attention from the marker to a token of the name, over that to other tokens.

    Means over heads, then prompts; the first token, where attention goes that goes nowhere else,
    and the marker are not background.
    """
    layers = list(range(subject.n_layers))
    to_name: list[list[float]] = [[] for _ in layers]
    to_rest: list[list[float]] = [[] for _ in layers]
    for prompt in prompts:
        tokens = subject.tokenize(prompt.prompt)
        marker, name = marker_and_name(tokens, prompt)
        rest = [key for key in range(1, marker) if key not in name]
        run = subject.run(tokens, capture=Capture(layers=layers, queries=[marker]))
        for layer in layers:
            row = run.attention[layer][0, :, 0].double().nanmean(0)
            to_name[layer].append(float(row[name].mean()))
            to_rest[layer].append(float(row[rest].mean()))
    return [
        statistics.fmean(name) / statistics.fmean(rest)
        for name, rest in zip(to_name, to_rest, strict=True)
    ]


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
    return {
        "whole_names_python": whole_names(subject, python),
        "attention_over_background": rounded(attention_over_background(subject, python)),
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
