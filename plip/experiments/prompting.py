"""From prompts to a model's tokens, with the marker where it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plip.errors import ConfigError, ContextLengthError
from plip.experiments.prompt_config import PromptConfig
from plip.models import Subject
from plip.plan import into
from plip.text import Prompt, Prompts, Tokens

__all__ = ["Placed", "place", "prompt_fields", "take"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A prompt on the tokens of one model.

    Args:
        prompt: the prompt.
        tokens: what the model is given: the prompt, or the chat that it is put into.
        marker: the marker's token.
        shift: how many characters of a chat stand before the prompt.
        code: what stands before the continuation as code: the prompt, or nothing in a chat, whose
            answer stands alone.
    """

    prompt: Prompt
    tokens: Tokens
    marker: int
    shift: int
    code: str

    @property
    def distance(self) -> int:
        """From the marker's token to the first generated one, in tokens."""
        return len(self.tokens) - self.marker

    @property
    def others(self) -> tuple[int, ...]:
        """The prompt's tokens without those of the marker and those of a chat's template.

        White space around the prompt, which templates may strip, does not count.
        """
        text = self.prompt.text
        first = self.shift + len(text) - len(text.lstrip())
        last = self.shift + len(text.rstrip())
        start = self.shift + self.prompt.marker
        stop = start + len(self.prompt.pattern)
        return tuple(
            token
            for token, (begins, ends) in enumerate(self.tokens.spans)
            if first <= begins < ends <= last and (ends <= start or stop <= begins)
        )


def place(prompts: Prompts, subject: Subject, config: PromptConfig) -> list[Placed]:
    """Put prompts on a model's tokens, all of them before any is run.

    Args:
        prompts: the prompts.
        subject: the model.
        config: whether they are put into a chat, how many tokens are wanted behind them, and what
            is steered.

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
        text, shift = _in_chat(subject, prompt) if config.chat else (prompt.text, 0)
        tokens = subject.tokenize(text)
        room = subject.context - config.max_new_tokens
        if len(tokens) > room:
            raise ContextLengthError(
                who,
                wanted=f"at most {room} tokens, the context of {subject.name} less the "
                f"{config.max_new_tokens} new ones",
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
            into(marker).check(len(tokens) + (config.steer == "throughout"))
        placed.append(Placed(prompt, tokens, marker, shift, "" if config.chat else prompt.text))
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


def prompt_fields(placed: Placed, config: PromptConfig) -> dict[str, Any]:
    """Return what every record says about its prompt, as keyword arguments."""
    prompt = placed.prompt
    return {
        "prompt": prompt.id,
        "language": prompt.language,
        "category": prompt.category,
        "family": prompt.family,
        "distance": prompt.distance,
        "chat": config.chat,
        "n_tokens": len(placed.tokens),
        "marker": placed.marker,
        "marker_is_first": placed.marker == 0,
        "distance_tokens": placed.distance,
    }


def take(prompts: Prompts, config: PromptConfig) -> Prompts:
    """Pick an experiment's prompts: the first ones, as many as it wants, or all."""
    return prompts if config.max_prompts is None else prompts.take(config.max_prompts)
