"""Experiments that end in the middle, as by Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from plip.records import AnyRecord

__all__ = ["Interrupted"]


class Interrupted:
    """An experiment that is interrupted after some records.

    Args:
        experiment: such as the module `plip.experiments.generate`.
        after: how many records it yields.
    """

    def __init__(self, experiment: Any, after: int) -> None:
        self.NAME = experiment.NAME
        self.count = experiment.count
        self._experiment = experiment
        self._after = after

    def run(
        self, config: Any, subject: Any, inputs: Any, done: Sequence[AnyRecord] = ()
    ) -> Iterator[AnyRecord]:
        """Yield the first records, and end as Ctrl-C does."""
        for number, record in enumerate(self._experiment.run(config, subject, inputs, done)):
            if number == self._after:
                raise KeyboardInterrupt
            yield record
