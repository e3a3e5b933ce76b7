"""Tables, document and head list of a scan."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from rich.console import RenderableType

from plip.records import ComparisonRecord, HeldOut, Manifest, ScanSample, ScanSummary
from plip.report import head_list, render_scan, scan_document, to_json

pytestmark = pytest.mark.fast

Shown = Callable[[RenderableType], str]
Scan = tuple[ScanSummary, list[ScanSample]]

WHOLE = """\
Attention from marker to function by head, tiny

 layer   head   Python     Rust   difference   p max-T
 ─────────────────────────────────────────────────────
     1      0   25.00%   50.00%      -25.00%     0.062
     0      0   50.00%   37.50%       12.50%     0.062

2 of 4 heads, by the size of the difference;
p max-T: by permutation, adjusted for all of them
chosen on one half: layer 1, head 0 of 3, difference -25.00%
on the other half: -12.50%, p = 0.5 by permutation

Response of the prediction by layer

 layer   slope, one half   slope, the other
 ──────────────────────────────────────────
     0               0.5               0.25
     1                 –                  –

slope: √KL by dose − 1 at 2×, 6×, √nats; at the last token
Response by head, layer 0

 rank   head   slope, one half   slope, the other
 ────────────────────────────────────────────────
    1      1              0.75              0.375
    2      0              0.25              0.125

ranked by the first half; the second one had no say"""


def test_the_tables(shown: Shown, scan: Scan) -> None:
    assert shown(render_scan(scan[0], model="tiny", rows=2)) == WHOLE


def test_what_held_out_has_no_answer(shown: Shown, scan: Scan) -> None:
    nothing = scan[0].model_copy(update={"largest": None})
    assert "no head can be chosen on one half of the samples" in shown(
        render_scan(nothing, model="tiny")
    )
    undefined = HeldOut(
        layer=0,
        head=1,
        searched=4,
        selection=0.5,
        report=ComparisonRecord(n=(1, 0), undefined="too few"),
    )
    text = shown(render_scan(scan[0].model_copy(update={"largest": undefined}), model="tiny"))
    assert "on the other half: too few" in text


def test_the_document(manifest: Manifest, scan: Scan) -> None:
    document = scan_document(manifest, *scan)
    assert document["schema"] == "plip.scan/1"
    assert (document["layer"], document["ranking"], document["doses"]) == (0, [1, 0], [2.0, 6.0])
    assert document["asymmetry"][1]["p_max_t"] is None
    (record,) = document["records"]
    assert (record["half"], record["attention"]) == ("selection", [[0.5, None], [0.25, 0.125]])
    assert record["responses"][1]["excluded"] == "too high"
    assert json.loads(to_json(document)) == document


def test_the_head_list(manifest: Manifest, scan: Scan) -> None:
    assert head_list(manifest, scan[0]) == {
        "schema": "plip.heads/1",
        "model": "tiny",
        "weight_hash": "ab",
        "layer": 0,
        "heads": [1, 0],
    }
