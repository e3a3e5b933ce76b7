"""Runs in several threads give what they give alone, and so do the model's own passes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from plip.errors import EmptyRowError
from plip.models import Capture, TransformerSubject, wrap
from plip.models.seam import attached
from plip.plan import Knockout, Plan, Scale, SetValue, edges, into
from plip.text import Tokens

pytestmark = pytest.mark.fast

Build = Callable[..., nn.Module]
Text = Callable[..., Tokens]

PLANS = (
    Plan(Scale(3.0), edges(query=5, keys=[0, 1]), layers=[1]),
    Plan(Knockout(), into(2), layers=[0, 2]),
    Plan(SetValue(0.2), edges(query=[4, 8], keys=[1, 3]), layers=range(3)),
    Plan(Scale(0.25), edges(query=8, keys=[7]), layers=[2], heads=[1, 3]),
)
WAIT = 20.0


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run jobs in a thread each, begun together; return what they return."""
    barrier = threading.Barrier(len(jobs))

    def begin(job: Callable[[], Any]) -> Any:
        barrier.wait(WAIT)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(WAIT) for future in [pool.submit(begin, job) for job in jobs]]


def steer(subject: TransformerSubject, tokens: Tokens, plan: Plan) -> tuple[Tensor, Tensor, Tensor]:
    """Run and sweep a plan several times over, as a thread would."""
    for _ in range(5):
        run = subject.run(tokens, plan=plan, capture=Capture([2], [8]))
        swept = subject.sweep([tokens], [[plan, None]])[0]
    assert run.logits is not None
    assert swept.logits is not None
    return run.logits, run.attention[2], swept.logits


