"""What experiments save by batches and shared work, as ratios taken round by round.

On the bundled models, and one of their size with twelve layers. `tox run -e bench`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

import plip
from plip.experiments import (
    AblateConfig,
    DoseResponseConfig,
    PersistenceConfig,
    ScanConfig,
    persistence,
)
from plip.experiments.aims import Aim
from plip.experiments.layers import choose_layers
from plip.experiments.prompting import place
from plip.experiments.samples import locate
from plip.models import Subject, TransformerSubject
from plip.plan import Edges, Knockout, Operation, Plan, Scale, edges, into
from plip.text import Located, bundled_corpus, bundled_prompts

pytestmark = pytest.mark.bench

ROUNDS = 3


@pytest.fixture(params=["transformer", "rwkv6"])
def bundled(request: pytest.FixtureRequest) -> Subject:
    """A bundled model, on one thread."""
    torch.set_num_threads(1)
    return plip.load(f"bundled:{request.param}", device="cpu")


@pytest.fixture(scope="module")
def twelve() -> TransformerSubject:
    """A Qwen2 as wide as the bundled one, with twelve layers of random weights and its tokens."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    small = plip.load("bundled:transformer", device="cpu")
    config = AutoConfig.for_model(
        "qwen2",
        vocab_size=2048,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=12,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=1024,
    )
    found = plip.wrap(AutoModelForCausalLM.from_config(config).eval(), small.tokenizer)
    assert isinstance(found, TransformerSubject)
    return found


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def median_ratio(
    name: str, call: Callable[[], Any], reference: Callable[[], Any], *, share: float = 1
) -> float:
    """Return the time of a call as a part of the reference's: the median of rounds.

    Args:
        name: what is measured.
        call: what is to be fast.
        reference: what it is compared with.
        share: which part of what the call does the reference does.
    """
    call()
    found = [share * seconds(call) / seconds(reference) for _ in range(ROUNDS)]
    print(f"\n{name}: {statistics.median(found):.3f}, {[f'{each:.3f}' for each in found]}")
    return statistics.median(found)


def test_the_persistence_grid(bundled: Subject) -> None:
    """Three prompts, five scales, 30 samples: against one sequence after another.

    Of the 30 sequences of each cell the reference writes one.
    """
    prompts, config = bundled_prompts("persistence-paper"), PersistenceConfig(controls=())
    layers = choose_layers(None, bundled).layers
    aims = [Aim(placed, layers, token=placed.marker) for placed in place(prompts, bundled, config)]
    assert (len(aims), len(config.scales), config.samples) == (3, 5, 30)

    def one_by_one() -> None:
        for aim in aims:
            for seed, scale in enumerate(config.scales):
                bundled.generate(
                    aim.placed.tokens,
                    plan=aim.plan([scale]),
                    max_new_tokens=config.max_new_tokens,
                    temperature=0.8,
                    seed=seed,
                )

    def grid() -> None:
        assert len(list(persistence.run(config, bundled, prompts))) == 16

    name = f"persistence grid, {bundled.name}"
    assert median_ratio(name, grid, one_by_one, share=1 / config.samples) <= 1 / 8


def _check_and_compare(
    name: str, subject: Subject, located: Sequence[Located], plans: Sequence[Sequence[Plan]]
) -> float:
    """Compare a sweep with a steered forward for each plan, whose logits it must give."""
    texts = [item.tokens for item in located]

    def sweep() -> torch.Tensor:
        return torch.cat([run.logits for run in subject.sweep(texts, plans)])  # type: ignore[misc]  # wanted

    def each() -> torch.Tensor:
        return torch.cat(
            [
                subject.run(text, plan=plan).logits  # type: ignore[misc]  # wanted
                for text, mine in zip(texts, plans, strict=True)
                for plan in mine
            ]
        )

    assert float((sweep() - each()).abs().max()) <= 2e-4
    return median_ratio(name, sweep, each)


def _edges(item: Located, subject: Subject) -> Edges:
    if subject.mechanism == "state":
        return into(item.query)
    return edges(query=item.query, keys=item.keys)


def _measured(config: Any, subject: Subject) -> list[Located]:
    """Pick the texts of an experiment whose prediction is reached."""
    located = locate(config, subject, bundled_corpus())
    return [item for item in located if item.excluded is None and item.query < len(item.tokens) - 1]


def _scales(doses: Sequence[float]) -> list[Operation]:
    return [Scale(dose) for dose in doses if dose != 1]


@pytest.mark.parametrize("steered", ["dose-response", "scan"])
def test_dose_response_of_every_layer(bundled: Subject, steered: str) -> None:
    """Against a steered forward for each layer and dose."""
    few = {"max_samples": 5}
    config = DoseResponseConfig(**few) if steered == "dose-response" else ScanConfig(**few)
    located = _measured(config, bundled)
    plans = [
        [
            Plan(operation, _edges(item, bundled), layers=[layer])
            for layer in range(bundled.n_layers)
            for operation in _scales(config.doses)
        ]
        for item in located
    ]
    name = f"{len(located)} texts × {len(plans[0])} layers and doses, {bundled.name}"
    assert _check_and_compare(name, bundled, located, plans) <= 0.40


@pytest.mark.parametrize("what", ["edges", "into"])
def test_ablation_layer_by_layer(twelve: TransformerSubject, what: str) -> None:
    """Against a steered forward for each layer."""
    located = _measured(AblateConfig(max_samples=4), twelve)
    plans = [
        [
            Plan(
                Knockout(),
                _edges(item, twelve) if what == "edges" else into(item.query),
                layers=[layer],
            )
            for layer in range(12)
        ]
        for item in located
    ]
    name = f"{len(located)} texts × 12 layers, {what}"
    assert _check_and_compare(name, twelve, located, plans) <= 0.60
