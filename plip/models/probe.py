"""Learning a model's decoder by running it, and refusing what cannot be steered exactly.

Nothing is assumed from an architecture's name. Six tokens show which modules call the seam, in
which order, with how many heads and behind which mask; that the model computes through the seam
what it computes without it; that sequences in one stream do not meet; and that it is causal.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig
from transformers.masking_utils import sdpa_mask

from plip.errors import CheckpointError, UnsupportedModelError
from plip.kernels import Visibility
from plip.models.anatomy import Anatomy, Layer
from plip.models.forward import Forward, attend_rows
from plip.models.seam import Call, attached, evaluating, in_session
from plip.models.stream import Piece, blocks_of, pack
from plip.models.track import Track

__all__ = ["agree", "check_finite", "probe", "probe_tokens", "visibility_of"]

_TOKENS = 6
# Differences that rounding explains, relative to the largest logit. float64 has float32's: some
# models take their own softmax in float32 whatever their dtype.
_TOLERANCE = {torch.bfloat16: 5e-2, torch.float16: 2e-2}
_FULL_TOLERANCE = 1e-3


class _Probe:
    """A session that lets the model compute as usual and takes notes."""

    def __init__(self) -> None:
        self.masks: list[tuple[Tensor, Visibility]] = []
        self.calls: list[tuple[nn.Module, int, Visibility]] = []

    def layer_of(self, module: nn.Module) -> int | None:
        return len(self.calls)

    def mask(self, **kwargs: Any) -> Tensor:
        visibility = visibility_of(kwargs["mask_function"], kwargs.get("local_size"))
        kwargs["allow_is_causal_skip"] = False
        kwargs["allow_is_bidirectional_skip"] = False
        mask = sdpa_mask(**kwargs)
        self.masks.append((mask, visibility))
        return mask  # type: ignore[no-any-return]  # transformers is not typed here

    def attend(self, call: Call) -> Tensor:
        visibility = self._visibility(call)
        self.calls.append((call.module, call.query.shape[1], visibility))
        return attend_rows(
            call, call.query, call.key, call.value, range(call.query.shape[2]), visibility
        )

    def _visibility(self, call: Call) -> Visibility:
        if call.mask is not None:
            for mask, visibility in self.masks:
                if mask.untyped_storage().data_ptr() == call.mask.untyped_storage().data_ptr():
                    return visibility
        raise _refuse(
            type(call.module).__name__,
            "the mask that transformers' mask functions made",
            "no mask" if call.mask is None else "a mask of the model's own making",
        )


def probe(model: nn.Module, name: str) -> Anatomy:
    """Learn a model's decoder, and check that the seam computes what the model does.

    Args:
        model: a causal language model of the transformers library.
        name: names it in errors.

    Returns:
        Its decoder layers.

    Raises:
        UnsupportedModelError: the model does not go through the seam in every layer, attends
            forwards, mixes rows outside attention, or computes something else than without plip.
        CheckpointError: its logits are not numbers.
    """
    config = getattr(model, "config", None)
    if (
        not isinstance(config, PreTrainedConfig)
        or getattr(config, "is_encoder_decoder", False)
        or not hasattr(config.get_text_config(), "vocab_size")
        or next(model.parameters(), None) is None
    ):
        raise _refuse(name, "a decoder-only causal language model", type(model).__name__)
    ids = probe_tokens(model)
    try:
        with torch.no_grad():
            return _probe(model, name, ids)
    except (TypeError, RuntimeError, AttributeError, KeyError, ValueError, IndexError) as error:
        if isinstance(error, UnsupportedModelError | CheckpointError):
            raise
        raise _refuse(
            name,
            "a model that runs on token ids and positions alone",
            f"{type(error).__name__}: {error}",
        ) from error


def _probe(model: nn.Module, name: str, ids: tuple[int, ...]) -> Anatomy:
    device = next(model.parameters()).device
    tokens = torch.tensor([ids], device=device)
    with evaluating(model):
        reference = _logits(model(tokens, use_cache=False), name)
    notes = _Probe()
    with attached(model), in_session(notes):
        through = _logits(model(tokens, use_cache=False), name)
    anatomy = _anatomy(model, name, notes)
    _same(name, "the logits that the model gives without plip", reference, through)
    packed = _packed(model, name, anatomy, [ids[:3], ids[3:]])
    alone = _packed(model, name, anatomy, [(ids[3], ids[4], ids[0])])
    _same(
        name,
        "rows that meet only in attention, backwards, within their sequence",
        alone[:, :2],
        packed[:, 3:5],
    )
    _same(name, "positions that begin at 0", reference[:, :3], packed[:, :3])
    return anatomy


def _packed(
    model: nn.Module, name: str, anatomy: Anatomy, sequences: list[tuple[int, ...]]
) -> Tensor:
    pieces = [Piece(ids) for ids in sequences]
    tracks = [Track(name, len(ids), 0, None, None) for ids in sequences]
    session = Forward(anatomy, blocks_of(pieces), tracks, past=[None] * len(tracks))
    ids, positions = pack(pieces, next(model.parameters()).device)
    with attached(model), in_session(session):
        return _logits(model(input_ids=ids, position_ids=positions, use_cache=False), name)


def _logits(output: Any, name: str) -> Tensor:
    logits = getattr(output, "logits", None)
    if not isinstance(logits, Tensor) or logits.ndim != 3:
        raise _refuse(name, "logits over a vocabulary for each token", type(output).__name__)
    check_finite(logits, name)
    return logits


def check_finite(logits: Tensor, name: str) -> None:
    """Check that a model's logits of the probe's tokens are numbers.

    Raises:
        CheckpointError: they are not.
    """
    if not bool(torch.isfinite(logits).all()):
        raise CheckpointError(
            name,
            wanted="finite logits",
            found="NaN or infinity on six plain tokens",
            advice="check the weights, or load the model in float32 or bfloat16",
        )


def _anatomy(model: nn.Module, name: str, notes: _Probe) -> Anatomy:
    names = {module: path for path, module in model.named_modules()}
    layers: list[Layer] = []
    stacks: list[nn.ModuleList] = []
    for attention, heads, visibility in notes.calls:
        found = _block_of(model, names[attention])
        if found is None:
            raise _refuse(name, "decoder layers in a list", f"attention at {names[attention]!r}")
        stack, block = found
        stacks.append(stack)
        layers.append(Layer(block, attention, heads, visibility))
    blocks = [layer.block for layer in layers]
    if not layers:
        raise _refuse(
            name,
            "attention that goes through transformers' attention interface",
            f"{type(model).__name__}, whose attention never asked for it",
        )
    if any(stack is not stacks[0] for stack in stacks) or blocks != list(stacks[0]):
        raise _refuse(
            name,
            "softmax attention through the attention interface once in every decoder layer",
            f"{len(blocks)} such calls for {len(stacks[0])} layers",
        )
    keeps = "logits_to_keep" in inspect.signature(model.forward).parameters
    return Anatomy(tuple(layers), keeps)


def _block_of(model: nn.Module, path: str) -> tuple[nn.ModuleList, nn.Module] | None:
    parts = path.split(".")
    for depth in range(1, len(parts)):
        parent = model.get_submodule(".".join(parts[:depth]))
        if isinstance(parent, nn.ModuleList):
            return parent, model.get_submodule(".".join(parts[: depth + 1]))
    return None


def visibility_of(mask_function: Callable[..., Any], size: int | None) -> Visibility:
    """Find out which keys a mask function shows, by asking it.

    Args:
        mask_function: transformers' mask function of (batch, head, query, key).
        size: the window or chunk that goes with it, None for full attention.

    Raises:
        UnsupportedModelError: it is none of the patterns that plip knows.
    """
    edge = size if size is not None else 16
    queries = sorted({0, 1, 2, 5, *(edge * many + off for many in (1, 2, 3) for off in (-1, 0, 1))})
    distances = sorted({-1, 0, 1, 2, edge - 1, edge, edge + 1, 2 * edge, queries[-1]})
    pairs = [(query, query - far) for query in queries for far in distances if query - far >= 0]
    query = torch.tensor([pair[0] for pair in pairs])
    key = torch.tensor([pair[1] for pair in pairs])
    zero = torch.zeros_like(query)
    shown = torch.as_tensor(mask_function(zero, zero, query, key)).expand(len(pairs))
    kinds = ("full",) if size is None else ("sliding", "chunked")
    for kind in kinds:
        known = Visibility(kind, size or 0)  # type: ignore[arg-type]  # one of the three kinds
        expected = torch.stack(
            [known.mask(query[i : i + 1], key[i : i + 1])[0, 0] for i in range(len(pairs))]
        )
        if torch.equal(shown.bool(), expected):
            return known
    raise _refuse(
        "attention mask",
        "a causal mask: full, with a sliding window, or in chunks",
        "another pattern, such as one that sees later tokens",
    )


def probe_tokens(model: nn.Module) -> tuple[int, ...]:
    """Return the six token ids that a model is probed with."""
    config: Any = model.config
    vocabulary = int(config.get_text_config().vocab_size)
    return tuple((token + 1) % vocabulary for token in range(_TOKENS))


def agree(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors of logits differ by no more than rounding explains."""
    scale = max(1.0, float(one.abs().max()))
    return float((one - other).abs().max()) <= scale * _TOLERANCE.get(one.dtype, _FULL_TOLERANCE)


def _same(name: str, wanted: str, one: Tensor, other: Tensor) -> None:
    if not agree(one, other):
        worst = float((one - other).abs().max())
        raise _refuse(name, wanted, f"logits that differ by {worst:.3g}")


def _refuse(who: str, wanted: str, found: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        who,
        wanted=wanted,
        found=found,
        advice="this model cannot be steered exactly; see `plip models` for families that can",
    )
