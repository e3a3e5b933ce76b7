"""Generation: against direct calls of `subject.generate`; resumption; what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from interrupted import Interrupted

from plip.errors import (
    ConfigError,
    ContextLengthError,
    EdgeError,
    LayerError,
    OutputError,
    PositionError,
)
from plip.experiments import GenerateConfig, carry_out, generate
from plip.experiments.aims import what_is_steered
from plip.experiments.continuations import draw_seed, proportion
from plip.experiments.prompt_config import PromptConfig
from plip.experiments.prompting import place
from plip.measure import GeneratedCode, compare_detectors, first_difference, similarity
from plip.models import Rwkv6Subject, TransformerSubject
from plip.plan import Plan, Scale, into
from plip.records import AnyRecord, GenerationSample, GenerationSummary, read_run
from plip.text import Prompt, Prompts

pytestmark = pytest.mark.fast

Subject = TransformerSubject | Rwkv6Subject

PYTHON = (
    'def add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n\n\n'
    "def sub(a, b):\n"
)
RUST = (
    "fn two() -> u8 {\n    2\n}\n\n#[test]\nfn test_two() {\n    assert_eq!(two(), 2);\n}\n\n"
    "fn three() {\n"
)

PROMPTS = Prompts(
    (
        Prompt("py", "python", "doctests", PYTHON, PYTHON.index(">>>"), ">>>"),
        Prompt("rs", "rust", "tests", RUST, RUST.index("#["), "#[test]"),
        Prompt("rs_2", "rust", "tests", "// x\n" + RUST, RUST.index("#[") + 5, "#[test]"),
    )
)
CONFIG = GenerateConfig(
    layer=1, scale=40.0, temperature=1.0, samples=3, max_new_tokens=6, seed=3, controls=()
)


@pytest.fixture(params=["transformer", "recurrent"])
def subject(
    request: pytest.FixtureRequest, tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject
) -> Subject:
    return tiny if request.param == "transformer" else tiny_recurrent


def _run(
    config: GenerateConfig, subject: Subject, prompts: Prompts = PROMPTS
) -> tuple[list[GenerationSample], GenerationSummary]:
    *samples, summary = generate.run(config, subject, prompts)
    assert isinstance(summary, GenerationSummary)
    return [sample for sample in samples if isinstance(sample, GenerationSample)], summary


@pytest.mark.parametrize("steer", ["prompt", "throughout"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_records_are_what_direct_calls_give(
    subject: Subject, temperature: float, steer: Any
) -> None:
    config = CONFIG.model_copy(
        update={"temperature": temperature, "samples": 3 if temperature else 1, "steer": steer}
    )
    samples, _ = _run(config, subject)
    assert [sample.prompt for sample in samples] == ["py", "rs", "rs_2"]
    differing = 0
    for sample, prompt in zip(samples, PROMPTS, strict=True):
        tokens = subject.tokenize(prompt.text)
        marker = tokens.at(prompt.marker)
        assert (sample.n_tokens, sample.marker) == (len(tokens), marker)
        assert sample.distance_tokens == len(tokens) - marker
        assert (sample.language, sample.category) == (prompt.language, prompt.category)
        assert (sample.family, sample.distance, sample.chat) == (None, None, False)
        assert sample.marker_is_first is False
        assert (sample.aim.layers, sample.aim.factors) == ((1,), (40.0,))
        assert (sample.temperature, sample.aim.control, sample.aim.token) == (
            temperature, None, marker,
        )  # fmt: skip
        plan = Plan(Scale(40.0), into(marker), layers=[1])
        assert sample.aim.plan_hash == plan.digest
        options: dict[str, Any] = {
            "steer": steer,
            "max_new_tokens": 6,
            "temperature": temperature,
            "samples": config.samples,
            "seed": draw_seed(3, prompt.id, temperature),
        }
        baseline = subject.generate(tokens, **options).continuations
        steered = subject.generate(tokens, plan=plan, **options).continuations
        for pair, one, other in zip(sample.pairs, baseline, steered, strict=True):
            assert (pair.baseline.ids, pair.baseline.text) == (one.ids, one.text)
            assert (pair.steered.ids, pair.steered.text) == (other.ids, other.text)
            assert (pair.baseline.ended, pair.steered.ended) == (one.ended, other.ended)
            assert pair.identical == (one.ids == other.ids and one.ended == other.ended)
            assert pair.first_difference == first_difference(one.ids, other.ids)
            assert pair.witness is not None
            assert pair.witness.mechanism == subject.mechanism
            differing += not pair.identical
    assert differing or (temperature == 0 and subject.mechanism == "state")


def test_what_is_measured_of_a_pair(tiny: TransformerSubject) -> None:
    samples, _ = _run(CONFIG, tiny)
    for sample, prompt in zip(samples, PROMPTS, strict=True):
        for pair in sample.pairs:
            codes = [
                GeneratedCode(prompt.text, each.text, prompt.language)
                for each in (pair.baseline, pair.steered)
            ]
            for each, code in zip((pair.baseline, pair.steered), codes, strict=True):
                found = compare_detectors(code)
                assert each.detection.paper == found.paper.patterns
                assert each.detection.parses == found.parsed.parses
                assert each.detection.reasons == found.reasons
            alike = similarity(*codes)
            assert pair.similarity.edit == pytest.approx(alike.edit)
            assert pair.similarity.bleu == pytest.approx(alike.bleu)
            assert pair.similarity.chrf == pytest.approx(alike.chrf)


def test_the_witness(tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject) -> None:
    greedy = GenerateConfig(layer=1, scale=40.0, max_new_tokens=5, controls=())
    for steer, more in (("prompt", 0), ("throughout", 4)):
        samples, _ = _run(greedy.model_copy(update={"steer": steer}), tiny)
        for sample in samples:
            (pair,) = sample.pairs
            assert pair.witness is not None
            # The rows behind the marker; the last new token is never read.
            assert pair.witness.least == sample.distance_tokens - 1 + more
            assert pair.witness.before < pair.witness.after <= 1
            assert pair.witness.remaining is None
            assert 0 < pair.witness.largest_change <= 1
            assert pair.witness.largest_error < 1e-5
    (sample, *_), _ = _run(greedy, tiny_recurrent)
    witness = sample.pairs[0].witness
    assert witness is not None
    assert witness.least == 1
    assert witness.before < witness.after
    assert witness.remaining is not None
    assert witness.remaining > 0


def test_scale_1_is_no_steering(subject: Subject) -> None:
    samples, summary = _run(CONFIG.model_copy(update={"scale": 1.0}), subject)
    for sample in samples:
        assert sample.aim.plan_hash is None
        assert sample.plan_hashes == ()
        assert sample.controls == ()
        assert all(pair.identical and pair.witness is None for pair in sample.pairs)
        assert all(pair.first_difference is None for pair in sample.pairs)
    assert summary.groups[0].identical == summary.groups[0].pairs == 9
    assert summary.controls == ()


def test_the_summary_counts(tiny: TransformerSubject) -> None:
    samples, summary = _run(CONFIG, tiny)
    pairs = [pair for sample in samples for pair in sample.pairs]
    assert [group.category for group in summary.groups] == [None, "doctests", "tests"]
    assert [(group.prompts, group.pairs) for group in summary.groups] == [(3, 9), (1, 3), (2, 6)]
    assert summary.groups[0].identical == sum(pair.identical for pair in pairs)
    assert sum(group.identical for group in summary.groups[1:]) == summary.groups[0].identical
    assert (summary.layers, summary.layer_choice) == ((1,), "layer 1, as asked for")
    assert (summary.scale, summary.factors) == (40.0, (40.0,))
    assert (summary.temperature, summary.samples) == (1.0, 3)
    assert summary.steered == what_is_steered(tiny, "prompt")
    for outcomes in summary.groups[0].outcomes:
        assert outcomes.kept + outcomes.gained + outcomes.lost + outcomes.none == 9
        assert outcomes.baseline.count == outcomes.kept + outcomes.lost
        assert outcomes.steered.count == outcomes.kept + outcomes.gained
        assert outcomes.p_value is None
    (_, greedy) = _run(GenerateConfig(layer=1, max_new_tokens=3, controls=()), tiny)
    assert all(outcomes.p_value == 1 for outcomes in greedy.groups[0].outcomes)


def test_what_is_said_to_be_steered(tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject) -> None:
    assert what_is_steered(tiny, "prompt") == (
        "attention to the marker from every later token of the prompt, in every head"
    )
    assert what_is_steered(tiny, "throughout") == (
        "attention to the marker from every later token of the prompt and of the continuation, "
        "in every head"
    )
    assert what_is_steered(tiny_recurrent, "prompt") == (
        "the marker's write into the state, in every head; every later token reads it"
    )


def test_batches_are_as_large_as_asked(
    tiny: TransformerSubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    original = TransformerSubject.generate

    def generate_(self: TransformerSubject, *tokens: Any, **options: Any) -> Any:
        sizes.append(options["batch"])
        return original(self, *tokens, **options)

    monkeypatch.setattr(TransformerSubject, "generate", generate_)
    _run(CONFIG.model_copy(update={"batch": 2}), tiny, PROMPTS.take(1))
    assert sizes == [2, 2]


@pytest.mark.parametrize("after", [1, 3])
def test_an_interrupted_run_ends_as_one_that_was_not(
    subject: Subject, tmp_path: Path, after: int
) -> None:
    carry_out(generate, CONFIG, subject, PROMPTS, directory=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        carry_out(
            Interrupted(generate, after), CONFIG, subject, PROMPTS, directory=tmp_path / "cut"
        )
    assert len(read_run(tmp_path / "cut")[1]) == after
    carry_out(generate, CONFIG, subject, PROMPTS, directory=tmp_path / "cut", resume=True)
    lines = [(tmp_path / name / "records.jsonl").read_text() for name in ("whole", "cut")]
    assert lines[0] == lines[1]
    manifests = [json.loads((tmp_path / n / "manifest.json").read_text()) for n in ("whole", "cut")]
    for manifest in manifests:
        del manifest["started"], manifest["finished"]
    assert manifests[0] == manifests[1]
    assert manifests[0]["corpus_hash"] == PROMPTS.digest
    assert manifests[0]["seed"] == 3


def test_a_complete_run_is_not_run_again(
    tiny: TransformerSubject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = carry_out(generate, CONFIG, tiny, PROMPTS, directory=tmp_path)

    def never(*args: Any, **options: Any) -> Any:
        raise RuntimeError("it ran")

    monkeypatch.setattr(TransformerSubject, "generate", never)
    assert carry_out(generate, CONFIG, tiny, PROMPTS, directory=tmp_path, resume=True) == first


@pytest.mark.parametrize(
    ("change", "named"),
    [({"scale": 2.0}, "config.scale: 40.0 against 2.0"), ({"batch": 4}, "config.batch: 32 ")],
)
def test_another_configuration_cannot_be_resumed(
    tiny: TransformerSubject, tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    carry_out(generate, CONFIG, tiny, PROMPTS.take(1), directory=tmp_path)
    other = CONFIG.model_copy(update=change)
    with pytest.raises(OutputError, match=named):
        carry_out(generate, other, tiny, PROMPTS.take(1), directory=tmp_path, resume=True)


def test_other_prompts_or_weights_cannot_be_resumed(
    tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject, tmp_path: Path
) -> None:
    carry_out(generate, CONFIG, tiny, PROMPTS.take(1), directory=tmp_path)
    with pytest.raises(OutputError, match="corpus_hash: "):
        carry_out(generate, CONFIG, tiny, PROMPTS, directory=tmp_path, resume=True)
    with pytest.raises(OutputError, match=r"subject\.weight_hash: "):
        carry_out(
            generate, CONFIG, tiny_recurrent, PROMPTS.take(1), directory=tmp_path, resume=True
        )


def test_progress_and_the_first_prompts(tiny: TransformerSubject) -> None:
    told: list[tuple[int, int]] = []
    config = CONFIG.model_copy(update={"max_prompts": 2})
    outcome = carry_out(generate, config, tiny, PROMPTS, progress=lambda *now: told.append(now))
    assert told == [(0, 2), (1, 2), (2, 2), (2, 2)]
    assert [record.key for record in outcome.records[:2] if hasattr(record, "key")] == ["py", "rs"]


def test_a_result_does_not_depend_on_other_prompts(subject: Subject) -> None:
    (_, second, _), _ = _run(CONFIG, subject)
    (alone,), _ = _run(CONFIG, subject, Prompts((PROMPTS.prompts[1],)))
    assert alone == second
    (other,), _ = _run(
        CONFIG.model_copy(update={"seed": 4}), subject, Prompts((PROMPTS.prompts[1],))
    )
    assert other.pairs != second.pairs


def test_seeds_of_draws() -> None:
    seeds = {
        draw_seed(0, "a", 0.8),
        draw_seed(1, "a", 0.8),
        draw_seed(0, "b", 0.8),
        draw_seed(0, "a", 0.9),
        draw_seed(0, "a", 0.8, 1.0),
        draw_seed(0, "a", 1.0, 0.8),
    }
    assert len(seeds) == 6
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert draw_seed(0, "a", 1) == draw_seed(0, "a", 1.0)
    # Pinned: records name it, and a run of theirs must be repeatable by later versions.
    assert draw_seed(0, "rs_close", 3.0, 0.8) == 5399697637466205295


def test_proportions() -> None:
    found = proportion([True, False, True, True], confidence=0.95)
    assert (found.count, found.n, found.rate) == (3, 4, 0.75)
    assert (found.low, found.high) == pytest.approx((0.3006, 0.9544), abs=1e-4)
    nothing = proportion([], confidence=0.95)
    assert (nothing.n, nothing.rate, nothing.low, nothing.high) == (0, None, None, None)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"samples": 0}, "option samples: wanted greater than or equal to 1, found 0"),
        ({"samples": 2}, "option samples: wanted 1 at temperature 0, where all are the same"),
        ({"temperature": -0.5}, "option temperature: wanted greater than or equal to 0"),
        ({"temperature": float("nan")}, "option temperature: wanted a finite number"),
        ({"scale": -1.0}, "option scale: wanted greater than or equal to 0"),
        ({"scale": float("inf")}, "option scale: wanted a finite number"),
        ({"max_new_tokens": 0}, "option max_new_tokens: wanted greater than or equal to 1"),
        ({"steer": "always"}, "option steer: wanted 'prompt' or 'throughout'"),
        ({"max_prompts": 0}, "option max_prompts: wanted greater than or equal to 1"),
        ({"seed": -1}, "option seed: wanted greater than or equal to 0"),
        ({"layer": -1}, "option layer: wanted greater than or equal to 0"),
        ({"layer": [2, 2]}, "option layer: wanted each layer once"),
        ({"factors": [(2, 3.0)]}, "option combination: wanted a scale or factors, one of the two"),
        ({"scale": None}, "option combination: wanted a scale or factors, one of the two"),
        ({"scale": None, "factors": [(2, -3.0)]}, "option factors: wanted greater than or equal"),
        ({"controls": ["edges"]}, "option controls: wanted 'token', 'marker' or 'layer'"),
        ({"controls": ["token", "token"]}, "option controls: wanted each value once"),
    ],
)
def test_options_without_meaning(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        GenerateConfig(**options)
    assert text in str(raised.value)


def _refused(subject: Subject, prompt: Prompt, **options: Any) -> str:
    """Carry out a run that is refused before the good prompt in front is run."""
    prompts = Prompts((PROMPTS.prompts[0], prompt))
    told: list[AnyRecord] = []
    kind = (ConfigError, ContextLengthError, EdgeError, LayerError, PositionError)
    with pytest.raises(kind) as raised:
        told.extend(generate.run(GenerateConfig(**options), subject, prompts))
    assert told == []
    return str(raised.value)


def test_prompts_that_do_not_fit(tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject) -> None:
    rust = PROMPTS.prompts[1]
    long = replace(rust, id="long", text=rust.text + "x" * 2000)
    found = _refused(tiny, long, max_new_tokens=12)
    assert found.startswith("prompt 'long': wanted at most 500 tokens, the context of "), found
    assert "less the 12 new ones, found " in found
    last = replace(rust, id="last", text="fn f() {\n#[test]", marker=9, pattern="#")
    end = tiny.tokenize("fn f() {\n#[test]")
    last = replace(last, marker=end.spans[-1][0], pattern=end.surface(len(end) - 1))
    assert "wanted at least one edge" in _refused(tiny, last)
    # A continuation that is steered too reads it, and so does a state.
    assert place(Prompts((last,)), tiny, PromptConfig(max_new_tokens=4, steer="throughout"))
    assert place(Prompts((last,)), tiny_recurrent, PromptConfig(max_new_tokens=4))
    assert "wanted a layer in 0 … 5" in _refused(tiny, rust, layer=6)


def test_a_chat_needs_a_template(subject: Subject) -> None:
    found = _refused(subject, PROMPTS.prompts[1], chat=True)
    assert "option chat: wanted a model whose tokenizer has a chat template" in found


@pytest.fixture
def chatting(tiny: TransformerSubject, monkeypatch: pytest.MonkeyPatch) -> TransformerSubject:
    template = (
        "{% for m in messages %}<{{ m.role }}>\n{{ m.content | trim }}\n{% endfor %}"
        "{% if add_generation_prompt %}<answer>\n{% endif %}"
    )
    monkeypatch.setattr(tiny.tokenizer, "chat_template", template)
    return tiny


def test_a_chat(chatting: TransformerSubject) -> None:
    prompt = PROMPTS.prompts[1]
    spaced = replace(prompt, text="\n\n" + prompt.text, marker=prompt.marker + 2)
    for given in (prompt, spaced):
        (placed,) = place(Prompts((given,)), chatting, PromptConfig(chat=True, max_new_tokens=4))
        text = f"<user>\n{prompt.text.strip()}\n<answer>\n"
        assert placed.tokens == chatting.tokenize(text)
        assert placed.marker == placed.tokens.at(text.index("#[test]"))
        assert placed.code == ""
    (sample,), _ = _run(
        GenerateConfig(chat=True, max_new_tokens=4, layer=1, controls=()),
        chatting,
        Prompts((prompt,)),
    )
    assert sample.chat is True
    assert sample.n_tokens == len(chatting.tokenize(text))


def test_a_template_that_changes_the_prompt(
    chatting: TransformerSubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = replace(PROMPTS.prompts[1], id="other")
    content = "messages[0].content"
    for template, times in ((f"{{{{ {content} | upper }}}}", 0), (f"{{{{ {content} * 2 }}}}", 2)):
        monkeypatch.setattr(chatting.tokenizer, "chat_template", template)
        found = _refused(chatting, prompt, chat=True)
        assert f"found it {times} times in what the template makes" in found
