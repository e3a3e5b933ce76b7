"""Keys and values of a text that goes on: as if they had been put together anew each time."""

from __future__ import annotations

import pytest
import torch

from plip.models import TransformerSubject
from plip.models.memory import GrowingMemory
from plip.plan import Plan, Scale, into

pytestmark = pytest.mark.fast


def _rows(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("step", [1, 7, 100])
def test_rows_stand_behind_one_another(step: int) -> None:
    prompt = {layer: (_rows(2, 5, 4, seed=layer), _rows(2, 5, 4, seed=9)) for layer in (0, 3)}
    memory = GrowingMemory(prompt, 3)
    for layer in (0, 3):
        keys, values = (rows.expand(3, 2, 5, 4) for rows in prompt[layer])
        for first in range(5, 205, step):
            key, value = _rows(3, 2, step, 4, seed=first), _rows(3, 2, step, 4, seed=-first)
            keys, values = torch.cat([keys, key], dim=2), torch.cat([values, value], dim=2)
            found = memory.grow(layer, first, key, value)
            assert torch.equal(found[0], keys)
            assert torch.equal(found[1], values)


def test_the_prompt_is_not_written_to() -> None:
    prompt = _rows(1, 4, 2, seed=0)
    before = prompt.clone()
    memory = GrowingMemory({0: (prompt, prompt)}, 2)
    for first in (4, 5):
        rows = _rows(2, 1, 1, 2, seed=first)
        memory.grow(0, first, rows, rows)
    assert torch.equal(prompt, before)


@pytest.mark.parametrize("steer", ["prompt", "throughout"])
def test_a_long_continuation_is_that_of_a_prefix(tiny: TransformerSubject, steer: str) -> None:
    """Longer than the room that is made at once."""
    tokens = tiny.tokenize("fn one() -> u8 {\n    1\n}\n")
    plan = Plan(Scale(20.0), into(2), layers=[1])
    options = {"plan": plan, "steer": steer, "max_new_tokens": 140}
    (found,) = tiny.generate(tokens, **options).continuations  # type: ignore[arg-type]  # of many kinds
    again = tiny.generate(tokens, **(options | {"max_new_tokens": 30})).continuations  # type: ignore[arg-type]
    assert again[0].ids == found.ids[:30]
    text = tiny.tokenize("fn one() -> u8 {\n    1\n}\n")
    assert len(found.ids) > 70
    whole = type(text)(
        text.text,
        (*text.ids, *found.ids[:-1]),
        text.spans + ((len(text.text),) * 2,) * (len(found.ids) - 1),
    )
    if steer == "throughout":
        run = tiny.run(whole, plan=plan)
    else:
        run = tiny.run(whole, prefix=tiny.prefill(tokens, plan=plan))
    assert run.logits is not None
    assert int(run.logits[0].argmax()) == found.ids[-1]
