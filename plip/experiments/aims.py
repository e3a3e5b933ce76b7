"""What is steered in a prompt: its marker, and the controls that stand beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor

from plip.errors import PlipError
from plip.experiments.continuations import draw_seed
from plip.experiments.prompt_config import PromptConfig
from plip.experiments.prompting import Placed, place
from plip.kernels import rows_per_block
from plip.models import Capture, Subject
from plip.models.generation import Steer
from plip.plan import Plan, into, scale_by_layer
from plip.records import AimRecord, PromptControl
from plip.text import Prompts, with_other_marker

__all__ = ["Aim", "aims", "control_fields", "what_is_steered"]


@dataclass(frozen=True, slots=True)
class Aim:
    """What is steered in a prompt, and where.

    Args:
        placed: the prompt, or the text with a marker of another kind.
        layers: where, ascending.
        control: which control it is, None for the marker.
        token: the steered token, None where there is none.
        received: what later tokens give to it, None where that was not measured.
        marker_received: what they give to the marker.
        excluded: why there is no such control, None where there is.
    """

    placed: Placed
    layers: tuple[int, ...]
    control: PromptControl | None = None
    token: int | None = None
    received: float | None = None
    marker_received: float | None = None
    excluded: str | None = None

    def plan(self, factors: Sequence[float]) -> Plan | None:
        """Plan to scale what later tokens get from the token; None where nothing would change.

        Args:
            factors: one for each layer.

        Source: STEERING_RESULTS.md §8.2.
        """
        if self.token is None or all(factor == 1 for factor in factors):
            return None
        by_layer = zip(self.layers, factors, strict=True)
        return scale_by_layer(into(self.token), list(by_layer))

    def record(self, factors: Sequence[float]) -> AimRecord:
        """Write it down with its factors."""
        plan = self.plan(factors)
        tokens = self.placed.tokens
        text = None
        if self.token is not None:
            start, stop = tokens.spans[self.token]
            text = tokens.text[start:stop]
        return AimRecord(
            control=self.control,
            excluded=self.excluded,
            token=self.token,
            token_text=text,
            layers=self.layers,
            factors=tuple(factors),
            received=self.received,
            marker_received=self.marker_received,
            plan_hash=None if plan is None else plan.digest,
        )


def aims(
    placed: Placed,
    layers: tuple[int, ...],
    controls: Sequence[PromptControl],
    subject: Subject,
    config: PromptConfig,
) -> tuple[Aim, ...]:
    """Find what is steered in a prompt: its marker first, then each control.

    Every draw comes from the seed and the prompt's id alone.

    Args:
        placed: the prompt.
        layers: where its marker is steered, ascending.
        controls: which controls.
        subject: the model.
        config: the experiment's options.

    Raises:
        MeasureError, WitnessError: as `subject.run`, which is asked for the attention that tokens
            receive.
    """
    marker = Aim(placed, layers, token=placed.marker)
    received = None
    if "token" in controls and subject.mechanism == "attention":
        received = _received(placed, layers, subject)
        mine = float(received[:, placed.marker].mean())
        marker = replace(marker, received=mine, marker_received=mine)
    return marker, *_controls(marker, controls, received, subject, config)


def _controls(
    marker: Aim,
    controls: Sequence[PromptControl],
    received: Tensor | None,
    subject: Subject,
    config: PromptConfig,
) -> Iterator[Aim]:
    for control in controls:
        rng = np.random.default_rng(draw_seed(config.seed, marker.placed.prompt.id, control))
        if control == "token":
            yield _other_token(marker, received, rng)
        elif control == "marker":
            yield _other_marker(marker, subject, config)
        else:
            yield _other_layers(marker, subject, config.steer, rng)


def _other_token(marker: Aim, received: Tensor | None, rng: np.random.Generator) -> Aim:
    """Choose another token of the prompt, neither the last one nor one of the marker's.

    Of a transformer it is the one whose received attention comes closest to the marker's, of a
    recurrent model any.
    """
    placed = marker.placed
    others = [
        token
        for token in placed.others
        if token < len(placed.tokens) - 1
        and (received is None or bool((received[:, token] > 0).all()))
    ]
    aim = replace(marker, control="token")
    if not others:
        return replace(aim, token=None, received=None, excluded="no token but the marker's")
    if received is None:
        return replace(aim, token=int(rng.choice(others)))
    mass = received.mean(0)
    closest = min(others, key=lambda token: abs(float(mass[token] - mass[placed.marker])))
    return replace(aim, token=closest, received=float(mass[closest]))


def _received(placed: Placed, layers: Sequence[int], subject: Subject) -> Tensor:
    """Measure what every token receives from later ones, [layer, token].

    Σ_{q > t} w[q, t], the mean over heads; in blocks of rows, so that memory is bounded.
    """
    n = len(placed.tokens)
    total = torch.zeros(len(layers), n, dtype=torch.float64)
    size = rows_per_block(max(subject.heads) * len(layers), n)
    for first in range(1, n, size):
        queries = range(first, min(first + size, n))
        run = subject.run(placed.tokens, capture=Capture(layers, queries), positions="none")
        for number, layer in enumerate(layers):
            rows = run.attention[layer][0].double().mean(0).cpu()
            # A token's edge to itself is not steered.
            rows[torch.arange(len(queries)), torch.tensor(queries)] = 0
            total[number] += rows.sum(0)
    return total


def _other_marker(marker: Aim, subject: Subject, config: PromptConfig) -> Aim:
    """Put a marker of another kind in the marker's place; the token is that marker's."""
    prompt = marker.placed.prompt
    aim = replace(marker, control="marker", token=None, received=None, marker_received=None)
    try:
        other = with_other_marker(
            prompt.text, prompt.language, prompt.marker, who=f"prompt {prompt.id!r}"
        )
        changed = replace(prompt, text=other.text, marker=other.marker, pattern=other.pattern)
        (placed,) = place(Prompts((changed,)), subject, config)
    except PlipError as error:
        return replace(aim, excluded=str(error))
    return replace(aim, placed=placed, token=placed.marker)


def _other_layers(marker: Aim, subject: Subject, steer: Steer, rng: np.random.Generator) -> Aim:
    """Draw as many other layers as are steered.

    What attention does in the last layer leaves nothing behind for later tokens, so that this one
    is not drawn where only the prompt is steered.
    """
    aim = replace(marker, control="layer", received=None, marker_received=None)
    n_layers = subject.n_layers
    fading = subject.mechanism == "attention" and steer == "prompt"
    others = [layer for layer in range(n_layers - fading) if layer not in marker.layers]
    if len(others) < len(marker.layers):
        reason = f"{len(others)} other layers, too few to stand for {len(marker.layers)}"
        return replace(aim, token=None, excluded=reason)
    drawn = rng.choice(others, len(marker.layers), replace=False)
    return replace(aim, layers=tuple(sorted(int(layer) for layer in drawn)))


def what_is_steered(subject: Subject, steer: Steer) -> str:
    """Say in words what steering the marker acts on."""
    if subject.mechanism == "state":
        return "the marker's write into the state, in every head; every later token reads it"
    rows = "of the prompt" if steer == "prompt" else "of the prompt and of the continuation"
    return f"attention to the marker from every later token {rows}, in every head"


def control_fields(
    control: PromptControl, subject: Subject, records: Sequence[AimRecord]
) -> dict[str, Any]:
    """Return what is said of a control over all prompts, as keyword arguments.

    Args:
        control: which one.
        subject: the model.
        records: what it was for each prompt.
    """
    there = [each for each in records if each.excluded is None]
    return {
        "control": control,
        "steered": _words(control, subject),
        "prompts": len(there),
        "excluded": len(records) - len(there),
        "received": _mean([each.received for each in there]),
        "marker_received": _mean([each.marker_received for each in there]),
    }


def _words(control: PromptControl, subject: Subject) -> str:
    if control == "layer":
        return "the same in as many other layers, drawn for each prompt"
    if control == "marker":
        return "the same of a marker of another kind in its place, beside a baseline of its own"
    if subject.mechanism == "state":
        return "another token's write, drawn for each prompt"
    return "attention to another token of the prompt, the one that receives about as much"


def _mean(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return fmean(found) if found else None
