"""Tables and document of an ablation."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from rich.console import RenderableType

from plip.records import AblationSample, AblationSummary, ComparisonRecord, Manifest
from plip.report import ablation_document, render_ablation, to_json
from plip.report.plots import plot_ablation

pytestmark = pytest.mark.fast

Shown = Callable[[RenderableType], str]
Ablation = tuple[AblationSummary, list[AblationSample]]

LAYERS = """\
Knockout of the marker's edges to the function, tiny

 layers   Python   control    Rust   control       p   p max-T
 ─────────────────────────────────────────────────────────────
      1      0.5         –   0.125         –   0.031      0.25
      2        –         –       –         –       –         –

mean KL(baseline ‖ ablated) in nats at the last token; p: Python against Rust,
by permutation; p max-T: the same, adjusted for all layers that were searched
layer 2: no sample; py_a: too high"""

GROUPS = """\
Knockout of the marker's edges to the function, tiny, layer 1

 group                 n   KL (nats)   control   p   removal   top-1
 ───────────────────────────────────────────────────────────────────
 python_doctest   1 (−1)         0.5         –   –         2     1/1
 rust_test        1 (−1)       0.125         –   –         2     1/1

KL(baseline ‖ ablated) at the last token; control: as much of something else;
p: knockout against control within samples, by exchanging signs;
removal: KL of the text without the marker's token
Python doctests − Rust tests: 0.375 nats, Welch t = 2.50, p = 0.062;
by permutation p = 0.031"""

SAMPLES = """\
Samples, layer 1

 sample   attention   KL (nats)    control     top-1
 ───────────────────────────────────────────────────
 py_a        25.00%         0.5   infinite   changed
 rust_a      25.00%       0.125   infinite   changed

excluded: rust_b: too late

Samples, layer 2

 sample   attention   KL (nats)    control   top-1
 ─────────────────────────────────────────────────
 py_a             –    excluded   excluded       –
 rust_a           –    excluded   excluded       –

excluded: py_a: too high
excluded: rust_a: too high
excluded: rust_b: too late
"""


def test_layers_that_are_not_neighbours_are_named(shown: Shown, ablation: Ablation) -> None:
    summary, samples = ablation
    apart = summary.windows[0].model_copy(update={"layers": (0, 2, 3)})
    single = summary.model_copy(update={"windows": (apart,)})
    first = [s.model_copy(update={"points": s.points[:2]}) for s in samples]
    text = shown(render_ablation(single, first, model="tiny", verbose=True))
    assert "to the function, tiny, layers 0, 2–3\n" in text
    assert "Samples, layers 0, 2–3\n" in text
    figure = plot_ablation(single, first, model="tiny")
    assert "tiny, layers 0, 2–3, n" in str(figure.get_suptitle()).replace("\N{NO-BREAK SPACE}", " ")


def test_several_layers(shown: Shown, ablation: Ablation) -> None:
    assert shown(render_ablation(*ablation, model="tiny")) == LAYERS
    assert shown(render_ablation(*ablation, model="tiny", verbose=True)) == f"{SAMPLES}\n{LAYERS}"


def test_one_window(shown: Shown, ablation: Ablation) -> None:
    summary, samples = ablation
    one = summary.model_copy(update={"windows": summary.windows[:1]})
    assert shown(render_ablation(one, samples, model="tiny")) == GROUPS
    wide = one.windows[0].model_copy(
        update={
            "layers": (1, 2, 3),
            "python_against_rust": ComparisonRecord(n=(0, 1), undefined="x"),
        }
    )
    text = shown(
        render_ablation(
            one.model_copy(update={"windows": (wide,), "ablated": "write"}), samples, model="tiny"
        )
    )
    assert text.startswith("Knockout of the marker's write into the state, tiny, layers 1–3\n")
    assert text.endswith("\nPython doctests against Rust tests: x")


def test_the_document(manifest: Manifest, ablation: Ablation) -> None:
    document = ablation_document(manifest, *ablation)
    assert (document["schema"], document["ablated"], document["seed"]) == (
        "plip.ablation/1",
        "edges",
        3,
    )
    records = [(r["sample"], r["layers"], r["control"], r["kl_nats"]) for r in document["records"]]
    assert records[:3] == [
        ("py_a", [1], False, 0.5),
        ("py_a", [1], True, None),
        ("py_a", [2], False, None),
    ]
    assert document["records"][1]["kl_infinite"] is True
    assert document["windows"][0]["python_against_rust"]["p_max_t"] == 0.25
    assert document["excluded"] == [
        {"sample": "rust_b", "group": "rust_test", "reason": "too late"}
    ]
    assert json.loads(to_json(document)) == document
