"""How verdicts look on a terminal: always as words, with a colour where there are colours."""

from __future__ import annotations

from rich.text import Text

from plip.claims import ClaimResult, Verdict

__all__ = ["ID_WIDTH", "VERDICT_WIDTH", "decision", "verdict_text"]

_STYLES = {
    Verdict.HOLDS: "green",
    Verdict.ROUNDING: "yellow",
    Verdict.NOT_CHECKABLE: "dim",
    Verdict.UNSUPPORTED: "magenta",
    Verdict.CONTRADICTED: "bold red",
}

#: Columns of a table of 80: ids are folded, so that half is left to the reason.
ID_WIDTH = 24
VERDICT_WIDTH = 12


def verdict_text(verdict: Verdict) -> Text:
    """Write a verdict."""
    return Text(str(verdict), style=_STYLES[verdict])


def decision(claim: ClaimResult) -> str | None:
    """Say which decision of the paper would change, None where none would."""
    if not claim.decision_changes:
        return None
    of = f": “{claim.decides}”" if claim.decides else ""
    return f"the decision would change{of}"
