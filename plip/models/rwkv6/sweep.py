"""Many plans for one text, computing only what each can change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from plip.kernels import rows_dtype
from plip.models.gather import gather_attention
from plip.models.results import Run, Work
from plip.models.rwkv6.block import Recurrence
from plip.models.rwkv6.modeling import Rwkv6ForCausalLM
from plip.models.rwkv6.state import Rwkv6State
from plip.models.rwkv6.track import Made, StateTrack
from plip.models.rwkv6.witness import bear_state_witness
from plip.models.rwkv6.writes import layer_steps, positions

__all__ = ["sweep"]


@dataclass(frozen=True, slots=True)
class _Start:
    """Where plans begin to change anything: the lowest steered layer, the first steered token."""

    layer: int
    token: int


@dataclass(slots=True)
class _Baseline:
    """What a pass without a plan leaves.

    Args:
        logits: at the last token, [vocab].
        states: the state before each token at which some plan begins.
        inputs: what enters each layer at which some plan begins, [1, token, hidden].
        made: what captured layers made of the text, by layer.
        track: what was captured.
    """

    logits: Tensor
    states: dict[int, Rwkv6State]
    inputs: dict[int, Tensor]
    made: dict[int, Made]
    track: StateTrack


def sweep(model: Rwkv6ForCausalLM, ids: Sequence[int], tracks: Sequence[StateTrack]) -> Run:
    """Run one text under several plans.

    Args:
        model: the model.
        ids: the text.
        tracks: one for each plan, all of the whole text and with the same capture.

    Returns:
        A run whose batch is the plans.
    """
    starts = [_start(track, model) for track in tracks]
    known = [start for start in starts if start is not None]
    count = [0] * model.config.num_hidden_layers
    baseline = _baseline(model, ids, tracks[0], known, count)
    logits = baseline.logits.expand(len(tracks), -1).clone()
    for start in dict.fromkeys(known):
        mine = [number for number, each in enumerate(starts) if each == start]
        group = [_after(tracks[number], start, baseline) for number in mine]
        logits[mine] = _variants(model, start, baseline, group, count)
        for number, track in zip(mine, group, strict=True):
            tracks[number].rows, tracks[number].evidence = track.rows, track.evidence
    for track, begins in zip(tracks, starts, strict=True):
        if begins is None:
            track.rows = baseline.track.rows
    witness = tuple(
        None if track.plan is None else bear_state_witness(track.plan, track.evidence, track.who)
        for track in tracks
    )
    return Run(logits, gather_attention(tracks), witness, Work(tuple(count), 0))


def _start(track: StateTrack, model: Rwkv6ForCausalLM) -> _Start | None:
    """Return where a plan begins to change anything, None where it changes nothing."""
    for layer in range(model.config.num_hidden_layers):
        if layer_steps(track.plan, layer):
            steps = [
                step
                for later in range(layer, model.config.num_hidden_layers)
                for _, step in layer_steps(track.plan, later)
            ]
            return _Start(layer, min(positions(step, 0, track.n_tokens)[0] for step in steps))
    return None


def _baseline(
    model: Rwkv6ForCausalLM,
    ids: Sequence[int],
    like: StateTrack,
    starts: Iterable[_Start],
    count: list[int],
) -> _Baseline:
    """Run the text without a plan, in pieces that end where some plan begins."""
    track = StateTrack(like.who, len(ids), 0, None, like.capture)
    cuts = sorted({start.token for start in starts} | {0})
    layers = {start.layer for start in starts}
    captured = () if like.capture is None else like.capture.layers
    device = next(model.parameters()).device
    text = torch.tensor([list(ids)], device=device)
    state = Rwkv6State.empty(model.config, 1, model.dtype, device)
    states: dict[int, Rwkv6State] = {}
    inputs: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    made: dict[int, Made] = {}
    hidden = torch.empty(0)

    def watch(layer: int, recurrence: Recurrence) -> None:
        if layer in captured:
            piece = Made.of(recurrence.made, 0, recurrence.output.shape[2])
            made[layer] = made[layer].then(piece) if layer in made else piece

    for begin, end in zip(cuts, [*cuts[1:], len(ids)], strict=True):
        states[begin] = state
        output = model.rwkv(
            text[:, begin:end],
            past_key_values=state,
            use_cache=True,
            output_hidden_states=True,
            watch=watch,
        )
        state = output.past_key_values
        hidden = output.last_hidden_state
        for layer in layers:
            inputs[layer].append(output.hidden_states[layer])
    for layer in range(len(count)):
        count[layer] += len(ids)
    for layer, whole in made.items():
        track.keep(layer, whole, model.rwkv.layers[layer].attention.bonus, None)
    logits = model.head(hidden[:, -1])[0].to(rows_dtype(model.dtype))
    entering = {layer: torch.cat(parts, dim=1) for layer, parts in inputs.items()}
    return _Baseline(logits, states, entering, made, track)


def _after(track: StateTrack, start: _Start, baseline: _Baseline) -> StateTrack:
    """Return the track of what is run again; what lies before it is the baseline's."""
    again = StateTrack(track.who, track.n_tokens, start.token, track.plan, track.capture)
    again.rows = dict(baseline.track.rows)
    return again


def _variants(
    model: Rwkv6ForCausalLM,
    start: _Start,
    baseline: _Baseline,
    tracks: Sequence[StateTrack],
    count: list[int],
) -> Tensor:
    """Run the layers and tokens that plans with one start can change; return [plan, vocab]."""
    blocks = model.rwkv.layers
    state = baseline.states[start.token]

    def watch(layer: int, recurrence: Recurrence) -> None:
        whole = baseline.made.get(layer)
        earlier = None if whole is None else whole.until(start.token)
        for entry, track in enumerate(tracks):
            track.see(layer, recurrence, entry, earlier)

    def spread(tensor: Tensor) -> Tensor:
        return tensor.expand(len(tracks), *tensor.shape[1:])

    # Up to the recurrence of the first layer all plans agree: that is computed once.
    hidden, made, time_shift = blocks[start.layer].project(
        baseline.inputs[start.layer][:, start.token :], state.layers[start.layer]
    )
    hidden, made, time_shift = spread(hidden), made.map(spread), spread(time_shift)
    for layer in range(start.layer, len(blocks)):
        count[layer] += hidden.shape[0] * hidden.shape[1]
        block, entering = blocks[layer], state.layers[layer].map(spread)
        write = _writes(tracks, layer, made.key)
        if layer > start.layer:
            hidden, made, time_shift = block.project(hidden, entering)
        if layer == len(blocks) - 1:
            hidden = block.last_row(hidden, made, entering, write=write, watch=watch)
        else:
            hidden, _ = block.finish(hidden, made, time_shift, entering, write=write, watch=watch)
    logits: Tensor = model.head(model.rwkv.ln_out(hidden)).to(rows_dtype(model.dtype))
    return logits


def _writes(tracks: Sequence[StateTrack], layer: int, like: Tensor) -> Tensor | None:
    """Return the factors of all plans in a layer, [plan, head, token], None for all 1."""
    heads, length = like.shape[1:3]
    mine = [track.write(layer, heads) for track in tracks]
    if all(write is None for write in mine):
        return None
    plain = torch.ones(heads, length, dtype=torch.float64)
    return torch.stack([plain if write is None else write for write in mine]).to(like)
