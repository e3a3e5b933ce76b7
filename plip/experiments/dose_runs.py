"""Running all plans of some samples: the effect and its controls, in as few sweeps as can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from plip.experiments.arms import Setting, arms
from plip.experiments.conditions import Treatment
from plip.experiments.dose_points import ArmRun
from plip.models import Capture, Run
from plip.text import Located, Tokens

__all__ = ["baseline_rows", "carried_out", "planned"]

#: Of each layer the marker's row without steering, [head, key].
Rows = Mapping[int, Tensor]


def baseline_rows(measured: Sequence[Located], setting: Setting, *, solve: bool) -> list[Rows]:
    """Capture the markers' rows that controls, or a factor to be solved, depend on.

    Args:
        measured: the samples.
        setting: what they have in common.
        solve: whether a factor is to be solved.

    Returns:
        For each sample its rows of the layers that are needed, none of a recurrent model.
    """
    subject = setting.subject
    layers = set(setting.layers) if solve or "edges" in setting.controls else set()
    if "layer" in setting.controls:
        layers |= set(setting.control_layers or range(subject.n_layers))
    if subject.mechanism == "state" or not layers:
        return [{} for _ in measured]
    attention = subject.run(
        [item.tokens for item in measured],
        capture=[Capture(layers=layers, queries=[item.query]) for item in measured],
        positions="none",
    ).attention
    return [{layer: attention[layer][at, :, 0] for layer in layers} for at in range(len(measured))]


def planned(
    item: Located, rows: Rows, treated: Sequence[Treatment], setting: Setting
) -> list[ArmRun]:
    """Plan every treatment of a sample, as an effect and in its controls.

    Args:
        item: the sample.
        rows: from `baseline_rows`.
        treated: what is done to it.
        setting: what all samples have in common.
    """
    means = {layer: _over_heads(row, setting.heads) for layer, row in rows.items()}
    return [
        ArmRun(arm, tuple(arm.trial(treatment, setting) for treatment in treated))
        for arm in arms(item, means, setting)
    ]


def _over_heads(row: Tensor, heads: Sequence[int] | None) -> list[float]:
    """Return the mean over the steered heads, as far as the layer has them."""
    mine = row if heads is None else row[[head for head in heads if head < len(row)]]
    mean: list[float] = mine.mean(0).tolist()
    return mean


def carried_out(cases: Sequence[Sequence[ArmRun]], setting: Setting) -> list[list[ArmRun]]:
    """Run what is planned for some samples.

    The controls in other layers have a sweep of their own: a sweep computes everything from the
    lowest layer that one of its plans changes.

    Args:
        cases: for each sample its effect, then its controls.
        setting: what they have in common.
    """
    here = [[each for each in case if each.arm.control in (None, "edges")] for case in cases]
    marker = [[each for each in case if each.arm.control == "marker"] for case in cases]
    layer = [[each for each in case if each.arm.control == "layer"] for case in cases]
    done = _sweep([*here, *(arm for arm in marker if _any(arm))], setting)
    done |= _sweep([arm for arm in layer if _any(arm)], setting)
    return [[done.get(id(each), each) for each in case] for case in cases]


def _any(runs: Sequence[ArmRun]) -> bool:
    return any(trial.plan is not None for each in runs for trial in each.trials)


def _sweep(texts: Sequence[Sequence[ArmRun]], setting: Setting) -> dict[int, ArmRun]:
    """Sweep texts, each with the plans of its arms; return what was run by the arm's identity."""
    if not texts:
        return {}
    runs: list[Run] = setting.subject.sweep(
        [_tokens(mine) for mine in texts],
        [[None, *(t.plan for each in mine for t in each.trials if t.plan)] for mine in texts],
        capture=[_capture(mine, setting) for mine in texts],
    )
    done = {}
    for mine, run in zip(texts, runs, strict=True):
        first = 1
        for each in mine:
            done[id(each)] = replace(each, run=run, first=first)
            first += sum(trial.plan is not None for trial in each.trials)
    return done


def _tokens(runs: Sequence[ArmRun]) -> Tokens:
    return runs[0].arm.item.tokens


def _capture(runs: Iterable[ArmRun], setting: Setting) -> Capture | None:
    """Capture the marker's row in steered layers, of a text whose effect is measured."""
    for each in runs:
        if each.arm.control is None:
            return Capture(layers=setting.layers, queries=[each.arm.item.query])
    return None
