"""How a prediction responds to doses at one site: a layer, or one head of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plip.experiments.conditions import steered
from plip.experiments.reach import out_of_reach, rows_of
from plip.models import Subject
from plip.plan import ALL, Plan, Scale
from plip.records import Response
from plip.text import Located

__all__ = ["Site", "slope"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where samples are steered.

    Args:
        layer: the layer.
        head: the head, None for all of them.
    """

    layer: int
    head: int | None

    def plans(self, item: Located, doses: Sequence[float], subject: Subject) -> list[Plan]:
        """Return a plan for each dose; none where no dose can reach the prediction."""
        if self.out_of_reach(item, subject) is not None:
            return []
        where = steered(item, subject.mechanism)
        heads = ALL if self.head is None else [self.head]
        return [Plan(Scale(dose), where, layers=[self.layer], heads=heads) for dose in doses]

    def out_of_reach(self, item: Located, subject: Subject) -> str | None:
        """Say why steering here cannot reach the prediction, None if it can."""
        return out_of_reach(item, [self.layer], subject.n_layers, rows_of(subject))

    def record(
        self,
        item: Located,
        subject: Subject,
        doses: Sequence[float],
        divergences: Sequence[float],
    ) -> Response:
        """Say what was found here.

        Args:
            item: the sample.
            subject: the model.
            doses: the doses.
            divergences: KL at each, nats; none where no dose can reach the prediction.
        """
        if not divergences:
            reason = self.out_of_reach(item, subject)
            return Response(layer=self.layer, head=self.head, excluded=reason)
        return Response(
            layer=self.layer,
            head=self.head,
            kl_nats=tuple(None if math.isinf(value) else value for value in divergences),
            slope=slope(doses, divergences),
            plan_hashes=tuple(plan.digest for plan in self.plans(item, doses, subject)),
        )


def slope(doses: Sequence[float], divergences: Sequence[float]) -> float | None:
    """Fit √KL = b·(dose − 1) by least squares; at dose 1 the divergence is 0.

    b = Σ (dose − 1)·√KL / Σ (dose − 1)²

    For a small change a divergence grows with its square, so that the root grows in proportion.

    Args:
        doses: at least one that is not 1.
        divergences: nats, ≥ 0.

    Returns:
        √nats per unit of dose, None where a divergence is infinite.
    """
    if any(math.isinf(value) for value in divergences):
        return None
    gaps = [dose - 1 for dose in doses]
    fitted = math.fsum(gap * math.sqrt(value) for gap, value in zip(gaps, divergences, strict=True))
    return fitted / math.fsum(gap**2 for gap in gaps)
