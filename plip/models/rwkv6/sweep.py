"""Many plans for one text, computing only what each can change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from plip.kernels import rows_dtype, state_after
from plip.models.gather import gather_attention
from plip.models.results import Run, Work
from plip.models.rwkv6.block import Recurrence, Rwkv6Block, Watch
from plip.models.rwkv6.mixing import Projections
from plip.models.rwkv6.modeling import Rwkv6ForCausalLM
from plip.models.rwkv6.state import LayerState, Rwkv6State
from plip.models.rwkv6.track import Made, StateTrack
from plip.models.rwkv6.witness import bear_state_witness
from plip.models.rwkv6.writes import layer_steps, positions

__all__ = ["sweep"]


# Larger batches leave the processor's cache, and are no faster a row.
_ROWS = 512


@dataclass(frozen=True, slots=True)
class _Start:
    """Where plans begin to change anything: the lowest steered layer, the first steered token."""

    layer: int
    token: int


@dataclass(slots=True)
class _Layer:
    """What one layer made of the text without a plan.

    Args:
        hidden: the residual stream behind its first norm, [1, token, hidden].
        made: the projections.
    """

    hidden: Tensor
    made: Projections

    def since(self, token: int) -> _Layer:
        """Return the tokens from one on."""
        return _Layer(self.hidden[:, token:], _tokens(self.made, slice(token, None)))


@dataclass(slots=True)
class _Work:
    """Counts as in `Work`, while they grow."""

    layer_rows: list[int]
    key_rows: int = 0


@dataclass(slots=True)
class _Baseline:
    """What a pass without a plan leaves.

    Args:
        logits: at the last token, [vocab].
        states: the state before each token at which some plan begins.
        layers: the layers at which some plan begins, and captured ones.
        track: what was captured.
    """

    logits: Tensor
    states: dict[int, Rwkv6State]
    layers: dict[int, _Layer]
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
    work = _Work([0] * len(model.rwkv.layers))
    baseline = _baseline(model, ids, tracks[0], known, work)
    logits = baseline.logits.expand(len(tracks), -1).clone()
    for start in dict.fromkeys(known):
        alike = [number for number, each in enumerate(starts) if each == start]
        batch = max(1, _ROWS // (len(ids) - start.token))
        for mine in (alike[at : at + batch] for at in range(0, len(alike), batch)):
            group = [_after(tracks[number], start, baseline) for number in mine]
            logits[mine] = _variants(model, start, baseline, group, work)
            for number, track in zip(mine, group, strict=True):
                tracks[number].rows, tracks[number].evidence = track.rows, track.evidence
    for track, begins in zip(tracks, starts, strict=True):
        if begins is None:
            track.rows = baseline.track.rows
    witness = tuple(
        None if track.plan is None else bear_state_witness(track.plan, track.evidence, track.who)
        for track in tracks
    )
    done = Work(tuple(work.layer_rows), steered_rows=0, key_rows=work.key_rows)
    return Run(logits, gather_attention(tracks), witness, done)


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
    work: _Work,
) -> _Baseline:
    """Run the text without a plan, in pieces that end where some plan begins."""
    captured = () if like.capture is None else like.capture.layers
    parts: dict[int, list[_Layer]] = {start.layer: [] for start in starts}
    parts |= {layer: [] for layer in captured}
    cuts = sorted({start.token for start in starts} | {0})
    blocks = model.rwkv.layers
    device = next(model.parameters()).device
    text = torch.tensor([list(ids)], device=device)
    state = Rwkv6State.empty(model.config, 1, model.dtype, device)
    states: dict[int, Rwkv6State] = {}
    hidden = torch.empty(0)
    for begin, end in zip(cuts, [*cuts[1:], len(ids)], strict=True):
        states[begin] = state
        hidden = model.rwkv.embeddings(text[:, begin:end])
        layers = []
        for block, entering in zip(blocks, state.layers, strict=True):
            hidden, made, time_shift = block.project(hidden, entering)
            if block.layer in parts:
                parts[block.layer].append(_Layer(hidden, made))
            if block is blocks[-1] and end == len(ids):
                hidden = _last_row(block, hidden, made, entering)
                work.key_rows += end - begin
                work.layer_rows[block.layer] += 1
            else:
                hidden, leaving = block.finish(hidden, made, time_shift, entering)
                layers.append(leaving)
                work.layer_rows[block.layer] += end - begin
        state = Rwkv6State(tuple(layers), end)
    whole = {layer: _join(found) for layer, found in parts.items()}
    track = StateTrack(like.who, len(ids), 0, None, like.capture)
    for layer in captured:
        text_made = Made.of(whole[layer].made, 0, len(ids))
        track.keep(layer, text_made, blocks[layer].attention.bonus, None)
    logits = model.head(model.rwkv.ln_out(hidden))[0].to(rows_dtype(model.dtype))
    return _Baseline(logits, states, whole, track)


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
    work: _Work,
) -> Tensor:
    """Run the layers and tokens that plans with one start can change; return [plan, vocab]."""
    blocks = model.rwkv.layers
    state = baseline.states[start.token]

    def watch(layer: int, recurrence: Recurrence) -> None:
        whole = baseline.layers.get(layer)
        earlier = None if whole is None else Made.of(whole.made, 0, start.token)
        for entry, track in enumerate(tracks):
            track.see(layer, recurrence, entry, earlier)

    def spread(tensor: Tensor) -> Tensor:
        return tensor.expand(len(tracks), *tensor.shape[1:])

    # Up to the recurrence of the first layer all plans agree with the baseline.
    known = baseline.layers[start.layer].since(start.token)
    hidden, made = spread(known.hidden), known.made.map(spread)
    rows = hidden.shape[0] * hidden.shape[1]
    for block in blocks[start.layer :]:
        entering = state.layers[block.layer].map(spread)
        time_shift = entering.time_shift  # of no use here: the state after the text is not wanted
        if block.layer > start.layer:
            hidden, made, time_shift = block.project(hidden, entering)
        write = _writes(tracks, block.layer, made.key)
        if block is blocks[-1]:
            work.key_rows += rows if block.layer > start.layer else 0
            work.layer_rows[block.layer] += len(tracks)
            hidden = _last_row(block, hidden, made, entering, write, watch)
        else:
            work.layer_rows[block.layer] += rows
            hidden, _ = block.finish(hidden, made, time_shift, entering, write=write, watch=watch)
    logits: Tensor = model.head(model.rwkv.ln_out(hidden)).to(rows_dtype(model.dtype))
    return logits


def _last_row(
    block: Rwkv6Block,
    hidden: Tensor,
    made: Projections,
    state: LayerState,
    write: Tensor | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Return the last token's row of the last block, [batch, hidden].

    Only the last two tokens run through the recurrence, on the sum of the writes before them.

    Args:
        block: the last block.
        hidden: the residual stream behind its first norm, [batch, token, hidden].
        made: its projections.
        state: what the tokens before have left.
        write: factors of the writes, [batch, head, token].
        watch: shown the recurrence, with outputs of the last two tokens only.
    """
    early = slice(0, max(0, hidden.shape[1] - 2))
    before = _tokens(made, early)
    summed = state_after(
        before.key.flatten(0, 1),
        before.value.flatten(0, 1),
        before.log_decay.flatten(0, 1),
        state.wkv.flatten(0, 1),
        None if write is None else write[..., early].flatten(0, 1),
    )
    late = slice(early.stop, None)

    def shown(layer: int, tail: Recurrence) -> None:
        if watch is not None:
            watch(layer, replace(tail, made=made, write=write, before=state.wkv))

    return block.last_row(
        hidden[:, late],
        _tokens(made, late),
        replace(state, wkv=summed.view(state.wkv.shape)),
        write=None if write is None else write[..., late],
        watch=shown,
    )


def _tokens(made: Projections, which: slice) -> Projections:
    return made.map(lambda tensor: tensor[..., which, :])


def _join(parts: Sequence[_Layer]) -> _Layer:
    """Put a layer's pieces of the text together."""
    projections = [part.made for part in parts]
    made = Projections(
        *(
            torch.cat([getattr(each, field.name) for each in projections], dim=-2)
            for field in fields(Projections)
        )
    )
    return _Layer(torch.cat([part.hidden for part in parts], dim=1), made)


def _writes(tracks: Sequence[StateTrack], layer: int, like: Tensor) -> Tensor | None:
    """Return the factors of all plans in a layer, [plan, head, token], None for all 1."""
    heads, length = like.shape[1:3]
    mine = [track.write(layer, heads) for track in tracks]
    if all(write is None for write in mine):
        return None
    plain = torch.ones(heads, length, dtype=torch.float64)
    return torch.stack([plain if write is None else write for write in mine]).to(like)
