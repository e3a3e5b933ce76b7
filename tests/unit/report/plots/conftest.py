"""Records that only figures ask for, and a look at what figures hold."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from plip.records import (
    GenerationControlSummary,
    GenerationGroup,
    GenerationSummary,
    PairedOutcomes,
    PersistenceControl,
    PersistenceRate,
    PersistenceSummary,
    Proportion,
    RateRecord,
)
from plip.report.plots.style import styled


@pytest.fixture
def legible() -> Callable[[Figure], list[str]]:
    """Check that no text of a figure is cut off or hides another; return the texts."""

    def check(figure: Figure) -> list[str]:
        canvas = FigureCanvasAgg(figure)
        with styled():
            canvas.draw()
            texts = _texts(figure)
            boxes = [text.get_window_extent(canvas.get_renderer()) for text in texts]
        width, height = canvas.get_width_height()
        for text, box in zip(texts, boxes, strict=True):
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            assert inside, f"{text.get_text()!r} is cut off: {box} of {width} × {height}"
        for (one, first), (other, second) in combinations(zip(texts, boxes, strict=True), 2):
            overlap = min(first.x1, second.x1) - max(first.x0, second.x0) > 0.5 and (
                min(first.y1, second.y1) - max(first.y0, second.y0) > 0.5
            )
            assert not overlap, f"{one.get_text()!r} hides {other.get_text()!r}"
        return [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in texts]

    return check


def _texts(figure: Figure) -> list[Text]:
    found = [text for text in (figure._suptitle, figure._supxlabel) if text is not None]
    for axes in figure.axes:
        found += [axes.xaxis.label, axes.yaxis.label, *axes.texts]
        legend = axes.get_legend()
        found += [] if legend is None else legend.get_texts()
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if low <= tick.get_loc() <= high:
                    found.append(tick.label1)
    return [text for text in found if text.get_visible() and text.get_text()]


@pytest.fixture
def points() -> Callable[[Axes, str], tuple[list[float], list[float]]]:
    """Find the one line of a label; return where its points stand."""

    def find(axes: Axes, label: str) -> tuple[list[float], list[float]]:
        (line,) = [line for line in axes.lines if line.get_label() == label]
        return list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))

    return find


@pytest.fixture
def bars() -> Callable[[Axes], list[tuple[float, float, float]]]:
    """Return each interval of axes: its place, lower end and upper end."""

    def find(axes: Axes) -> list[tuple[float, float, float]]:
        return [
            (float(low[0]), float(low[1]), float(high[1]))
            for collection in axes.collections
            if hasattr(collection, "get_segments")
            for low, high in collection.get_segments()
        ]

    return find


def _proportion(count: int, n: int) -> Proportion:
    rate = count / n
    return Proportion(count=count, n=n, rate=rate, low=rate / 2, high=(1 + rate) / 2)


@pytest.fixture
def generation() -> GenerationSummary:
    """Two categories of unlike outcomes."""

    def outcomes(detector: str, kept: int, gained: int, lost: int, none: int) -> PairedOutcomes:
        n = kept + gained + lost + none
        return PairedOutcomes(
            detector=detector,
            baseline=_proportion(kept + lost, n),
            steered=_proportion(kept + gained, n),
            kept=kept,
            gained=gained,
            lost=lost,
            none=none,
            p_value=None,
        )

    def group(category: str | None, *counts: int) -> GenerationGroup:
        n = sum(counts)
        return GenerationGroup(
            category=category,
            prompts=n,
            pairs=n,
            identical=1,
            baseline_parses=_proportion(0, n),
            steered_parses=_proportion(0, n),
            outcomes=(outcomes("paper", *counts), outcomes("parsed", *reversed(counts))),
        )

    return GenerationSummary(
        layers=(2,),
        layer_choice="layer 2, as asked for",
        mechanism="attention",
        steered="attention to the marker",
        scale=3.0,
        factors=(3.0,),
        temperature=0.0,
        samples=1,
        max_new_tokens=80,
        confidence=0.95,
        groups=(
            group(None, 3, 2, 1, 4),
            group("edge_case", 3, 0, 1, 0),
            group("cost in $a^$", 0, 2, 0, 4),
        ),
        controls=(),
    )


@pytest.fixture
def generation_control(generation: GenerationSummary) -> GenerationControlSummary:
    """A control with the outcomes of one category."""
    return GenerationControlSummary(
        control="token",
        steered="attention to another token",
        prompts=4,
        excluded=1,
        received=1.25,
        marker_received=1.5,
        group=generation.groups[1].model_copy(update={"category": None, "identical": 3}),
    )


@pytest.fixture
def persistence() -> PersistenceSummary:
    """Two distances at two scales, in the paper's design."""

    def rate(distance: str, tokens: float, scale: float, count: int) -> PersistenceRate:
        def found(count: int) -> RateRecord:
            return RateRecord(
                **_proportion(count, 10).model_dump(),
                prompts=1,
                prompts_low=None,
                prompts_high=None,
            )

        return PersistenceRate(
            temperature=0.8,
            distance=distance,
            distance_tokens=tokens,
            scales=(scale,),
            paper=found(count),
            parsed=found(count + 1),
        )

    return PersistenceSummary(
        layers=(2,),
        layer_choice="layer 2, as asked for",
        factors=None,
        mechanism="attention",
        steered="attention to the marker",
        design="confounded",
        design_note="each distance has prompts of its own",
        samples=10,
        max_new_tokens=80,
        confidence=0.95,
        resamples=100,
        cells=(
            rate("close", 20.0, 1.0, 4),
            rate("close", 20.0, 3.0, 8),
            rate("far", 200.25, 1.0, 0),
            rate("far", 200.25, 3.0, 9),
        ),
        by_distance=(),
        by_scale=(),
        contrasts=(),
        controls=(),
    )


@pytest.fixture
def persistence_control(persistence: PersistenceSummary) -> PersistenceControl:
    """A control at the scale that steers, with the rates of the other one."""
    plain = [rate for rate in persistence.cells if rate.scales == (1.0,)]
    return PersistenceControl(
        control="token",
        steered="attention to another token",
        prompts=2,
        excluded=0,
        received=None,
        marker_received=None,
        cells=tuple(rate.model_copy(update={"scales": (3.0,)}) for rate in plain),
        by_scale=(),
        changes=(),
    )
