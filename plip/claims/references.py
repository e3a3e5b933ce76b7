"""Pointing at a value in a data file of a paper's repository."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plip.errors import LedgerError

__all__ = ["Reference", "Step", "is_reference", "parse_reference"]

_FORM = re.compile(r"@(?P<file>[^#|]+)#(?P<path>[^|]+)(?P<percent>\|%)?")
_STEP = re.compile(r"(?P<name>[^.\[\]]+)(?P<filters>(?:\[[^\[\]]+\])*)")
_FILTER = re.compile(r"\[([^\[\]=]+)=([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Step:
    """One key, then the rows of the list it leads to in which every filter's field is so."""

    name: str
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A file of the repository, and the way to the values in it.

    Args:
        file: its path in the repository, with `/`.
        steps: from the top of the document down; a list on the way stands for all of its rows.
        percent: whether a fraction is read as percent.
    """

    file: str
    steps: tuple[Step, ...]
    percent: bool = False


def is_reference(text: str) -> bool:
    """Tell a reference into a data file from the id of an entry."""
    return text.startswith("@")


def parse_reference(text: str) -> Reference:
    """Read `@FILE#KEY.KEY[field=value].KEY`, with `|%` behind it where fractions mean percent.

    Such as `@outputs/scan.json#results[layer=20].python_mean|%`. A step over a list stands for
    all of its rows, a filter for those whose field is written so: true, false, null, a number by
    its value, a string by its text.

    Raises:
        LedgerError: something else.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise _fault(text)
    steps: list[Step] = []
    rest = found["path"]
    while True:
        step = _STEP.match(rest)
        if step is None:
            raise _fault(text)
        filters = tuple((key, value) for key, value in _FILTER.findall(step["filters"]))
        if len(filters) != step["filters"].count("["):
            raise _fault(text)
        steps.append(Step(step["name"], filters))
        rest = rest[step.end() :]
        if not rest:
            break
        if not rest.startswith("."):
            raise _fault(text)
        rest = rest[1:]
    return Reference(found["file"], tuple(steps), found["percent"] is not None)


def _fault(text: str) -> LedgerError:
    return LedgerError(
        f"reference {text!r}",
        wanted="@FILE#KEY.KEY[field=value].KEY, with |% behind it for percent",
        found=repr(text),
        advice="write the file's path in the repository, then the keys that lead to the values",
    )
