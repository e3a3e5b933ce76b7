"""What a run can prove about steered writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from plip.errors import NoEffectError, WitnessError
from plip.kernels import effective_weights, state_after
from plip.models.rwkv6.writes import factors, positions
from plip.plan import Operation, Plan, Step

__all__ = ["LayerRecurrence", "StateWitness", "WriteWitness", "bear_state_witness", "examine"]

# The recurrence runs in float32; its own error stays below 1e-6 of the norm.
_TOLERANCE = 1e-4
# A relative change of the state below this is rounding, not an intervention.
_UNCHANGED = 1e-6


@dataclass(frozen=True, slots=True)
class WriteWitness:
    """What one step of a plan did to the state of one layer.

    It says what was written and what is left of it in the state. It does not say that the token
    was removed: token shift carries the token itself into the next one's input, whatever is
    written.

    Args:
        layer: the layer.
        operation: what was done.
        writes: how many tokens' writes were scaled.
        state_before: ‖S‖ right after the last of them without this step, over the steered heads.
        state_after: the same with it.
        largest_change: ‖S' − S‖ there, relative to the larger of the two norms, of any head.
        remaining: ‖S' − S‖ / ‖S‖ at the end of the text: what the state still holds of it.
        largest_error: how far the run's own state at the end, its output at the last token, and at
            the first token that reads the last steered write, lie from their closed forms,
            relative to the norms of these.
    """

    layer: int
    operation: Operation
    writes: int
    state_before: float
    state_after: float
    largest_change: float
    remaining: float
    largest_error: float


@dataclass(frozen=True, slots=True)
class StateWitness:
    """What a plan did to the state on one sequence's way.

    Args:
        steps: an entry for each step and layer, in the order of the steps; none for an identity.
    """

    steps: tuple[WriteWitness, ...]

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers whose writes were scaled."""
        return tuple(sorted({step.layer for step in self.steps}))

    @property
    def writes(self) -> int:
        """Writes that were scaled, over all steps and layers."""
        return sum(step.writes for step in self.steps)


@dataclass(frozen=True, slots=True)
class LayerRecurrence:
    """The recurrence of one sequence in one layer, in float64 on the CPU.

    Args:
        receptance: [head, token, dim].
        key: likewise.
        value: likewise.
        log_decay: likewise.
        bonus: [head, dim].
        before: S before the first token, [head, key dim, value dim].
        output: o as it was computed, [head, token, dim].
        after: S after the last token as it was computed.
    """

    receptance: Tensor
    key: Tensor
    value: Tensor
    log_decay: Tensor
    bonus: Tensor
    before: Tensor
    output: Tensor
    after: Tensor

    def state(self, write: Tensor, stop: int) -> Tensor:
        """Return S after the first `stop` tokens in closed form."""
        return state_after(
            self.key[:, :stop],
            self.value[:, :stop],
            self.log_decay[:, :stop],
            self.before,
            write[:, :stop],
        )

    def row(self, write: Tensor, query: int) -> Tensor:
        """Return o of one token in closed form, [head, dim]."""
        weights = effective_weights(
            self.receptance, self.key, self.log_decay, self.bonus, query, write
        )
        entering = self.log_decay[:, :query].sum(1).exp() * self.receptance[:, query]
        read: Tensor = (entering[:, None] @ self.before)[:, 0]
        return read + (weights[:, None] @ self.value[:, : query + 1])[:, 0]


