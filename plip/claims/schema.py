"""The TOML of a ledger folder, file by file, before anything refers to anything."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from plip.claims.ledger import States

__all__ = ["ClaimsFile", "Exclusion", "PaperFile", "PaperText", "RawEntry"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exclusion(_Strict):
    """Numbers of the text that are no figures: whatever overlaps a match of `pattern`."""

    rule: str = Field(min_length=1)
    """What they are, such as "list numeral"."""
    pattern: str
    """A regular expression in which ^ and $ stand at the ends of every line."""
    code: str | None = None
    """Only inside of fenced blocks of code in this language; "" is a block that names none."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"wanted a regular expression, found {pattern!r}: {error}") from error
        return pattern


class PaperText(_Strict):
    """What is known of the paper's text, so that it can be told without the text at hand."""

    figures: int = Field(ge=0)
    """Numbers that no rule excludes."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the text as UTF-8."""
    exclude: tuple[Exclusion, ...] = ()


class PaperFile(_Strict):
    """`paper.toml`: which paper the folder is about."""

    format: Literal["plip.ledger/1"]
    title: str
    text: PaperText | None = None


class RawEntry(_Strict):
    """One `[[entry]]`: a single quote, or a row a key of a table that is alike in all but figures.

    In `statement` and `checks` of a table, `{key}` stands for the row's key; the row's id is
    `id/key`. A check is a table with the check's name under `check` and its options beside it; in
    a list of ids, one with `*` stands for every id it matches, in the ledger's order.
    """

    id: str = Field(min_length=1)
    section: str = Field(min_length=1)
    unit: str | None = None
    exact: bool = False
    statement: str = Field(min_length=1)
    states: States = "value"
    decides: str | None = None
    quoted: str | None = None
    figures: tuple[str, ...] | None = None
    rows: dict[str, str] | None = Field(default=None, min_length=1)
    checks: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.quoted is None) == (self.rows is None):
            raise ValueError("wanted either 'quoted' or 'rows'")
        if self.rows is not None and self.figures is not None:
            raise ValueError("wanted no 'figures' beside 'rows': each row quotes its own")
        if self.unit is None and self.figures != ():
            raise ValueError("wanted a 'unit' for the figures")
        for figure in self.figures or ():
            if figure not in (self.quoted or ""):
                raise ValueError(f"wanted the figure {figure!r} within {self.quoted!r}")
        return self

    def expand(self) -> list[RawEntry]:
        """Return the entries that a table stands for; a single quote stands for itself."""
        if self.rows is None:
            return [self]
        return [
            self.model_copy(
                update={
                    "id": f"{self.id}/{key}",
                    "rows": None,
                    "quoted": printed,
                    "statement": self.statement.replace("{key}", key),
                    "checks": tuple(_fill(check, key) for check in self.checks),
                }
            )
            for key, printed in self.rows.items()
        ]


class ClaimsFile(_Strict):
    """Any other TOML file of the folder; each entry is a `RawEntry`, read one by one."""

    entry: tuple[dict[str, Any], ...] = Field(min_length=1)


def _fill(value: Any, key: str) -> Any:
    """Put a row's key into every string of a check."""
    if isinstance(value, str):
        return value.replace("{key}", key)
    if isinstance(value, list):
        return [_fill(item, key) for item in value]
    if isinstance(value, dict):
        return {name: _fill(item, key) for name, item in value.items()}
    return value
