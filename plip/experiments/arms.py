"""Where treatments are carried out: on the marker and its targets, or on a control."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plip.errors import CorpusError, OperationError, PositionError, TextError
from plip.experiments.conditions import Treatment, steered
from plip.experiments.controls import Drawn, other_keys, other_layers, other_token
from plip.experiments.reach import out_of_reach, rows_of
from plip.models import Subject
from plip.plan import Edges, Plan, edges, into
from plip.records import Control
from plip.text import Located, sample_with_other_marker

__all__ = ["Arm", "Setting", "Trial", "arms"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all samples of an experiment have in common.

    Args:
        subject: the model.
        layers: the steered layers, ascending.
        heads: the steered heads, None for all.
        controls: which controls stand beside every effect.
        control_layers: the other layers, None where they are drawn for each sample.
        seed: of the draws.
    """

    subject: Subject
    layers: tuple[int, ...]
    heads: tuple[int, ...] | None
    controls: tuple[Control, ...]
    control_layers: tuple[int, ...] | None
    seed: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One treatment in one arm: a plan, or why there is none."""

    treatment: Treatment
    plan: Plan | None = None
    excluded: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One sample's effect, or one of its controls.

    Args:
        control: which control; None for the effect itself.
        item: the text that is run.
        where: the edges, or the write; None where the control cannot be had.
        layers: where what is done in each steered layer is done.
        drawn: the keys or the token, with their attention.
        excluded: why the control cannot be had.
    """

    control: Control | None
    item: Located
    where: Edges | None
    layers: Mapping[int, int]
    drawn: Drawn = field(default_factory=Drawn)
    excluded: str | None = None

    def trial(self, treatment: Treatment, setting: Setting) -> Trial:
        """Plan a treatment in this arm; say why where it cannot be."""
        if treatment.excluded is not None or self.where is None:
            return Trial(treatment, excluded=treatment.excluded or self.excluded)
        subject = setting.subject
        changing = treatment.changing or tuple(self.layers)
        reason = out_of_reach(
            self.item,
            [self.layers[layer] for layer in changing],
            subject.n_layers,
            rows_of(subject),
        )
        if reason is not None:
            return Trial(treatment, excluded=reason)
        plan = treatment.plan(self.where, setting.heads, self.layers)
        try:
            plan.check(subject.heads, len(self.item.tokens))
        except OperationError as error:
            return Trial(treatment, excluded=str(error))
        return Trial(treatment, plan)


def arms(item: Located, rows: Mapping[int, Sequence[float]], setting: Setting) -> Iterator[Arm]:
    """List where a sample's treatments are carried out: the effect, then its controls.

    Args:
        item: the sample.
        rows: by layer, attention of the marker to every key without steering, the mean over
            steered heads; for controls that need it (`needed_layers`).
        setting: what all samples have in common.
    """
    same = {layer: layer for layer in setting.layers}
    yield Arm(None, item, steered(item, setting.subject.mechanism), same)
    for control in setting.controls:
        if control == "edges":
            yield _other_edges(item, rows, setting, same)
        elif control == "marker":
            yield _other_marker(item, setting, same)
        else:
            yield _other_layers(item, rows, setting)


def _other_edges(
    item: Located,
    rows: Mapping[int, Sequence[float]],
    setting: Setting,
    same: Mapping[int, int],
) -> Arm:
    if setting.subject.mechanism == "state":
        drawn = other_token(item, setting.layers, setting.seed)
        where = into(drawn.positions) if drawn.positions else None
    else:
        drawn = other_keys(item, setting.layers, rows, setting.seed)
        where = edges(query=item.query, keys=drawn.positions) if drawn.positions else None
    return Arm("edges", item, where, same, drawn, drawn.excluded)


def _other_marker(item: Located, setting: Setting, same: Mapping[int, int]) -> Arm:
    subject = setting.subject

    def none(reason: str) -> Arm:
        return Arm("marker", item, None, same, excluded=reason)

    try:
        sample = sample_with_other_marker(item.sample)
        tokens = subject.tokenize(sample.text)
        other = sample.locate(tokens)
    except (CorpusError, TextError, PositionError) as error:
        return none(str(error))
    if other.excluded is not None:
        return none(f"with a marker of another kind {other.excluded}")
    if len(tokens) > subject.context:
        return none(
            f"{len(tokens)} tokens with a marker of another kind, more than the {subject.context} "
            f"of {subject.name}"
        )
    where = steered(other, subject.mechanism)
    positions = (other.query,) if subject.mechanism == "state" else other.keys
    return Arm("marker", other, where, same, Drawn(positions))


def _other_layers(item: Located, rows: Mapping[int, Sequence[float]], setting: Setting) -> Arm:
    subject = setting.subject
    same = {layer: layer for layer in setting.layers}
    candidates = [
        layer
        for layer in setting.control_layers or range(subject.n_layers)
        if layer not in setting.layers
        and (setting.heads is None or max(setting.heads) < subject.heads[layer])
        and out_of_reach(item, [layer], subject.n_layers, rows_of(subject)) is None
        # A target outside a layer's window has no attention there to be scaled.
        and (subject.mechanism == "state" or all(rows[layer][key] > 0 for key in item.keys))
    ]
    drawn = other_layers(item, setting.layers, candidates, setting.seed)
    if drawn is None:
        reason = (
            f"{len(candidates)} other layers in which it could be done and reach the prediction, "
            f"too few to stand for {len(setting.layers)}"
        )
        return Arm("layer", item, None, same, excluded=reason)
    where = steered(item, subject.mechanism)
    positions = (item.query,) if subject.mechanism == "state" else item.keys
    pairs = dict(zip(setting.layers, drawn, strict=True))
    return Arm("layer", item, where, pairs, Drawn(positions))
