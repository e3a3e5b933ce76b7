"""The checkpoints that ship with the package."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest
import torch

from plip.models import Rwkv6Subject, TransformerSubject, load
from plip.plan import Knockout, Plan, Scale, edges, into
from plip.text import Corpus

pytestmark = pytest.mark.fast

CODE = 'def double(n):\n    """Double it.\n\n    >>> '


@pytest.fixture(scope="module")
def subject() -> TransformerSubject:
    found = load(device="cpu")
    assert isinstance(found, TransformerSubject)
    return found


@pytest.fixture(scope="module")
def recurrent() -> Rwkv6Subject:
    found = load("bundled:rwkv6", device="cpu")
    assert isinstance(found, Rwkv6Subject)
    return found


def test_it_is_what_is_loaded_by_default(subject: TransformerSubject) -> None:
    assert subject.name == "bundled:transformer"
    assert subject.n_layers == 6
    assert subject.heads == (3, 3, 3, 3, 3, 3)
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


def test_the_recurrent_one(recurrent: Rwkv6Subject) -> None:
    assert recurrent.name == "bundled:rwkv6"
    assert recurrent.n_layers == 6
    assert recurrent.heads == (6, 6, 6, 6, 6, 6)
    record = recurrent.provenance()
    weights = resources.files("plip.models") / "bundled" / "rwkv6" / "model.safetensors"
    assert record.weight_hash == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (record.architecture, record.dtype) == ("Rwkv6ForCausalLM", "float32")


def test_both_cut_texts_alike(
    subject: TransformerSubject, recurrent: Rwkv6Subject, corpus: Corpus
) -> None:
    # Their files are one and the same, but transformers puts an NFC normaliser before Qwen2's.
    for text in (CODE, *(sample.text for sample in corpus)):
        assert recurrent.tokenize(text) == subject.tokenize(text)


def test_the_recurrent_one_reads_the_name_from_its_state(recurrent: Rwkv6Subject) -> None:
    tokens = recurrent.tokenize(CODE.rstrip(" "))
    name = range(tokens.at(CODE.index("double")), tokens.at(CODE.index("(")))
    baseline = recurrent.generate(tokens, max_new_tokens=4)
    assert str(baseline.texts[0]).startswith(" double")
    plan = Plan(Knockout(), into(name), layers=range(6))
    run = recurrent.run([tokens, tokens], plan=[None, plan])
    assert run.logits is not None
    first = baseline.continuations[0].ids[0]
    before, after = run.logits.softmax(-1)[:, first].tolist()
    assert before > 0.5
    assert after < before / 2
