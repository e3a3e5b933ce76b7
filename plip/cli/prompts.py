"""What the commands on prompts have in common: where prompts come from, and how results leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from plip.cli.session import ModelOptions, RunOptions, execute_on
from plip.cli.streams import publish, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from plip.experiments import Experiment, Outcome
    from plip.experiments.prompt_config import PromptConfig
    from plip.text import Prompts

__all__ = ["continue_prompts", "controls_named", "deliver"]

_Config = TypeVar("_Config", bound="PromptConfig")


def controls_named(text: str) -> tuple[str, ...]:
    """Read what `--controls` was given; the experiment knows which there are."""
    return () if text == "none" else tuple(text.split(","))


def continue_prompts(
    experiment: Experiment[_Config, Prompts],
    config: _Config,
    prompts: Path | None,
    bundled: str,
    model: ModelOptions,
    options: RunOptions,
) -> Outcome:
    """Carry out an experiment on a file of prompts, or on bundled ones where there is none.

    Raises:
        PlipError: as `execute_on`.
    """

    def read() -> Prompts:
        from plip.text import Prompts, bundled_prompts

        return bundled_prompts(bundled) if prompts is None else Prompts.read(prompts)

    return execute_on(read, experiment, config, model, options)


def deliver(
    why: str,
    result: RenderableType,
    document: str,
    draw: Callable[[], Figure],
    *,
    json: Path | None,
    plot: Path | None,
) -> None:
    """Show a result, and write its document and its figure where they are asked for.

    Args:
        why: why these layers.
        result: for the terminal.
        document: the same for programs.
        draw: draws it; called only where a figure is asked for, since it brings matplotlib.
        json: where the document goes.
        plot: where the figure goes.

    Raises:
        OutputError: one of them cannot be written.
    """
    say(why)
    publish(result, document, json)
    if plot is not None:
        from plip.report.plots import save_plot

        save_plot(draw(), plot)
