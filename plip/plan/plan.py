"""A plan: operations on edges × layers × heads. Pure data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plip.errors import HeadError, LayerError, PlanError
from plip.plan.edges import ALL, All, Edges
from plip.plan.operations import Operation, SetValue, operation_from_json

__all__ = ["Indices", "Plan", "Step"]

#: How layers and heads may be given: one index, several, ranges among them, or ALL.
Indices = int | range | Iterable[int | range] | All


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a plan.

    Args:
        operation: what is done.
        edges: where in the attention matrix.
        layers: sorted layer indices, or `ALL`.
        heads: sorted query-head indices, or `ALL`.
    """

    operation: Operation
    edges: Edges
    layers: tuple[int, ...] | All
    heads: tuple[int, ...] | All

    def layer_indices(self, n_layers: int) -> range | tuple[int, ...]:
        """Return the layers as indices into a model of `n_layers`."""
        return range(n_layers) if self.layers is ALL else self.layers

    def check(self, heads: Sequence[int], n_tokens: int) -> None:
        """Check the step against a model and a text.

        Args:
            heads: the number of query heads of each layer.
            n_tokens: the length of the text.

        Raises:
            LayerError, HeadError, EdgeError: an index out of range.
            OperationError: SetValue asks a row for more than all of its attention.
        """
        if self.layers is not ALL and self.layers[-1] >= len(heads):
            raise LayerError(
                f"layer {self.layers[-1]}",
                wanted=f"a layer in 0 … {len(heads) - 1}",
                found=str(self.layers[-1]),
                advice="`plip models` shows how many layers a model has",
                details={"layer": self.layers[-1], "layers": len(heads)},
            )
        fewest = min(heads[layer] for layer in self.layer_indices(len(heads)))
        if self.heads is not ALL and self.heads[-1] >= fewest:
            raise HeadError(
                f"head {self.heads[-1]}",
                wanted=f"a query head in 0 … {fewest - 1}",
                found=str(self.heads[-1]),
                advice="heads are query heads, not key-value groups",
                details={"head": self.heads[-1], "heads": fewest},
            )
        self.edges.check(n_tokens)
        # Only listed edges are known to be visible; the others are counted at the layer.
        if isinstance(self.operation, SetValue) and self.edges.listed:
            queries = self.edges.query_positions(n_tokens)
            self.operation.check_total(max(self.edges.key_count(query) for query in queries))

    def to_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "operation": self.operation.to_json(),
            "edges": self.edges.to_json(),
            "layers": "all" if self.layers is ALL else list(self.layers),
            "heads": "all" if self.heads is ALL else list(self.heads),
        }


