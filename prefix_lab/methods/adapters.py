"""Adapters: small networks at the layers of a frozen model, hung on it by hooks that `undo` takes off."""

from functools import partial

import torch
from torch import nn
from transformers import PreTrainedModel

from ..arguments import integer, number
from .layers import Layer, find_layers
from .tuning import Tuning

SLOT = "adapters"  # the submodule of the model that holds them


class Adapter(nn.Module):
    """h + s (W_2 relu(W_1 x + b_1) + b_2), W_1 (M, D) and W_2 (D, M); W_2 and b_2 start at 0, as no change.

    In sequence (Houlsby et al. 2019) x is the h that it corrects, in parallel (He et al. 2022) what the corrected part
    had read. With gated=True the correction is weighed by a `Gate` (UniPELT, Mao et al. 2022).
    """

    def __init__(self, width: int, bottleneck: int, scale: float = 1.0, gated: bool = False):
        super().__init__()
        self.down, self.up, self.scale = nn.Linear(width, bottleneck), nn.Linear(bottleneck, width), scale
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)
        self.gate = Gate(width) if gated else None
        self.read = None  # what the part that it stands beside reads in the pass that is under way

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """The correction of states (..., D), in the same precision."""
        change = self.scale * self.up(torch.relu(self.down(states.to(self.down.weight.dtype))))
        return (change if self.gate is None else change * self.gate(states)).to(states)

    def after(self, module: nn.Module, args, output: torch.Tensor) -> torch.Tensor:
        """The hook in sequence."""
        return output + self(output)

    def before(self, module: nn.Module, args) -> None:
        """The first hook in parallel: note what the part reads."""
        self.read = args[0]

    def beside(self, module: nn.Module, args, output: torch.Tensor) -> torch.Tensor:
        """The second hook in parallel."""
        states, self.read = self.read, None
        return output + self(states)


class Gate(nn.Module):
    """How much a part of UniPELT counts, between 0 and 1, for each token by its own state: (..., D) to (..., 1)."""

    def __init__(self, width: int):
        super().__init__()
        self.weigh = nn.Linear(width, 1)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.weigh(states.to(self.weigh.weight.dtype)))

    def after(self, module: nn.Module, args, output: torch.Tensor) -> torch.Tensor:
        """The hook behind a linear layer: its output, weighed by what it read."""
        return output * self(args[0]).to(output)


# --- the methods -------------------------------------------------------------------------------------------------


def adapter(tuning: Tuning, bottleneck: int = 16) -> None:
    """The bottleneck adapter (Houlsby et al. 2019): behind every attention and every feed-forward part, in sequence."""
    layers = find_layers(tuning.model)
    ends = [(layer, end) for layer in layers for end in (*layer.ends, layer.leaves)]
    adapters = [Adapter(layer.width, integer("bottleneck", bottleneck)) for layer, _ in ends]
    module = tuning.model.get_submodule
    hooks = [module(end).register_forward_hook(one.after) for one, (_, end) in zip(adapters, ends)]
    hang(tuning, adapters, hooks)
    tuning.about = f"{len(adapters)} adapters of width {bottleneck} behind the attentions and feed-forward parts"


def parallel(tuning: Tuning, bottleneck: int = 16, scale: float = 4.0) -> None:
    """The scaled parallel adapter (He et al. 2022, section 4): beside every feed-forward part."""
    layers = find_layers(tuning.model)
    hang(tuning, *beside_all(tuning.model, layers, integer("bottleneck", bottleneck), scale))
    tuning.about = f"{len(layers)} adapters of width {bottleneck} beside the feed-forward parts"


def beside_all(
    model: PreTrainedModel, layers: tuple[Layer, ...], bottleneck: int, scale: float = 1.0, gated: bool = False
) -> tuple[list[nn.Module], list]:
    """An adapter beside the feed-forward part of each layer, and their hooks."""
    adapters, hooks = [Adapter(layer.width, bottleneck, number("scale", scale), gated) for layer in layers], []
    for one, layer in zip(adapters, layers):
        hooks.append(model.get_submodule(layer.enters).register_forward_pre_hook(one.before))
        hooks.append(model.get_submodule(layer.leaves).register_forward_hook(one.beside))
    return adapters, hooks


def hang(tuning: Tuning, modules: list[nn.Module], hooks: list) -> None:
    """Make these modules part of the model until `undo`."""
    model = tuning.model
    model.add_module(SLOT, nn.ModuleList(modules).to(model.device))
    tuning.on_undo(partial(_take_down, model, hooks))


def _take_down(model: PreTrainedModel, hooks: list) -> None:
    for hook in hooks:
        hook.remove()
    delattr(model, SLOT)
