"""Figures as files, and what they share."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure

from plip.errors import OutputError
from plip.records import CalibrationSample, CalibrationSummary, ScanSample, ScanSummary
from plip.report.plots import plot_calibration, plot_scan, save_plot
from plip.report.plots.axes import divergence_axis, gapped, intervals, swarm, thinned
from plip.report.plots.style import counted, group_look, new_figure, styled

pytestmark = pytest.mark.fast

Draw = Callable[[], Figure]
MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.fixture
def draw(calibration: tuple[CalibrationSummary, list[CalibrationSample]]) -> Draw:
    """Draw a figure anew."""
    return lambda: plot_calibration(*calibration, model="tiny")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_same_records_same_bytes(
    draw: Draw, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    save_plot(draw(), tmp_path / f"one{suffix}")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    save_plot(draw(), tmp_path / f"two{suffix.upper()}")
    one = (tmp_path / f"one{suffix}").read_bytes()
    assert one == (tmp_path / f"two{suffix.upper()}").read_bytes()
    assert one.startswith(MAGIC[suffix])
    for passing in (b"Software", b"dc:date", b"dc:creator", b"CreationDate", b"/Producer"):
        assert passing not in one
    assert b"<text" not in one  # letters are paths, which need no font
    assert b"/Type3" not in one
    assert sorted(os.listdir(tmp_path)) == [f"one{suffix}", f"two{suffix.upper()}"]


def test_a_heat_map_is_the_same_again(
    scan: tuple[ScanSummary, list[ScanSample]], tmp_path: Path
) -> None:
    for name in ("one.svg", "two.svg"):
        save_plot(plot_scan(*scan, model="tiny"), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_users_settings_change_nothing(draw: Draw, tmp_path: Path) -> None:
    save_plot(draw(), tmp_path / "one.png")
    with matplotlib.rc_context({"font.size": 20, "savefig.dpi": 50, "axes.grid": True}):
        save_plot(draw(), tmp_path / "two.png")
        assert matplotlib.rcParams["font.size"] == 20
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_what_stood_there_is_replaced_and_links_stay(draw: Draw, tmp_path: Path) -> None:
    (tmp_path / "real.png").write_text("old")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    save_plot(draw(), tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real.png").read_bytes().startswith(MAGIC[".png"])


def test_a_pipe_is_written_to(draw: Draw, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.svg"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    save_plot(draw(), pipe)
    reader.join(10)
    assert read[0].startswith(MAGIC[".svg"])
    assert pipe.is_fifo()


def test_a_file_that_cannot_be_replaced_is_left_as_it_was(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "x.png").write_text("old")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="wanted a place to write to, found No space left") as e:
        save_plot(draw(), tmp_path / "x.png")
    assert str(tmp_path / "x.png") in str(e.value)
    assert os.listdir(tmp_path) == ["x.png"]
    assert (tmp_path / "x.png").read_text() == "old"


def test_no_directory(draw: Draw, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="found no directory"):
        save_plot(draw(), tmp_path / "nowhere" / "x.png")


def test_matplotlib_comes_with_figures_only_and_without_pyplot() -> None:
    program = (
        "import sys, plip.report; print('matplotlib' in sys.modules);"
        "import plip.report.plots; print('matplotlib' in sys.modules);"
        "print('matplotlib.pyplot' in sys.modules or 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "True", "False"]


def test_gaps() -> None:
    values = gapped([0.5, None, 0.0], 0.01)
    assert values[0] == 50
    assert math.isnan(values[1])
    assert values[2] == 0


def test_swarm() -> None:
    assert swarm([], size=1, step=0.1, widest=1) == []
    assert swarm([5.0, 1.0, 3.0], size=1, step=0.1, widest=1) == [0, 0, 0]
    assert swarm([2.0, 2.0, 2.5, 9.0], size=1, step=0.1, widest=1) == [0, 0.1, -0.1, 0]
    crowd = swarm([1.0] * 21, size=1, step=0.1, widest=0.5)
    assert sorted(crowd) == pytest.approx([0.05 * k for k in range(-10, 11)])


def test_swarm_parts_points_that_are_near() -> None:
    values = [0.1 * (7 * k % 13) for k in range(40)]
    places = swarm(values, size=0.25, step=1.0, widest=99)
    for one in range(40):
        for other in range(one):
            near = abs(values[one] - values[other]) < 0.25 - 1e-9
            assert not near or places[one] != places[other]


def test_thinned() -> None:
    assert thinned([1, 0, 0.5, 2], 0.75) == [0, 1, 2]
    assert thinned([], 1) == []


@pytest.mark.parametrize(
    ("main", "also", "scale", "limits"),
    [
        ([0.02, None, 0.5], [], "log", (0.01, 1.0)),
        ([0.02, 0.5], [0.011, 0.9], "log", (0.01, 1.0)),
        ([0.02, 0.5], [1e-9, 20.0], "symlog", (-0.002, 100.0)),
        ([0.0, 0.02], [], "symlog", (-0.002, 0.1)),
        ([None], [0.02], "log", (0.01, 0.1)),
        ([0.001], [], "log", (0.001, 0.01)),
    ],
)
def test_divergence_axis(
    main: list[float | None], also: list[float | None], scale: str, limits: tuple[float, float]
) -> None:
    axes = Figure().subplots()
    divergence_axis(axes, "KL", main, also)
    assert axes.get_yscale() == scale
    assert axes.get_ylim() == pytest.approx(limits)
    assert ("linear below" in axes.get_ylabel()) is (scale == "symlog")
    assert axes.get_ylabel().startswith("KL\n(nats")


@pytest.mark.parametrize("values", [[], [None], [0.0, 0.0]])
def test_without_a_positive_divergence_the_axis_is_linear(values: list[float | None]) -> None:
    axes = Figure().subplots()
    divergence_axis(axes, "KL", values)
    assert (axes.get_yscale(), axes.get_ylabel()) == ("linear", "KL\n(nats)")


def test_many_decades_have_few_labels() -> None:
    axes = Figure().subplots()
    divergence_axis(axes, "KL", [1e-30, 1.0])
    assert [t for t in axes.get_yticks() if t > 0] == pytest.approx(
        [1e-30, 1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1.0]
    )


def test_an_interval_need_not_hold_its_mean_and_half_of_one_is_none() -> None:
    axes = Figure().subplots()
    intervals(axes, [0, 1, 2], [(1.0, 2.0), (None, 3.0), (None, None)], "black", 0.5)
    (drawn,) = axes.collections
    assert [segment.tolist() for segment in drawn.get_segments()] == [[[0, 2], [0, 4]]]
    intervals(axes, [0], [(None, None)], "black")
    assert len(axes.collections) == 1


def test_counted() -> None:
    assert counted(0, "sample", "excluded") == ""
    assert counted(1, "sample", "excluded") == "1 sample excluded."
    assert counted(2, "sample", "excluded") == "2 samples excluded."


def test_a_title_keeps_numbers_with_what_they_count() -> None:
    with styled():
        figure = new_figure(1, "Title", "x" * 48 + ", n = 5 samples")
    lines = figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ").splitlines()
    assert lines == ["Title", "x" * 48 + ",", "n = 5 samples"]
    assert figure.get_figwidth() == 3.5


def test_groups_differ_without_colour() -> None:
    names = ("python_doctest", "rust_test", "python_baseline", "rust_baseline", "another")
    looks = [group_look(name) for name in names]
    assert len({look.marker for look in looks}) == len(names)
    assert len({look.colour for look in looks}) == len(names)
