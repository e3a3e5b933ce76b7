"""Baseline and steered continuations as tables for the terminal, and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plip.plan import name_layers
from plip.records import (
    ContinuationRecord,
    GenerationGroup,
    GenerationSample,
    GenerationSummary,
    Manifest,
    PairedOutcomes,
    Proportion,
)
from plip.report.figures import NOTHING, percent
from plip.report.steering import control_name, control_notes, dose_name
from plip.report.tables import new_table, titled

__all__ = ["DETECTORS", "generation_document", "rate_of", "render_generation"]

#: What the detectors are called: the paper's looks for substrings.
DETECTORS = {"paper": "substring", "parsed": "parser"}


def render_generation(
    summary: GenerationSummary,
    samples: Sequence[GenerationSample],
    *,
    model: str,
    verbose: bool = False,
) -> RenderableType:
    """Return each prompt's pairs, and outcomes of all, by category, and of controls.

    Args:
        summary: of the experiment.
        samples: its prompts, in the order to show.
        model: what was steered.
        verbose: whether the texts are shown too.
    """
    parts: list[RenderableType] = []
    if verbose:
        parts += [_texts(sample) for sample in samples]
    several = len(summary.groups) > 2
    groups = summary.groups if several else summary.groups[:1]
    return Group(*parts, _prompts(summary, samples, model), _outcomes(summary, groups))


def _prompts(summary: GenerationSummary, samples: Sequence[GenerationSample], model: str) -> Group:
    table = new_table()
    table.add_column("prompt", overflow="fold")
    for name in ("distance", "same", "first\ndiff.", "edit", *DETECTORS.values()):
        table.add_column(name, justify="right")
    for sample in samples:
        pairs = sample.pairs
        first = [pair.first_difference for pair in pairs if pair.first_difference is not None]
        edits = [pair.similarity.edit for pair in pairs if pair.similarity.edit is not None]
        table.add_row(
            sample.prompt,
            str(sample.distance_tokens),
            _of([pair.identical for pair in pairs]),
            str(min(first)) if first else NOTHING,
            f"{sum(edits) / len(edits):.3f}" if edits else NOTHING,
            *(
                f"{sum(_has(p.baseline, d) for p in pairs)} → "
                f"{sum(_has(p.steered, d) for p in pairs)}"
                for d in DETECTORS
            ),
        )
    how = "greedy" if summary.temperature == 0 else f"temperature {summary.temperature:g}"
    note = (
        f"steered: {summary.steered}\n"
        f"{how}, {_some(summary.samples, 'pair')} a prompt, "
        f"at most {summary.max_new_tokens} new tokens\n"
        "distance: tokens from the marker to the first new one\n"
        "first diff.: the earliest token in which a pair differs; edit: edit similarity\n"
        "substring, parser: continuations with test syntax, baseline → steered\n"
    )
    title = f"Generation by {model}, {name_layers(summary.layers)}, {dose_name(summary)}"
    return titled(title, table, note)


def _outcomes(summary: GenerationSummary, groups: Sequence[GenerationGroup]) -> Group:
    table = new_table()
    table.add_column("category")
    table.add_column("detector")
    for name in ("baseline", "steered", "kept/gained/\nlost/none", "p"):
        table.add_column(name, justify="right")
    for group in groups:
        _add(table, "all" if group.category is None else group.category, group)
    for control in summary.controls:
        if control.group is not None:
            _add(table, control_name(control), control.group)
    whole = summary.groups[0]
    lines = [
        "same: pairs whose texts are identical",
        f"complete and correct code: {_count(whole.baseline_parses)} → "
        f"{_count(whole.steered_parses)} of {_some(whole.pairs, 'pair')}",
        f"rates with Wilson's {summary.confidence:.0%} interval; "
        + (
            "p: McNemar's exact test"
            if whole.outcomes[0].p_value is not None
            else "no p: pairs of one prompt are not independent"
        ),
        *control_notes(summary.controls),
    ]
    return titled("Test syntax in continuations", table, "\n".join(lines))


def _add(table: Table, name: str, group: GenerationGroup) -> None:
    first, *others = group.outcomes
    table.add_row(name, *_outcome(first))
    for number, outcomes in enumerate(others):
        same = f"  same: {group.identical}/{group.pairs}" if number == 0 else ""
        table.add_row(same, *_outcome(outcomes))
    table.add_section()


def _outcome(outcomes: PairedOutcomes) -> tuple[str, ...]:
    counts = (outcomes.kept, outcomes.gained, outcomes.lost, outcomes.none)
    p = NOTHING if outcomes.p_value is None else f"{outcomes.p_value:.3f}"
    return (
        DETECTORS[outcomes.detector],
        rate_of(outcomes.baseline),
        rate_of(outcomes.steered),
        "/".join(map(str, counts)),
        p,
    )


def rate_of(found: Proportion) -> str:
    """Write a rate with its interval, in percent."""
    if found.rate is None or found.low is None or found.high is None:
        return NOTHING
    return f"{100 * found.rate:.0f}% ({100 * found.low:.0f}–{100 * found.high:.0f})"


def _texts(sample: GenerationSample) -> Group:
    parts: list[RenderableType] = []
    for number, pair in enumerate(sample.pairs):
        parts.append(Text(f"{sample.prompt}, sample {number}, baseline", style="bold"))
        parts.append(Text(pair.baseline.text))
        if pair.identical:
            parts.append(Text("steered: the same\n", style="bold"))
        else:
            parts.append(Text(f"{sample.prompt}, sample {number}, steered", style="bold"))
            parts.append(Text(pair.steered.text + "\n"))
    return Group(*parts)


def _has(continuation: ContinuationRecord, detector: str) -> bool:
    return bool(getattr(continuation.detection, detector))


def _of(outcomes: Sequence[bool]) -> str:
    if len(outcomes) == 1:
        return "yes" if outcomes[0] else "no"
    return f"{sum(outcomes)}/{len(outcomes)}"


def _count(found: Proportion) -> str:
    return f"{found.count} ({percent(found.rate)})"


def _some(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def generation_document(
    manifest: Manifest, summary: GenerationSummary, samples: Sequence[GenerationSample]
) -> dict[str, Any]:
    """Return the whole experiment: every prompt with its pairs, and what they show.

    `{"schema", "model", "prompts_hash", "seed", "summary": {…}, "prompts": [{"prompt", "pairs":
    [{"baseline": {"text", "detection", …}, "steered", "identical", …}], …}]}`; rates are fractions,
    null is undefined.
    """
    return {
        "schema": "plip.generation/2",
        "model": manifest.subject.to_json(),
        "prompts_hash": manifest.corpus_hash,
        "plan_hash": manifest.plan_hash,
        "seed": manifest.seed,
        "summary": summary.to_json(),
        "prompts": [sample.to_json() for sample in samples],
    }
