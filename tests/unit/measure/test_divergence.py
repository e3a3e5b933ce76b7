"""KL(baseline ‖ steered)."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch

from plip.errors import MeasureError
from plip.measure import kl_divergence

pytestmark = pytest.mark.fast


def _by_loop(baseline: list[float], steered: list[float]) -> float:
    """Σ p log(p/q) in plain Python floats."""
    p = [math.exp(x) / math.fsum(map(math.exp, baseline)) for x in baseline]
    q = [math.exp(x) / math.fsum(map(math.exp, steered)) for x in steered]
    return math.fsum(a * math.log(a / b) for a, b in zip(p, q, strict=True))


def test_it_is_the_plain_sum() -> None:
    baseline, steered = [0.5, -1.25, 2.0, 0.0], [1.5, 0.25, -0.75, 0.0]
    found = kl_divergence(torch.tensor(baseline), torch.tensor(steered))
    assert found.dtype == torch.float64
    assert found.shape == ()
    assert float(found) == pytest.approx(_by_loop(baseline, steered), rel=1e-13)


def test_it_goes_from_baseline_to_steered() -> None:
    one, other = torch.tensor([0.0, 3.0]), torch.tensor([0.0, -1.0])
    assert float(kl_divergence(one, other)) == pytest.approx(_by_loop([0, 3], [0, -1]))
    assert float(kl_divergence(other, one)) == pytest.approx(_by_loop([0, -1], [0, 3]))
    assert float(kl_divergence(one, other)) != pytest.approx(float(kl_divergence(other, one)))


def test_it_agrees_with_scipy_over_a_batch() -> None:
    rng = np.random.default_rng(0)
    baseline, steered = rng.normal(size=(2, 3, 5, 151)) * 8
    expected = scipy.stats.entropy(
        scipy.special.softmax(baseline, -1), scipy.special.softmax(steered, -1), axis=-1
    )
    found = kl_divergence(torch.from_numpy(baseline), torch.from_numpy(steered))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-11)


def test_equal_logits_give_exactly_0() -> None:
    logits = torch.randn(4, 1000, generator=torch.Generator().manual_seed(0)) * 30
    assert kl_divergence(logits, logits.clone()).tolist() == [0.0] * 4


def test_a_small_divergence_keeps_its_digits() -> None:
    # KL of a change ε·g is ε² Var_p(g) / 2 + O(ε³): far below what Σ p (log p − log q) can resolve.
    generator = torch.Generator().manual_seed(1)
    logits, change = torch.randn(2, 500, dtype=torch.float64, generator=generator)
    p = logits.softmax(-1)
    variance = float((p * change**2).sum() - (p * change).sum() ** 2)
    for epsilon in (1e-4, 1e-5, 1e-6):
        found = float(kl_divergence(logits, logits + epsilon * change))
        assert found == pytest.approx(epsilon**2 * variance / 2, rel=5 * epsilon + 1e-6)


def test_a_large_divergence_is_not_clipped() -> None:
    found = kl_divergence(torch.tensor([0.0, -2000.0]), torch.tensor([-3000.0, 0.0]))
    assert float(found) == pytest.approx(3000.0)


def test_a_token_without_mass_in_the_baseline_adds_nothing() -> None:
    found = kl_divergence(torch.tensor([0.0, 1.0, -torch.inf]), torch.tensor([0.0, 1.0, 0.0]))
    assert float(found) == pytest.approx(math.log((1 + math.e + 1) / (1 + math.e)))


def test_a_token_that_lost_its_mass_makes_it_infinite() -> None:
    steered = torch.tensor([[0.0, 1.0, -torch.inf], [0.0, 1.0, 2.0]])
    found = kl_divergence(torch.tensor([0.0, 1.0, 2.0]).expand(2, 3), steered)
    assert found.tolist() == [math.inf, 0.0]


def test_tokens_without_mass_in_both_add_nothing() -> None:
    logits = torch.tensor([0.0, -torch.inf, 1.0])
    assert float(kl_divergence(logits, logits)) == 0.0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_logits_are_refused_unless_one_insists(dtype: torch.dtype) -> None:
    wide = torch.randn(2, 64, generator=torch.Generator().manual_seed(2))
    baseline, steered = wide.to(dtype)
    name = str(dtype).removeprefix("torch.")
    for pair in ((baseline, steered), (baseline, wide[1]), (wide[0], steered)):
        with pytest.raises(MeasureError) as raised:
            kl_divergence(*pair)
        assert str(raised.value) == (
            f"KL divergence: wanted float32 or float64 logits, found {name}, whose rounding alone "
            "is worth about 2e-5 nats; run the model in float32, or insist with allow_narrow=True"
        )
    expected = kl_divergence(baseline.double(), steered.double())
    assert torch.equal(kl_divergence(baseline, steered, allow_narrow=True), expected)


def test_it_carries_no_gradient() -> None:
    logits = torch.randn(3, requires_grad=True)
    assert not kl_divergence(logits, logits + 1).requires_grad


@pytest.mark.parametrize(
    ("baseline", "steered", "text"),
    [
        (
            [1.0, 2.0],
            [1.0],
            "KL divergence: wanted baseline and steered logits of one shape [..., vocab], found "
            "[2] and [1]; compare the same positions of the same text",
        ),
        (
            [1.0, float("nan")],
            [1.0, 2.0],
            "baseline logits: wanted numbers, or −inf for a token without mass, found NaN; "
            "the model overflowed: run it in float32 or bfloat16",
        ),
        (
            [1.0, 2.0],
            [1.0, float("inf")],
            "steered logits: wanted numbers, or −inf for a token without mass, found +inf; "
            "the model overflowed: run it in float32 or bfloat16",
        ),
        (
            [1.0, 2.0],
            [-float("inf"), -float("inf")],
            "steered logits: wanted at least one token with mass in every row, found none; "
            "look at the mask over the vocabulary",
        ),
    ],
)
def test_logits_without_meaning_are_refused(
    baseline: list[float], steered: list[float], text: str
) -> None:
    with pytest.raises(MeasureError) as caught:
        kl_divergence(torch.tensor(baseline), torch.tensor(steered))
    assert str(caught.value) == text


def test_an_empty_vocabulary_is_refused() -> None:
    with pytest.raises(MeasureError, match="at least one token with mass"):
        kl_divergence(torch.empty(2, 0), torch.empty(2, 0))


def test_a_bare_number_is_refused() -> None:
    with pytest.raises(MeasureError, match="of one shape"):
        kl_divergence(torch.tensor(1.0), torch.tensor(1.0))
