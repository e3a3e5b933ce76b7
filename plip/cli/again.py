"""Experiments of a paper that are run again for its audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from plip.cli.session import ModelOptions, load_subject
from plip.cli.streams import say

if TYPE_CHECKING:
    from plip.claims import Ledger, Rerun, RerunKey

__all__ = ["run_again"]


def run_again(
    ledger: Ledger,
    checkpoints: Sequence[str],
    options: ModelOptions,
    *,
    artifacts: Path | None,
    corpus: Path | None,
) -> Mapping[RerunKey, Rerun]:
    """Run what the claims ask for on every checkpoint, one after the other.

    What cannot be run for want of samples or prompts is said and left out.

    Args:
        ledger: the paper's claims.
        checkpoints: each `ID`, `DIR` or `ID=DIR`.
        options: where they run; the model is that of the checkpoint.
        artifacts: a checkout of the paper's repository.
        corpus: the paper's samples, in place of those in the checkout.

    Raises:
        ConfigError: a checkpoint of none of the paper's models, before any is loaded.
        PlipError: as loading and the experiments.
    """
    if not checkpoints:
        return {}
    from plip.experiments.checkpoints import checkpoint
    from plip.experiments.reruns import again
    from plip.text import Corpus

    asked = [checkpoint(text, ledger) for text in checkpoints]
    samples = None if corpus is None else Corpus.read(corpus)
    reruns: dict[RerunKey, Rerun] = {}
    for each in asked:
        subject = load_subject(replace(options, model=each.source, revision=None))
        found = again(ledger, each.model, subject, artifacts=artifacts, corpus=samples)
        reruns |= found.reruns
        for reason in found.left_out:
            say(f"plip: not run: {reason}")
    return reruns
