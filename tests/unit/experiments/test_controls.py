"""What is drawn for controls, and what can reach the prediction."""

from __future__ import annotations

import dataclasses
import math
from itertools import combinations

import numpy as np
import pytest

from plip.experiments.controls import other_keys, other_layers, other_token
from plip.experiments.reach import Rows, out_of_reach, silent_layers
from plip.models import Rwkv6Subject, TransformerSubject
from plip.text import CharMarks, Corpus, Group, Located, Sample, Tokens

pytestmark = pytest.mark.fast


def _item(
    n: int = 12, query: int = 8, keys: tuple[int, ...] = (0, 3, 5), name: str = "one"
) -> Located:
    """A sample of one character a token."""
    text = "abcdefghijklmnopqrstuvwxyz"[:n]
    marks = CharMarks(marker=query, pattern=text[query], targets=keys)
    tokens = Tokens(text, tuple(range(n)), tuple((i, i + 1) for i in range(n)))
    return Sample(name, Group.RUST_TEST, text, marks).locate(tokens)


def _rows(seed: int = 0, n: int = 12, layers: int = 4) -> dict[int, list[float]]:
    rng = np.random.default_rng(seed)
    return {layer: rng.dirichlet(np.full(n, 0.3)).tolist() for layer in range(layers)}


@pytest.mark.parametrize("layers", [(1,), (0, 2, 3)])
@pytest.mark.parametrize("seed", range(20))
def test_other_keys(layers: tuple[int, ...], seed: int) -> None:
    item, rows = _item(), _rows(seed)
    drawn = other_keys(item, layers, rows, seed)
    assert drawn.excluded is None
    assert len(set(drawn.positions)) == 3
    assert not set(drawn.positions) & {0, 3, 5, 8}
    assert all(0 <= key < 8 for key in drawn.positions)
    mean = [math.fsum(rows[layer][key] for layer in layers) / len(layers) for key in range(12)]
    assert drawn.mass == pytest.approx(math.fsum(mean[key] for key in drawn.positions))
    assert drawn.target_mass == pytest.approx(mean[0] + mean[3] + mean[5])
    # Of ten sets there are, the one that comes closest.
    gaps = [
        abs(sum(mean[key] for key in keys) - drawn.target_mass)
        for keys in combinations((1, 2, 4, 6, 7), 3)
    ]
    assert abs(drawn.mass - drawn.target_mass) == pytest.approx(min(gaps), abs=1e-12)


def test_single_keys_are_exchanged_until_none_comes_closer() -> None:
    n, keys = 200, (3, 50, 120)
    rows = {0: np.random.default_rng(1).dirichlet(np.full(n, 0.05)).tolist()}
    marks = CharMarks(marker=199, pattern="x", targets=keys)
    tokens = Tokens("x" * n, tuple(range(n)), tuple((i, i + 1) for i in range(n)))
    item = Sample("long", Group.RUST_TEST, "x" * n, marks).locate(tokens)
    drawn = other_keys(item, (0,), rows, 0)
    assert drawn.mass is not None
    assert drawn.target_mass is not None
    gap = abs(drawn.mass - drawn.target_mass)
    left = [key for key in range(199) if key not in (*keys, *drawn.positions)]
    for out in drawn.positions:
        for taken in left:
            other = drawn.mass - rows[0][out] + rows[0][taken]
            assert abs(other - drawn.target_mass) >= gap - 1e-15


def test_keys_that_a_layer_does_not_see_are_not_drawn() -> None:
    rows = _rows()
    for key in (1, 2):
        rows[2][key] = 0.0
    for seed in range(20):
        assert set(other_keys(_item(), (1, 2), rows, seed).positions) == {4, 6, 7}
    rows[2][4] = 0.0
    drawn = other_keys(_item(), (1, 2), rows, 0)
    assert drawn.positions == ()
    assert drawn.excluded == "2 other earlier tokens, too few to stand for 3 targets"


def test_draws_depend_on_seed_sample_and_layers_alone() -> None:
    many = [_item(26, 24, (0, 1), name) for name in "abcdefgh"]
    rows = {layer: [1 / 26] * 26 for layer in range(4)}
    keys = {
        (item.sample.id, layers, seed): other_keys(item, layers, rows, seed).positions
        for item in many
        for layers in ((1,), (1, 2))
        for seed in (0, 1)
    }
    assert len(set(keys.values())) > 20
    tokens = {item.sample.id: other_token(item, (1,), 0).positions for item in many}
    layers = {item.sample.id: other_layers(item, (1,), range(2, 60), 0) for item in many}
    assert len(set(tokens.values())) > 4
    assert len(set(layers.values())) > 4
    for item in reversed(many):
        assert other_token(item, (1,), 0).positions == tokens[item.sample.id]
        assert other_layers(item, (1,), list(range(59, 1, -1)), 0) == layers[item.sample.id]
        assert other_keys(item, (1, 2), rows, 1).positions == keys[item.sample.id, (1, 2), 1]


def test_draws_of_layers_and_within_layers_are_apart() -> None:
    """Each set of steered layers has draws of its own, unlike those of keys and tokens."""
    steered = [(1,), (2,), (1, 2), (1, 2, 3)]
    found = {other_layers(_item(), layers, range(10, 999), 0) for layers in steered}
    assert len({None if each is None else each[0] for each in found}) == 4
    n = 400
    marks = CharMarks(marker=399, pattern="x", targets=(398,))
    tokens = Tokens("x" * n, tuple(range(n)), tuple((i, i + 1) for i in range(n)))
    item = Sample("long", Group.RUST_TEST, "x" * n, marks).locate(tokens)
    assert other_layers(item, (1,), range(398), 0) != other_token(item, (1,), 0).positions


def test_another_token() -> None:
    for seed in range(60):
        (token,) = other_token(_item(), (1,), seed).positions
        assert token not in {0, 3, 5, 8, 11}
        (token,) = other_token(_item(keys=(3, 5)), (1,), seed, own=True).positions
        assert token not in {0, 3, 5, 8, 11}
    drawn = other_token(_item(4, 2, (0, 1)), (1,), 0)
    assert drawn.excluded == "no token but the marker, the targets and the last"


def test_other_layers() -> None:
    for seed in range(30):
        found = other_layers(_item(), (1, 4), [0, 2, 3], seed)
        assert found is not None
        assert len(set(found)) == 2
        assert set(found) < {0, 2, 3}
        assert list(found) == sorted(found)
    assert other_layers(_item(), (1, 4), [0], 0) is None


@pytest.mark.parametrize(
    ("query", "layers", "rows", "reason"),
    [
        (8, [3], "own", "above the last layer no row reads the marker's"),
        (8, [2, 3], "own", None),
        (8, [2], "own", None),
        (11, [3], "own", None),
        (8, [3], "later", None),
        (11, [0, 3], "later", "the marker is the last token, and no later one reads it"),
        (11, [3], "both", None),
        (8, [3], "both", None),
    ],
)
def test_what_can_reach_the_prediction(
    query: int, layers: list[int], rows: Rows, reason: str | None
) -> None:
    assert out_of_reach(_item(query=query), layers, 4, rows) == reason


def test_layers_that_reach_nothing_by_themselves(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    located = [sample.locate(tiny.tokenize(sample.text)) for sample in corpus.take(2)]
    assert silent_layers(located, (3, 4, 5), tiny) == [5]
    assert silent_layers(located, (2, 3), tiny_recurrent) == []
    late = dataclasses.replace(located[0], excluded="late")
    assert silent_layers([late, _item(query=11)], (5,), tiny) == []
