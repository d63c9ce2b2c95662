"""The second door: a prefix through the cache of models whose attention is code of their own.

Such a module hands its keys and values to `cache.update` and attends to what comes back. For one call it is given a
cache that lets the real one do its work (or stores nothing, where there is none) and gives back P before the text;
its masks and biases get P columns. The model itself never sees that cache: its positions and its memory are unmoved.
"""

import math
import sys
from contextlib import contextmanager
from threading import RLock

import torch
import torch.nn.functional as F
from torch import nn
from transformers import DynamicCache

from .arguments import parameters

NAMES = ("cache", "past_key_values", "past_key_value", "layer_past")  # of the argument that holds the cache
_SWAPPED = RLock()  # held while a module has a wider table of who sees whom


class Passing:
    """A cache for one call of one module: what the real one gives back, handed to `put` on its way."""

    def __init__(self, cache, put):
        self.real, self.put = cache, put

    @property
    def __class__(self):  # modules ask whether it is an EncoderDecoderCache
        return DynamicCache if self.real is None else type(self.real)

    def __getattr__(self, name):
        value = getattr(DynamicCache() if self.real is None else self.real, name)
        return Passing(value, self.put) if name in ("self_attention_cache", "cross_attention_cache") else value

    def update(self, key, value, *args, **kwargs):
        """Keys and values (B, H_kv, S, D_h) of all tokens so far, as `put` makes them."""
        if self.real is not None:
            key, value = self.real.update(key, value, *args, **kwargs)
        return self.put(key, value)

    @property
    def layers(self):
        """The layers of a cache that is full already: cross-attention reads its keys and values there."""
        return [Layer(layer, self.put) for layer in (() if self.real is None else self.real.layers)]


class Layer:
    """One layer of a `Passing` cache."""

    def __init__(self, layer, put):
        self.layer, self.put = layer, put

    def __getattr__(self, name):
        if name in ("keys", "values"):
            return self.put(self.layer.keys, self.layer.values)[name == "values"]
        return getattr(self.layer, name)


class CacheDoor:
    """The hooks of one module: before a call P is put into its arguments, after it all is as it was."""

    def __init__(self, attachment, site, true_hides: bool = False):
        self.attachment, self.site, self.true_hides = attachment, site, true_hides

    def __call__(self, module, args, kwargs):
        """Arguments that hold P, or None to leave them as they are."""
        given = arguments(module, args, kwargs)
        states = first_tensor(given)
        found = self.attachment.keys_and_values(self.site.name, batch=states.shape[0])
        if found is None:
            return None
        if self.attachment.recorder is not None and "output_attentions" in parameters(module):
            given["output_attentions"] = True
        return (), with_prefix(module, given, states, found, self.site.kind, self.true_hides)

    def after(self, module, args, output):
        """Take back what was lent to the module, and record how it attended."""
        give_back(module)
        recorder = self.attachment.recorder
        if recorder is None or not isinstance(output, tuple):
            return
        found = self.attachment.keys_and_values(self.site.name, batch=len(returned(output)))
        if found is not None:
            weights = next((x for x in output if isinstance(x, torch.Tensor) and x.dim() == 4), None)
            if weights is None:
                raise ValueError(f"{self.site} does not return its attention weights, so its mass cannot be read")
            key, _, _ = found
            recorder(self.site, weights, key.shape[2])


def enter(module: nn.Module, door: CacheDoor) -> None:
    """Hang a door's hooks on its module."""
    module.register_forward_pre_hook(door, with_kwargs=True)
    module.register_forward_hook(door.after, always_call=True)


def leave(module: nn.Module) -> None:
    """Take a door's hooks off again."""
    for hooks in (module._forward_pre_hooks, module._forward_hooks):
        for key, hook in list(hooks.items()):
            if isinstance(getattr(hook, "__self__", hook), CacheDoor):
                del hooks[key]
                module._forward_pre_hooks_with_kwargs.pop(key, None)
                module._forward_hooks_always_called.pop(key, None)


def takes_cache(module: nn.Module) -> str | None:
    """The name of the argument by which a module takes a cache."""
    return next((name for name in NAMES if name in parameters(module)), None)


def arguments(module: nn.Module, args, kwargs) -> dict:
    """The arguments of a call, each by its name."""
    names = [n for n, p in parameters(module).items() if p.kind is not p.VAR_KEYWORD]
    return dict(zip(names, args)) | kwargs


