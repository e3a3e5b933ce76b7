"""What is done to an edge."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from plip.errors import OperationError

__all__ = ["Knockout", "Operation", "Scale", "SetValue", "operation_from_json"]


@dataclass(frozen=True, slots=True)
class Knockout:
    """Remove an edge: its weight becomes 0 and the rest of the row is renormalised.

    w'[q, k] = 0 on the edges, w[q, k] / (1 − A) elsewhere, A the mass of the row's edges.
    """

    @property
    def is_identity(self) -> bool:
        """Whether nothing can change."""
        return False

    def to_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"op": "knockout"}


@dataclass(frozen=True, slots=True)
class Scale:
    """Multiply an edge's weight and renormalise the row.

    w'[q, k] = f·w[q, k] / (1 + (f − 1)·A) on the edges, w[q, k] / (1 + (f − 1)·A) elsewhere, A the
    mass of the row's edges before.

    Args:
        factor: f, finite and ≥ 0, dimensionless. 1 is the identity, 0 is the knockout.

    Raises:
        OperationError: the factor is negative or not finite.

    Source: STEERING_RESULTS.md §4.1.
    """

    factor: float

    def __post_init__(self) -> None:
        _check_number("Scale", "factor", self.factor, math.inf)
        # −0.0 equals 0.0, but its JSON form and so the plan's digest would differ.
        object.__setattr__(self, "factor", float(self.factor) + 0.0)

    @property
    def is_identity(self) -> bool:
        """Whether nothing can change."""
        return self.factor == 1.0

    def to_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"op": "scale", "factor": self.factor}


@dataclass(frozen=True, slots=True)
class SetValue:
    """Set an edge's weight and renormalise the rest of the row around it.

    w'[q, k] = v on the row's E edges, w[q, k]·(1 − E·v) / (1 − A) elsewhere, A the mass of the
    row's edges before.

    Args:
        target: v, a fraction of attention in [0, 1]; E·v must not exceed 1.

    Raises:
        OperationError: the target lies outside [0, 1] or is not a number.
    """

    target: float

    def __post_init__(self) -> None:
        _check_number("SetValue", "target", self.target, 1.0)
        object.__setattr__(self, "target", float(self.target) + 0.0)

    def check_total(self, count: int, where: str = "") -> None:
        """Check that a row can give each of `count` edges the target.

        Args:
            count: E, the edges of one row.
            where: names the row in errors, ending in a separator.

        Raises:
            OperationError: E·v exceeds 1.
        """
        # A target that was computed as a share may exceed it by rounding.
        if count * self.target > 1 + 1e-9:
            raise OperationError(
                f"{where}SetValue({self.target:g})",
                wanted=f"{count} edges of a row to need at most all of its attention",
                found=f"{count} × {self.target:g} = {count * self.target:g} > 1",
                advice=f"ask for at most {1 / count:.6g}",
                details={"edges": count, "target": self.target},
            )

    @property
    def is_identity(self) -> bool:
        """Whether nothing can change."""
        return False

    def to_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {"op": "set_value", "target": self.target}


Operation = Knockout | Scale | SetValue


def operation_from_json(data: object) -> Operation:
    """Read an operation from its JSON form.

    Raises:
        OperationError: the form is none of the three.
    """
    match data:
        case {"op": "knockout", **rest} if not rest:
            return Knockout()
        case {"op": "scale", "factor": factor, **rest} if not rest:
            return Scale(factor)
        case {"op": "set_value", "target": target, **rest} if not rest:
            return SetValue(target)
    raise OperationError(
        "operation",
        wanted="{'op': 'knockout'}, {'op': 'scale', 'factor': f} or {'op': 'set_value', "
        "'target': v}",
        found=repr(data),
        advice="correct the plan's JSON",
    )


def _check_number(who: str, name: str, value: object, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # Against the largest float, because a huge int would overflow in isfinite.
    if is_number and 0 <= value <= min(most, sys.float_info.max):  # type: ignore[operator]  # numbers only here
        return
    wanted = f"a finite {name} ≥ 0" if math.isinf(most) else f"a {name} in [0, {most:g}]"
    raise OperationError(
        who,
        wanted=wanted,
        found=repr(value),
        advice=f"give {name} as a plain number",
        details={name: value},
    )
