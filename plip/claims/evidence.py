"""What a check may look at: printed figures, a repository's data files, experiments run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from plip.claims.artifacts import Artifacts, Item
from plip.claims.figures import Quantity
from plip.claims.references import is_reference, parse_reference
from plip.claims.reruns import Rerun, RerunKey
from plip.errors import ArtifactError
from plip.stats import Interval

__all__ = ["Evidence", "Given", "Reading"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is at hand beside the ledger itself.

    Args:
        artifacts: a checkout of the paper's repository; None if there is none here.
        reruns: figures of experiments that were run again.
    """

    artifacts: Artifacts | None = None
    reruns: Mapping[RerunKey, Rerun] = field(default_factory=dict)

    def missing(self, references: Sequence[str]) -> str | None:
        """Say which data files are not at hand, None if all are."""
        files = sorted({parse_reference(reference).file for reference in references})
        if self.artifacts is None:
            lacking = files
        else:
            lacking = [file for file in files if not self.artifacts.has(file)]
        return f"needs artifacts: {', '.join(lacking)}" if lacking else None


@dataclass(frozen=True, slots=True)
class Reading:
    """One number that a check reads, wherever it stands.

    Args:
        label: the last part of an entry's id, or the row's id in a data file.
        printed: as the paper or the file has it.
        finest: every value it may have, from the finest figures there are.
        at_face: the same if what is printed were exact.
    """

    label: str
    printed: str
    finest: Interval
    at_face: Interval

    @property
    def value(self) -> float:
        """The middle of what it is at face value."""
        return float((self.at_face.low + self.at_face.high) / 2)


class Given(Mapping[str, Quantity]):
    """The inputs of one check: entries by id, and whatever else its references point at."""

    def __init__(self, quantities: Mapping[str, Quantity], evidence: Evidence) -> None:
        self._quantities = quantities
        self._evidence = evidence

    def __getitem__(self, entry_id: str) -> Quantity:
        return self._quantities[entry_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._quantities)

    def __len__(self) -> int:
        return len(self._quantities)

    @property
    def reruns(self) -> Mapping[RerunKey, Rerun]:
        """Figures of experiments that were run again."""
        return self._evidence.reruns

    def readings(self, *sources: str) -> tuple[Reading, ...]:
        """Return the numbers of entries and references, in order.

        Raises:
            ArtifactError: a reference leads to something other than finite numbers.
        """
        found: list[Reading] = []
        for source in sources:
            if is_reference(source):
                percent = parse_reference(source).percent
                found += [_reading(source, item, percent) for item in self.select(source)]
            else:
                quantity = self[source]
                figure = quantity.figure
                label = source.rpartition("/")[2]
                found.append(
                    Reading(label, figure.printed, quantity.finest, quantity.finest_at_face)
                )
        return tuple(found)

    def reading(self, source: str) -> Reading:
        """Return the one number of an entry or a reference.

        Raises:
            ArtifactError: a reference leads to another number of values than one.
        """
        readings = self.readings(source)
        if len(readings) != 1:
            raise _fault(source, "one value", str(len(readings)))
        return readings[0]

    def select(self, reference: str) -> tuple[Item, ...]:
        """Return what a reference points at, of whatever type; the framework has seen to it that
        its file is at hand.

        Raises:
            ArtifactError: the file does not hold it.
        """
        assert self._evidence.artifacts is not None  # Evidence.missing comes first
        return self._evidence.artifacts.select(parse_reference(reference))


def _reading(source: str, item: Item, percent: bool) -> Reading:
    value: Any = item.value
    try:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        exact = Fraction(value) * (100 if percent else 1)
    except (TypeError, ValueError, OverflowError):
        raise _fault(source, "finite numbers", repr(value)) from None
    point = Interval.point(exact)
    return Reading(item.label, f"{float(exact):.6g}{'%' if percent else ''}", point, point)


def _fault(source: str, wanted: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"reference {source!r}",
        wanted=wanted,
        found=found,
        advice="correct the reference in the ledger, or the file",
    )
