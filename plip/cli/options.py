"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from plip.text import Group

__all__ = [
    "AllowNarrow",
    "ArtifactsFolder",
    "Chat",
    "Corpus",
    "Cpu",
    "Debug",
    "Device",
    "Dtype",
    "Groups",
    "Heads",
    "Json",
    "MaxNewTokens",
    "MaxPrompts",
    "MaxSamples",
    "Model",
    "Output",
    "Plot",
    "Prompts",
    "Resume",
    "Revision",
    "Seed",
    "SteerWhat",
    "Steered",
    "Text",
    "TopHeads",
    "Verbose",
    "numbers",
]

Model: TypeAlias = Annotated[
    str, typer.Option(help="A hub id, a checkpoint directory, or a bundled model.")
]
Revision: TypeAlias = Annotated[
    str | None, typer.Option(help="A commit, branch or tag of a hub repository.")
]
Corpus: TypeAlias = Annotated[
    Path | None, typer.Option(help="A corpus file; the bundled corpus by default.")
]
Groups: TypeAlias = Annotated[
    list[Group] | None,
    typer.Option("--group", help="A group of the corpus; may be given again for another."),
]
MaxSamples: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="The most samples of each group, the first ones.")
]
Device: TypeAlias = Annotated[str, typer.Option(help="Where to run: auto, cpu, cuda, cuda:1, mps.")]
Cpu: TypeAlias = Annotated[bool, typer.Option("--cpu", help="The same as --device cpu.")]
Dtype: TypeAlias = Annotated[
    str, typer.Option(help="Type of the weights: auto, float32, bfloat16, float16.")
]
AllowNarrow: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-narrow", help="Measure a recurrent model in bfloat16 or float16 all the same."
    ),
]
Heads: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="H,…|FILE",
        help="The heads to steer, or a file of plip scan --heads-out; all by default.",
    ),
]
TopHeads: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Take only the first heads of that file.")
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="DIRECTORY", help="Keep every record and a manifest in this directory."),
]
Resume: TypeAlias = Annotated[
    bool,
    typer.Option("--resume", help="Continue the run in --output; begin it if there is none."),
]
Json: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the result as JSON; - for the standard output."),
]
Plot: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Draw the result, as .png, .svg or .pdf."),
]
ArtifactsFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--artifacts", metavar="DIR", help="A checkout of the paper's repository: its data files."
    ),
]
Text: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The paper as Markdown, to find figures no entry quotes."),
]
Verbose: TypeAlias = Annotated[bool, typer.Option("--verbose", help="Show every sample.")]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]


class Steered(StrEnum):
    """What is steered of a transformer while it writes."""

    PROMPT = "prompt"
    THROUGHOUT = "throughout"


SteerWhat: TypeAlias = Annotated[
    Steered,
    typer.Option(help="Steer later tokens of the prompt alone, or those of the text as well."),
]
MaxNewTokens: TypeAlias = Annotated[int, typer.Option(help="The most tokens of a continuation.")]
Prompts: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A prompt file, in place of a bundled design.")
]
MaxPrompts: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="The most prompts, the first ones.")
]
Chat: TypeAlias = Annotated[
    bool, typer.Option("--chat", help="Put prompts into the model's chat template.")
]
Seed: TypeAlias = Annotated[int, typer.Option(help="Seed of everything drawn.")]


def numbers(option: str, text: str) -> tuple[float, ...]:
    """Read numbers with commas between them.

    Raises:
        typer.BadParameter: something else.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{option} takes numbers such as 0.5,1,2, not {text!r}") from None
