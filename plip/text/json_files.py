"""JSON files, as far as reading them is the same whatever they hold."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from plip.errors import CorpusError

__all__ = ["kind_of", "load_bytes", "parse_json"]

_KINDS: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    list: "a list",
    dict: "an object",
    float: "a number with a fraction",
    bool: "true or false",
    type(None): "null",
}


def load_bytes(path: str | os.PathLike[str], who: str, *, what: str) -> bytes:
    """Read a file.

    Raises:
        CorpusError: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CorpusError(
            who,
            wanted="a file that can be read",
            found=error.strerror or str(error),
            advice=f"give the path of {what} in JSON",
            details={"faults": [error.strerror or str(error)]},
        ) from error


def parse_json(data: bytes) -> tuple[Any, list[str]]:
    """Decode a file, and list the keys that stand twice in one object.

    Raises:
        ValueError: it is not JSON in UTF-8.
    """
    faults: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # JSON lets a key stand twice and Python keeps the last: samples would vanish unseen.
        counts = Counter(key for key, _ in pairs)
        faults.extend(
            f"key {key!r} stands {n} times in one object" for key, n in counts.items() if n > 1
        )
        return dict(pairs)

    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=unique), faults
    except RecursionError as error:
        raise ValueError(str(error)) from error


def kind_of(value: Any) -> str:
    """Name what a value is in JSON."""
    return _KINDS[type(value)]
