"""The checkpoint that ships with the package."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest
import torch

from plip.models import TransformerSubject, load
from plip.plan import Plan, Scale, edges

pytestmark = pytest.mark.fast

CODE = 'def double(n):\n    """Double it.\n\n    >>> '


@pytest.fixture(scope="module")
def subject() -> TransformerSubject:
    return load(device="cpu")


def test_it_is_what_is_loaded_by_default(subject: TransformerSubject) -> None:
    assert subject.name == "bundled:transformer"
    assert subject.n_layers == 6
    assert subject.heads == (6, 6, 6, 6, 6, 6)
    assert subject.context >= 256
    assert subject.shares_work


def test_by_name(subject: TransformerSubject) -> None:
    named = load("bundled:transformer", device="cpu")
    assert named.provenance() == subject.provenance()


def test_its_record(subject: TransformerSubject) -> None:
    record = subject.provenance()
    weights = resources.files("plip.models") / "bundled" / "transformer" / "model.safetensors"
    assert record.weight_hash == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert record.model == "bundled:transformer"
    assert record.revision is None
    assert record.architecture == "Qwen2ForCausalLM"
    assert record.dtype == "float32"  # stored as float16, which CPUs compute badly


def test_it_tokenizes_with_spans(subject: TransformerSubject) -> None:
    tokens = subject.tokenize(CODE)
    assert "".join(tokens.surface(index) for index in range(len(tokens))) == CODE
    assert tokens.surface(tokens.at(CODE.index(">>>"))).strip().startswith(">>>")


def test_it_runs_and_is_steered(subject: TransformerSubject) -> None:
    tokens = subject.tokenize(CODE)
    name = tokens.at(CODE.index("double"))
    plan = Plan(Scale(4.0), edges(query=len(tokens) - 1, keys=[name]), layers=[4])
    run = subject.run([tokens, tokens], plan=[None, plan])
    assert run.logits is not None
    assert bool(run.logits.isfinite().all())
    assert not torch.equal(run.logits[0], run.logits[1])
    assert run.witness[1] is not None
