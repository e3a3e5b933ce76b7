"""A dose-response experiment as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from plip.records import DosePoint, DoseResponseSample, DoseResponseSummary, DoseSummary, Spread
from plip.report.figures import NOTHING, percent, significant
from plip.report.tables import new_table, titled

__all__ = ["render_dose_response"]

# What a dose moves first, by what was steered.
_REACHED = {"attention": "attention", "state": "state norm"}


def render_dose_response(
    summary: DoseResponseSummary,
    samples: Sequence[DoseResponseSample],
    *,
    model: str,
    verbose: bool = False,
) -> RenderableType:
    """Return attention, or the state's norm, and divergence at each dose.

    Args:
        summary: of the experiment.
        samples: its samples, in the order to show.
        model: what was steered.
        verbose: whether every sample is shown too.
    """
    table = _doses(summary, samples, f"Dose-response of {model}, layer {summary.layer}")
    baseline = Text(f"attention without steering  {percent(summary.baseline_attention.mean)}")
    if summary.mechanism == "state":
        baseline.append(
            f"\nstate norm without steering  {significant(summary.baseline_state_norm.mean)}"
        )
    parts: list[RenderableType] = [_samples(samples, summary)] if verbose else []
    return Group(*parts, table, baseline)


def _doses(
    summary: DoseResponseSummary, samples: Sequence[DoseResponseSample], title: str
) -> Group:
    table = new_table()
    table.add_column("dose")
    reached = _REACHED[summary.mechanism]
    for name in ("n", reached, "KL (nats)", "SD", f"{summary.confidence:.0%} CI", "top-1"):
        table.add_column(name, justify="right")
    for dose in summary.doses:
        table.add_row(
            _dose(dose),
            str(dose.n) if dose.excluded == 0 else f"{dose.n} (−{dose.excluded})",
            percent(dose.attention.mean)
            if summary.mechanism == "attention"
            else significant(dose.state_norm.mean),
            significant(dose.kl.mean),
            significant(dose.kl.sd),
            _interval(dose.kl),
            f"{dose.top1_changed}/{dose.n}" if dose.n else NOTHING,
        )
    note = "KL(baseline ‖ steered) at the last token; top-1: predictions changed"
    if any(dose.excluded for dose in summary.doses):
        note += "\n(−k): k samples excluded"
    for index, dose in enumerate(summary.doses):
        if dose.n == 0:
            note += f"\n{_dose(dose)}: no sample; {_first_reason(samples, index)}"
    return titled(title, table, note)


def _first_reason(samples: Sequence[DoseResponseSample], index: int) -> str:
    return next(
        f"{sample.sample}: {sample.points[index].excluded}" for sample in samples if sample.points
    )


def _samples(samples: Sequence[DoseResponseSample], summary: DoseResponseSummary) -> Group:
    table = new_table()
    table.add_column("sample", overflow="fold")
    table.add_column("dose")
    for name in (_REACHED[summary.mechanism], "KL (nats)", "top-1"):
        table.add_column(name, justify="right")
    for sample in samples:
        if not sample.points:
            table.add_row(sample.sample, "excluded", NOTHING, NOTHING, NOTHING)
        for index, point in enumerate(sample.points):
            table.add_row(sample.sample if index == 0 else "", *_point(point))
        table.add_section()
    reasons = [
        f"excluded: {sample.sample}: {reason}\n"
        for sample in samples
        for reason in (sample.excluded, *(point.excluded for point in sample.points))
        if reason is not None
    ]
    return titled(f"Samples, layer {summary.layer}", table, "".join(reasons))


def _point(point: DosePoint) -> tuple[str, ...]:
    if point.excluded is not None:
        return _dose(point), "excluded", NOTHING, NOTHING
    changed = "changed" if point.top1_changed else "same"
    divergence = "infinite" if point.kl_infinite else significant(point.kl_nats)
    reached = (
        percent(point.attention) if point.state_norm is None else significant(point.state_norm)
    )
    return _dose(point), reached, divergence, changed


def _dose(entry: DoseSummary | DosePoint) -> str:
    level = NOTHING if entry.target is None else f"{100 * entry.target:.4g}%"
    if entry.condition == "set-value":
        return f"set to {level}"
    if entry.condition == "scale-to-target":
        factor = "" if entry.dose is None else f" ({entry.dose:.4g}×)"
        return f"scaled to {level}{factor}"
    return f"{entry.dose:g}×"


def _interval(spread: Spread) -> str:
    if spread.ci_low is None or spread.ci_high is None:
        return NOTHING
    return f"{spread.ci_low:.3g} … {spread.ci_high:.3g}"
