"""Operations on rows of scores, against the same on weights by hand, and at the edge of floats."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from plip.kernels import edge_logit, edge_mass, expected_mass, operate, row_weights
from plip.plan import Knockout, Operation, Scale, SetValue

pytestmark = pytest.mark.fast

W = [0.5, 0.25, 0.125, 0.125]
EDGES = torch.tensor([True, False, True, False])


def after(
    operation: Operation,
    weights: list[float] | None = None,
    edges: Tensor = EDGES,
    dtype: torch.dtype = torch.float64,
) -> list[float]:
    """Return the weights of a row after an operation."""
    scores = torch.tensor(weights or W, dtype=torch.float64).log().to(dtype)[None, None]
    changed = operate(scores, edges, operation)
    assert changed.dtype == dtype
    assert changed.shape == scores.shape
    return list(row_weights(changed)[0, 0].tolist())


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        (Knockout(), [0, 2 / 3, 0, 1 / 3]),
        (Scale(0), [0, 2 / 3, 0, 1 / 3]),
        (Scale(2), [1 / 1.625, 0.25 / 1.625, 0.25 / 1.625, 0.125 / 1.625]),
        (Scale(0.5), [0.25 / 0.6875, 0.25 / 0.6875, 0.0625 / 0.6875, 0.125 / 0.6875]),
        (SetValue(0.2), [0.2, 0.4, 0.2, 0.2]),
        (SetValue(0), [0, 2 / 3, 0, 1 / 3]),
        (SetValue(0.5), [0.5, 0, 0.5, 0]),
    ],
)
def test_by_hand(operation: Operation, wanted: list[float]) -> None:
    assert after(operation) == pytest.approx(wanted, abs=1e-15)
    assert after(operation, dtype=torch.float32) == pytest.approx(wanted, abs=1e-7)


@pytest.mark.parametrize("operation", [Knockout(), Scale(0), Scale(7.0), SetValue(0.3)])
def test_rows_and_heads_without_edges_keep_their_bits(operation: Operation) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 3, 5, generator=generator)
    scores[:, 0, 3:] = -math.inf
    edges = torch.zeros(2, 3, 5, dtype=torch.bool)
    edges[1, 2, 1] = True
    changed = operate(scores, edges, operation)
    same = torch.ones(2, 3, dtype=torch.bool)
    same[1, 2] = False
    assert torch.equal(changed[same], scores[same])
    assert not torch.equal(changed[~same], scores[~same])


@pytest.mark.parametrize("operation", [Knockout(), Scale(3.0), Scale(0.0), SetValue(0.2)])
def test_what_is_not_seen_stays_so(operation: Operation) -> None:
    scores = torch.tensor([[[0.3, -0.2, 1.0, -math.inf, -math.inf]]])
    changed = operate(scores, torch.tensor([True, False, False, False, False]), operation)
    assert row_weights(changed)[0, 0, 3:].tolist() == [0, 0]


def test_the_rest_of_a_row_that_an_edge_had_almost_alone() -> None:
    """In float32, weights would be 0 / 0: all but 1e-30 of the row lies on the edge."""
    scores = torch.tensor([[[0.0, -70.0, -69.0, -71.5]]])
    assert row_weights(scores)[0, 0, 0] == 1
    edges = torch.tensor([True, False, False, False])
    rest = torch.softmax(torch.tensor([-70.0, -69.0, -71.5]).double(), 0)
    for operation, left in ((Knockout(), 1.0), (Scale(0), 1.0), (SetValue(0.25), 0.75)):
        found = row_weights(operate(scores, edges, operation))[0, 0]
        assert float(found[0]) == pytest.approx(1 - left, abs=1e-7)
        assert found[1:].tolist() == pytest.approx((rest * left).tolist(), rel=1e-5)


@pytest.mark.parametrize("factor", [1e-300, 1e-45, 1e45, 1e300])
def test_factors_that_float32_does_not_hold(factor: float) -> None:
    found = after(Scale(factor), dtype=torch.float32)
    kept = [0.8, 0, 0.2, 0] if factor > 1 else [0, 2 / 3, 0, 1 / 3]
    assert found == pytest.approx(kept, abs=1e-6)


@pytest.mark.parametrize("operation", [Knockout(), Scale(0)])
def test_a_row_that_loses_everything_is_nan(operation: Operation) -> None:
    assert all(math.isnan(w) for w in after(operation, edges=torch.ones(4, dtype=torch.bool)))


def test_set_value_takes_the_whole_row_where_it_adds_up() -> None:
    everything = torch.ones(4, dtype=torch.bool)
    assert after(SetValue(0.25), edges=everything) == pytest.approx([0.25] * 4)
    thirds = torch.tensor([True, True, True, False])
    assert after(SetValue(1 / 3), edges=thirds) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    tenths = torch.tensor([True] * 10 + [False])
    found = after(SetValue(0.1), [1 / 11] * 11, edges=tenths)
    assert found == pytest.approx([0.1] * 10 + [0], abs=1e-15)


def test_edge_mass() -> None:
    weights = torch.tensor([[W, W], [W, W]])
    edges = torch.zeros(2, 2, 4, dtype=torch.bool)
    edges[0, 1] = EDGES
    assert edge_mass(weights, edges).tolist() == [[0, 0.625], [0, 0]]
    assert edge_mass(weights, EDGES).tolist() == [[0.625] * 2] * 2
    weights[1, 1] = math.nan  # beside the edges it does not matter
    assert edge_mass(weights, edges)[0].tolist() == [0, 0.625]


def test_edge_logit() -> None:
    scores = torch.log(torch.tensor([[W, [1 - 1e-9, 1e-9, 0, 0]]], dtype=torch.float64)).float()
    found = edge_logit(scores, EDGES)
    assert found.tolist()[0] == pytest.approx([math.log(0.625 / 0.375), math.log(1e9)], rel=1e-6)
    nothing, everything = torch.zeros(4, dtype=torch.bool), torch.ones(4, dtype=torch.bool)
    assert edge_logit(scores, nothing).tolist() == [[-math.inf, -math.inf]]
    assert edge_logit(scores, everything).tolist() == [[math.inf, math.inf]]


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        (Knockout(), 0.0),
        (Scale(2), 1.25 / 1.625),
        (Scale(0), 0.0),
        (Scale(1), 0.625),
        (SetValue(0.2), 0.4),
    ],
)
def test_expected_mass(operation: Operation, wanted: float) -> None:
    logit = torch.logit(torch.tensor([[0.625, 0.5]], dtype=torch.float64))
    count = torch.tensor([2, 0])
    found = expected_mass(logit, count, operation)
    assert found.shape == logit.shape
    assert found[0].tolist() == pytest.approx([wanted, 0.5])


@pytest.mark.parametrize("factor", [1e-9, 1e-4, 1e-3, 1e3, 1e39, 1e300])
@pytest.mark.parametrize("rest", [1e-9, 1e-6, 1e-3, 0.5])
def test_an_operation_reaches_its_closed_form(factor: float, rest: float) -> None:
    scores = torch.tensor([[[math.log1p(-rest), math.log(rest)]]], dtype=torch.float64)
    edges = torch.tensor([True, False])
    reached = edge_mass(row_weights(operate(scores, edges, Scale(factor))), edges)
    expected = expected_mass(edge_logit(scores, edges), torch.tensor([1]), Scale(factor))
    assert float(expected) == pytest.approx(float(reached), abs=1e-6)
