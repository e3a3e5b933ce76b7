"""Many plans on the same sequences, at the cost of what they change.

Attention looks backwards only, and a plan first acts at layer L and row r. So below L nothing
changes; in L only the steered rows do; above L only rows from r on; and in the last layer only the
last row is asked for, beside rows that are steered or captured there. One stream without plans
gives all the rest: `_Baseline` keeps it, `_Variants` uses it. The model's own forward pass drives
both: hooks choose which rows of the stream a decoder layer gets, the seam supplies their keys and
values. See docs/decisions/0005-sharing-work.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from plip.models.anatomy import Anatomy
from plip.models.gather import gather_attention, gather_logits
from plip.models.results import Run, Work
from plip.models.seam import Call, attached, in_session
from plip.models.staged import Staged
from plip.models.stream import Piece, pack
from plip.models.track import Track
from plip.models.witness import bear_witness

__all__ = ["sweep"]


class _Baseline(Staged):
    """Every sequence once, without a plan; keeps what steered copies will need.

    Args:
        anatomy: the model's layers.
        pieces: the sequences.
        tracks: a track without a plan for each.
        entry: the first steered layer, None where no plan changes anything.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        pieces: Sequence[Piece],
        tracks: Sequence[Track],
        entry: int | None,
    ) -> None:
        last = len(anatomy.layers) - 1
        keep_from = last if entry is None else entry
        super().__init__(anatomy, pieces, tracks, past=[None] * len(tracks), keep_from=keep_from)
        self.entry = entry
        self.hidden: dict[int, Tensor] = {}
        self.choose(
            last,
            [tuple(sorted({track.n_tokens - 1, *track.captured(last)})) for track in tracks],
        )

    def enter(self, layer: int, hidden: Tensor) -> Tensor:
        """Keep what goes into the first steered layer and the one above it."""
        if self.entry is not None and layer in (self.entry, self.entry + 1):
            self.hidden[layer] = hidden
        return hidden[:, self.index(layer)] if layer == self.last else hidden

    def leave(self, layer: int, hidden: Tensor) -> Tensor:
        """Hand on the last tokens only, out of the last layer."""
        return hidden[:, self.ends()] if layer == self.last else hidden


class _Variants(Staged):
    """The steered copies: the rows that their plans change.

    Args:
        anatomy: the model's layers.
        pieces: of each copy, the tokens from its first steered row on.
        tracks: the copies.
        baseline: the pass without plans.
        owners: for each copy, the number of its sequence in the baseline.
        entry: the first steered layer.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        pieces: Sequence[Piece],
        tracks: Sequence[Track],
        baseline: _Baseline,
        owners: Sequence[int],
        entry: int,
    ) -> None:
        past = [
            {
                layer: (key[:, : track.first], value[:, : track.first])
                for layer, (key, value) in baseline.kept[owner].items()
            }
            for owner, track in zip(owners, tracks, strict=True)
        ]
        last = len(anatomy.layers) - 1
        super().__init__(anatomy, pieces, tracks, past=past, keep_from=last)
        self.baseline = baseline
        self.owners = owners
        self.entry = entry
        # Where each row of this stream lies in the stream of the baseline.
        self.source = [
            baseline.start_of(owner) + position
            for owner, track in zip(owners, tracks, strict=True)
            for position in range(track.first, track.n_tokens)
        ]
        for layer in range(entry):
            self.choose(layer, [(tracks[0].first,)])
        self.choose(last, [self._final_rows(track) for track in tracks])
        if entry < last:
            self.choose(entry, [tuple(track.steered(entry)) for track in tracks])

    def _final_rows(self, track: Track) -> tuple[int, ...]:
        captured = [] if self.entry == self.last else track.captured(self.last)
        return tuple(sorted({track.n_tokens - 1, *track.steered(self.last), *captured}))

    def needs_keys(self, layer: int) -> bool:
        """The keys of the first steered layer are the baseline's."""
        return self.entry < layer

    def keys_values(self, track: int, layer: int) -> tuple[Tensor, Tensor]:
        """Return a copy's keys and values; in the first steered layer, its sequence's."""
        if layer == self.entry:
            return self.baseline.kept[self.owners[track]][layer]
        return super().keys_values(track, layer)

    def attend(self, call: Call) -> Tensor:
        """Compute attention from the first steered layer on; below, one row stands idle."""
        if call.layer < self.entry:
            self.layer_rows[call.layer] += call.query.shape[2]
            heads, rows = call.query.shape[1:3]
            return call.query.new_zeros(1, rows, heads, call.value.shape[-1])
        return super().attend(call)

    def enter(self, layer: int, hidden: Tensor) -> Tensor:
        """Take the steered rows from the baseline where they first differ."""
        if layer < self.entry:
            return hidden[:, :1]
        if layer == self.entry:
            chosen = [self.source[row] for row in self.index(layer)]
            return self.baseline.hidden[layer][:, chosen]
        return hidden[:, self.index(layer)] if layer == self.last else hidden

    def leave(self, layer: int, hidden: Tensor) -> Tensor:
        """Put the steered rows among those of the baseline; hand on last tokens at the end."""
        if layer == self.last:
            return hidden[:, self.ends()]
        if layer != self.entry:
            return hidden
        stream = self.baseline.hidden[layer + 1][:, self.source]
        stream[:, self.index(layer)] = hidden
        return stream


