"""Continuing a text: against transformers' own loop, and against whole runs token by token."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from plip.errors import ConfigError, ContextLengthError, EdgeError, MeasureError, NoEffectError
from plip.models import Rwkv6Subject, StateWitness, TransformerSubject, Witness, load, wrap
from plip.models.sampling import choose, uniforms
from plip.plan import Plan, Scale, edges, into
from plip.text import Tokens

pytestmark = pytest.mark.fast

TEXT = "#[test]\nfn test_add() {\n    assert_eq!(add(2, 3), 5);\n}\n"

Subject = TransformerSubject | Rwkv6Subject


@pytest.fixture(scope="module", params=["transformer", "recurrent"])
def checkpoint(
    request: pytest.FixtureRequest, tiny_checkpoint: Path, tiny_recurrent_checkpoint: Path
) -> Path:
    return tiny_checkpoint if request.param == "transformer" else tiny_recurrent_checkpoint


@pytest.fixture(scope="module")
def subject(checkpoint: Path) -> Subject:
    """In float64, so that no rounding decides a token."""
    found = load(checkpoint, device="cpu", dtype="float64")
    assert isinstance(found, Subject)
    return found


@pytest.fixture(scope="module")
def plan(subject: Subject) -> Plan:
    marker = subject.tokenize(TEXT).at(0)
    return Plan(Scale(30.0), into(marker), layers=[1, 2])


def _appended(tokens: Tokens, ids: list[int]) -> Tokens:
    end = len(tokens.text)
    return Tokens(tokens.text, (*tokens.ids, *ids), tokens.spans + ((end, end),) * len(ids))


def _whole_runs(
    subject: Subject, plan: Plan | None, count: int, temperature: float, draws: torch.Tensor
) -> list[int]:
    """The oracle: the whole text again for every token, with the plan on all of it."""
    tokens = subject.tokenize(TEXT)
    ids: list[int] = []
    for place in range(count):
        logits = subject.run(_appended(tokens, ids), plan=plan).logits
        assert logits is not None
        ids += choose(logits, temperature, draws[place : place + 1])
    return ids


def test_greedy_is_transformers_own(subject: Subject, checkpoint: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float64).eval()
    prompt = torch.tensor([subject.tokenize(TEXT).ids])
    expected = model.generate(prompt, max_new_tokens=25, do_sample=False, pad_token_id=0)
    (found,) = subject.generate(subject.tokenize(TEXT), max_new_tokens=25).continuations
    assert list(found.ids) == expected[0, prompt.shape[1] :].tolist()[: len(found.ids)]
    assert len(found.ids) == 25 or found.ended
    assert found.witness is None


@pytest.mark.parametrize("temperature", [0.0, 0.9])
@pytest.mark.parametrize("steered", [False, True])
def test_every_token_is_that_of_a_whole_run(
    subject: Subject, plan: Plan, steered: bool, temperature: float
) -> None:
    used = plan if steered else None
    found = subject.generate(
        subject.tokenize(TEXT),
        plan=used,
        steer="throughout",
        max_new_tokens=12,
        temperature=temperature,
        samples=3 if temperature else 1,
        seed=4,
    )
    for number, each in enumerate(found.continuations):
        draws = uniforms(4, range(number, number + 1), 12)[0]
        expected = _whole_runs(subject, used, 12, temperature, draws)
        assert list(each.ids) == expected[: len(each.ids)]
        assert (each.witness is not None) == steered


def test_steering_changes_what_is_drawn(subject: Subject, plan: Plan) -> None:
    options: dict[str, Any] = {"max_new_tokens": 40, "temperature": 1.0, "samples": 8, "seed": 1}
    tokens = subject.tokenize(TEXT)
    baseline = subject.generate(tokens, **options)
    steered = subject.generate(tokens, plan=plan, **options)
    pairs = zip(baseline.continuations, steered.continuations, strict=True)
    assert any(one.ids != other.ids for one, other in pairs)


def test_the_prompt_alone_is_steered_by_default(subject: Subject, plan: Plan) -> None:
    tokens = subject.tokenize(TEXT)
    (found,) = subject.generate(tokens, plan=plan, max_new_tokens=6).continuations
    prefix = subject.prefill(tokens, plan=plan)
    ids = list(found.ids[:1])
    for token in found.ids[1:]:
        logits = subject.run(_appended(tokens, ids), prefix=prefix).logits
        assert logits is not None
        assert int(logits[0].argmax()) == token
        ids.append(token)


def test_what_the_witness_covers(subject: Subject, plan: Plan) -> None:
    tokens = subject.tokenize(TEXT)
    for steer, rows in (("prompt", 0), ("throughout", 4)):
        options: Any = {"steer": steer, "max_new_tokens": 5}
        (found,) = subject.generate(tokens, plan=plan, **options).continuations
        assert len(found.ids) == 5
        if isinstance(found.witness, StateWitness):
            assert found.witness.writes == 2
        else:
            assert isinstance(found.witness, Witness)
            assert found.witness.rows == 2 * (len(tokens) - 1 + rows)


def test_samples_do_not_depend_on_their_number_or_batches(subject: Subject, plan: Plan) -> None:
    tokens = subject.tokenize(TEXT)
    options: dict[str, Any] = {"plan": plan, "max_new_tokens": 15, "temperature": 1.2, "seed": 9}
    whole = subject.generate(tokens, samples=7, **options).continuations
    assert len({each.ids for each in whole}) > 1
    for samples, batch in ((7, 2), (7, 1), (3, 32), (1, 1)):
        part = subject.generate(tokens, samples=samples, batch=batch, **options).continuations
        assert [each.ids for each in part] == [each.ids for each in whole[:samples]]
    options["seed"] = 10
    other = subject.generate(tokens, samples=7, **options).continuations
    assert [each.ids for each in other] != [each.ids for each in whole]


def test_the_end_of_text_ends_a_text(checkpoint: Path) -> None:
    subject = load(checkpoint, device="cpu", dtype="float64")
    assert isinstance(subject, Subject)
    tokens = subject.tokenize(TEXT)
    options: dict[str, Any] = {"max_new_tokens": 30, "temperature": 1.0, "samples": 6, "seed": 0}
    free = subject.generate(tokens, **options).continuations
    end = free[0].ids[3]
    subject.model.config.eos_token_id = [end]
    ended = subject.generate(tokens, **options).continuations
    assert len(ended[0].ids) == free[0].ids.index(end)
    for before, after in zip(free, ended, strict=True):
        assert after.ended == (before.ended or end in before.ids)
        upto = before.ids.index(end) if end in before.ids else len(before.ids)
        assert after.ids == before.ids[:upto]


def test_a_character_cut_by_the_limit_is_a_replacement_mark(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = subject.tokenize(TEXT)
    cut = subject.tokenize("→").ids[:-1]
    wanted = iter(cut)
    monkeypatch.setattr(
        "plip.models.generation.choose", lambda logits, *_: [next(wanted)] * len(logits)
    )
    (found,) = subject.generate(tokens, max_new_tokens=len(cut)).continuations
    assert found.ids == cut
    assert found.text is not None
    assert set(found.text) == {"\ufffd"}


def test_texts_go_on_where_the_prompt_ends(subject: Subject) -> None:
    tokens = subject.tokenize(TEXT)
    found = subject.generate(tokens, max_new_tokens=10, temperature=1.0, samples=4, seed=2)
    assert found.prompt is tokens
    tokenizer = AutoTokenizer.from_pretrained(subject.name)
    for each, text in zip(found.continuations, found.texts, strict=True):
        assert TEXT + str(text) == tokenizer.decode([*tokens.ids, *each.ids])


def test_without_a_tokenizer_there_is_no_text(subject: Subject) -> None:
    bare = wrap(subject.model)
    found = bare.generate(subject.tokenize(TEXT), max_new_tokens=3)
    assert found.texts == (None,)
    assert len(found.continuations[0].ids) == 3


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens: wanted a whole number ≥ 1, found 0"),
        ({"samples": 0}, "samples: wanted a whole number ≥ 1, found 0"),
        ({"batch": 2.0}, "batch: wanted a whole number ≥ 1, found 2.0"),
        ({"seed": -1}, "seed: wanted a whole number ≥ 0, found -1"),
        ({"temperature": -0.1}, "temperature: wanted a finite number ≥ 0, found -0.1"),
        ({"temperature": float("nan")}, "temperature: wanted a finite number ≥ 0, found nan"),
        ({"samples": 2}, "samples: wanted 1 at temperature 0, where all are the same, found 2"),
        ({"steer": "always"}, "steer: wanted 'prompt' or 'throughout', found 'always'"),
    ],
)
def test_options_without_meaning(subject: Subject, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        subject.generate(subject.tokenize(TEXT), **options)
    assert str(raised.value) == f"{text}; see the docstring of the call"


def test_a_prompt_that_leaves_no_room(subject: Subject) -> None:
    tokens = subject.tokenize(TEXT)
    room = subject.context - len(tokens)
    with pytest.raises(ContextLengthError) as raised:
        subject.generate(tokens, max_new_tokens=room + 1)
    assert f"wanted at most {len(tokens) - 1} tokens" in str(raised.value)
    assert f"found {len(tokens)} tokens" in str(raised.value)


def test_plans_that_do_not_fit(subject: Subject) -> None:
    tokens = subject.tokenize(TEXT)
    with pytest.raises(EdgeError):
        subject.generate(tokens, plan=Plan(Scale(2.0), into(len(tokens) + 5), layers=[1]))


def test_a_marker_at_the_end_of_the_prompt(subject: Subject) -> None:
    tokens = subject.tokenize(TEXT)
    last = Plan(Scale(9.0), into(len(tokens) - 1), layers=[1])
    found = subject.generate(tokens, plan=last, steer="throughout", max_new_tokens=4)
    expected = _whole_runs_after_the_first(subject, last, 4)
    assert list(found.continuations[0].ids) == expected
    if subject.mechanism == "attention":
        with pytest.raises(EdgeError, match="at least one edge"):
            subject.generate(tokens, plan=last, max_new_tokens=4)


def _whole_runs_after_the_first(subject: Subject, plan: Plan, count: int) -> list[int]:
    """Like `_whole_runs`; the plan has no edge before there is a second row."""
    tokens = subject.tokenize(TEXT)
    ids: list[int] = []
    for place in range(count):
        logits = subject.run(_appended(tokens, ids), plan=plan if place else None).logits
        assert logits is not None
        ids.append(int(logits[0].argmax()))
    return ids


def test_a_plan_that_changes_nothing(tiny: TransformerSubject) -> None:
    tokens = tiny.tokenize(TEXT)
    # The only edge of the first row makes up all of it.
    nothing = Plan(Scale(2.0), edges(query=0, keys=[0]), layers=[1])
    with pytest.raises(NoEffectError):
        tiny.generate(tokens, plan=nothing, max_new_tokens=2)


def test_logits_that_are_no_numbers(
    tiny_recurrent: Rwkv6Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Rwkv6Subject._forward

    def broken(self: Rwkv6Subject, *args: Any) -> Any:
        run, state = honest(self, *args)
        assert run.logits is not None
        return dataclasses.replace(run, logits=run.logits * torch.nan), state

    monkeypatch.setattr(Rwkv6Subject, "_forward", broken)
    with pytest.raises(MeasureError, match="logits of the next token"):
        tiny_recurrent.generate(tiny_recurrent.tokenize(TEXT), max_new_tokens=2)
