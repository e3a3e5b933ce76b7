"""Where a plan acts: attention edges (query, key) with key ≤ query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from plip.errors import EdgeError

__all__ = ["ALL", "All", "Edges", "edges", "into", "out_of"]


class All(Enum):
    """The type of `ALL`, every layer, head or position there is."""

    ALL = "all"

    def __repr__(self) -> str:
        return "ALL"


ALL = All.ALL


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges (q, k), k ≤ q, with q among the queries and k among the keys.

    Where both are listed, every pair is an edge and must be causal. Where one is `ALL`, the pairs
    against causality are left out, and with them the edge of a token to itself unless `own`.

    Args:
        queries: positions, or `ALL`.
        keys: positions, or `ALL`.
        own: whether (q, q) counts where one side is `ALL`; a listed pair always does.

    Raises:
        EdgeError: no position given, a negative one, or a listed pair with key > query.
    """

    queries: tuple[int, ...] | All
    keys: tuple[int, ...] | All
    own: bool = True

    def __post_init__(self) -> None:
        # One form of each set of edges, so that equal plans have equal digests.
        for name in ("queries", "keys"):
            side = getattr(self, name)
            if side is not ALL:
                object.__setattr__(self, name, tuple(sorted(set(side))))
                _check_positions("query" if name == "queries" else "key", getattr(self, name))
        if self.listed:
            object.__setattr__(self, "own", True)
        if self.queries is not ALL and self.keys is not ALL and self.keys[-1] > self.queries[0]:
            raise EdgeError(
                f"edge ({self.queries[0]}, {self.keys[-1]})",
                wanted="a key at or before its query",
                found=f"key {self.keys[-1]} > query {self.queries[0]}",
                advice="a causal model attends backwards only: swap them or drop the pair",
                details={"query": self.queries[0], "key": self.keys[-1]},
            )

    @property
    def listed(self) -> bool:
        """Whether every edge was named, so that one outside a window is an error."""
        return self.queries is not ALL and self.keys is not ALL

    def query_positions(self, n_tokens: int) -> range | tuple[int, ...]:
        """Return the queries that have at least one edge in a text of `n_tokens`."""
        if self.queries is not ALL:
            if self.keys is ALL and not self.own:
                return tuple(query for query in self.queries if query > 0)
            return self.queries
        first = 0 if self.keys is ALL else self.keys[0]
        return range(first if self.own else first + 1, n_tokens)

    def key_count(self, query: int) -> int:
        """Return how many edges a query has, before any window."""
        last = query if self.own or self.listed else query - 1
        return last + 1 if self.keys is ALL else sum(key <= last for key in self.keys)

    def check(self, n_tokens: int) -> None:
        """Check that the positions lie in a text of `n_tokens` and leave at least one edge.

        Raises:
            EdgeError: a position out of range, or no edge at all.
        """
        for name, side in (("query", self.queries), ("key", self.keys)):
            if side is not ALL and side[-1] >= n_tokens:
                raise EdgeError(
                    f"{name} position {side[-1]}",
                    wanted=f"a position below {n_tokens}, the number of tokens",
                    found=str(side[-1]),
                    advice="count token positions from 0; Tokens.at(char) finds them",
                    details={name: side[-1], "tokens": n_tokens},
                )
        if len(self.query_positions(n_tokens)) == 0:
            raise EdgeError(
                repr(self),
                wanted="at least one edge",
                found=f"none in a text of {n_tokens} tokens",
                advice="into(key) needs a later token, out_of(query) an earlier one; own=True adds "
                "the token's edge to itself",
                details={"tokens": n_tokens},
            )

    def to_json(self) -> dict[str, object]:
        """Return the JSON form; `ALL` is the string "all"."""
        return {
            "queries": "all" if self.queries is ALL else list(self.queries),
            "keys": "all" if self.keys is ALL else list(self.keys),
            "own": self.own,
        }


def edges(*, query: int | Iterable[int] | All, keys: int | Iterable[int] | All) -> Edges:
    """Name edges by their queries and keys: every query with every key.

    Raises:
        EdgeError: as `Edges`.
    """
    return Edges(_positions(query), _positions(keys))


def into(key: int | Iterable[int], *, own: bool = False) -> Edges:
    """Name every edge into a key: all later queries, with `own` the key's own row too.

    On a model with a recurrent state it names what the token at `key` writes into the state, which
    is the only thing that can be steered there. Scaling or knocking out the write is not a removal
    of the token: token shift carries the token itself into the next one's input, whatever it
    writes. `own` is refused there.

    Raises:
        EdgeError: as `Edges`.
    """
    return Edges(ALL, _positions(key), own=own)


def out_of(query: int | Iterable[int], *, own: bool = False) -> Edges:
    """Name every edge out of a query: all earlier keys, with `own` the query itself too.

    Raises:
        EdgeError: as `Edges`.
    """
    return Edges(_positions(query), ALL, own=own)


def _positions(value: int | Iterable[int] | All) -> tuple[int, ...] | All:
    if value is ALL:
        return ALL
    if isinstance(value, int):
        value = [value]
    listed = list(value) if isinstance(value, Iterable) else [None]
    if not all(isinstance(item, int) and not isinstance(item, bool) for item in listed):
        raise EdgeError(
            "edge positions",
            wanted="whole numbers or plip.ALL",
            found=repr(value),
            advice="Tokens.at(char) gives token positions",
        )
    return tuple(sorted(set(listed)))


def _check_positions(name: str, side: tuple[int, ...]) -> None:
    if not side or side[0] < 0:
        raise EdgeError(
            f"{name} positions",
            wanted="at least one, each ≥ 0",
            found=str(list(side)),
            advice="count token positions from 0; plip.ALL stands for every position",
            details={name: list(side)},
        )
