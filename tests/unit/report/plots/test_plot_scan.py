"""The figure of a scan."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from plip.records import HeadAsymmetry, ScanSample, ScanSummary, SiteResponse
from plip.report.plots import plot_scan

pytestmark = pytest.mark.fast

Scan = tuple[ScanSummary, list[ScanSample]]
Legible = Callable[[Figure], list[str]]
Points = Callable[[Axes, str], tuple[list[float], list[float]]]
Bars = Callable[[Axes], list[tuple[float, float, float]]]


def _mesh(axes: Axes) -> QuadMesh:
    (mesh,) = [each for each in axes.collections if isinstance(each, QuadMesh)]
    return mesh


def test_differences_by_head(scan: Scan, legible: Legible) -> None:
    figure = plot_scan(*scan, model="tiny")
    heat, _, _, bar = figure.axes
    values = np.ma.getmaskarray(_mesh(heat).get_array())
    assert values.tolist() == [[False, True], [False, False]]
    assert _mesh(heat).get_array().filled(9).tolist() == [[12.5, 9.0], [-25.0, 0.0]]
    assert _mesh(heat).get_clim() == (-25.0, 25.0)
    assert _mesh(heat).get_cmap().name == "PuOr_r"
    assert heat.patch.get_hatch()
    assert (heat.get_xlabel(), heat.get_ylabel()) == ("head", "layer")
    assert bar.get_ylabel() == "Python − Rust\n(percentage points)"
    texts = legible(figure)
    assert texts[0].endswith("tiny, heads of layer 0, n = 1 samples")
    note = texts[1].replace("\n", " ")
    assert "Hatched: undefined. 1 head without a p value." in note
    assert "√KL by dose − 1 at 2×, 6×" in note
    assert "2 slopes undefined, not drawn." in note


def test_heads_that_differ_are_marked_with_their_sign(scan: Scan) -> None:
    summary, samples = scan
    heads = tuple(
        head.model_copy(update={"p_max_t": p, "rust": head.rust - 0.0625})
        for head, p in zip(summary.asymmetry, (0.049, None, 0.01, 0.05), strict=True)
    )
    heat = plot_scan(summary.model_copy(update={"asymmetry": heads}), samples, model="tiny").axes[0]
    found = {
        line.get_marker(): (list(line.get_xdata()), list(line.get_ydata())) for line in heat.lines
    }
    assert found == {"+": ([0.5], [0.5]), "_": ([0.5], [1.5])}
    assert all(line.get_path_effects() for line in heat.lines)  # seen on dark cells too


def test_slopes_of_both_halves(scan: Scan, points: Points, bars: Bars) -> None:
    _, by_layer, by_head, _ = plot_scan(*scan, model="tiny").axes
    x, y = points(by_layer, "one half of the samples")
    assert x == [-0.12, 0.88]
    assert y[0] == 0.5
    assert math.isnan(y[1])
    assert points(by_layer, "the other")[1][0] == 0.25
    assert bars(by_layer) == [(-0.12, 0.25, 1.0), (0.12, 0.125, 0.5)]
    assert points(by_head, "one half of the samples")[1] == [0.25, 0.75]
    assert points(by_head, "the other")[1] == [0.125, 0.375]
    assert by_layer.get_xlim() == (-0.5, 1.5)
    assert by_layer.get_ylim()[0] <= 0
    assert (by_layer.get_xlabel(), by_head.get_xlabel()) == ("layer", "head of layer 0")
    assert by_head.get_ylabel() == "slope (√nats per\nunit of dose)"


def test_nothing_defined(scan: Scan, legible: Legible) -> None:
    summary, samples = scan
    unknown = {"python": None, "p_max_t": None}
    nothing = summary.model_copy(
        update={
            "asymmetry": tuple(each.model_copy(update=unknown) for each in summary.asymmetry),
            "layers": summary.layers[1:],
        }
    )
    texts = legible(plot_scan(nothing, samples, model="tiny"))
    assert "undefined in every head" in texts
    assert "undefined everywhere" in texts


def test_a_large_model(scan: Scan, legible: Legible) -> None:
    summary, samples = scan
    site = summary.layers[0]
    large = summary.model_copy(
        update={
            "asymmetry": tuple(
                HeadAsymmetry(layer=layer, head=head, python=0.5, rust=0.25, p_max_t=0.01)
                for layer in range(36)
                for head in range(32)
            ),
            "layers": tuple(_at(site, layer, None) for layer in range(36)),
            "heads": tuple(_at(site, 0, head) for head in range(32)),
        }
    )
    excluded = samples[0].model_copy(update={"excluded": "too late", "responses": ()})
    name = "/home/somebody/checkpoints/a-model-with-quite-a-long-name-in-a-deep-directory/step$10$"
    figure = plot_scan(large, [*samples, excluded], model=name)
    # The map is centred at 0 though every head differs in the same direction.
    assert _mesh(figure.axes[0]).get_clim() == (-25.0, 25.0)
    texts = legible(figure)
    assert name in texts[0].replace("\n", "")
    assert texts[1].replace("\n", " ").endswith("1 sample excluded.")


def _at(site: SiteResponse, layer: int, head: int | None) -> SiteResponse:
    return site.model_copy(update={"layer": layer, "head": head})