def examine(
    layer: int, seen: LayerRecurrence, steps: Sequence[tuple[int, Step]], first: int, n_tokens: int
) -> list[tuple[int, WriteWitness]]:
    """Compare what a layer did with what its steps say.

    Args:
        layer: the layer.
        seen: its recurrence of the tokens from `first`.
        steps: those that change it, with their indices in the plan.
        first: position of the first token.
        n_tokens: length of the text.

    Returns:
        An entry for each step, with its index.
    """
    heads = seen.key.shape[0]
    listed = [step for _, step in steps]
    error = _error(seen, factors(listed, heads, first, n_tokens), listed, first, n_tokens)
    found = []
    for number, (index, step) in enumerate(steps):
        without = factors(listed[:number], heads, first, n_tokens)
        steered = factors(listed[: number + 1], heads, first, n_tokens)
        at = positions(step, first, n_tokens)
        which = slice(None) if not isinstance(step.heads, tuple) else list(step.heads)
        here = at[-1] - first + 1
        before, after = seen.state(without, here)[which], seen.state(steered, here)[which]
        end = n_tokens - first
        plain, final = seen.state(without, end)[which], seen.state(steered, end)[which]
        found.append(
            (
                index,
                WriteWitness(
                    layer=layer,
                    operation=step.operation,
                    writes=len(at),
                    state_before=float(before.norm()),
                    state_after=float(after.norm()),
                    largest_change=float(_relative_change(before, after).max()),
                    remaining=float((final - plain).norm() / plain.norm()),
                    largest_error=error,
                ),
            )
        )
    return found


def _relative_change(before: Tensor, after: Tensor) -> Tensor:
    """Return ‖S' − S‖ / max(‖S‖, ‖S'‖) of each head, 0 where both are 0."""
    larger = torch.maximum(before.norm(dim=(1, 2)), after.norm(dim=(1, 2)))
    change = (after - before).norm(dim=(1, 2))
    return torch.where(larger > 0, change / larger, torch.zeros_like(change))


def _error(
    seen: LayerRecurrence, write: Tensor, steps: Sequence[Step], first: int, n_tokens: int
) -> float:
    last = n_tokens - first - 1
    expected = seen.state(write, last + 1)
    errors = [(seen.after - expected).norm() / _norm(expected)]
    reading = {min(positions(step, first, n_tokens)[-1] - first + 1, last) for step in steps} | {
        last
    }
    for query in sorted(reading):
        row = seen.row(write, query)
        errors.append((seen.output[:, query] - row).norm() / _norm(row))
    # Python's max may drop a NaN; this does not.
    return float(torch.stack(errors).max())


def _norm(tensor: Tensor) -> Tensor:
    """Return the norm, or 1 where it is 0: the error of a quantity that must be 0 is absolute."""
    norm = tensor.norm()
    return norm if float(norm) > 0 else torch.ones_like(norm)


def bear_state_witness(
    plan: Plan, evidence: Sequence[tuple[int, WriteWitness]], who: str
) -> StateWitness:
    """Check what a plan did to one sequence, and say it.

    Args:
        plan: what should have been done.
        evidence: what `examine` found in each layer.
        who: names the sequence in errors.

    Raises:
        NoEffectError: a step that is not the identity met no write, or changed no state.
        WitnessError: a state or output that misses its closed form.
    """
    steps: list[WriteWitness] = []
    for index, step in enumerate(plan.steps):
        mine = sorted(
            (item for number, item in evidence if number == index), key=lambda item: item.layer
        )
        if not step.operation.is_identity and not any(
            item.largest_change > _UNCHANGED for item in mine
        ):
            raise NoEffectError(
                who,
                wanted=f"{step.operation} to change what is written into the state",
                found="the same state before and after"
                if mine
                else "no such write among the tokens that were computed",
                advice="check positions, heads and layers against the text",
                details={"operation": repr(step.operation)},
            )
        steps += mine
    wrong = [item for item in steps if not item.largest_error <= _TOLERANCE]
    if wrong:
        raise WitnessError(
            who,
            wanted="a state and an output that reach the plan's closed form",
            found="; ".join(
                f"{item.operation} in layer {item.layer} missing it by {item.largest_error:.3g}"
                for item in wrong
            ),
            advice="do not use this run: report the model and the plan",
            details={"layers": [item.layer for item in wrong]},
        )
    return StateWitness(tuple(steps))
