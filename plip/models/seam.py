"""The one seam: an attention function and a mask function that transformers calls by name.

Outside a session both behave as the implementation does that the model had before. Inside one, no
mask is made, and the session computes the attention of the stream of sequences that it sent through
the model. The session is found through a context variable, so that threads and nested runs do not
meet.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from plip.errors import UnsupportedModelError

__all__ = ["Call", "Session", "active", "attached", "evaluating", "in_session", "sdpa"]

_NAME = "plip"
# Set on each configuration by itself: the public property would set nested ones along.
_ATTRIBUTE = "_attn_implementation_internal"

# What models hand to the attention function beside the arguments of `Call`. An argument that is
# not known here may change what attention means, as GPT-OSS's sinks do.
_HARMLESS = frozenset(
    {
        "attention_mask",
        "cache_position",
        "dropout",
        "is_causal",
        "logits_to_keep",
        "output_attentions",
        "output_hidden_states",
        "output_router_logits",
        "past_key_values",
        "position_embeddings",
        "position_ids",
        "return_dict",
        "sliding_window",
        "use_cache",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the attention function.

    Args:
        module: the attention module.
        layer: its place among the model's attention modules.
        query: [1, head, row, dim], the rows of the stream.
        key: [1, key-value head, row, dim].
        value: [1, key-value head, row, dim].
        mask: what the mask function made: None inside a session.
        scaling: multiplies the scores.
        softcap: caps the scores, or None.
    """

    module: nn.Module
    layer: int
    query: Tensor
    key: Tensor
    value: Tensor
    mask: Tensor | None
    scaling: float
    softcap: float | None


class Session(Protocol):
    """What computes the attention of a run."""

    def layer_of(self, module: nn.Module) -> int | None:
        """Return the layer of an attention module, None if it is not of this session's model."""

    def attend(self, call: Call) -> Tensor:
        """Return the attention output of the stream, [1, row, head, dim]."""

    def mask(self, **kwargs: Any) -> Tensor | None:
        """Return what stands for the attention mask."""


_active: ContextVar[Session | None] = ContextVar("plip_session", default=None)


def active() -> Session | None:
    """Return the session of the current thread or task, if there is one."""
    return _active.get()


def sdpa(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    scaling: float,
) -> Tensor:
    """Compute scaled dot-product attention exactly as transformers' `sdpa` does.

    Args:
        module: the attention module, which knows its groups and whether it is causal.
        query: [batch, head, row, dim].
        key: [batch, key-value head, key, dim].
        value: [batch, key-value head, key, dim].
        mask: bool [1, 1, row, key], or None for causal attention (or one row that sees all).
        scaling: multiplies the scores.

    Returns:
        [batch, row, head, dim].
    """
    out, _ = sdpa_attention_forward(module, query, key, value, mask, scaling=scaling)
    return out  # type: ignore[no-any-return]  # transformers is not typed here


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    session = _active.get()
    layer = session.layer_of(module) if session is not None else None
    if session is None or layer is None:
        if scaling is not None:
            kwargs["scaling"] = scaling
        return _as_found(module, attention_mask)(
            module, query, key, value, attention_mask, **kwargs
        )
    softcap = kwargs.pop("softcap", None)
    strange = [
        name for name, given in kwargs.items() if given is not None and name not in _HARMLESS
    ]
    if strange:
        raise UnsupportedModelError(
            type(module).__name__,
            wanted="attention that is the softmax of q·k and nothing else",
            found=f"an argument that plip does not know: {', '.join(sorted(strange))}",
            advice="this architecture cannot be steered exactly; use another model",
            details={"arguments": sorted(strange)},
        )
    if scaling is None:
        scaling = query.shape[-1] ** -0.5
    call = Call(module, layer, query, key, value, attention_mask, scaling, softcap)
    return session.attend(call), None


def _as_found(module: nn.Module, mask: Tensor | None) -> Callable[..., tuple[Tensor, Any]]:
    """Return the attention function that a module had before it was attached.

    A thread that runs the model without plip meanwhile comes by here, with the mask that belongs to
    that function; so does a nested plain run, whose mask was left out by the session around it.
    """
    found = _implementation(module.config)
    if mask is None and _active.get() is not None:
        found = "sdpa"
    if found == "eager":
        home = sys.modules[type(module).__module__]
        return home.eager_attention_forward  # type: ignore[no-any-return]  # of a library's module
    return ALL_ATTENTION_FUNCTIONS[found]  # type: ignore[no-any-return]  # transformers is not typed


def _implementation(config: Any) -> str:
    """Return the attention implementation that a configuration named before it was attached."""
    with _lock:
        held = _held.get((id(config), _ATTRIBUTE))
        found = getattr(config, _ATTRIBUTE, None) if held is None else held.found
    # A call that outlives the last run finds the configuration restored, and plain SDPA here.
    return "sdpa" if found in (None, _NAME) else str(found)


def _mask(*args: Any, **kwargs: Any) -> Tensor | None:
    session = _active.get()
    if session is None:
        function = ALL_MASK_ATTENTION_FUNCTIONS[_implementation(kwargs["config"])]
        return function(*args, **kwargs)  # type: ignore[no-any-return]  # transformers is not typed
    return session.mask(**kwargs)


AttentionInterface.register(_NAME, _attention)
AttentionMaskInterface.register(_NAME, _mask)


@contextmanager
def in_session(session: Session) -> Iterator[None]:
    """Make a session the active one of this thread, and the one before it afterwards."""
    token = _active.set(session)
    try:
        yield
    finally:
        _active.reset(token)


@dataclass(slots=True)
class _Held:
    """An attribute that is changed while somebody holds it."""

    owner: Any
    found: Any
    holders: int = 0


_lock = threading.Lock()
_held: dict[tuple[int, str], _Held] = {}


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Hold a model in evaluation mode, outside any session."""
    token = _active.set(None)
    try:
        with _holding([(module, "training", False) for module in model.modules()]):
            yield
    finally:
        _active.reset(token)


@contextmanager
def attached(model: nn.Module) -> Iterator[None]:
    """Let a model call the seam, in evaluation mode, and leave it as it was found.

    Runs may overlap, in threads, nested, or through two models that share a configuration: the
    first one changes a configuration, the last one restores it.
    """
    wanted: list[tuple[Any, str, Any]] = [(config, _ATTRIBUTE, _NAME) for config in _configs(model)]
    with _holding(wanted + [(module, "training", False) for module in model.modules()]):
        yield


@contextmanager
def _holding(wanted: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Give attributes a value while at least one holder wants it."""
    with _lock:
        for owner, name, value in wanted:
            _hold(owner, name, value)
    try:
        yield
    finally:
        with _lock:
            for owner, name, _ in wanted:
                _release(owner, name)


def _hold(owner: Any, name: str, value: Any) -> None:
    key = (id(owner), name)
    if key not in _held:
        _held[key] = _Held(owner, getattr(owner, name))
        setattr(owner, name, value)
    _held[key].holders += 1


def _release(owner: Any, name: str) -> None:
    held = _held[id(owner), name]
    held.holders -= 1
    if held.holders == 0:
        del _held[id(owner), name]
        setattr(owner, name, held.found)


def _configs(model: nn.Module) -> list[Any]:
    """Return every configuration that a module of the model may read."""
    found: dict[int, Any] = {}
    waiting = [getattr(module, "config", None) for module in model.modules()]
    while waiting:
        config = waiting.pop()
        if isinstance(config, PreTrainedConfig) and id(config) not in found:
            found[id(config)] = config
            waiting += [getattr(config, name, None) for name in config.sub_configs]
    return list(found.values())
