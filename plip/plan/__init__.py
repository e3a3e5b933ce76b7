"""What to change and where: edges, operations, layers, heads. Pure data, without torch."""

from plip.plan.edges import ALL, All, Edges, edges, into, out_of
from plip.plan.layers import (
    name_factors,
    name_layers,
    read_factors,
    read_layers,
    scale_by_layer,
    spell_layers,
)
from plip.plan.operations import Knockout, Operation, Scale, SetValue
from plip.plan.plan import Indices, Plan, Step

__all__ = [
    "ALL",
    "All",
    "Edges",
    "Indices",
    "Knockout",
    "Operation",
    "Plan",
    "Scale",
    "SetValue",
    "Step",
    "edges",
    "into",
    "name_factors",
    "name_layers",
    "out_of",
    "read_factors",
    "read_layers",
    "scale_by_layer",
    "spell_layers",
]
