"""Several methods in one model: MAM, UniPELT, and a prefix beside LoRA."""

import torch
from torch import nn

from ..arguments import integer
from ..prefix import Prefix
from .adapters import Gate, beside_all, hang
from .borrowed import lora
from .layers import attention_layers, find_layers, widths
from .prefixes import enter
from .tuning import Tuning


def mam(
    tuning: Tuning, length: int = 10, reparam: str | None = "mlp", bottleneck: int = 16, scale: float = 4.0
) -> None:
    """MAM (He et al. 2022, section 4.6): a prefix at the attentions, a parallel adapter at the feed-forward parts."""
    layers = find_layers(tuning.model)
    enter(tuning, length=length, reparam=reparam, freeze=False)
    hang(tuning, *beside_all(tuning.model, layers, integer("bottleneck", bottleneck), scale))
    _materialized_in_the_end(tuning)
    tuning.about += f", and {len(layers)} adapters of width {bottleneck} beside the feed-forward parts"


def prefix_lora(
    tuning: Tuning, length: int = 10, reparam: str | None = "mlp", r: int = 8, alpha: int = 16, layers=None
) -> None:
    """A prefix at the attentions, and LoRA at their linear layers."""
    lora(tuning, r, alpha, layers)
    about = tuning.about
    enter(tuning, length=length, reparam=reparam, freeze=False)
    _materialized_in_the_end(tuning)
    tuning.about += f", and {about}"


def unipelt(tuning: Tuning, length: int = 10, r: int = 8, alpha: int = 16, bottleneck: int = 16) -> None:
    """UniPELT (Mao et al. 2022): a direct prefix, LoRA and a parallel adapter, each behind gates between 0 and 1.

    The paper's gates read the mean of a text's states. Here a token's gates at LoRA and the adapter read that token's
    own state, so that a causal model sees nothing of later tokens, with its cache or without; and the prefix, which
    all tokens share, has one gate at each attention, which reads nothing.
    """
    model = tuning.model
    layers, names = find_layers(model), attention_layers(model)
    lora(tuning, r, alpha, names)
    enter(tuning, length=length, freeze=False)
    adapters, hooks = beside_all(model, layers, integer("bottleneck", bottleneck), gated=True)
    gates = [Gate(widths(model.get_submodule(name).base_layer)[0]) for name in names]
    thin = (model.get_submodule(name).lora_A["default"] for name in names)
    hooks += [a.register_forward_hook(gate.after) for gate, a in zip(gates, thin)]
    valve = Valve(len(tuning.prefix.config.sites))
    hooks.append(tuning.prefix.register_forward_hook(valve.after))
    hang(tuning, [*adapters, *gates, valve], hooks)
    tuning.about = f"a prefix of {length}, LoRA of rank {r} and adapters of width {bottleneck}, each behind gates"


def _materialized_in_the_end(tuning: Tuning) -> None:
    """Let the prefix go without its MLP where the tuning is saved as final."""
    name = next(name for name, part in tuning.model.named_modules() if part is tuning.prefix)
    tuning.scaffolds[name] = {"reparam": None}


class Valve(nn.Module):
    """How much a prefix counts at each of N sites, between 0 and 1: a factor of its keys and values."""

    def __init__(self, sites: int):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(sites))

    def after(self, prefix: Prefix, args, output) -> tuple[torch.Tensor, torch.Tensor]:
        """The hook behind the prefix, which is asked for site `args[0]`: keys and values (H_kv, P, D_h)."""
        share = torch.sigmoid(self.logits[args[0]])
        return share * output[0], share * output[1]
