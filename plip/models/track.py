"""One sequence on its way through the layers: which of its rows are steered or captured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from plip.errors import EdgeError, EmptyRowError, WitnessError
from plip.kernels import (
    Visibility,
    edge_logit,
    edge_mass,
    expected_mass,
    operate,
    row_output,
    row_scores,
    row_weights,
    rows_per_block,
)
from plip.models.results import Capture
from plip.models.witness import RowsEvidence, StepEvidence
from plip.plan import ALL, Plan, SetValue, Step

__all__ = ["LayerInput", "Track"]


@dataclass(frozen=True, slots=True)
class LayerInput:
    """What the attention of one sequence works on in one layer.

    Args:
        layer: the layer.
        query: [head, row, dim], the rows that are computed.
        key: [key-value head, key, dim], every key from position 0.
        value: [key-value head, key, dim].
        scaling: multiplies the scores.
        softcap: caps the scores, or None.
        visibility: which keys a row may see.
    """

    layer: int
    query: Tensor
    key: Tensor
    value: Tensor
    scaling: float
    softcap: float | None
    visibility: Visibility


@dataclass(slots=True)
class Track:
    """A sequence, its plan, and what is learned about it on the way.

    Args:
        who: names the sequence in errors.
        n_tokens: its length.
        first: position of the first row that is computed; earlier ones come from a prefix.
        plan: what to change, or None.
        capture: which rows to keep, or None.
        evidence: what the plan did, by layer.
        rows: kept rows, by layer and query, [head, key].
    """

    who: str
    n_tokens: int
    first: int
    plan: Plan | None
    capture: Capture | None
    evidence: list[RowsEvidence] = field(default_factory=list)
    rows: dict[tuple[int, int], Tensor] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether none of its rows is steered or kept, in any layer."""
        return self.plan is None and self.capture is None

    def steps(self, layer: int) -> list[tuple[int, Step]]:
        """Return the plan's steps that can change this layer, with their indices."""
        if self.plan is None:
            return []
        return [
            (index, step)
            for index, step in enumerate(self.plan.steps)
            if not step.operation.is_identity and (step.layers is ALL or layer in step.layers)
        ]

    def steered(self, layer: int) -> list[int]:
        """Return the positions of the rows that the plan changes in this layer, sorted."""
        found: set[int] = set()
        for _, step in self.steps(layer):
            found.update(step.edges.query_positions(self.n_tokens))
        return sorted(position for position in found if position >= self.first)

    def captured(self, layer: int) -> list[int]:
        """Return the positions of the rows to keep in this layer."""
        if self.capture is None or layer not in self.capture.layers:
            return []
        return [position for position in self.capture.queries if position >= self.first]

    def attend(self, data: LayerInput, rows: Sequence[int], out: Tensor | None) -> int:
        """Compute steered and captured rows again and put the steered ones into the output.

        Args:
            data: the layer's queries, keys and values.
            rows: absolute positions of the rows of `data.query`.
            out: [row, head, dim], overwritten in steered rows; None if nobody wants it.

        Returns:
            How many rows had edges and were steered.

        Raises:
            EmptyRowError: a row lost all its mass.
            EdgeError: a listed edge lies outside the layer's window.
            OperationError: SetValue asks a row for more than all of its attention.
            WitnessError: the model's own scores are not numbers.
        """
        steered = set(self.steered(data.layer))
        here = {position for position in self.captured(data.layer) if position in rows}
        wanted = sorted(steered | here)
        if not wanted:
            return 0
        index = [rows.index(position) for position in wanted]
        heads, keys = data.query.shape[0], data.key.shape[1]
        size = rows_per_block(heads, keys)
        count = 0
        for start in range(0, len(wanted), size):
            block = slice(start, start + size)
            count += self._attend_block(data, wanted[block], index[block], out)
        return count

    def _attend_block(
        self,
        data: LayerInput,
        positions: list[int],
        index: list[int],
        out: Tensor | None,
    ) -> int:
        device = data.query.device
        where = torch.tensor(positions, device=device)
        every = torch.arange(data.key.shape[1], device=device)
        visible = data.visibility.mask(where, every)
        scores = row_scores(
            data.query[:, torch.tensor(index, device=device)],
            data.key,
            visible,
            scaling=data.scaling,
            softcap=data.softcap,
        )
        changed, met, steps = self._operate(data, scores, where, visible)
        weights = row_weights(changed)
        touched = [number for number, any_head in enumerate(met.any(0).tolist()) if any_head]
        if touched:
            chosen = torch.tensor(touched, device=device)
            mine = weights[:, chosen]
            self.evidence.append(
                RowsEvidence(
                    layer=data.layer,
                    rows=len(touched),
                    row_sum_error=(mine.sum(-1) - 1).abs().max(),
                    forbidden=mine.masked_fill(visible[chosen], 0).sum(-1).max(),
                    steps=steps,
                )
            )
            if out is not None:
                # Heads without edges in a row keep what SDPA gave them, bit for bit.
                rows = torch.tensor([index[number] for number in touched], device=device)
                mixed = row_output(mine, data.value).transpose(0, 1).to(out.dtype)
                out[rows] = torch.where(met[:, chosen].T[..., None], mixed, out[rows])
        kept = set(self.captured(data.layer))
        for number, position in enumerate(positions):
            if position in kept:
                self.rows[data.layer, position] = weights[:, number]
        return len(touched)

    def _operate(
        self, data: LayerInput, scores: Tensor, where: Tensor, visible: Tensor
    ) -> tuple[Tensor, Tensor, tuple[StepEvidence, ...]]:
        """Carry out the steps on scores; say which heads and rows had edges, [head, row]."""
        found: list[StepEvidence] = []
        given = scores
        every = torch.zeros(scores.shape[:2], dtype=torch.bool, device=scores.device)
        for number, step in self.steps(data.layer):
            edges = _edge_mask(step, where, visible)
            count = edges.sum(-1)
            if step.edges.listed:
                self._check_listed(step, data.layer, where, count)
            if isinstance(step.operation, SetValue):
                step.operation.check_total(int(count.max()), f"{self.who}, layer {data.layer}, ")
            edges = edges & _head_mask(step, scores)
            logit = edge_logit(scores, edges)
            was = row_weights(scores)
            scores = operate(scores, edges, step.operation)
            now = row_weights(scores)
            self._check_rows(data.layer, step, given, now, where)
            met = edges.any(-1)
            every |= met
            expected = expected_mass(logit, edges.sum(-1), step.operation)
            before, after = edge_mass(was, edges), edge_mass(now, edges)
            # A value may be set without moving the mass. Scaling a whole row only looks as if it
            # moved weights, by rounding.
            if isinstance(step.operation, SetValue):
                change = _largest_change(was, now, edges)
            else:
                change = _largest_change(before, after, met)
            found.append(
                StepEvidence(
                    step=number,
                    before=before[met],
                    after=after[met],
                    expected=expected[met],
                    rows=int((count > 0).sum()),
                    change=change,
                )
            )
        return scores, every, tuple(found)

    def _check_listed(self, step: Step, layer: int, where: Tensor, count: Tensor) -> None:
        queries = step.edges.query_positions(self.n_tokens)
        for position, visible in zip(where.tolist(), count.tolist(), strict=True):
            if position in queries and visible < step.edges.key_count(position):
                raise EdgeError(
                    f"{self.who}, layer {layer}, query {position}",
                    wanted=f"every key of {step.edges} to be visible",
                    found=f"{step.edges.key_count(position) - visible} outside the layer's window",
                    advice="steer a layer with full attention, or edges within the window",
                    details={"layer": layer, "query": position},
                )

    def _check_rows(
        self, layer: int, step: Step, scores: Tensor, weights: Tensor, where: Tensor
    ) -> None:
        if not bool(torch.isnan(weights).any()):
            return
        if bool(torch.isnan(scores).any()):
            raise WitnessError(
                f"{self.who}, layer {layer}",
                wanted="attention scores that are numbers",
                found="NaN, before anything was steered",
                advice="the model overflows in its dtype: load it in float32 or bfloat16",
                details={"layer": layer},
            )
        head, row = torch.isnan(weights).any(-1).nonzero()[0].tolist()
        query = int(where[row])
        raise EmptyRowError(
            f"{self.who}, layer {layer}, head {head}, query {query}",
            wanted="a visible key beside the edges to take the rest of the row",
            found=f"{step.operation} on all that the row still attends to",
            advice="leave the row another key, such as the query itself",
            details={"layer": layer, "head": head, "query": query},
        )


