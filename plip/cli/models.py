"""`plip models`."""

from __future__ import annotations

import typer

from plip.cli import options
from plip.cli.streams import say, show

__all__ = ["models"]


def models(ctx: typer.Context, debug: options.Debug = False) -> None:
    """List the bundled models and those of the paper."""
    from plip.experiments.layers import default_layer
    from plip.models import known_models
    from plip.report import render_models

    show(
        render_models((known, default_layer(known.name, known.layers)) for known in known_models())
    )
    say(
        "Other causal models of the transformers library work where their attention goes through\n"
        "its interface, and RWKV-6 of any shape; the rest are refused when they are loaded."
    )
