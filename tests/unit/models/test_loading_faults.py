"""Loading what cannot be loaded: one clear error each, of the right class, whatever the damage."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    BertConfig,
    BertForMaskedLM,
    T5Config,
    T5ForConditionalGeneration,
    ViTConfig,
    ViTForImageClassification,
)

from plip.errors import (
    CheckpointError,
    DeviceError,
    ModelError,
    ModelNotFoundError,
    UnsupportedModelError,
)
from plip.models import load

pytestmark = pytest.mark.fast


def refused(kind: type[ModelError], name: Any, **options: Any) -> ModelError:
    """Load, and return the error, which must be of this very class and name what was asked."""
    with pytest.raises(ModelError) as caught:
        load(name, **{"device": "cpu", **options})
    error = caught.value
    assert type(error) is kind, f"{type(error).__name__}: {error}"
    assert error.exit_code == 4
    assert error.who == str(name)
    assert str(error) == f"{name}: wanted {error.wanted}, found {error.found}; {error.advice}"
    assert "\n" not in str(error)
    return error


class TestNotThere:
    def test_a_hub_id_offline(self) -> None:
        error = refused(ModelNotFoundError, "nobody/nothing")
        assert isinstance(error, KeyError)
        assert error.wanted == "a model id, a directory or a bundled name with its config.json"
        assert "HF_HUB_OFFLINE=1" in error.advice

    @pytest.mark.parametrize("name", ["a b c", "a/b/c", "someone/", "nothing-here", "x/model_type"])
    def test_what_is_no_hub_id(self, name: str) -> None:
        refused(ModelNotFoundError, name)

    @pytest.mark.parametrize("name", ["bundled:nope", "bundled:", "bundled:../../models"])
    def test_a_bundled_name(self, name: str) -> None:
        error = refused(ModelNotFoundError, name)
        assert error.wanted == "a bundled model: bundled:rwkv6, bundled:transformer"
        assert error.found == repr(name)
        assert error.advice == "`plip models` lists them"

    def test_a_bundled_name_is_not_a_way_out_of_the_package(self, directory: Path) -> None:
        refused(ModelNotFoundError, f"bundled:{directory}")

    def test_an_empty_name(self) -> None:
        refused(ModelNotFoundError, "")

    @pytest.mark.parametrize("name", ["/no/such/place", "./no-such-place", "../no-such-place"])
    def test_a_path_to_nothing(self, name: str) -> None:
        error = refused(ModelNotFoundError, name)
        assert error.wanted == "a directory with a checkpoint"
        assert error.found == "nothing there"

    def test_a_path_to_a_file(self, directory: Path) -> None:
        error = refused(ModelNotFoundError, directory / "config.json")
        assert error.found == "a file"
        assert error.advice == "give the directory that holds config.json"


class TestIncomplete:
    def test_without_a_configuration(self, directory: Path) -> None:
        (directory / "config.json").unlink()
        error = refused(CheckpointError, directory)
        assert (error.wanted, error.found) == ("config.json", "a directory without it")

    def test_an_empty_directory(self, tmp_path: Path) -> None:
        assert refused(CheckpointError, tmp_path).wanted == "config.json"

    def test_without_weights(self, directory: Path) -> None:
        (directory / "model.safetensors").unlink()
        error = refused(CheckpointError, directory)
        assert error.wanted == "weights: model.safetensors or pytorch_model.bin"
        assert error.advice == "download the weights too"

    def test_without_a_tokenizer(self, directory: Path) -> None:
        (directory / "tokenizer.json").unlink()
        (directory / "tokenizer_config.json").unlink()
        assert "tokenizer" in refused(CheckpointError, directory).wanted

    def test_with_the_tokenizers_configuration_only(self, directory: Path) -> None:
        (directory / "tokenizer.json").unlink()
        assert "tokenizer" in refused(CheckpointError, directory).wanted

    def test_without_one_of_its_shards(self, directory: Path) -> None:
        (directory / "model.safetensors").unlink()
        index = {"metadata": {}, "weight_map": {"lm_head.weight": "model-00001.safetensors"}}
        (directory / "model.safetensors.index.json").write_text(json.dumps(index))
        refused(CheckpointError, directory)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def truncate_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def corrupt(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def pointer(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")


DAMAGE = [truncate, truncate_header, corrupt, empty, pointer]


class TestDamagedWeights:
    @pytest.mark.parametrize("damage", DAMAGE)
    def test_safetensors(self, directory: Path, damage: Callable[[Path], None]) -> None:
        damage(directory / "model.safetensors")
        error = refused(CheckpointError, directory)
        assert error.found.startswith("SafetensorError: ")
        assert error.advice == "download the checkpoint again"

    @pytest.fixture
    def torch_file(self, directory: Path) -> Path:
        """The weights as a torch file, in a directory without others."""
        weights = load_file(directory / "model.safetensors")
        (directory / "model.safetensors").unlink()
        torch.save(weights, directory / "pytorch_model.bin")
        return directory / "pytorch_model.bin"

    @pytest.mark.parametrize("damage", DAMAGE)
    def test_a_torch_file(self, torch_file: Path, damage: Callable[[Path], None]) -> None:
        damage(torch_file)
        assert "weights" in refused(CheckpointError, torch_file.parent).wanted

    @pytest.mark.parametrize("content", [[1, 2], 3, {"lm_head.weight": 3}, None])
    def test_a_torch_file_of_something_else(self, torch_file: Path, content: Any) -> None:
        torch.save(content, torch_file)
        refused(CheckpointError, torch_file.parent)

    @pytest.mark.parametrize("form", ["torch", "pickle", "pickle2"])
    def test_a_pickle_with_a_payload_is_not_run(
        self, torch_file: Path, tmp_path: Path, form: str
    ) -> None:
        trace = tmp_path / "payload-was-run"
        payload = Payload(str(trace))
        if form == "torch":
            torch.save({"lm_head.weight": payload}, torch_file)
        else:
            protocol = 2 if form == "pickle2" else pickle.HIGHEST_PROTOCOL
            torch_file.write_bytes(pickle.dumps({"lm_head.weight": payload}, protocol))
        try:
            refused(CheckpointError, torch_file.parent)
        finally:
            assert not trace.exists()

    @pytest.mark.parametrize("content", ['{"weight', "{}", "[]", '{"weight_map": 3}'])
    def test_an_index(self, directory: Path, content: str) -> None:
        (directory / "model.safetensors").unlink()
        (directory / "model.safetensors.index.json").write_text(content)
        refused(CheckpointError, directory)


class Payload:
    """Makes a directory when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


