"""Contrast: attention from a marker and from a neutral line in its place, all else equal."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from plip.errors import CorpusError
from plip.experiments import calibrate
from plip.experiments.config import FrozenConfig, Layers
from plip.experiments.contrast_places import PlacedFunction, PlacedText, place
from plip.experiments.contrast_summary import summarise
from plip.experiments.layers import choose_layers
from plip.experiments.samples import locate
from plip.measure import attention_to_targets
from plip.models import Capture, Subject
from plip.records import (
    AnyRecord,
    CalibrationSample,
    ContrastAttention,
    ContrastFunction,
    ContrastSummary,
    ContrastText,
)
from plip.text import Corpus, Group
from plip.text.designed import DesignedCorpus

__all__ = ["NAME", "ContrastConfig", "ContrastInputs", "count", "run"]

NAME = "contrast"

_BESIDE = (Group.PYTHON_DOCTEST, Group.RUST_TEST)


class ContrastConfig(FrozenConfig):
    """The options of a designed comparison."""

    layer: Layers | Literal["all"] | None = None
    """A layer from 0, several, or all of them; None for the model's own default."""

    at_distance: Annotated[float, Field(gt=0)] | None = None
    """The distance at which the languages are compared, in tokens; None for the geometric mean of
    the ends of what every function has in both."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the bootstrap and the permutations; the corpus has one of its own."""

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Level of the intervals."""

    resamples: Annotated[int, Field(ge=1)] = 9999
    """Bootstrap samples and permutations drawn for each figure."""


@dataclass(frozen=True, slots=True)
class ContrastInputs:
    """What a designed comparison is made on.

    Args:
        design: the functions and their variants.
        beside: a corpus to be analysed in the paper's way, or None.

    Raises:
        CorpusError: a corpus beside it that lacks one of the two languages' tests.
    """

    design: DesignedCorpus
    beside: Corpus | None = None

    def __post_init__(self) -> None:
        if self.beside is None:
            return
        missing = [group.value for group in _BESIDE if not self.beside.group(group)]
        if missing:
            raise CorpusError(
                "corpus beside the design",
                wanted=f"samples of {' and of '.join(_BESIDE)}",
                found=f"none of {' and of '.join(missing)}",
                advice="give a corpus that has both, or none",
                details={"missing": missing},
            )

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, in hexadecimal; without a corpus beside it that of the design."""
        if self.beside is None:
            return self.design.digest
        both = f"{self.design.digest}\n{self.beside.digest}"
        return hashlib.sha256(both.encode()).hexdigest()


def count(config: ContrastConfig, inputs: ContrastInputs) -> int:
    """Count functions times languages, and the samples of the corpus beside them."""
    if inputs.beside is None:
        return len(inputs.design)
    return len(inputs.design) + calibrate.count(_calibration(config), inputs.beside)


def run(
    config: ContrastConfig,
    subject: Subject,
    inputs: ContrastInputs,
    done: Sequence[AnyRecord] = (),
) -> Iterator[AnyRecord]:
    """Measure attention from markers and from neutral lines in their place, without steering.

    All variants of a function in one language run together; what is compared is within them.

    Args:
        config: the options.
        subject: the model.
        inputs: the designed corpus, and what is analysed beside it.
        done: records of the same run that are there already.

    Yields:
        A `ContrastFunction` for every function and language that is not done; of a corpus beside
        it the records of a calibration; then a `ContrastSummary`.

    Raises:
        LayerError, TextError, PositionError, ContextLengthError: before anything is run.
    """
    choice = choose_layers(config.layer, subject)
    placed = place(inputs.design, subject)
    if inputs.beside is not None:
        locate(_calibration(config), subject, inputs.beside)
    if any(isinstance(record, ContrastSummary) for record in done):
        return
    functions = {record.key: record for record in done if isinstance(record, ContrastFunction)}
    samples = [record for record in done if isinstance(record, CalibrationSample)]
    for item in placed:
        if f"{item.language}/{item.function}" in functions:
            continue
        measured = _measure(item, choice.layers, subject)
        functions[measured.key] = measured
        yield measured
    if inputs.beside is not None:
        for record in calibrate.run(_calibration(config), subject, inputs.beside, done):
            if isinstance(record, CalibrationSample):
                samples.append(record)
            yield record
    yield summarise(
        [functions[f"{item.language}/{item.function}"] for item in placed],
        choice,
        config,
        inputs.design,
        None if inputs.beside is None else (inputs.beside, samples),
    )


def _calibration(config: ContrastConfig) -> calibrate.CalibrateConfig:
    return calibrate.CalibrateConfig(layer=config.layer, groups=_BESIDE)


def _measure(item: PlacedFunction, layers: tuple[int, ...], subject: Subject) -> ContrastFunction:
    texts: list[ContrastText] = []
    if item.texts:
        attention = subject.run(
            [tokens for text in item.texts for tokens in (text.marked.tokens, text.neutral)],
            capture=[
                Capture(layers=layers, queries=[text.marked.query])
                for text in item.texts
                for _ in range(2)
            ],
            positions="none",
        ).attention
        for row, text in enumerate(item.texts):
            keys = text.marked.keys
            marker, neutral = (
                tuple(_entry(layer, attention[layer][at, :, 0], keys) for layer in layers)
                for at in (2 * row, 2 * row + 1)
            )
            texts.append(_text(text, marker, neutral))
    return ContrastFunction(
        function=item.function,
        language=item.language,
        kinds=item.kinds,
        neutral_line=item.line,
        excluded=item.excluded,
        texts=tuple(texts),
    )


def _text(
    text: PlacedText,
    marker: tuple[ContrastAttention, ...],
    neutral: tuple[ContrastAttention, ...],
) -> ContrastText:
    about = text.marked.covariates
    return ContrastText(
        led=text.text.led,
        filler=text.text.filler,
        n_tokens=about.n_tokens,
        query=text.marked.query,
        keys=text.marked.keys,
        distance_tokens=about.distance_tokens_mean,
        first_token_is_target=about.first_token_is_target,
        marker=marker,
        neutral=neutral,
    )


def _entry(layer: int, row: Tensor, keys: tuple[int, ...]) -> ContrastAttention:
    found = attention_to_targets(row, keys)
    return ContrastAttention(
        layer=layer,
        per_target=tuple(
            None if math.isnan(value) else value for value in found.per_target.tolist()
        ),
        undefined_heads=int((~found.defined).sum()),
    )
