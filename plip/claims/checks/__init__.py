"""The checks that a ledger may ask for, by name."""

from __future__ import annotations

from plip.claims.checks.absence import Equivalence
from plip.claims.checks.absence_rates import ChangedShare, EquivalenceRates
from plip.claims.checks.absence_summary import EquivalenceFromSummary
from plip.claims.checks.agreement import SameAs
from plip.claims.checks.agreement_done import NotDone
from plip.claims.checks.base import Check, CheckResult, Kind
from plip.claims.checks.comparability import Adjusted
from plip.claims.checks.comparability_control import VacuousControl
from plip.claims.checks.design_contrasts import OtherContrast
from plip.claims.checks.design_pairs import PairedOutcomes
from plip.claims.checks.design_units import Clustered, Confounded
from plip.claims.checks.diagnosis import PublishedMeasure
from plip.claims.checks.dose import Approximately, DoseBound, MonotoneInDose, ScaleNeeded
from plip.claims.checks.feasibility import FeasibleCurve
from plip.claims.checks.granularity import Debit, Grim, Grimmer, WholeCount
from plip.claims.checks.identity import ColumnIdentityIsZero, IdentityIsZero
from plip.claims.checks.identity_bounds import DivergenceBound
from plip.claims.checks.orders import Greater, Rises
from plip.claims.checks.orders_within import AllWithin, Flat
from plip.claims.checks.precision import AboveRounding
from plip.claims.checks.recompute import CountOf, MeanOf, RangeOf, SdOf
from plip.claims.checks.recompute_pairs import DifferenceOf, RatioOf, ShareOf
from plip.claims.checks.rerun import RerunFigure
from plip.claims.checks.selection import BestOf
from plip.claims.checks.sensitivity import Sensitive
from plip.claims.checks.target import ReachesTarget
from plip.claims.checks.tests_decay import ExponentialDecay
from plip.claims.checks.tests_groups import TwoGroups
from plip.claims.checks.tests_ratios import RatiosDiffer
from plip.claims.checks.tests_reported import PBelow, ReportedP
from plip.claims.checks.tests_summary import WelchFromSummary

__all__ = ["CHECKS", "Check", "CheckResult", "Kind"]

CHECKS: dict[str, type[Check]] = {
    check.name: check
    for check in (
        AboveRounding,
        Adjusted,
        AllWithin,
        Approximately,
        BestOf,
        ChangedShare,
        Clustered,
        ColumnIdentityIsZero,
        Confounded,
        CountOf,
        Debit,
        DifferenceOf,
        DivergenceBound,
        DoseBound,
        Equivalence,
        EquivalenceFromSummary,
        EquivalenceRates,
        ExponentialDecay,
        FeasibleCurve,
        Flat,
        Greater,
        Grim,
        Grimmer,
        IdentityIsZero,
        MeanOf,
        MonotoneInDose,
        NotDone,
        OtherContrast,
        PairedOutcomes,
        PBelow,
        PublishedMeasure,
        RangeOf,
        RatioOf,
        RatiosDiffer,
        ReachesTarget,
        ReportedP,
        RerunFigure,
        Rises,
        SameAs,
        ScaleNeeded,
        SdOf,
        Sensitive,
        ShareOf,
        TwoGroups,
        VacuousControl,
        WelchFromSummary,
        WholeCount,
    )
}
