"""What a run is asked for without meaning is refused, in words, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from plip.errors import (
    ConfigError,
    ContextLengthError,
    EdgeError,
    EmptyRowError,
    HeadError,
    InputError,
    LayerError,
    NoEffectError,
    OperationError,
    PlipError,
    PositionError,
)
from plip.models import Capture, Prefix, TransformerSubject, wrap
from plip.plan import ALL, Knockout, Plan, Scale, SetValue, edges, into, out_of
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., nn.Module]
Text = Callable[..., Tokens]


@pytest.fixture(scope="module")
def subject(build: Build) -> TransformerSubject:
    return wrap(build(), name="tiny")


def text_of(kind: type[PlipError], call: Callable[[], object]) -> str:
    """Return the text of the error, which must be of this very class."""
    with pytest.raises(PlipError) as caught:
        call()
    assert type(caught.value) is kind, repr(caught.value)
    return str(caught.value)


def at(operation: Any, edges: Any, layers: Any = 1, **options: Any) -> Plan:
    return Plan(operation, edges, layers=layers, **options)


def head_of(tokens: Tokens, n: int) -> Tokens:
    return Tokens(tokens.text[:n], tokens.ids[:n], tokens.spans[:n])


class TestTokens:
    @pytest.mark.parametrize("value", [[], "def f", (1, 2), None, 3, [None], torch.tensor([1])])
    @pytest.mark.parametrize("way", ["run", "sweep"])
    def test_that_are_none(self, subject: TransformerSubject, value: Any, way: str) -> None:
        def call() -> object:
            return subject.run(value) if way == "run" else subject.sweep(value, [[None]])

        found = text_of(ConfigError, call)
        assert found.startswith("tokens: wanted plip.Tokens, one or several, found ")

    @pytest.mark.parametrize("value", ["abc", [], (1, 2), None, 3])
    @pytest.mark.parametrize("way", ["prefill", "generate"])
    def test_that_must_be_one_text(self, subject: TransformerSubject, value: Any, way: str) -> None:
        found = text_of(ConfigError, lambda: getattr(subject, way)(value))
        assert found == (
            f"tokens: wanted plip.Tokens, found {value!r}; see the docstring of the call"
        )

    @pytest.mark.parametrize("way", ["prefill", "generate"])
    def test_several_are_not_one(self, subject: TransformerSubject, text: Text, way: str) -> None:
        found = text_of(ConfigError, lambda: getattr(subject, way)([text(3)]))
        assert found.startswith("tokens: wanted plip.Tokens, found [Tokens(")

    @pytest.mark.parametrize("way", ["prefill", "generate"])
    @pytest.mark.parametrize("value", ["scale", [None], 3])
    def test_a_plan_for_one_text(
        self, subject: TransformerSubject, text: Text, way: str, value: Any
    ) -> None:
        found = text_of(ConfigError, lambda: getattr(subject, way)(text(3), plan=value))
        assert found == (
            f"plan: wanted plip.Plan or None, found {value!r}; see the docstring of the call"
        )

    @pytest.mark.parametrize("way", ["run", "batch", "sweep", "prefill"])
    def test_an_empty_text(self, subject: TransformerSubject, text: Text, way: str) -> None:
        empty = Tokens("", (), ())
        calls = {
            "run": lambda: subject.run(empty),
            "batch": lambda: subject.run([text(4), empty]),
            "sweep": lambda: subject.sweep([text(4), empty], [[None], [None]]),
            "prefill": lambda: subject.prefill(empty),
        }
        with pytest.raises(InputError):
            calls[way]()

    @pytest.mark.parametrize("way", ["run", "sweep", "prefill"])
    @pytest.mark.parametrize("token", [256, 10**6, -1])
    def test_a_token_that_the_model_does_not_have(
        self, subject: TransformerSubject, way: str, token: int
    ) -> None:
        # On a GPU this would end the process.
        stranger = Tokens("xx", (5, token), ((0, 1), (1, 2)))
        calls = {
            "run": lambda: subject.run(stranger),
            "sweep": lambda: subject.sweep([stranger], [[None]]),
            "prefill": lambda: subject.prefill(stranger),
        }
        with pytest.raises(InputError, match=str(token)):
            calls[way]()

    @pytest.mark.parametrize("way", ["run", "sweep", "prefill"])
    def test_longer_than_the_context(
        self, subject: TransformerSubject, text: Text, way: str
    ) -> None:
        calls = {
            "run": lambda: subject.run([text(3), text(65)]),
            "sweep": lambda: subject.sweep([text(3), text(65)], [[None], [None]]),
            "prefill": lambda: subject.prefill(text(65)),
        }
        found = text_of(ContextLengthError, calls[way])
        assert found.endswith(
            ": wanted at most 64 tokens, the context of tiny, found 65 tokens; "
            "shorten the text or use a model with a longer context"
        )
        if way == "run":
            assert found.startswith("sequence 1: ")

    def test_as_long_as_the_context(self, subject: TransformerSubject, text: Text) -> None:
        assert subject.run(text(64)).logits is not None


class TestOneEach:
    @pytest.mark.parametrize(
        ("name", "value"), [("plan", None), ("capture", Capture([1], [0])), ("prefix", None)]
    )
    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_as_many_as_sequences(
        self, subject: TransformerSubject, text: Text, name: str, value: Any, count: int
    ) -> None:
        options: dict[str, Any] = {name: [value] * count}
        found = text_of(ConfigError, lambda: subject.run([text(3), text(4)], **options))
        assert found == (
            f"{name}: wanted one for each of the 2 sequences, found {count} of them; "
            "see the docstring of the call"
        )

    @pytest.mark.parametrize("name", ["plan", "capture", "prefix"])
    @pytest.mark.parametrize("value", ["x", 3, [3]])
    def test_of_another_kind(
        self, subject: TransformerSubject, text: Text, name: str, value: Any
    ) -> None:
        options: dict[str, Any] = {name: value}
        with pytest.raises(InputError, match=name):
            subject.run(text(3), **options)

    @pytest.mark.parametrize("positions", ["first", "", None, 0, "LAST"])
    def test_positions(self, subject: TransformerSubject, text: Text, positions: Any) -> None:
        found = text_of(ConfigError, lambda: subject.run(text(3), positions=positions))
        assert found == (
            f"positions: wanted 'last', 'all' or 'none', found {positions!r}; "
            "see the docstring of the call"
        )

    def test_no_logits_and_no_rows(self, subject: TransformerSubject, text: Text) -> None:
        found = text_of(ConfigError, lambda: subject.run(text(3), positions="none"))
        assert found.startswith("capture: wanted rows to capture where no logits are wanted")


class TestSweepPlans:
    @pytest.mark.parametrize("plans", [[], [[None]], [[None], []], [[None]] * 3])
    def test_a_list_for_each_text(
        self, subject: TransformerSubject, text: Text, plans: Any
    ) -> None:
        found = text_of(ConfigError, lambda: subject.sweep([text(3), text(4)], plans))
        assert found.startswith("plans: wanted 2 lists of plans, none empty")

    @pytest.mark.parametrize("plans", [None, 3, [at(Knockout(), into(0))], [[3]], ["x"]])
    def test_of_another_kind(self, subject: TransformerSubject, text: Text, plans: Any) -> None:
        with pytest.raises(InputError):
            subject.sweep([text(3)], plans)

    def test_captures_of_another_number(self, subject: TransformerSubject, text: Text) -> None:
        capture = [Capture([1], [0])]
        call = lambda: subject.sweep([text(3), text(4)], [[None], [None]], capture=capture)  # noqa: E731
        assert text_of(ConfigError, call).startswith("capture: wanted one for each of the 2")


class TestPlans:
    """Every fault is found by run, prefill and sweep alike."""

    @pytest.fixture(params=["run", "prefill", "sweep"])
    def with_plan(
        self, request: pytest.FixtureRequest, subject: TransformerSubject, text: Text
    ) -> Callable[[Plan], object]:
        if request.param == "sweep":
            return lambda plan: subject.sweep([text(9)], [[None, plan]])
        return lambda plan: getattr(subject, request.param)(text(9), plan=plan)

    def test_layer(self, with_plan: Callable[[Plan], object]) -> None:
        found = text_of(
            LayerError, lambda: with_plan(at(Knockout(), edges(query=2, keys=1), [0, 3]))
        )
        assert found == (
            "layer 3: wanted a layer in 0 … 2, found 3; "
            "`plip models` shows how many layers a model has"
        )

    def test_head(self, with_plan: Callable[[Plan], object]) -> None:
        plan = at(Knockout(), edges(query=2, keys=1), heads=[0, 4])
        assert text_of(HeadError, lambda: with_plan(plan)) == (
            "head 4: wanted a query head in 0 … 3, found 4; "
            "heads are query heads, not key-value groups"
        )

    @pytest.mark.parametrize(
        "where", [edges(query=9, keys=0), into(9), out_of(9), edges(query=ALL, keys=[1, 9])]
    )
    def test_position(self, with_plan: Callable[[Plan], object], where: Any) -> None:
        found = text_of(EdgeError, lambda: with_plan(at(Scale(2.0), where)))
        assert "position 9: wanted a position below 9, the number of tokens, found 9" in found

    @pytest.mark.parametrize("where", [into(8), out_of(0)])
    def test_no_edge(self, with_plan: Callable[[Plan], object], where: Any) -> None:
        found = text_of(EdgeError, lambda: with_plan(at(Scale(2.0), where)))
        assert "wanted at least one edge, found none in a text of 9 tokens" in found

    def test_a_row_that_loses_everything(self, with_plan: Callable[[Plan], object]) -> None:
        plan = at(Knockout(), edges(query=2, keys=[0, 1, 2]), heads=[3])
        found = text_of(EmptyRowError, lambda: with_plan(plan))
        assert found.endswith(
            "layer 1, head 3, query 2: wanted a visible key beside the edges to take the rest of "
            "the row, found Knockout() on all that the row still attends to; "
            "leave the row another key, such as the query itself"
        )

    def test_the_first_row_of_every_layer(self, with_plan: Callable[[Plan], object]) -> None:
        found = text_of(EmptyRowError, lambda: with_plan(at(Scale(0.0), into(0, own=True), ALL)))
        assert "layer 0, head 0, query 0:" in found

    @pytest.mark.parametrize("where", [edges(query=8, keys=[1, 2, 3]), out_of(3)])
    def test_more_than_all_attention(self, with_plan: Callable[[Plan], object], where: Any) -> None:
        found = text_of(OperationError, lambda: with_plan(at(SetValue(0.4), where)))
        assert "wanted 3 edges of a row to need at most all of its attention" in found
        assert found.endswith("ask for at most 0.333333")

    def test_attention_may_be_spread_over_all_of_a_row(
        self, with_plan: Callable[[Plan], object]
    ) -> None:
        # The mass of the edges is 1 before and after; each of them changes.
        with_plan(at(SetValue(1 / 3), out_of(2, own=True)))

    def test_a_whole_row_that_is_scaled(self, with_plan: Callable[[Plan], object]) -> None:
        found = text_of(NoEffectError, lambda: with_plan(at(Scale(2.0), edges(query=0, keys=0))))
        assert found.endswith(
            "wanted Scale(factor=2.0) to change the weight of its edges, "
            "found the same mass before and after: 1 in layer 1; "
            "check positions, heads and layers against the text; "
            "edges that carry no attention, or make up all of their row, cannot be steered"
        )

    def test_one_step_of_two_without_effect(self, with_plan: Callable[[Plan], object]) -> None:
        works = at(Scale(2.0), edges(query=4, keys=1))
        fails = at(Knockout(), edges(query=4, keys=1))
        text_of(NoEffectError, lambda: with_plan(works.then(fails).then(fails)))


@pytest.fixture(scope="module")
def windowed(build: Build) -> TransformerSubject:
    return wrap(build("starcoder2", sliding_window=4))


class TestWindows:
    @pytest.mark.parametrize("way", ["run", "sweep"])
    def test_a_listed_edge_outside(
        self, windowed: TransformerSubject, text: Text, way: str
    ) -> None:
        plan = at(Scale(2.0), edges(query=8, keys=[4, 5, 6]))

        def call() -> object:
            if way == "run":
                return windowed.run(text(9), plan=plan)
            return windowed.sweep([text(9)], [[plan]])

        found = text_of(EdgeError, call)
        assert "layer 1, query 8: wanted every key of " in found
        assert found.endswith(
            "to be visible, found 1 outside the layer's window; "
            "steer a layer with full attention, or edges within the window"
        )

    def test_the_last_edge_inside(self, windowed: TransformerSubject, text: Text) -> None:
        run = windowed.run(text(9), plan=at(Scale(2.0), edges(query=8, keys=[5])))
        assert run.witness[0] is not None

    def test_all_edges_into_a_key_are_those_that_there_are(
        self, windowed: TransformerSubject, text: Text
    ) -> None:
        (witness,) = windowed.run(text(9), plan=at(Scale(2.0), into(2))).witness
        assert witness is not None
        assert [step.rows for step in witness.steps] == [3]

    def test_all_attention_is_that_of_the_window(
        self, windowed: TransformerSubject, text: Text
    ) -> None:
        windowed.run(text(9), plan=at(SetValue(0.33), out_of(8)))
        found = text_of(
            OperationError, lambda: windowed.run(text(9), plan=at(SetValue(0.34), out_of(8)))
        )
        assert "3 × 0.34 = 1.02 > 1" in found


class TestCapture:
    @pytest.mark.parametrize("layers", [[], [-1], [True], ["a"], [1.0], [None], [1, "a"], 3, None])
    def test_layers(self, layers: Any) -> None:
        found = text_of(LayerError, lambda: Capture(layers, [0]))
        assert found.startswith("Capture: wanted at least one layer index ≥ 0, found ")

    @pytest.mark.parametrize("queries", [[], [-1], [True], ["a"], [1.0], [1, 1], 3, None])
    def test_queries(self, queries: Any) -> None:
        found = text_of(PositionError, lambda: Capture([0], queries))
        assert found.startswith("Capture: wanted at least one query position ≥ 0, each once, found")

    def test_keeps_the_order_of_queries_and_sorts_layers(self) -> None:
        capture = Capture([2, 0, 2], [5, 1, 3])
        assert capture.layers == (0, 2)
        assert capture.queries == (5, 1, 3)
        assert Capture(range(2), iter([1])) == Capture([1, 0], (1,))

    def test_of_a_layer_that_is_not_there(self, subject: TransformerSubject, text: Text) -> None:
        call = lambda: subject.run([text(3), text(4)], capture=Capture([0, 3], [1]))  # noqa: E731
        assert text_of(LayerError, call) == (
            "sequence 0, capture: wanted a layer in 0 … 2, found 3; "
            "`plip models` shows how many layers a model has"
        )

    @pytest.mark.parametrize("way", ["run", "sweep"])
    def test_of_a_row_behind_the_text(
        self, subject: TransformerSubject, text: Text, way: str
    ) -> None:
        capture = Capture([1], [0, 3])

        def call() -> object:
            if way == "run":
                return subject.run(text(3), capture=capture)
            return subject.sweep([text(3)], [[None]], capture=[capture])

        who = "sequence" if way == "run" else "sequence 0, plan 0"
        assert text_of(PositionError, call) == (
            f"{who}, capture: wanted query positions in 0 … 2, found [0, 3]; "
            "capture rows that this run computes"
        )


@pytest.fixture(scope="module")
def prefix(subject: TransformerSubject, text: Text) -> Prefix:
    return subject.prefill(head_of(text(9), 5))


class TestPrefix:
    @pytest.mark.parametrize("n", [1, 4, 5])
    def test_of_a_text_that_does_not_go_on(
        self, subject: TransformerSubject, text: Text, prefix: Prefix, n: int
    ) -> None:
        call = lambda: subject.run(head_of(text(9), n), prefix=prefix)  # noqa: E731
        assert text_of(ConfigError, call) == (
            "sequence, prefix: wanted a text that begins with the prefix and goes on after it, "
            f"found {n} tokens against a prefix of 5; "
            "prefill with the first tokens of the same text"
        )

    def test_of_another_text(self, subject: TransformerSubject, text: Text, prefix: Prefix) -> None:
        text_of(ConfigError, lambda: subject.run(text(9, seed=1), prefix=prefix))

    def test_rows_that_it_has_computed_cannot_be_captured(
        self, subject: TransformerSubject, text: Text, prefix: Prefix
    ) -> None:
        call = lambda: subject.run(text(9), prefix=prefix, capture=Capture([1], [4, 5]))  # noqa: E731
        assert "wanted query positions in 5 … 8, found [4, 5]" in text_of(PositionError, call)

    @pytest.mark.parametrize(
        "where",
        [
            edges(query=[4, 8], keys=[0]),
            edges(query=[4, 8], keys=ALL),
            out_of([4, 8]),
            out_of([4, 8], own=True),
            out_of(4),
        ],
    )
    def test_rows_that_it_has_computed_cannot_be_steered(
        self, subject: TransformerSubject, text: Text, prefix: Prefix, where: Any
    ) -> None:
        call = lambda: subject.run(text(9), prefix=prefix, plan=at(Scale(2.0), where))  # noqa: E731
        assert text_of(EdgeError, call) == (
            "sequence, query 4: wanted a row after the prefix, from position 5, "
            "found a row that the prefix has already computed; "
            "give the plan to prefill, or name later queries"
        )

    def test_rows_after_it_can_be_steered(
        self, subject: TransformerSubject, text: Text, prefix: Prefix
    ) -> None:
        run = subject.run(text(9), prefix=prefix, plan=at(Scale(2.0), out_of([5, 8])))
        assert run.witness[0] is not None
        assert run.witness[0].rows == 2

    def test_all_rows_into_a_key_are_those_that_are_left(
        self, subject: TransformerSubject, text: Text, prefix: Prefix
    ) -> None:
        run = subject.run(text(9), prefix=prefix, plan=at(Scale(2.0), into(2)))
        assert run.witness[0] is not None
        assert run.witness[0].rows == 4

    @pytest.mark.parametrize("options", [{"num_hidden_layers": 4}, {"num_key_value_heads": 4}])
    def test_of_another_model(
        self, build: Build, text: Text, prefix: Prefix, options: dict[str, int]
    ) -> None:
        with pytest.raises(InputError):
            wrap(build(**options)).run(text(9), prefix=prefix)


@pytest.fixture(scope="module")
def long(build: Build) -> TransformerSubject:
    rotary = {
        "rope_type": "longrope",
        "short_factor": [1.0] * 4,
        "long_factor": [4.0] * 4,
        "rope_theta": 10000.0,
        "factor": 4.0,
        "original_max_position_embeddings": 16,
    }
    return wrap(build("phi3", original_max_position_embeddings=16, rope_parameters=rotary))


class TestLongRotaryEmbeddings:
    """Phi-3's long forms choose their frequencies by the longest text of a batch."""

    @pytest.mark.parametrize(("short", "over"), [(10, 40), (16, 17)])
    def test_texts_of_both_sides_are_kept_apart(
        self, long: TransformerSubject, text: Text, short: int, over: int
    ) -> None:
        call = lambda: long.run([text(short), text(over)])  # noqa: E731
        assert "run them apart" in text_of(ConfigError, call)

    def test_texts_of_a_sweep_do_not_change_each_other(
        self, long: TransformerSubject, text: Text
    ) -> None:
        try:
            runs = long.sweep([text(10), text(40)], [[None], [None]])
        except ConfigError:
            return
        for run, n in zip(runs, (10, 40), strict=True):
            alone = long.run(text(n)).logits
            assert run.logits is not None
            assert alone is not None
            torch.testing.assert_close(run.logits, alone, rtol=0, atol=2e-5)

    def test_a_prefix_of_the_other_side_is_refused(
        self, long: TransformerSubject, text: Text
    ) -> None:
        prefix = long.prefill(head_of(text(40), 10))
        text_of(ConfigError, lambda: long.run(text(40), prefix=prefix))

    def test_each_side_is_right_by_itself(self, long: TransformerSubject, text: Text) -> None:
        for n in (10, 16, 17, 40, 9):
            with torch.no_grad():
                expected = long.model(torch.tensor([text(n).ids])).logits[0, -1]
            found = long.run(text(n)).logits
            assert found is not None
            torch.testing.assert_close(found[0], expected, rtol=0, atol=2e-5)
