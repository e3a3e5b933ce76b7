"""An ablation as tables for the terminal, and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType

from plip.plan import name_layers, spell_layers
from plip.records import (
    AblationPoint,
    AblationSample,
    AblationSummary,
    AblationWindow,
    Manifest,
)
from plip.report.figures import NOTHING, percent, significant
from plip.report.tables import new_table, titled

__all__ = ["ablation_document", "render_ablation"]

_WHAT = {
    "edges": "the marker's edges to the function",
    "into": "every later token's edge into the marker",
    "into-own": "every edge into the marker, its own row included",
    "write": "the marker's write into the state",
}


def render_ablation(
    summary: AblationSummary,
    samples: Sequence[AblationSample],
    *,
    model: str,
    verbose: bool = False,
) -> RenderableType:
    """Return the divergence of each group beside its control, and Python against Rust.

    Args:
        summary: of the experiment.
        samples: its samples, in the order to show.
        model: what was ablated.
        verbose: whether every sample is shown too.
    """
    title = f"Knockout of {_WHAT[summary.ablated]}, {model}"
    parts: list[RenderableType] = []
    if verbose:
        parts += [_samples(samples, at, window) for at, window in enumerate(summary.windows)]
    if len(summary.windows) == 1:
        parts.append(_groups(summary.windows[0], samples, title))
    else:
        parts.append(_windows(summary, samples, title))
    return Group(*parts)


def _groups(window: AblationWindow, samples: Sequence[AblationSample], title: str) -> Group:
    table = new_table()
    table.add_column("group")
    for name in ("n", "KL (nats)", "control", "p", "removal", "top-1"):
        table.add_column(name, justify="right")
    for group in window.groups:
        table.add_row(
            group.group,
            str(group.n) if group.excluded == 0 else f"{group.n} (−{group.excluded})",
            significant(group.kl.mean),
            significant(group.control_kl.mean),
            _p(group.against_control.p_permutation),
            significant(group.removal_kl.mean),
            f"{group.top1_changed}/{group.n}" if group.n else NOTHING,
        )
    note = (
        "KL(baseline ‖ ablated) at the last token; control: as much of something else;\n"
        "p: knockout against control within samples, by exchanging signs;\n"
        "removal: KL of the text without the marker's token\n"
        f"{_languages(window)}{_nothing(samples, 0, window)}"
    )
    return titled(f"{title}, {name_layers(window.layers)}", table, note)


def _languages(window: AblationWindow) -> str:
    found = window.python_against_rust
    if found.undefined is not None:
        return f"Python doctests against Rust tests: {found.undefined}"
    return (
        f"Python doctests − Rust tests: {significant(found.difference)} nats, "
        f"Welch t = {found.t:.2f}, p = {_p(found.p_t)};\n"
        f"by permutation p = {_p(found.p_permutation)}"
    )


def _nothing(samples: Sequence[AblationSample], at: int, window: AblationWindow) -> str:
    """Say why no sample could be measured at a window, nothing where one was."""
    points = [(sample, sample.points[2 * at]) for sample in samples if sample.points]
    if any(point.excluded is None for _, point in points):
        return ""
    reasons = [f"{sample.sample}: {point.excluded}" for sample, point in points]
    reasons += [f"{sample.sample}: {sample.excluded}" for sample in samples if not sample.points]
    return f"\n{name_layers(window.layers)}: no sample; {reasons[0]}"


def _windows(summary: AblationSummary, samples: Sequence[AblationSample], title: str) -> Group:
    table = new_table()
    for name in ("layers", "Python", "control", "Rust", "control", "p", "p max-T"):
        table.add_column(name, justify="right")
    for window in summary.windows:
        by_name = {group.group: group for group in window.groups}
        cells: list[str] = []
        for name in ("python_doctest", "rust_test"):
            group = by_name.get(name)
            cells += [
                NOTHING if group is None else significant(group.kl.mean),
                NOTHING if group is None else significant(group.control_kl.mean),
            ]
        found = window.python_against_rust
        table.add_row(
            spell_layers(window.layers), *cells, _p(found.p_permutation), _p(found.p_max_t)
        )
    note = (
        "mean KL(baseline ‖ ablated) in nats at the last token; p: Python against Rust,\n"
        "by permutation; p max-T: the same, adjusted for all layers that were searched"
    ) + "".join(_nothing(samples, at, window) for at, window in enumerate(summary.windows))
    return titled(title, table, note)


def _samples(samples: Sequence[AblationSample], at: int, window: AblationWindow) -> Group:
    table = new_table()
    table.add_column("sample", overflow="fold")
    for name in ("attention", "KL (nats)", "control", "top-1"):
        table.add_column(name, justify="right")
    reasons = []
    for sample in samples:
        if not sample.points:
            reasons.append(f"excluded: {sample.sample}: {sample.excluded}\n")
            continue
        knockout, control = sample.points[2 * at : 2 * at + 2]
        reasons += [
            f"excluded: {sample.sample}: {point.excluded}\n"
            for point in (knockout, control)
            if point.excluded is not None
        ]
        changed = "changed" if knockout.ablated_token != knockout.baseline_token else "same"
        table.add_row(
            sample.sample,
            percent(knockout.mass),
            _kl(knockout),
            _kl(control),
            changed if knockout.excluded is None else NOTHING,
        )
    note = "".join(dict.fromkeys(reasons))
    return titled(f"Samples, {name_layers(window.layers)}", table, note)


def _kl(point: AblationPoint) -> str:
    if point.excluded is not None:
        return "excluded"
    return "infinite" if point.kl_infinite else significant(point.kl_nats)


def _p(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2g}"


def ablation_document(
    manifest: Manifest, summary: AblationSummary, samples: Sequence[AblationSample]
) -> dict[str, Any]:
    """Return an ablation: each sample at each window of layers, and each window over samples.

    `{"schema", "model", "ablated", "records": [{"sample", "layers", "control", "kl_nats", …}],
    "windows": [{"layers", "groups": […], "python_against_rust": {…}}], "excluded": […]}`; KL is in
    nats, null is undefined.
    """
    return {
        "schema": "plip.ablation/1",
        "model": manifest.subject.to_json(),
        "corpus_hash": manifest.corpus_hash,
        "plan_hash": manifest.plan_hash,
        "seed": manifest.seed,
        "mechanism": summary.mechanism,
        "ablated": summary.ablated,
        "layer_choice": summary.layer_choice,
        "records": [
            {"sample": sample.sample, "group": sample.group, **point.to_json()}
            for sample in samples
            for point in sample.points
        ],
        "windows": [window.to_json() for window in summary.windows],
        "excluded": [
            {"sample": sample.sample, "group": sample.group, "reason": sample.excluded}
            for sample in samples
            if sample.excluded is not None
        ],
    }
