"""Which attentions of a model run, and which of them neither have a prefix nor are named by `attach`."""

import re
import sys
from contextlib import contextmanager
from fnmatch import fnmatch

import torch
import torch.nn.functional as F
from torch import nn

ATTENTION = re.compile(r"att(n|ention)|mha|attend", re.I)
POOLING = re.compile(r"pool", re.I)  # a head that weighs tokens to read them all: no layer of the model's
NO_ATTENTION = re.compile(r"AttentionResidual|Router|Gate$")  # a softmax over layers or experts


@contextmanager
def observing(model, seen: dict[str, str]):
    """Within it, `seen` gets each module that computes attention: its name and its class's."""
    names = {id(module): name for name, module in model.named_modules()}

    pools = [name for name, module in model.named_modules() if POOLING.search(type(module).__name__)]

    def note(module, *args):
        name = names[id(module)]
        if not any(inside(name, pool) for pool in pools):
            seen.setdefault(name, type(module).__name__)

    whole = [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]
    hooks = [module.register_forward_pre_hook(note) for module in whole]

    def caller():
        frame = sys._getframe(2)
        while frame is not None:
            for name in ("module", "self"):
                module = frame.f_locals.get(name)
                if id(module) in names and not isinstance(module, (nn.Softmax, nn.Dropout)):
                    return module
            frame = frame.f_back
        return None

    def watched(function, surely: bool):
        def call(*args, **kwargs):
            module = caller()
            kind = type(module).__name__
            if module is not None and (surely or (ATTENTION.search(kind) and not NO_ATTENTION.search(kind))):
                note(module)
            return function(*args, **kwargs)

        return call

    places = [(F, "scaled_dot_product_attention"), (F, "softmax"), (torch, "softmax"), (torch.Tensor, "softmax")]
    before = [(owner, name, getattr(owner, name)) for owner, name in places]
    try:
        for owner, name, function in before:
            setattr(owner, name, watched(function, surely=name != "softmax"))
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)
        for hook in hooks:
            hook.remove()


def left_out(attentions, sites) -> list[str]:
    """The attentions that are no site, hold none and stand in none."""
    return [name for name in sorted(attentions) if not any(inside(name, s) or inside(s, name) for s in sites)]


def unnamed(attentions, prefix, said: str) -> list[str]:
    """Those that neither the prefix's report nor the warning names; a star in a name stands for anything."""
    reported = [part.name for part in prefix.unreached]
    words = [word.strip(".") for word in re.findall(r"[\w.*]+", said)]
    named = reported + [word for word in words if re.search(r"[._*]\w", word)]
    return [name for name in attentions if not any(inside(name, part) or fnmatch(name, part) for part in named)]


def inside(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def summary(names) -> list[str]:
    """Names with their numbers replaced by a star, each once."""
    return list(dict.fromkeys(re.sub(r"(?<=\.)\d+", "*", name) for name in names))
