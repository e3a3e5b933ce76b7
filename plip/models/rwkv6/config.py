"""The shape of an RWKV-6 model."""

from __future__ import annotations

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers import PreTrainedConfig

__all__ = ["Rwkv6Config"]

# The ranks of the published models: twice as large from this width on.
_WIDE = 4096
_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "attention_hidden_size",
    "head_size",
    "head_size_divisor",
    "intermediate_size",
    "time_mix_rank",
    "time_decay_rank",
)


@strict
class Rwkv6Config(PreTrainedConfig):  # type: ignore[misc]  # transformers is not typed here
    """The shape of an RWKV-6 (Finch) model.

    The published files leave three things unsaid. The number of heads is attention_hidden_size /
    head_size; their `num_attention_heads` equals head_size and is not used. The ranks of the two
    low-rank parts are in the tensors only, where `Rwkv6ForCausalLM.from_pretrained` reads them;
    a model made from a configuration alone has the published ranks. `rescale_every` halves
    activations for float16 and is ignored.

    Args:
        vocab_size: entries of the vocabulary.
        hidden_size: C, the width of the residual stream.
        num_hidden_layers: blocks.
        attention_hidden_size: A, the width of all heads together; C by default.
        head_size: S, the width of a head.
        head_size_divisor: the group norm's ε is 1e-5 times its square.
        intermediate_size: the width of channel mixing; ⌊3.5 C⌋ rounded down to a multiple of 32 by
            default.
        time_mix_rank: d, of the token shift's low-rank part; by default 32, or 64 where C ≥ 4096.
        time_decay_rank: e, of the decay's low-rank part; by default 2 d.
        layer_norm_epsilon: of all layer norms.
        max_position_embeddings: the longest text to accept; a recurrence sets no limit of its own.

    Source: Peng et al. 2024, Eagle and Finch; the files of RWKV/v6-Finch-1B6-HF.
    """

    model_type = "rwkv6"
    keys_to_ignore_at_inference = ("past_key_values",)

    vocab_size: int = 65536
    hidden_size: int = 2048
    num_hidden_layers: int = 24
    attention_hidden_size: int | None = None
    head_size: int = 64
    head_size_divisor: int = 8
    intermediate_size: int | None = None
    time_mix_rank: int | None = None
    time_decay_rank: int | None = None
    layer_norm_epsilon: float = 1e-5
    max_position_embeddings: int = 1 << 20
    bos_token_id: int | None = 0
    eos_token_id: int | list[int] | None = 0
    tie_word_embeddings: bool = False
    use_cache: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        # What the published files say here is not the number of heads.
        kwargs.pop("num_attention_heads", None)
        if self.attention_hidden_size is None:
            self.attention_hidden_size = self.hidden_size
        if self.intermediate_size is None:
            self.intermediate_size = int(3.5 * self.hidden_size) // 32 * 32
        super().__post_init__(**kwargs)

    @property
    def n_heads(self) -> int:
        """H = A / S."""
        return self._width // self.head_size

    @property
    def ranks(self) -> tuple[int, int]:
        """The ranks d and e."""
        time_mix = self.time_mix_rank or (64 if self.hidden_size >= _WIDE else 32)
        return time_mix, self.time_decay_rank or 2 * time_mix

    @property
    def group_norm_epsilon(self) -> float:
        """The ε of the norm over each head's output: 64e-5 in the published models."""
        return 1e-5 * self.head_size_divisor**2

    @property
    def _width(self) -> int:
        return self.attention_hidden_size or self.hidden_size

    def validate_architecture(self) -> None:
        """Check that there is some of everything, and that the heads fill the attention's width.

        Part of every construction.
        """
        for name in _SIZES:
            size = getattr(self, name)
            if size is not None and (type(size) is not int or size < 1):
                raise ValueError(f"{name} is {size!r}, not a whole number from 1 on")
        if self._width % self.head_size:
            raise ValueError(
                f"attention_hidden_size {self._width} is not a multiple of head_size "
                f"{self.head_size}"
            )