def first_tensor(given: dict) -> torch.Tensor:
    """What a module reads: the first of its arguments, (B, T, D)."""
    return next(value for value in given.values() if isinstance(value, torch.Tensor))


def returned(output) -> torch.Tensor:
    """What a module returns first."""
    return output[0] if isinstance(output, tuple) else output


# --- what one call is given -----------------------------------------------------------------------------------------


def with_prefix(module, given: dict, states, found, kind: str, true_hides: bool) -> dict:
    """The arguments of one call, with P before its keys and P columns before each of its masks and biases.

    found: keys and values (B, H_kv, P, D_h), and (B, P) bool or None. true_hides: a True in a bool mask hides.
    """
    key, value, present = found
    length, name = key.shape[2], takes_cache(module)
    given = dict(given)
    if present is not None:  # a shorter prefix stands next to the text, at positions -p..-1, as a whole one does
        order = present.int().argsort(dim=1, stable=True)  # (B, P)
        key, value = (_in_order(part, order) for part in (key, value))
        present = present.gather(1, order)
    given |= _spoken_mask(module, given, states, kind, present)
    masks = [n for n, v in given.items() if isinstance(v, torch.Tensor) and "mask" in n and "head_mask" not in n]
    bias = alibi(module, given, key)  # (B, H, 1, P) or None
    for n in masks:
        columns = bias / math.sqrt(key.shape[3]) if bias is not None and _holds_alibi(given[n]) else None
        if given[n].shape[-1] == 1:  # one word for all keys
            given[n] = given[n].expand(*given[n].shape[:-1], _keys(module, given, states))
        given[n] = widen_mask(given[n], length, present, true_hides, columns)
    put = Put(key, value)
    for n in ("alibi", "position_bias"):
        table = given.get(n)
        if not isinstance(table, torch.Tensor):
            continue
        if n == "alibi":
            given[n] = torch.cat([bias.reshape(*table.shape[:-1], length).to(table), table], dim=-1)
        elif table.dim() == 3 and table.shape[1] == 1:  # a table of ALiBi by the distance to the last key
            step = table[..., 1:2] - table[..., :1]
            before = table[..., :1] - step * torch.arange(length, 0, -1, device=table.device)
            given[n] = torch.cat([before, table], dim=-1)
            put.order = _hidden_first(given, masks, true_hides)
        else:  # relative positions: the prefix has none, hence no bias
            given[n] = F.pad(table, (length, 0))
    if put.order is not None:
        for n in masks:
            index = put.order[:, None, None].expand(-1, *given[n].shape[1:3], -1)
            given[n] = given[n].expand(len(index), -1, -1, -1).gather(-1, index)
    _lend(module, length)
    given[name] = Passing(given.get(name), put)
    return given


class Put:
    """Puts P before the keys and values (B, H_kv, S, D_h) that a cache gives back."""

    def __init__(self, key, value):
        self.key, self.value, self.order = key, value, None

    def __call__(self, key, value):
        """Keys and values (B, H_kv, P + S, D_h)."""
        both = torch.cat([self.key.to(key), key], dim=2), torch.cat([self.value.to(value), value], dim=2)
        return both if self.order is None else tuple(_in_order(part, self.order) for part in both)


