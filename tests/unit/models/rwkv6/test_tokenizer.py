"""The world tokenizer: cutting, spans, decoding, batches, and keeping what a checkpoint says."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from world import BYTES, greedy, numbered, write

from plip.errors import CheckpointError, ConfigError, PositionError, TextError
from plip.models.provenance import Origin, describe
from plip.models.rwkv6.tokenizer import Rwkv6Tokenizer, world_tokenizer
from plip.models.rwkv6.trie import Trie
from plip.models.rwkv6.vocabulary import VOCABULARY_FILE
from plip.text import Tokens, tokenize

pytestmark = pytest.mark.fast

KAN, JI = "漢".encode(), "字".encode()
TOKENS = numbered(
    "def",
    " fib",
    "  ",
    "\n    ",
    "<s>",
    "<|endoftext|>",
    KAN,
    KAN + JI[:1],
    JI[1:] + b"x",
    "é",
    "    ",
)
ID = {token: index for index, token in TOKENS.items()}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("world") / VOCABULARY_FILE, TOKENS)


@pytest.fixture
def world(path: Path) -> Rwkv6Tokenizer:
    return world_tokenizer(path)


def ids_of(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text)["input_ids"])


class TestCutting:
    @pytest.mark.parametrize(
        "text",
        [
            "def fib(n):\n    return",
            "      x",
            "de",
            "漢字x漢",
            "字é\0\x7f",
            "😀",
            "<s>",
            "<|endoftext|",
            " \n  \r\n\t",
        ],
    )
    def test_longest_match(self, world: Rwkv6Tokenizer, text: str) -> None:
        assert ids_of(world, text) == greedy(TOKENS.items(), text.encode())

    def test_greedy_is_not_shortest(self, world: Rwkv6Tokenizer) -> None:
        """The longest token at each place, even where fewer tokens would do."""
        tokens = {1: b"ab", 2: b"abc", 3: b"cde", 4: b"d", 5: b"e"}
        assert Trie((token, index) for index, token in tokens.items()).cut(b"abcde") == (
            [2, 4, 5],
            [3, 4, 5],
        )

    def test_match_that_fails_goes_back_to_the_last_token(self) -> None:
        trie = Trie([(b"a", 1), (b"abcd", 2), (b"b", 3), (b"c", 4)])
        assert trie.cut(b"abca") == ([1, 3, 4, 1], [1, 2, 3, 4])

    def test_what_no_token_fits_ends_the_cut(self) -> None:
        trie = Trie([(b"ab", 1), (b"c", 2)])
        assert trie.cut(b"abcac") == ([1, 2], [2, 3])
        assert trie.cut(b"xab") == ([], [])

    def test_nothing(self, world: Rwkv6Tokenizer) -> None:
        assert ids_of(world, "") == []
        assert world("", return_offsets_mapping=True)["offset_mapping"] == []
        assert world.decode([]) == ""

    def test_nothing_is_added(self, world: Rwkv6Tokenizer) -> None:
        assert world("def", add_special_tokens=True)["input_ids"] == [ID[b"def"]]
        assert world.encode("def") == [ID[b"def"]]
        assert world.num_special_tokens_to_add() == 0

    def test_no_text_gives_the_end(self, world: Rwkv6Tokenizer, tmp_path: Path) -> None:
        assert ids_of(world, "a<s>b") == [ID[b"a"], ID[b"<s>"], ID[b"b"]]
        plain = world_tokenizer(write(tmp_path / "bytes.txt", BYTES))
        for text in ("<s>", "<|endoftext|>", " <s> ", "\0"):
            assert ids_of(plain, text) == [byte + 1 for byte in text.encode()]
            for special in (True, False):
                options = {"add_special_tokens": special, "split_special_tokens": special}
                assert 0 not in world(text, **options)["input_ids"]

    def test_long_tokens_do_not_nest(self, tmp_path: Path) -> None:
        world = world_tokenizer(write(tmp_path / "long.txt", numbered("x" * 5000)))
        text = "x" * 5001
        assert ids_of(world, text) == [257, ID[b"x"]]
        for again in (copy.deepcopy(world), pickle.loads(pickle.dumps(world))):
            assert ids_of(again, text) == [257, ID[b"x"]]

    def test_time_is_linear(self, world: Rwkv6Tokenizer) -> None:
        before = time.perf_counter()
        assert len(ids_of(world, "  \x01 fib漢" * 50_000)) == 200_000
        assert time.perf_counter() - before < 20

    def test_a_byte_without_a_token(self, tmp_path: Path) -> None:
        world = world_tokenizer(write(tmp_path / "few.txt", {1: b"a", 2: KAN, 3: KAN[:2]}))
        assert ids_of(world, "漢a") == [2, 1]
        with pytest.raises(TextError) as caught:
            world("漢a漣b")
        assert str(caught.value) == (
            "character 2: wanted a text that the vocabulary has tokens for, found byte 0xa3 of "
            "'漣', where no token fits; use the vocabulary that the model was trained with"
        )
        assert caught.value.details == {"char": 2}
        with pytest.raises(TextError, match=r"^character 0: "):
            world("b")
        with pytest.raises(TextError, match=r"^character 1: "):
            tokenize(world, "ab")

    @pytest.mark.parametrize("spans", [True, False])
    def test_lone_surrogate(self, world: Rwkv6Tokenizer, spans: bool) -> None:
        with pytest.raises(TextError, match="found a lone surrogate at character 2;"):
            world("ab\ud800", return_offsets_mapping=spans)

    def test_published_prompt(self, shared_dir: Path, tmp_path: Path) -> None:
        """The ids that the paper's reference run gives, from a part of the vocabulary."""
        reference = shared_dir / "paper" / "plip-rs" / "outputs" / "rwkv6_reference.json"
        known = json.loads(reference.read_text(encoding="utf-8"))
        pairs = [*zip(known["token_ids"], known["token_strings"], strict=True)]
        pairs += [(each["token_id"], each["token"]) for each in known["top_predictions"]]
        tokens = BYTES | {index: token.encode() for index, token in pairs}
        world = world_tokenizer(write(tmp_path / "part.txt", dict(sorted(tokens.items()))))
        cut = tokenize(world, known["test_prompt"])
        assert list(cut.ids) == known["token_ids"]
        assert [cut.surface(i) for i in range(len(cut))] == known["token_strings"]
        assert world.decode(known["token_ids"]) == known["test_prompt"]


