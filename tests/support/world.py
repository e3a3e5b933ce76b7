"""Vocabularies in the form of RWKV's, and the slow way to cut a text with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["BYTES", "greedy", "line", "numbered", "write"]

#: Every single byte, with the id that the published vocabulary gives it.
BYTES = {byte + 1: bytes([byte]) for byte in range(256)}


def numbered(*tokens: str | bytes) -> dict[int, bytes]:
    """All single bytes, then some longer tokens with ids from 257."""
    longer = [token.encode() if isinstance(token, str) else token for token in tokens]
    return BYTES | {257 + place: token for place, token in enumerate(longer)}


def line(index: int, token: bytes) -> str:
    """Write a token as the published file does: a str where it is UTF-8."""
    try:
        literal = repr(token.decode("utf-8"))
    except UnicodeDecodeError:
        literal = repr(token)
    return f"{index} {literal} {len(token)}\n"


def write(path: Path, tokens: dict[int, bytes]) -> Path:
    """Write a vocabulary file."""
    path.write_text("".join(line(*entry) for entry in tokens.items()), "utf-8", newline="")
    return path


def greedy(tokens: Iterable[tuple[int, bytes]], data: bytes) -> list[int]:
    """The oracle: try every token at every place, and take the longest."""
    entries = list(tokens)
    ids = []
    start = 0
    while start < len(data):
        fits = [(len(token), index) for index, token in entries if data.startswith(token, start)]
        length, index = max(fits)
        ids.append(index)
        start += length
    return ids
