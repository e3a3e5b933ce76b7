"""Scan: which layers and heads attend from marker to function, and which respond to steering."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from torch import Tensor

from plip.experiments.config import ExperimentConfig, LayerIndex, doses_once
from plip.experiments.layers import choose_layers
from plip.experiments.precision import check_precision
from plip.experiments.responses import Site
from plip.experiments.samples import batches, count, locate, sample_fields
from plip.experiments.scan_summary import summarise
from plip.measure import attention_to_targets, kl_divergence
from plip.models import Capture, Run, Subject
from plip.records import AnyRecord, ScanSample, ScanSummary
from plip.text import Corpus, Group, Located

__all__ = ["NAME", "ScanConfig", "count", "run"]

NAME = "scan"

Half = Literal["selection", "report"]


class ScanConfig(ExperimentConfig):
    """The options of a scan."""

    layer: LayerIndex | None = None
    """The layer whose heads are steered one by one; None for the model's own default."""

    groups: tuple[Group, ...] = Field(default=(Group.PYTHON_DOCTEST, Group.RUST_TEST), min_length=1)
    """Which groups of the corpus to scan."""

    doses: Annotated[tuple[Annotated[float, Field(gt=1)], ...], AfterValidator(doses_once)] = Field(
        default=(2.0, 4.0, 6.0), min_length=1
    )
    """Factors above 1 of the edges or the write, each once."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the bootstrap and the permutations."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    resamples: Annotated[int, Field(ge=1)] = 9999
    """Bootstrap samples and permutations drawn for each figure."""

    allow_narrow: bool = False
    """Whether a recurrent model may run in bfloat16 or float16."""


def run(
    config: ScanConfig, subject: Subject, corpus: Corpus, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Measure attention in every layer and head, and the response of every layer and of heads.

    One pass captures the marker's row in all layers; one sweep steers every layer, and every head
    of the chosen one, by every dose. The samples of each group are dealt alternately into a half
    that chooses and a half that tests what was chosen.

    Args:
        config: the options.
        subject: the model.
        corpus: the samples.
        done: records of the same run that are there already.

    Yields:
        A `ScanSample` for every sample that is not done, then a `ScanSummary`.

    Raises:
        LayerError, CorpusError, PositionError, ContextLengthError, ConfigError: before anything is
            run.
        WitnessError: an intervention that did not do what it says.

    Source: STEERING_RESULTS.md §6.
    """
    check_precision(config.allow_narrow, subject)
    choice = choose_layers(config.layer, subject)
    located = locate(config, subject, corpus)
    halves = _halves(located)
    if any(isinstance(record, ScanSummary) for record in done):
        return
    sites = [Site(layer, None) for layer in range(subject.n_layers)]
    sites += [Site(choice.layer, head) for head in range(subject.heads[choice.layer])]
    records = {record.key: record for record in done if isinstance(record, ScanSample)}
    for batch in batches(
        located, config.batch_tokens, copies=1 + len(sites) * len(config.doses), done=records
    ):
        for record in _measure(batch, sites, subject, config, halves):
            if record.key not in records:
                records[record.key] = record
                yield record
    yield summarise(
        [records[item.sample.id] for item in located], sites, choice, subject.mechanism, config
    )


def _halves(located: Sequence[Located]) -> dict[str, Half]:
    """Deal the measured samples of each group alternately; which are done already has no say."""
    halves: dict[str, Half] = {}
    seen: dict[Group, int] = {}
    for item in located:
        place = seen.get(item.sample.group, 0)
        halves[item.sample.id] = "selection" if place % 2 == 0 else "report"
        if item.excluded is None:
            seen[item.sample.group] = place + 1
    return halves


def _measure(
    batch: Sequence[Located],
    sites: Sequence[Site],
    subject: Subject,
    config: ScanConfig,
    halves: Mapping[str, Half],
) -> Iterator[ScanSample]:
    measured = [item for item in batch if item.excluded is None]
    found: dict[str, ScanSample] = {}
    if measured:
        layers = range(subject.n_layers)
        rows = subject.run(
            [item.tokens for item in measured],
            capture=[Capture(layers=layers, queries=[item.query]) for item in measured],
            positions="none",
        ).attention
        plans = [[site.plans(item, config.doses, subject) for site in sites] for item in measured]
        runs = subject.sweep(
            [item.tokens for item in measured],
            [[None, *(plan for each in mine for plan in each)] for mine in plans],
        )
        for number, item in enumerate(measured):
            divergences = iter(_divergences(runs[number]))
            found[item.sample.id] = ScanSample(
                **sample_fields(item),
                half=halves[item.sample.id],
                attention=tuple(_per_head(rows[layer][number, :, 0], item) for layer in layers),
                responses=tuple(
                    site.record(item, subject, config.doses, list(islice(divergences, len(mine))))
                    for site, mine in zip(sites, plans[number], strict=True)
                ),
            )
    for item in batch:
        yield found.get(item.sample.id) or ScanSample(
            **sample_fields(item), half=halves[item.sample.id], attention=(), responses=()
        )


def _divergences(run: Run) -> list[float]:
    """Return KL(baseline ‖ steered) of every plan behind the baseline, nats."""
    assert run.logits is not None  # a sweep always gives them
    baseline = run.logits[:1].expand(len(run.logits) - 1, -1)
    return [float(value) for value in kl_divergence(baseline, run.logits[1:])]


def _per_head(row: Tensor, item: Located) -> tuple[float | None, ...]:
    values = attention_to_targets(row, item.keys).per_head.tolist()
    return tuple(None if math.isnan(value) else value for value in values)
