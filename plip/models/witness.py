"""What a run can prove about its intervention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from plip.errors import NoEffectError, WitnessError
from plip.plan import Operation, Plan

__all__ = ["RowsEvidence", "StepEvidence", "StepWitness", "Witness", "bear_witness"]

# Rows are computed in float32: sums over some thousand weights are right to about 1e-6.
_TOLERANCE = 1e-5
# A relative change of an edge's weight below this is rounding, not an intervention.
_UNCHANGED = 1e-6


@dataclass(frozen=True, slots=True)
class StepEvidence:
    """Edge mass around one step, for the heads and rows that have edges of it.

    Args:
        step: the step's index in the plan.
        before: A [entries], flattened over heads and rows.
        after: the mass the step left.
        expected: the closed form of `after`.
        rows: how many rows have edges.
        change: the largest change relative to the larger of before and after, a scalar: of a
            row's edge mass, or of an edge's weight where values were set.
    """

    step: int
    before: Tensor
    after: Tensor
    expected: Tensor
    rows: int
    change: Tensor


@dataclass(frozen=True, slots=True)
class RowsEvidence:
    """What a plan did to some rows of one layer, as tensors still on the device.

    Args:
        layer: the layer.
        rows: how many rows were rewritten.
        row_sum_error: the largest |row sum − 1|, a scalar.
        forbidden: the largest mass on keys that a row may not see, a scalar.
        steps: the steps that met these rows.
    """

    layer: int
    rows: int
    row_sum_error: Tensor
    forbidden: Tensor
    steps: tuple[StepEvidence, ...]


@dataclass(frozen=True, slots=True)
class StepWitness:
    """What one step of a plan did in one layer.

    Args:
        layer: the layer.
        operation: what was done.
        rows: how many rows had edges and were rewritten.
        mass_before: edge mass before, the mean over steered heads and rows, a fraction.
        mass_after: edge mass after, likewise.
        mass_expected: the mean of the closed form that `mass_after` must reach.
        largest_error: the largest |mass after − closed form| of any head and row.
        largest_change: the largest change of a row's edge mass, or of an edge's weight where
            values were set, relative to the larger of before and after.
    """

    layer: int
    operation: Operation
    rows: int
    mass_before: float
    mass_after: float
    mass_expected: float
    largest_error: float
    largest_change: float


@dataclass(frozen=True, slots=True)
class Witness:
    """What a plan did to one sequence.

    Args:
        steps: an entry for each step and layer in which it met rows; empty for an identity.
        rows: rows rewritten, over all layers.
        row_sum_error: the largest |row sum − 1| of a rewritten row.
        forbidden_mass: the largest attention of a row on future keys or keys outside the window.
    """

    steps: tuple[StepWitness, ...]
    rows: int
    row_sum_error: float
    forbidden_mass: float

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers in which rows were rewritten."""
        return tuple(sorted({step.layer for step in self.steps}))


def bear_witness(plan: Plan, evidence: Sequence[RowsEvidence], who: str) -> Witness:
    """Check what a plan did to one sequence, and say it.

    Args:
        plan: what should have been done.
        evidence: what it left behind, in the order of the layers.
        who: names the sequence in errors.

    Returns:
        The witness.

    Raises:
        NoEffectError: a step that is not the identity met no row, or changed no edge's weight.
        WitnessError: a row that does not sum to 1, mass on a forbidden key, or edge mass that
            misses its closed form.
    """
    steps: list[StepWitness] = []
    for index, step in enumerate(plan.steps):
        found = [
            _step_witness(layer, step.operation, parts)
            for layer, parts in _by_layer(evidence, index).items()
        ]
        if not step.operation.is_identity:
            _check_effect(who, step.operation, found)
        steps += found
    witness = Witness(
        steps=tuple(steps),
        rows=sum(item.rows for item in evidence),
        row_sum_error=_largest([item.row_sum_error for item in evidence]),
        forbidden_mass=_largest([item.forbidden for item in evidence]),
    )
    _check_rows(who, witness)
    return witness


def _largest(values: Sequence[Tensor]) -> float:
    """Return the largest value, 0 of none; NaN if one is NaN, which Python's max may drop."""
    return float(torch.stack([value.double() for value in values]).max()) if values else 0.0


def _by_layer(evidence: Sequence[RowsEvidence], step: int) -> dict[int, list[StepEvidence]]:
    layers: dict[int, list[StepEvidence]] = {}
    for item in evidence:
        for part in item.steps:
            if part.step == step and part.rows:
                layers.setdefault(item.layer, []).append(part)
    return dict(sorted(layers.items()))


def _step_witness(layer: int, operation: Operation, parts: Sequence[StepEvidence]) -> StepWitness:
    before = torch.cat([part.before for part in parts]).double()
    after = torch.cat([part.after for part in parts]).double()
    expected = torch.cat([part.expected for part in parts]).double()
    figures = torch.stack(
        [
            before.mean(),
            after.mean(),
            expected.mean(),
            (after - expected).abs().max(),
            torch.stack([part.change for part in parts]).max().double(),
        ]
    ).tolist()
    return StepWitness(layer, operation, sum(part.rows for part in parts), *figures)


def _check_effect(who: str, operation: Operation, found: Sequence[StepWitness]) -> None:
    if any(item.largest_change > _UNCHANGED for item in found):
        return
    if found:
        masses = ", ".join(f"{item.mass_before:.3g} in layer {item.layer}" for item in found)
        what = f"the same mass before and after: {masses}"
    else:
        what = "no row with such edges among the rows that were computed"
    raise NoEffectError(
        who,
        wanted=f"{operation} to change the weight of its edges",
        found=what,
        advice="check positions, heads and layers against the text; edges that carry no attention, "
        "or make up all of their row, cannot be steered",
        details={"operation": repr(operation)},
    )


def _check_rows(who: str, witness: Witness) -> None:
    faults = []
    if not witness.row_sum_error <= _TOLERANCE:
        faults.append(f"a row that misses 1 by {witness.row_sum_error:.3g}")
    if witness.forbidden_mass != 0:
        faults.append(f"mass {witness.forbidden_mass:.3g} on keys that a row may not see")
    faults += [
        f"{step.operation} in layer {step.layer} missing its closed form by "
        f"{step.largest_error:.3g}"
        for step in witness.steps
        if not step.largest_error <= _TOLERANCE
    ]
    if faults:
        raise WitnessError(
            who,
            wanted="steered rows that sum to 1, stay causal and reach the plan's closed form",
            found="; ".join(faults),
            advice="do not use this run: report the model and the plan",
            details={"faults": faults},
        )
