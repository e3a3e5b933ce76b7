"""The words of the designed corpus: names, parameters, remarks, neutral lines.

No word of a remark is part of a function's name or a parameter, so that filler gives a marker
nothing to find there.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["ADJECTIVES", "NEUTRAL", "NOUNS", "PARAMETERS", "REMARKS", "WORDS", "Kind"]

#: What a parameter takes: a number, a small number from 2, a word, a list of numbers.
Kind = Literal["number", "small", "word", "list"]

NOUNS = (
    "parcel",
    "ticket",
    "garden",
    "engine",
    "bottle",
    "market",
    "signal",
    "lantern",
    "barrel",
    "ribbon",
    "tunnel",
    "valley",
    "canvas",
    "copper",
    "voyage",
    "orchard",
    "saddle",
    "candle",
    "ladder",
    "crate",
    "harvest",
    "pebble",
    "anchor",
    "basket",
    "bridge",
    "carpet",
    "castle",
    "cotton",
    "desert",
    "feather",
)

ADJECTIVES = (
    "daily",
    "spare",
    "northern",
    "second_hand",
    "rough",
    "hidden",
    "hourly",
    "rented",
    "folded",
    "empty",
)

PARAMETERS: dict[Kind, tuple[str, ...]] = {
    "number": (
        "left",
        "right",
        "count",
        "amount",
        "base",
        "start",
        "stop",
        "low",
        "weight",
        "height",
        "depth",
        "speed",
        "points",
        "units",
        "days",
        "hours",
        "seats",
        "boxes",
        "rows",
        "members",
        "n",
        "k",
        "p",
        "q",
        "x",
        "y",
    ),
    "small": (
        "factor",
        "times",
        "parts",
        "size",
        "group",
        "teams",
        "m",
        "d",
    ),
    "word": (
        "text",
        "word",
        "phrase",
        "city",
        "key",
        "title",
        "prefix",
        "ending",
        "s",
        "w",
    ),
    "list": (
        "values",
        "numbers",
        "scores",
        "readings",
        "prices",
        "lengths",
        "sales",
        "steps",
        "xs",
        "ns",
    ),
}

# What a function is called with.
WORDS = (
    "fern",
    "willow",
    "maple",
    "birch",
    "cedar",
    "hazel",
    "laurel",
    "poplar",
    "rowan",
    "spruce",
)

# Beginning, middle and end of a remark that says nothing about code.
REMARKS = (
    (
        "The kettle",
        "A painter",
        "Every cousin",
        "One sailor",
        "The old clock",
        "Her brother",
        "A grey cat",
        "The baker",
        "That winter",
        "Nobody there",
    ),
    ("waits", "sleeps", "sings", "lives", "rests", "stays", "was", "went", "came back", "walks"),
    (
        "near the road.",
        "until noon.",
        "by the sea.",
        "in the rain.",
        "after lunch.",
        "with a friend.",
        "for a while.",
        "under the roof.",
        "all summer.",
        "at home.",
    ),
)

# What stands in place of a marker: a comment sign, alone or with something behind it, of various
# lengths in tokens. The first that has as many tokens as the marker is taken.
NEUTRAL = {
    "python": (
        "#",
        "##",
        "###",
        "#:",
        "# -",
        "# so",
        "# so -",
        "# - -",
        "# and so",
        "# so - -",
        "# and so on",
        "# - - -",
    ),
    "rust": (
        "// so",
        "// and",
        "//",
        "// so.",
        "//so",
        "// -",
        "// - -",
        "// and so",
        "// and so on",
        "// so -",
        "// and so on.",
        "// - - -",
        "// and so on -",
        "// - - - -",
    ),
}