class TestSpans:
    def test_whole_characters(self, world: Rwkv6Tokenizer) -> None:
        tokens = tokenize(world, "def fib(é漢)")
        assert tokens == Tokens(
            "def fib(é漢)",
            tuple(ID[token] for token in (b"def", b" fib", b"(", "é".encode(), KAN, b")")),
            ((0, 3), (3, 7), (7, 8), (8, 9), (9, 10), (10, 11)),
        )

    def test_character_cut_into_bytes(self, world: Rwkv6Tokenizer) -> None:
        tokens = tokenize(world, "a😀b")
        assert tokens.spans == ((0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3))
        assert [tokens.at(char) for char in range(3)] == [0, 1, 5]

    def test_token_that_ends_inside_a_character(self, world: Rwkv6Tokenizer) -> None:
        tokens = tokenize(world, "漢字x")
        assert tokens.ids == (ID[KAN + JI[:1]], ID[JI[1:] + b"x"])
        assert tokens.spans == ((0, 2), (1, 3))
        assert [tokens.at(char) for char in range(3)] == [0, 0, 1]
        assert [tokens.surface(i) for i in range(2)] == ["漢字", "字x"]

    def test_token_inside_one_character(self, tmp_path: Path) -> None:
        world = world_tokenizer(write(tmp_path / "in.txt", numbered("😀".encode()[1:3])))
        assert tokenize(world, "😀😀").spans == ((0, 1), (0, 1), (0, 1), (1, 2), (1, 2), (1, 2))

    def test_combining_marks_and_null(self, world: Rwkv6Tokenizer) -> None:
        tokens = tokenize(world, "e\u0301\0\u200d")
        assert [tokens.at(char) for char in range(4)] == [0, 1, 3, 4]

    def test_spaces_keep_their_spans(self, world: Rwkv6Tokenizer) -> None:
        tokens = tokenize(world, " ▁ Ġ   x")
        assert all(start < stop for start, stop in tokens.spans)
        assert {char for span in tokens.spans for char in range(*span)} == set(range(8))

    def test_end_holds_no_character(self, world: Rwkv6Tokenizer) -> None:
        with pytest.raises(PositionError):
            tokenize(world, "def").at(3)

    def test_of_a_padded_batch(self, world: Rwkv6Tokenizer) -> None:
        texts = ["a漢", "def fib(n)", ""]
        batch = world(texts, return_offsets_mapping=True, padding=True, return_tensors="pt")
        assert batch["input_ids"].shape == (3, 5)
        assert batch["offset_mapping"].shape == (3, 5, 2)
        for text, mask, spans in zip(
            texts, batch["attention_mask"], batch["offset_mapping"], strict=True
        ):
            kept = [tuple(span) for span in spans[mask == 1].tolist()]
            assert tuple(kept) == (tokenize(world, text).spans if text else ())
            assert not spans[mask == 0].any()

    @pytest.mark.parametrize("side", ["left", "right"])
    def test_of_a_truncated_text(self, world: Rwkv6Tokenizer, side: str) -> None:
        world.truncation_side = side
        options = {"truncation": True, "max_length": 3, "return_offsets_mapping": True}
        cut = world("é漢字xy", **options)
        whole = tokenize(world, "é漢字xy")
        kept = slice(-3, None) if side == "left" else slice(3)
        assert len(whole) == 4
        assert cut["input_ids"] == list(whole.ids[kept])
        assert cut["offset_mapping"] == list(whole.spans[kept])

    def test_one_text_as_a_tensor(self, world: Rwkv6Tokenizer) -> None:
        one = world("def(", return_offsets_mapping=True, return_tensors="pt")
        assert one["input_ids"].tolist() == [[ID[b"def"], ID[b"("]]]
        assert one["offset_mapping"].tolist() == [[[0, 3], [3, 4]]]

    @pytest.mark.parametrize(
        ("text", "options"),
        [
            ("a", {"text_pair": "b"}),
            ([("a", "b")], {}),
            (["a", "b"], {"is_split_into_words": True}),
            ([66, 67], {}),
        ],
    )
    def test_only_whole_texts_have_them(
        self, world: Rwkv6Tokenizer, text: Any, options: dict[str, Any]
    ) -> None:
        with pytest.raises(TextError, match="offset_mapping: wanted a text or a list of texts"):
            world(text, return_offsets_mapping=True, **options)
        assert "offset_mapping" not in world(text, **options)


