"""Whether a model's numbers are fine enough for what is measured."""

from __future__ import annotations

from plip.errors import ConfigError
from plip.models import Subject

__all__ = ["check_precision"]


def check_precision(allow_narrow: bool, subject: Subject) -> None:
    """Refuse to measure a recurrent model in a narrow type, unless one insists.

    Raises:
        ConfigError: it would be measured in bfloat16 or float16.
    """
    if subject.mechanism != "state" or allow_narrow:
        return
    dtype = subject.provenance().dtype
    if dtype in ("bfloat16", "float16"):
        raise ConfigError(
            "dtype",
            wanted="float32 or float64 for the divergence of a recurrent model",
            found=f"{dtype}, whose rounding alone is worth about 2e-5 nats",
            advice="load it in float32, or insist with allow_narrow",
        )
