"""A paper's experiments, run again on a checkpoint that stands in for its model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import plip
from plip.claims import AuditReport, Evidence, Ledger, Verdict, audit, bundled_ledger, read_ledger
from plip.errors import ConfigError, CorpusError, LedgerError
from plip.experiments import CalibrateConfig, PersistenceConfig, calibrate, persistence
from plip.experiments.checkpoints import Checkpoint, checkpoint, models_of
from plip.experiments.reruns import Again, again, shown
from plip.models import Rwkv6Subject, TransformerSubject
from plip.records import CalibrationSample, CalibrationSummary, PersistenceCell
from plip.text import Corpus, Group, Prompts, bundled_prompts

pytestmark = pytest.mark.fast

MODEL = "lab/tiny"
HEADER = 'format = "plip.ledger/1"\ntitle = "A made study"\n'

# What a paper that was measured on sound figures would ask for, and in which unit it prints them.
ASKED = {
    ("calibrate", "layer 2/attention/py_01"): "%",
    ("calibrate", "layer 2/mean/python_doctest"): "%",
    ("calibrate", "layer 2/mean/rust_test"): "%",
    ("calibrate", "layer 2/ratio"): "×",
    ("dose-response", "layer 2/dose 1.0/attention"): "%",
    ("dose-response", "layer 2/dose 3.0/attention"): "%",
    ("dose-response", "layer 2/dose 3.0/kl"): "nats",
    ("ablate", "layer 2/kl/rust_test"): "nats",
    ("ablate", "layer 2/kl ratio"): "×",
    ("ablate", "layer 2/p"): "p",
    ("diagnosis", "layer 2/dose 3.0/published/mean"): "nats",
}

Figures = Mapping[tuple[str, str], float]


@pytest.fixture(scope="module")
def few(corpus: Corpus) -> Corpus:
    return corpus.take(3)


@pytest.fixture
def paper(tmp_path: Path, few: Corpus) -> Callable[..., Ledger]:
    """Make the ledger of a paper with these figures, each to be run again."""
    sample = few.group(Group.PYTHON_DOCTEST)[0].id

    def write(figures: Figures, *, rule: str = "tolerance = 0.01", more: str = "") -> Ledger:
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        text = []
        for number, ((experiment, figure), value) in enumerate(figures.items()):
            unit = ASKED.get((experiment, figure), "%")
            sign = unit if unit in "%×" else ""
            text.append(
                f'[[entry]]\nid = "c{number}"\nsection = "1"\nstatement = "It is."\n'
                f'quoted = "{value:.4f}{sign}"\nunit = "{unit}"\n'
                f'[[entry.checks]]\ncheck = "rerun"\nmodel = "{MODEL}"\n'
                f'experiment = "{experiment}"\nfigure = "{figure}"\n{rule}\n{more}\n'
            )
        (folder / "paper.toml").write_text(HEADER, encoding="utf-8")
        (folder / "1.toml").write_text("\n".join(text).replace("py_01", sample), encoding="utf-8")
        return read_ledger(folder)

    return write


def judged(ledger: Ledger, found: Again) -> AuditReport:
    return audit(ledger, Evidence(reruns=found.reruns))


def test_its_own_figures_hold_and_others_are_contradicted(
    paper: Callable[..., Ledger], tiny: TransformerSubject, few: Corpus
) -> None:
    asking = paper(dict.fromkeys(ASKED, 99.0))
    found = again(asking, MODEL, tiny, corpus=few)
    assert found.left_out == ()
    report = judged(asking, found)
    assert {claim.verdict for claim in report.claims} == {Verdict.CONTRADICTED}

    sample = few.group(Group.PYTHON_DOCTEST)[0].id
    values = {
        (key.experiment, key.figure.replace(sample, "py_01")): rerun.value
        for key, rerun in found.reruns.items()
    }
    sound = paper({asked: values[asked] for asked in ASKED})
    report = judged(sound, again(sound, MODEL, tiny, corpus=few))
    assert [claim.reason for claim in report.failing] == []
    assert len(report.claims) == len(ASKED)


def test_figures_are_those_of_the_experiments_in_the_paper_s_units(
    paper: Callable[..., Ledger], tiny: TransformerSubject, few: Corpus
) -> None:
    found = again(paper(dict.fromkeys(ASKED, 99.0)), MODEL, tiny, corpus=few).reruns
    values = {key.figure: rerun.value for key, rerun in found.items()}
    groups = (Group.PYTHON_DOCTEST, Group.RUST_TEST)
    *samples, summary = calibrate.run(CalibrateConfig(layer=2, groups=groups), tiny, few)
    assert isinstance(summary, CalibrationSummary)
    for record in samples:
        assert isinstance(record, CalibrationSample)
        attention = record.layers[0].attention
        assert attention is not None
        assert values[f"layer 2/attention/{record.sample}"] == pytest.approx(100 * attention)
    (layer,) = summary.layers
    assert layer.rust is not None
    assert values["layer 2/mean/rust_test"] == pytest.approx(100 * layer.rust)
    assert values["layer 2/ratio"] == layer.ratio
    assert values["layer 2/dose 1.0/attention"] == pytest.approx(100 * layer.rust, rel=1e-4)
    assert values["layer 2/kl ratio"] == pytest.approx(
        values["layer 2/kl/python_doctest"] / values["layer 2/kl/rust_test"]
    )
    assert values["layer 2/dose 3.0/kl"] == pytest.approx(values["layer 2/dose 3.0/kl/mean"])


def test_a_rate_is_that_of_the_paper_s_detector(
    paper: Callable[..., Ledger], tiny_recurrent: Rwkv6Subject
) -> None:
    asking = paper({("persistence", "layer 1/rs_close/scale 3.0"): 0.0}, rule="trials = 6")
    (rate,) = (rerun.value for rerun in again(asking, MODEL, tiny_recurrent).reruns.values())
    config = PersistenceConfig(layer=1, scales=(3.0,), samples=6, controls=(), resamples=9)
    prompts = Prompts(bundled_prompts("persistence-paper").prompts[:1])
    cell, _ = persistence.run(config, tiny_recurrent, prompts)
    assert isinstance(cell, PersistenceCell)
    assert cell.paper.rate is not None
    assert cell.paper.rate != cell.parsed.rate
    assert rate == pytest.approx(100 * cell.paper.rate)


def test_what_is_asked_of_another_model_is_not_run(
    paper: Callable[..., Ledger], tiny: TransformerSubject, few: Corpus
) -> None:
    asking = paper({("calibrate", "layer 2/ratio"): 1.0, ("calibrate", "layer 99/ratio"): 1.0})
    (first, second) = asking.claims
    other = second.checks[0].model_copy(update={"model": "lab/other"})
    both = replace(asking, entries={first.id: first, second.id: replace(second, checks=(other,))})
    found = again(both, MODEL, tiny, corpus=few)  # layer 99 would be refused
    assert {key.model for key in found.reruns} == {MODEL}


def test_a_mechanism_is_shown_on_the_model_that_the_checks_name(
    tiny: TransformerSubject, few: Corpus
) -> None:
    ledger = bundled_ledger()
    assert shown(ledger, tiny, few) == {}
    bundled = plip.load(device="cpu")
    found = shown(ledger, bundled, few)
    assert {(key.model, key.experiment) for key in found} == {("bundled:transformer", "diagnosis")}
    assert "layer 4/dose 1.0/published/mean" in {key.figure for key in found}


def test_a_figure_says_all_that_it_depends_on(
    paper: Callable[..., Ledger],
    tiny: TransformerSubject,
    tiny_checkpoint: Path,
    few: Corpus,
) -> None:
    asking = paper({("calibrate", "layer 2/ratio"): 1.0})
    found = again(asking, MODEL, tiny, corpus=few)
    rerun = next(value for key, value in found.reruns.items() if key.figure == "layer 2/ratio")
    weights = hashlib.sha256((tiny_checkpoint / "model.safetensors").read_bytes()).hexdigest()
    assert rerun.weights == weights
    assert (rerun.dtype, rerun.device, rerun.attention) == ("float32", "cpu", "sdpa")
    assert rerun.revision is None
    assert rerun.torch.count(".") == 1


def test_a_knockout_of_the_state(
    paper: Callable[..., Ledger], tiny_recurrent: Rwkv6Subject, few: Corpus
) -> None:
    asking = paper({("ablate", "layer 1/p"): 0.018}, rule="below = 0.999")
    report = judged(asking, again(asking, MODEL, tiny_recurrent, corpus=few))
    (claim,) = report.claims
    assert claim.verdict is Verdict.HOLDS
    assert "recurrence" in claim.reason


def test_rates_of_prompts(paper: Callable[..., Ledger], tiny_recurrent: Rwkv6Subject) -> None:
    names = [("persistence", f"layer 1/rs_close/scale {scale}") for scale in (1.0, 3.0)]
    asking = paper(dict.fromkeys(names, 0.0), rule="trials = 6")
    found = again(asking, MODEL, tiny_recurrent)
    rates = {(key.experiment, key.figure): rerun.value for key, rerun in found.reruns.items()}
    assert list(rates) == names  # of the prompts that are asked for only
    for asked, rate in rates.items():
        assert 6 * rate / 100 == pytest.approx(round(6 * rate / 100))
        far = 0.0 if rate > 60 else 100.0
        (holds,) = judged(paper({asked: rate}, rule="trials = 6"), found).claims
        assert "of 6, where a second sample of the same rate has" in holds.reason
        (other,) = judged(paper({asked: far}, rule="trials = 6"), found).claims
        assert f"{round(6 * rate / 100)} of 6" in other.reason


def test_the_diagnosis_of_a_column(tmp_path: Path, tiny: TransformerSubject, few: Corpus) -> None:
    def study(mean: float) -> Ledger:
        (tmp_path / "paper.toml").write_text(HEADER, encoding="utf-8")
        (tmp_path / "1.toml").write_text(
            '[[entry]]\nid = "layer"\nsection = "1"\nquoted = "2"\nunit = "layer"\nexact = true\n'
            'statement = "Here."\n[[entry]]\nid = "dose"\nsection = "1"\nquoted = "1.0×"\n'
            'unit = "×"\nexact = true\nstatement = "Times 1."\n[[entry]]\nid = "kl"\n'
            f'section = "1"\nquoted = "{mean:.2f}"\nunit = "nats"\nstatement = "Divergence."\n'
            f'[[entry.checks]]\ncheck = "published_measure"\nmodel = "{MODEL}"\nlayer = "layer"\n'
            'dose = "dose"\nhidden = 32\nvocabulary = 400\n',
            encoding="utf-8",
        )
        return read_ledger(tmp_path)

    asking = study(1.0)
    found = again(asking, MODEL, tiny, corpus=few)
    (key,) = [key for key in found.reruns if key.figure == "layer 2/dose 1.0/published/mean"]
    value = found.reruns[key].value
    assert judged(asking, found).claims[0].verdict is Verdict.NOT_CHECKABLE
    published = study(value)
    (claim,) = judged(published, again(published, MODEL, tiny, corpus=few)).claims
    assert claim.verdict is Verdict.UNSUPPORTED
    assert f"is hidden states against the prediction: {value:.2f} nats" in claim.reason


class TestInputs:
    """Samples and prompts come from the paper's repository, and must be the ones that it used."""

    def test_samples_of_a_checkout(
        self, paper: Callable[..., Ledger], tiny: TransformerSubject, few: Corpus, tmp_path: Path
    ) -> None:
        (tmp_path / "corpus").mkdir()
        few.write(tmp_path / "corpus" / "samples.json")
        more = f'inputs_file = "corpus/samples.json"\ndigest = "{few.digest}"'
        asking = paper({("calibrate", "layer 2/ratio"): 99.0}, more=more)
        found = again(asking, MODEL, tiny, artifacts=tmp_path)
        assert judged(asking, found).claims[0].verdict is Verdict.CONTRADICTED
        assert again(asking, MODEL, tiny, corpus=few).reruns == found.reruns

    def test_a_checkout_without_them(
        self, paper: Callable[..., Ledger], tiny: TransformerSubject, tmp_path: Path
    ) -> None:
        more = f'inputs_file = "corpus/samples.json"\ndigest = "{"0" * 64}"'
        asking = paper({("calibrate", "layer 2/ratio"): 99.0}, more=more)
        for artifacts in (None, tmp_path):
            found = again(asking, MODEL, tiny, artifacts=artifacts)
            assert found.reruns == {}
            assert found.left_out == (
                "calibrate at layer 2 of lab/tiny: needs corpus/samples.json of the paper's "
                "repository, --artifacts DIR",
            )
            (claim,) = judged(asking, found).claims
            assert claim.verdict is Verdict.NOT_CHECKABLE
            assert "corpus/samples.json of the paper's repository" in claim.reason

    def test_other_samples(
        self, paper: Callable[..., Ledger], tiny: TransformerSubject, few: Corpus
    ) -> None:
        more = f'inputs_file = "corpus/samples.json"\ndigest = "{"0" * 64}"'
        asking = paper({("calibrate", "layer 2/ratio"): 99.0}, more=more)
        with pytest.raises(
            CorpusError,
            match=r"inputs 'corpus/samples.json': wanted those that the paper's figures are of, "
            rf"SHA-256 000000000000…, found others, SHA-256 {few.digest[:12]}…",
        ):
            again(asking, MODEL, tiny, corpus=few)

    @pytest.mark.parametrize("form", ["json", "rs"])
    def test_prompts_of_a_checkout(
        self,
        paper: Callable[..., Ledger],
        tiny_recurrent: Rwkv6Subject,
        tmp_path: Path,
        form: str,
    ) -> None:
        prompts = Prompts(bundled_prompts("persistence-paper").prompts[:1])
        if form == "json":
            prompts.write(tmp_path / "prompts.json")
        else:
            (prompt,) = prompts
            fields = f'name: "rs_close", category: "rust_test", distance: "{prompt.distance}"'
            text = f'marker: "{prompt.pattern}", text: r#####"{prompt.text}"#####'
            source = f"const P: &[P] = &[P {{ {fields}, {text} }}];"
            (tmp_path / "prompts.rs").write_text(source, encoding="utf-8")
        more = f'inputs_file = "prompts.{form}"\ndigest = "{prompts.digest}"'
        figure = ("persistence", "layer 1/rs_close/scale 3.0")
        asking = paper({figure: 100.0}, rule="trials = 6", more=more)
        found = again(asking, MODEL, tiny_recurrent, artifacts=tmp_path)
        assert [key.figure for key in found.reruns] == [figure[1]]
        more = more.replace(prompts.digest, "0" * 64)
        other = paper({figure: 100.0}, rule="trials = 6", more=more)
        with pytest.raises(CorpusError, match="wanted those that the paper's figures are of"):
            again(other, MODEL, tiny_recurrent, artifacts=tmp_path)


