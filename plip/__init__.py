"""Exact steering of attention in language models, with a witness, and an audit of what papers say.

    subject = plip.load()                                  # the bundled transformer, offline
    tokens = subject.tokenize(text)
    plan = plip.Plan(plip.Scale(3.0), plip.edges(query=9, keys=[0, 4]), layers=[4])
    run = subject.run(tokens, plan=plan)                   # run.logits, run.attention, run.witness

Names are loaded when they are first used, so that `import plip` does not load torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from plip import errors
from plip.errors import PlipError
from plip.plan import ALL, Knockout, Plan, Scale, SetValue, edges, into, out_of

if TYPE_CHECKING:
    from plip.measure import attention_to_targets, kl_divergence
    from plip.models import (
        Capture,
        Generation,
        Prefix,
        Run,
        StateWitness,
        Subject,
        Witness,
        load,
        wrap,
    )
    from plip.text import Corpus, Sample, Tokens, bundled_corpus

__all__ = [
    "ALL",
    "Capture",
    "Corpus",
    "Generation",
    "Knockout",
    "Plan",
    "PlipError",
    "Prefix",
    "Run",
    "Sample",
    "Scale",
    "SetValue",
    "StateWitness",
    "Subject",
    "Tokens",
    "Witness",
    "__version__",
    "attention_to_targets",
    "bundled_corpus",
    "edges",
    "errors",
    "into",
    "kl_divergence",
    "load",
    "out_of",
    "wrap",
]

__version__ = "0.1.0"

_ROOMS = {
    "plip.measure": ("attention_to_targets", "kl_divergence"),
    "plip.models": (
        "Capture",
        "Generation",
        "Prefix",
        "Run",
        "StateWitness",
        "Subject",
        "Witness",
        "load",
        "wrap",
    ),
    "plip.text": ("Corpus", "Sample", "Tokens", "bundled_corpus"),
}
_LAZY = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'plip' has no attribute {name!r}")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