class TestDecoding:
    @pytest.mark.parametrize("text", ["def fib(n):\n    return", "漢字x 😀é", "\0<s>", " . , n't"])
    def test_gives_the_text_back(self, world: Rwkv6Tokenizer, text: str) -> None:
        ids = ids_of(world, text)
        assert world.decode(ids) == text
        assert world.decode(torch.tensor(ids)) == text
        assert world.decode(np.array(ids)) == text
        assert world.batch_decode([ids, ids[:0]]) == [text, ""]
        assert world.convert_tokens_to_string(world.tokenize(text)) == text

    def test_character_that_was_cut_off(self, world: Rwkv6Tokenizer) -> None:
        ids = ids_of(world, "a😀")
        assert [world.decode(ids[:n]) for n in range(1, 6)] == ["a", *["a\ufffd"] * 3, "a😀"]
        assert world.decode(ids_of(world, "漢字x")[:1]) == "漢\ufffd"
        assert world.decode(ids_of(world, "字x")[1:]) == "\ufffd\ufffdx"
        assert world.decode(ID[b"\xff"]) == "\ufffd"

    def test_end_of_text(self, world: Rwkv6Tokenizer) -> None:
        ids = [ID[b"def"], 0, ID[b"a"], 0]
        assert world.decode(ids) == "def<s>a<s>"
        assert world.decode(ids, skip_special_tokens=True) == "defa"
        assert world.decode(0) == "<s>"
        assert world.decode(0, skip_special_tokens=True) == ""
        literal = ids_of(world, "<s>")
        assert world.decode(literal, skip_special_tokens=True) == "<s>"

    def test_bytes_do_not_join_over_the_end(self, world: Rwkv6Tokenizer) -> None:
        head, *tail = ids_of(world, "字")
        assert world.decode([head, 0, *tail]) == "\ufffd<s>\ufffd\ufffd"

    @pytest.mark.parametrize("index", [len(TOKENS) + 1, 65535, 10**9, -1, -100])
    def test_id_without_a_token(self, world: Rwkv6Tokenizer, index: int) -> None:
        assert world.decode([ID[b"a"], index, ID[b"b"]]) == "a\ufffdb"
        assert world.convert_ids_to_tokens(index) == "\ufffd"
        assert world.convert_tokens_to_string(["a", "\ufffd"]) == "a\ufffd"

    def test_spaces_are_cleaned_up_on_request_only(self, path: Path) -> None:
        world = Rwkv6Tokenizer(path, clean_up_tokenization_spaces=True)
        ids = ids_of(world, "a , b .")
        assert world.decode(ids) == "a , b ."
        assert world.batch_decode([ids]) == ["a , b ."]
        assert world.decode(ids, clean_up_tokenization_spaces=True) == "a, b."


