"""An RWKV-6 as a subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from plip.errors import ConfigError
from plip.kernels import rows_dtype
from plip.models.arguments import (
    bad_argument,
    check_capture,
    check_plans,
    check_texts,
    first_after,
    listed,
    one_each,
    single,
)
from plip.models.gather import gather_attention
from plip.models.generation import Decoder
from plip.models.loaded import LoadedSubject
from plip.models.provenance import Origin, describe
from plip.models.results import Capture, Positions, Prefix, Run, Work
from plip.models.rwkv6.block import Recurrence
from plip.models.rwkv6.decoding import StateDecoder
from plip.models.rwkv6.modeling import Rwkv6ForCausalLM
from plip.models.rwkv6.state import Rwkv6State, stack
from plip.models.rwkv6.sweep import sweep
from plip.models.rwkv6.track import StateTrack
from plip.models.rwkv6.witness import bear_state_witness
from plip.models.rwkv6.writes import check_writes
from plip.models.witness import Witness
from plip.plan import Plan
from plip.records import Mechanism, SubjectRecord
from plip.text import Tokens

__all__ = ["Rwkv6Subject"]


class _Stop(Exception):
    """Ends a run whose logits nobody wants."""


class Rwkv6Subject(LoadedSubject):
    """An RWKV-6 and its tokenizer.

    A plan steers what tokens write into the recurrent state, `into(position)` only. What is
    captured as attention is effective attention: the weights that the recurrence gives to earlier
    tokens' values, negative ones set to 0, the rest divided by their sum. A row without any
    positive weight is 0 throughout.

    Args:
        model: the model; a run leaves it as it was.
        tokenizer: one that gives spans, or None, with which only `tokenize` fails.
        origin: where it came from.

    Source: STEERING_RESULTS.md §8.
    """

    def __init__(self, model: Rwkv6ForCausalLM, tokenizer: Any, origin: Origin) -> None:
        super().__init__(model, tokenizer, origin)
        self.model: Rwkv6ForCausalLM = model

    @property
    def mechanism(self) -> Mechanism:
        """What a plan acts on."""
        return "state"

    @property
    def heads(self) -> tuple[int, ...]:
        """Heads of each block."""
        return (self.model.config.n_heads,) * self.n_layers

    @property
    def n_layers(self) -> int:
        """How many blocks there are."""
        return int(self.model.config.num_hidden_layers)

    @property
    def context(self) -> int:
        """The longest text in tokens that the model's configuration allows."""
        return int(self.model.config.max_position_embeddings)

    def run(
        self,
        tokens: Tokens | Sequence[Tokens],
        *,
        plan: Plan | Sequence[Plan | None] | None = None,
        capture: Capture | Sequence[Capture | None] | None = None,
        positions: Positions = "last",
        prefix: Prefix | Sequence[Prefix | None] | None = None,
    ) -> Run:
        """Run one or several sequences, each with its own plan.

        A steered write reaches later tokens only: the logits of its own token stay as they were.

        Args:
            tokens: one sequence or several; shorter ones are filled up, which they do not see.
            plan: which writes to scale, for all or one for each sequence.
            capture: which rows of effective attention to keep, for all or one for each sequence;
                not with a prefix, whose tokens' writes are no longer told apart.
            positions: which logits to return. With "none" the run ends after the last captured
                layer.
            prefix: the first tokens of a sequence, from `prefill`; their state is taken up.

        Returns:
            Logits, effective attention and witnesses in the order of the sequences.

        Raises:
            PlanError: a plan that does not fit the model or the text.
            ContextLengthError: a text longer than the model's context.
            WitnessError: a plan that did not do what it says, or did nothing.
        """
        texts = listed(tokens, Tokens)
        if positions not in ("last", "all", "none"):
            raise bad_argument("positions", "'last', 'all' or 'none'", repr(positions))
        prefixes = one_each(prefix, Prefix, len(texts))
        tracks = self._tracks(
            texts,
            one_each(plan, Plan, len(texts)),
            one_each(capture, Capture, len(texts)),
            prefixes,
            [
                f"sequence {number}" if len(texts) > 1 else "sequence"
                for number in range(len(texts))
            ],
        )
        return self._forward(texts, tracks, prefixes, positions)[0]

    def prefill(self, tokens: Tokens, *, plan: Plan | None = None) -> Prefix:
        """Compute the state after the first tokens of a text, for runs that go on from it.

        Args:
            tokens: the first tokens.
            plan: which of their writes to scale.

        Raises:
            ConfigError: something else than tokens and a plan.
            PlanError, ContextLengthError, WitnessError: as `run`.
        """
        single(tokens, Tokens)
        single(plan, Plan, optional=True)
        tracks = self._tracks([tokens], [plan], [None], [None], ["sequence"])
        _, state = self._forward([tokens], tracks, [None], "last")
        return Prefix(tokens.ids, state, self.model)

    def sweep(
        self,
        tokens: Sequence[Tokens],
        plans: Sequence[Sequence[Plan | None]],
        *,
        capture: Sequence[Capture | None] | None = None,
    ) -> list[Run]:
        """Run every sequence under several plans, sharing what they have in common.

        Below the lowest steered layer and before the first steered write nothing changes. One pass
        without a plan gives the baseline, the state before that write and what enters that layer;
        from there on, plans that begin at the same place run as one batch.

        Args:
            tokens: the sequences.
            plans: for each sequence, its plans.
            capture: for each sequence, which rows of effective attention to keep.

        Returns:
            For each sequence a run whose batch is its plans; logits at the last token. A plan that
            is None or the identity gives the baseline's logits, bit for bit.

        Raises:
            PlanError, ContextLengthError, WitnessError: as `run`.
        """
        texts = listed(tokens, Tokens)
        captures = one_each(capture, Capture, len(texts))
        check_plans(plans, len(texts))
        tracks = [
            self._tracks(
                [text] * len(mine),
                list(mine),
                [kept] * len(mine),
                [None] * len(mine),
                [f"sequence {number}, plan {which}" for which in range(len(mine))],
            )
            for number, (text, mine, kept) in enumerate(zip(texts, plans, captures, strict=True))
        ]
        with torch.no_grad():
            return [
                sweep(self.model, text.ids, mine) for text, mine in zip(texts, tracks, strict=True)
            ]

    def _decoder(self, tokens: Tokens, plan: Plan | None, *, throughout: bool) -> Decoder:
        # What was written in the prompt is read throughout: there is nothing more to do later.
        tracks = self._tracks([tokens], [plan], [None], [None], ["prompt"])
        run, state = self._forward([tokens], tracks, [None], "last")
        assert run.logits is not None  # the run was not stopped
        assert state is not None
        (witness,) = run.witness
        assert not isinstance(witness, Witness)  # which is of attention
        return StateDecoder(self.model, run.logits[0], state, witness)

    def provenance(self) -> SubjectRecord:
        """Say exactly what was run: hashes of weights and tokenizer, dtype, device."""
        return describe(self.model, self.tokenizer, self.origin, attention="recurrence")

    def _tracks(
        self,
        texts: Sequence[Tokens],
        plans: Sequence[Plan | None],
        captures: Sequence[Capture | None],
        prefixes: Sequence[Prefix | None],
        names: Sequence[str],
    ) -> list[StateTrack]:
        check_texts(self.model.config, self.name, self.context, texts, prefixes)
        tracks = []
        for who, text, plan, capture, prefix in zip(
            names, texts, plans, captures, prefixes, strict=True
        ):
            first = 0 if prefix is None else first_after(who, text, prefix, self.model)
            if plan is not None:
                check_writes(who, plan, self.heads, first, len(text))
            if capture is not None:
                _check_no_prefix(who, prefix)
                check_capture(who, capture, self.n_layers, first, len(text))
            tracks.append(StateTrack(who, len(text), first, plan, capture))
        return tracks

    def _forward(
        self,
        texts: Sequence[Tokens],
        tracks: Sequence[StateTrack],
        prefixes: Sequence[Prefix | None],
        positions: Positions,
    ) -> tuple[Run, Rwkv6State | None]:
        stop_after = _stop_after(tracks) if positions == "none" else None
        rows = [0] * self.n_layers
        lengths = [track.n_tokens - track.first for track in tracks]

        def watch(layer: int, recurrence: Recurrence) -> None:
            rows[layer] = sum(lengths)
            for entry, track in enumerate(tracks):
                track.see(layer, recurrence, entry)
            if layer == stop_after:
                raise _Stop

        ids = torch.zeros(len(texts), max(lengths), dtype=torch.long)
        mask = torch.zeros(ids.shape, dtype=torch.bool)
        for entry, (text, track) in enumerate(zip(texts, tracks, strict=True)):
            ids[entry, : lengths[entry]] = torch.tensor(text.ids[track.first :])
            mask[entry, : lengths[entry]] = True
        ids, mask = ids.to(self.device), mask.to(self.device)
        options: dict[str, Any] = {"writes": self._writes(tracks, ids.shape[1]), "watch": watch}
        options["past_key_values"] = self._state(prefixes)
        logits, state = None, None
        with torch.no_grad():
            try:
                output = self.model.rwkv(
                    input_ids=ids, attention_mask=mask, use_cache=True, **options
                )
            except _Stop:
                pass
            else:
                state = output.past_key_values
                logits = self._logits(output.last_hidden_state, lengths, positions)
        witness = tuple(
            None
            if track.plan is None
            else bear_state_witness(track.plan, track.evidence, track.who)
            for track in tracks
        )
        run = Run(logits, gather_attention(tracks), witness, Work(tuple(rows), 0))
        return run, state

    def _writes(self, tracks: Sequence[StateTrack], length: int) -> Mapping[int, Tensor]:
        found = {}
        dtype = rows_dtype(self.model.dtype)
        for layer, heads in enumerate(self.heads):
            mine = [track.write(layer, heads) for track in tracks]
            if all(write is None for write in mine):
                continue
            batch = torch.ones(len(tracks), heads, length, dtype=dtype)
            for entry, write in enumerate(mine):
                if write is not None:
                    batch[entry, :, : write.shape[1]] = write
            found[layer] = batch.to(self.device)
        return found

    def _state(self, prefixes: Sequence[Prefix | None]) -> Rwkv6State | None:
        if all(prefix is None for prefix in prefixes):
            return None
        empty = Rwkv6State.empty(self.model.config, 1, self.model.dtype, self.device)
        return stack([empty if prefix is None else prefix.memory for prefix in prefixes])

    def _logits(
        self, hidden: Tensor, lengths: Sequence[int], positions: Positions
    ) -> Tensor | None:
        if positions == "none":
            return None
        dtype = rows_dtype(self.model.dtype)
        if positions == "last":
            ends = torch.tensor(lengths, device=hidden.device) - 1
            rows = hidden[torch.arange(len(lengths), device=hidden.device), ends]
            logits: Tensor = self.model.head(rows)
            return logits.to(dtype)
        logits = self.model.head(hidden).to(dtype)
        for entry, length in enumerate(lengths):
            logits[entry, length:] = torch.nan
        return logits


def _stop_after(tracks: Sequence[StateTrack]) -> int:
    captured = [track.capture.layers[-1] for track in tracks if track.capture is not None]
    if not captured:
        raise bad_argument("capture", "rows to capture where no logits are wanted", "none")
    return max(captured)


def _check_no_prefix(who: str, prefix: Prefix | None) -> None:
    if prefix is not None:
        raise ConfigError(
            f"{who}, capture",
            wanted="the whole text, where effective attention is captured",
            found=f"a prefix of {len(prefix.ids)} tokens, whose writes are one state by now",
            advice="run the text without a prefix",
        )
