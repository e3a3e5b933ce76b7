"""Diagnosis: the paper's comparison of hidden states with a prediction, beside the divergence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from plip.claims.checks.diagnosis_column import Measure, diagnosis_figure
from plip.errors import ConfigError, CorpusError
from plip.experiments.conditions import steered
from plip.experiments.config import ExperimentConfig
from plip.experiments.dose_response import DEFAULT_DOSES
from plip.experiments.layers import choose_layers
from plip.experiments.samples import batches, locate
from plip.measure import PublishedDivergence, kl_divergence, published_divergence
from plip.models import Subject
from plip.plan import Plan, Scale
from plip.text import Corpus, Group, Tokens

__all__ = ["Diagnosed", "by_length", "diagnose", "diagnosis_figures"]


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """One sample at one dose.

    Args:
        sample: its id.
        tokens: of its text.
        dose: the factor of the target edges or of the marker's write.
        published: hidden states without steering against the steered prediction.
        kl_nats: KL(baseline ‖ steered) of the predictions at the last token.
    """

    sample: str
    tokens: int
    dose: float
    published: PublishedDivergence
    kl_nats: float


def diagnose(
    subject: Subject,
    corpus: Corpus,
    *,
    layer: int | None = None,
    doses: Sequence[float] = DEFAULT_DOSES,
    groups: tuple[Group, ...] = (Group.RUST_TEST,),
) -> tuple[Diagnosed, ...]:
    """Steer each sample by every dose, and compare both ways.

    Args:
        subject: the model.
        corpus: the samples.
        layer: the steered layer, from 0; None for the model's own default.
        doses: factors, the identity among them.
        groups: which groups of the corpus; the paper's by default.

    Returns:
        Every sample at every dose, by sample; excluded samples are left out.

    Raises:
        LayerError, CorpusError, PositionError, ContextLengthError: before anything is run.
        CorpusError: no sample can be measured.
        MeasureError: logits that are no numbers.
        WitnessError: an intervention that did not do what it says.

    Source: STEERING_RESULTS.md §2.
    """
    config = ExperimentConfig(groups=groups)
    where = choose_layers(layer, subject).layer
    located = [item for item in locate(config, subject, corpus) if item.excluded is None]
    if not located:
        raise CorpusError(
            "samples",
            wanted=f"at least one of {' or '.join(groups)} that can be measured",
            found="none",
            advice="choose other groups or another corpus",
        )
    found: list[Diagnosed] = []
    for batch in batches(located, config.batch_tokens, copies=len(doses) + 1):
        runs = subject.sweep(
            [item.tokens for item in batch],
            [
                [
                    None,
                    *(
                        Plan(Scale(dose), steered(item, subject.mechanism), layers=[where])
                        for dose in doses
                    ),
                ]
                for item in batch
            ],
        )
        for item, run in zip(batch, runs, strict=True):
            assert run.logits is not None  # a sweep always gives them
            hidden = subject.final_hidden(item.tokens)
            found += [
                Diagnosed(
                    item.sample.id,
                    len(item.tokens),
                    dose,
                    published_divergence(hidden, logits),
                    float(kl_divergence(run.logits[0], logits)),
                )
                for dose, logits in zip(doses, run.logits[1:], strict=True)
            ]
    return tuple(found)


def by_length(
    subject: Subject, text: Tokens, lengths: Sequence[int]
) -> Iterator[tuple[int, PublishedDivergence]]:
    """Cut a text after so many tokens, and compare hidden states with its own prediction.

    Nothing is steered, so that a divergence would be 0 at every length.

    Args:
        subject: the model.
        text: as long as the longest, or longer.
        lengths: numbers of tokens, ≥ 1.

    Raises:
        ConfigError: a length that the text does not have.
    """
    for length in lengths:
        if not 1 <= length <= len(text):
            raise ConfigError(
                "length of a text",
                wanted=f"1 … {len(text)} tokens",
                found=str(length),
                advice="give a longer text or a smaller length",
            )
        cut = replace(text, ids=text.ids[:length], spans=text.spans[:length])
        logits = subject.run(cut).logits
        assert logits is not None  # they were asked for
        yield length, published_divergence(subject.final_hidden(cut), logits[0])


def diagnosis_figures(layer: int, found: Sequence[Diagnosed]) -> Iterator[tuple[str, float]]:
    """Yield mean and SD over the samples at each dose, nats, by the names that claims ask for.

    Args:
        layer: where it was steered.
        found: from `diagnose`.

    Yields:
        Name and value; none of a dose with an infinite divergence, nor the SD of one sample.
    """
    for dose in sorted({each.dose for each in found}):
        at_dose = [each for each in found if each.dose == dose]
        measured: dict[Measure, list[float]] = {
            "published": [each.published.value for each in at_dose],
            "kl": [each.kl_nats for each in at_dose],
        }
        for measure, values in measured.items():
            if not all(map(math.isfinite, values)):
                continue
            yield diagnosis_figure(layer, dose, measure, "mean"), fmean(values)
            if len(values) > 1:
                yield diagnosis_figure(layer, dose, measure, "sd"), stdev(values)