class TestBatches:
    def test_padding_is_on_the_left_with_the_end(self, world: Rwkv6Tokenizer) -> None:
        batch = world(["abc", "d"], padding=True)
        assert batch["input_ids"] == [[98, 99, 100], [0, 0, 101]]
        assert batch["attention_mask"] == [[1, 1, 1], [0, 0, 1]]
        assert set(batch) == {"input_ids", "attention_mask"}

    def test_padding_on_the_right(self, world: Rwkv6Tokenizer) -> None:
        batch = world(
            ["abc", "d"],
            padding="max_length",
            max_length=4,
            padding_side="right",
            return_offsets_mapping=True,
        )
        assert batch["input_ids"] == [[98, 99, 100, 0], [101, 0, 0, 0]]
        assert batch["attention_mask"] == [[1, 1, 1, 0], [1, 0, 0, 0]]
        assert batch["offset_mapping"][1] == [(0, 1), (0, 0), (0, 0), (0, 0)]

    def test_as_tensors(self, world: Rwkv6Tokenizer) -> None:
        batch = world(["abc", "d"], padding=True, return_tensors="pt")
        assert batch["input_ids"].dtype == torch.int64
        assert batch["attention_mask"].sum().item() == 4

    def test_one_at_a_time_is_the_same(self, world: Rwkv6Tokenizer) -> None:
        texts = ["def", "漢字x", "", "<s>"]
        assert world(texts)["input_ids"] == [ids_of(world, text) for text in texts]


