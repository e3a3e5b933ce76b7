"""A corpus: samples in groups, read from a file, written to one, and identified by a digest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from plip.errors import ConfigError
from plip.text.files import write_atomically
from plip.text.marks import CharMarks, Group, corpus_error
from plip.text.reading import (
    CHAR_MARKER_KEY,
    CHAR_TARGETS_KEY,
    FORMAT_KEY,
    FORMAT_VERSION,
    PATTERN_KEY,
    duplicate_faults,
    read_samples,
)
from plip.text.sample import Sample

__all__ = ["Corpus"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Samples with unique ids, kept in the order of `Group`.

    Raises:
        CorpusError: no sample, or two with one id.
    """

    samples: tuple[Sample, ...]

    def __post_init__(self) -> None:
        faults = duplicate_faults([sample.id for sample in self.samples])
        if not self.samples:
            faults.append("wanted at least one sample, found none")
        if faults:
            raise corpus_error("corpus", faults)
        order = list(Group)
        by_group = sorted(self.samples, key=lambda sample: order.index(sample.group))
        object.__setattr__(self, "samples", tuple(by_group))

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Corpus:
        """Read a corpus file, in characters (universal form) or tokens (older form).

        Raises:
            CorpusError: every fault of the file, with the samples' ids, in `details["faults"]`.

        Source: the forms are those of the paper's corpus files.
        """
        return cls(read_samples(path))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the universal form, whole or not at all.

        Raises:
            CorpusError: a sample has token marks; see `Sample.with_char_marks`.
            OutputError: the file cannot be written.
        """
        write_atomically(path, self.to_json())

    def to_json(self) -> str:
        """Render the universal form: groups in order, two spaces of indent, a final newline.

        Raises:
            CorpusError: a sample has token marks, which mean nothing without their tokenizer.
        """
        content: dict[str, Any] = {FORMAT_KEY: FORMAT_VERSION}
        faults = []
        for sample in self.samples:
            marks = sample.marks
            if not isinstance(marks, CharMarks):
                faults.append(
                    f"sample {sample.id!r}: wanted character marks, found token marks "
                    "(Sample.with_char_marks turns them)"
                )
                continue
            content.setdefault(sample.group.value, []).append(
                {
                    "id": sample.id,
                    "code": sample.text,
                    CHAR_MARKER_KEY: marks.marker,
                    PATTERN_KEY: marks.pattern,
                    CHAR_TARGETS_KEY: list(marks.targets),
                }
            )
        if faults:
            raise corpus_error("corpus", faults)
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def group(self, group: Group) -> tuple[Sample, ...]:
        """Pick the samples of one group, in order; none if the corpus has none."""
        return tuple(sample for sample in self.samples if sample.group is group)

    def take(self, n: int) -> Corpus:
        """Keep the first `n` samples of each group, or all of a group that has fewer.

        Raises:
            ConfigError: `n` is less than 1.
        """
        if n < 1:
            raise ConfigError(
                "corpus",
                wanted="at least 1 sample of each group",
                found=f"{n}",
                advice="give a number from 1",
            )
        return Corpus(tuple(sample for group in Group for sample in self.group(group)[:n]))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the samples in order: ids, groups, texts and marks.

        It does not depend on how a file is laid out, nor on the order of its groups.
        """
        content = [[type(sample.marks).__name__, asdict(sample)] for sample in self.samples]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()

    def __iter__(self) -> Iterator[Sample]:
        """Go through the samples, group by group."""
        return iter(self.samples)

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.samples)
