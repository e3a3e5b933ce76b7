"""Experiments: a frozen configuration, and run(config, subject, corpus) → iterator of records."""

from plip.experiments import ablate, calibrate, contrast, dose_response, generate, persistence, scan
from plip.experiments.ablate import AblateConfig
from plip.experiments.calibrate import CalibrateConfig
from plip.experiments.config import ExperimentConfig
from plip.experiments.contrast import ContrastConfig, ContrastInputs
from plip.experiments.dose_response import DEFAULT_DOSES, DoseResponseConfig
from plip.experiments.generate import GenerateConfig
from plip.experiments.persistence import PersistenceConfig
from plip.experiments.runner import Experiment, Outcome, carry_out
from plip.experiments.scan import ScanConfig

__all__ = [
    "DEFAULT_DOSES",
    "AblateConfig",
    "CalibrateConfig",
    "ContrastConfig",
    "ContrastInputs",
    "DoseResponseConfig",
    "Experiment",
    "ExperimentConfig",
    "GenerateConfig",
    "Outcome",
    "PersistenceConfig",
    "ScanConfig",
    "ablate",
    "calibrate",
    "carry_out",
    "contrast",
    "dose_response",
    "generate",
    "persistence",
    "scan",
]
