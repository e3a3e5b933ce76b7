"""Carrying out an experiment: records kept as they come, resumed where they stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from typing import Protocol, TypeVar

from plip.experiments.config import FrozenConfig
from plip.models import Subject
from plip.records import (
    AnyRecord,
    Manifest,
    RunStore,
    UnitRecord,
    combined_digest,
    installed_versions,
)

__all__ = ["Experiment", "Inputs", "Outcome", "Progress", "carry_out"]

#: Told how many units, such as samples, are done, and of how many.
Progress = Callable[[int, int], None]


class Inputs(Protocol):
    """What an experiment is run on, such as a corpus or a set of prompts."""

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, in hexadecimal."""


_Config = TypeVar("_Config", bound=FrozenConfig, contravariant=True)
_Inputs = TypeVar("_Inputs", bound=Inputs, contravariant=True)


class Experiment(Protocol[_Config, _Inputs]):
    """What an experiment's module offers."""

    @property
    def NAME(self) -> str:
        """What its manifest calls it."""

    def count(self, config: _Config, inputs: _Inputs, /) -> int:
        """Count the units that a run goes through."""

    def run(
        self, config: _Config, subject: Subject, inputs: _Inputs, /, done: Sequence[AnyRecord] = ()
    ) -> Iterator[AnyRecord]:
        """Yield a record for each unit that is not done, then a summary if it is not done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All records of a run that has ended, and what it was."""

    manifest: Manifest
    records: tuple[AnyRecord, ...]


def carry_out(
    experiment: Experiment[_Config, _Inputs],
    config: _Config,
    subject: Subject,
    inputs: _Inputs,
    *,
    directory: str | PathLike[str] | None = None,
    resume: bool = False,
    command: Sequence[str] = (),
    progress: Progress = lambda done, total: None,
) -> Outcome:
    """Run an experiment to its end, and keep every record as soon as it is there.

    Args:
        experiment: such as the module `plip.experiments.calibrate`.
        config: its options.
        subject: the model.
        inputs: the samples or prompts.
        directory: where to keep the records; None keeps them nowhere.
        resume: continue the run in `directory`, if there is one.
        command: the command line, for the manifest.
        progress: told of each unit.

    Raises:
        OutputError: the directory cannot be used, or holds another run.
        PlipError: what the experiment raises; the records before it are kept.
    """
    manifest = Manifest(
        experiment=experiment.NAME,
        config=config.model_dump(mode="json"),
        subject=subject.provenance(),
        corpus_hash=inputs.digest,
        seed=getattr(config, "seed", None),
        versions=installed_versions(),
        command=tuple(command),
        started=datetime.now(UTC),
    )
    store = None if directory is None else RunStore.begin(directory, manifest, resume=resume)
    records = [] if store is None else list(store.records)
    total = experiment.count(config, inputs)
    progress(_units(records), total)
    for record in experiment.run(config, subject, inputs, done=tuple(records)):
        if store is not None:
            store.append(record)
        records.append(record)
        progress(_units(records), total)
    plan_hash = _plan_hash(records)
    if store is None:
        closing = {"complete": True, "finished": datetime.now(UTC), "plan_hash": plan_hash}
        return Outcome(manifest.model_copy(update=closing), tuple(records))
    store.finish(plan_hash=plan_hash)
    return Outcome(store.manifest, tuple(records))


def _units(records: Sequence[AnyRecord]) -> int:
    return sum(isinstance(record, UnitRecord) for record in records)


def _plan_hash(records: Sequence[AnyRecord]) -> str | None:
    digests = [
        digest
        for record in records
        if isinstance(record, UnitRecord)
        for digest in record.plan_hashes
    ]
    return combined_digest(digests) if digests else None