class TestVocabulary:
    def test_sizes(self, world: Rwkv6Tokenizer) -> None:
        assert len(world) == world.vocab_size == len(TOKENS) + 1

    def test_special_tokens(self, world: Rwkv6Tokenizer) -> None:
        assert world.all_special_ids == [0]
        for name in ("bos", "eos", "unk", "pad"):
            assert getattr(world, f"{name}_token") == "<s>"
            assert getattr(world, f"{name}_token_id") == 0
        assert world.get_added_vocab() == {"<s>": 0}
        assert not world.is_fast

    def test_names_are_one_to_one(self, world: Rwkv6Tokenizer) -> None:
        ids = [0, *TOKENS]
        names = world.convert_ids_to_tokens(ids)
        assert len(set(names)) == len(ids)
        assert world.convert_tokens_to_ids(names) == ids
        assert world.get_vocab() == dict(zip(names, ids, strict=True))
        assert all(name.isprintable() for name in names)

    def test_names_are_those_of_byte_level_bpe(self, world: Rwkv6Tokenizer) -> None:
        assert world.tokenize(" fib\n    é漢") == ["Ġfib", "ĊĠĠĠĠ", "Ã©", "æ¼¢"]
        assert world.convert_ids_to_tokens(ID[b"<s>"]) == " <s>"
        assert world.tokenize("<s>") == [" <s>"]

    def test_a_copy_of_the_vocabulary_is_handed_out(self, world: Rwkv6Tokenizer) -> None:
        world.get_vocab().clear()
        assert len(world.get_vocab()) == len(TOKENS) + 1

    def test_name_without_a_token(self, world: Rwkv6Tokenizer) -> None:
        assert world.convert_tokens_to_ids("defdef") == world.unk_token_id

    def test_only_bytes(self, tmp_path: Path) -> None:
        world = world_tokenizer(write(tmp_path / "bytes.txt", BYTES))
        assert len(world) == 257
        assert ids_of(world, "aé") == [98, 196, 170]


# As the published checkpoints have it, with code that must not run.
PUBLISHED = {
    "added_tokens_decoder": {
        "0": {
            "content": "<s>",
            "lstrip": False,
            "normalized": True,
            "rstrip": False,
            "single_word": False,
            "special": False,
        }
    },
    "auto_map": {"AutoTokenizer": ["hf_rwkv_tokenizer.Rwkv6Tokenizer", None]},
    "bos_token": "<s>",
    "eos_token": "<s>",
    "unk_token": "<s>",
    "add_bos_token": False,
    "add_prefix_space": False,
    "clean_up_tokenization_spaces": False,
    "model_max_length": 1000000000000000019884624838656,
    "tokenizer_class": "Rwkv6Tokenizer",
    "use_fast": False,
}


