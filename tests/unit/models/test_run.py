"""What a run gives back: logits, rows, witnesses and counts in the order that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from families import FAMILIES, family
from families import subject as subject_of
from families import tokens as family_text
from torch import Tensor, nn

import plip.models.forward
import plip.models.track
from plip.models import Capture, Run, TransformerSubject, Work, wrap
from plip.plan import ALL, Knockout, Plan, Scale, SetValue, edges, into, out_of
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., nn.Module]
Text = Callable[..., Tokens]

TRIPLE = Plan(Scale(3.0), edges(query=5, keys=[3, 4]), layers=[1])
# Rows of a batch are computed together or alone: sums in another order.
CLOSE = {"rtol": 0.0, "atol": 2e-5}


@pytest.fixture(scope="module")
def subject(build: Build) -> TransformerSubject:
    return wrap(build())


def logits(run: Run) -> Tensor:
    assert run.logits is not None
    return run.logits


def attention(subject: TransformerSubject, tokens: Tokens) -> tuple[Tensor, ...]:
    """Return every layer's weights as transformers' eager attention gives them."""
    model = subject.model
    model.set_attn_implementation("eager")  # type: ignore[operator]
    try:
        with torch.no_grad():
            found = model(torch.tensor([tokens.ids]), output_attentions=True).attentions
    finally:
        model.set_attn_implementation("sdpa")  # type: ignore[operator]
    return tuple(layer[0] for layer in found)


class TestCapture:
    @pytest.mark.parametrize("queries", [[4], [8, 0, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8], [7, 8]])
    @pytest.mark.parametrize("positions", ["last", "all", "none"])
    def test_rows_come_in_the_order_asked(
        self, subject: TransformerSubject, text: Text, queries: list[int], positions: Any
    ) -> None:
        expected = attention(subject, text(9))
        run = subject.run(text(9), capture=Capture([2, 0], queries), positions=positions)
        assert sorted(run.attention) == [0, 2]
        for layer, found in run.attention.items():
            assert found.shape == (1, 4, len(queries), 9)
            assert found.dtype == torch.float32
            torch.testing.assert_close(found[0], expected[layer][:, queries], **CLOSE)
            later = torch.arange(9) > torch.tensor(queries)[:, None]
            assert torch.equal(found == 0, later.expand(1, 4, -1, -1))

    @pytest.mark.parametrize("name", sorted(FAMILIES))
    def test_in_every_family(self, name: str) -> None:
        subject, tokens = subject_of(name), family_text(13)
        queries = [12, 2, 7]
        run = subject.run(tokens, capture=Capture(range(subject.n_layers), queries))
        for layer, found in run.attention.items():
            torch.testing.assert_close(found.sum(-1), torch.ones(1, subject.heads[layer], 3))
            seen = torch.tensor(
                [[family(name).sees(layer, query, key) for key in range(13)] for query in queries]
            )
            assert not bool(found[0].masked_fill(seen, 0).any())
            assert bool((found[0] > 0).any(0).logical_or(~seen).all())

    def test_attention_cannot_be_exchanged(self, subject: TransformerSubject, text: Text) -> None:
        run = subject.run(text(9), capture=Capture([0], [1]))
        with pytest.raises(TypeError):
            run.attention[0] = torch.empty(0)  # type: ignore[index]

    def test_each_sequence_its_own(self, subject: TransformerSubject, text: Text) -> None:
        texts = [text(9), text(4), text(6)]
        captures = [Capture([0, 1], [8, 2]), None, Capture([1], [5])]
        run = subject.run(texts, capture=captures)
        assert sorted(run.attention) == [0, 1]
        first, second = run.attention[0], run.attention[1]
        assert first.shape == second.shape == (3, 4, 2, 9)
        alone = subject.run(texts[0], capture=captures[0])
        torch.testing.assert_close(first[0], alone.attention[0][0], **CLOSE)
        torch.testing.assert_close(second[0], alone.attention[1][0], **CLOSE)
        assert bool(first[1:].isnan().all())  # nothing was asked for there
        assert bool(second[1].isnan().all())
        alone = subject.run(texts[2], capture=captures[2])
        torch.testing.assert_close(second[2, :, 0, :6], alone.attention[1][0, :, 0], **CLOSE)
        assert bool((second[2, :, 0, 6:] == 0).all())  # keys behind the shorter sequence
        assert bool(second[2, :, 1].isnan().all())  # it has one row only

    def test_of_steered_rows_is_what_was_steered(
        self, subject: TransformerSubject, text: Text
    ) -> None:
        before = subject.run(text(9), capture=Capture([1], [5, 6]))
        after = subject.run(text(9), plan=TRIPLE, capture=Capture([1], [5, 6]))
        factor = torch.ones(9)
        factor[[3, 4]] = 3.0
        expected = before.attention[1][0, :, 0] * factor
        expected /= expected.sum(-1, keepdim=True)
        torch.testing.assert_close(after.attention[1][0, :, 0], expected, **CLOSE)
        assert torch.equal(after.attention[1][0, :, 1], before.attention[1][0, :, 1])

    def test_changes_no_logits(self, subject: TransformerSubject, text: Text) -> None:
        plain = logits(subject.run(text(9), positions="all"))
        captured = subject.run(text(9), positions="all", capture=Capture(range(3), range(9)))
        assert torch.equal(logits(captured), plain)


class TestPositions:
    @pytest.mark.parametrize("plan", [None, TRIPLE])
    @pytest.mark.parametrize("name", sorted(FAMILIES))
    def test_last_is_the_last_of_all(self, name: str, plan: Plan | None) -> None:
        subject = subject_of(name)
        texts = [family_text(9), family_text(7), family_text(12), family_text(12, 1)]
        last = logits(subject.run(texts, plan=plan))
        every = logits(subject.run(texts, plan=plan, positions="all"))
        assert last.shape == (4, 97)
        assert every.shape == (4, 12, 97)
        for number, tokens in enumerate(texts):
            rows = len(tokens)
            torch.testing.assert_close(last[number], every[number, rows - 1], **CLOSE)
            assert bool(every[number, rows:].isnan().all())
            assert bool(every[number, :rows].isfinite().all())

    def test_all_are_the_models(self, subject: TransformerSubject, text: Text) -> None:
        with torch.no_grad():
            expected = subject.model(torch.tensor([text(9).ids])).logits
        found = logits(subject.run(text(9), positions="all"))
        torch.testing.assert_close(found, expected, **CLOSE)

    @pytest.mark.parametrize("layers", [[0], [1], [0, 1], [2]])
    def test_none_stops_behind_the_last_captured_layer(
        self, subject: TransformerSubject, text: Text, layers: list[int]
    ) -> None:
        run = subject.run([text(9), text(5)], capture=Capture(layers, [4, 0]), positions="none")
        assert run.logits is None
        last = max(layers)
        assert run.work.layer_rows == tuple(14 if layer <= last else 0 for layer in range(3))
        full = subject.run([text(9), text(5)], capture=Capture(layers, [4, 0]))
        assert full.work.layer_rows == (14, 14, 14)
        for layer in layers:
            assert torch.equal(run.attention[layer], full.attention[layer])

    def test_none_goes_as_far_as_any_sequence_wants(
        self, subject: TransformerSubject, text: Text
    ) -> None:
        captures = [Capture([0], [4]), None, Capture([1], [2])]
        run = subject.run([text(9), text(5), text(5)], capture=captures, positions="none")
        assert run.work.layer_rows == (19, 19, 0)

    def test_none_may_be_steered(self, subject: TransformerSubject, text: Text) -> None:
        capture = Capture([1], [5])
        stopped = subject.run(text(9), plan=TRIPLE, capture=capture, positions="none")
        full = subject.run(text(9), plan=TRIPLE, capture=capture)
        assert torch.equal(stopped.attention[1], full.attention[1])
        assert stopped.witness == full.witness

    def test_none_computes_no_attention_in_the_last_captured_layer(
        self, subject: TransformerSubject, text: Text, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[int] = []
        original = plip.models.forward.attend_rows

        def counting(call: Any, *args: Any) -> Tensor:
            calls.append(call.layer)
            return original(call, *args)

        monkeypatch.setattr(plip.models.forward, "attend_rows", counting)
        subject.run(text(9), capture=Capture([1], [5]), positions="none")
        assert calls == [0]

    @pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
    def test_dtype_is_wide(self, dtype: str) -> None:
        subject = subject_of("qwen2", dtype)
        wide = torch.float64 if dtype == "float64" else torch.float32
        for positions in ("last", "all"):
            run = subject.run(family_text(7), positions=positions, capture=Capture([1], [3]))  # type: ignore[arg-type]
            assert logits(run).dtype == wide
            assert run.attention[1].dtype == wide


class TestWithoutLogitsToKeep:
    """A model that computes every row's logits, whatever is asked for."""

    class Outer(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner
            self.config = inner.config

        def forward(
            self, input_ids: Tensor, position_ids: Tensor | None = None, use_cache: bool = True
        ) -> SimpleNamespace:
            out = self.inner(input_ids=input_ids, position_ids=position_ids, use_cache=use_cache)
            return SimpleNamespace(logits=out.logits)

    def test_gives_the_same(self, subject: TransformerSubject, text: Text) -> None:
        outer = wrap(self.Outer(subject.model))
        assert subject.anatomy.keeps_logits
        assert not outer.anatomy.keeps_logits
        texts = [text(9), text(7)]
        for options in ({}, {"plan": TRIPLE}, {"positions": "all"}):
            found = logits(outer.run(texts, **options))  # type: ignore[arg-type]
            expected = logits(subject.run(texts, **options))  # type: ignore[arg-type]
            assert found.shape == expected.shape
            torch.testing.assert_close(found, expected, equal_nan=True, **CLOSE)

    def test_keeps_the_rows_that_are_asked_for(
        self, subject: TransformerSubject, text: Text
    ) -> None:
        shapes: list[tuple[int, ...]] = []
        head = subject.model.lm_head  # type: ignore[union-attr]
        hook = head.register_forward_pre_hook(lambda module, args: shapes.append(args[0].shape))  # type: ignore[union-attr, operator]
        subject.run([text(9), text(7)])
        hook.remove()
        assert shapes == [(1, 2, 32)]


class TestOneToken:
    def test_is_a_text(self, subject: TransformerSubject, text: Text) -> None:
        with torch.no_grad():
            expected = subject.model(torch.tensor([text(1).ids])).logits[0]
        run = subject.run(text(1), capture=Capture([0, 2], [0]), positions="all")
        torch.testing.assert_close(logits(run)[0], expected, **CLOSE)
        assert torch.equal(run.attention[2], torch.ones(1, 4, 1, 1))

    def test_among_others(self, subject: TransformerSubject, text: Text) -> None:
        alone = logits(subject.run(text(1)))[0]
        found = logits(subject.run([text(9), text(1), text(1), text(4), text(1)]))
        for number in (1, 2, 4):
            torch.testing.assert_close(found[number], alone, **CLOSE)

    def test_can_be_swept(self, subject: TransformerSubject, text: Text) -> None:
        runs = subject.sweep([text(1), text(9)], [[None, None], [TRIPLE]])
        assert logits(runs[0]).shape == (2, 256)
        torch.testing.assert_close(logits(runs[0])[1], logits(subject.run(text(1)))[0], **CLOSE)

    def test_can_be_a_prefix(self, subject: TransformerSubject, text: Text) -> None:
        whole = text(6)
        prefix = subject.prefill(Tokens("x", whole.ids[:1], whole.spans[:1]))
        torch.testing.assert_close(
            logits(subject.run(whole, prefix=prefix)), logits(subject.run(whole)), **CLOSE
        )

    def test_can_follow_a_prefix(self, subject: TransformerSubject, text: Text) -> None:
        whole = text(6)
        prefix = subject.prefill(Tokens("x" * 5, whole.ids[:5], whole.spans[:5]))
        plan = Plan(Scale(3.0), edges(query=5, keys=[1, 2]), layers=[0, 2])
        found = subject.run(whole, prefix=prefix, plan=plan)
        assert found.work.layer_rows == (1, 1, 1)
        torch.testing.assert_close(logits(found), logits(subject.run(whole, plan=plan)), **CLOSE)


class TestOrder:
    def test_of_a_batch_does_not_matter(self, subject: TransformerSubject, text: Text) -> None:
        texts = [text(9), text(6), text(6, seed=1), text(12), text(9, seed=1)]
        plans = [TRIPLE, None, TRIPLE.then(TRIPLE), Plan(Knockout(), into(2), layers=ALL), TRIPLE]
        captures = [Capture([1], [5]), Capture([1], [2]), None, Capture([1], [7]), None]
        whole = subject.run(texts, plan=plans, capture=captures)
        for order in ([4, 3, 2, 1, 0], [2, 0, 4, 1, 3]):
            run = subject.run(
                [texts[i] for i in order],
                plan=[plans[i] for i in order],
                capture=[captures[i] for i in order],
            )
            torch.testing.assert_close(logits(run), logits(whole)[order], **CLOSE)
            torch.testing.assert_close(
                run.attention[1], whole.attention[1][order], equal_nan=True, **CLOSE
            )
            for place, number in enumerate(order):
                mine, theirs = run.witness[place], whole.witness[number]
                assert (mine is None) == (theirs is None)
                assert mine is None or theirs is None or mine.rows == theirs.rows

    def test_the_same_again_is_the_same(self, subject: TransformerSubject, text: Text) -> None:
        first = subject.run([text(9), text(6)], plan=TRIPLE)
        again = subject.run([text(9), text(6)], plan=TRIPLE)
        assert torch.equal(logits(first), logits(again))
        assert first.witness == again.witness

    def test_one_plan_is_for_all(self, subject: TransformerSubject, text: Text) -> None:
        texts = [text(9), text(6)]
        one = logits(subject.run(texts, plan=TRIPLE))
        each = logits(subject.run(texts, plan=[TRIPLE, TRIPLE]))
        assert torch.equal(one, each)

    def test_inputs_stay(self, subject: TransformerSubject, text: Text) -> None:
        texts, plans = [text(9), text(6)], [TRIPLE, None]
        kept = list(texts), list(plans)
        subject.run(texts, plan=plans)
        subject.sweep(texts, [plans, plans])
        assert (texts, plans) == kept


class TestSweep:
    def test_identities_are_the_baseline_bit_for_bit(
        self, subject: TransformerSubject, text: Text
    ) -> None:
        plans = [None, Plan(Scale(1.0), edges(query=5, keys=[3]), layers=[1]), TRIPLE, None]
        run = subject.sweep([text(9)], [plans])[0]
        assert torch.equal(logits(run)[0], logits(run)[1])
        assert torch.equal(logits(run)[0], logits(run)[3])
        assert not torch.equal(logits(run)[0], logits(run)[2])
        assert [witness is None for witness in run.witness] == [True, False, False, True]

    def test_without_any_plan(self, subject: TransformerSubject, text: Text) -> None:
        runs = subject.sweep(
            [text(9), text(4)], [[None], [None, None]], capture=[Capture([0, 2], [3, 1]), None]
        )
        assert [logits(run).shape[0] for run in runs] == [1, 2]
        torch.testing.assert_close(logits(runs[0]), logits(subject.run(text(9))), **CLOSE)
        full = subject.run(text(9), capture=Capture([0, 2], [3, 1]))
        for layer in (0, 2):
            torch.testing.assert_close(runs[0].attention[layer], full.attention[layer], **CLOSE)
        assert runs[0].work.steered_rows == 0

    def test_does_less_than_the_runs_would(self, subject: TransformerSubject, text: Text) -> None:
        doses = [Plan(Scale(f), edges(query=8, keys=[3]), layers=[1]) for f in (0.5, 2.0, 3.0)]
        run = subject.sweep([text(12)], [[*doses, None]])[0]
        # Layer 0 once, with a row that stands idle; layer 1 once and a row for each dose; in the
        # last layer one row for each logits.
        assert run.work == Work((12 + 1, 12 + 3, 1 + 3), steered_rows=3, key_rows=12 + 3 * 4)

    def test_where_work_cannot_be_shared_every_plan_is_run(self) -> None:
        subject = subject_of("gpt2")
        assert not subject.shares_work
        run = subject.sweep([family_text(9)], [[TRIPLE, None]])[0]
        # What changes nothing is run first: a row's last bit may depend on its place in the batch.
        expected = subject.run([family_text(9)] * 2, plan=[None, TRIPLE])
        assert torch.equal(logits(run), logits(expected).flip(0))
        assert run.work == expected.work

    @pytest.mark.parametrize(
        ("model_type", "options"),
        [
            ("starcoder2", {"sliding_window": 1}),
            ("starcoder2", {"sliding_window": 2}),
            ("llama4_text", {"attention_chunk_size": 2, "moe_layers": []}),
        ],
    )
    def test_where_windows_are_smaller_than_the_probes_edge(
        self, build: Build, text: Text, model_type: str, options: dict[str, Any]
    ) -> None:
        subject = wrap(build(model_type, **options))
        run = subject.sweep([text(9)], [[None]])[0]
        torch.testing.assert_close(logits(run), logits(subject.run(text(9))), **CLOSE)


class TestBlocks:
    """Rows are computed in blocks of bounded size; how large they are must not show."""

    PLANS: Sequence[Plan] = (
        Plan(Scale(3.0), into([1, 2]), layers=[1, 2]),
        Plan(SetValue(0.02), out_of([8, 3, 9]), layers=[0, 3], heads=[0, 2]),
        Plan(Knockout(), edges(query=[6, 7, 8], keys=[3, 5]), layers=ALL),
    )

    @pytest.mark.parametrize("name", ["qwen2", "gemma2", "chunked", "mixed_windows"])
    @pytest.mark.parametrize("size", [1, 100, 150])
    def test_of_steered_rows(self, name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
        subject, tokens = subject_of(name), family_text(12)
        capture = Capture(range(subject.n_layers), [11, 3, 5])
        plans = [plan for plan in self.PLANS if name == "qwen2" or plan is not self.PLANS[2]]
        whole = subject.run([tokens] * len(plans), plan=plans, capture=capture)
        monkeypatch.setattr("plip.kernels.scores._BLOCK", size)
        parts = subject.run([tokens] * len(plans), plan=plans, capture=capture)
        torch.testing.assert_close(logits(parts), logits(whole), **CLOSE)
        for layer, rows in whole.attention.items():
            torch.testing.assert_close(parts.attention[layer], rows, **CLOSE)
        for one, other in zip(parts.witness, whole.witness, strict=True):
            assert one is not None
            assert other is not None
            assert one.rows == other.rows
            for mine, theirs in zip(one.steps, other.steps, strict=True):
                assert (mine.layer, mine.operation, mine.rows) == (
                    theirs.layer,
                    theirs.operation,
                    theirs.rows,
                )
                assert mine.mass_before == pytest.approx(theirs.mass_before, abs=1e-5)
                assert mine.mass_after == pytest.approx(theirs.mass_after, abs=1e-5)
                assert mine.largest_change == pytest.approx(theirs.largest_change, abs=1e-4)


def test_rows_outside_the_window_of_a_key_stay_bit_for_bit(build: Build, text: Text) -> None:
    subject = wrap(build("starcoder2", sliding_window=4))
    plan = Plan(Scale(3.0), into(2), layers=[2])  # the last layer: nothing spreads
    plain = logits(subject.run(text(20), positions="all"))[0]
    steered = logits(subject.run(text(20), plan=plan, positions="all"))[0]
    changed = (plain != steered).any(-1).nonzero().flatten().tolist()
    assert changed == [3, 4, 5]
