"""Tables and document of a designed comparison."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from contrasts import contrast_functions, contrast_summary, no_model
from rich.console import RenderableType

from plip.records import ComparisonRecord, ContrastSummary, Manifest
from plip.report import contrast_document, render_contrast, to_json

pytestmark = pytest.mark.fast

Shown = Callable[[RenderableType], str]

WHOLE = """\
Attention from marker and from a neutral line, tiny, layer 4

 targets            marker   neutral   difference         interval       p
 ─────────────────────────────────────────────────────────────────────────
 mean      Python   37.50%    12.50%       25.00%    18.75 … 28.12   0.031
           Rust     18.75%    12.50%        6.25%      0.00 … 9.38    0.25
           P − R                           18.75%    12.50 … 21.88    0.12

 sum       Python   62.50%    12.50%       50.00%    43.75 … 53.12   0.031
           Rust      6.25%    12.50%       -6.25%   -12.50 … -3.12    0.25
           P − R                           56.25%    50.00 … 59.38    0.12

3 functions in both languages, 2 excluded; mean over 2 distances,
a line before the function; 95% intervals, by bootstrap over functions;
p: by flips of the signs of functions; P − R: the one difference − the other
excluded, 2×: no line fits
excluded, 1×: two targets share a token

Marker − neutral line by distance, mean over targets

 filler    tokens P, R   Python     Rust    P − R        interval      p
 ───────────────────────────────────────────────────────────────────────
      0     12.0, 30.2   37.50%    0.00%   37.50%   31.25 … 40.62   0.12
      8   100.0, 140.0        –   12.50%        –               –      –

filler: lines of remarks; tokens: from marker to targets, mean

Marker − neutral line, with and without the first token

 begins with    keyword    Python     Rust    P − R        interval      p
 ─────────────────────────────────────────────────────────────────────────
 the function   counts *   25.00%   12.50%   12.50%    6.25 … 15.62   0.12
 another line   does not   50.00%   12.50%   37.50%   31.25 … 40.62   0.12

nearest distance; * the text's first token is a target

At 60.0 tokens in both languages

          marker   neutral   difference       interval       p
 ─────────────────────────────────────────────────────────────
 Python   25.00%    12.50%       12.50%   6.25 … 15.62   0.031
 Rust     18.75%    12.50%        6.25%    0.00 … 9.38    0.25
 P − R                            6.25%    0.00 … 9.38    0.12

each function interpolated between its distances;
every function has 40.0 … 90.0, 1 lack this one

log attention ~ language × marker + log distance, an intercept a function

                                                     interval         p
 ──────────────────────────────────────────────────────────────────────
 marker against neutral line, Python    2.00×     1.21 … 3.30   < 1e-09
 exponent of distance                   -1.25   -1.75 … -0.75     0.031
 Rust, marker                          10.00%    6.07 … 16.49

24 texts, 3 functions; SD of intercepts 0.12, of residuals 0.50;
robust intervals; levels: predicted at 60.0 tokens; 2 without attention left out

Beside it: a corpus in the paper's form, unpaired

 group             samples   tokens     mean        interval
 ───────────────────────────────────────────────────────────
 Python doctests         3     12.5   37.50%   31.25 … 40.62
 Rust tests              3     60.0   12.50%    6.25 … 15.62

difference 25.00%, p = 0.062 by permutation of labels; 1 excluded

log attention ~ language + log distance, of that corpus

                                  interval      p
 ────────────────────────────────────────────────
 Python against Rust   1.00×   0.61 … 1.65   0.75

19 samples"""

LAYERS = """\
Attention from marker − from neutral line, by layer

 layer   Python   p max-T    Rust   p max-T    P − R   p max-T
 ─────────────────────────────────────────────────────────────
     2   25.00%     0.062   6.25%       0.5   18.75%         1
     4   25.00%     0.062   6.25%       0.5   18.75%         1

p max-T: by flips of the signs of functions, adjusted for all layers
"""


def test_the_tables(shown: Shown) -> None:
    assert shown(render_contrast(contrast_summary(), model="tiny")) == WHOLE


def test_several_layers(shown: Shown) -> None:
    text = shown(render_contrast(contrast_summary(2, 4), model="tiny"))
    assert text == f"{LAYERS}\n{WHOLE}"


def with_layer(**exchanged: object) -> ContrastSummary:
    summary = contrast_summary()
    (layer,) = summary.layers
    return summary.model_copy(update={"layers": (layer.model_copy(update=exchanged),)})


def test_no_model(shown: Shown) -> None:
    text = shown(render_contrast(with_layer(model=no_model("singular")), model="tiny"))
    assert (
        "log attention ~ language × marker + log distance, an intercept a function:\nsingular"
        in text
    )
    assert "exponent of distance" not in text


def test_no_distance_in_common(shown: Shown) -> None:
    nowhere = {
        "distance_tokens": None,
        "low": None,
        "high": None,
        "effect": None,
        "undefined": "too short",
    }
    equal = contrast_summary().layers[0].equal_distance
    found = with_layer(equal_distance=equal.model_copy(update=nowhere))
    text = shown(render_contrast(found, model="tiny"))
    assert "Effect at equal distance: too short" in text
    assert "levels: predicted" not in text
    asked = with_layer(equal_distance=equal.model_copy(update={"low": None, "high": None}))
    text = shown(render_contrast(asked, model="tiny"))
    assert "no distance is within reach of every function, 1 lack this one" in text


def test_without_a_corpus_beside_it(shown: Shown) -> None:
    alone = contrast_summary().model_copy(update={"beside": None})
    assert "Beside it" not in shown(render_contrast(alone, model="tiny"))


def test_a_corpus_beside_it_that_tells_nothing(shown: Shown) -> None:
    summary = contrast_summary()
    assert summary.beside is not None
    layer = summary.beside.layers[0].model_copy(
        update={
            "test": ComparisonRecord(n=(1, 3), undefined="too few"),
            "model": no_model("too few to fit"),
        }
    )
    beside = summary.beside.model_copy(update={"layers": (layer,), "excluded": 0})
    text = shown(render_contrast(summary.model_copy(update={"beside": beside}), model="tiny"))
    assert "\ntoo few\n" in text
    assert "log attention ~ language + log distance, of that corpus:\ntoo few to fit" in text


def test_the_document(manifest: Manifest) -> None:
    document = contrast_document(manifest, contrast_summary(2, 4), contrast_functions(2, 4))
    assert document["schema"] == "plip.contrast/1"
    assert (document["layer"], document["functions"], document["excluded"]) == (4, 3, 2)
    assert document["layers"][1]["effects"][0]["gap"]["mean"] == 0.1875
    assert document["layers"][0]["steps"][1]["effect"]["python"]["marker"] is None
    assert document["beside"]["layers"][0]["python"]["mean"] == 0.375
    assert [record["function"] for record in document["records"]] == ["f1", "f1", "f2", "f2", "g"]
    assert "schema" not in document["records"][0]
    assert document["records"][0]["texts"][1]["distance_tokens"] == 100.0
    assert json.loads(to_json(document)) == document