class TestCheckpoints:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        write(tmp_path / VOCABULARY_FILE, TOKENS)
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(PUBLISHED))
        (tmp_path / "hf_rwkv_tokenizer.py").write_text("raise SystemExit('code was run')\n")
        return tmp_path

    def check(self, world: Rwkv6Tokenizer) -> None:
        assert type(world) is Rwkv6Tokenizer
        assert ids_of(world, "def<s>") == [ID[b"def"], ID[b"<s>"]]
        assert world.decode([0, ID[b"a"]], skip_special_tokens=True) == "a"
        assert world.all_special_ids == [0]
        assert len(world) == len(TOKENS) + 1

    def test_published_directory(self, directory: Path) -> None:
        self.check(Rwkv6Tokenizer.from_pretrained(directory))
        self.check(world_tokenizer(directory))
        self.check(world_tokenizer(str(directory / VOCABULARY_FILE)))

    def test_legacy_files(self, directory: Path) -> None:
        names = {"bos_token": "<s>", "eos_token": {"content": "<s>", "lstrip": False}}
        (directory / "tokenizer_config.json").unlink()
        (directory / "special_tokens_map.json").write_text(json.dumps(names))
        (directory / "added_tokens.json").write_text('{"<s>": 0}')
        self.check(Rwkv6Tokenizer.from_pretrained(directory))

    def test_vocabulary_alone(self, directory: Path) -> None:
        (directory / "tokenizer_config.json").unlink()
        self.check(Rwkv6Tokenizer.from_pretrained(directory))
        self.check(world_tokenizer(directory))

    def test_saved_and_loaded(self, directory: Path, tmp_path: Path) -> None:
        world = Rwkv6Tokenizer.from_pretrained(directory, padding_side="right")
        world.save_pretrained(tmp_path / "saved")
        again = Rwkv6Tokenizer.from_pretrained(tmp_path / "saved")
        self.check(again)
        assert again.padding_side == "right"
        assert again.get_vocab() == world.get_vocab()
        assert again.vocabulary_hash == world.vocabulary_hash
        saved = (tmp_path / "saved" / VOCABULARY_FILE).read_bytes()
        assert saved == (directory / VOCABULARY_FILE).read_bytes()
        again.save_vocabulary(str(tmp_path), "copy")
        assert (tmp_path / f"copy-{VOCABULARY_FILE}").read_bytes() == saved

    def test_another_name_of_the_end(self, path: Path, tmp_path: Path) -> None:
        world = Rwkv6Tokenizer(path, eos_token="<|endoftext|>")
        world.save_pretrained(tmp_path)
        for each in (world, Rwkv6Tokenizer.from_pretrained(tmp_path)):
            assert each.decode([0]) == "<|endoftext|>"
            assert each.pad_token_id == each.bos_token_id == each.eos_token_id == 0
            assert ids_of(each, "<|endoftext|>") == [ID[b"<|endoftext|>"]]
            assert len(set(each.get_vocab())) == len(TOKENS) + 1

    @pytest.mark.parametrize(
        "options",
        [
            {"pad_token": "<pad>"},
            {"bos_token": "<pad>"},
            {"extra_special_tokens": ["<pad>"]},
            {"added_tokens_decoder": {"300": {"content": "<pad>", "special": True}}},
        ],
    )
    def test_other_special_tokens_are_refused(
        self, directory: Path, options: dict[str, Any]
    ) -> None:
        config = PUBLISHED | options
        (directory / "tokenizer_config.json").write_text(json.dumps(config))
        with pytest.raises(ConfigError) as caught:
            Rwkv6Tokenizer.from_pretrained(directory)
        assert str(caught.value) == (
            "Rwkv6Tokenizer: wanted no special token but '<s>', id 0, found '<pad>'; "
            "load it with world_tokenizer, from the vocabulary file alone"
        )
        self.check(world_tokenizer(directory))

    def test_tokens_cannot_be_added(self, world: Rwkv6Tokenizer) -> None:
        with pytest.raises(ConfigError, match="found '<a>', '<b>';"):
            world.add_tokens(["<b>", "<a>", "<s>"])
        with pytest.raises(ConfigError) as caught:
            world.add_special_tokens({"sep_token": "<sep>"})
        assert caught.value.details == {"tokens": ["<sep>"]}
        assert world.add_tokens(["<s>"]) == 0
        assert len(world) == len(TOKENS) + 1

    def test_without_a_vocabulary(self, directory: Path) -> None:
        (directory / VOCABULARY_FILE).unlink()
        with pytest.raises(CheckpointError) as caught:
            Rwkv6Tokenizer.from_pretrained(directory)
        assert str(caught.value) == (
            f"{directory}: wanted a vocabulary, {VOCABULARY_FILE}, found none; "
            "download the vocabulary too"
        )
        with pytest.raises(CheckpointError, match="Rwkv6Tokenizer: wanted a vocabulary"):
            Rwkv6Tokenizer()

    @pytest.mark.parametrize("load", [world_tokenizer, Rwkv6Tokenizer.from_pretrained])
    def test_bad_line(self, directory: Path, load: Any) -> None:
        vocabulary = directory / VOCABULARY_FILE
        lines = vocabulary.read_text(encoding="utf-8").splitlines(keepends=True)
        lines[99] = lines[99].replace(" 1\n", " 2\n")
        vocabulary.write_text("".join(lines), encoding="utf-8", newline="")
        with pytest.raises(
            CheckpointError, match=f"{VOCABULARY_FILE}, line 100: wanted the length"
        ):
            load(directory)


class TestProvenance:
    def test_hash_is_that_of_the_vocabulary_file(self, path: Path, world: Rwkv6Tokenizer) -> None:
        record = describe(nn.Linear(1, 1), world, Origin("x"))
        assert record.tokenizer_hash == hashlib.sha256(path.read_bytes()).hexdigest()

    def test_it_changes_with_a_token(self, world: Rwkv6Tokenizer, tmp_path: Path) -> None:
        other = world_tokenizer(write(tmp_path / "other.txt", TOKENS | {300: b"other"}))
        assert other.vocabulary_hash != world.vocabulary_hash