def _in_order(part: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    index = order[:, None, :, None].expand(-1, part.shape[1], -1, part.shape[3])
    return part.gather(2, index)  # (B, H_kv, S, D_h)


def widen_mask(mask, length: int, present, true_hides: bool, columns=None):
    """A mask whose last dimension is the keys', with P columns more on the left.

    mask: (B, S), (B, T, S) or (B, H, T, S), additive (0 is seen) or not (1 is seen; with `true_hides`, 0).
    columns: (B, H, 1, P), what an additive mask holds where the prefix is seen, if not 0.
    """
    if present is not None and mask.shape[0] == 1:
        mask = mask.expand(present.shape[0], *mask.shape[1:])
    if present is None:
        present = torch.ones(1, length, dtype=torch.bool, device=mask.device)
    present = present.to(mask.device).view(present.shape[0], *[1] * (mask.dim() - 2), length)  # (B, 1, ..., P)
    if mask.is_floating_point():
        seen = torch.zeros((), dtype=mask.dtype, device=mask.device) if columns is None else columns.to(mask)
        columns = torch.where(present, seen, torch.finfo(mask.dtype).min)
    else:
        columns = (present ^ true_hides).to(mask.dtype)
    return torch.cat([columns.expand(*mask.shape[:-1], length), mask], dim=-1)


def _spoken_mask(module, given, states, kind: str, present) -> dict:
    """The mask that None stood for, where P more keys would change what None means."""
    names = ("encoder_attention_mask", "attention_mask")[kind != "cross" :]
    name = next((n for n in names if n in parameters(module)), None)
    if name is None or given.get(name) is not None:
        return {}
    batch, queries = states.shape[:2]
    causal = kind == "decoder" and queries > 1  # None then means that no token is padding, and none went before
    if not causal and present is None:
        return {}
    mask = torch.zeros(1, 1, queries, _keys(module, given, states), dtype=states.dtype, device=states.device)
    if causal:
        mask = mask + torch.full_like(mask[0, 0], torch.finfo(mask.dtype).min).triu(1)
    return {name: mask.expand(batch, -1, -1, -1)}


def _keys(module, given, states) -> int:
    """How many keys a module will attend to, without the prefix."""
    others = [v for n, v in given.items() if n in ("key_value_states", "encoder_hidden_states", "kv") and v is not None]
    if others:
        return others[0].shape[1]
    cache = given.get(takes_cache(module))
    layer = getattr(module, "layer_idx", getattr(module, "layer_id", 0))
    return states.shape[1] + (0 if cache is None else cache.get_seq_length(layer))


def alibi(module, given, key) -> torch.Tensor | None:
    """The bias (B, H, 1, P) of the prefix, at positions -P..-1, where the module is given one for each key."""
    table = given.get("alibi")
    if table is None:
        return None
    build = getattr(sys.modules[type(module).__module__], "build_alibi_tensor", None)
    if build is None:
        raise ValueError(f"{type(module).__name__} makes its alibi in a way of its own, so no prefix can be put there")
    batch, length = key.shape[0], key.shape[2]
    two = torch.ones(1, 2, dtype=torch.long, device=table.device)
    heads = table.shape[0] // batch if table.dim() == 3 else table.shape[1]  # (B H, 1, S) or (B, H, 1, S)
    slopes = build(two, heads, table.dtype)[:, :, 1:]  # (H, 1, 1): the bias of the second token
    return (slopes * torch.arange(-length, 0, device=table.device)).expand(batch, -1, -1, -1)


def _holds_alibi(mask) -> bool:
    return mask.is_floating_point() and mask.dim() == 4 and mask.shape[1] > 1


def _hidden_first(given, masks, true_hides: bool):
    """An order of the keys (B, P + S) by which what no query sees stands before the prefix, not between it and text."""
    for n in masks:
        if given[n].dim() == 4:
            last = given[n][:, 0, -1]  # (B, P + S): the last query sees all that any does
            seen = (last != 0) ^ (true_hides or last.is_floating_point())
            return seen.int().argsort(dim=-1, stable=True)
    return None


def _lend(module: nn.Module, length: int) -> None:
    """For one call, P more columns, all seen, in a module's own table (1, 1, N, N) of who sees whom."""
    for name, table in module._buffers.items():
        if table is not None and table.dtype == torch.bool and table.dim() == 4:
            _SWAPPED.acquire()
            module.__dict__["_lent"] = name, table
            module._buffers[name] = F.pad(table, (length, 0, length, 0), value=True)
            return


def give_back(module: nn.Module) -> None:
    """The module's own table again, if a wider one was lent to it."""
    lent = module.__dict__.pop("_lent", None)
    if lent is not None:
        module._buffers[lent[0]] = lent[1]
        _SWAPPED.release()


# --- listening at the door -------------------------------------------------------------------------------------------


@contextmanager
def overhearing(modules, hear):
    """Within it, `hear(module, given, key, value)` is called for what each module's attention attends to."""
    hooks = [m.register_forward_pre_hook(Overhear(hear), with_kwargs=True) for m in modules if takes_cache(m)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class Overhear:
    """The hook of `overhearing`; of modules within modules the innermost is heard."""

    def __init__(self, hear):
        self.hear = hear

    def __call__(self, module, args, kwargs):
        """The arguments, with a cache that passes on what it is given."""
        given, name = arguments(module, args, kwargs), takes_cache(module)
        cache = given.get(name)
        real = cache.real if type(cache) is Passing else cache
        return (), given | {name: Passing(real, lambda key, value: self.hear(module, given, key, value))}
