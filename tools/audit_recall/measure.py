"""Auditing made studies, sound and with one error each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from plip.claims import Artifacts, ClaimResult, Evidence, Kind, Verdict, audit, read_ledger
from tools.audit_recall.faults import FAULTS, Fault
from tools.audit_recall.sound import sound_study
from tools.audit_recall.study import Study

__all__ = ["PROMISED", "Counts", "judged", "measure", "merged", "objects", "planted", "recall"]

#: What the audit promises to find, how much of it, and how seldom it objects to what is sound.
PROMISED = (
    Kind.RECOMPUTE,
    Kind.AGREEMENT,
    Kind.GRANULARITY,
    Kind.TEST,
    Kind.IDENTITY,
    Kind.FEASIBILITY,
    Kind.TARGET,
)
LEAST_RECALL = 0.95
MOST_ALARMS = 0.01

# A figure's own recomputation is part of what other claims read.
_RECOMPUTING = ("mean_of", "sd_of")


@dataclass
class Counts:
    """What a number of studies gave.

    Args:
        studies: how many were made.
        claims: claims of sound studies.
        alarms: those of them that were objected to, by "entry: reason".
        planted: how often each fault was planted, by its name.
        found: how often it was found.
        missed: the seeds in which it was not.
    """

    studies: int = 0
    claims: int = 0
    alarms: list[str] = field(default_factory=list)
    planted: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    missed: dict[str, list[int]] = field(default_factory=dict)

    def good(self) -> bool:
        """Whether recall and false alarms are within what the audit promises."""
        shares = [recall(self, kind) for kind in PROMISED]
        found = all(found >= LEAST_RECALL * planted > 0 for found, planted in shares)
        return found and len(self.alarms) <= MOST_ALARMS * self.claims


def judged(study: Study) -> dict[str, ClaimResult]:
    """Audit a study."""
    with TemporaryDirectory() as folder:
        ledger = read_ledger(study.write(Path(folder)))
        evidence = Evidence(Artifacts(Path(folder) / "data"))
        return {claim.id: claim for claim in audit(ledger, evidence).claims}


def objects(claim: ClaimResult) -> bool:
    """Whether the audit objects to a claim."""
    return claim.verdict in (Verdict.CONTRADICTED, Verdict.UNSUPPORTED)


def planted(fault: Fault, seed: int) -> Study | None:
    """A sound study with one error, and no checks but its claim's and those that recompute."""
    study = sound_study(seed)
    for entry_id, entry in study.entries.items():
        if entry_id != fault.claim:
            entry.checks = [check for check in entry.checks if check["check"] in _RECOMPUTING]
    number = [known.name for known in FAULTS].index(fault.name)
    if fault.claim not in study.entries:
        return None
    return study if fault.plant(study, np.random.default_rng([seed, number])) else None


def measure(seeds: Sequence[int]) -> Counts:
    """Audit a sound study of every seed, then the same with each fault in turn."""
    counts = Counts(studies=len(seeds))
    for fault in FAULTS:
        counts.planted[fault.name] = counts.found[fault.name] = 0
        counts.missed[fault.name] = []
    for seed in seeds:
        for claim in judged(sound_study(seed)).values():
            counts.claims += 1
            if objects(claim):
                counts.alarms.append(f"{seed}: {claim.id}: {claim.reason}")
        for fault in FAULTS:
            study = planted(fault, seed)
            if study is None:
                continue
            counts.planted[fault.name] += 1
            if objects(judged(study)[fault.claim]):
                counts.found[fault.name] += 1
            else:
                counts.missed[fault.name].append(seed)
    return counts


def merged(one: Counts, other: Counts) -> Counts:
    """Counts of two sets of seeds together."""
    names = [fault.name for fault in FAULTS]
    return Counts(
        studies=one.studies + other.studies,
        claims=one.claims + other.claims,
        alarms=one.alarms + other.alarms,
        planted={name: one.planted.get(name, 0) + other.planted.get(name, 0) for name in names},
        found={name: one.found.get(name, 0) + other.found.get(name, 0) for name in names},
        missed={name: [*one.missed.get(name, []), *other.missed.get(name, [])] for name in names},
    )


def recall(counts: Counts, kind: Kind) -> tuple[int, int]:
    """How many faults of a kind were found, and of how many."""
    names = [fault.name for fault in FAULTS if fault.kind is kind]
    return sum(counts.found[name] for name in names), sum(counts.planted[name] for name in names)
