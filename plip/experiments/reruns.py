"""Running again, on a checkpoint at hand, what a paper's claims ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from plip.claims import Ledger, Rerun, RerunKey
from plip.claims.checks.diagnosis import PublishedMeasure
from plip.claims.checks.diagnosis_column import EXPERIMENT
from plip.claims.checks.rerun import RerunFigure
from plip.errors import CorpusError, LedgerError
from plip.experiments.checkpoints import rerun_checks
from plip.experiments.diagnosis import diagnose, diagnosis_figures
from plip.experiments.layers import choose_layers
from plip.experiments.rerun_figures import Wanted, figures_of_prompts, figures_of_samples
from plip.models import Subject
from plip.text import Corpus, Prompts, bundled_corpus, bundled_prompts, read_rust_prompts

__all__ = ["Again", "again", "shown", "stamped"]

_LAYER = re.compile(r"layer (\d+)/.+")
_PROMPT = re.compile(r"layer \d+/([^/]+)/scale ")
_DOSE = re.compile(r"/(?:dose|scale) (\d+(?:\.\d+)?)(?:/|$)")
_ON_PROMPTS = ("persistence",)
_EXPERIMENTS = ("ablate", "calibrate", "diagnosis", "dose-response", *_ON_PROMPTS)
# What the paper's persistence was measured on: its Rust prompts.
_CATEGORY = "rust_test"


@dataclass(frozen=True, slots=True)
class Again:
    """What running a paper's experiments again gave.

    Args:
        reruns: the figures.
        left_out: for each experiment that could not be run, why.
    """

    reruns: Mapping[RerunKey, Rerun]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The samples or prompts that figures were measured on.

    Args:
        file: in the paper's repository, None for the bundled ones.
        digest: of what is in it.
    """

    file: str | None
    digest: str | None


def again(
    ledger: Ledger,
    model: str,
    subject: Subject,
    *,
    artifacts: Path | None = None,
    corpus: Corpus | None = None,
) -> Again:
    """Run what the ledger's claims about a model ask for.

    Args:
        ledger: the paper's claims.
        model: the hub id that they call it by.
        subject: the model.
        artifacts: a checkout of the paper's repository, with samples and prompts.
        corpus: samples to take in place of those in the checkout; they must be the same.

    Returns:
        The figures, and what could not be run for want of samples or prompts.

    Raises:
        CorpusError: samples or prompts that are not those that the paper's figures are of.
        LedgerError: a claim asks for a figure that its experiment does not have.
        PlipError: as the experiments.
    """
    reruns: dict[RerunKey, Rerun] = {}
    left_out: list[str] = []
    for (wanted, inputs), figures in _grouped(ledger, model).items():
        if inputs.file is not None and corpus is None and not _there(artifacts, inputs.file):
            left_out.append(
                f"{wanted.experiment} at layer {wanted.layer} of {model}: needs {inputs.file} of "
                "the paper's repository, --artifacts DIR"
            )
            continue
        found = dict(_run(wanted, inputs, subject, artifacts, corpus))
        unknown = sorted(figures - found.keys())
        if unknown:
            raise LedgerError(
                f"rerun of {wanted.experiment}",
                wanted=f"one of {', '.join(sorted(found)[:4]) or 'none that was measured'}, …",
                found=", ".join(unknown[:4]),
                advice="name one of the experiment's figures",
                details={"figures": unknown},
            )
        reruns |= stamped(subject, model, wanted.experiment, found)
    return Again(reruns, tuple(left_out))


def shown(ledger: Ledger, subject: Subject, corpus: Corpus) -> Mapping[RerunKey, Rerun]:
    """Run the diagnosis, if this is a model on which the ledger's checks show a mechanism.

    Args:
        ledger: the paper's claims.
        subject: the model, such as the bundled one, steered at its default layer.
        corpus: the samples.

    Returns:
        The figures; none of any other model.
    """
    checks = rerun_checks(ledger)
    wanted = {check.shown_on for check in checks if isinstance(check, PublishedMeasure)}
    if subject.name not in wanted:
        return {}
    layer = choose_layers(None, subject).layer
    found = diagnosis_figures(layer, diagnose(subject, corpus, layer=layer))
    return stamped(subject, subject.name, EXPERIMENT, dict(found))


