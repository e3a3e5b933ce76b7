"""What is known of a model's decoder once it has been probed."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from plip.kernels import Visibility

__all__ = ["Anatomy", "Layer"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One decoder layer.

    Args:
        block: the decoder layer, which takes and returns hidden states.
        attention: its attention module.
        heads: query heads.
        visibility: which keys a row may see.
    """

    block: nn.Module
    attention: nn.Module
    heads: int
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The decoder layers of a model, in the order in which they run.

    Args:
        layers: the layers.
        keeps_logits: whether the model can project chosen rows only to the vocabulary.
    """

    layers: tuple[Layer, ...]
    keeps_logits: bool

    @property
    def heads(self) -> tuple[int, ...]:
        """Query heads of each layer."""
        return tuple(layer.heads for layer in self.layers)

    def layer_of(self, module: nn.Module) -> int | None:
        """Return the layer of an attention module, None if it is none of them."""
        for number, layer in enumerate(self.layers):
            if layer.attention is module:
                return number
        return None