def sweep(
    model: nn.Module,
    anatomy: Anatomy,
    texts: Sequence[tuple[int, ...]],
    variants: Sequence[Sequence[Track]],
) -> list[Run]:
    """Run every sequence under several plans; see `TransformerSubject.sweep`.

    Args:
        model: the model.
        anatomy: its layers.
        texts: the token ids of each sequence.
        variants: for each sequence a track for each plan.

    Returns:
        For each sequence a run whose batch is its plans.
    """
    changed = [track for mine in variants for track in mine if _layers(track, anatomy)]
    entry = min((min(_layers(track, anatomy)) for track in changed), default=None)
    pieces = [Piece(ids) for ids in texts]
    tracks = [replace(mine[0], plan=None, evidence=[], rows={}) for mine in variants]
    baseline = _Baseline(anatomy, pieces, tracks, entry)
    plain = _forward(model, baseline, pieces)
    if entry is None:
        return [
            _collect(anatomy, mine, tracks[owner], plain[owner], {}, (baseline,))
            for owner, mine in enumerate(variants)
        ]
    copies: list[Track] = []
    owners: list[int] = []
    for owner, mine in enumerate(variants):
        steered = [track for track in mine if _layers(track, anatomy)]
        for track in steered:
            track.first = min(min(_first_rows(other, anatomy)) for other in steered)
            copies.append(track)
            owners.append(owner)
    suffixes = [
        Piece(texts[owner][track.first :], track.first)
        for owner, track in zip(owners, copies, strict=True)
    ]
    session = _Variants(anatomy, suffixes, copies, baseline, owners, entry)
    logits = _forward(model, session, suffixes)
    found = {id(track): logits[number] for number, track in enumerate(copies)}
    return [
        _collect(anatomy, mine, tracks[owner], plain[owner], found, (baseline, session))
        for owner, mine in enumerate(variants)
    ]


def _layers(track: Track, anatomy: Anatomy) -> list[int]:
    """Return the layers in which a track's plan can change something."""
    return [layer for layer in range(len(anatomy.layers)) if track.steps(layer)]


def _first_rows(track: Track, anatomy: Anatomy) -> list[int]:
    return [track.steered(layer)[0] for layer in _layers(track, anatomy)]


def _forward(model: nn.Module, session: Staged, pieces: Sequence[Piece]) -> Tensor:
    """Send a stream through the model; return the logits of each piece's last token."""
    ids, positions = pack(pieces, next(model.parameters()).device)
    with torch.no_grad(), attached(model), in_session(session), session.hooked():
        output = model(input_ids=ids, position_ids=positions, use_cache=False)
    return gather_logits(output.logits[0], pieces, "last")


def _collect(
    anatomy: Anatomy,
    tracks: Sequence[Track],
    baseline: Track,
    plain: Tensor,
    found: Mapping[int, Tensor],
    sessions: Sequence[Staged],
) -> Run:
    """Make the run of one sequence: what its copies changed, over what they did not."""
    for track in tracks:
        track.rows = {**baseline.rows, **track.rows}
    layer_rows = tuple(
        sum(session.layer_rows[layer] for session in sessions)
        for layer in range(len(anatomy.layers))
    )
    return Run(
        logits=torch.stack([found.get(id(track), plain) for track in tracks]),
        attention=gather_attention(tracks),
        witness=tuple(
            None if track.plan is None else bear_witness(track.plan, track.evidence, track.who)
            for track in tracks
        ),
        work=Work(
            layer_rows,
            sum(session.steered_rows for session in sessions),
            sum(session.key_rows for session in sessions),
        ),
    )
