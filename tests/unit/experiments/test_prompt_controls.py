"""Controls of prompts: what is steered in the marker's place, and what is counted beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plip.experiments import GenerateConfig, PersistenceConfig, generate, persistence
from plip.experiments.aims import Aim, aims
from plip.experiments.continuations import draw_seed
from plip.experiments.prompt_config import PromptConfig
from plip.experiments.prompting import Placed, place
from plip.models import Capture, Rwkv6Subject, TransformerSubject
from plip.plan import Plan, Scale, into, scale_by_layer
from plip.records import (
    GenerationSample,
    GenerationSummary,
    PersistenceCell,
    PersistenceSummary,
    PromptControl,
)
from plip.text import Prompt, Prompts

pytestmark = pytest.mark.fast

Subject = TransformerSubject | Rwkv6Subject

PYTHON = 'def add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n\n\n'
RUST = "fn two() -> u8 {\n    2\n}\n\n#[test]\nfn t() {\n    assert_eq!(two(), 2);\n}\n\nfn f() {\n"
PROMPTS = Prompts(
    (
        Prompt("py", "python", "doctests", PYTHON + "def g():\n", PYTHON.index(">>>"), ">>>"),
        Prompt("rs", "rust", "tests", RUST, RUST.index("#["), "#[test]"),
    )
)
ALL: tuple[PromptControl, ...] = ("token", "marker", "layer")


@pytest.fixture(params=["transformer", "recurrent"])
def subject(
    request: pytest.FixtureRequest, tiny: TransformerSubject, tiny_recurrent: Rwkv6Subject
) -> Subject:
    return tiny if request.param == "transformer" else tiny_recurrent


def _placed(subject: Subject, prompt: Prompt, **options: Any) -> Placed:
    (found,) = place(Prompts((prompt,)), subject, PromptConfig(**options))
    return found


def _aims(
    subject: Subject, prompt: Prompt, layers: tuple[int, ...] = (1,), **options: Any
) -> dict[PromptControl | None, Aim]:
    config = PromptConfig(**options)
    found = aims(_placed(subject, prompt, **options), layers, ALL, subject, config)
    assert [aim.control for aim in found] == [None, *ALL]
    return {aim.control: aim for aim in found}


def _received(tiny: TransformerSubject, placed: Placed, layers: tuple[int, ...]) -> list[float]:
    """The oracle: row by row, head by head."""
    n = len(placed.tokens)
    run = tiny.run(placed.tokens, capture=Capture(layers, range(n)))
    return [
        sum(
            float(run.attention[layer][0, head, query, token])
            for layer in layers
            for query in range(token + 1, n)
            for head in range(tiny.heads[layer])
        )
        / (len(layers) * tiny.heads[layers[0]])
        for token in range(n)
    ]


@pytest.mark.parametrize("prompt", PROMPTS.prompts, ids=["python", "rust"])
@pytest.mark.parametrize("layers", [(1,), (0, 3)])
def test_the_token_that_receives_as_much(
    tiny: TransformerSubject, prompt: Prompt, layers: tuple[int, ...]
) -> None:
    found = _aims(tiny, prompt, layers)
    placed, aim = found[None].placed, found["token"]
    received = _received(tiny, placed, layers)
    mark = range(prompt.marker, prompt.marker + len(prompt.pattern))
    others = [
        token
        for token, (start, stop) in enumerate(placed.tokens.spans[:-1])
        if stop > start and not set(range(start, stop)) & set(mark)
    ]
    gap = {token: abs(received[token] - received[placed.marker]) for token in others}
    assert aim.token is not None
    assert gap[aim.token] == pytest.approx(min(gap.values()), abs=1e-6)
    assert aim.received == pytest.approx(received[aim.token], abs=1e-5)
    assert aim.marker_received == pytest.approx(received[placed.marker], abs=1e-5)
    assert found[None].received == aim.marker_received
    assert (aim.layers, aim.placed) == (layers, placed)
    assert aim.plan([3.0] * len(layers)) == Plan(Scale(3.0), into(aim.token), layers=layers)


def test_memory_is_bounded_by_blocks(
    tiny: TransformerSubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _aims(tiny, PROMPTS.prompts[1])["token"]
    monkeypatch.setattr("plip.experiments.aims.rows_per_block", lambda heads, keys: 5)
    cut = _aims(tiny, PROMPTS.prompts[1])["token"]
    assert cut.token == whole.token
    assert cut.received == pytest.approx(whole.received)


def test_the_token_of_a_recurrent_model_is_drawn(tiny_recurrent: Rwkv6Subject) -> None:
    tokens = set()
    # Short, and its last token is no white space, which would not be drawn anyway.
    text = "fn a() {}\n#[test]\nfn b"
    prompt = replace(PROMPTS.prompts[1], text=text, marker=text.index("#["))
    for seed in range(100):
        aim = _aims(tiny_recurrent, prompt, seed=seed)["token"]
        assert aim == _aims(tiny_recurrent, prompt, seed=seed)["token"]
        assert (aim.received, aim.marker_received) == (None, None)
        assert aim.token is not None
        tokens.add(aim.token)
    placed = _placed(tiny_recurrent, prompt)
    assert placed.others[-1] == len(placed.tokens) - 1
    assert tokens == set(placed.others[:-1])
    other = replace(PROMPTS.prompts[1], id="another")
    drawn = [_aims(tiny_recurrent, p, seed=0)["token"].token for p in (PROMPTS.prompts[1], other)]
    assert drawn[0] != drawn[1]


def test_no_other_token(subject: Subject) -> None:
    text = "#[test]\n"
    prompt = Prompt("bare", "rust", "tests", text, 0, "#[test]")
    aim = _aims(subject, prompt)["token"]
    assert (aim.token, aim.excluded) == (None, "no token but the marker's")
    assert aim.plan([3.0]) is None
    assert aim.record([3.0]).token_text is None


def test_tokens_of_a_chat_are_not_the_prompts(
    tiny: TransformerSubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = "<user>\n{{ messages[0].content | trim }}\n<answer>\n"
    monkeypatch.setattr(tiny.tokenizer, "chat_template", template)
    prompt = replace(PROMPTS.prompts[1], text="\n\n" + RUST, marker=PROMPTS.prompts[1].marker + 2)
    placed = _placed(tiny, prompt, chat=True)
    first = len("<user>\n")
    for token in placed.others:
        start, stop = placed.tokens.spans[token]
        assert first <= start < stop <= first + len(RUST.strip())
    written = "".join(placed.tokens.surface(token) for token in placed.others)
    assert written == RUST.strip().replace("#[test]", "")


@pytest.mark.parametrize(
    ("number", "written", "pattern"), [(0, "# >>>", ">>>"), (1, "#[inline]", "#[inline]")]
)
def test_a_marker_of_another_kind(
    subject: Subject, number: int, written: str, pattern: str
) -> None:
    prompt = PROMPTS.prompts[number]
    aim = _aims(subject, prompt)["marker"]
    changed = aim.placed.prompt
    assert changed.text == prompt.text.replace(prompt.pattern, written)
    assert (changed.id, changed.pattern) == (prompt.id, pattern)
    assert aim.placed.tokens == subject.tokenize(changed.text)
    assert aim.token == aim.placed.marker == aim.placed.tokens.at(changed.text.index(pattern))
    assert aim.excluded is None
    assert aim.record([3.0]).layers == (1,)


def test_a_prompt_whose_marker_has_no_other_kind(subject: Subject) -> None:
    prompt = Prompt("own", "rust", "tests", "fn a() {}\nassert!(true);\n", 10, "assert!")
    aim = _aims(subject, prompt)["marker"]
    assert aim.token is None
    assert aim.excluded is not None
    assert aim.excluded.startswith("prompt 'own': wanted the marker '#[test]' at character 10")


def test_another_marker_that_leaves_no_room(tiny: TransformerSubject) -> None:
    prompt = PROMPTS.prompts[1]
    placed = _placed(tiny, prompt)
    room = tiny.context - len(placed.tokens)
    longer = len(_aims(tiny, prompt)["marker"].placed.tokens) - len(placed.tokens)
    assert longer > 0
    found = _aims(tiny, prompt, max_new_tokens=room)
    assert "wanted at most" in str(found["marker"].excluded)
    assert found["token"].excluded is None


@pytest.mark.parametrize("layers", [(1,), (0, 2)])
@pytest.mark.parametrize("steer", ["prompt", "throughout"])
def test_other_layers(subject: Subject, layers: tuple[int, ...], steer: str) -> None:
    drawn = set()
    for seed in range(60):
        aim = _aims(subject, PROMPTS.prompts[1], layers, seed=seed, steer=steer)["layer"]
        assert aim == _aims(subject, PROMPTS.prompts[1], layers, seed=seed, steer=steer)["layer"]
        assert len(aim.layers) == len(layers)
        assert list(aim.layers) == sorted(aim.layers)
        assert aim.token == aim.placed.marker
        drawn |= set(aim.layers)
    # In the last layer attention leaves nothing behind for later tokens.
    fading = subject.mechanism == "attention" and steer == "prompt"
    last = subject.n_layers - 1
    assert drawn == set(range(subject.n_layers)) - set(layers) - ({last} if fading else set())


def test_factors_go_to_other_layers_in_their_order(subject: Subject) -> None:
    aim = _aims(subject, PROMPTS.prompts[1], (0, 2))["layer"]
    first, second = aim.layers
    plan = scale_by_layer(into(aim.placed.marker), {first: 3.0, second: 0.5})
    assert aim.plan([3.0, 0.5]) == plan
    assert aim.record([3.0, 0.5]).plan_hash == plan.digest
    assert aim.plan([1.0, 1.0]) is None


def test_too_few_other_layers(subject: Subject) -> None:
    aim = _aims(subject, PROMPTS.prompts[1], (0, 1, 2, 3))["layer"]
    left = subject.n_layers - 4 - (subject.mechanism == "attention")
    assert aim.token is None
    assert aim.excluded == f"{left} other layers, too few to stand for 4"


GENERATE = GenerateConfig(layer=1, scale=40.0, temperature=1.0, samples=2, max_new_tokens=5)


def _generated(
    config: GenerateConfig, subject: Subject, prompts: Prompts = PROMPTS
) -> tuple[list[GenerationSample], GenerationSummary]:
    *samples, summary = generate.run(config, subject, prompts)
    assert isinstance(summary, GenerationSummary)
    return [each for each in samples if isinstance(each, GenerationSample)], summary


def test_pairs_of_controls_are_what_direct_calls_give(subject: Subject) -> None:
    config = GENERATE.model_copy(update={"layer": (1, 2)})
    samples, summary = _generated(config, subject)
    for sample, prompt in zip(samples, PROMPTS, strict=True):
        options: dict[str, Any] = {
            "max_new_tokens": 5,
            "temperature": 1.0,
            "samples": 2,
            "seed": draw_seed(0, prompt.id, 1.0),
        }
        found = _aims(subject, prompt, (1, 2), max_new_tokens=5)
        assert [each.aim.control for each in sample.controls] == list(ALL)
        for each in sample.controls:
            assert each.aim.control is not None
            aim = found[each.aim.control]
            assert each.aim == aim.record([40.0, 40.0])
            tokens = aim.placed.tokens
            baseline = subject.generate(tokens, **options).continuations
            plan = aim.plan([40.0, 40.0])
            steered = subject.generate(tokens, plan=plan, **options).continuations
            assert [pair.baseline.ids for pair in each.pairs] == [c.ids for c in baseline]
            assert [pair.steered.ids for pair in each.pairs] == [c.ids for c in steered]
            assert all(pair.witness is not None for pair in each.pairs)
        token, marker, layer = sample.controls
        own = [pair.baseline for pair in sample.pairs]
        assert [pair.baseline for pair in token.pairs] == own
        assert [pair.baseline for pair in layer.pairs] == own
        assert [pair.baseline for pair in marker.pairs] != own
        digests = [sample.aim.plan_hash, *(each.aim.plan_hash for each in sample.controls)]
        assert list(sample.plan_hashes) == digests
    assert [each.control for each in summary.controls] == list(ALL)
    for number, each in enumerate(summary.controls):
        pairs = [pair for sample in samples for pair in sample.controls[number].pairs]
        assert each.group is not None
        assert (each.prompts, each.excluded, each.group.pairs) == (2, 0, 4)
        assert each.group.identical == sum(pair.identical for pair in pairs)
        for outcomes in each.group.outcomes:
            assert outcomes.kept + outcomes.gained + outcomes.lost + outcomes.none == 4
    token_summary = summary.controls[0]
    if subject.mechanism == "attention":
        received = [sample.controls[0].aim.received for sample in samples]
        assert token_summary.received == pytest.approx(sum(map(float, received)) / 2)  # type: ignore[arg-type]  # measured
        assert "receives about as much" in token_summary.steered
    else:
        assert token_summary.received is None
        assert token_summary.steered == "another token's write, drawn for each prompt"


def test_controls_do_not_change_what_stands_beside_them(subject: Subject) -> None:
    full, _ = _generated(GENERATE, subject)
    bare, summary = _generated(GENERATE.model_copy(update={"controls": ()}), subject)
    assert [each.pairs for each in full] == [each.pairs for each in bare]
    assert [each.controls for each in bare] == [(), ()]
    assert summary.controls == ()


def test_excluded_controls_are_counted(subject: Subject) -> None:
    own = Prompt("own", "rust", "tests", "fn a() {}\nassert!(true);\nfn b() {\n", 10, "assert!")
    samples, summary = _generated(GENERATE, subject, Prompts((PROMPTS.prompts[1], own)))
    marker = samples[1].controls[1]
    assert marker.pairs == ()
    assert "wanted the marker '#[test]'" in str(marker.aim.excluded)
    about = summary.controls[1]
    assert (about.prompts, about.excluded) == (1, 1)
    assert about.group is not None
    assert about.group.pairs == 2
    _, alone = _generated(GENERATE, subject, Prompts((own,)))
    assert (alone.controls[1].prompts, alone.controls[1].excluded) == (0, 1)
    assert alone.controls[1].group is None


def test_factors_stand_in_place_of_a_scale(subject: Subject) -> None:
    config = GENERATE.model_copy(
        update={"layer": None, "scale": None, "factors": ((1, 40.0), (3, 0.5)), "controls": ()}
    )
    samples, summary = _generated(config, subject)
    assert (summary.layers, summary.scale, summary.factors) == ((1, 3), None, (40.0, 0.5))
    assert summary.layer_choice == "layers 1, 3, as asked for"
    for sample in samples:
        plan = scale_by_layer(into(sample.marker), {1: 40.0, 3: 0.5})
        assert sample.aim.plan_hash == plan.digest
        assert (sample.aim.layers, sample.aim.factors) == ((1, 3), (40.0, 0.5))
        found = subject.generate(
            subject.tokenize(next(p.text for p in PROMPTS if p.id == sample.prompt)),
            plan=plan, max_new_tokens=5, temperature=1.0, samples=2, seed=sample.draw_seed,
        )  # fmt: skip
        assert [pair.steered.ids for pair in sample.pairs] == [c.ids for c in found.continuations]


FILLER = "fn more() {\n    less();\n}\n"
CROSSED = Prompts(
    tuple(
        Prompt(
            f"{family}_{distance}", "rust", "tests",
            f"fn {family}() {{}}\n#[test]\nfn t() {{}}\n{FILLER * pieces}fn {family}_2() {{\n",
            10, "#[test]", family, distance,
        )
        for family in ("a", "b")
        for distance, pieces in (("far", 2), ("close", 0))
    )
)  # fmt: skip
PERSISTENCE = PersistenceConfig(
    layer=1, scales=[1.0, 50.0], temperatures=[1.0], samples=2, max_new_tokens=3, resamples=99,
    controls=ALL,
)  # fmt: skip


def _sampled(
    config: PersistenceConfig, subject: Subject, prompts: Prompts = CROSSED
) -> tuple[list[PersistenceCell], PersistenceSummary]:
    *cells, summary = persistence.run(config, subject, prompts)
    assert isinstance(summary, PersistenceSummary)
    return [each for each in cells if isinstance(each, PersistenceCell)], summary


def test_cells_of_controls(subject: Subject) -> None:
    cells, summary = _sampled(PERSISTENCE, subject)
    assert persistence.count(PERSISTENCE, CROSSED) == len(cells) == 4 * (2 + 1 + 2 + 1)
    assert len({cell.key for cell in cells}) == len(cells)
    assert [(c.aim.control, c.scale) for c in cells[:6]] == [
        (None, 1.0), (None, 50.0), ("token", 50.0), ("marker", 1.0), ("marker", 50.0),
        ("layer", 50.0),
    ]  # fmt: skip
    prompts = {prompt.id: prompt for prompt in CROSSED}
    for cell in cells:
        aim = _aims(subject, prompts[cell.prompt], max_new_tokens=3)[cell.aim.control]
        assert cell.aim == aim.record([cell.scale or 0.0])
        # The numbers of the cell that it stands beside.
        assert cell.draw_seed == draw_seed(0, cell.prompt, cell.scale or 0.0, 1.0)
        found = subject.generate(
            aim.placed.tokens, plan=aim.plan([cell.scale or 0.0]), max_new_tokens=3,
            temperature=1.0, samples=2, seed=cell.draw_seed,
        )  # fmt: skip
        assert [each.ids for each in cell.samples] == [c.ids for c in found.continuations]
        assert cell.n_tokens == len(aim.placed.tokens)
    assert [each.control for each in summary.controls] == list(ALL)
    # What the marker shows is what it shows without controls.
    bare, plain = _sampled(PERSISTENCE.model_copy(update={"controls": ()}), subject)
    assert [c for c in cells if c.aim.control is None and c.aim.received is None] == (
        bare if subject.mechanism == "state" else []
    )
    assert [c.samples for c in cells if c.aim.control is None] == [c.samples for c in bare]
    assert summary.model_copy(update={"controls": ()}) == plain


def test_a_column_of_factors(subject: Subject) -> None:
    config = PERSISTENCE.model_copy(
        update={"layer": None, "factors": ((1, 50.0), (2, 3.0)), "controls": ("token",)}
    )
    cells, summary = _sampled(config, subject)
    assert persistence.count(config, CROSSED) == len(cells) == 4 * (3 + 2)
    assert [c.scale for c in cells[:5]] == [1.0, 50.0, None, 50.0, None]
    assert {c.aim.layers for c in cells} == {(1, 2)}
    factors = [c for c in cells if c.scale is None]
    for cell in factors:
        assert cell.aim.factors == (50.0, 3.0)
        assert cell.draw_seed == draw_seed(0, cell.prompt, "1:50,2:3", 1.0)
        assert "factors" in cell.key
    both = [c for c in cells if c.scale == 50.0]
    assert {c.aim.factors for c in both} == {(50.0, 50.0)}
    assert summary.factors == ((1, 50.0), (2, 3.0))
    assert [rate.scales for rate in summary.by_scale] == [(1.0,), (50.0,), (None,)]
    # A factor for each layer is no scale to average over.
    assert {rate.scales for rate in summary.by_distance} == {(50.0,)}
    assert "factors 1:50,2:3 − scale 1" in [c.name for c in summary.contrasts]
    assert [change.scale for change in summary.controls[0].changes] == [50.0, None] * 2


def test_cells_that_cannot_be_had(subject: Subject) -> None:
    own = Prompt("own", "rust", "tests", "fn a() {}\nassert!(true);\nfn b() {\n", 10, "assert!")
    config = PERSISTENCE.model_copy(update={"controls": ("marker",)})
    cells, summary = _sampled(config, subject, Prompts((own,)))
    assert len(cells) == persistence.count(config, Prompts((own,))) == 4
    for cell in cells[2:]:
        assert (cell.samples, cell.paper.n, cell.paper.rate, cell.witness) == ((), 0, None, None)
        assert "wanted the marker '#[test]'" in str(cell.aim.excluded)
    (control,) = summary.controls
    assert (control.prompts, control.excluded) == (0, 1)
    assert (control.cells, control.by_scale, control.changes) == ((), (), ())
    both = Prompts((own, CROSSED.prompts[0]))
    _, summary = _sampled(config, subject, both)
    (control,) = summary.controls
    assert (control.prompts, control.excluded) == (1, 1)
    # Beside the one prompt that has it, not beside all.
    assert {change.beyond.prompts for change in control.changes if change.beyond} == {1}
    assert {rate.distance for rate in control.cells} == {"far"}


def test_an_interrupted_run_goes_on_with_its_controls(subject: Subject) -> None:
    whole = list(persistence.run(PERSISTENCE, subject, CROSSED))
    for after in (1, 3, 5, 23):
        rest = list(persistence.run(PERSISTENCE, subject, CROSSED, done=whole[:after]))
        assert whole[:after] + rest == whole
