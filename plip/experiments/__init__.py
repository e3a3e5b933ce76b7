"""Experiments: a frozen configuration, and run(config, subject, corpus) → iterator of records."""

from plip.experiments import ablate, calibrate, dose_response
from plip.experiments.ablate import AblateConfig
from plip.experiments.calibrate import CalibrateConfig
from plip.experiments.config import ExperimentConfig
from plip.experiments.dose_response import DEFAULT_DOSES, DoseResponseConfig
from plip.experiments.runner import Experiment, Outcome, carry_out

__all__ = [
    "DEFAULT_DOSES",
    "AblateConfig",
    "CalibrateConfig",
    "DoseResponseConfig",
    "Experiment",
    "ExperimentConfig",
    "Outcome",
    "ablate",
    "calibrate",
    "carry_out",
    "dose_response",
]
