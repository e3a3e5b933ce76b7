"""Checking what a run is asked for, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn

from plip.errors import ConfigError, ContextLengthError, EdgeError, LayerError, PositionError
from plip.models.results import Capture, Prefix
from plip.plan import ALL, Plan
from plip.text import Tokens

__all__ = [
    "bad_argument",
    "check_capture",
    "check_plans",
    "check_rows_left",
    "check_texts",
    "first_after",
    "listed",
    "one_each",
    "single",
]


def listed(value: Any, kind: type) -> list[Any]:
    """Return one or several objects of a kind as a list.

    Raises:
        ConfigError: none, or something else.
    """
    found = (
        [value] if isinstance(value, kind) else list(value) if isinstance(value, Iterable) else []
    )
    if not found or not all(isinstance(item, kind) for item in found):
        raise bad_argument("tokens", f"plip.{kind.__name__}, one or several", repr(value)[:80])
    return found


def one_each(value: Any, kind: type, count: int) -> list[Any]:
    """Return one object of a kind, or None, for each sequence: one for all, or as many as given.

    Raises:
        ConfigError: another number of them, or something else.
    """
    name = kind.__name__.lower()
    values = list(value) if isinstance(value, list | tuple) else [value] * count
    if not all(item is None or isinstance(item, kind) for item in values):
        raise bad_argument(name, f"plip.{kind.__name__} or None", repr(value)[:80])
    if len(values) != count:
        raise bad_argument(name, f"one for each of the {count} sequences", f"{len(values)} of them")
    return values


def single(value: Any, kind: type, *, optional: bool = False) -> Any:
    """Return one object of a kind, or None where that is allowed.

    Raises:
        ConfigError: something else, or several.
    """
    if not isinstance(value, kind) and not (optional and value is None):
        wanted = f"plip.{kind.__name__}" + (" or None" if optional else "")
        raise bad_argument(kind.__name__.lower(), wanted, repr(value)[:80])
    return value


def check_plans(plans: Any, count: int) -> None:
    """Check that there is a list of plans for each sequence.

    Raises:
        ConfigError: there is not.
    """
    lists = list(plans) if isinstance(plans, list | tuple) else []
    if len(lists) != count or not all(isinstance(mine, list | tuple) and mine for mine in lists):
        found = f"{len(lists)} lists" if lists else repr(plans)[:80]
        raise bad_argument("plans", f"{count} lists of plans, none empty", found)
    for mine in lists:
        one_each(mine, Plan, len(mine))


def bad_argument(who: str, wanted: str, found: str) -> ConfigError:
    """Return the error for an argument without meaning."""
    return ConfigError(who, wanted=wanted, found=found, advice="see the docstring of the call")


def check_texts(
    config: Any,
    name: str,
    context: int,
    texts: Sequence[Tokens],
    prefixes: Sequence[Prefix | None],
) -> None:
    """Check that the texts fit vocabulary and context, and do not change each other's positions.

    Some rotary embeddings choose their frequencies by the longest text of a batch, so that texts
    on both sides of the original context must not share one, nor a text with its prefix.

    Raises:
        ContextLengthError: a text that is too long.
        ConfigError: tokens that the model does not have, or texts that would change each other's
            frequencies.
    """
    vocabulary = int(config.get_text_config().vocab_size)
    for number, text in enumerate(texts):
        if not text.ids or not 0 <= min(text.ids) <= max(text.ids) < vocabulary:
            raise ConfigError(
                f"sequence {number}",
                wanted=f"one token or more, each in 0 … {vocabulary - 1}",
                found=f"{min(text.ids)} … {max(text.ids)}" if text.ids else "none",
                advice="use the tokenizer of the model",
            )
    lengths = [len(text) for text in texts]
    lengths += [len(prefix.ids) for prefix in prefixes if prefix is not None]
    if max(lengths) > context:
        raise ContextLengthError(
            f"sequence {lengths.index(max(lengths))}",
            wanted=f"at most {context} tokens, the context of {name}",
            found=f"{max(lengths)} tokens",
            advice="shorten the text or use a model with a longer context",
            details={"tokens": max(lengths), "context": context},
        )
    for parameters in _rotary(config.get_text_config()):
        original = parameters.get("original_max_position_embeddings", context)
        if parameters.get("rope_type") == "dynamic" and max(lengths) > original:
            raise ContextLengthError(
                f"sequence {lengths.index(max(lengths))}",
                wanted=f"at most {original} tokens: beyond, this model's positions depend on what "
                "it has seen before",
                found=f"{max(lengths)} tokens",
                advice="shorten the text",
                details={"tokens": max(lengths), "context": original},
            )
        if parameters.get("rope_type") == "longrope":
            _check_sides(lengths, original)


def _rotary(config: Any) -> list[dict[str, Any]]:
    """Return the rotary parameters of every kind of layer."""
    parameters = getattr(config, "rope_parameters", None) or {}
    nested = [value for value in parameters.values() if isinstance(value, dict)]
    return nested or [parameters]


def _check_sides(lengths: Sequence[int], original: int) -> None:
    if min(lengths) <= original < max(lengths):
        raise ConfigError(
            "sequences",
            wanted=f"all of at most {original} tokens, or all longer: this model chooses its "
            "rotary frequencies by the longest",
            found=f"{min(lengths)} to {max(lengths)} tokens",
            advice="run them apart",
        )


def check_capture(who: str, capture: Capture, n_layers: int, first: int, n_tokens: int) -> None:
    """Check that a capture asks for rows that are computed.

    Raises:
        LayerError, PositionError: it does not.
    """
    if capture.layers[-1] >= n_layers:
        raise LayerError(
            f"{who}, capture",
            wanted=f"a layer in 0 … {n_layers - 1}",
            found=str(capture.layers[-1]),
            advice="`plip models` shows how many layers a model has",
        )
    if min(capture.queries) < first or max(capture.queries) >= n_tokens:
        raise PositionError(
            f"{who}, capture",
            wanted=f"query positions in {first} … {n_tokens - 1}",
            found=str(list(capture.queries)),
            advice="capture rows that this run computes",
        )


def first_after(who: str, text: Tokens, prefix: Prefix, model: nn.Module) -> int:
    """Return the first position after a prefix.

    Raises:
        ConfigError: another model computed the prefix, or the text does not go on after it.
    """
    if prefix.model is not model:
        raise ConfigError(
            f"{who}, prefix",
            wanted="a prefix that this model has computed",
            found=f"one of another {type(prefix.model).__name__}",
            advice="prefill with the subject that runs the text",
        )
    first = len(prefix.ids)
    if len(text) <= first or text.ids[:first] != prefix.ids:
        raise ConfigError(
            f"{who}, prefix",
            wanted="a text that begins with the prefix and goes on after it",
            found=f"{len(text)} tokens against a prefix of {first}",
            advice="prefill with the first tokens of the same text",
        )
    return first


def check_rows_left(who: str, plan: Plan, first: int, n_tokens: int) -> None:
    """Check that no query that a plan names lies in the prefix.

    Raises:
        EdgeError: one does.
    """
    for step in plan.steps:
        queries = step.edges.query_positions(n_tokens)
        if step.edges.queries is not ALL and queries[0] < first:
            raise EdgeError(
                f"{who}, query {queries[0]}",
                wanted=f"a row after the prefix, from position {first}",
                found="a row that the prefix has already computed",
                advice="give the plan to prefill, or name later queries",
            )