@pytest.mark.parametrize(
    ("experiment", "figure", "found"),
    [
        ("calibrate", "layer 2/median", "wanted one of .*, …, found layer 2/median"),
        ("calibrate", "median", "wanted one of ablate, calibrate, .* found median"),
        ("persistence", "layer 2/nobody/scale 3.0", "wanted one of none that was measured, …"),
        ("training", "layer 2/loss", "wanted one of ablate, calibrate, .* found layer 2/loss"),
    ],
)
def test_a_figure_that_no_experiment_has(
    paper: Callable[..., Ledger],
    tiny: TransformerSubject,
    few: Corpus,
    experiment: str,
    figure: str,
    found: str,
) -> None:
    with pytest.raises(LedgerError, match=found):
        again(paper({(experiment, figure): 1.0}), MODEL, tiny, corpus=few)


class TestCheckpoint:
    """Whose weights a checkpoint has."""

    @pytest.fixture
    def ledger(self, paper: Callable[..., Ledger]) -> Ledger:
        return paper({("calibrate", "layer 2/ratio"): 1.0})

    def test_an_id(self, ledger: Ledger) -> None:
        assert models_of(ledger) == (MODEL,)
        assert checkpoint(MODEL, ledger) == Checkpoint(MODEL, MODEL)

    def test_a_directory_of_an_id(self, ledger: Ledger, tmp_path: Path) -> None:
        assert checkpoint(f"{MODEL}={tmp_path}", ledger) == Checkpoint(MODEL, str(tmp_path))

    @pytest.mark.parametrize("name", ["tiny", "models--lab--tiny/snapshots/0a1b2c"])
    def test_a_directory_that_says_whose_it_is(
        self, ledger: Ledger, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / name).mkdir(parents=True)
        place = str(tmp_path / name)
        assert checkpoint(place, ledger) == Checkpoint(MODEL, place)

    @pytest.mark.parametrize("text", ["lab/other", "lab/other=/tmp", "lab/tiny=", "", "/nowhere"])
    def test_of_no_model_that_a_claim_is_about(self, ledger: Ledger, text: str) -> None:
        with pytest.raises(
            ConfigError,
            match=r"wanted one of lab/tiny, its directory, or ID=DIRECTORY, found .*"
            r"--checkpoint lab/tiny=DIRECTORY",
        ):
            checkpoint(text, ledger)

    def test_a_directory_named_after_two_models(self, ledger: Ledger, tmp_path: Path) -> None:
        (claim,) = ledger.claims
        other = claim.checks[0].model_copy(update={"model": "other/tiny"})
        both = replace(ledger, entries={claim.id: replace(claim, checks=(*claim.checks, other))})
        (tmp_path / "tiny").mkdir()
        with pytest.raises(ConfigError, match="wanted one of lab/tiny, other/tiny, its directory"):
            checkpoint(str(tmp_path / "tiny"), both)

    def test_a_directory_that_does_not_say(self, ledger: Ledger, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="name the model and its directory"):
            checkpoint(str(tmp_path), ledger)


def test_what_the_paper_asks_for() -> None:
    assert models_of(bundled_ledger()) == (
        "Qwen/Qwen2.5-Coder-3B-Instruct",
        "Qwen/Qwen2.5-Coder-7B-Instruct",
        "RWKV/v6-Finch-1B6-HF",
    )