def stamped(
    subject: Subject, model: str, experiment: str, figures: Mapping[str, float]
) -> dict[RerunKey, Rerun]:
    """Give figures their keys, and all that they may depend on.

    Args:
        subject: the model that they were computed on.
        model: what claims call it.
        experiment: which experiment they are of.
        figures: values by name, in the unit of the claims.
    """
    record = subject.provenance()
    version = ".".join(torch.__version__.split(".")[:2])
    return {
        RerunKey(model=model, experiment=experiment, figure=name): Rerun(
            value=value,
            revision=record.revision,
            weights=record.weight_hash,
            dtype=record.dtype,
            device=record.device.partition(":")[0],
            attention=record.attention,
            torch=version,
        )
        for name, value in figures.items()
    }


def _grouped(ledger: Ledger, model: str) -> dict[tuple[Wanted, _Inputs], set[str]]:
    """Gather figures by the run that gives them."""
    asked: dict[tuple[str, int, int, _Inputs], set[str]] = {}
    for check in rerun_checks(ledger):
        if check.model != model:
            continue
        key = check.asks_for(ledger.quantities(check))
        layer = _LAYER.fullmatch(key.figure)
        if key.experiment not in _EXPERIMENTS or layer is None:
            raise LedgerError(
                f"rerun of {key.experiment}",
                wanted=f"one of {', '.join(_EXPERIMENTS)}, and a figure such as "
                "'layer 20/attention/py_simple_add'",
                found=key.figure,
                advice="see docs/audit/checks.md for the figures of each",
            )
        trials = check.trials if isinstance(check, RerunFigure) else None
        inputs = _Inputs(check.inputs_file, check.digest)
        run = (key.experiment, int(layer[1]), trials or 1, inputs)
        asked.setdefault(run, set()).add(key.figure)
    return {
        (
            Wanted(
                experiment,
                layer,
                doses=tuple(
                    sorted({float(dose[1]) for dose in map(_DOSE.search, figures) if dose})
                ),
                prompts=frozenset(name[1] for name in map(_PROMPT.match, figures) if name),
                trials=trials,
            ),
            inputs,
        ): figures
        for (experiment, layer, trials, inputs), figures in asked.items()
    }


def _run(
    wanted: Wanted,
    inputs: _Inputs,
    subject: Subject,
    artifacts: Path | None,
    corpus: Corpus | None,
) -> Iterator[tuple[str, float]]:
    file = None if artifacts is None or inputs.file is None else artifacts / inputs.file
    if wanted.experiment in _ON_PROMPTS:
        prompts = bundled_prompts("persistence-paper") if file is None else _prompts(file)
        _check_digest(inputs, prompts.digest)
        asked = tuple(prompt for prompt in prompts if prompt.id in wanted.prompts)
        return figures_of_prompts(wanted, subject, Prompts(asked)) if asked else iter(())
    if corpus is None:
        corpus = bundled_corpus() if file is None else Corpus.read(file)
    _check_digest(inputs, corpus.digest)
    return figures_of_samples(wanted, subject, corpus)


def _prompts(file: Path) -> Prompts:
    if file.suffix == ".rs":
        return read_rust_prompts(file, category=_CATEGORY)
    return Prompts.read(file)


def _check_digest(inputs: _Inputs, found: str) -> None:
    if inputs.digest is not None and found != inputs.digest:
        raise CorpusError(
            f"inputs {inputs.file!r}",
            wanted=f"those that the paper's figures are of, SHA-256 {inputs.digest[:12]}…",
            found=f"others, SHA-256 {found[:12]}…",
            advice="check out the revision of the paper's repository that the ledger was made from",
            details={"wanted": inputs.digest, "found": found, "faults": ["another digest"]},
        )


def _there(artifacts: Path | None, file: str) -> bool:
    return artifacts is not None and (artifacts / file).is_file()
