"""From a corpus to samples on a model's tokens, in batches."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from plip.errors import ContextLengthError, CorpusError
from plip.experiments.config import ExperimentConfig
from plip.models import Subject
from plip.records import CovariatesRecord
from plip.text import Corpus, Located, Sample

__all__ = ["batches", "count", "locate", "sample_fields", "select"]


def select(config: ExperimentConfig, corpus: Corpus) -> tuple[Sample, ...]:
    """Pick an experiment's samples: the first `max_samples` of each of its groups.

    Raises:
        CorpusError: there are none.
    """
    limited = corpus if config.max_samples is None else corpus.take(config.max_samples)
    chosen = tuple(sample for sample in limited if sample.group in config.groups)
    if not chosen:
        raise CorpusError(
            "corpus",
            wanted=f"samples of {' or '.join(config.groups)}",
            found=f"only {', '.join(sorted({sample.group for sample in corpus}))}",
            advice="name groups that the corpus has, or give another corpus",
        )
    return chosen


def count(config: ExperimentConfig, corpus: Corpus) -> int:
    """Count the samples that an experiment goes through.

    Raises:
        CorpusError: there are none.
    """
    return len(select(config, corpus))


def locate(config: ExperimentConfig, subject: Subject, corpus: Corpus) -> list[Located]:
    """Put an experiment's samples on the model's tokens, all of them before any is run.

    Raises:
        CorpusError, TextError, PositionError: a sample that does not fit the tokens.
        ContextLengthError: a text that does not fit the model.
    """
    located = []
    for sample in select(config, corpus):
        tokens = subject.tokenize(sample.text)
        if len(tokens) > subject.context:
            raise ContextLengthError(
                f"sample {sample.id!r}",
                wanted=f"at most {subject.context} tokens, the context of {subject.name}",
                found=f"{len(tokens)} tokens",
                advice="shorten the text or use a model with a longer context",
                details={"sample": sample.id, "tokens": len(tokens), "context": subject.context},
            )
        located.append(sample.locate(tokens))
    return located


def batches(
    located: Sequence[Located], limit: int, *, copies: int = 1, done: Container[str] = ()
) -> Iterator[tuple[Located, ...]]:
    """Cut samples into consecutive batches of at most `limit` tokens; a longer text goes alone.

    Rounding depends on what is computed together. So a run that is resumed cuts the same batches as
    one that was not interrupted, and computes one again of which a sample is missing.

    Args:
        located: all samples, whether they are done or not.
        limit: tokens a batch may have.
        copies: how often each text is run.
        done: ids of samples that need not be measured; a batch of these alone is left out.
    """
    for batch in _cut(located, limit, copies):
        if any(item.sample.id not in done for item in batch):
            yield batch


def _cut(located: Sequence[Located], limit: int, copies: int) -> Iterator[tuple[Located, ...]]:
    batch: list[Located] = []
    size = 0
    for item in located:
        more = len(item.tokens) * copies
        if batch and size + more > limit:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(item)
        size += more
    if batch:
        yield tuple(batch)


def sample_fields(located: Located) -> dict[str, Any]:
    """Return what every record says about its sample, as keyword arguments."""
    return {
        "sample": located.sample.id,
        "group": located.sample.group.value,
        "query": located.query,
        "keys": located.keys,
        "merged": located.merged,
        "excluded": located.excluded,
        "covariates": CovariatesRecord(**asdict(located.covariates)),
    }
