"""A batch is its sequences one by one, and what padding gives; a cache changes nothing."""

from __future__ import annotations

import pytest
import torch
from draws import Case, cases, pairs_of, share
from families import FAMILIES, family, model, reference, subject, tokens
from hypothesis import assume, given
from hypothesis import strategies as st
from judge import near
from oracle import Change, oracle
from torch import Tensor

from plip.errors import ConfigError, EdgeError, NoEffectError, PositionError
from plip.models import Capture
from plip.plan import ALL, Edges, Knockout, Plan, Scale, edges, into, out_of
from plip.text import Tokens

pytestmark = pytest.mark.fast

each_family = pytest.mark.parametrize("name", FAMILIES)


def good(data: st.DataObject, name: str, **limits: int) -> tuple[Case, Tensor]:
    """Draw a plan that changes something, and the oracle's logits."""
    case = data.draw(cases(family(name), **limits))
    truth = oracle(reference(name, "float64"), case.text.ids, case.changes)
    effects = [truth.effect(number) for number in range(len(case.changes))]
    assume(not truth.emptied and min(effects) > 1e-4)
    return case, truth.logits


@each_family
@share(4)
@given(data=st.data())
def test_a_batch_is_its_sequences(name: str, data: st.DataObject) -> None:
    """Against the oracle, each with its own plan and capture, equal texts among them."""
    steered = [good(data, name) for _ in range(data.draw(st.integers(1, 3)))]
    chosen = [(case.text, case.plan, logits) for case, logits in steered]
    chosen += [
        (case.text, None, oracle(reference(name, "float64"), case.text.ids).logits)
        for case, _ in steered
    ]
    chosen = [chosen[i] for i in data.draw(st.permutations(range(len(chosen))))]
    layer = data.draw(st.integers(0, family(name).n_layers - 1))
    captures = [
        data.draw(
            st.none()
            | st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=3, unique=True).map(
                lambda queries: Capture([layer], queries)
            )
        )
        for text, _, _ in chosen
    ]
    run = subject(name, "float64").run(
        [text for text, _, _ in chosen],
        plan=[plan for _, plan, _ in chosen],
        capture=captures,
        positions="all",
    )
    assert run.logits is not None
    for number, (text, plan, logits) in enumerate(chosen):
        n = len(text)
        assert near(name, run.logits[number, :n], logits)
        assert run.logits[number, n:].isnan().all()
        assert (run.witness[number] is None) == (plan is None)
        capture = captures[number]
        if capture is None:
            continue
        alone = subject(name, "float64").run(text, plan=plan, capture=capture)
        rows = len(capture.queries)
        found = run.attention[layer][number]
        assert near(name, found[:, :rows, :n], alone.attention[layer][0])
        assert (found[:, :rows, n:] == 0).all()
        assert found[:, rows:].isnan().all()
    for number in (n for n, capture in enumerate(captures) if capture is None):
        if layer in run.attention:
            assert run.attention[layer][number].isnan().all()
    last = subject(name, "float64").run([t for t, _, _ in chosen], plan=[p for _, p, _ in chosen])
    assert last.logits is not None
    ends = torch.stack([logits[-1] for *_, logits in chosen])
    assert near(name, last.logits, ends)


