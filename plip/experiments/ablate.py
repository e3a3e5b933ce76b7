"""Ablation: what the prediction loses with the marker's edges, or with its write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from plip.errors import ConfigError, LayerError
from plip.experiments.ablate_points import ablation_record
from plip.experiments.ablate_summary import summarise
from plip.experiments.config import ExperimentConfig, LayerIndex, Layers
from plip.experiments.knockouts import Knock, knocks
from plip.experiments.layers import check_heads, choose_layers
from plip.experiments.precision import check_precision
from plip.experiments.samples import batches, count, locate, sample_fields
from plip.models import Capture, Subject
from plip.plan import name_layers
from plip.records import Ablated, AblationSample, AblationSummary, AnyRecord
from plip.text import Corpus, Group, Located

__all__ = ["NAME", "AblateConfig", "count", "run"]

NAME = "ablate"


class AblateConfig(ExperimentConfig):
    """The options of an ablation."""

    layer: Layers | Literal["all"] | None = None
    """A layer from 0, several that are ablated at once, or "all", each in turn; None for the
    model's own default."""

    ablated: Ablated | None = None
    """What is knocked out; by default the marker → target edges, or the write into a state."""

    window: int = Field(default=1, ge=1)
    """How many layers are ablated at once, from a single `layer` upwards."""

    heads: tuple[LayerIndex, ...] | None = Field(default=None, min_length=1)
    """The heads to ablate, from 0, such as a scan's; None for all."""

    groups: tuple[Group, ...] = Field(default=tuple(Group), min_length=1)
    """Which groups of the corpus to ablate; the controls of another kind are among them."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the controls, the bootstrap and the permutations."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    resamples: Annotated[int, Field(ge=1)] = 9999
    """Bootstrap samples and permutations drawn for each figure."""

    allow_narrow: bool = False
    """Whether a recurrent model may run in bfloat16 or float16."""


def run(
    config: AblateConfig, subject: Subject, corpus: Corpus, done: Sequence[AnyRecord] = ()
) -> Iterator[AnyRecord]:
    """Knock out each sample's edges or write, and a control of the same size beside it.

    A knockout is not a removal: the marker's token still acts through its other edges, through
    other layers, and, in RWKV-6, through token shift. What removing the token from the text does
    is measured too.

    All windows of a batch of texts share their work (`Subject.sweep`).

    Args:
        config: the options.
        subject: the model.
        corpus: the samples.
        done: records of the same run that are there already.

    Yields:
        An `AblationSample` for every sample that is not done, then an `AblationSummary`.

    Raises:
        LayerError, CorpusError, PositionError, ContextLengthError, ConfigError: before anything is
            run.
        WitnessError: an intervention that did not do what it says.

    Source: the paper's ablations, to which STEERING_RESULTS.md §5 and §8.1 refer.
    """
    check_precision(config.allow_narrow, subject)
    ablated = _ablated(config, subject)
    choice = choose_layers(config.layer, subject)
    windows = _windows(choice.layers, config, subject.n_layers)
    check_heads(config.heads, [layer for window in windows for layer in window], subject)
    located = locate(config, subject, corpus)
    if any(isinstance(record, AblationSummary) for record in done):
        return
    records = {record.key: record for record in done if isinstance(record, AblationSample)}
    for batch in batches(located, config.batch_tokens, copies=2 * len(windows) + 1, done=records):
        for record in _measure(batch, windows, ablated, subject, config):
            if record.key not in records:
                records[record.key] = record
                yield record
    yield summarise(
        [records[item.sample.id] for item in located],
        windows,
        ablated,
        subject.mechanism,
        choice.why,
        config,
    )


def _ablated(config: AblateConfig, subject: Subject) -> Ablated:
    default: Ablated = "write" if subject.mechanism == "state" else "edges"
    found = config.ablated or default
    if (found == "write") != (subject.mechanism == "state"):
        raise ConfigError(
            "option ablated",
            wanted=f"{'write' if subject.mechanism == 'state' else 'edges, into or into-own'} for "
            f"{subject.name}",
            found=found,
            advice="leave the option out",
        )
    return found


def _windows(
    layers: Sequence[int], config: AblateConfig, n_layers: int
) -> tuple[tuple[int, ...], ...]:
    """Return the layers of each knockout; a window that would leave the model is none."""
    if config.layer != "all" and len(layers) > 1:
        if config.window > 1:
            raise ConfigError(
                "option window",
                wanted="a single layer that it begins at, or all",
                found=name_layers(layers),
                advice="leave it out: several layers are ablated at once as they are named",
            )
        return (tuple(layers),)
    found = tuple(
        tuple(range(layer, layer + config.window))
        for layer in layers
        if layer + config.window <= n_layers
    )
    if not found:
        raise LayerError(
            f"window of {config.window} layers",
            wanted=f"one that ends by layer {n_layers - 1}",
            found=f"layers {layers[0]} … {layers[0] + config.window - 1}",
            advice="begin lower or ablate fewer layers at once",
        )
    return found


def _without_marker(measured: Sequence[Located], subject: Subject) -> dict[str, Tensor]:
    """Run the texts without the marker's token; return the logits at their last tokens.

    A text that ends in its marker has another last token without it: it is left out.
    """
    inner = [item for item in measured if item.query < len(item.tokens) - 1]
    if not inner:
        return {}
    texts = [
        replace(
            item.tokens,
            ids=item.tokens.ids[: item.query] + item.tokens.ids[item.query + 1 :],
            spans=item.tokens.spans[: item.query] + item.tokens.spans[item.query + 1 :],
        )
        for item in inner
    ]
    logits = subject.run(texts).logits
    assert logits is not None  # they were asked for
    return {item.sample.id: row for item, row in zip(inner, logits, strict=True)}


def _measure(
    batch: Sequence[Located],
    windows: tuple[tuple[int, ...], ...],
    ablated: Ablated,
    subject: Subject,
    config: AblateConfig,
) -> Iterator[AblationSample]:
    measured = [item for item in batch if item.excluded is None]
    found: dict[str, AblationSample] = {}
    if measured:
        rows: list[dict[int, list[float]]] = [{} for _ in measured]
        if ablated == "edges":
            layers = sorted({layer for window in windows for layer in window})
            attention = subject.run(
                [item.tokens for item in measured],
                capture=[Capture(layers=layers, queries=[item.query]) for item in measured],
                positions="none",
            ).attention
            heads = slice(None) if config.heads is None else list(config.heads)
            rows = [
                {layer: attention[layer][row, heads, 0].mean(0).tolist() for layer in layers}
                for row in range(len(measured))
            ]
        planned: list[list[Knock]] = [
            list(knocks(item, windows, ablated, subject, mine, config.seed, config.heads))
            for item, mine in zip(measured, rows, strict=True)
        ]
        runs = subject.sweep(
            [item.tokens for item in measured],
            [[None, *(each.plan for each in mine if each.plan is not None)] for mine in planned],
        )
        without = _without_marker(measured, subject)
        for item, mine, outcome in zip(measured, planned, runs, strict=True):
            removed = without.get(item.sample.id)
            found[item.sample.id] = ablation_record(item, mine, outcome, removed)
    for item in batch:
        yield found.get(item.sample.id) or AblationSample(**sample_fields(item), points=())
