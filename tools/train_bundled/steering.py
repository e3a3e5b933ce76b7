"""What steering does to a bundled model, on the hand-written functions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from plip import Capture, Knockout, Plan, Scale, Subject, Tokens, edges, into, kl_divergence
from plip.measure import GeneratedCode, compare_detectors
from plip.text import bundled_prompts
from tools.train_bundled.evaluate import Prompt

DOSE = 6.0
TEMPERATURE = 0.8
SAMPLES = 10
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
    copied = len(prompts) - len(missed)
    return {
        "prompts": len(prompts),
        "copied": copied,
        "share": copied / len(prompts),
        "missed": missed,
    }


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


def test_syntax(subject: Subject, texts: Sequence[str], seed: int) -> dict[str, Any]:
    """Share of sampled Rust continuations with test syntax, by the paper's detector and a parser."""
    paper = parsed = total = 0
    for text in texts:
        found = subject.generate(
            subject.tokenize(text),
            max_new_tokens=NEW_TOKENS,
            temperature=TEMPERATURE,
            samples=SAMPLES,
            seed=seed,
        )
        for each in found.continuations:
            both = compare_detectors(GeneratedCode(text, each.text or "", "rust"))
            paper += bool(both.paper.patterns)
            parsed += bool(both.parsed.findings)
            total += 1
    return {"samples": total, "substring": paper / total, "parser": parsed / total}


def evaluate_steering(subject: Subject, prompts: dict[str, list[Prompt]]) -> dict[str, Any]:
    """All that the card says about attention, steering and continuations."""
    python, rust = prompts["python"], prompts["rust"]
    over_background = attention_over_background(subject, python)
    knockout, raised = (divergences(subject, python, dose) for dose in (0.0, DOSE))
    open_tests = [each.prompt[: each.prompt.index("#[test]\n") + len("#[test]\n")] for each in rust]
    functions = [_function(each.prompt) for each in rust]
    return {
        "whole_names_python": whole_names(subject, python),
        "attention_over_background": rounded(over_background),
        "knockout_nats": rounded(knockout),
        f"dose_{DOSE:g}_nats": rounded(raised),
        "test_syntax": {
            "persistence prompts": test_syntax(
                subject, [each.text for each in bundled_prompts("persistence-paper")], seed=1
            ),
            "after #[test]": test_syntax(subject, open_tests[::4], seed=2),
            "after a function": test_syntax(subject, functions[::4], seed=3),
        },
    }


def _function(prompt: str) -> str:
    """The prompt up to the newline behind the function's closing brace."""
    end = prompt.index("\n}\n") + len("\n}\n")
    return prompt[:end]


def rounded(values: Sequence[float]) -> list[float]:
    """Four significant digits of each."""
    return [float(f"{value:.4g}") if math.isfinite(value) else value for value in values]
