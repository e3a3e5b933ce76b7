"""RWKV-6 as a model of the transformers library."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

from plip.models.rwkv6.block import Rwkv6Block, Watch
from plip.models.rwkv6.config import Rwkv6Config
from plip.models.rwkv6.initial import initialise
from plip.models.rwkv6.mixing import Padding
from plip.models.rwkv6.ranks import with_ranks
from plip.models.rwkv6.state import Rwkv6State

__all__ = ["Rwkv6ForCausalLM", "Rwkv6Model", "Rwkv6PreTrainedModel"]


class Rwkv6PreTrainedModel(PreTrainedModel):  # type: ignore[misc]  # transformers is not typed here
    """What the headless model and the causal one share."""

    config_class = Rwkv6Config
    base_model_prefix = "rwkv"
    _no_split_modules = ("Rwkv6Block",)
    _is_stateful = True
    supports_gradient_checkpointing = False

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        initialise(module, self.config)

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | PathLike[str] | None, *args: Any, **kwargs: Any
    ) -> Any:
        """Load a checkpoint; the ranks that its configuration leaves out come from its tensors."""
        options = with_ranks(pretrained_model_name_or_path, kwargs)
        return super().from_pretrained(pretrained_model_name_or_path, *args, **options)


class Rwkv6Model(Rwkv6PreTrainedModel):
    """Embeddings, blocks and the last norm."""

    def __init__(self, config: Rwkv6Config) -> None:
        super().__init__(config)
        self.embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(
            Rwkv6Block(config, layer) for layer in range(config.num_hidden_layers)
        )
        self.ln_out = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_epsilon)
        self.post_init()

    @property
    def layers(self) -> list[Rwkv6Block]:
        """The blocks, as what they are."""
        return [block for block in self.blocks if isinstance(block, Rwkv6Block)]

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the embeddings."""
        return self.embeddings

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        """Replace the embeddings."""
        self.embeddings = value

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        past_key_values: Rwkv6State | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        writes: Mapping[int, Tensor] | None = None,
        watch: Watch | None = None,
        **_: Any,
    ) -> BaseModelOutputWithPast:
        """Run the blocks.

        Args:
            input_ids: [batch, token].
            attention_mask: [batch, token], or [batch, tokens so far + token] as `generate` gives
                it; 0 marks padding, which no other token sees, wherever it stands.
            inputs_embeds: instead of `input_ids`, [batch, token, hidden].
            past_key_values: the state after the tokens before.
            use_cache: whether the new state is returned.
            output_hidden_states: whether the blocks' inputs, and the last output, are returned.
            writes: by block, factors of the writes into its state, [batch, head or 1, token].
            watch: shown each block's recurrence.

        Raises:
            InputError: the state is of another model or batch.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give input_ids or inputs_embeds, one of the two")
        hidden = self.embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        batch, n_tokens = hidden.shape[:2]
        state = past_key_values
        if state is None:
            state = Rwkv6State.empty(self.config, batch, self.dtype, hidden.device)
        state.check(self.config, batch)
        padding = None if attention_mask is None else Padding.of(attention_mask[:, -n_tokens:])
        inputs, layers = [], []
        for number, (block, layer) in enumerate(zip(self.blocks, state.layers, strict=True)):
            inputs.append(hidden)
            hidden, layer = block(
                hidden,
                layer,
                write=None if writes is None else writes.get(number),
                padding=padding,
                watch=watch,
            )
            layers.append(layer)
        hidden = self.ln_out(hidden)
        keep = self.config.use_cache if use_cache is None else use_cache
        return BaseModelOutputWithPast(
            last_hidden_state=hidden,
            past_key_values=Rwkv6State(tuple(layers), state.seen + n_tokens) if keep else None,
            hidden_states=(*inputs, hidden) if output_hidden_states else None,
        )


class Rwkv6ForCausalLM(Rwkv6PreTrainedModel, GenerationMixin):  # type: ignore[misc]  # likewise
    """RWKV-6 with a projection to the vocabulary; generates from its recurrent state."""

    def __init__(self, config: Rwkv6Config) -> None:
        super().__init__(config)
        self.rwkv = Rwkv6Model(config)
        self.head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    _tied_weights_keys = {"head.weight": "rwkv.embeddings.weight"}  # noqa: RUF012 # transformers' own form

    def get_output_embeddings(self) -> nn.Linear:
        """Return the projection to the vocabulary."""
        return self.head

    def set_output_embeddings(self, new_embeddings: nn.Linear) -> None:
        """Replace the projection to the vocabulary."""
        self.head = new_embeddings

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        past_key_values: Rwkv6State | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        writes: Mapping[int, Tensor] | None = None,
        watch: Watch | None = None,
        **options: Any,
    ) -> CausalLMOutputWithPast:
        """Run the model; see `Rwkv6Model.forward`.

        Args:
            labels: [batch, token]; −100 is not learned. They are shifted here.
            logits_to_keep: how many positions from the end to project, 0 for all, or which.
        """
        output = self.rwkv(
            input_ids=input_ids,
            attention_mask=attention_mask,
            inputs_embeds=inputs_embeds,
            past_key_values=past_key_values,
            use_cache=use_cache,
            output_hidden_states=output_hidden_states,
            writes=writes,
            watch=watch,
        )
        rows = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.head(output.last_hidden_state[:, rows])
        loss = None
        if labels is not None:
            loss = self.loss_function(logits, labels, self.config.vocab_size, **options)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=output.past_key_values,
            hidden_states=output.hidden_states,
        )

    def _reorder_cache(self, past_key_values: Rwkv6State, beam_idx: Tensor) -> Rwkv6State:
        """Follow the beams that beam search keeps."""
        return past_key_values.select(beam_idx)
