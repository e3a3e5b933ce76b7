"""From a plan to factors of the writes into the state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from plip.errors import EdgeError, OperationError
from plip.plan import ALL, Knockout, Plan, SetValue, Step

__all__ = ["check_writes", "factors", "layer_steps", "positions"]

# Squares of outputs, which the norm over heads takes, must stay below the largest float32, 3e38.
_LARGEST = 1e15


def check_writes(who: str, plan: Plan, heads: Sequence[int], first: int, n_tokens: int) -> None:
    """Check that a plan steers writes into the state, of tokens that are computed.

    What a token writes is read by every later one, through one and the same state: there is no
    edge to a single reader, and no row of weights to renormalise. A write after which the text
    ends may be steered as well, since the state outlives the text.

    Args:
        who: names the sequence in errors.
        plan: the plan.
        heads: heads of each layer.
        first: position of the first token that is computed; earlier ones come from a prefix.
        n_tokens: length of the text.

    Raises:
        EdgeError: edges that are no writes, or a write out of range.
        OperationError: `SetValue`, which needs weights, or a factor that float32 cannot bear.
        LayerError, HeadError: as `Step.check`.
    """
    together = 1.0
    for step in plan.steps:
        if step.edges.queries is not ALL or step.edges.own:
            raise EdgeError(
                f"{who}, {step.edges}",
                wanted="into(position), the write of a token into the recurrent state",
                found="edges to chosen queries"
                if step.edges.queries is not ALL
                else "the token's edge to itself, which is no part of the state",
                advice="an RNN keeps no edge for each pair of tokens: every later token reads the "
                "same state, so steer the write with plip.into(position)",
            )
        if isinstance(step.operation, SetValue):
            raise OperationError(
                f"{who}, {step.operation}",
                wanted="Scale or Knockout",
                found="SetValue, which needs a row of weights that sum to 1",
                advice="scale the write into the state instead",
            )
        keys = step.edges.keys
        if keys is not ALL and not first <= keys[0] <= keys[-1] < n_tokens:
            raise EdgeError(
                f"{who}, into({list(keys)})",
                wanted=f"positions in {first} … {n_tokens - 1}, the tokens that this run computes",
                found=f"{keys[0]} … {keys[-1]}",
                advice="count token positions from 0; a write within a prefix is steered by "
                "prefill",
                details={"positions": list(keys), "first": first, "tokens": n_tokens},
            )
        if not isinstance(step.operation, Knockout):
            together *= max(1.0, step.operation.factor)
        if together > _LARGEST:
            raise OperationError(
                f"{who}, {step.operation}",
                wanted=f"factors of at most {_LARGEST:g}, all steps together",
                found=f"{together:g}",
                advice="choose a smaller factor: outputs would leave the range of float32",
                details={"factor": together},
            )
        # There is always a later token to read the state: the next one, if not one of this text.
        step.check(heads, n_tokens + 1)


def layer_steps(plan: Plan | None, layer: int) -> list[tuple[int, Step]]:
    """Return the plan's steps that change a layer's writes, with their indices."""
    if plan is None:
        return []
    return [
        (index, step)
        for index, step in enumerate(plan.steps)
        if not step.operation.is_identity and (step.layers is ALL or layer in step.layers)
    ]


def positions(step: Step, first: int, n_tokens: int) -> list[int]:
    """Return the positions whose writes a step changes among the tokens that are computed."""
    keys = step.edges.keys
    return list(range(first, n_tokens)) if keys is ALL else list(keys)


def factors(steps: Sequence[Step], heads: int, first: int, n_tokens: int) -> Tensor:
    """Return the product of the steps' factors for every head and token, [head, token], float64.

    Args:
        steps: of one layer.
        heads: its heads.
        first: position of the first token.
        n_tokens: length of the text.
    """
    product = torch.ones(heads, n_tokens - first, dtype=torch.float64)
    for step in steps:
        at = torch.tensor(positions(step, first, n_tokens)) - first
        which = torch.arange(heads) if step.heads is ALL else torch.tensor(step.heads)
        factor = 0.0 if isinstance(step.operation, Knockout) else _factor(step)
        product[which[:, None], at] *= factor
    return product


def _factor(step: Step) -> float:
    assert not isinstance(step.operation, Knockout | SetValue)  # both are dealt with before
    return step.operation.factor
