"""Tables of calibration and dose-response."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.console import RenderableType

from plip.records import (
    CalibrationSample,
    CalibrationSummary,
    DoseResponseSample,
    DoseResponseSummary,
)
from plip.report import render_calibration, render_dose_response

pytestmark = pytest.mark.fast

Shown = Callable[[RenderableType], str]
Calibration = tuple[CalibrationSummary, list[CalibrationSample]]
DoseResponse = tuple[DoseResponseSummary, list[DoseResponseSample]]

GROUPS = """\
Attention from marker to function, tiny, layer 1

 group            samples   excluded    mean      SD
 ───────────────────────────────────────────────────
 python_doctest         2          0   6.25%   1.25%
 rust_test              1          1   2.50%       –

Python doctests            6.25%
Rust tests                 2.50%
ratio Python / Rust        2.50×
recommended target         6.25%"""

LAYERS = """\
Means by layer

 layer   Python doctests   Rust tests   ratio
 ────────────────────────────────────────────
     0            10.00%            –       –
     1             6.25%        2.50%   2.50×
"""

SAMPLES = """\
Samples, layer 1

 sample   attention      sum   targets   merged   distance
 ─────────────────────────────────────────────────────────
 py_a         6.25%   12.50%         2        1        7.0

 rust_a       2.50%    5.00%         2        1        7.0
 rust_b    excluded        –         –        1        7.0
"""

DOSES = """\
Dose-response of tiny, layer 4

 dose                n   attention   KL (nats)       SD        95% CI   top-1
 ────────────────────────────────────────────────────────────────────────────
 0.5×           2 (−1)      12.50%           0        0         0 … 0     1/2
 6×             2 (−1)      12.50%        0.25   0.0625   0.125 … 0.5     1/2
 scaled to 9%   2 (−1)      12.50%           –        –             –     1/2
 set to 60%     0 (−3)           –           –        –             –       –
"""

STATE = """\
Samples, layer 2

 sample   dose   state norm   KL (nats)   top-1
 ──────────────────────────────────────────────
 rust_a   1×            128           0    same
          3×            256       0.001    same

 rust_b   1×       excluded           –       –
          3×       excluded           –       –

excluded: rust_b: the marker is the last token
excluded: rust_b: the marker is the last token

Dose-response of tiny, layer 2

 dose        n   state norm   KL (nats)        SD           95% CI   top-1
 ─────────────────────────────────────────────────────────────────────────
 1×     1 (−1)          128           0         0            0 … 0     0/1
 3×     1 (−1)          256       0.001   0.00025   0.0005 … 0.002     0/1

KL(baseline ‖ steered) at the last token; top-1: predictions changed
(−k): k samples excluded
attention without steering  6.25%
state norm without steering  128"""

LAYERED = """\
Dose-response of tiny, layers 1, 3

 dose      n   attention   KL (nats)       SD        95% CI   top-1
 ──────────────────────────────────────────────────────────────────
 2×        2      18.75%         0.5    0.125      0.25 … 1     0/2
 factors   2      18.75%        0.25   0.0625   0.125 … 0.5     0/2

KL(baseline ‖ steered) at the last token; top-1: predictions changed
attention: the mean over layers
attention without steering  6.25%
Attention by layer

 dose         layer 1        layer 3
 ───────────────────────────────────
 2×            12.50%         25.00%
 factors   3×: 12.50%   1.5×: 25.00%

Controls: KL(baseline ‖ steered)

 dose      KL (nats)   edges     p    layer   p
 ──────────────────────────────────────────────
 2×              0.5    0.25   0.5   0.0625   –
 factors        0.25   0.125   0.5   0.0625   –

the same dose, against the control's own baseline; p: effect against control
within samples, by exchanging signs, not adjusted for the number of doses
edges: edges to as many other earlier tokens
  attention to them without steering 25.00%, to the targets 50.00%
