"""Where a sample's marker and its targets stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plip.errors import CorpusError

__all__ = ["CharMarks", "Group", "TokenMarks"]


class Group(StrEnum):
    """What a sample is an instance of.

    Source: STEERING_RESULTS.md §1; the controls are those of the paper's corpus files.
    """

    PYTHON_DOCTEST = "python_doctest"
    """A Python function whose `>>>` begins a doctest."""
    RUST_TEST = "rust_test"
    """A Rust function followed by a `#[test]`."""
    PYTHON_BASELINE = "python_baseline"
    """A Python function with a `>>>` that is no doctest."""
    RUST_BASELINE = "rust_baseline"
    """A Rust function with an attribute that is no `#[test]`."""

    @property
    def language(self) -> str:
        """Name the programming language: "python" or "rust"."""
        return self.value.partition("_")[0]

    @property
    def is_control(self) -> bool:
        """Tell whether the marker is not a test."""
        return self in (Group.PYTHON_BASELINE, Group.RUST_BASELINE)


@dataclass(frozen=True, slots=True)
class CharMarks:
    """Marks in Unicode code points of the text: the same for every tokenizer."""

    marker: int
    """Where `pattern` begins."""
    pattern: str
    """The marker's own text, such as ">>>" or "#[test]"."""
    targets: tuple[int, ...]
    """Where the marked parts of the function begin (keyword, name, parameters)."""

    def faults(self, text: str | None) -> dict[str, list[str]]:
        """List by field, in words, what does not fit the text; without one, what fits none."""
        length = None if text is None else len(text)
        faults = _position_faults(self.marker, self.targets, length)
        faults["pattern"] = []
        if not isinstance(self.pattern, str) or not self.pattern:
            faults["pattern"].append(f"wanted the marker's text, found {self.pattern!r}")
        elif text is not None and not faults["marker"] and self._is_misplaced(text):
            faults["pattern"].append(self._misplacement(text))
        return faults

    def _is_misplaced(self, text: str) -> bool:
        return not text.startswith(self.pattern, self.marker)

    def _misplacement(self, text: str) -> str:
        wanted = f"wanted {self.pattern!r} at character {self.marker}"
        found = text[self.marker : self.marker + len(self.pattern)]
        places = _places(text, self.pattern)
        where = "it stands at " + ", ".join(map(str, places)) if places else "it stands nowhere"
        return f"{wanted}, found {found!r}; {where}"


@dataclass(frozen=True, slots=True)
class TokenMarks:
    """Marks as token indices: they mean something to one tokenizer only.

    The paper's older file holds these and does not name the tokenizer, so nothing but their
    range can be checked.
    """

    marker: int
    targets: tuple[int, ...]

    def faults(self, text: str | None) -> dict[str, list[str]]:
        """List by field, in words, what cannot be a token index."""
        return _position_faults(self.marker, self.targets, None)


def corpus_error(
    who: str,
    faults: Iterable[str],
    *,
    wanted: str = "samples whose marks fit their texts",
    advice: str = "correct the corpus",
) -> CorpusError:
    """Gather faults into one error: all in its details, the first twenty in its text."""
    listed = list(faults)
    shown = "".join(f"\n  {fault}" for fault in listed[:20])
    if len(listed) > 20:
        shown += f"\n  and {len(listed) - 20} more"
    return CorpusError(
        who,
        wanted=wanted,
        found=f"{len(listed)} {'fault' if len(listed) == 1 else 'faults'}:{shown}",
        advice=advice,
        details={"faults": listed},
    )


def _position_faults(
    marker: Any, targets: tuple[Any, ...], length: int | None
) -> dict[str, list[str]]:
    """Check marks as positions from 0, below `length` if there is one; a bool is no position."""
    wanted = "a whole number from 0" if length is None else f"a whole number within 0..{length - 1}"

    def fits(value: Any) -> bool:
        return type(value) is int and value >= 0 and (length is None or value < length)

    return {
        "marker": [] if fits(marker) else [f"wanted the marker as {wanted}, found {marker!r}"],
        "targets": [f"wanted a target as {wanted}, found {t!r}" for t in targets if not fits(t)]
        if targets
        else ["wanted at least one target, found none"],
    }


def _places(text: str, pattern: str) -> list[int]:
    """Find every beginning of a pattern, overlaps included."""
    return [i for i in range(len(text)) if text.startswith(pattern, i)]
