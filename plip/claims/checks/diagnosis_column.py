"""What a run of a diagnosis gave, dose by dose, as a table and a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plip.claims.chart import Chart, ChartSeries
from plip.claims.reruns import Rerun, RerunKey

__all__ = ["EXPERIMENT", "Column", "Measure", "Statistic", "column_of", "diagnosis_figure"]

#: What reruns call it.
EXPERIMENT = "diagnosis"

#: Hidden states against the prediction, or the divergence of predictions.
Measure = Literal["published", "kl"]
#: Over the samples.
Statistic = Literal["mean", "sd"]

_MEASURES: tuple[Measure, ...] = ("published", "kl")
_STATISTICS: tuple[Statistic, ...] = ("mean", "sd")


def diagnosis_figure(layer: int, dose: float, measure: Measure, statistic: Statistic) -> str:
    """Name a figure of the diagnosis, such as "layer 20/dose 0.5/published/mean"."""
    return f"layer {layer}/dose {dose}/{measure}/{statistic}"


@dataclass(frozen=True, slots=True)
class Column:
    """What a run gave at every dose.

    Args:
        model: what was run.
        rerun: one of the figures, for what they depend on.
        values: by dose, then by measure and statistic, nats.
    """

    model: str
    rerun: Rerun
    values: Mapping[float, Mapping[tuple[str, str], float]]

    @property
    def doses(self) -> tuple[float, ...]:
        """The doses that were run, ascending."""
        return tuple(sorted(self.values))

    def get(self, dose: float, measure: Measure, statistic: Statistic) -> float:
        """Return a figure, NaN if it was not computed."""
        return self.values.get(dose, {}).get((measure, statistic), math.nan)

    def means(self, measure: Measure) -> list[float]:
        """Return the means by ascending dose."""
        return [self.get(dose, measure, "mean") for dose in self.doses]

    def details(self, printed: Mapping[float, float], statistic: Statistic) -> dict[str, Any]:
        """Return what was printed beside what was computed, as `rows` and `chart` of a result.

        Args:
            printed: by dose, nats.
            statistic: what it is.
        """
        rows = tuple(
            {
                "dose": dose,
                f"printed {statistic}": printed.get(dose),
                "model": self.model,
                **{
                    f"{measure} {which}": _finite(self.get(dose, measure, which))
                    for measure in _MEASURES
                    for which in _STATISTICS
                },
            }
            for dose in sorted({*printed, *self.doses})
        )
        return {"rows": rows, "chart": self._chart(printed, statistic)}

    def _chart(self, printed: Mapping[float, float], statistic: Statistic) -> Chart:
        at = tuple(sorted(printed))
        names: dict[Measure, str] = {
            "published": f"hidden states against the prediction, {self.model}",
            "kl": f"KL(baseline ‖ steered), {self.model}; 0 at dose 1",
        }
        computed = [
            ChartSeries(
                name=name,
                x=self.doses,
                # 0 has no place on an axis of logarithms.
                y=tuple(_finite(self.get(d, measure, statistic)) or None for d in self.doses),
                style="line",
            )
            for measure, name in names.items()
        ]
        return Chart(
            title=f"Printed as divergence, compared, and divergence: {statistic} over the samples",
            x="dose, factor of the edges",
            y="nats",
            y_log=True,
            series=(
                ChartSeries(name="printed", x=at, y=tuple(printed[dose] for dose in at)),
                *computed,
            ),
        )


def column_of(
    reruns: Mapping[RerunKey, Rerun], model: str, layer: int | None = None
) -> Column | None:
    """Gather a model's diagnosis; None if there is none.

    Args:
        reruns: figures of experiments that were run again.
        model: what claims call it.
        layer: the steered layer; None for the only one that was run.
    """
    values: dict[float, dict[tuple[str, str], float]] = {}
    rerun = None
    for key, found in reruns.items():
        if (key.model, key.experiment) != (model, EXPERIMENT):
            continue
        at, dose, measure, statistic = key.figure.split("/")
        if layer is None or at == f"layer {layer}":
            values.setdefault(float(dose.removeprefix("dose ")), {})[measure, statistic] = (
                found.value
            )
            rerun = found
    return None if rerun is None else Column(model, rerun, values)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
