"""The designed corpus: generated functions in both languages, in variants that differ in one thing.

`designed_corpus` draws them from a seed; a tokenizer then decides which neutral line can stand in a
marker's place.
"""

from plip.text.designed.corpus import (
    DEFAULT_FUNCTIONS,
    DEFAULT_STEPS,
    DesignedCorpus,
    designed_corpus,
)
from plip.text.designed.functions import LARGEST, DesignedFunction
from plip.text.designed.layout import LANGUAGES, DesignedText, Language, TargetKind
from plip.text.designed.places import stands_in_place

__all__ = [
    "DEFAULT_FUNCTIONS",
    "DEFAULT_STEPS",
    "LANGUAGES",
    "LARGEST",
    "DesignedCorpus",
    "DesignedFunction",
    "DesignedText",
    "Language",
    "TargetKind",
    "designed_corpus",
    "stands_in_place",
]
