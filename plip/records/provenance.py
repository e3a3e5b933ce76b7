"""Where figures come from: the model, the software, the run."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable
from datetime import datetime
from importlib import metadata
from typing import Any, Literal

from pydantic import Field

import plip
from plip.records.base import Record

__all__ = ["Manifest", "SubjectRecord", "Versions", "combined_digest", "installed_versions"]


class SubjectRecord(Record):
    """A loaded model, as it was run."""

    model: str
    """The id it was loaded by, such as "Qwen/Qwen2.5-Coder-3B-Instruct" or a directory."""

    revision: str | None
    """The commit of the model's repository, None where it has none."""

    architecture: str
    """The class of the model, such as "Qwen2ForCausalLM"."""

    weight_hash: str
    """SHA-256 of the weights, in hexadecimal."""

    tokenizer_hash: str | None
    """SHA-256 of the tokenizer, in hexadecimal; None for a model without one."""

    dtype: str
    """The type the weights were held in, such as "bfloat16"."""

    device: str
    """Where it ran, such as "cpu" or "cuda:0"."""

    attention: str
    """The implementation that computed the rows which were not steered, such as "sdpa"."""


class Versions(Record):
    """The software that computed the figures."""

    plip: str
    """Version of this package."""

    python: str
    """Version of the interpreter."""

    torch: str
    """Version of torch, with its build suffix."""

    transformers: str
    """Version of transformers."""

    numpy: str
    """Version of numpy, whose generator draws the bootstrap samples."""

    scipy: str
    """Version of scipy, which computes the intervals."""

    platform: str
    """Operating system and machine, such as "Linux-x86_64"."""


def installed_versions() -> Versions:
    """Read the versions of the installed software, without importing it."""
    return Versions(
        plip=plip.__version__,
        python=".".join(map(str, sys.version_info[:3])),
        torch=metadata.version("torch"),
        transformers=metadata.version("transformers"),
        numpy=metadata.version("numpy"),
        scipy=metadata.version("scipy"),
        platform=f"{platform.system()}-{platform.machine()}",
    )


def combined_digest(digests: Iterable[str]) -> str:
    """Return the SHA-256 of several digests, whatever their order."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


class Manifest(Record):
    """What one run was: with its records, enough to judge and to repeat it."""

    schema_id: Literal["plip.run/1"] = Field(default="plip.run/1", alias="schema")
    """Kind and version of this record."""

    experiment: str
    """Which experiment, such as "calibrate"."""

    config: dict[str, Any]
    """The experiment's whole configuration, defaults included."""

    subject: SubjectRecord
    """The model."""

    corpus_hash: str
    """SHA-256 of the corpus, in hexadecimal."""

    seed: int | None
    """Seed of everything drawn, None where nothing is."""

    versions: Versions
    """The software."""

    command: tuple[str, ...]
    """The command line that began the run."""

    started: datetime
    """When it began, UTC."""

    finished: datetime | None = None
    """When it ended, UTC; None while it has not."""

    complete: bool = False
    """Whether every record is there."""

    plan_hash: str | None = None
    """SHA-256 over the digests of all plans; None before the end of a run and without plans."""

    def differences(self, other: Manifest) -> tuple[str, ...]:
        """Name what differs between two runs, apart from when and how they were started.

        Returns:
            Such as "subject.dtype: 'float32' against 'bfloat16'", sorted; of another experiment
            only its name.
        """
        if self.experiment != other.experiment:
            return (f"experiment: {self.experiment!r} against {other.experiment!r}",)
        return tuple(sorted(_differences("", self._identity(), other._identity())))

    def _identity(self) -> dict[str, Any]:
        passing = {"command", "started", "finished", "complete", "plan_hash"}
        return {name: value for name, value in self.to_json().items() if name not in passing}


def _differences(path: str, one: object, other: object) -> Iterable[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            inner = f"{path}.{name}" if path else name
            yield from _differences(inner, one.get(name), other.get(name))
    elif one != other:
        yield f"{path}: {one!r} against {other!r}"
