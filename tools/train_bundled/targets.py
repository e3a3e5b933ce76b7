"""What the bundled models were meant to reach, beside what they reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.train_bundled.steering import DOSE_NATS

Figures = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """One figure of the evaluation and its bound for each model of which it was wanted."""

    text: str
    bound: dict[str, float]
    reached: Callable[[Figures], float]
    at_most: bool = False

    def met(self, model: str, figures: Figures) -> bool:
        """Whether a model reaches the bound."""
        found = self.reached(figures)
        return found <= self.bound[model] if self.at_most else found >= self.bound[model]


def _both(transformer: float, rwkv6: float) -> dict[str, float]:
    return {"transformer": transformer, "rwkv6": rwkv6}


def _share(kind: str) -> Callable[[Figures], float]:
    return lambda figures: float(figures["names"][kind]["share"])


def _largest(key: str) -> Callable[[Figures], float]:
    return lambda figures: float(max(figures["steering"][key]))


def _syntax(prompts: str) -> Callable[[Figures], float]:
    return lambda figures: float(figures["steering"]["test_syntax"][prompts]["substring"])


def _bits(kind: str) -> Callable[[Figures], float]:
    return lambda figures: float(figures["held_out"]["bits_per_byte"][kind])


TARGETS = (
    Target("name after `>>>`, most probable token", _both(0.95, 0.90), _share("python")),
    Target(
        "name after `>>> ` with its space, most probable token",
        _both(0.90, 0.80),
        _share("python_after_space"),
    ),
    Target(
        "whole name and its parenthesis after `>>>`, greedy",
        _both(0.90, 0.80),
        lambda figures: float(figures["steering"]["whole_names_python"]["share"]),
    ),
    Target(
        "name after Rust's `assert_eq!(`, most probable token", _both(0.85, 0.75), _share("rust")
    ),
    Target(
        "attention from `>>>` to the name over background, best layer",
        _both(10.0, 5.0),
        _largest("attention_over_background"),
    ),
    Target("knockout, best layer (nats)", _both(0.3, 0.1), _largest("knockout_nats")),
    Target("factor 6, best layer (nats)", _both(0.03, 0.03), _largest(DOSE_NATS)),
    Target(
        "test syntax in continuations of the persistence prompts",
        _both(0.95, 0.90),
        _syntax("persistence prompts"),
    ),
    Target(
        "test syntax in continuations after a function's closing brace and newline",
        {"transformer": 0.80},
        _syntax("after a function"),
    ),
    Target(
        "bits per byte, held-out real Python", _both(1.25, 1.30), _bits("real python"), at_most=True
    ),
    Target(
        "bits per byte, held-out real Rust", _both(1.10, 1.15), _bits("real rust"), at_most=True
    ),
)


def wanted_of(model: str) -> list[Target]:
    """The targets that a model has."""
    return [target for target in TARGETS if model in target.bound]


def missed(model: str, figures: Figures) -> list[str]:
    """The targets that a model does not reach."""
    return [target.text for target in wanted_of(model) if not target.met(model, figures)]
