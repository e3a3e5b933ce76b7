"""Texts: samples and corpora, token ids with character spans, from character to token."""

from plip.text.bundled import bundled_corpus
from plip.text.corpus import Corpus
from plip.text.files import write_atomically
from plip.text.marks import CharMarks, Group, TokenMarks
from plip.text.sample import Covariates, Located, Sample
from plip.text.tokens import Tokens, tokenize

__all__ = [
    "CharMarks",
    "Corpus",
    "Covariates",
    "Group",
    "Located",
    "Sample",
    "TokenMarks",
    "Tokens",
    "bundled_corpus",
    "tokenize",
    "write_atomically",
]
