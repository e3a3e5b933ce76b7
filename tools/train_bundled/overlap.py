"""How much of what is held out stands in the training documents all the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

LONG = 30


def _long_lines(document: str) -> Iterator[str]:
    return (line for line in map(str.strip, document.splitlines()) if len(line) >= LONG)


def lines_seen(held_out: Sequence[str], training: Sequence[str]) -> float:
    """Share of the long lines of held-out documents that some training document has too.

    Long lines have at least ``LONG`` characters, space around them aside; shorter ones recur in any
    code. Of a file whose near-copy is read most lines would be seen. NaN without long lines.
    """
    read = {line for document in training for line in _long_lines(document)}
    lines = [line in read for document in held_out for line in _long_lines(document)]
    return sum(lines) / len(lines) if lines else math.nan
