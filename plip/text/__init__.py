"""Texts: samples, corpora and prompts, token ids with character spans, from character to token."""

from plip.text.bundled import bundled_corpus, bundled_prompts
from plip.text.corpus import Corpus
from plip.text.files import write_atomically
from plip.text.marks import CharMarks, Group, TokenMarks
from plip.text.other_markers import OtherMarker, sample_with_other_marker, with_other_marker
from plip.text.prompts import CodeLanguage, Prompt, Prompts
from plip.text.rust_prompts import read_rust_prompts
from plip.text.sample import Covariates, Located, Sample
from plip.text.tokens import Tokens, tokenize

__all__ = [
    "CharMarks",
    "CodeLanguage",
    "Corpus",
    "Covariates",
    "Group",
    "Located",
    "OtherMarker",
    "Prompt",
    "Prompts",
    "Sample",
    "TokenMarks",
    "Tokens",
    "bundled_corpus",
    "bundled_prompts",
    "read_rust_prompts",
    "sample_with_other_marker",
    "tokenize",
    "with_other_marker",
    "write_atomically",
]
