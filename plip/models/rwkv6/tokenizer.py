"""The tokenizer of the RWKV "world" vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from transformers import AddedToken, BatchEncoding, PreTrainedTokenizer

from plip.errors import CheckpointError, ConfigError, TextError
from plip.models.rwkv6.trie import Trie
from plip.models.rwkv6.vocabulary import END, VOCABULARY_FILE, find_vocabulary, read_vocabulary
from plip.text.tokens import lone_surrogate

__all__ = ["Rwkv6Tokenizer", "world_tokenizer"]

# What an id without a token decodes to; models have more ids than their vocabulary has tokens.
_UNKNOWN = "\ufffd"


def world_tokenizer(source: str | Path, *, revision: str | None = None) -> Rwkv6Tokenizer:
    """Load the tokenizer of a checkpoint from its vocabulary file alone.

    No code from a repository is run, whatever its `tokenizer_config.json` asks for.

    Args:
        source: a vocabulary file, a directory with one, or a hub id.
        revision: a commit, branch or tag of a hub repository.

    Raises:
        CheckpointError: no vocabulary file, or a line of it that is no token.
        ModelNotFoundError: no such hub id, or no way to reach the hub.
    """
    return Rwkv6Tokenizer(find_vocabulary(source, revision))


class Rwkv6Tokenizer(PreTrainedTokenizer):  # type: ignore[misc]  # transformers is not typed here
    """Cuts the UTF-8 bytes of a text into the longest tokens, from left to right.

    Id 0 ends a text. It is the only special token, under whatever name, and no text is ever cut
    into it: `<s>` in a prompt is three characters. Nothing is added to a text. Where names are
    wanted for tokens, they are written in the alphabet of byte-level BPE, a character for each
    byte; see `convert_ids_to_tokens`.

    With `return_offsets_mapping=True` each token gets the span of the characters that it has bytes
    of, so that tokens may share a character, and the first of them is the one that begins it.

    Args:
        vocab_file: a file in the form of `rwkv_vocab_v20230424.txt`.
        bos_token, eos_token, unk_token, pad_token: names of id 0, all the same; `<s>` by default.
        options: further options of a transformers tokenizer.

    Raises:
        CheckpointError: a vocabulary that cannot be read, or a line of it that is no token.
        ConfigError: special tokens beyond id 0.
    """

    vocab_files_names: ClassVar[dict[str, str]] = {"vocab_file": VOCABULARY_FILE}
    model_input_names: ClassVar[list[str]] = ["input_ids", "attention_mask"]
    padding_side = "left"

    #: Tells `plip.text.tokenize` that this slow tokenizer has character spans.
    spans = True

    def __init__(
        self,
        vocab_file: str | Path | None = None,
        bos_token: Any = None,
        eos_token: Any = None,
        unk_token: Any = None,
        pad_token: Any = None,
        **options: Any,
    ) -> None:
        if vocab_file is None:
            raise CheckpointError(
                str(options.get("name_or_path") or type(self).__name__),
                wanted=f"a vocabulary, {VOCABULARY_FILE}",
                found="none",
                advice="download the vocabulary too",
            )
        self.vocabulary = read_vocabulary(Path(vocab_file))
        self._trie = Trie((token, index) for index, token in self.vocabulary.tokens.items())
        self._end = str(eos_token or "<s>")
        self._refuse(options.pop("added_tokens_decoder", {}).values())
        self._added_tokens_decoder = {END: AddedToken(self._end, special=True, normalized=False)}
        self._pieces = {END: self._end}
        for index, token in self.vocabulary.tokens.items():
            piece = token.decode("latin-1").translate(_ALPHABET)
            # A space is in no piece, so that this one is told from the name of the end.
            self._pieces[index] = f" {piece}" if piece == self._end else piece
        self._numbers = {piece: index for index, piece in self._pieces.items()}
        super().__init__(
            bos_token=bos_token or self._end,
            eos_token=self._end,
            unk_token=unk_token or self._end,
            pad_token=pad_token or self._end,
            **options,
        )

    @property
    def vocab_size(self) -> int:
        """How many ids there are, the end of text included."""
        return len(self._pieces)

    @property
    def vocabulary_hash(self) -> str:
        """SHA-256 of the vocabulary file."""
        return self.vocabulary.digest

    def get_vocab(self) -> dict[str, int]:
        """Return the id of each token by its name."""
        return dict(self._numbers)

    def tokenize(self, text: str, **options: Any) -> list[str]:
        """Cut a text into the names of its tokens.

        Raises:
            TextError: a lone surrogate, or a character that the vocabulary has no token for.
        """
        data = _utf8(text)
        ids, stops = self._trie.cut(data)
        if (reached := stops[-1] if stops else 0) < len(data):
            char = int(_characters(data)[reached])
            raise TextError(
                f"character {char}",
                wanted="a text that the vocabulary has tokens for",
                found=f"byte 0x{data[reached]:02x} of {text[char]!r}, where no token fits",
                advice="use the vocabulary that the model was trained with",
                details={"char": char},
            )
        return [self._pieces[index] for index in ids]

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        """Join tokens by their names; bytes that are no UTF-8 become U+FFFD."""
        return self._decode([self._numbers.get(token, -1) for token in tokens])

    def save_vocabulary(
        self, save_directory: str, filename_prefix: str | None = None
    ) -> tuple[str, ...]:
        """Write the vocabulary file as it was read."""
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        path = Path(save_directory) / f"{prefix}{VOCABULARY_FILE}"
        path.write_bytes(self.vocabulary.source)
        return (str(path),)

    def _encode_plus(
        self,
        text: Any,
        text_pair: Any = None,
        *,
        return_tensors: Any = None,
        return_offsets_mapping: bool = False,
        **options: Any,
    ) -> BatchEncoding:
        if not return_offsets_mapping:
            return super()._encode_plus(text, text_pair, return_tensors=return_tensors, **options)
        alone = isinstance(text, str)
        texts = [text] if alone else list(text)
        words = options.get("is_split_into_words", False)
        if words or text_pair is not None or not all(isinstance(each, str) for each in texts):
            raise TextError(
                "offset_mapping",
                wanted="a text or a list of texts",
                found="pairs of texts, words or ids",
                advice="ask for the spans of whole texts",
            )
        encoding = super()._encode_plus(text, **options)
        rows = [encoding["input_ids"]] if alone else encoding["input_ids"]
        spans = [self._spans(each, ids) for each, ids in zip(texts, rows, strict=True)]
        encoding["offset_mapping"] = spans[0] if alone else spans
        return encoding.convert_to_tensors(return_tensors, prepend_batch_axis=alone)

    def _spans(self, text: str, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Give each token the characters that it has bytes of; padding has none."""
        data = _utf8(text)
        tokens = self.vocabulary.tokens
        lengths = np.array([len(tokens[index]) for index in ids if index != END], dtype=np.int64)
        stops = np.cumsum(lengths)
        if self.truncation_side == "left" and len(stops):
            stops += len(data) - stops[-1]
        owner = _characters(data)
        starts = owner[stops - lengths].tolist()
        spans = iter(zip(starts, (owner[stops - 1] + 1).tolist(), strict=True))
        return [(0, 0) if index == END else next(spans) for index in ids]

    def _convert_token_to_id(self, token: str) -> int:
        return self._numbers.get(token, END)

    def _convert_id_to_token(self, index: int) -> str:
        return self._pieces.get(index, _UNKNOWN)

    def _decode(
        self,
        token_ids: int | Iterable[int],
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        **options: Any,
    ) -> str:
        """Join the bytes of all tokens before decoding: a character may be cut between two.

        Spaces are cleaned up only for a caller who asks for it.
        """
        ids = [token_ids] if isinstance(token_ids, int) else [int(index) for index in token_ids]
        end = b"" if skip_special_tokens else self._end.encode()
        known, unknown = self.vocabulary.tokens, _UNKNOWN.encode()
        data = b"".join(end if index == END else known.get(index, unknown) for index in ids)
        text = data.decode("utf-8", errors="replace")
        return self.clean_up_tokenization(text) if clean_up_tokenization_spaces else text

    def _add_tokens(self, new_tokens: Iterable[Any], special_tokens: bool = False) -> int:
        self._refuse(new_tokens)
        return 0

    def _refuse(self, tokens: Iterable[Any]) -> None:
        """Refuse every token that is not the end of text."""
        names = sorted({str(token) for token in tokens} - {self._end})
        if names:
            raise ConfigError(
                type(self).__name__,
                wanted=f"no special token but {self._end!r}, id {END}",
                found=", ".join(map(repr, names)),
                advice="load it with world_tokenizer, from the vocabulary file alone",
                details={"tokens": names},
            )


def _alphabet() -> dict[int, int]:
    """Map each byte to a printable character, as byte-level BPE does: space to Ġ."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = (byte for byte in range(256) if byte not in plain)
    return {byte: 0x100 + place for place, byte in enumerate(others)}


_ALPHABET = _alphabet()


def _utf8(text: str) -> bytes:
    lone = lone_surrogate(text)
    if lone is not None:
        raise TextError(
            "text",
            wanted="Unicode text",
            found=f"a lone surrogate at character {lone}",
            advice="decode the text as UTF-8 or UTF-16 before handing it over",
        )
    return text.encode()


def _characters(data: bytes) -> Any:
    """Return the character that each byte of a text belongs to, [byte], in code points."""
    begins = (np.frombuffer(data, dtype=np.uint8) & 0xC0) != 0x80
    return np.cumsum(begins) - 1
