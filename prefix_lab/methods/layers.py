"""The layers of a model by what they do: which linear layer an attention ends with, where the feed-forward part lies.

Found from the attentions outwards, by shapes and not by a family's names: a layer is the entry of a `ModuleList` that
holds an attention, D is what that attention's first linear layer reads, and the feed-forward part leads from D to
another width and back.
"""

import re
from typing import NamedTuple

from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from ..sites import find_sites

LINEAR = (nn.Linear, Conv1D)
_KEYS_OR_VALUES = re.compile(r"(k|v|key|value|kv|w?qkv|query_key_value|c_attn)(_proj|_lin|)", re.IGNORECASE)
_NO_END = re.compile(r"(q|k|v|query|key|value)(_proj|_lin|)")


class Layer(NamedTuple):
    """One layer of a stack, by the names of its modules; D is the width of its states.

    - name: its own
    - attentions: its attentions
    - width: D
    - ends: the linear layer that ends each attention
    - enters: the first linear layer of the feed-forward part (D, F)
    - leaves: its last one (F, D)
    """

    name: str
    attentions: tuple[str, ...]
    width: int
    ends: tuple[str, ...]
    enters: str
    leaves: str


def find_layers(model: PreTrainedModel) -> tuple[Layer, ...]:
    """Every layer that attends, in order. ValueError for one without a feed-forward part of linear layers."""
    stacks = [name for name, module in model.named_modules() if isinstance(module, nn.ModuleList)]
    inside: dict[str, list[str]] = {}
    for site in find_sites(model):
        stack = min((name for name in stacks if site.name.startswith(f"{name}.")), key=len, default=None)
        if stack is None:
            raise ValueError(
                f"{site.name} of {type(model).__name__} stands in no list of layers; choose another method"
            )
        index = site.name.removeprefix(f"{stack}.").partition(".")[0]
        inside.setdefault(f"{stack}.{index}", []).append(site.name)
    return tuple(_layer(model, name, tuple(attentions)) for name, attentions in inside.items())


def _layer(model: PreTrainedModel, name: str, attentions: tuple[str, ...]) -> Layer:
    linears = linears_in(model, name)
    mine = {one: [n for n in linears if n.startswith(f"{one}.")] for one in attentions}
    width = linears[next(n for names in mine.values() for n in names)][0]
    free = [n for n in linears if not any(n in names for names in mine.values())]
    enters = next((n for n in free if linears[n][0] == width != linears[n][1]), None)
    leaves = next((n for n in reversed(free) if linears[n][0] != width == linears[n][1]), None)
    if enters is None or leaves is None:
        raise ValueError(
            f"{name} of {type(model).__name__} has no feed-forward part of linear layers from {width} numbers to more "
            "and back; choose a method that works at the attentions alone, such as prefix or lora"
        )
    outside = [n for n in free[: free.index(enters)] if linears[n][1] == width]  # as in BERT
    ends = tuple(outside[-1] if outside else _end(names, linears, width) for names in mine.values())
    if None in ends:
        raise ValueError(f"{name} of {type(model).__name__} has an attention that no linear layer ends")
    return Layer(name, attentions, width, ends, enters, leaves)


def _end(names: list[str], linears: dict, width: int) -> str | None:
    """The last of an attention's linear layers that gives D numbers and makes no query, key or value."""
    fit = (n for n in reversed(names) if linears[n][1] == width and not _NO_END.fullmatch(n.rpartition(".")[2]))
    return next(fit, None)


def linears_in(model: PreTrainedModel, name: str) -> dict[str, tuple[int, int]]:
    """The linear layers of a module, by their names in the model, with the widths that they read and give."""
    inner = model.get_submodule(name).named_modules(prefix=name)
    return {n: widths(part) for n, part in inner if isinstance(part, LINEAR)}


def widths(linear: nn.Module) -> tuple[int, int]:
    """What a linear layer reads and gives."""
    return (linear.nx, linear.nf) if isinstance(linear, Conv1D) else (linear.in_features, linear.out_features)


def attention_layers(model: PreTrainedModel) -> list[str]:
    """Every linear layer of the attentions: queries, keys, values and, where it stands there, what ends them."""
    return [name for site in find_sites(model) for name in linears_in(model, site.name)]


def key_value_layers(model: PreTrainedModel) -> list[str]:
    """The linear layers that make keys or values, by their usual names; with the queries where one makes all three."""
    found = []
    for site in find_sites(model):
        mine = [n for n in linears_in(model, site.name) if _KEYS_OR_VALUES.fullmatch(n.rpartition(".")[2])]
        if not mine:
            raise ValueError(f"what makes the keys of {site} has no usual name; give layers= by their names")
        found += mine
    return found
