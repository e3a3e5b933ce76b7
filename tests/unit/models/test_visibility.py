"""What a mask function shows is found by asking it."""

from __future__ import annotations

import pytest
import torch
from transformers.masking_utils import (
    and_masks,
    bidirectional_mask_function,
    causal_mask_function,
    chunked_causal_mask_function,
    or_masks,
    sliding_window_causal_mask_function,
)

from plip.errors import UnsupportedModelError
from plip.kernels import Visibility
from plip.models.probe import visibility_of

pytestmark = pytest.mark.fast

SIZES = (1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 100, 511, 512, 4096)
NO_PADDING = torch.zeros(1, dtype=torch.int64)


def test_full() -> None:
    assert visibility_of(causal_mask_function, None) == Visibility("full", 0)


@pytest.mark.parametrize("size", SIZES)
def test_sliding(size: int) -> None:
    found = visibility_of(sliding_window_causal_mask_function(size), size)
    assert found == Visibility("sliding", size)


@pytest.mark.parametrize("size", [size for size in SIZES if size > 1])
def test_chunked(size: int) -> None:
    found = visibility_of(chunked_causal_mask_function(size, NO_PADDING), size)
    assert found == Visibility("chunked", size)


def test_chunks_of_one_token_are_windows_of_one_token() -> None:
    found = visibility_of(chunked_causal_mask_function(1, NO_PADDING), 1)
    every = torch.arange(9)
    assert torch.equal(found.mask(every, every), Visibility("chunked", 1).mask(every, every))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["sliding", "chunked"])
def test_shows_what_transformers_shows(kind: str, size: int) -> None:
    n = min(3 * size + 2, 200)
    every = torch.arange(n)
    if kind == "sliding":
        function = sliding_window_causal_mask_function(size)
    else:
        function = chunked_causal_mask_function(size, NO_PADDING)
    shown = visibility_of(function, size).mask(every, every)
    zero = torch.zeros(1, dtype=torch.int64)
    theirs = function(zero, zero, every[:, None], every[None, :])
    assert torch.equal(shown, torch.as_tensor(theirs).expand(n, n))


@pytest.mark.parametrize("size", [None, *SIZES])
def test_a_mask_that_sees_later_tokens_is_refused(size: int | None) -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        visibility_of(bidirectional_mask_function, size)
    assert str(caught.value) == (
        "attention mask: wanted a causal mask: full, with a sliding window, or in chunks, "
        "found another pattern, such as one that sees later tokens; "
        "this model cannot be steered exactly; see `plip models` for families that can"
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("off", [-1, 1])
def test_a_size_that_is_not_the_masks_own_is_refused(size: int, off: int) -> None:
    if size + off > 0:
        with pytest.raises(UnsupportedModelError):
            visibility_of(sliding_window_causal_mask_function(size), size + off)


@pytest.mark.parametrize("size", [2, 5, 16])
def test_full_attention_is_no_window(size: int) -> None:
    with pytest.raises(UnsupportedModelError):
        visibility_of(causal_mask_function, size)
    with pytest.raises(UnsupportedModelError):
        visibility_of(sliding_window_causal_mask_function(size), None)


def sees_first(batch: object, head: object, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    return key == 0


def not_itself(batch: object, head: object, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    return key != query


def two_way_start(
    batch: object, head: object, query: torch.Tensor, key: torch.Tensor
) -> torch.Tensor:
    return (key < 3) & (query < 3)


@pytest.mark.parametrize(
    ("function", "size"),
    [
        pytest.param(
            or_masks(sliding_window_causal_mask_function(8), sees_first), 8, id="window-and-sink"
        ),
        pytest.param(and_masks(causal_mask_function, not_itself), None, id="not-itself"),
        pytest.param(or_masks(causal_mask_function, two_way_start), None, id="two-way-start"),
    ],
)
def test_another_pattern_is_refused(function: object, size: int | None) -> None:
    with pytest.raises(UnsupportedModelError):
        visibility_of(function, size)  # type: ignore[arg-type]
