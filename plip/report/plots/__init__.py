"""Figures of experiments, as files. Importing this room brings matplotlib, so commands do it late.

Each `plot_…` takes the records of one experiment and returns a figure, without any state of
matplotlib's; `save_plot` writes it, the same bytes for the same records.
"""

from plip.report.plots.ablation import plot_ablation
from plip.report.plots.calibration import plot_calibration
from plip.report.plots.contrast import plot_contrast
from plip.report.plots.dose_response import plot_dose_response
from plip.report.plots.generation import plot_generation
from plip.report.plots.persistence import plot_persistence
from plip.report.plots.saving import save_plot
from plip.report.plots.scan import plot_scan

__all__ = [
    "plot_ablation",
    "plot_calibration",
    "plot_contrast",
    "plot_dose_response",
    "plot_generation",
    "plot_persistence",
    "plot_scan",
    "save_plot",
]
