"""Laws of operations on rows of scores, for any row."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from plip.kernels import Visibility, edge_logit, edge_mass, expected_mass, operate, row_weights
from plip.plan import Knockout, Operation, Scale, SetValue

pytestmark = pytest.mark.fast

FACTOR = st.floats(1e-6, 1e6)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Scores of two heads in float64, some keys not visible, and edges that leave some."""
    keys = draw(st.integers(2, 8))
    seen = draw(st.integers(2, keys))
    values = draw(st.lists(st.floats(-20, 20), min_size=2 * seen, max_size=2 * seen))
    scores = torch.full((2, 1, keys), -math.inf, dtype=torch.float64)
    scores[..., :seen] = torch.tensor(values, dtype=torch.float64).view(2, 1, seen)
    edges = torch.zeros(1, keys, dtype=torch.bool)
    some = draw(st.lists(st.integers(0, seen - 1), min_size=1, max_size=seen - 1, unique=True))
    edges[0, some] = True
    return scores, edges


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Any operation; a value that seven edges can all have."""
    return draw(
        st.one_of(
            st.just(Knockout()),
            st.builds(Scale, st.just(0.0) | FACTOR),
            st.builds(SetValue, st.floats(0, 1 / 7)),
        )
    )


def by_weights(scores: Tensor, edges: Tensor, operation: Operation) -> Tensor:
    """Do the same to weights."""
    weights, mine = row_weights(scores), edges.expand_as(scores)
    if isinstance(operation, SetValue):
        rest = torch.where(mine, 0, weights)
        left = 1 - operation.target * mine.double().sum(-1, keepdim=True)
        target = torch.full_like(rest, operation.target)  # a bare number would pass by float32
        return torch.where(mine, target, rest / rest.sum(-1, keepdim=True) * left)
    factor = operation.factor if isinstance(operation, Scale) else 0.0
    changed = torch.where(mine, weights * factor, weights)
    return changed / changed.sum(-1, keepdim=True)


@given(rows(), operations())
def test_scores_do_what_weights_would(row: tuple[Tensor, Tensor], operation: Operation) -> None:
    found = row_weights(operate(*row, operation))
    assert torch.allclose(found, by_weights(*row, operation), rtol=1e-9, atol=1e-12)
    assert torch.allclose(found.sum(-1), torch.ones(2, 1).double(), atol=1e-12)
    assert (found[torch.isinf(row[0])] == 0).all()


@given(rows(), operations())
def test_float32_is_near(row: tuple[Tensor, Tensor], operation: Operation) -> None:
    """A score of 20 is right to 1e-6 in float32, and a weight then to twice that."""
    found = row_weights(operate(row[0].float(), row[1], operation))
    assert torch.allclose(found.double(), row_weights(operate(*row, operation)), atol=1e-5, rtol=0)


@given(rows(), operations())
def test_the_closed_form_is_reached(row: tuple[Tensor, Tensor], operation: Operation) -> None:
    scores, edges = row
    logit = edge_logit(scores, edges)
    reached = edge_mass(row_weights(operate(scores, edges, operation)), edges)
    expected = expected_mass(logit, edges.sum(-1), operation)
    assert torch.allclose(reached, expected, atol=1e-6, rtol=0)


@given(rows(), FACTOR, FACTOR)
def test_scales_compose(row: tuple[Tensor, Tensor], one: float, two: float) -> None:
    scores, edges = row
    twice = operate(operate(scores, edges, Scale(one)), edges, Scale(two))
    once = operate(scores, edges, Scale(one * two))
    assert torch.allclose(row_weights(twice), row_weights(once), atol=1e-12)


@given(rows(), FACTOR)
def test_a_scale_is_undone(row: tuple[Tensor, Tensor], factor: float) -> None:
    scores, edges = row
    back = operate(operate(scores, edges, Scale(factor)), edges, Scale(1 / factor))
    assert torch.allclose(row_weights(back), row_weights(scores), atol=1e-12)


@given(rows())
def test_a_scale_of_1_keeps_the_bits(row: tuple[Tensor, Tensor]) -> None:
    assert torch.equal(operate(*row, Scale(1)), row[0])


@given(rows())
def test_a_scale_of_0_is_a_knockout(row: tuple[Tensor, Tensor]) -> None:
    assert torch.equal(operate(*row, Scale(0)), operate(*row, Knockout()))


@given(rows(), operations(), operations())
def test_the_last_knockout_wins(row: tuple[Tensor, Tensor], one: Operation, two: Operation) -> None:
    scores, edges = row
    changed = operate(operate(operate(scores, edges, one), edges, two), edges, Knockout())
    knocked = row_weights(operate(scores, edges, Knockout()))
    assert torch.allclose(row_weights(changed), knocked, atol=1e-12)


@given(rows(), st.floats(0, 1 / 7), FACTOR)
def test_set_value_forgets_what_was_there(
    row: tuple[Tensor, Tensor], target: float, factor: float
) -> None:
    scores, edges = row
    once = operate(scores, edges, SetValue(target))
    after = operate(operate(scores, edges, Scale(factor)), edges, SetValue(target))
    assert torch.allclose(row_weights(once), row_weights(after), atol=1e-12)


@given(rows(), FACTOR, st.integers(0, 1))
def test_heads_do_not_meet(row: tuple[Tensor, Tensor], factor: float, head: int) -> None:
    scores, edges = row
    mine = torch.zeros(2, 1, 1, dtype=torch.bool)
    mine[head] = True
    assume(factor != 1)
    changed = operate(scores, edges & mine, Scale(factor))
    assert torch.equal(changed[1 - head], scores[1 - head])
    assert torch.equal(changed[head], operate(scores, edges, Scale(factor))[head])


@given(
    st.sampled_from(["full", "sliding", "chunked"]),
    st.integers(1, 9),
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.integers(1, 31),
)
def test_what_is_visible(kind: str, size: int, queries: list[int], n: int) -> None:
    visibility = Visibility(kind, 0 if kind == "full" else size)  # type: ignore[arg-type]  # one of the three
    mask = visibility.mask(torch.tensor(queries), torch.arange(n))
    for row, query in enumerate(queries):
        for key in range(n):
            sees = {
                "full": key <= query,
                "sliding": 0 <= query - key < size,
                "chunked": key <= query and query // size == key // size,
            }[kind]
            assert bool(mask[row, key]) == sees