class Plan:
    """What to change and where: one operation on edges × layers × heads, or several in order.

    Args:
        operation: `Knockout()`, `Scale(f)` or `SetValue(v)`.
        edges: from `edges(…)`, `into(…)` or `out_of(…)`.
        layers: indices, ranges, or `ALL`.
        heads: query-head indices, ranges, or `ALL`.

    Raises:
        LayerError, HeadError: no index, or a negative one.
        PlanError: arguments of another kind.
    """

    __slots__ = ("steps",)

    steps: tuple[Step, ...]

    def __init__(
        self, operation: Operation, edges: Edges, *, layers: Indices, heads: Indices = ALL
    ) -> None:
        if not isinstance(operation, Operation) or not isinstance(edges, Edges):
            raise PlanError(
                "Plan",
                wanted="an operation and edges, such as Scale(3.0) and edges(query=9, keys=[0])",
                found=f"{operation!r} and {edges!r}",
                advice="see plip.Knockout, Scale, SetValue and plip.edges, into, out_of",
            )
        step = Step(operation, edges, _layers(layers), _heads(heads))
        object.__setattr__(self, "steps", (step,))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a plan is frozen: cannot set {name}")

    @classmethod
    def from_steps(cls, steps: Iterable[Step]) -> Plan:
        """Make a plan of steps that are carried out in order.

        Raises:
            PlanError: there is no step.
        """
        listed = tuple(steps)
        if not listed:
            raise PlanError(
                "Plan", wanted="at least one step", found="none", advice="use None for no plan"
            )
        plan = object.__new__(cls)
        object.__setattr__(plan, "steps", listed)
        return plan

    def then(self, other: Plan) -> Plan:
        """Return the plan that does this one and then the other.

        Raises:
            PlanError: the other is no plan.
        """
        if not isinstance(other, Plan):
            raise PlanError(
                "Plan.then", wanted="a plan", found=repr(other), advice="leave it out for none"
            )
        return Plan.from_steps(self.steps + other.steps)

    @property
    def is_identity(self) -> bool:
        """Whether the plan cannot change anything, as `Scale(1)` cannot."""
        return all(step.operation.is_identity for step in self.steps)

    def check(self, heads: Sequence[int], n_tokens: int) -> None:
        """Check every step against a model and a text; see `Step.check`."""
        for step in self.steps:
            step.check(heads, n_tokens)

    def to_json(self) -> dict[str, object]:
        """Return the JSON form, which `from_json` reads back to an equal plan."""
        return {"steps": [step.to_json() for step in self.steps]}

    @classmethod
    def from_json(cls, data: object) -> Plan:
        """Read a plan from its JSON form.

        Raises:
            PlanError: the form is not a plan's, or a value in it has no meaning.
        """
        match data:
            case {"steps": [*steps], **rest} if not rest:
                return cls.from_steps(_step_from_json(step) for step in steps)
        raise _not_a_plan(data)

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON form, in hexadecimal: equal plans, equal digests."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.steps == other.steps

    def __hash__(self) -> int:
        return hash(self.steps)

    def __reduce__(self) -> tuple[object, ...]:
        return Plan.from_steps, (self.steps,)

    def __repr__(self) -> str:
        return f"Plan(steps={list(self.steps)!r})"


def _indices(value: Indices) -> tuple[int, ...] | All | None:
    """Return sorted unique indices, or None where the value is not made of indices."""
    if value is ALL:
        return ALL
    if isinstance(value, int | range):
        value = [value]
    found: set[int] = set()
    try:
        for item in value:
            found.update(item if isinstance(item, range) else [item])
    except TypeError:
        return None
    if not found or not all(type(item) is int and item >= 0 for item in found):
        return None
    return tuple(sorted(found))


def _layers(value: Indices) -> tuple[int, ...] | All:
    return _checked(value, "layers", LayerError)


def _heads(value: Indices) -> tuple[int, ...] | All:
    return _checked(value, "heads", HeadError)


def _checked(value: Indices, name: str, error: type[PlanError]) -> tuple[int, ...] | All:
    found = _indices(value)
    if found is None:
        raise error(
            name,
            wanted="indices ≥ 0, ranges of them, or plip.ALL",
            found=repr(value),
            advice="count query heads from 0" if name == "heads" else "count layers from 0",
        )
    return found


def _step_from_json(data: object) -> Step:
    match data:
        case {
            "operation": operation,
            "edges": {"queries": queries, "keys": keys, "own": bool(own), **more},
            "layers": layers,
            "heads": heads,
            **rest,
        } if not rest and not more:
            return Step(
                operation_from_json(operation),
                Edges(_listed(queries), _listed(keys), own),
                _layers(_listed(layers)),
                _heads(_listed(heads)),
            )
    raise _not_a_plan(data)


def _listed(value: object) -> tuple[int, ...] | All:
    if value == "all":
        return ALL
    if isinstance(value, list) and all(type(item) is int for item in value):
        return tuple(sorted(set(value)))
    raise _not_a_plan(value)


def _not_a_plan(data: object) -> PlanError:
    return PlanError(
        "plan JSON",
        wanted="{'steps': [{'operation', 'edges', 'layers', 'heads'}, …]}",
        found=repr(data)[:200],
        advice="write plans with Plan.to_json()",
    )