layer: in layers 0, 2
  1 sample without it; rust_b: no other layer"""

POINTS = """\
 sample   dose                    attention   KL (nats)     top-1
 ────────────────────────────────────────────────────────────────
 rust_a   0.5×                       12.50%           0      same
          6×                         12.50%        0.25   changed
          scaled to 9% (3.142×)      12.50%    infinite      same
          set to 60%               excluded           –         –
"""


def test_a_calibration(shown: Shown, calibration: Calibration) -> None:
    text = shown(render_calibration(*calibration, model="tiny"))
    assert text == LAYERS + "\n" + GROUPS


def test_a_calibration_of_one_layer_shows_no_layers(shown: Shown, calibration: Calibration) -> None:
    summary, samples = calibration
    single = summary.model_copy(update={"layers": summary.layers[1:]})
    assert shown(render_calibration(single, samples, model="tiny")) == GROUPS


def test_every_sample_of_a_calibration(shown: Shown, calibration: Calibration) -> None:
    text = shown(render_calibration(*calibration, model="tiny", verbose=True))
    assert text.startswith(SAMPLES)
    assert "\ndistance: marker to targets, mean, in tokens\nexcluded: rust_b: too late\n" in text


def test_a_ratio_that_is_undefined_says_why(shown: Shown, calibration: Calibration) -> None:
    summary, samples = calibration
    other = summary.model_copy(update={"layer": 0})
    text = shown(render_calibration(other, samples, model="tiny"))
    assert "ratio Python / Rust        no Rust test was measured" in text


def test_a_dose_response(shown: Shown, dose_response: DoseResponse) -> None:
    text = shown(render_dose_response(*dose_response, model="tiny"))
    assert text.startswith(DOSES)
    assert text.endswith(
        "\nKL(baseline ‖ steered) at the last token; top-1: predictions changed"
        "\n(−k): k samples excluded"
        "\nset to 60%: no sample; rust_a: too much"
        "\nattention without steering  6.25%"
    )


def test_a_dose_response_of_a_state(shown: Shown, state_dose_response: DoseResponse) -> None:
    text = shown(render_dose_response(*state_dose_response, model="tiny", verbose=True))
    assert text == STATE


def test_several_layers_and_controls(shown: Shown, layered: DoseResponse) -> None:
    text = shown(render_dose_response(*layered, model="tiny"))
    assert text == LAYERED
    summary, samples = layered
    apart = samples[0].points[1].controls[1].model_copy(update={"layers": (2, 4)})
    point = samples[0].points[1]
    point = point.model_copy(update={"controls": (point.controls[0], apart)})
    drawn = samples[0].model_copy(update={"points": (samples[0].points[0], point)})
    text = shown(render_dose_response(summary, [drawn, samples[1]], model="tiny"))
    assert "layer: in other layers, drawn for each sample" in text


def test_the_other_write_of_a_state(shown: Shown, layered: DoseResponse) -> None:
    summary, samples = layered
    state = summary.model_copy(update={"mechanism": "state"})
    text = shown(render_dose_response(state, samples, model="tiny"))
    assert " write " in text.partition("Controls")[2]
    assert "write: another token's write" in text


def test_every_sample_of_a_dose_response(shown: Shown, dose_response: DoseResponse) -> None:
    text = shown(render_dose_response(*dose_response, model="tiny", verbose=True))
    assert POINTS in text
    assert ["rust_c", "excluded", "–", "–", "–"] in [line.split() for line in text.splitlines()]
    assert (
        "excluded: rust_a: too much\nexcluded: rust_b: too much\nexcluded: rust_c: too late\n"
        in text
    )


def test_nothing_is_wider_than_80_columns(
    shown: Shown, calibration: Calibration, dose_response: DoseResponse
) -> None:
    for result in (
        render_calibration(*calibration, model="Qwen/Qwen2.5-Coder-3B-Instruct", verbose=True),
        render_dose_response(*dose_response, model="Qwen/Qwen2.5-Coder-3B-Instruct", verbose=True),
    ):
        assert max(map(len, shown(result).splitlines())) <= 80
