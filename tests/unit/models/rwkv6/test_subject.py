"""RWKV-6 on the same face as a transformer: what it gives, and what it refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from rwkv6_steering_oracle import (
    HEADS,
    LAYERS,
    VOCABULARY,
    model,
    oracle,
    sole,
    subject,
    text_of,
    tokens,
)
from transformers import Qwen2Config, Qwen2ForCausalLM

import plip
from plip.errors import (
    ConfigError,
    ContextLengthError,
    EdgeError,
    HeadError,
    LayerError,
    NoEffectError,
    OperationError,
    PlipError,
    PositionError,
    TextError,
)
from plip.models import Capture, Run, TransformerSubject, Work
from plip.models.rwkv6.subject import Rwkv6Subject
from plip.plan import ALL, Knockout, Plan, Scale, SetValue, edges, into, out_of

pytestmark = pytest.mark.fast


def other_kind() -> TransformerSubject:
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return plip.wrap(Qwen2ForCausalLM(config).eval())  # type: ignore[return-value]  # no RWKV-6


def test_what_it_says_of_itself() -> None:
    one = subject()
    assert isinstance(one, Rwkv6Subject)
    assert one.mechanism == "state"
    assert one.name == "memory:Rwkv6ForCausalLM"
    assert plip.wrap(model(), name="mine").name == "mine"
    assert one.heads == (HEADS,) * LAYERS
    assert one.n_layers == LAYERS
    assert one.context == 512
    assert one.device == torch.device("cpu")


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_shapes_and_dtypes(dtype: str) -> None:
    wide = torch.float64 if dtype == "float64" else torch.float32
    capture = Capture([1, 3], [4, 0])
    run = subject(dtype).run([tokens(5), tokens(3)], capture=[capture, None], positions="all")
    assert run.logits is not None
    assert run.logits.shape == (2, 5, VOCABULARY)
    assert run.logits.dtype == wide
    assert run.logits[1, 3:].isnan().all()
    assert not run.logits[1, :3].isnan().any()
    assert sorted(run.attention) == [1, 3]
    assert run.attention[1].shape == (2, HEADS, 2, 5)
    assert run.attention[1].dtype == wide
    assert run.attention[1][1].isnan().all()  # not captured
    assert not run.attention[1][0, :, 1, 1:].any()  # of token 0
    assert run.witness == (None, None)
    assert run.work == Work((8,) * LAYERS, 0)
    assert not run.logits.requires_grad
    last = subject(dtype).run(tokens(5)).logits
    assert last is not None
    assert last.shape == (1, VOCABULARY)
    assert last.dtype == wide


def test_a_run_that_wants_no_logits_ends_after_the_last_captured_layer() -> None:
    run = subject().run(tokens(6), capture=Capture([0, 1], [5]), positions="none")
    assert run.logits is None
    assert run.work == Work((6, 6, 0, 0), 0)
    assert sorted(run.attention) == [0, 1]
    whole = subject().run(tokens(6), capture=Capture([0, 1], [5]))
    assert torch.equal(whole.attention[1], run.attention[1])
    both = subject().run(
        [tokens(6), tokens(4), tokens(5)],
        capture=[Capture([0], [5]), Capture([2], [3]), None],
        positions="none",
    )
    assert sorted(both.attention) == [0, 2]
    assert both.work == Work((15, 15, 15, 0), 0)


def test_a_plan_above_the_last_captured_layer_is_not_carried_out_and_says_so() -> None:
    with pytest.raises(NoEffectError, match="no such write among the tokens"):
        subject().run(
            tokens(6), plan=sole(3.0, 2, 3)[0], capture=Capture([1], [5]), positions="none"
        )


def test_rows_sum_to_1_or_are_0() -> None:
    every = Capture(range(LAYERS), range(20))
    rows = torch.cat(list(subject("float32").run(tokens(20), capture=every).attention.values()))
    total, empty = rows.sum(-1), (rows == 0).all(-1)
    assert (rows >= 0).all()
    assert ((total - 1).abs() <= 1e-6)[~empty].all()
    assert empty.any()  # the first token's own weight is negative in some head
    assert not rows.isnan().any()


def test_a_head_that_gives_no_positive_weight_stays_0() -> None:
    """Receptance against keys: r = −k by the same weights and mixtures, and u = 1."""
    mine = copy.deepcopy(model())
    with torch.no_grad():
        mixing = mine.rwkv.layers[2].attention
        mixing.receptance.weight[:8] = -mixing.key.weight[:8]
        mixing.time_maa_r.copy_(mixing.time_maa_k)
        mixing.time_maa_w2[3] = mixing.time_maa_w2[1]
        mixing.time_faaaa[0] = 1.0
    run = plip.wrap(mine).run(tokens(1), capture=Capture([2], [0]))
    assert run.attention[2][0, :, 0, 0].tolist()[0] == 0
    assert oracle(mine, tokens(1).ids).weights[2][0, 0, 0] < 0


def test_a_prefix_runs_for_several_texts() -> None:
    prompt = tokens(7)
    prefix = subject().prefill(prompt)
    assert prefix.ids == prompt.ids
    texts = [text_of((*prompt.ids, *more)) for more in ([1], [2, 3, 4], [5, 5])]
    run = subject().run([*texts, tokens(4)], prefix=[prefix, prefix, prefix, None])
    assert run.logits is not None
    for number, text in enumerate([*texts, tokens(4)]):
        wanted = torch.tensor(oracle(model(), text.ids).logits[-1])
        assert float((run.logits[number] - wanted).abs().max()) <= 1e-10
    assert run.work.layer_rows == (1 + 3 + 2 + 4,) * LAYERS


def fails(error: type[PlipError], call: Callable[[], Any], *fields: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    found = caught.value
    assert (found.who, found.wanted, found.found, found.advice) == fields


def test_no_tokenizer() -> None:
    fails(
        TextError,
        lambda: subject().tokenize("x"),
        "memory:Rwkv6ForCausalLM",
        "a tokenizer",
        "none",
        "pass one to plip.wrap(model, tokenizer)",
    )


CALL = "see the docstring of the call"


def test_arguments_without_meaning() -> None:
    one, text = subject(), tokens(4)
    fails(
        ConfigError,
        lambda: one.run(text, positions="first"),  # type: ignore[arg-type]  # on purpose
        "positions",
        "'last', 'all' or 'none'",
        "'first'",
        CALL,
    )
    fails(
        ConfigError,
        lambda: one.run(text, positions="none"),
        "capture",
        "rows to capture where no logits are wanted",
        "none",
        CALL,
    )
    fails(ConfigError, lambda: one.run([]), "tokens", "plip.Tokens, one or several", "[]", CALL)
    fails(
        ConfigError,
        lambda: one.run([text, text], plan=[None]),
        "plan",
        "one for each of the 2 sequences",
        "1 of them",
        CALL,
    )
    fails(
        ConfigError,
        lambda: one.run(text, plan="scale"),  # type: ignore[arg-type]  # on purpose
        "plan",
        "plip.Plan or None",
        "'scale'",
        CALL,
    )


def test_prefill_and_generate_take_one_text() -> None:
    one = subject()
    for call in (one.prefill, one.generate):
        for value in ("abc", [tokens(4)], None):
            fails(
                ConfigError,
                lambda call=call, value=value: call(value),  # type: ignore[misc]  # bound at once
                "tokens",
                "plip.Tokens",
                repr(value)[:80],
                CALL,
            )
        fails(
            ConfigError,
            lambda call=call: call(tokens(4), plan="scale"),  # type: ignore[misc]  # bound at once
            "plan",
            "plip.Plan or None",
            "'scale'",
            CALL,
        )


def test_texts_that_do_not_fit() -> None:
    one = subject()
    fails(
        ContextLengthError,
        lambda: one.run(tokens(513)),
        "sequence 0",
        "at most 512 tokens, the context of memory:Rwkv6ForCausalLM",
        "513 tokens",
        "shorten the text or use a model with a longer context",
    )
    for call in (one.run, one.prefill, lambda text: one.sweep([text], [[None]])):
        for ids, found in (([0, VOCABULARY], f"0 … {VOCABULARY}"), ([-1, 4], "-1 … 4")):
            fails(
                ConfigError,
                lambda call=call, ids=ids: call(text_of(ids)),  # type: ignore[misc]  # bound at once
                "sequence 0",
                f"one token or more, each in 0 … {VOCABULARY - 1}",
                found,
                "use the tokenizer of the model",
            )
    assert one.run(tokens(512)).logits is not None


@pytest.mark.parametrize(
    ("plan", "error", "start"),
    [
        (
            Plan(Scale(2), edges(query=3, keys=[1]), layers=[0]),
            EdgeError,
            r"Edges\(queries=\(3,\), keys=\(1,\), own=True\): wanted into\(position\)",
        ),
        (Plan(Knockout(), out_of(3), layers=[0]), EdgeError, "Edges"),
        (Plan(Scale(2), into(3, own=True), layers=[0]), EdgeError, "Edges"),
        (Plan(SetValue(0.1), into(3), layers=[0]), OperationError, "SetValue"),
        (Plan(Scale(2), into(6), layers=[0]), EdgeError, r"into\(\[6\]\): wanted positions in 0 …"),
    ],
)
def test_plans_that_do_not_fit_name_the_sequence(
    plan: Plan, error: type[PlipError], start: str
) -> None:
    one, text = subject(), tokens(6)
    with pytest.raises(error, match=f"^sequence, {start}"):
        one.run(text, plan=plan)
    with pytest.raises(error, match=f"^sequence, {start}"):
        one.prefill(text, plan=plan)
    with pytest.raises(error, match=f"^sequence 1, {start}"):
        one.run([text, text], plan=[None, plan])
    with pytest.raises(error, match=f"^sequence 0, plan 2, {start}"):
        one.sweep([text], [[None, None, plan]])


def test_layers_and_heads_that_are_not_there() -> None:
    one, text = subject(), tokens(6)
    with pytest.raises(LayerError, match=f"^layer {LAYERS}: wanted a layer in 0 … {LAYERS - 1}, "):
        one.run(text, plan=sole(2.0, 1, LAYERS)[0])
    with pytest.raises(HeadError, match=f"^head {HEADS}: wanted a query head in 0 … {HEADS - 1}, "):
        one.run(text, plan=sole(2.0, 1, 0, [0, HEADS])[0])


def test_captures_that_do_not_fit() -> None:
    one, text = subject(), tokens(6)
    fails(
        LayerError,
        lambda: one.run(text, capture=Capture([0, LAYERS], [0])),
        "sequence, capture",
        f"a layer in 0 … {LAYERS - 1}",
        str(LAYERS),
        "`plip models` shows how many layers a model has",
    )
    fails(
        PositionError,
        lambda: one.run(text, capture=Capture([0], [2, 6])),
        "sequence, capture",
        "query positions in 0 … 5",
        "[2, 6]",
        "capture rows that this run computes",
    )


@pytest.mark.parametrize("query", [0, 5], ids=["in the prefix", "after it"])
def test_a_capture_with_a_prefix(query: int) -> None:
    one, text = subject(), tokens(6)
    prefix = one.prefill(text_of(text.ids[:4]))
    fails(
        ConfigError,
        lambda: one.run(text, prefix=prefix, capture=Capture([0], [query])),
        "sequence, capture",
        "the whole text, where effective attention is captured",
        "a prefix of 4 tokens, whose writes are one state by now",
        "run the text without a prefix",
    )


def test_a_prefix_of_another_model() -> None:
    one, transformer, text = subject(), other_kind(), tokens(6)
    start = text_of(text.ids[:4])
    asked = "a prefix that this model has computed"
    advice = "prefill with the subject that runs the text"
    for there, here, kind in (
        (transformer, one, "Qwen2ForCausalLM"),
        (one, transformer, "Rwkv6ForCausalLM"),
        (subject(seed=1), one, "Rwkv6ForCausalLM"),
    ):
        prefix = there.prefill(start)
        fails(
            ConfigError,
            lambda here=here, prefix=prefix: here.run(text, prefix=prefix),  # type: ignore[misc]  # bound at once
            "sequence, prefix",
            asked,
            f"one of another {kind}",
            advice,
        )


def test_a_prefix_of_another_text() -> None:
    one, text = subject(), tokens(6)
    prefix = one.prefill(text_of(text.ids[:4]))
    asked = "a text that begins with the prefix and goes on after it"
    advice = "prefill with the first tokens of the same text"
    changed = text_of([(text.ids[0] + 1) % VOCABULARY, *text.ids[1:]])
    for other in (changed, text_of(text.ids[:4]), text_of(text.ids[:3])):
        fails(
            ConfigError,
            lambda other=other: one.run([text, other], prefix=prefix),  # type: ignore[misc]  # bound at once
            "sequence 1, prefix",
            asked,
            f"{len(other)} tokens against a prefix of 4",
            advice,
        )
    with pytest.raises(EdgeError, match=r"^sequence, into\(\[3\]\): wanted positions in 4 … 5, "):
        one.run(text, prefix=prefix, plan=sole(2.0, 3, 0)[0])


def test_a_prefix_is_left_as_it_was() -> None:
    one, text = subject(), tokens(6)
    prefix = one.prefill(text_of(text.ids[:4]))
    before = prefix.memory.clone()
    one.run(text, prefix=prefix, plan=sole(3.0, 4, 0)[0])
    for mine, kept in zip(prefix.memory.layers, before.layers, strict=True):
        assert torch.equal(mine.wkv, kept.wkv)
        assert torch.equal(mine.time_shift, kept.time_shift)
        assert torch.equal(mine.channel_shift, kept.channel_shift)


def test_a_model_in_training_mode_or_with_gradients_gives_the_same() -> None:
    mine = copy.deepcopy(model()).train()
    run: Run = plip.wrap(mine).run(tokens(6), plan=sole(3.0, 2, 1)[0])
    other = subject().run(tokens(6), plan=sole(3.0, 2, 1)[0])
    assert run.logits is not None
    assert other.logits is not None
    assert torch.equal(run.logits, other.logits)
    assert mine.training
    assert all(parameter.grad is None for parameter in mine.parameters())


def test_another_seed_is_another_model() -> None:
    """So that the tests of prefixes mean something."""
    one, other = (subject(seed=seed).run(tokens(6)).logits for seed in (0, 1))
    assert one is not None
    assert other is not None
    assert float((one - other).abs().max()) > 0.1


def test_provenance() -> None:
    record = subject("bfloat16").provenance()
    assert record.dtype == "bfloat16"
    assert "recurrence" in record.model_dump_json()
    assert record == subject("bfloat16").provenance()
    changed = copy.deepcopy(model("bfloat16"))
    with torch.no_grad():
        changed.rwkv.layers[0].attention.time_faaaa[0, 0] += 1
    assert plip.wrap(changed).provenance() != record


def test_all_layers_and_a_step_for_each_are_the_same_plan() -> None:
    text = tokens(8)
    whole = Plan(Scale(3), into(3), layers=ALL)
    parts = Plan.from_steps(
        replace(whole.steps[0], layers=(layer,)) for layer in reversed(range(LAYERS))
    )
    one, other = (subject().run(text, plan=plan).logits for plan in (whole, parts))
    assert one is not None
    assert other is not None
    assert torch.equal(one, other)
