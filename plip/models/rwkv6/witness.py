"""What a run can prove about steered writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from plip.errors import NoEffectError, WitnessError
from plip.kernels import state_after
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
        largest_change: ‖S' − S‖ there, relative to the larger of the two norms, of any head; where
            that is nothing, right after whichever earlier write of the step changed it most. Such
            a write may have decayed, and the last one may write nothing.
        remaining: ‖S' − S‖ / ‖S‖ at the end of the text: what the state still holds of it; not a
            finite number where S is 0.
        largest_error: how far the run's own state at the end and its outputs lie from their closed
            forms, relative to the norms of these: at the token of the last steered write, which
            must not see it, at the next one, the first that reads it, and at the last one.
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
        output: o as it was computed, of all tokens or of the last ones, [head, ≤ token, dim].
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

    def entering(self, token: int, writes: Tensor) -> Tensor:
        """Return S before a token in closed form.

        Args:
            token: counted from the first one that was run.
            writes: factors of the writes, [variant, head, token].

        Returns:
            [variant, head, key dim, value dim].
        """
        return state_after(
            self.key[:, :token],
            self.value[:, :token],
            self.log_decay[:, :token],
            self.before,
            writes[..., :token],
        )

    def leaving(self, token: int, entering: Tensor, writes: Tensor) -> Tensor:
        """Return S after a token from what was before it; arguments as `entering`."""
        pair = self.key[:, token, :, None] * self.value[:, token, None, :]
        kept = self.log_decay[:, token].exp()[..., None] * entering
        return kept + writes[:, :, token, None, None] * pair

    def missed(self, token: int, entering: Tensor) -> Tensor:
        """Return how far o of a token lies from its closed form; 0 where it was not computed.

        A token's own write counts through the bonus alone, whatever its factor.

        Args:
            token: counted from the first one that was run.
            entering: S before it, [head, key dim, value dim].
        """
        computed = self.output.shape[1] - self.key.shape[1] + token
        if computed < 0:
            return entering.new_zeros(())
        receptance = self.receptance[:, token]
        own = (receptance * self.bonus * self.key[:, token]).sum(-1, keepdim=True)
        read = (receptance[:, None] @ entering)[:, 0]
        return _distance(self.output[:, computed], read + own * self.value[:, token])


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
    # After none of the steps, the first, the first two …, all of them.
    writes = torch.stack(
        [factors(listed[:count], heads, first, n_tokens) for count in range(len(listed) + 1)]
    )
    last = n_tokens - first - 1
    before_end = seen.entering(last, writes)
    end = seen.leaving(last, before_end, writes)
    errors = [_distance(seen.after, end[-1]), seen.missed(last, before_end[-1])]
    around: dict[int, Tensor] = {}
    for token in {positions(step, first, n_tokens)[-1] - first for step in listed}:
        before = before_end if token == last else seen.entering(token, writes)
        around[token] = seen.leaving(token, before, writes)
        errors.append(seen.missed(token, before[-1]))
        if token < last:
            errors.append(seen.missed(token + 1, around[token][-1]))
    # Python's max may drop a NaN; this does not.
    error = float(torch.stack(errors).max())
    found = []
    for number, (index, step) in enumerate(steps):
        at = positions(step, first, n_tokens)
        which = slice(None) if not isinstance(step.heads, tuple) else list(step.heads)
        without, having = around[at[-1] - first][number : number + 2, which]
        change = float(_relative_change(without, having).max())
        if change <= _UNCHANGED:
            tokens = [position - first for position in at]
            change = max(change, _change_before(seen, tokens, writes[number : number + 2], which))
        plain, final = end[number : number + 2, which]
        found.append(
            (
                index,
                WriteWitness(
                    layer=layer,
                    operation=step.operation,
                    writes=len(at),
                    state_before=float(without.norm()),
                    state_after=float(having.norm()),
                    largest_change=change,
                    remaining=float((final - plain).norm() / plain.norm()),
                    largest_error=error,
                ),
            )
        )
    return found


def _change_before(
    seen: LayerRecurrence, tokens: Sequence[int], writes: Tensor, heads: slice | list[int]
) -> float:
    """Return the largest relative change right after any but the last of a step's writes.

    Args:
        seen: the layer's recurrence.
        tokens: those with a write of the step, counted from the first one that was run, ascending.
        writes: factors of the writes without the step and with it, [2, head, token].
        heads: those of the step.
    """
    steered = set(tokens)
    found = [0.0]
    state = seen.entering(tokens[0], writes)
    for token in range(tokens[0], tokens[-1]):
        state = seen.leaving(token, state, writes)
        if token in steered:
            found.append(float(_relative_change(*state[:, heads]).max()))
    return max(found)


def _relative_change(before: Tensor, after: Tensor) -> Tensor:
    """Return ‖S' − S‖ / max(‖S‖, ‖S'‖) of each head, 0 where both are 0."""
    larger = torch.maximum(before.norm(dim=(1, 2)), after.norm(dim=(1, 2)))
    change = (after - before).norm(dim=(1, 2))
    return torch.where(larger == 0, torch.zeros_like(change), change / larger)


def _distance(found: Tensor, expected: Tensor) -> Tensor:
    """Return ‖found − expected‖ / ‖expected‖; without the divisor where that must be 0."""
    norm = expected.norm()
    missed: Tensor = (found - expected).norm()
    return missed / torch.where(norm == 0, torch.ones_like(norm), norm)


def bear_state_witness(
    plan: Plan, evidence: Sequence[tuple[int, WriteWitness]], who: str
) -> StateWitness:
    """Check what a plan did to one sequence, and say it.

    Args:
        plan: what should have been done.
        evidence: what `examine` found in each layer.
        who: names the sequence in errors.

    Raises:
        WitnessError: a state or output that misses its closed form.
        NoEffectError: a step that is not the identity met no write, or changed no state.
    """
    wrong = [item for _, item in evidence if not item.largest_error <= _TOLERANCE]
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
    return StateWitness(tuple(steps))
