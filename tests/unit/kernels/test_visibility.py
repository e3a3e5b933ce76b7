"""Which keys a row sees, against the pattern written as a loop."""

from __future__ import annotations

import pytest
import torch

from plip.kernels import Visibility

pytestmark = pytest.mark.fast

FULL = Visibility()
SLIDING = Visibility("sliding", 3)
CHUNKED = Visibility("chunked", 3)


def shown(visibility: Visibility, query: int, n: int) -> list[int]:
    """Return the keys that a row sees in a text of n tokens."""
    mask = visibility.mask(torch.tensor([query]), torch.arange(n))
    assert mask.shape == (1, n)
    assert mask.dtype == torch.bool
    return mask[0].nonzero()[:, 0].tolist()


@pytest.mark.parametrize(
    ("visibility", "query", "keys"),
    [
        (FULL, 0, [0]),
        (FULL, 4, [0, 1, 2, 3, 4]),
        (SLIDING, 0, [0]),
        (SLIDING, 2, [0, 1, 2]),
        (SLIDING, 3, [1, 2, 3]),
        (SLIDING, 6, [4, 5, 6]),
        (CHUNKED, 2, [0, 1, 2]),
        (CHUNKED, 3, [3]),
        (CHUNKED, 5, [3, 4, 5]),
        (CHUNKED, 6, [6]),
    ],
)
def test_what_a_row_sees(visibility: Visibility, query: int, keys: list[int]) -> None:
    assert shown(visibility, query, 7) == keys


def test_rows_in_any_order() -> None:
    mask = SLIDING.mask(torch.tensor([5, 0]), torch.arange(6))
    assert mask.int().tolist() == [[0, 0, 0, 1, 1, 1], [1, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("visibility", [FULL, SLIDING, CHUNKED])
@pytest.mark.parametrize("n", range(1, 9))
def test_covers_says_whether_every_earlier_key_is_seen(visibility: Visibility, n: int) -> None:
    everything = all(shown(visibility, query, n) == list(range(query + 1)) for query in range(n))
    assert visibility.covers(n) == everything


def test_a_visibility_is_a_value() -> None:
    assert Visibility("sliding", 3) == SLIDING
    assert Visibility("sliding", 4) != SLIDING
    with pytest.raises(AttributeError):
        SLIDING.size = 4  # type: ignore[misc]  # frozen
