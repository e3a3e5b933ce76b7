"""Experiments: a frozen configuration, and run(config, subject, corpus) → iterator of records."""

from plip.experiments import calibrate, dose_response
from plip.experiments.calibrate import CalibrateConfig
from plip.experiments.config import ExperimentConfig
from plip.experiments.dose_response import DEFAULT_DOSES, DoseResponseConfig
from plip.experiments.runner import Experiment, Outcome, carry_out

__all__ = [
    "DEFAULT_DOSES",
    "CalibrateConfig",
    "DoseResponseConfig",
    "Experiment",
    "ExperimentConfig",
    "Outcome",
    "calibrate",
    "carry_out",
    "dose_response",
]
