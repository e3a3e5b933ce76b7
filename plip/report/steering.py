"""What reports on generated text say of steering and its controls."""

from __future__ import annotations

from collections.abc import Sequence

from plip.plan import name_factors
from plip.records import GenerationSummary, PromptControlSummary

__all__ = ["control_name", "control_notes", "dose_name"]


def dose_name(summary: GenerationSummary) -> str:
    """Write the dose of a generation experiment: "scale 3", or a factor for each layer."""
    if summary.scale is not None:
        return f"scale {summary.scale:g}"
    return f"factors {name_factors(zip(summary.layers, summary.factors, strict=True))}"


def control_name(control: PromptControlSummary) -> str:
    """Write the name of a control for tables and figures."""
    return f"{control.control} control"


def control_notes(controls: Sequence[PromptControlSummary]) -> list[str]:
    """Say of each control in a line what it is and which prompts had it."""
    return [
        f"{control_name(control)}: {control.steered}{_received(control)}{_excluded(control)}"
        for control in controls
    ]


def _received(control: PromptControlSummary) -> str:
    if control.received is None or control.marker_received is None:
        return ""
    return (
        f" (on average {control.received:.2f} over all later tokens, "
        f"the marker {control.marker_received:.2f})"
    )


def _excluded(control: PromptControlSummary) -> str:
    if not control.excluded:
        return ""
    return f"; {control.excluded} of {control.prompts + control.excluded} prompts cannot have it"
