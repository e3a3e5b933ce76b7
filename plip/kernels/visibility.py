"""Which keys a query may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

__all__ = ["Visibility"]


@dataclass(frozen=True, slots=True)
class Visibility:
    """A causal pattern of visible keys.

    full: k ≤ q. sliding: q − size < k ≤ q. chunked: k ≤ q and ⌊k / size⌋ = ⌊q / size⌋.

    Args:
        kind: the pattern.
        size: its window or chunk in tokens; 0 for full.
    """

    kind: Literal["full", "sliding", "chunked"] = "full"
    size: int = 0

    def mask(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return what is visible.

        Args:
            queries: absolute positions [row].
            keys: absolute positions [key].

        Returns:
            bool [row, key].
        """
        query, key = queries[:, None], keys[None, :]
        causal = key <= query
        if self.kind == "sliding":
            return causal & (key > query - self.size)
        if self.kind == "chunked":
            return causal & (key // self.size == query // self.size)
        return causal

    def covers(self, n_tokens: int) -> bool:
        """Whether, in a text of `n_tokens` from position 0, every earlier key is visible."""
        return self.kind == "full" or n_tokens <= self.size
