"""Reading `--heads`: a list, or a file that `plip scan --heads-out` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plip.cli.streams import say
from plip.errors import ConfigError

__all__ = ["read_heads"]


def read_heads(text: str | None, layer: int | None, top: int | None) -> tuple[int, ...] | None:
    """Return the heads to steer, None for all.

    Args:
        text: heads with commas between them, or a file.
        layer: the layer they are steered in, as far as it was named; a file's must be the same.
        top: how many of a file's heads to take, the first ones; None for all.

    Raises:
        ConfigError: neither, or a list of another layer.
    """
    if text is None:
        if top is not None:
            raise _refused("heads", "--heads FILE beside --top-heads", "none")
        return None
    if not Path(text).is_file():
        try:
            listed = tuple(int(part) for part in text.split(","))
        except ValueError:
            raise _refused("heads", "numbers such as 0,3, or a file of plip scan", text) from None
        if top is not None:
            raise _refused("heads", "a file of plip scan beside --top-heads", text)
        return listed
    found = _read(Path(text))
    if layer != found["layer"]:
        named = "no layer" if layer is None else f"layer {layer}"
        raise _refused(f"{text}", f"--layer {found['layer']}, whose heads these are", named)
    say(f"heads of layer {found['layer']} of {found['model']}, from {text}")
    return tuple(found["heads"][:top])


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _refused(str(path), "a head list of plip scan", str(error)) from error
    match found:
        case {"schema": "plip.heads/1", "layer": int(), "model": str(), "heads": [_, *_] as heads}:
            if all(type(head) is int for head in heads):
                return dict(found)
    raise _refused(str(path), "a head list of plip scan", "something else")


def _refused(who: str, wanted: str, found: str) -> ConfigError:
    return ConfigError(
        who, wanted=wanted, found=found, advice="`plip scan --heads-out FILE` writes such lists"
    )
