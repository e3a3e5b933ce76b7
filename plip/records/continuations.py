"""What records of generated text have in common."""

from __future__ import annotations

from typing import Literal

from plip.records.base import Fraction, Norm, Record, UnitRecord
from plip.records.dose_response import Mechanism

__all__ = [
    "AimRecord",
    "ContinuationRecord",
    "DetectionRecord",
    "PromptControl",
    "PromptControlSummary",
    "PromptRecord",
    "PromptSummary",
    "Proportion",
    "SteeringRecord",
    "SyntaxRecord",
]


#: What stands beside the steering of a prompt's marker: the same done to another token of the
#: prompt, to a marker of another kind in its place, or in other layers.
PromptControl = Literal["token", "marker", "layer"]


class Proportion(Record):
    """How many of some texts have something, with Wilson's interval."""

    count: int
    """Texts that have it."""

    n: int
    """Texts."""

    rate: Fraction | None
    """count / n; None without a text."""

    low: Fraction | None
    """Lower end of Wilson's interval; None without a text."""

    high: Fraction | None
    """Upper end of it."""


class SyntaxRecord(Record):
    """A piece of test syntax that begins in a continuation."""

    kind: str
    """What it is, such as "assertion"."""

    head: str
    """What it was known by, such as "assert_eq!"."""

    start: int
    """Where it begins in the continuation, in code points."""

    complete: bool
    """Whether its end was seen, rather than the end of the text."""


class DetectionRecord(Record):
    """What two detectors see in a continuation, which is never executed."""

    paper: tuple[str, ...]
    """The paper's patterns that occur in it as substrings."""

    parsed: tuple[SyntaxRecord, ...]
    """The test syntax that a parser finds, the prompt read before it."""

    parses: bool
    """Whether prompt and continuation together are a complete, correct text."""

    reasons: tuple[str, ...]
    """Why the two detectors differ, match by match."""


class ContinuationRecord(Record):
    """One continuation."""

    text: str
    """What was generated behind the prompt."""

    ids: tuple[int, ...]
    """Its tokens, without the one that ended the text."""

    ended: bool
    """Whether the model ended the text, rather than the limit."""

    detection: DetectionRecord
    """Test syntax in it."""


class SteeringRecord(Record):
    """What a plan did on the way of one or several continuations, over its layers.

    Means are over layers and continuations, the largest are of any of them.
    """

    mechanism: Literal["attention", "state"]
    """What was steered."""

    least: int
    """The fewest rows of attention, or writes, that were steered for a continuation."""

    before: Norm
    """Share of attention on the marker, or ‖S‖ right after it, without steering: the mean."""

    after: Norm
    """The same with steering."""

    remaining: Norm | None
    """‖S' − S‖ / ‖S‖ at the end of the prompt, the mean; None for attention."""

    largest_change: Norm
    """The largest relative change of a row's share or of a head's state."""

    largest_error: Norm
    """The largest distance from the closed form."""


class AimRecord(Record):
    """What was steered in a prompt: its marker, or a control."""

    control: PromptControl | None
    """Which control; None for the marker itself."""

    excluded: str | None
    """Why the prompt could not have it; None if it had it."""

    token: int | None
    """The token that was steered; None where there is none."""

    token_text: str | None
    """What that token stands for."""

    layers: tuple[int, ...]
    """Where, ascending, from 0."""

    factors: tuple[float, ...]
    """The factor in each of these layers; 1 leaves a layer as it is."""

    received: Norm | None
    """What later tokens of the prompt give to the token without steering: their shares of
    attention, the mean over heads and layers, summed over the tokens. None where that was not
    needed to find a control, and of a write."""

    marker_received: Norm | None
    """The same of the marker, which a control comes as close to as there is a token for it."""

    plan_hash: str | None
    """SHA-256 of the plan, in hexadecimal; None where every factor is 1."""


class PromptControlSummary(Record):
    """What a control was, over all prompts."""

    control: PromptControl
    """Which one."""

    steered: str
    """What was steered, in words."""

    prompts: int
    """Prompts that had it."""

    excluded: int
    """Prompts that could not have it."""

    received: Norm | None
    """Attention that the steered tokens receive, the mean over prompts; None where it was not
    measured."""

    marker_received: Norm | None
    """The same of the markers."""


class PromptSummary(Record):
    """How all prompts were continued."""

    layers: tuple[int, ...]
    """The layers that were steered at once, ascending, from 0."""

    layer_choice: str
    """Why these."""

    mechanism: Mechanism
    """What was steered."""

    steered: str
    """The same in words."""

    samples: int
    """Continuations of each prompt under each condition."""

    max_new_tokens: int
    """The most tokens of a continuation."""

    confidence: float
    """Level of the intervals."""


class PromptRecord(UnitRecord):
    """A prompt as a tokenizer cut it."""

    prompt: str
    """The prompt's id."""

    language: str
    """Of its code."""

    category: str
    """What it is about."""

    family: str | None
    """What it has in common with prompts at other distances; None for a prompt of its own."""

    distance: str | None
    """Which distance of its family it is, such as "far"."""

    chat: bool
    """Whether it was put into the model's chat template."""

    n_tokens: int
    """Its length in tokens, the template's included."""

    marker: int
    """The marker's token."""

    marker_is_first: bool
    """Whether that is token 0, an attention sink in many models."""

    distance_tokens: int
    """From the marker's token to the first generated one, in tokens."""
