"""The checks that a ledger may ask for, by name."""

from __future__ import annotations

from plip.claims.checks.base import Check, CheckResult, Kind
from plip.claims.checks.dose import Approximately, DoseBound, MonotoneInDose, ScaleNeeded
from plip.claims.checks.identity import ColumnIdentityIsZero, IdentityIsZero
from plip.claims.checks.recompute import MeanOf, RatioOf, SameAs

__all__ = ["CHECKS", "Check", "CheckResult", "Kind"]

CHECKS: dict[str, type[Check]] = {
    check.name: check
    for check in (
        Approximately,
        ColumnIdentityIsZero,
        DoseBound,
        IdentityIsZero,
        MeanOf,
        MonotoneInDose,
        RatioOf,
        SameAs,
        ScaleNeeded,
    )
}
