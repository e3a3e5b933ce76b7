"""What every record has in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

__all__ = ["Fraction", "Nats", "Norm", "Record", "UnitRecord", "first_fault"]

#: A share of attention or of samples.
Fraction = Annotated[float, Field(ge=-1e-6, le=1 + 1e-6)]

#: A divergence.
Nats = Annotated[float, Field(ge=0)]


#: A norm of a recurrent state.
Norm = Annotated[float, Field(ge=0)]


class Record(BaseModel):
    """A frozen result. NaN and infinity are refused: an undefined figure is None with a reason."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, under the names that files use, the schema first."""
        fields = self.model_dump(mode="json", by_alias=True)
        return {name: fields[name] for name in sorted(fields, key="schema".__ne__)}

    def to_line(self) -> str:
        """Return the JSON form as one line, without its line feed."""
        return json.dumps(
            self.to_json(), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )


class UnitRecord(Record, ABC):
    """One of the things that a run goes through, such as a sample; not its summary."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What names this record in its run, among those of its kind."""

    @property
    def plan_hashes(self) -> tuple[str, ...]:
        """The digests of the plans that were run for it."""
        return ()


def first_fault(error: ValidationError) -> str:
    """Say in a few words what kept data from being a record."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{fault['msg']} ({place})" if place else fault["msg"]
