"""What a dose reaches, in closed form."""

from __future__ import annotations

import pytest
import torch

from plip.errors import MeasureError
from plip.measure import attention_at_scale, reachable_levels, scale_reaching

pytestmark = pytest.mark.fast

WEIGHTS = torch.tensor([[0.02, 0.03, 0.05], [0.3, 0.1, 0.0], [0.001, 0.002, 0.0005]]).double()


def _steered_by_hand(row: list[float], keys: list[int], scale: float) -> list[float]:
    """Scale and renormalise one whole row of attention."""
    steered = [weight * (scale if key in keys else 1) for key, weight in enumerate(row)]
    return [steered[key] / sum(steered) for key in keys]


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0, 250.0])
def test_it_is_what_scaling_a_whole_row_gives(scale: float) -> None:
    row = [0.15, 0.4, 0.05, 0.3, 0.1]
    found = attention_at_scale(torch.tensor([[0.4, 0.3]]).double(), scale)
    assert found[0].tolist() == pytest.approx(_steered_by_hand(row, [1, 3], scale))


def test_dose_1_changes_nothing() -> None:
    assert torch.allclose(attention_at_scale(WEIGHTS, 1.0), WEIGHTS, rtol=1e-15, atol=0)


def test_each_head_is_renormalised_on_its_own() -> None:
    alone = [attention_at_scale(head[None], 4.0)[0] for head in WEIGHTS]
    assert torch.equal(attention_at_scale(WEIGHTS, 4.0), torch.stack(alone))


@pytest.mark.parametrize("scale", [-1.0, float("nan"), float("inf")])
def test_a_factor_without_meaning_is_refused(scale: float) -> None:
    with pytest.raises(MeasureError) as caught:
        attention_at_scale(WEIGHTS, scale)
    assert str(caught.value) == (
        f"scale: wanted a finite factor ≥ 0, found {scale!r}; give a plain number"
    )


def test_a_head_that_would_lose_everything_is_refused() -> None:
    with pytest.raises(MeasureError, match="a head that pays all its attention to the targets"):
        attention_at_scale(torch.tensor([[0.5, 0.5], [0.1, 0.1]]), 0.0)


def test_a_mass_that_rounding_lifted_above_1_stays_all_there_is() -> None:
    found = attention_at_scale(torch.tensor([[1.0000001]]).double(), 1e-6)
    assert float(found.sum()) == pytest.approx(1.0)


def test_reachable_levels_by_hand() -> None:
    assert reachable_levels(WEIGHTS) == pytest.approx((0.0, 1 / 3))
    mixed = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.2, 0.3], [0.1, 0.0]])
    assert reachable_levels(mixed) == pytest.approx((1 / 4 / 2, 3 / 4 / 2))


@pytest.mark.parametrize("level", [1e-9, 0.001, 0.0563, 0.2, 0.333])
def test_the_solved_factor_reaches_the_level(level: float) -> None:
    scale = scale_reaching(WEIGHTS, level)
    assert float(attention_at_scale(WEIGHTS, scale).mean()) == pytest.approx(level, rel=1e-12)


def test_one_head_has_a_closed_form() -> None:
    # s·A / (1 + (s − 1)·A) = L  ⇒  s = L (1 − A) / (A (1 − L)), with L the sum over targets.
    mass, level = 0.2, 0.6
    scale = scale_reaching(torch.tensor([[0.05, 0.15]], dtype=torch.float64), level / 2)
    assert scale == pytest.approx(level * (1 - mass) / (mass * (1 - level)), rel=1e-12)


def test_its_own_level_needs_factor_1() -> None:
    assert scale_reaching(WEIGHTS, float(WEIGHTS.mean())) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 1 / 3, 0.5, -0.1, float("nan")])
def test_a_level_out_of_reach_names_the_range(level: float) -> None:
    with pytest.raises(MeasureError) as caught:
        scale_reaching(WEIGHTS, level)
    assert str(caught.value) == (
        f"target attention {level:g}: wanted a level between 0 and 0.333333, what scaling can "
        f"reach with 3 targets in 3 heads, found {level:g}; ask for a level within, or set the "
        "value instead of scaling"
    )
    assert caught.value.details["highest"] == pytest.approx(1 / 3)


def test_a_head_without_attention_lowers_what_can_be_reached() -> None:
    weights = torch.tensor([[0.1], [0.0]])
    with pytest.raises(MeasureError, match=r"between 0 and 0\.5, .* 1 target in 2 heads"):
        scale_reaching(weights, 0.5)
    assert scale_reaching(weights, 0.49) > 1


def test_weights_that_are_no_fractions_are_refused() -> None:
    with pytest.raises(MeasureError, match="attention weights"):
        scale_reaching(torch.tensor([[float("nan"), 0.1]]), 0.1)
