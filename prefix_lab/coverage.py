"""What a probing pass reached of a model's attention, and what it did not: watching it, and saying so."""

import re
from collections import Counter
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

ATTENTION = re.compile(r"att(n|ention)|mha", re.I)
POOLING = re.compile(r"pool", re.I)  # a head that weighs tokens to read them all: no layer of the model's
NO_ATTENTION = re.compile(r"norm|output|intermediate|residual|embed|config|mask|linear", re.I)
WHOLE = (F.scaled_dot_product_attention, F.multi_head_attention_forward, torch._native_multi_head_attention)
SOFTMAX = (F.softmax, torch.softmax, torch.Tensor.softmax, torch.logsumexp)


class Unreached(NamedTuple):
    """An attention, or a layer without one, that has no prefix: why, and what would change that."""

    name: str
    cls: str
    reason: str
    remedy: str


class UnreachedWarning(UserWarning):
    """Some of a model's attention has no prefix."""


class Watch(TorchFunctionMode):
    """During a forward pass: which modules ran, on what, and which computed attention outside the interface."""

    def __init__(self):
        super().__init__()
        self.stack, self.ran, self.inputs, self.outside = [], set(), {}, {}
        self.within = 0  # inside an attention function of the interface, whose softmax is no surprise
        self.start = torch.ones((), requires_grad=True)

    @contextmanager
    def over(self, model: nn.Module):
        """Watch the modules of this model."""
        hooks = []
        try:
            for module in model.modules():
                hooks.append(module.register_forward_pre_hook(self._enter, with_kwargs=True))
                hooks.append(module.register_forward_hook(self._leave, always_call=True))
            with self:
                yield self
        finally:
            for hook in hooks:
                hook.remove()

    def begun(self, inputs: dict) -> dict:
        """The inputs, their floating tensors as the beginning of a graph."""
        started = lambda x: x * self.start if isinstance(x, torch.Tensor) and x.is_floating_point() else x  # noqa: E731
        return tree_map(started, dict(inputs))

    def _enter(self, module, args, kwargs):
        self.stack.append(module)
        self.ran.add(module)
        self.inputs[module] = list(floats((args, kwargs)))

    def _leave(self, module, args, output):
        while self.stack and self.stack.pop() is not module:
            pass
        self.inputs.pop(module, None)
        # the graph of the computation begins at the embeddings; frozen weights alone would leave none to read
        bare = isinstance(output, torch.Tensor) and output.is_floating_point() and not output.requires_grad
        if bare and torch.is_grad_enabled() and not next(module.children(), None):
            if not any(ATTENTION.search(type(m).__name__) for m in self.stack):  # whose projections begin nothing
                return output * self.start
        return None

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if not self.within and (func in WHOLE or func in SOFTMAX):
            self._note(func, args, kwargs)
        return func(*args, **kwargs)

    def _note(self, func, args, kwargs) -> None:
        inner = [m for m in self.stack if not isinstance(m, (nn.Softmax, nn.Dropout))]
        if not inner:
            return
        module = inner[-1]
        if func is not F.scaled_dot_product_attention and any(POOLING.search(type(m).__name__) for m in inner):
            return
        scores = args[0] if args else kwargs.get("input", kwargs.get("query"))
        named = ATTENTION.search(type(module).__name__)
        if func in WHOLE or (named and scores.dim() >= 3 and scores.shape[-1] > 1):
            self.outside[module] = None


def floats(value):
    """The floating tensors in a tensor, a dict or a list, however deep."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from floats(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from floats(part)


def missed(model: nn.Module, watch: Watch, reached: set[str], given, wanted: list[str]) -> list[Unreached]:
    """The attentions that were not heard through the interface: code of their own, or not run on these inputs."""
    found, names = [], {module: name for name, module in model.named_modules()}
    for module in watch.outside:
        name = names.get(module)
        if name is not None and name not in reached:
            own = "attends by code of its own, outside transformers' attention interface"
            found.append(Unreached(name, type(module).__name__, own, "no way to reach it here; peft's LoRA may serve"))
    remedy = f"pass probe= with {', '.join(wanted)}" if wanted else "pass probe= a batch that uses it"
    heads = {inner for m in model.modules() if POOLING.search(type(m).__name__) for inner in m.modules()}
    for name, module in model.named_modules():
        if module not in heads and _is_attention(module) and name not in reached and module not in watch.outside:
            ran = module in watch.ran
            reason = f"{'ran without softmax attention' if ran else 'did not run'} on {', '.join(given)}"
            what = "nothing to reach, unless other inputs use it" if ran else remedy
            found.append(Unreached(name, type(module).__name__, reason, what))
    return found + layers_without_attention(model, reached | {entry.name for entry in found})


def _is_attention(module: nn.Module) -> bool:
    """Whether it is named for attention, has weights, and holds no other such module: the innermost one."""

    def named(m):
        name = type(m).__name__
        return bool(ATTENTION.search(name)) and not NO_ATTENTION.search(name)

    inside = (m for m in module.modules() if m is not module)
    return named(module) and next(module.parameters(), None) is not None and not any(named(m) for m in inside)


def layers_without_attention(model: nn.Module, attentions: set[str]) -> list[Unreached]:
    """The layers of a hybrid stack that hold no attention, where other layers of the same stack do."""
    found, stacks = [], []
    for name, module in model.named_modules():
        if not isinstance(module, nn.ModuleList) or any(name.startswith(stack + ".") for stack in stacks):
            continue
        layers = {f"{name}.{i}": layer for i, layer in enumerate(module)}
        having = {n for n in layers if any(a == n or a.startswith(n + ".") for a in attentions)}
        if having:
            stacks.append(name)
            for n in layers.keys() - having:
                found.append(Unreached(n, type(layers[n]).__name__, "has no softmax attention", "nothing to reach"))
    return sorted(found, key=lambda entry: [int(x) if x.isdigit() else x for x in re.split(r"(\d+)", entry.name)])


def sentence(model: nn.Module, unreached) -> str:
    """One sentence for a warning: what has no prefix, stack by stack, why, and what to pass."""
    told = []
    stacks = {}
    for entry in unreached:
        stacks.setdefault((stack_of(entry.name), *entry[1:]), []).append(entry.name)
    for (stack, cls, reason, remedy), names in stacks.items():
        where = f"{stack} ({len(names)} x {cls})" if len(names) > 1 else f"{names[0]} ({cls})"
        told.append(f"{where} {reason}: {remedy}")
    return f"no prefix at these parts of {type(model).__name__}: " + "; ".join(told)


def stack_of(name: str) -> str:
    """A module's name with its numbers replaced: the same for the layers of one stack."""
    return re.sub(r"(?<=\.)\d+(?=\.|$)|^\d+(?=\.)", "*", name)


def refuse_another_depth(config, sites, model) -> None:
    """Raises ValueError unless the prefix has a site at every layer of each stack that it enters."""
    mine = Counter(stack_of(site.name) for site in config.sites)
    for stack, count in Counter(stack_of(site.name) for site in sites).items():
        if 0 < mine[stack] < count:
            raise ValueError(
                f"the prefix was made for {mine[stack]} sites at {stack} of {config.base.get('class')}, but "
                f"{type(model).__name__} has {count} there; attach it to a model of the same depth"
            )