def assert_close(found: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


def test_plans_on_one_subject(build: Build, text: Text) -> None:
    subject = wrap(build())
    assert subject.shares_work
    alone = [steer(subject, text(9 + i), plan) for i, plan in enumerate(PLANS)]
    together = at_once(
        [lambda i=i, p=p: steer(subject, text(9 + i), p) for i, p in enumerate(PLANS)]
    )
    for found, expected in zip(together, alone, strict=True):
        assert_close(found, expected)


def test_subjects_of_their_own(build: Build, text: Text) -> None:
    subjects = [
        wrap(build()),
        wrap(build("starcoder2", sliding_window=6)),
        wrap(build("gemma")),
        wrap(build("llama", num_key_value_heads=4)),
    ]
    plan = Plan(Scale(3.0), edges(query=8, keys=[6, 7]), layers=[1])
    alone = [steer(subject, text(12), plan) for subject in subjects]
    together = at_once([lambda s=s: steer(s, text(12), plan) for s in subjects])
    for found, expected in zip(together, alone, strict=True):
        assert_close(found, expected)


def test_a_failure_in_one_thread_is_its_own(build: Build, text: Text) -> None:
    model = build().train()
    subject = wrap(model)
    _ = subject.shares_work
    empty = Plan(Knockout(), edges(query=2, keys=[0, 1, 2]), layers=[1])
    alone = steer(subject, text(9), PLANS[0])

    def fails() -> None:
        for _ in range(10):
            with pytest.raises(EmptyRowError):
                subject.run(text(9), plan=empty)

    jobs: list[Callable[[], Any]] = [fails, lambda: steer(subject, text(9), PLANS[0])]
    assert_close(at_once(jobs * 2)[1], alone)
    assert model.config._attn_implementation == "sdpa"  # type: ignore[union-attr]
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize(
    ("model_type", "options"),
    [
        ("qwen2", {}),
        ("starcoder2", {"sliding_window": 4}),
        ("gemma2", {"head_dim": 8, "sliding_window": 4, "attn_logit_softcapping": 3.0}),
    ],
)
class TestPlainForward:
    """A forward pass of the model itself, while another thread holds the model."""

    @pytest.fixture
    def model(
        self, build: Build, model_type: str, options: dict[str, Any], implementation: str
    ) -> nn.Module:
        if (model_type, implementation) == ("gemma2", "sdpa"):
            pytest.skip("transformers does not run Gemma2 with SDPA")
        made = build(model_type, **options)
        made.set_attn_implementation(implementation)  # type: ignore[operator]
        return made

    @pytest.mark.parametrize("moment", ["throughout", "at the start only", "from the middle on"])
    def test_is_unaffected(self, model: nn.Module, text: Text, moment: str) -> None:
        ids = torch.tensor([text(12).ids])
        with torch.no_grad():
            expected = model(ids).logits
        held = attached(model)
        turned = []

        def turn(*_: Any) -> None:
            """Let the other thread's run end, or begin, between two layers."""
            if moment != "throughout" and not turned:
                turned.append(moment)
                if moment == "at the start only":
                    held.__exit__(None, None, None)
                else:
                    held.__enter__()

        hook = model.model.layers[1].register_forward_pre_hook(turn)  # type: ignore[union-attr, index, operator]
        if moment != "from the middle on":
            held.__enter__()
        try:
            with torch.no_grad():
                found = model(ids).logits
        finally:
            hook.remove()
            if moment != "at the start only":
                held.__exit__(None, None, None)
        torch.testing.assert_close(found, expected, rtol=0, atol=5e-5)


def test_plain_passes_while_sweeps_run(build: Build, text: Text) -> None:
    model = build()
    subject = wrap(model)
    _ = subject.shares_work
    ids = torch.tensor([text(9).ids])
    with torch.no_grad():
        expected = model(ids).logits

    def plain() -> Tensor:
        with torch.no_grad():
            return torch.stack([model(ids).logits for _ in range(20)])

    found = at_once([plain, lambda: steer(subject, text(9), PLANS[0]), plain])
    for one in (found[0], found[2]):
        torch.testing.assert_close(one, expected.expand_as(one), rtol=0, atol=1e-5)


def test_a_sweep_that_ends_in_the_middle_of_another(build: Build, text: Text) -> None:
    """Its hooks come off while the other thread's pass has still to call them."""
    subject = wrap(build())
    assert subject.shares_work
    expected = subject.sweep([text(9)], [[PLANS[0], None]])[0].logits
    assert expected is not None
    begun, both, ended = threading.Event(), threading.Event(), threading.Event()
    last = subject.anatomy.layers[-1].attention

    def wait(module: nn.Module, args: Any) -> None:
        """Order the two: A begins, B puts its hooks on, A enters the last layer, B ends."""
        name = threading.current_thread().name
        if module is not last and name == "A" and not begun.is_set():
            begun.set()
            both.wait(WAIT)
        elif module is not last and name == "B" and not both.is_set():
            both.set()
            entered.wait(WAIT)
        elif module is last and name == "A" and not entered.is_set():
            entered.set()
            ended.wait(WAIT)

    entered = threading.Event()
    embedding = subject.model.model.embed_tokens  # type: ignore[union-attr]
    hooks = [module.register_forward_pre_hook(wait) for module in (embedding, last)]  # type: ignore[union-attr, operator]
    found: dict[str, Any] = {}

    def sweep() -> None:
        name = threading.current_thread().name
        try:
            found[name] = subject.sweep([text(9)], [[PLANS[0], None]])[0].logits
        except Exception as error:
            found[name] = error

    one = threading.Thread(target=sweep, name="A")
    other = threading.Thread(target=sweep, name="B")
    one.start()
    assert begun.wait(WAIT)
    other.start()
    other.join(WAIT)
    ended.set()
    one.join(WAIT)
    for hook in hooks:
        hook.remove()
    for name in "AB":
        assert isinstance(found[name], Tensor), found[name]
        assert_close([found[name]], [expected])


def test_a_model_wrapped_again_in_the_middle_of_a_run(build: Build, text: Text) -> None:
    """Probing takes a model out of training; a run in another thread must not see it go back."""
    model = build("gpt2", n_layer=2, n_head=4, n_embd=32, n_positions=64, resid_pdrop=0.4).train()
    subject = wrap(model)
    plan = Plan(Scale(3.0), edges(query=5, keys=[0, 1]), layers=[1])
    expected = subject.run(text(9), plan=plan).logits
    assert expected is not None
    probing, running = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def wait(*_: Any) -> None:
        if threading.current_thread().name == "wrap":
            if not probing.is_set():
                probing.set()
                running.wait(WAIT)
        elif not running.is_set():
            running.set()
            other.join(WAIT)

    def again() -> None:
        try:
            wrap(model)
        except Exception as error:
            errors.append(error)

    hook = model.transformer.wte.register_forward_pre_hook(wait)  # type: ignore[union-attr, operator]
    other = threading.Thread(target=again, name="wrap")
    other.start()
    assert probing.wait(WAIT)
    found = subject.run(text(9), plan=plan).logits
    other.join(WAIT)
    hook.remove()
    assert errors == []
    assert found is not None
    assert_close([found], [expected])
    assert all(module.training for module in model.modules())
