"""From prompts to a model's tokens, with the marker where it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plip.errors import ConfigError, ContextLengthError
from plip.models import Subject
from plip.models.generation import Steer
from plip.plan import Plan, Scale, into
from plip.text import Prompt, Prompts, Tokens

__all__ = [
    "Placed",
    "place",
    "prompt_fields",
    "steering",
    "take",
    "what_is_steered",
]


@dataclass(frozen=True, slots=True)
class Placed:
    """A prompt on the tokens of one model.

    Args:
        prompt: the prompt.
        tokens: what the model is given: the prompt, or the chat that it is put into.
        marker: the marker's token.
        code: what stands before the continuation as code: the prompt, or nothing in a chat, whose
            answer stands alone.
    """

    prompt: Prompt
    tokens: Tokens
    marker: int
    code: str

    @property
    def distance(self) -> int:
        """From the marker's token to the first generated one, in tokens."""
        return len(self.tokens) - self.marker


def place(
    prompts: Prompts, subject: Subject, *, chat: bool, max_new_tokens: int, steer: Steer
) -> list[Placed]:
    """Put prompts on a model's tokens, all of them before any is run.

    Raises:
        ConfigError: a chat is asked for, and the model has no template for one, or one that
            changes the prompt.
        TextError, PositionError: a prompt that does not fit the tokens.
        ContextLengthError: a prompt that leaves no room for the new tokens.
        EdgeError: nothing stands behind the marker that could read it.
    """
    placed = []
    for prompt in prompts:
        who = f"prompt {prompt.id!r}"
        text, shift = _in_chat(subject, prompt) if chat else (prompt.text, 0)
        tokens = subject.tokenize(text)
        room = subject.context - max_new_tokens
        if len(tokens) > room:
            raise ContextLengthError(
                who,
                wanted=f"at most {room} tokens, the context of {subject.name} less the "
                f"{max_new_tokens} new ones",
                found=f"{len(tokens)} tokens",
                advice="shorten the prompt, or ask for fewer new tokens",
                details={
                    "prompt": prompt.id,
                    "tokens": len(tokens),
                    "context": subject.context,
                },
            )
        marker = tokens.at(prompt.marker + shift, who=who)
        if subject.mechanism == "attention":
            into(marker).check(len(tokens) + (steer == "throughout"))
        placed.append(Placed(prompt, tokens, marker, "" if chat else prompt.text))
    return placed


def _in_chat(subject: Subject, prompt: Prompt) -> tuple[str, int]:
    """Put a prompt into the model's chat template; return the chat, and how far the prompt moved.

    Templates may strip the white space around a message.
    """
    if getattr(subject.tokenizer, "chat_template", None) is None:
        raise ConfigError(
            "option chat",
            wanted="a model whose tokenizer has a chat template",
            found=f"{subject.name}, whose tokenizer has none",
            advice="leave --chat out, or take an instruction-tuned model",
        )
    message = [{"role": "user", "content": prompt.text}]
    chat = str(
        subject.tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
    )
    stripped = prompt.text.strip()
    if chat.count(stripped) != 1:
        raise ConfigError(
            f"prompt {prompt.id!r}",
            wanted="to stand in the chat once, as it is",
            found=f"it {chat.count(stripped)} times in what the template makes",
            advice="leave --chat out",
        )
    before = len(prompt.text) - len(prompt.text.lstrip())
    return chat, chat.index(stripped) - before


def steering(placed: Placed, scale: float, layer: int) -> Plan | None:
    """Return the plan that scales what later tokens get from the marker; None at scale 1.

    Source: STEERING_RESULTS.md §8.2.
    """
    return None if scale == 1 else Plan(Scale(scale), into(placed.marker), layers=[layer])


def what_is_steered(subject: Subject, steer: Steer) -> str:
    """Say in words what such a plan acts on."""
    if subject.mechanism == "state":
        return "the marker's write into the state, in every head; every later token reads it"
    rows = "of the prompt" if steer == "prompt" else "of the prompt and of the continuation"
    return f"attention to the marker from every later token {rows}, in every head"


def prompt_fields(placed: Placed, *, chat: bool) -> dict[str, Any]:
    """Return what every record says about its prompt, as keyword arguments."""
    prompt = placed.prompt
    return {
        "prompt": prompt.id,
        "language": prompt.language,
        "category": prompt.category,
        "family": prompt.family,
        "distance": prompt.distance,
        "chat": chat,
        "n_tokens": len(placed.tokens),
        "marker": placed.marker,
        "marker_is_first": placed.marker == 0,
        "distance_tokens": placed.distance,
    }


def take(prompts: Prompts, limit: int | None) -> Prompts:
    """Pick an experiment's prompts: the first `limit`, or all."""
    return prompts if limit is None else prompts.take(limit)
