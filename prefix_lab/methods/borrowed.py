"""What the library PEFT brings, put into the model in place: LoRA, AdaLoRA and (IA)3."""

import warnings
import weakref
from functools import partial

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from ..arguments import integer, number, several
from ..extras import extra
from .layers import attention_layers, find_layers, key_value_layers
from .tuning import Tuning

_HOOKS = "_require_grads_hooks"  # for gradient checkpointing
_MARKS = ("peft_config", "_hf_peft_config_loaded", _HOOKS, "_require_grads_hook")  # what PEFT sets on a model


def lora(tuning: Tuning, r: int = 8, alpha: int = 16, layers: list[str] | str | None = None) -> None:
    """LoRA (Hu et al. 2022): a product of two thin matrices beside every linear layer of the attentions."""
    with extra("peft"):
        from peft import LoraConfig

    layers = attention_layers(tuning.model) if layers is None else layers
    config = LoraConfig(r=integer("r", r), lora_alpha=number("alpha", alpha), target_modules=layers)
    wrapped = _wrap(tuning, config)
    tuning.about = f"LoRA of rank {r} at {len(wrapped.targeted_module_names)} linear layers"


def adalora(
    tuning: Tuning,
    r: int = 8,
    start: int | None = None,
    alpha: int = 16,
    steps: int = 200,
    orthogonal: float = 0.5,
    layers: list[str] | str | None = None,
) -> None:
    """AdaLoRA (Zhang et al. 2023): LoRA as a singular value decomposition, whose ranks are spent where they matter.

    - r: the rank that each layer has in the end, on average
    - start: that it begins with; default one and a half times r
    - steps: of the training that follows; over its second to its sixth tenth the ranks go from `start` to `r`
    - orthogonal: how strongly the two outer matrices are held near orthogonal ones
    """
    with extra("peft"):
        from peft import AdaLoraConfig

    steps, r = integer("steps", steps, least=3), integer("r", r)
    start = r + max(1, r // 2) if start is None else integer("start", start)
    if start <= r:
        raise ValueError(f"start must be more than r={r}, got {start}; without ranks to take away use lora")
    layers = attention_layers(tuning.model) if layers is None else layers
    times = {"tinit": steps // 10, "tfinal": max(1, 4 * steps // 10), "total_step": steps}
    config = AdaLoraConfig(
        target_r=r,
        init_r=start,
        lora_alpha=number("alpha", alpha),
        target_modules=layers,
        orth_reg_weight=number("orthogonal", orthogonal),
        **times,
    )
    wrapped = _wrap(tuning, config)
    tuning.allocator = Allocator(wrapped.base_model)
    tuning.about = f"AdaLoRA of ranks from {start} down to {r} at {len(wrapped.targeted_module_names)} linear layers"


def ia3(tuning: Tuning, layers: list[str] | str | None = None) -> None:
    """(IA)3 (Liu et al. 2022): a factor for every key, value and inner feed-forward number.

    Where one linear layer makes queries, keys and values, as in GPT-2, the queries are scaled too.
    """
    with extra("peft"):
        from peft import IA3Config

    inner = [layer.leaves for layer in find_layers(tuning.model)] if layers is None else []
    layers = [*key_value_layers(tuning.model), *inner] if layers is None else several(layers)
    wrapped = _wrap(tuning, IA3Config(target_modules=layers, feedforward_modules=inner))
    tuning.about = f"factors at {len(wrapped.targeted_module_names)} linear layers"


def _wrap(tuning: Tuning, config):
    from peft import PeftModel

    model, wanted = tuning.model, config.target_modules  # a pattern, or names
    config.fan_in_fan_out = any(isinstance(part, Conv1D) for part in model.modules())
    before = {name: model.__dict__[name] for name in _MARKS if name in model.__dict__}
    tuning.on_undo(partial(_unwrap, model, dict(model.named_modules()), before))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".is_gradient_checkpointing. is deprecated", FutureWarning)
        wrapped = PeftModel(model, config)
    found = [f".{name}" for name in wrapped.targeted_module_names]
    names = () if isinstance(wanted, str) else sorted(wanted)
    if lost := [name for name in names if not any(one.endswith(f".{name}") for one in found)]:
        raise ValueError(f"layers must name linear layers of {type(model).__name__}, got {', '.join(lost)}")
    return wrapped


def _unwrap(model: PreTrainedModel, parts: dict[str, nn.Module], before: dict) -> None:
    """Put every part back in its place, and what PEFT has set on the model itself."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, part in parts.items():
        home, _, last = name.rpartition(".")
        if name and isinstance(parts[home]._modules.get(last), BaseTunerLayer):
            parts[home]._modules[last] = part
    if model.__dict__.get(_HOOKS) is not before.get(_HOOKS):
        model.disable_input_require_grads()
    for name in _MARKS:
        model.__dict__.pop(name, None)
    model.__dict__.update(before)


# --- AdaLoRA's part in each step ---------------------------------------------------------------------------------


class Allocator:
    """What AdaLoRA does around each step of whichever optimizer holds its numbers, in any loop that has one.

    Before the step it adds the gradient of the term that keeps A and B near orthogonal, which PEFT adds to the loss;
    so here the loss that is reported, and the clipping of its gradient, are the task's alone. After the step it takes
    ranks away (`update_and_allocate`). How far it is and what it has measured stand in the optimizer's state, so that
    a training that is taken up from a checkpoint of the optimizer goes on with them.
    """

    def __init__(self, adalora: nn.Module):
        self.adalora, self.step = adalora, 0
        self.noted: torch.Tensor | None = None  # the step, as it stands in the optimizer's state
        _ALLOCATORS.add(self)

    def __setstate__(self, state):
        self.__dict__.update(state)
        _ALLOCATORS.add(self)  # a copy of a tuned model allocates for itself

    def matrices(self) -> list[nn.Parameter]:
        """Every A (r, N) and B (M, r) that trains."""
        named = self.adalora.model.named_parameters()
        return [p for name, p in named if ("lora_A" in name or "lora_B" in name) and p.requires_grad]

    def serves(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether this optimizer moves AdaLoRA's numbers."""
        mine = self.matrices()
        return bool(mine) and any(p is mine[0] for group in optimizer.param_groups for p in group["params"])

    def straighten(self) -> None:
        """Add the gradient of the mean over all A and B of |A A^T - 1|, or of |B^T B - 1|, to theirs."""
        weight = self.adalora.peft_config[self.adalora.trainable_adapter_name].orth_reg_weight
        mine = [p for p in self.matrices() if p.grad is not None]
        for p in mine:
            rows = p.detach().float().requires_grad_()  # (r, N) or (M, r)
            gram = rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows  # (r, r)
            off = torch.linalg.matrix_norm(gram - torch.eye(len(gram), device=gram.device))
            p.grad += (weight / len(mine)) * torch.autograd.grad(off, rows)[0].to(p.grad)

    def allocate(self, optimizer: torch.optim.Optimizer) -> None:
        """Take away the ranks that matter least, as many as the schedule says."""
        self.step += 1
        self.adalora.update_and_allocate(self.step)
        self.noted = torch.tensor(divmod(self.step, 256))  # two numbers that every precision holds exactly
        for name, state in self._states(optimizer):
            state["allocated"] = self.noted
            for key, found in self._measured.items():
                state.pop(key, None)
                state |= {key: found[name]} if name in found else {}

    def recall(self, optimizer: torch.optim.Optimizer) -> None:
        """Go on from where the optimizer's state is, if that has come from a checkpoint; before its step."""
        states = self._states(optimizer)
        there = states[0][1].get("allocated") if states else None
        if there is None or there is self.noted:
            return
        self.noted, (high, low) = there, there.tolist()
        self.step = int(256 * high + low)
        for key, found in self._measured.items():
            found |= {name: state[key] for name, state in states if key in state}
        ranks = self.adalora.rankallocator
        ranks.ipt |= {name: torch.zeros_like(value) for name, value in ranks.exp_avg_ipt.items()}
        config = ranks.peft_config
        if self.step >= config.total_step - config.tfinal:
            self._keep_ranks()

    def settle(self) -> None:
        """Keep the ranks as they are from now on, in a tuning that was trained before."""
        if self._keep_ranks():
            self.step = self.adalora.rankallocator.peft_config.total_step

    def _keep_ranks(self) -> bool:
        """Let no rank come back that is zero; whether there is any other."""
        named = self.adalora.model.named_parameters()
        pattern = {name: (p != 0).flatten().tolist() for name, p in named if "lora_E" in name}
        self.adalora.rankallocator.peft_config.rank_pattern = pattern
        return any(any(ranks) for ranks in pattern.values())

    @property
    def _measured(self) -> dict[str, dict[str, torch.Tensor]]:
        ranks = self.adalora.rankallocator
        return {"importance": ranks.exp_avg_ipt, "uncertainty": ranks.exp_avg_unc}

    def _states(self, optimizer: torch.optim.Optimizer) -> list[tuple[str, dict]]:
        named = self.adalora.model.named_parameters()
        return [(name, optimizer.state[p]) for name, p in named if "lora_" in name and p in optimizer.state]


_ALLOCATORS: weakref.WeakSet[Allocator] = weakref.WeakSet()


def _before_step(optimizer, args, kwargs) -> None:
    with torch.enable_grad():
        for one in list(_ALLOCATORS):
            if one.serves(optimizer):
                one.recall(optimizer)
                one.straighten()


def _after_step(optimizer, args, kwargs) -> None:
    for one in list(_ALLOCATORS):
        if one.serves(optimizer):
            one.allocate(optimizer)


register_optimizer_step_pre_hook(_before_step)
register_optimizer_step_post_hook(_after_step)
