"""A dose-response experiment as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from plip.plan import name_layers
from plip.records import (
    Control,
    DosePoint,
    DoseResponseSample,
    DoseResponseSummary,
    DoseSummary,
    Mechanism,
    Spread,
)
from plip.report.figures import NOTHING, percent, significant
from plip.report.tables import new_table, titled

__all__ = ["control_name", "render_dose_response"]

# What a dose moves first, by what was steered.
_REACHED = {"attention": "attention", "state": "state norm"}

_WHAT = {
    "edges": "edges to as many other earlier tokens",
    "write": "another token's write",
    "marker": "the text with # >>> for >>>, #[inline] for #[test]",
}
_DRAWN = "in other layers, drawn for each sample"


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
    title = f"Dose-response of {model}, {name_layers(summary.layers)}"
    baseline = Text(f"attention without steering  {percent(summary.baseline_attention.mean)}")
    if summary.mechanism == "state":
        baseline.append(
            f"\nstate norm without steering  {significant(summary.baseline_state_norm.mean)}"
        )
    parts: list[RenderableType] = [_samples(samples, summary)] if verbose else []
    parts += [_doses(summary, samples, title), baseline]
    if len(summary.layers) > 1:
        parts.append(_by_layer(summary))
    if any(dose.controls for dose in summary.doses):
        parts.append(_controls(summary, samples))
    return Group(*parts)


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
    if len(summary.layers) > 1:
        note += f"\n{reached}: the mean over layers"
    if any(dose.excluded for dose in summary.doses):
        note += "\n(−k): k samples excluded"
    for index, dose in enumerate(summary.doses):
        if dose.n == 0:
            note += f"\n{_dose(dose)}: no sample; {_first_reason(samples, index)}"
    return titled(title, table, note)


def _by_layer(summary: DoseResponseSummary) -> Group:
    """Show what was reached in each layer; a factor of its own stands in front."""
    table = new_table()
    table.add_column("dose")
    for layer in summary.layers:
        table.add_column(f"layer {layer}", justify="right")
    for dose in summary.doses:
        cells = []
        for entry in dose.layers:
            spread, write = (
                (entry.attention, percent)
                if summary.mechanism == "attention"
                else (entry.state_norm, significant)
            )
            own = f"{entry.factor:g}×: " if dose.condition == "factors" else ""
            cells.append(own + write(spread.mean))
        table.add_row(_dose(dose), *(cells or [NOTHING] * len(summary.layers)))
    return titled(f"{_REACHED[summary.mechanism].capitalize()} by layer", table)


def _controls(summary: DoseResponseSummary, samples: Sequence[DoseResponseSample]) -> Group:
    """Show the divergence of each dose beside that of its controls."""
    listed = [control.control for control in summary.doses[0].controls]
    table = new_table()
    table.add_column("dose")
    table.add_column("KL (nats)", justify="right")
    for control in listed:
        table.add_column(control_name(control, summary.mechanism), justify="right")
        table.add_column("p", justify="right")
    for dose in summary.doses:
        cells = []
        for entry in dose.controls:
            p = entry.against.p_permutation
            cells += [_short(entry.kl.mean), NOTHING if p is None else f"{p:.2g}"]
        table.add_row(_dose(dose), _short(dose.kl.mean), *cells)
    notes = [
        "the same dose, against the control's own baseline; p: effect against control",
        "within samples, by exchanging signs, not adjusted for the number of doses",
    ]
    for at, control in enumerate(listed):
        notes += _about(control, at, summary, samples)
    return titled("Controls: KL(baseline ‖ steered)", table, "\n".join(notes))


def _about(
    control: Control, at: int, summary: DoseResponseSummary, samples: Sequence[DoseResponseSample]
) -> list[str]:
    """Say what a control is, and who could not have it."""
    name = control_name(control, summary.mechanism)
    layers = {
        beside.layers
        for sample in samples
        for point in sample.points
        for beside in point.controls[at : at + 1]
        if beside.layers
    }
    where = f"in {name_layers(next(iter(layers)))}" if len(layers) == 1 else _DRAWN
    notes = [f"{name}: {where if control == 'layer' else _WHAT[name]}"]
    first = summary.doses[0].controls[at]
    if first.mass.mean is not None:
        notes.append(
            f"  attention to them without steering {percent(first.mass.mean)}, to the targets "
            f"{percent(first.target_mass.mean)}"
        )
    left_out = max(dose.controls[at].excluded for dose in summary.doses)
    if left_out:
        reason = next(
            f"{sample.sample}: {point.controls[at].excluded}"
            for sample in samples
            for point in sample.points
            if point.excluded is None and point.controls[at].excluded is not None
        )
        samples_left = f"{left_out} sample{'' if left_out == 1 else 's'}"
        notes.append(f"  {samples_left} without it; {reason}")
    return notes


def _short(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3g}"


def control_name(control: Control, mechanism: Mechanism) -> str:
    """Name a control as tables and figures do."""
    return "write" if control == "edges" and mechanism == "state" else control


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
    return titled(f"Samples, {name_layers(summary.layers)}", table, "".join(reasons))


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
    if entry.condition == "factors":
        return "factors"
    if entry.condition == "scale-to-target":
        factor = "" if entry.dose is None else f" ({entry.dose:.4g}×)"
        return f"scaled to {level}{factor}"
    return f"{entry.dose:g}×"


def _interval(spread: Spread) -> str:
    if spread.ci_low is None or spread.ci_high is None:
        return NOTHING
    return f"{spread.ci_low:.3g} … {spread.ci_high:.3g}"
