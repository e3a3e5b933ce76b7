"""Greedy longest match over bytes.

The packaged tries for this vocabulary (PyPI `pyrwkv-tokenizer` 0.9.1) give the same ids, but panic
on other vocabularies in the same format and drop bytes that no token holds without a word.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Trie"]


class Trie:
    """Tokens by their bytes, one node for each prefix of a token.

    All edges are in one dict, keyed by node and byte, so that a long token is no deep nesting.

    Args:
        tokens: bytes, not empty, and the id of each, not 0.
    """

    def __init__(self, tokens: Iterable[tuple[bytes, int]]) -> None:
        self._edges: dict[int, int] = {}
        self._ids = [0]  # of the token that ends at each node; 0: none does
        for token, number in tokens:
            node = 0
            for byte in token:
                edge = node << 8 | byte
                if edge not in self._edges:
                    self._edges[edge] = len(self._ids)
                    self._ids.append(0)
                node = self._edges[edge]
            self._ids[node] = number

    def cut(self, data: bytes) -> tuple[list[int], list[int]]:
        """Cut bytes into tokens: at each place the longest one that fits.

        Takes time in O(bytes · longest token).

        Returns:
            The ids, and for each the byte after its last one. The last of these is less than
            `len(data)` where no token begins with the bytes that follow.
        """
        edges, ids = self._edges, self._ids
        found: list[int] = []
        stops: list[int] = []
        start, end = 0, len(data)
        while start < end:
            node, at = 0, start
            number, stop = 0, start
            while at < end:
                following = edges.get(node << 8 | data[at])
                if following is None:
                    break
                node = following
                at += 1
                if ids[node]:
                    number, stop = ids[node], at
            if not number:
                break
            found.append(number)
            stops.append(stop)
            start = stop
        return found, stops