def _largest_change(was: Tensor, now: Tensor, where: Tensor) -> Tensor:
    """Return the largest change of some values, relative to the larger; 0 of none."""
    larger = torch.maximum(was, now).clamp(min=torch.finfo(now.dtype).tiny)
    return torch.where(where, (now - was).abs() / larger, 0).max()


def _edge_mask(step: Step, where: Tensor, visible: Tensor) -> Tensor:
    """Return the visible edges of a step, bool [row, key]."""
    edges = step.edges
    keys = torch.arange(visible.shape[1], device=where.device)
    mask = visible
    if edges.queries is not ALL:
        mask = mask & torch.isin(where, torch.tensor(edges.queries, device=where.device))[:, None]
    if edges.keys is not ALL:
        mask = mask & torch.isin(keys, torch.tensor(edges.keys, device=where.device))[None, :]
    if not edges.own and not edges.listed:
        mask = mask & (keys[None, :] != where[:, None])
    return mask


def _head_mask(step: Step, scores: Tensor) -> Tensor:
    """Return the heads of a step, bool [head, 1, 1]."""
    mask = torch.ones(scores.shape[0], 1, 1, dtype=torch.bool, device=scores.device)
    if step.heads is not ALL:
        mask.zero_()
        mask[list(step.heads)] = True
    return mask