@pytest.mark.parametrize("side", ["left", "right"])
@each_family
@share(2)
@given(data=st.data())
def test_a_batch_is_what_transformers_makes_of_padding(
    name: str, side: str, data: st.DataObject
) -> None:
    lengths = data.draw(st.lists(st.integers(1, 24), min_size=2, max_size=4))
    texts = [tokens(n, number) for number, n in enumerate(lengths)]
    width = max(lengths)
    ids = torch.zeros(len(texts), width, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, text in enumerate(texts):
        place = slice(width - len(text), width) if side == "left" else slice(0, len(text))
        ids[row, place] = torch.tensor(text.ids)
        mask[row, place] = 1
    where = (mask.cumsum(-1) - 1).clamp(min=0)
    # Gemma 2 with a cap has no SDPA, and transformers' eager attention makes NaN of padding in
    # float64: its softmax is in float32, where the mask's least number is −∞.
    dtype, allowed = ("float32", 2e-5) if name == "gemma2" else ("float64", 1e-6)
    with torch.no_grad():
        padded = model(name, dtype)(
            input_ids=ids, attention_mask=mask, position_ids=where, use_cache=False
        ).logits
    run = subject(name, dtype).run(texts, positions="all")
    assert run.logits is not None
    for row, text in enumerate(texts):
        # Transformers' chunks are cut where the padding starts, so a text begins a chunk.
        found, wanted = run.logits[row, : len(text)], padded[row][mask[row].bool()]
        assert (found - wanted).abs().max() <= allowed * max(1.0, float(wanted.abs().max()))


def cut(changes: tuple[Change, ...], first: int) -> list[Change]:
    """Keep what changes do to rows from `first` on."""
    return [
        Change(
            change.kind,
            frozenset((q, k) for q, k in change.pairs if q >= first),
            change.layers,
            change.heads,
            change.amount,
        )
        for change in changes
    ]


@each_family
@share(6)
@given(data=st.data())
def test_a_prefix_is_not_seen(name: str, data: st.DataObject) -> None:
    """A plan behind a prefix changes the rows behind it: into(…) goes on, named rows must be."""
    case = data.draw(cases(family(name), min_tokens=3))
    first = data.draw(st.integers(1, len(case.text) - 1))
    changes = cut(case.changes, first)
    prefix = subject(name, "float64").prefill(head(case.text, first))
    step = case.plan.steps[0]
    if step.edges.queries is not ALL and step.edges.query_positions(len(case.text))[0] < first:
        with pytest.raises(EdgeError, match="a row that the prefix has already computed"):
            subject(name, "float64").run(case.text, plan=case.plan, prefix=prefix)
        return
    truth = oracle(reference(name, "float64"), case.text.ids, changes)
    assume(not truth.emptied)
    if not truth.masses[0]:
        with pytest.raises(NoEffectError):
            subject(name, "float64").run(case.text, plan=case.plan, prefix=prefix)
        return
    assume(truth.effect(0) > 1e-4)
    queries = data.draw(
        st.lists(st.integers(first, len(case.text) - 1), min_size=1, max_size=4, unique=True)
    )
    run = subject(name, "float64").run(
        case.text,
        plan=case.plan,
        prefix=prefix,
        positions="all",
        capture=Capture(range(family(name).n_layers), queries),
    )
    assert run.logits is not None
    assert run.logits.shape[1] == len(case.text) - first
    assert near(name, run.logits[0], truth.logits[first:])
    for layer, found in run.attention.items():
        assert near(name, found[0], truth.weights[layer][:, queries])
    assert run.work.layer_rows == (len(case.text) - first,) * family(name).n_layers
    last = subject(name, "float64").run(case.text, plan=case.plan, prefix=prefix)
    assert last.logits is not None
    assert near(name, last.logits[0], truth.logits[-1])


@each_family
@share(3)
@given(data=st.data())
def test_steering_goes_on_over_the_cut(name: str, data: st.DataObject) -> None:
    """into(key) in the prefix and again behind it is into(key) in the whole; and in a batch."""
    n = data.draw(st.integers(6, 24))
    first = data.draw(st.integers(3, n - 1))
    key = data.draw(st.integers(0, first - 2))
    layer = data.draw(st.integers(0, family(name).n_layers - 1))
    assume(family(name).sees(layer, key + 1, key) and family(name).sees(layer, first, key))
    plan = Plan(Scale(4.0), into(key), layers=[layer])
    change = Change(
        "multiply",
        pairs_of("into", False, [key], n),
        frozenset([layer]),
        frozenset(range(family(name).heads)),
        4.0,
    )
    text, other = tokens(n, 6), tokens(n + 2, 7)
    one = subject(name, "float64")
    prefix = one.prefill(head(text, first), plan=plan)
    plain = one.prefill(head(other, first))
    run = one.run(
        [text, other, text, other],
        plan=[plan, None, None, plan],
        prefix=[prefix, plain, None, None],
    )
    exact = reference(name, "float64")
    truths = [
        oracle(exact, text.ids, [change]),
        oracle(exact, other.ids),
        oracle(exact, text.ids),
        oracle(exact, other.ids, [rebuilt(change, key, n + 2)]),
    ]
    assert run.logits is not None
    assert near(name, run.logits, torch.stack([truth.logits[-1] for truth in truths]))


def rebuilt(change: Change, key: int, n: int) -> Change:
    """Return the change for a text of another length."""
    pairs = pairs_of("into", False, [key], n)
    return Change(change.kind, pairs, change.layers, change.heads, change.amount)


def head(text: Tokens, first: int) -> Tokens:
    """Return the first tokens of a text."""
    return Tokens(text.text[:first], text.ids[:first], text.spans[:first])


def test_a_prefix_of_another_text_is_refused() -> None:
    one = subject("qwen2")
    prefix = one.prefill(tokens(4))
    for text in (tokens(4), tokens(9, 5)):
        with pytest.raises(ConfigError, match="a text that begins with the prefix and goes on"):
            one.run(text, prefix=prefix)


@each_family
def test_prefixes_of_texts_of_one_length(name: str) -> None:
    """Texts cut at the same place lie in one block, and each keeps its own prefix."""
    one, exact = subject(name, "float64"), reference(name, "float64")
    texts = [tokens(11, seed) for seed in range(3)]
    plan = Plan(Scale(3.0), edges(query=10, keys=[9]), layers=[1])
    run = one.run(
        texts,
        plan=[None, plan, plan],
        prefix=[one.prefill(head(text, 6)) for text in texts],
        capture=Capture([1], [10, 7]),
    )
    change = Change(
        "multiply", frozenset({(10, 9)}), frozenset([1]), frozenset(range(family(name).heads)), 3.0
    )
    for number, changes in enumerate([[], [change], [change]]):
        truth = oracle(exact, texts[number].ids, changes)
        assert run.logits is not None
        assert near(name, run.logits[number], truth.logits[-1])
        assert near(name, run.attention[1][number], truth.weights[1][:, [10, 7]])


@each_family
def test_equal_rests_of_unequal_texts(name: str) -> None:
    """Rows of one number at different positions are no block, whichever comes first."""
    one, exact = subject(name, "float64"), reference(name, "float64")
    texts = [tokens(5), tokens(11, 1), tokens(8, 2), tokens(11, 3)]
    prefixes = [one.prefill(head(text, len(text) - 5)) if len(text) > 5 else None for text in texts]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
        run = one.run([texts[i] for i in order], prefix=[prefixes[i] for i in order])
        truths = [oracle(exact, texts[i].ids).logits[-1] for i in order]
        assert run.logits is not None
        assert near(name, run.logits, torch.stack(truths))


@pytest.mark.parametrize(("name", "dtype"), [("llama", "float32"), ("qwen2", "float64")])
def test_a_prefix_of_another_model_is_refused(name: str, dtype: str) -> None:
    """Its keys would have the right shape, and nothing but the wrong logits would show it."""
    text = tokens(9)
    prefix = subject("qwen2").prefill(head(text, 4))
    with pytest.raises(ConfigError):
        subject(name, dtype).run(text, prefix=prefix)


def test_captured_rows_must_lie_behind_the_prefix() -> None:
    text = tokens(9)
    one = subject("qwen2")
    prefix = one.prefill(head(text, 4))
    with pytest.raises(PositionError, match=r"query positions in 4 … 8, found \[3\]"):
        one.run(text, prefix=prefix, capture=Capture([0], [3]))


@pytest.mark.parametrize("where", [out_of(2), out_of([2, 6]), edges(query=[2, 6], keys=0)])
def test_a_plan_whose_rows_are_in_the_prefix_is_no_silence(where: Edges) -> None:
    text = tokens(9)
    one = subject("qwen2")
    prefix = one.prefill(head(text, 4))
    with pytest.raises(EdgeError, match="query 2: wanted a row after the prefix"):
        one.run(text, prefix=prefix, plan=Plan(Knockout(), where, layers=[1]))


def test_plans_do_not_leak_into_a_later_run() -> None:
    text = tokens(9)
    one = subject("qwen2")
    before = one.run(text, positions="all").logits
    one.run(text, plan=Plan(Knockout(), out_of(3), layers=[1]))
    with torch.no_grad():
        bare = model("qwen2")(input_ids=torch.tensor([text.ids])).logits
    after = one.run(text, positions="all").logits
    assert before is not None
    assert after is not None
    assert torch.equal(before, after)
    assert torch.equal(before, bare)