class TestWrongWeights:
    def change(self, directory: Path, edit: Callable[[dict[str, torch.Tensor]], None]) -> None:
        weights = load_file(directory / "model.safetensors")
        edit(weights)
        save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})

    def test_missing(self, directory: Path) -> None:
        def edit(weights: dict[str, torch.Tensor]) -> None:
            del weights["model.layers.1.mlp.up_proj.weight"], weights["model.norm.weight"]

        self.change(directory, edit)
        error = refused(CheckpointError, directory)
        assert error.wanted == "exactly the weights of its configuration"
        assert error.found == "2 missing, such as model.layers.1.mlp.up_proj.weight"
        assert error.details == {
            "missing_keys": ["model.layers.1.mlp.up_proj.weight", "model.norm.weight"]
        }

    def test_too_many(self, directory: Path) -> None:
        def edit(weights: dict[str, torch.Tensor]) -> None:
            weights["model.layers.3.mlp.up_proj.weight"] = torch.ones(48, 32)

        self.change(directory, edit)
        error = refused(CheckpointError, directory)
        assert error.found == "1 unexpected, such as model.layers.3.mlp.up_proj.weight"

    def test_frequencies_that_old_checkpoints_carry_are_no_fault(self, directory: Path) -> None:
        def edit(weights: dict[str, torch.Tensor]) -> None:
            weights["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)

        self.change(directory, edit)
        assert load(directory, device="cpu").n_layers == 3

    def test_of_another_shape(self, directory: Path) -> None:
        def edit(weights: dict[str, torch.Tensor]) -> None:
            weights["model.layers.1.mlp.up_proj.weight"] = torch.ones(40, 32)

        self.change(directory, edit)
        error = refused(CheckpointError, directory)
        assert "model.layers.1.mlp.up_proj.weight" in str(error)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_not_numbers(self, directory: Path, value: float) -> None:
        def edit(weights: dict[str, torch.Tensor]) -> None:
            weights["model.layers.1.mlp.up_proj.weight"][0, 0] = value

        self.change(directory, edit)
        error = refused(CheckpointError, directory)
        assert error.wanted == "finite logits"
        assert error.found == "NaN or infinity on six plain tokens"


def rewrite(directory: Path, **values: Any) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


class TestConfiguration:
    @pytest.mark.parametrize("content", [b'{"model_type": "qwen2",', b"\xff\xfe\x00", b""])
    def test_that_is_no_json(self, directory: Path, content: bytes) -> None:
        (directory / "config.json").write_bytes(content)
        error = refused(CheckpointError, directory)
        assert error.wanted == "a config.json that can be read"
        assert error.advice == "download the checkpoint again"

    @pytest.mark.parametrize("content", ["[]", "{}", '{"model_type": "martian"}'])
    def test_of_no_known_model(self, directory: Path, content: str) -> None:
        (directory / "config.json").write_text(content)
        error = refused(UnsupportedModelError, directory)
        assert error.wanted == "an architecture that the transformers library carries"

    def test_that_wants_remote_code(self, directory: Path, tmp_path: Path) -> None:
        trace = tmp_path / "code-was-run"
        (directory / "modeling_x.py").write_text(f"import os\nos.mkdir({str(trace)!r})\n")
        rewrite(
            directory,
            model_type="martian",
            auto_map={"AutoConfig": "modeling_x.C", "AutoModelForCausalLM": "modeling_x.M"},
        )
        error = refused(UnsupportedModelError, directory)
        assert error.advice == "plip never runs code from a repository; use another model"
        assert not trace.exists()

    @pytest.mark.parametrize(
        "values",
        [
            {"hidden_size": "large"},
            {"num_hidden_layers": -1},
            {"num_hidden_layers": 4},
            {"num_attention_heads": 0},
            {"layer_types": ["full_attention"]},
            {"layer_types": ["a", "b", "c"]},
            {"dtype": "float33"},
        ],
        ids=str,
    )
    def test_of_values_without_meaning(self, directory: Path, values: dict[str, Any]) -> None:
        rewrite(directory, **values)
        refused(CheckpointError, directory)

    @pytest.mark.parametrize(
        "values",
        [
            {"dtype": "int8"},
            {"rope_parameters": {"rope_type": "martian"}},
            {"hidden_act": "martian"},
        ],
        ids=str,
    )
    def test_of_values_that_a_later_version_may_know(
        self, directory: Path, values: dict[str, Any]
    ) -> None:
        rewrite(directory, **values)
        with pytest.raises((CheckpointError, UnsupportedModelError)) as caught:
            load(directory, device="cpu")
        assert caught.value.who == str(directory)

    @pytest.mark.parametrize(
        "values",
        [{"hidden_size": 64}, {"intermediate_size": 64}, {"vocab_size": 300}],
        ids=str,
    )
    def test_of_another_size(self, directory: Path, values: dict[str, Any]) -> None:
        rewrite(directory, **values)
        refused(CheckpointError, directory)

    def test_in_a_directory_named_after_an_error(self, directory: Path, tmp_path: Path) -> None:
        named = tmp_path / "the model_type of trust_remote_code"
        shutil.move(directory, named)
        (named / "config.json").write_text("{")
        refused(CheckpointError, named)


class TestTokenizer:
    @pytest.mark.parametrize("content", ['{"version"', "{}", "[]", '{"model": {"type": "X"}}', ""])
    def test_damaged(self, directory: Path, content: str) -> None:
        (directory / "tokenizer.json").write_text(content)
        error = refused(CheckpointError, directory)
        assert error.wanted == "a tokenizer that can be read"

    def test_damaged_configuration(self, directory: Path) -> None:
        (directory / "tokenizer_config.json").write_text("{")
        assert refused(CheckpointError, directory).wanted == "a tokenizer that can be read"


SMALL = {"hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 32}


class TestWrongKind:
    @pytest.mark.parametrize(
        "model",
        [
            pytest.param(
                lambda: BertForMaskedLM(BertConfig(vocab_size=256, num_hidden_layers=2, **SMALL)),
                id="bert",
            ),
            pytest.param(
                lambda: T5ForConditionalGeneration(
                    T5Config(vocab_size=256, d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4)
                ),
                id="t5",
            ),
            pytest.param(
                lambda: ViTForImageClassification(
                    ViTConfig(image_size=32, num_hidden_layers=2, **SMALL)
                ),
                id="vit",
            ),
        ],
    )
    def test_is_refused(
        self, checkpoint: Callable[..., Path], model: Callable[[], nn.Module]
    ) -> None:
        where = checkpoint(model())
        with pytest.raises(UnsupportedModelError) as caught:
            load(where, device="cpu")
        assert caught.value.exit_code == 4


class TestDevice:
    @pytest.mark.parametrize("device", ["nonsense", "", "cuda:99"])
    def test_that_is_not_there(self, directory: Path, device: str) -> None:
        with pytest.raises(DeviceError) as caught:
            load(directory, device=device)
        error = caught.value
        assert error.exit_code == 4
        assert error.who == f"device {device!r}"
        assert error.wanted == "a device that torch can use"
        assert error.advice == "use --cpu or device='cpu'"

    def test_that_holds_no_numbers(self, directory: Path) -> None:
        with pytest.raises(ModelError):
            load(directory, device="meta")

    def test_is_looked_at_before_a_model_is_read(self) -> None:
        with pytest.raises(DeviceError, match="device 'nonsense'"):
            load("/no/such/place", device="nonsense")

    @pytest.mark.parametrize("dtype", ["int8", "float33", "", "torch.float32"])
    def test_dtype(self, directory: Path, dtype: str) -> None:
        with pytest.raises(DeviceError) as caught:
            load(directory, device="cpu", dtype=dtype)
        assert str(caught.value) == (
            f"dtype {dtype!r}: wanted auto, float32, float64, bfloat16, float16, found {dtype!r}; "
            "choose one of these"
        )
