"""Checks on what must be 0 where nothing was changed."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from plip.claims.checks.base import Check, CheckResult, Kind
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.stats import Interval

__all__ = ["ColumnIdentityIsZero", "IdentityIsZero"]

_ZERO = Interval.point(Fraction(0))


class IdentityIsZero(Check):
    """The figure is a divergence, or a spread of divergences, at the dose that changes nothing.

    KL(p ‖ p) = 0 for every p, so that each sample's divergence is 0, and mean and SD with it.
    """

    name: ClassVar[str] = "identity_is_zero"
    kind: ClassVar[Kind] = Kind.IDENTITY

    def inputs(self) -> tuple[str, ...]:
        return ()

    def run(self, claim: Entry, given: Given) -> CheckResult:
        figure = claim.figure
        if figure.interval.overlaps(_ZERO):
            reason = f"nothing is changed at this dose and the divergence is 0; {figure.printed} is"
            return self.result(Verdict.HOLDS, reason, _ZERO)
        reason = (
            "scaling by 1 changes nothing, and the divergence of a distribution from itself is 0 "
            f"in every sample; {figure.printed} is not"
        )
        return self.result(Verdict.CONTRADICTED, reason, _ZERO)


class ColumnIdentityIsZero(Check):
    """The claim is of, or rests on, a column of divergences that must be 0 at the identity dose.

    A column that is not 0 there holds something other than the divergence it is named after, so
    that none of its figures supports a statement about it. A column that is 0 there may be sound;
    its other figures still want the divergence of each sample.
    """

    name: ClassVar[str] = "column_identity_is_zero"
    kind: ClassVar[Kind] = Kind.IDENTITY
    needs_figure: ClassVar[bool] = False
    identity: str

    def inputs(self) -> tuple[str, ...]:
        return (self.identity,)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        identity = given[self.identity].figure
        own = " and ".join(figure.printed for figure in claim.figures)
        where = "of this table" if own else f"that this rests on, {self.identity},"
        if identity.interval.overlaps(_ZERO):
            reason = (
                f"the divergence {where} is 0 where nothing is changed, as it must be; "
                f"{own or 'the statement'} itself needs the divergence of each sample"
            )
            return self.result(Verdict.NOT_CHECKABLE, reason)
        reason = (
            f"the divergence {where} is {identity.printed} where nothing is changed; a true one is "
            f"0 there, so that {own or 'the column'} measures something else"
        )
        return self.result(Verdict.UNSUPPORTED, reason)
