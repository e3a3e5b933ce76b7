"""Whatever a run does or fails to do, the model is afterwards as it was found."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from plip.errors import EmptyRowError, NoEffectError
from plip.models import Capture, TransformerSubject, wrap
from plip.models.seam import active
from plip.plan import Knockout, Plan, Scale, edges
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., nn.Module]
Text = Callable[..., Tokens]

TRIPLE = Plan(Scale(3.0), edges(query=5, keys=[0, 1]), layers=[1])
EMPTY = Plan(Knockout(), edges(query=2, keys=[0, 1, 2]), layers=[1])
NOTHING = Plan(Scale(2.0), edges(query=0, keys=[0]), layers=[1])


def whole_state(model: nn.Module) -> dict[str, Any]:
    """Everything of a model that a run might change."""
    return {
        "attention": [
            getattr(getattr(module, "config", None), "_attn_implementation", None)
            for module in model.modules()
        ],
        "training": [module.training for module in model.modules()],
        "hooks": [
            (list(m._forward_hooks), list(m._forward_pre_hooks), list(m._backward_hooks))
            for m in model.modules()
        ],
        "forwards": ["forward" in vars(module) for module in model.modules()],
        "gradients": [parameter.requires_grad for parameter in model.parameters()],
        "weights": {name: tensor.clone() for name, tensor in model.state_dict().items()},
        "buffers": {name: buffer.clone() for name, buffer in model.named_buffers()},
        "config": copy.deepcopy(model.config.to_dict()),  # type: ignore[union-attr, operator]
    }


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name in ("weights", "buffers"):
        assert one[name].keys() == other[name].keys()
        for key, tensor in one[name].items():
            assert torch.equal(tensor, other[name][key]), (name, key)
    for name in one.keys() - {"weights", "buffers"}:
        assert one[name] == other[name], name


@contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    before = whole_state(model)
    yield
    assert_same(before, whole_state(model))
    assert active() is None


@pytest.fixture(params=["eager", "sdpa"])
def model(request: pytest.FixtureRequest, build: Build) -> nn.Module:
    made = build()
    made.set_attn_implementation(request.param)  # type: ignore[operator]
    return made


def logits(subject: TransformerSubject, *args: Any, **options: Any) -> Tensor:
    found = subject.run(*args, **options).logits
    assert found is not None
    return found


CALLS = [
    pytest.param(lambda s, t: s.run(t), id="run"),
    pytest.param(lambda s, t: s.run([t, t], plan=TRIPLE, positions="all"), id="steered"),
    pytest.param(lambda s, t: s.run(t, capture=Capture([1], [3]), positions="none"), id="stopped"),
    pytest.param(lambda s, t: s.prefill(t, plan=TRIPLE), id="prefill"),
    pytest.param(lambda s, t: s.sweep([t], [[TRIPLE, None]]), id="sweep"),
    pytest.param(lambda s, t: s.provenance(), id="provenance"),
]


class TestAsFound:
    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize("training", [False, True])
    def test_after_success(
        self, model: nn.Module, text: Text, call: Callable[..., Any], training: bool
    ) -> None:
        model.train(training)
        with unchanged(model):
            call(wrap(model), text(9))

    @pytest.mark.parametrize("plan", [EMPTY, NOTHING])
    @pytest.mark.parametrize("way", ["run", "prefill", "sweep"])
    def test_after_an_error_of_plip(
        self, model: nn.Module, text: Text, plan: Plan, way: str
    ) -> None:
        subject = wrap(model.train())

        def call() -> object:
            if way == "sweep":
                return subject.sweep([text(9)], [[None, plan]])
            return getattr(subject, way)(text(9), plan=plan)

        with unchanged(model), pytest.raises((EmptyRowError, NoEffectError)):
            call()

    @pytest.mark.parametrize("call", CALLS[:-1])
    @pytest.mark.parametrize("layer", [0, 1, 2])
    @pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
    def test_after_an_error_of_somebody_else(
        self,
        model: nn.Module,
        text: Text,
        call: Callable[..., Any],
        layer: int,
        kind: type[BaseException],
    ) -> None:
        if layer == 2 and call is CALLS[2].values[0]:
            pytest.skip("the run ends before that layer")
        subject = wrap(model)
        _ = subject.shares_work

        def fail(*_: Any) -> None:
            raise kind("somebody else's")

        # The query projection is called in every layer that computes anything.
        attention = model.model.layers[layer].self_attn  # type: ignore[union-attr, index, operator]
        hook = attention.q_proj.register_forward_hook(fail)
        with unchanged(model), pytest.raises(kind, match="somebody else's"):
            call(subject, text(9))
        hook.remove()
        assert torch.equal(logits(subject, text(9)), logits(wrap(model), text(9)))

    def test_its_own_results(self, model: nn.Module, text: Text) -> None:
        ids = torch.tensor([text(9).ids])

        def own() -> tuple[Tensor, Tensor]:
            with torch.no_grad():
                told = model.generate(ids, max_new_tokens=4, do_sample=False)  # type: ignore[operator]
                return model(ids).logits, told

        before = own()
        subject = wrap(model)
        subject.run(text(9), plan=TRIPLE)
        subject.sweep([text(9)], [[TRIPLE, None]])
        with pytest.raises(EmptyRowError):
            subject.run(text(9), plan=EMPTY)
        for one, other in zip(before, own(), strict=True):
            assert torch.equal(one, other)

    def test_gradients_flow_as_before(self, model: nn.Module, text: Text) -> None:
        wrap(model).run(text(9), plan=TRIPLE)
        model(torch.tensor([text(9).ids])).logits.sum().backward()
        assert all(parameter.grad is not None for parameter in model.parameters())

    def test_random_numbers_are_not_drawn(self, model: nn.Module, text: Text) -> None:
        before = torch.get_rng_state()
        subject = wrap(model.train())
        subject.sweep([text(9)], [[TRIPLE, None]])
        subject.run(text(9), plan=TRIPLE)
        assert torch.equal(before, torch.get_rng_state())

    def test_a_users_hooks_stay_and_are_called(self, model: nn.Module, text: Text) -> None:
        seen: list[int] = []
        layer = model.model.layers[1]  # type: ignore[union-attr, index]
        layer.register_forward_pre_hook(lambda *_: seen.append(1))
        layer.register_forward_hook(lambda *_: seen.append(2))
        subject = wrap(model)
        _ = subject.shares_work
        seen.clear()
        with unchanged(model):
            subject.run(text(9))
            assert seen == [1, 2]
            subject.sweep([text(9)], [[TRIPLE]])


class TestTraining:
    """Dropout is off while plip runs a model, and on again afterwards."""

    @pytest.fixture
    def dropping(self, build: Build) -> nn.Module:
        return build(
            "gpt2", n_layer=3, n_head=4, n_embd=32, n_positions=64, resid_pdrop=0.4, attn_pdrop=0.4
        )

    def test_results_are_those_of_evaluation(self, dropping: nn.Module, text: Text) -> None:
        expected = logits(wrap(dropping), text(9), plan=TRIPLE)
        subject = wrap(dropping.train())
        with unchanged(dropping):
            assert torch.equal(logits(subject, text(9), plan=TRIPLE), expected)
            assert torch.equal(logits(subject, text(9), plan=TRIPLE), expected)

    def test_modes_may_be_mixed(self, dropping: nn.Module, text: Text) -> None:
        expected = logits(wrap(dropping), text(9), plan=TRIPLE)
        dropping.train()
        dropping.transformer.h[1].eval()  # type: ignore[union-attr, index, operator]
        dropping.transformer.h[2].attn.eval()  # type: ignore[union-attr, index, operator]
        subject = wrap(dropping)
        with unchanged(dropping):
            assert torch.equal(logits(subject, text(9), plan=TRIPLE), expected)


class TestTwoSubjects:
    def test_on_one_model(self, model: nn.Module, text: Text) -> None:
        one, other = wrap(model), wrap(model)
        with unchanged(model):
            assert torch.equal(
                logits(one, text(9), plan=TRIPLE), logits(other, text(9), plan=TRIPLE)
            )

    def test_on_models_that_share_a_configuration(self, model: nn.Module, text: Text) -> None:
        other = type(model)(model.config).eval()  # type: ignore[call-arg]
        assert other.config is model.config
        one_subject, other_subject = wrap(model), wrap(other)
        alone = [logits(s, text(9), plan=TRIPLE) for s in (one_subject, other_subject)]
        with unchanged(model), unchanged(other):
            both = nested(one_subject, lambda: logits(other_subject, text(9), plan=TRIPLE), text(9))
        assert torch.equal(both[0], alone[0])
        assert torch.equal(both[1], alone[1])

    def test_the_other_model_in_the_middle_of_a_run(self, model: nn.Module, text: Text) -> None:
        # It shares the configuration, so that its forward pass meets the seam without a session.
        other = type(model)(model.config).eval()  # type: ignore[call-arg]
        ids = torch.tensor([text(9).ids])
        with torch.no_grad():
            expected = other(ids).logits

        def plain() -> Tensor:
            with torch.no_grad():
                return other(ids).logits

        found = nested(wrap(model), plain, text(9))[1]
        torch.testing.assert_close(found, expected, rtol=0, atol=5e-5)


def nested(
    subject: TransformerSubject, inner: Callable[[], Tensor], tokens: Tokens
) -> tuple[Tensor, Tensor]:
    """Run a plan, and something else in the middle of it; return the results of both."""
    found: list[Tensor] = []

    def hook(*_: Any) -> None:
        if not found:
            found.append(torch.empty(0))  # before the call: it may come back here
            found[0] = inner()

    handle = subject.anatomy.layers[1].block.register_forward_pre_hook(hook)
    try:
        outer = logits(subject, tokens, plan=TRIPLE)
    finally:
        handle.remove()
    return outer, found[0]


class TestNested:
    def test_another_plan_on_the_same_subject(self, model: nn.Module, text: Text) -> None:
        subject = wrap(model)
        other = Plan(Knockout(), edges(query=[3, 4], keys=[1]), layers=[0, 2])
        alone = logits(subject, text(9), plan=TRIPLE), logits(subject, text(7), plan=other)
        with unchanged(model):
            both = nested(subject, lambda: logits(subject, text(7), plan=other), text(9))
        assert torch.equal(both[0], alone[0])
        assert torch.equal(both[1], alone[1])

    def test_a_sweep_within_a_run(self, model: nn.Module, text: Text) -> None:
        subject = wrap(model)
        assert subject.shares_work

        def sweep() -> Tensor:
            found = subject.sweep([text(7)], [[TRIPLE, None]])[0].logits
            assert found is not None
            return found

        alone = logits(subject, text(9), plan=TRIPLE), sweep()
        with unchanged(model):
            both = nested(subject, sweep, text(9))
        assert torch.equal(both[0], alone[0])
        assert torch.equal(both[1], alone[1])

    def test_a_run_within_a_sweep(self, model: nn.Module, text: Text) -> None:
        subject = wrap(model)

        def sweep() -> Tensor:
            found = subject.sweep([text(9)], [[TRIPLE, None]])[0].logits
            assert found is not None
            return found

        alone = sweep(), logits(subject, text(7), plan=TRIPLE)
        for number in range(3):
            found: list[Tensor] = []

            def hook(*_: Any, found: list[Tensor] = found) -> None:
                if len(found) == 0:
                    found.append(torch.empty(0))
                    found[0] = logits(subject, text(7), plan=TRIPLE)

            attention = subject.anatomy.layers[number].attention
            handle = attention.register_forward_pre_hook(hook)
            with unchanged(model):
                outer = sweep()
            handle.remove()
            assert torch.equal(outer, alone[0])
            assert torch.equal(found[0], alone[1])

    def test_an_inner_error_leaves_the_outer_run_alone(self, model: nn.Module, text: Text) -> None:
        subject = wrap(model)

        def fails() -> Tensor:
            with pytest.raises(EmptyRowError):
                subject.run(text(7), plan=EMPTY)
            return torch.empty(0)

        alone = logits(subject, text(9), plan=TRIPLE)
        with unchanged(model):
            assert torch.equal(nested(subject, fails, text(9))[0], alone)

    def test_a_wrap_within_a_run(self, model: nn.Module, text: Text) -> None:
        subject = wrap(model)
        alone = logits(subject, text(9), plan=TRIPLE)

        def again() -> Tensor:
            return logits(wrap(model), text(9), plan=TRIPLE)

        with unchanged(model):
            both = nested(subject, again, text(9))
        assert torch.equal(both[0], alone)
        assert torch.equal(both[1], alone)
