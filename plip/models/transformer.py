"""A transformer of the transformers library as a subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from plip.errors import EdgeError, UnsupportedModelError
from plip.models.anatomy import Anatomy
from plip.models.arguments import (
    bad_argument,
    check_capture,
    check_plans,
    check_rows_left,
    check_texts,
    first_after,
    listed,
    one_each,
    single,
)
from plip.models.decoding import AttentionDecoder
from plip.models.forward import Forward, Stop
from plip.models.gather import gather_attention, gather_logits
from plip.models.generation import Decoder
from plip.models.loaded import LoadedSubject
from plip.models.probe import agree, probe_tokens
from plip.models.provenance import Origin, describe
from plip.models.results import Capture, Positions, Prefix, Run, Work
from plip.models.seam import attached, in_session
from plip.models.stream import Piece, blocks_of, pack
from plip.models.sweep import sweep
from plip.models.track import Track
from plip.models.witness import bear_witness
from plip.plan import Plan, Scale, edges
from plip.records import Mechanism, SubjectRecord
from plip.text import Tokens

__all__ = ["TransformerSubject"]


class TransformerSubject(LoadedSubject):
    """A causal transformer, its tokenizer, and what probing it has shown.

    Args:
        model: the model; it is left as it was found after every run.
        tokenizer: a fast tokenizer, or None, with which only `tokenize` fails.
        anatomy: from `plip.models.probe.probe`.
        origin: where it came from.
    """

    def __init__(self, model: nn.Module, tokenizer: Any, anatomy: Anatomy, origin: Origin) -> None:
        super().__init__(model, tokenizer, origin)
        self.anatomy = anatomy

    @property
    def mechanism(self) -> Mechanism:
        """What a plan acts on."""
        return "attention"

    @property
    def heads(self) -> tuple[int, ...]:
        """Query heads of each layer."""
        return self.anatomy.heads

    @property
    def n_layers(self) -> int:
        """How many decoder layers there are."""
        return len(self.anatomy.layers)

    @cached_property
    def context(self) -> int:
        """The longest text in tokens that the model's configuration allows."""
        config: Any = self.model.config
        return int(config.get_text_config().max_position_embeddings)

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

        Args:
            tokens: one sequence or several; there is no padding, so that they do not see it.
            plan: what to change, for all or one for each sequence.
            capture: which rows of attention to keep, for all or one for each sequence.
            positions: which logits to return. With "none" the run ends after the last captured
                layer.
            prefix: the first tokens of a sequence, from `prefill`; they are not computed again,
                and a plan acts on the rows after them.

        Returns:
            Logits, attention and witnesses in the order of the sequences.

        Raises:
            PlanError: a plan that does not fit the model or the text.
            ContextLengthError: a text longer than the model's context.
            WitnessError: a plan that did not do what it says, or did nothing.
        """
        texts = listed(tokens, Tokens)
        prefixes = one_each(prefix, Prefix, len(texts))
        if positions not in ("last", "all", "none"):
            raise bad_argument("positions", "'last', 'all' or 'none'", repr(positions))
        tracks, pieces = self._tracks(
            texts,
            one_each(plan, Plan, len(texts)),
            one_each(capture, Capture, len(texts)),
            prefixes,
            [
                f"sequence {number}" if len(texts) > 1 else "sequence"
                for number in range(len(texts))
            ],
        )
        return self._forward(tracks, pieces, prefixes, positions)[0]

    def prefill(self, tokens: Tokens, *, plan: Plan | None = None) -> Prefix:
        """Compute the first tokens of a text, for runs of texts that begin with them.

        Args:
            tokens: the first tokens.
            plan: what to change in their rows.

        Raises:
            ConfigError: something else than tokens and a plan.
            PlanError, ContextLengthError, WitnessError: as `run`.
        """
        single(tokens, Tokens)
        single(plan, Plan, optional=True)
        tracks, pieces = self._tracks([tokens], [plan], [None], [None], ["sequence"])
        _, session = self._forward(tracks, pieces, [None], "last", keep_from=0)
        return Prefix(tokens.ids, session.kept[0], self.model)

    def sweep(
        self,
        tokens: Sequence[Tokens],
        plans: Sequence[Sequence[Plan | None]],
        *,
        capture: Sequence[Capture | None] | None = None,
    ) -> list[Run]:
        """Run every sequence under several plans, sharing what they have in common.

        One pass over all sequences without a plan gives the baseline, and keeps what stays the
        same; a second one computes, for all plans in one stream, the steered rows of the first
        steered layer, the rows after them in the layers above, and the last row of the last layer.
        A plan that is None or the identity gives the baseline's logits, bit for bit.

        Args:
            tokens: the sequences.
            plans: for each sequence, its plans.
            capture: for each sequence, which rows of attention to keep under every plan.

        Returns:
            For each sequence a run whose batch is its plans; logits at the last token.

        Raises:
            PlanError, ContextLengthError, WitnessError: as `run`.
        """
        texts = listed(tokens, Tokens)
        captures = one_each(capture, Capture, len(texts))
        check_plans(plans, len(texts))
        check_texts(self.model.config, self.name, self.context, texts, [])
        variants = [
            self._tracks(
                [text] * len(mine),
                list(mine),
                [kept] * len(mine),
                [None] * len(mine),
                [f"sequence {number}, plan {which}" for which in range(len(mine))],
            )[0]
            for number, (text, mine, kept) in enumerate(zip(texts, plans, captures, strict=True))
        ]
        if self.shares_work:
            return sweep(self.model, self.anatomy, [text.ids for text in texts], variants)
        return [
            self._repeat(text, mine, kept)
            for text, mine, kept in zip(texts, plans, captures, strict=True)
        ]

    def _repeat(self, text: Tokens, plans: Sequence[Plan | None], capture: Capture | None) -> Run:
        """Run one sequence in full under every plan that changes something, and once without."""
        changed = [plan for plan in plans if plan is not None and not plan.is_identity]
        run = self.run([text] * (len(changed) + 1), plan=[None, *changed], capture=capture)
        rows, witness, seen = [], [], 0
        for plan in plans:
            idle = plan is None or plan.is_identity
            seen += not idle
            rows.append(0 if idle else seen)
            witness.append(bear_witness(plan, [], "") if plan and idle else run.witness[rows[-1]])
        return replace(
            run,
            logits=None if run.logits is None else run.logits[rows],
            attention={layer: weights[rows] for layer, weights in run.attention.items()},
            witness=tuple(witness),
        )

    @cached_property
    def shares_work(self) -> bool:
        """Whether `sweep` shares work; found out by trying it on six tokens.

        Decoder layers that want more than hidden states and positions, or a model that counts its
        rows again behind them, cannot be given chosen rows. `sweep` then runs every plan in full,
        with the same results.
        """
        ids = probe_tokens(self.model)
        plan = Plan(Scale(0.5), edges(query=3, keys=[2]), layers=[self.n_layers // 2])
        tracks = [Track("probe", len(ids), 0, plan, None), Track("probe", len(ids), 0, None, None)]
        plain = [Track("probe", len(ids), 0, None, None), Track("probe", len(ids), 0, plan, None)]
        try:
            shared = sweep(self.model, self.anatomy, [ids], [tracks])[0].logits
        except (EdgeError, UnsupportedModelError, RuntimeError, TypeError, IndexError):
            return False
        full = self._forward(plain, [Piece(ids)] * 2, [None] * 2, "last")[0].logits
        return shared is not None and full is not None and agree(full.flip(0), shared)

    def _decoder(self, tokens: Tokens, plan: Plan | None, *, throughout: bool) -> Decoder:
        check_texts(self.model.config, self.name, self.context, [tokens], [])
        if plan is not None:
            # A plan that goes on has at least one more row than the prompt.
            plan.check(self.heads, len(tokens) + throughout)
        return AttentionDecoder(self._last, self.anatomy, tokens, plan, throughout=throughout)

    def _last(self, session: Forward, pieces: Sequence[Piece]) -> Tensor:
        logits = self._call(session, pieces, "last")
        assert logits is not None  # the run was not stopped
        return logits

    def provenance(self) -> SubjectRecord:
        """Say exactly what was run: hashes of weights and tokenizer, dtype, device."""
        return describe(self.model, self.tokenizer, self.origin)

    def _tracks(
        self,
        texts: Sequence[Tokens],
        plans: Sequence[Plan | None],
        captures: Sequence[Capture | None],
        prefixes: Sequence[Prefix | None],
        names: Sequence[str],
    ) -> tuple[list[Track], list[Piece]]:
        check_texts(self.model.config, self.name, self.context, texts, prefixes)
        tracks, pieces = [], []
        for who, text, plan, capture, prefix in zip(
            names, texts, plans, captures, prefixes, strict=True
        ):
            first = 0 if prefix is None else first_after(who, text, prefix, self.model)
            if plan is not None:
                plan.check(self.heads, len(text))
                check_rows_left(who, plan, first, len(text))
            if capture is not None:
                check_capture(who, capture, self.n_layers, first, len(text))
            tracks.append(Track(who, len(text), first, plan, capture))
            pieces.append(Piece(text.ids[first:], first))
        return tracks, pieces

    def _forward(
        self,
        tracks: Sequence[Track],
        pieces: Sequence[Piece],
        prefixes: Sequence[Prefix | None],
        positions: Positions,
        *,
        keep_from: int | None = None,
    ) -> tuple[Run, Forward]:
        stop_after = None
        if positions == "none":
            captured = [track.capture.layers[-1] for track in tracks if track.capture is not None]
            if not captured:
                raise bad_argument("capture", "rows to capture where no logits are wanted", "none")
            stop_after = max(captured)
        session = Forward(
            self.anatomy,
            blocks_of(pieces),
            tracks,
            past=[None if prefix is None else prefix.memory for prefix in prefixes],
            stop_after=stop_after,
            keep_from=keep_from,
        )
        logits = self._call(session, pieces, positions)
        witness = tuple(
            None if track.plan is None else bear_witness(track.plan, track.evidence, track.who)
            for track in tracks
        )
        work = Work(tuple(session.layer_rows), session.steered_rows)
        return Run(logits, gather_attention(tracks), witness, work), session

    def _call(
        self, session: Forward, pieces: Sequence[Piece], positions: Positions
    ) -> Tensor | None:
        ids, where = pack(pieces, self.device)
        ends = torch.tensor([len(piece.ids) for piece in pieces], device=self.device).cumsum(0) - 1
        options: dict[str, Any] = {}
        if positions == "last" and self.anatomy.keeps_logits:
            options["logits_to_keep"] = ends
        try:
            with torch.no_grad(), attached(self.model), in_session(session):
                output = self.model(input_ids=ids, position_ids=where, use_cache=False, **options)
        except Stop:
            return None
        if positions == "none":
            return None
        logits = output.logits
        if positions == "last" and not options:
            logits = logits[:, ends]
        return gather_logits(logits[0], pieces, positions)
