"""A check that rates fall with distance as an exponential does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from plip.claims.chart import Chart, ChartSeries
from plip.claims.checks.base import Check, CheckResult, Kind, Quantities
from plip.claims.checks.options import Count, Sources, count_faults, count_sources, whole
from plip.claims.checks.samples import Level, overturned, percent_of
from plip.claims.evidence import Given
from plip.claims.ledger import Entry
from plip.claims.verdict import Verdict
from plip.errors import MeasureError

__all__ = ["ExponentialDecay"]


class ExponentialDecay(Check):
    """Rates fall with distance as a·exp(−b x), and not as well along another curve.

    Curves of two parameters (exponential, straight line, power) are fitted by maximum likelihood to
    the whole counts that the rates stand for; each is held against the rates by its deviance, χ²
    with as many degrees of freedom as there are distances beyond two. That data are consistent with
    a form says little where they are consistent with others too. Contradicted needs four distances:
    three are met by every exponential towards a level above 0.
    """

    name: ClassVar[str] = "exponential_decay"
    kind: ClassVar[Kind] = Kind.TEST
    needs_figure: ClassVar[bool] = False
    rates: Sources
    """At each distance."""
    over: Sources
    """The distances, in the same order."""
    n: Count
    """Trials behind each rate."""
    alpha: Level = 0.05

    def inputs(self) -> tuple[str, ...]:
        return (*self.rates, *self.over, *count_sources(self.n))

    def faults(self, claim: Entry, given: Quantities) -> Iterator[str]:
        yield from count_faults(self.n, given)

    def run(self, claim: Entry, given: Given) -> CheckResult:
        # Loads scipy, which a ledger without such a statement does without.
        from plip.stats.decay import fit_forms

        rates, places = given.readings(*self.rates), given.readings(*self.over)
        if len(rates) != len(places):
            reason = f"there are {len(rates)} rates and {len(places)} distances"
            return self.result(Verdict.UNSUPPORTED, reason)
        n, scale = whole(self.n, given), percent_of(self.rates[0], given)
        counts = [round(each.value * n / scale) for each in rates]
        distances = [each.value for each in places]
        try:
            fits = fit_forms(distances, counts, [n] * len(counts))
        except MeasureError as error:
            return self.result(Verdict.UNSUPPORTED, f"no curve can be tested: {error.found}")
        own = fits["exponential"]
        others = [
            f"a {form} (p = {fit.p:.2g})"
            for form, fit in fits.items()
            if form != "exponential" and fit.p >= self.alpha
        ]
        if own.p < self.alpha:
            outcome = Verdict.CONTRADICTED
            reason = f"no exponential towards 0 fits the {len(counts)} rates, p = {own.p:.2g}"
            if own.df == 1:
                outcome = Verdict.UNSUPPORTED
                reason += "; one towards a level above 0 has a third parameter, and meets any three"
        elif others:
            outcome = Verdict.UNSUPPORTED
            reason = (
                f"an exponential fits the {len(counts)} rates (p = {own.p:.2g}), and so does "
                f"{' and '.join(others)}: they do not tell these apart"
            )
        else:
            outcome = Verdict.HOLDS
            reason = f"an exponential fits (p = {own.p:.2g}), and no other curve that was tried"
        best = max(fits, key=lambda form: fits[form].p)
        if outcome is not Verdict.HOLDS and best != "exponential":
            reason += f"; the best of them is a {best}"
        measured = ChartSeries(
            name="rates", x=tuple(distances), y=tuple(c / n * scale for c in counts)
        )
        curves = (
            ChartSeries(
                name=form,
                x=tuple(distances),
                y=tuple(rate * scale for rate in fit.rates),
                style="line",
            )
            for form, fit in fits.items()
        )
        return self.result(
            outcome,
            reason,
            rows=tuple(
                {"curve": form, "deviance": fit.deviance, "df": fit.df, "p": fit.p}
                for form, fit in fits.items()
            ),
            chart=Chart(
                title=claim.statement,
                x="distance",
                y="rate",
                series=(measured, *curves),
            ),
            decision_changes=overturned(claim, outcome is not Verdict.HOLDS),
        )
