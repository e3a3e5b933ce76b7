"""`generate` of transformers on the recurrent state: every way of it against plain forwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from plip.models.rwkv6 import Rwkv6ForCausalLM, Rwkv6State

pytestmark = pytest.mark.fast

Ids = Callable[..., Tensor]
NEW = 12


def greedy(model: Any, text: Tensor, n: int = NEW) -> Tensor:
    """Run the whole text again for every token; 0, which ends a text, is never chosen."""
    with torch.no_grad():
        for _ in range(n):
            logits = model(text, use_cache=False).logits[:, -1]
            logits[:, 0] = -torch.inf
            text = torch.cat([text, logits.argmax(-1, keepdim=True)], dim=1)
    return text


def generate(model: Any, text: Tensor, **options: Any) -> Any:
    """Generate as many tokens as `greedy` does."""
    defaults = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False, "pad_token_id": 0}
    if "attention_mask" not in options:
        options["attention_mask"] = torch.ones_like(text)
    return model.generate(text, **(defaults | options))


@pytest.mark.parametrize("n", [1, 5, 30])
@pytest.mark.parametrize("use_cache", [True, False])
def test_greedy(model: Rwkv6ForCausalLM, ids: Ids, n: int, use_cache: bool) -> None:
    text = ids(n, batch=2)
    found = generate(model, text, use_cache=use_cache)
    assert torch.equal(found, greedy(model, text))
    assert len(found.unique()) > 5


def test_one_token_at_a_time_goes_in(
    model: Rwkv6ForCausalLM, ids: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[int] = []
    embed = model.rwkv.embeddings.forward

    def noting(given: Tensor) -> Tensor:
        widths.append(given.shape[1])
        return embed(given)

    monkeypatch.setattr(model.rwkv.embeddings, "forward", noting)
    generate(model, ids(5))
    assert widths == [5] + [1] * (NEW - 1)


@pytest.mark.parametrize("several", [1, 4])
def test_sampling(model: Rwkv6ForCausalLM, ids: Ids, several: int) -> None:
    text = ids(6, batch=2)

    def sample(use_cache: bool, seed: int) -> Tensor:
        torch.manual_seed(seed)
        return generate(
            model,
            text,
            do_sample=True,
            temperature=0.8,
            top_k=0,
            num_return_sequences=several,
            use_cache=use_cache,
        )

    with torch.random.fork_rng(devices=[]):
        found = sample(True, 0)
        assert found.shape == (2 * several, 6 + NEW)
        assert torch.equal(found, sample(False, 0))
        assert not torch.equal(found, sample(True, 1))
    assert len({tuple(row) for row in found.tolist()}) == 2 * several


@pytest.mark.parametrize("several", [1, 3])
def test_beams(model: Rwkv6ForCausalLM, ids: Ids, several: int) -> None:
    text = ids(6, batch=2)
    beams = {"num_beams": 3, "num_return_sequences": several}
    found = generate(model, text, **beams)
    assert torch.equal(found, generate(model, text, use_cache=False, **beams))
    assert not torch.equal(found[::several], greedy(model, text))


def test_beams_follow_their_states(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    state = model(ids(5, batch=3)).past_key_values
    order = torch.tensor([2, 2, 0])
    found = model._reorder_cache(state, order)
    for one, other in zip(found.layers, state.layers, strict=True):
        assert torch.equal(one.wkv, other.wkv[order])
        assert torch.equal(one.time_shift, other.time_shift[order])
        assert torch.equal(one.channel_shift, other.channel_shift[order])


def test_a_state_is_continued(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    text = ids(9, batch=2)
    with torch.no_grad():
        state = model(text[:, :6]).past_key_values
    kept = state.clone()
    found = generate(model, text, past_key_values=state)
    assert torch.equal(found, greedy(model, text))
    for one, other in zip(state.layers, kept.layers, strict=True):
        assert torch.equal(one.wkv, other.wkv)


def test_a_state_may_be_continued_in_several_ways(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    text = ids(9, batch=2)
    with torch.no_grad():
        state = model(text[:, :8]).past_key_values
    options = {"do_sample": True, "top_k": 0, "num_return_sequences": 4}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        found = generate(model, text, past_key_values=state.repeat(4), **options)
        torch.manual_seed(0)
        assert torch.equal(found, generate(model, text, **options))


def test_the_state_comes_back_and_goes_on(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    text = ids(9)
    first = generate(model, text, return_dict_in_generate=True)
    state = first.past_key_values
    assert isinstance(state, Rwkv6State)
    # The last token has not been read yet.
    assert state.seen == 9 + NEW - 1
    found = generate(model, first.sequences, past_key_values=state)
    assert torch.equal(found, greedy(model, text, 2 * NEW))


def test_what_generate_asks_of_a_state(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    """On other devices it asks more of it than on a CPU."""
    state = model(ids(5)).past_key_values
    assert (state.is_compileable, state.is_croppable) == (False, False)


def test_a_padded_batch_is_its_sequences(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    texts = [ids(n, seed=n) for n in (3, 8, 20)]
    padded = torch.zeros(3, 20, dtype=torch.long)
    mask = torch.zeros(3, 20, dtype=torch.long)
    for row, text in enumerate(texts):
        padded[row, 20 - text.shape[1] :] = text
        mask[row, 20 - text.shape[1] :] = 1
    for options in ({}, {"num_beams": 2}):
        found = generate(model, padded, attention_mask=mask, **options)
        for row, text in enumerate(texts):
            alone = generate(model, text, **options)
            assert torch.equal(found[row, 20:], alone[0, text.shape[1] :])


def test_the_end_of_a_text_ends_it(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    text = ids(5, batch=2)
    plain = greedy(model, text)
    end = int(plain[0, 7])
    found = generate(model, text, min_new_tokens=0, eos_token_id=end)
    stops = plain[0].tolist().index(end, 5) + 1
    assert found[0, :stops].tolist() == plain[0, :stops].tolist()
    assert (found[0, stops:] == 0).all()


def test_embeddings_may_begin_a_text(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    embedded = model.get_input_embeddings()(ids(5))
    found = generate(
        model, ids(5), inputs_embeds=embedded, attention_mask=torch.ones(1, 5, dtype=torch.long)
    )
    assert torch.equal(found[:, -NEW:], greedy(model, ids(5))[:, 5:])


def test_scores_and_hidden_states(model: Rwkv6ForCausalLM, ids: Ids) -> None:
    made = generate(
        model,
        ids(5),
        return_dict_in_generate=True,
        output_logits=True,
        output_hidden_states=True,
    )
    with torch.no_grad():
        whole = model(made.sequences[:, :-1]).logits[0, 4:]
    assert (torch.cat(made.logits) - whole).abs().max() <= 1e-6
    assert [len(step) for step in made.hidden_states] == [4] * NEW
