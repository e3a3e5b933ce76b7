"""RWKV-6 (Finch), a gated linear RNN, as a model of the transformers library.

Importing this room registers it: `AutoModelForCausalLM.from_pretrained` then loads its checkpoints.
"""

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer

from plip.models.rwkv6.config import Rwkv6Config
from plip.models.rwkv6.modeling import Rwkv6ForCausalLM, Rwkv6Model
from plip.models.rwkv6.state import LayerState, Rwkv6State
from plip.models.rwkv6.tokenizer import Rwkv6Tokenizer, world_tokenizer

__all__ = [
    "LayerState",
    "Rwkv6Config",
    "Rwkv6ForCausalLM",
    "Rwkv6Model",
    "Rwkv6State",
    "Rwkv6Tokenizer",
    "world_tokenizer",
]

AutoConfig.register(Rwkv6Config.model_type, Rwkv6Config, exist_ok=True)
AutoModel.register(Rwkv6Config, Rwkv6Model, exist_ok=True)
AutoModelForCausalLM.register(Rwkv6Config, Rwkv6ForCausalLM, exist_ok=True)
AutoTokenizer.register(Rwkv6Config, slow_tokenizer_class=Rwkv6Tokenizer, exist_ok=True)
