"""A prompt and what a model wrote behind it, in a named language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from plip.errors import ConfigError, TextError
from plip.text.tokens import lone_surrogate

__all__ = ["GeneratedCode", "Language", "check_text"]

Language = Literal["python", "rust"]


@dataclass(frozen=True, slots=True)
class GeneratedCode:
    """A continuation in its context.

    A continuation alone often begins in the middle of a statement, a string or a comment. So it is
    parsed behind its prompt, and only what begins in the continuation is measured. Nothing is ever
    executed.

    Args:
        prompt: what the model was given, as code; empty if the continuation stands alone.
        continuation: what the model wrote, as it stands behind the prompt.
        language: of both; it is never guessed.

    Raises:
        TextError: a text with a lone surrogate, or no text.
        ConfigError: another language.
    """

    prompt: str
    continuation: str
    language: Language

    def __post_init__(self) -> None:
        check_text(self.prompt, "prompt")
        check_text(self.continuation, "continuation")
        if self.language not in get_args(Language):
            raise ConfigError(
                "language",
                wanted=" or ".join(map(repr, get_args(Language))),
                found=repr(self.language),
                advice="name the language that the code is to be read in",
            )

    @property
    def text(self) -> str:
        """The prompt and the continuation."""
        return self.prompt + self.continuation

    @property
    def start(self) -> int:
        """Where the continuation begins in the text, in code points."""
        return len(self.prompt)


def check_text(text: str, who: str) -> None:
    """Refuse what is no text, or cannot be written as UTF-8.

    Raises:
        TextError: no string, or a lone surrogate in it.
    """
    if not isinstance(text, str):
        raise TextError(
            who,
            wanted="Unicode text",
            found=type(text).__name__,
            advice="load the subject with its tokenizer, which gives continuations a text",
        )
    lone = lone_surrogate(text)
    if lone is not None:
        raise TextError(
            who,
            wanted="Unicode text",
            found=f"a lone surrogate at character {lone}",
            advice="decode the text as UTF-8 or UTF-16 before handing it over",
        )
