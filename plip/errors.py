"""Every error that plip raises on purpose.

PlipError
├── InputError (ValueError)                what a user handed over cannot be used
│   ├── TextError                          an empty text, a tokenizer without character spans
│   ├── PositionError                      a character that no token holds, a position out of range
│   ├── CorpusError                        every fault of a corpus file, reported together
│   ├── PlanError                          a plan that cannot be carried out as written
│   │   ├── LayerError                     a layer that the model does not have
│   │   ├── HeadError                      a head that the layer does not have
│   │   ├── EdgeError                      an edge against causality, outside text or window
│   │   ├── OperationError                 a factor or target without meaning
│   │   └── EmptyRowError                  an attention row that lost all its mass
│   ├── MeasureError                       a figure that is undefined, a target that no dose reaches
│   ├── LedgerError                        every fault of a claims ledger, reported together
│   ├── ArtifactError                      a paper's data file that does not hold what a claim reads
│   └── ConfigError                        an option without meaning
├── ModelError                             a model that cannot be had or cannot be steered
│   ├── ModelNotFoundError (KeyError)      no such id, file or bundled name
│   ├── CheckpointError                    damaged, incomplete or unsafe weights or configuration
│   ├── UnsupportedModelError              an architecture that the seam cannot steer exactly
│   ├── ContextLengthError (ValueError)    a text longer than the model's context
│   └── DeviceError                        a device or dtype that is not there
├── OutputError (OSError)                  a result that cannot be written or resumed
└── WitnessError (RuntimeError)            an intervention that did not do what it says
    └── NoEffectError                      an intervention that changed nothing

Each carries who it concerns, what was wanted, what was found and what to do, as fields and as its
text, and the exit code that the command line ends with.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "ArtifactError",
    "CheckpointError",
    "ConfigError",
    "ContextLengthError",
    "CorpusError",
    "DeviceError",
    "EdgeError",
    "EmptyRowError",
    "HeadError",
    "InputError",
    "LayerError",
    "LedgerError",
    "MeasureError",
    "ModelError",
    "ModelNotFoundError",
    "NoEffectError",
    "OperationError",
    "OutputError",
    "PlanError",
    "PlipError",
    "PositionError",
    "TextError",
    "UnsupportedModelError",
    "WitnessError",
]


class PlipError(Exception):
    """Anything that plip refuses to do.

    The text reads `{who}: wanted {wanted}, found {found}; {advice}`.

    Args:
        who: the thing concerned, such as "sample 'py_long_name'" or "layer 40".
        wanted: what was needed of it.
        found: what it was instead.
        advice: what the reader can do about it, an imperative.
        details: the same facts as values, for programs; kept as given.
    """

    exit_code: ClassVar[int] = 70

    def __init__(
        self,
        who: str,
        *,
        wanted: str,
        found: str,
        advice: str,
        details: dict[str, Any] | None = None,
    ) -> None:
        self.who = who
        self.wanted = wanted
        self.found = found
        self.advice = advice
        self.details = dict(details or {})
        super().__init__(f"{who}: wanted {wanted}, found {found}; {advice}")

    def __str__(self) -> str:
        # KeyError would print the repr of its argument.
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.who, self.wanted, self.found, self.advice, self.details)
        return _rebuild, (type(self), *fields)


def _rebuild(
    kind: type[PlipError],
    who: str,
    wanted: str,
    found: str,
    advice: str,
    details: dict[str, Any],
) -> PlipError:
    """Unpickle an error: keyword-only arguments need a function of their own."""
    return kind(who, wanted=wanted, found=found, advice=advice, details=details)


class InputError(PlipError, ValueError):
    """What a user handed over cannot be used."""

    exit_code = 3


class TextError(InputError):
    """A text or tokenizer that cannot be used."""


class PositionError(InputError):
    """A character that no token holds, or a position out of range."""


class CorpusError(InputError):
    """The faults of a corpus, all of them; `details["faults"]` lists them as strings."""


class PlanError(InputError):
    """A plan that cannot be carried out as written."""


class LayerError(PlanError):
    """A layer that the model does not have."""


class HeadError(PlanError):
    """A head that the layer does not have."""


class EdgeError(PlanError):
    """An edge against causality, outside the text, or outside a layer's window."""


class OperationError(PlanError):
    """A factor or target without meaning."""


class EmptyRowError(PlanError):
    """An attention row that lost all its mass."""


class MeasureError(InputError):
    """A figure that is undefined, or a target that no dose reaches."""


class LedgerError(InputError):
    """The faults of a claims ledger, all of them; `details["faults"]` lists them as strings."""


class ArtifactError(InputError):
    """A data file of a paper that is not there, or does not hold what a claim reads from it."""


class ConfigError(InputError):
    """An option without meaning."""


class ModelError(PlipError):
    """A model that cannot be had or cannot be steered."""

    exit_code = 4


class ModelNotFoundError(ModelError, KeyError):
    """No such model id, directory or bundled name."""


class CheckpointError(ModelError):
    """Damaged, incomplete or unsafe weights or configuration."""


class UnsupportedModelError(ModelError):
    """An architecture that the seam cannot steer exactly."""


class ContextLengthError(ModelError, ValueError):
    """A text longer than the model's context."""


class DeviceError(ModelError):
    """A device or dtype that is not there."""


class OutputError(PlipError, OSError):
    """A result that cannot be written, or a run that cannot be resumed."""

    exit_code = 5


class WitnessError(PlipError, RuntimeError):
    """An intervention that did not do what it says."""

    exit_code = 6


class NoEffectError(WitnessError):
    """An intervention that changed nothing."""
