"""The paper's comparison of hidden states with a prediction."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from plip.errors import MeasureError
from plip.measure import kl_divergence, published_bounds, published_divergence

pytestmark = pytest.mark.fast


def drawn(*shape: int, seed: int = 0, scale: float = 3.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64) * scale


def softmax(values: list[float]) -> list[float]:
    most = max(values)
    weights = [math.exp(value - most) for value in values]
    return [weight / math.fsum(weights) for weight in weights]


def by_loop(hidden: list[list[float]], logits: list[float]) -> float:
    """The sum, token by token and unit by unit, in plain Python floats."""
    q = softmax(logits)
    terms = []
    entry = 0
    for row in hidden:
        for p in softmax(row):
            if entry < len(q) and p > 1e-10 and q[entry] > 1e-10:
                terms.append(p * math.log(p / q[entry]))
            entry += 1
    return math.fsum(terms)


@pytest.mark.parametrize(
    ("tokens", "hidden", "vocabulary", "scale"),
    [
        pytest.param(3, 8, 40, 2.0, id="the text is the shorter"),
        pytest.param(9, 8, 40, 2.0, id="the vocabulary is the shorter"),
        pytest.param(7, 6, 40, 2.0, id="the last token is cut"),
        pytest.param(5, 8, 40, 0.0, id="all even"),
        pytest.param(9, 12, 100, 15.0, id="terms dropped on both sides"),
    ],
)
def test_it_is_the_plain_loop(tokens: int, hidden: int, vocabulary: int, scale: float) -> None:
    states, logits = drawn(tokens, hidden, scale=scale), drawn(vocabulary, seed=1, scale=scale)
    found = published_divergence(states, logits)
    assert found.value == pytest.approx(by_loop(states.tolist(), logits.tolist()), rel=1e-12)
    assert found.positions == min(tokens, vocabulary / hidden)


def test_the_softmax_is_taken_of_each_token_and_of_the_whole_vocabulary() -> None:
    # Two tokens of two units, even: p = 1/2 four times; q = 1/4 and once 1/2 of three entries.
    found = published_divergence(torch.zeros(2, 2), torch.tensor([0.0, 0.0, math.log(2)]))
    assert found.value == pytest.approx(2 * 0.5 * math.log(2) + 0.5 * math.log(1))
    assert (found.positions, found.mass, found.dropped) == (1.5, 1.5, 0.0)


def test_the_hidden_state_is_the_first_of_the_two() -> None:
    even, tilted = torch.zeros(1, 2), torch.tensor([3.0, 0.0])
    there = published_divergence(even, tilted).value
    back = published_divergence(tilted[None], even[0]).value
    assert there == pytest.approx(float(kl_divergence(even[0].double(), tilted.double())))
    assert back == pytest.approx(float(kl_divergence(tilted.double(), even[0].double())))
    assert there != pytest.approx(back, rel=0.1)


@pytest.mark.parametrize(
    ("least", "dropped"),
    [
        pytest.param(1e-10 * (1 - 1e-9), 0.5, id="just below"),
        pytest.param(1e-10 * (1 + 1e-9), 0.0, id="just above"),
    ],
)
@pytest.mark.parametrize("side", ["hidden", "logits"])
def test_terms_are_left_out_from_1e_10_down(side: str, least: float, dropped: float) -> None:
    uneven = torch.tensor([math.log1p(-least), math.log(least)], dtype=torch.float64)
    even = torch.zeros(2, dtype=torch.float64)
    states, logits = (uneven[None], even) if side == "hidden" else (even[None], uneven)
    assert published_divergence(states, logits).dropped == dropped


def test_it_is_not_0_without_steering_and_grows_with_the_text() -> None:
    states, logits = drawn(20, 16), drawn(128, seed=1)
    values = [published_divergence(states[:n], logits).value for n in range(1, 21)]
    assert values[0] > 0
    assert all(b > a for a, b in pairwise(values[:8]))
    assert values[8:] == [values[7]] * 12  # 128 / 16 tokens fill the vocabulary


def test_the_floor_is_reached_where_hidden_states_predict_the_vocabulary() -> None:
    # Every token gives its units the share that the vocabulary's entries have among themselves.
    logits = drawn(32, seed=2)
    states = logits.log_softmax(-1).view(4, 8)
    shares = torch.softmax(logits, -1).view(4, 8).sum(-1)
    states = states - shares.log()[:, None]
    found = published_divergence(states, logits)
    assert found.mass == pytest.approx(4)
    assert found.value == pytest.approx(float(-shares.log().sum()))
    assert found.value >= found.floor == pytest.approx(4 * math.log(4))
    even = published_divergence(torch.zeros(4, 8), torch.zeros(32))
    assert even.value == pytest.approx(even.floor)


def test_nothing_is_left() -> None:
    logits = torch.zeros(4)
    logits[3] = 100
    found = published_divergence(torch.zeros(1, 3), logits)
    assert (found.value, found.mass, found.dropped, found.floor) == (0.0, 0.0, 1.0, 0.0)


def test_bounds_of_the_paper_s_models() -> None:
    assert published_bounds(1000, 2048, 151936)[1] == pytest.approx(75 * 23.02585, rel=1e-6)
    assert published_bounds(30, 2048, 151936)[1] == pytest.approx(30 * 23.02585, rel=1e-6)
    assert published_bounds(1000, 3584, 152064)[1] == pytest.approx(43 * 23.02585, rel=1e-6)
    assert published_bounds(1, 1, 1)[0] == -1 / math.e


@pytest.mark.parametrize(
    ("states", "logits", "text"),
    [
        pytest.param(
            torch.zeros(3),
            torch.zeros(4),
            "published divergence: wanted hidden states [token, hidden] and logits [vocab], "
            "found [3] and [4]; give one text's hidden states and the logits at its last token",
            id="one row",
        ),
        pytest.param(
            torch.zeros(1, 3), torch.zeros(1, 4), r"found [1, 3] and [1, 4]", id="a batch"
        ),
        pytest.param(torch.zeros(0, 3), torch.zeros(4), r"found [0, 3] and [4]", id="no token"),
        pytest.param(
            torch.zeros(1, 3), torch.zeros(0), r"found [1, 3] and [0]", id="no vocabulary"
        ),
        pytest.param(
            torch.zeros(1, 3),
            torch.zeros(4, dtype=torch.bfloat16),
            "wanted float32 or float64 logits, found bfloat16; give the logits of a run",
            id="narrow",
        ),
        pytest.param(
            torch.full((1, 3), math.nan),
            torch.zeros(4),
            "hidden states: wanted finite numbers, found NaN or infinity",
            id="hidden states that are no numbers",
        ),
        pytest.param(
            torch.zeros(1, 3),
            torch.tensor([0.0, math.inf]),
            "steered logits: wanted finite numbers, found NaN or infinity",
            id="logits that are no numbers",
        ),
    ],
)
def test_what_cannot_be_compared(states: Tensor, logits: Tensor, text: str) -> None:
    with pytest.raises(MeasureError) as caught:
        published_divergence(states, logits)
    assert text in str(caught.value)
