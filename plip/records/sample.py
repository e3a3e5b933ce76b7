"""What every record of a sample says about the sample itself."""

from __future__ import annotations

from plip.records.base import Record, UnitRecord

__all__ = ["CovariatesRecord", "SampleRecord"]


class CovariatesRecord(Record):
    """What else differs between samples; distances are from the marker back to the targets."""

    distance_chars_nearest: int
    """To the last target, in code points."""

    distance_chars_mean: float
    """The mean over target marks, in code points."""

    distance_tokens_nearest: int
    """To the last target, in tokens."""

    distance_tokens_mean: float
    """The mean over target tokens, in tokens."""

    n_targets: int
    """Target tokens, each once."""

    n_chars: int
    """Length of the text in code points."""

    n_tokens: int
    """Length of the text in tokens."""

    first_token_is_target: bool
    """Whether token 0, an attention sink in many models, is a target."""


class SampleRecord(UnitRecord):
    """A sample as a tokenizer cut it."""

    sample: str
    """The sample's id."""

    group: str
    """The sample's group, such as "rust_test"."""

    query: int
    """The marker's token."""

    keys: tuple[int, ...]
    """The target tokens, ascending, each once; none for an excluded sample."""

    merged: int
    """How many target marks fell on a token that another mark had claimed already."""

    excluded: str | None
    """Why the sample could not be measured; None if it was."""

    covariates: CovariatesRecord
    """What else could explain its figures."""

    @property
    def key(self) -> str:
        """The sample's id."""
        return self.sample
