"""Models: loading, the one attention seam, running a plan, the witness."""

from plip.models.generation import Continuation, Generation
from plip.models.known import KnownModel, known_models
from plip.models.loading import load, wrap
from plip.models.results import Capture, Prefix, Run, Work
from plip.models.rwkv6.subject import Rwkv6Subject
from plip.models.rwkv6.witness import StateWitness, WriteWitness
from plip.models.subject import Subject
from plip.models.transformer import TransformerSubject
from plip.models.witness import StepWitness, Witness

__all__ = [
    "Capture",
    "Continuation",
    "Generation",
    "KnownModel",
    "Prefix",
    "Run",
    "Rwkv6Subject",
    "StateWitness",
    "StepWitness",
    "Subject",
    "TransformerSubject",
    "Witness",
    "Work",
    "WriteWitness",
    "known_models",
    "load",
    "wrap",
]
