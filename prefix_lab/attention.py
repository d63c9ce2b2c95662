"""The one place where a prefix enters attention, and `attach`, `detach` and `select` around it."""

from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel

from .prefix import Prefix, make_prefix
from .sites import Site, configs, find_sites, implementation, of_kinds, route, set_handler, set_implementation

_SLOT = "attached_prefixes"  # the submodule of the model that holds its prefixes
_SELECTED: ContextVar[dict | None] = ContextVar("selected", default=None)  # attachment -> the rows of `select`
_COUNTING = Lock()


class PrefixAttention:
    """The handler of one site: it puts the prefix before the keys and values and widens the mask."""

    def __init__(self, attachment: "Attachment", site: Site):
        self.attachment, self.site = attachment, site

    def __call__(self, attend, module, query, key, value, mask, **kwargs):
        """query (B, H, T, D_h), key and value (B, H_kv, S, D_h); the result is what `attend` returns for P + S keys."""
        found = self.attachment.keys_and_values(self.site.name, batch=query.shape[0])
        if found is None:
            return attend(module, query, key, value, mask, **kwargs)
        prefix_key, prefix_value, present = found  # (B, H_kv, P, D_h) twice, (B, P) or None
        mask, kwargs = widen(mask, kwargs, module, query, key, prefix_key.shape[2], present)
        key = torch.cat([prefix_key.to(key), key], dim=2)  # (B, H_kv, P + S, D_h): here the prefix enters
        value = torch.cat([prefix_value.to(value), value], dim=2)  # (B, H_kv, P + S, D_h)
        output = attend(module, query, key, value, mask, **kwargs)
        if self.attachment.recorder is not None:
            self.attachment.recorder(self.site, output, prefix_key.shape[2])
        return output


def widen(mask, kwargs: dict, module, query, key, length: int, present):
    """The mask, and whatever else in `kwargs` has a column for each key, with `length` columns more on the left.

    mask: None, bool (True = keep) or additive (B, 1, T, S), flash attention's (B, S), or flex attention's BlockMask.
    present: (B, P) bool, False where a row has a shorter prefix than the longest; None where all are whole.
    """
    if kwargs.get("cache") is not None:
        raise ValueError("continuous batching (a paged cache) cannot hold a prefix; use model.generate")
    if kwargs.get("position_bias") is not None:  # T5: the prefix has no position, hence no bias
        kwargs = kwargs | {"position_bias": F.pad(kwargs["position_bias"], (length, 0))}  # (1, H, T, P + S)
    if mask is None and present is None and query.shape[2] == 1 and kwargs.get("sliding_window") is None:
        return None, kwargs  # one new token sees every key, in every implementation

    batch, queries, keys = query.shape[0], query.shape[2], key.shape[2]
    name = implementation(module.config)
    if "flash" in name:
        return _widen_flash(mask, kwargs, batch, keys, length, present, query.device), kwargs
    if hasattr(mask, "mask_mod"):
        return _widen_block(mask, length, present), kwargs
    if mask is None:
        causal = kwargs.get("is_causal")
        causal = getattr(module, "is_causal", True) if causal is None else causal
        if name == "sdpa" and causal and queries > 1:
            # sdpa means the upper-left triangle here, which would hide the prefix from all but the last tokens
            mask = torch.ones(queries, keys, dtype=torch.bool, device=query.device).tril()[None, None]
        elif present is None:
            return None, kwargs
        else:
            mask = torch.ones(1, 1, queries, keys, dtype=torch.bool, device=query.device)
            if name == "eager":  # eager attention adds its mask
                mask = torch.zeros(mask.shape, dtype=query.dtype, device=query.device)
    if mask.shape[-1] == 1 and keys > 1:
        mask = mask.expand(*mask.shape[:-1], keys)
    columns = torch.ones(1, 1, 1, length, dtype=torch.bool, device=mask.device)
    if present is not None:
        columns = present[:, None, None, :].to(mask.device)  # (B, 1, 1, P)
        mask = mask.expand(batch, *mask.shape[1:])
    if mask.dtype != torch.bool:
        lowest = torch.full((), torch.finfo(mask.dtype).min, dtype=mask.dtype, device=mask.device)
        columns = torch.where(columns, torch.zeros_like(lowest), lowest)
    return torch.cat([columns.expand(*mask.shape[:-1], length), mask], dim=-1), kwargs  # (B, 1, T, P + S)


def _widen_flash(mask, kwargs, batch, keys, length, present, device):
    """Flash attention aligns causality lower-right, as a prefix needs; its mask has a column for each key only."""
    if kwargs.get("cu_seq_lens_k") is not None:
        raise ValueError("packed sequences (cu_seq_lens) cannot hold a prefix; pad the batch instead")
    window = kwargs.get("sliding_window")
    if window is not None and keys + length > window:
        raise ValueError(
            f"flash attention's sliding window of {window} would hide the prefix from later tokens; "
            "use attn_implementation='sdpa'"
        )
    if mask is None and present is None:
        return None
    if mask is None:
        mask = torch.ones(batch, keys, dtype=torch.bool, device=device)
    if present is None:
        present = torch.ones(batch, length, device=device)
    return torch.cat([present.to(mask), mask], dim=-1)  # (B, P + S)


def _widen_block(mask, length: int, present):
    from torch.nn.attention.flex_attention import create_block_mask

    inner, (batch, heads, queries, keys) = mask.mask_mod, mask.shape

    def with_prefix(b, h, q, k):
        seen = inner(b, h, q, torch.clamp(k - length, min=0))
        first = torch.ones_like(seen) if present is None else present[b, torch.clamp(k, max=length - 1)]
        return torch.where(k < length, first, seen)

    batch = batch if present is None else present.shape[0]
    heads = None if heads == 1 else heads
    return create_block_mask(with_prefix, batch, heads, queries, keys + length, device=mask.kv_indices.device)


class Attachment(nn.Module):
    """What `attach` leaves on a model: its prefixes, and all that `detach` needs to undo it."""

    def __init__(self, prefixes: dict[str, Prefix], undo: dict):
        super().__init__()
        self.names = tuple(prefixes)
        self.prefixes = nn.ModuleList(prefixes.values())
        self.sources = {  # (name of a prefix, name of a site) -> the Prefix, and the site's index in it
            (name, site.name): (prefix, index)
            for name, prefix in prefixes.items()
            for index, site in enumerate(prefix.config.sites)
        }
        self.undo = undo
        self.recorder = None  # set by inspection
        self.selections = 0  # how many `select` blocks are open, in all threads (torch.compile cannot ask a ContextVar)
        self.checkpointed = None  # the rows of a forward pass whose layers will be computed again
        self.recomputed = True

    def rows(self) -> tuple:
        """The names in force: one for all rows, or one for each row of the batch (None: no prefix)."""
        if self.checkpointed is not None and torch._C._current_graph_task_id() != -1:
            self.recomputed = True  # inside a backward pass: what the forward pass had, select block or not
            return self.checkpointed
        if self.selections and (chosen := (_SELECTED.get() or {}).get(self)) is not None:
            return chosen
        if len(self.names) > 1:
            raise ValueError(
                f"several prefixes are attached ({', '.join(self.names)}); choose with "
                f"`with prefix_lab.select(model, {self.names[0]!r}):`"
            )
        return self.names

    def keys_and_values(self, site: str, batch: int):
        """Keys and values (B, H_kv, P, D_h) of this site for a batch, and (B, P) bool or None; None for no prefix."""
        rows = self.rows()
        if batch % len(rows):
            raise ValueError(f"select names {len(rows)} rows, but the batch has {batch}; name one for each row")
        names = dict.fromkeys(rows)
        if len(names) == 1:  # asked at every layer for every token: the short way matters
            pair = self._pair(rows[0], site)
            return pair and (pair[0].expand(batch, -1, -1, -1), pair[1].expand(batch, -1, -1, -1), None)
        pairs = {name: self._pair(name, site) for name in names}
        there = [pair for pair in pairs.values() if pair is not None]
        if not there:
            return None
        longest = max(key.shape[1] for key, _ in there)
        empty = [part[:, :0] for part in there[0]]
        pairs = {name: empty if pair is None else pair for name, pair in pairs.items()}
        which = {name: i for i, name in enumerate(pairs)}
        # beam search repeats each row in place, so row i of N becomes rows i * B/N ... of B
        order = torch.tensor([which[n] for n in rows], device=there[0][0].device).repeat_interleave(batch // len(rows))
        key, value = (
            torch.stack([F.pad(p[i], (0, 0, 0, longest - p[i].shape[1])) for p in pairs.values()])[order]
            for i in (0, 1)
        )  # (B, H_kv, longest, D_h)
        lengths = [p[0].shape[1] for p in pairs.values()]
        if min(lengths) == longest:
            return key, value, None
        present = torch.arange(longest) < torch.tensor(lengths)[:, None]  # (number of names, longest)
        return key, value, present.to(order.device)[order]  # ..., (B, longest)

    def _pair(self, name, site: str):
        prefix, index = self.sources.get((name, site), (None, None))
        return None if prefix is None else prefix(index)

    def remember(self, model: nn.Module) -> None:
        """Keep what is selected now for the layers that gradient checkpointing will compute again."""
        if not (torch.is_grad_enabled() and model.training):
            return
        if not any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
            return
        rows = self.rows()
        if not self.recomputed and rows != self.checkpointed:
            raise RuntimeError(
                "with gradient checkpointing, call backward() before a forward pass with another selection "
                "(and evaluate under torch.no_grad())"
            )
        self.checkpointed, self.recomputed = rows, False


def _before_forward(module: nn.Module, args) -> None:
    """A hook of every part that has a configuration: whoever renamed its implementation, the prefix stays."""
    route(module.config)
    attachment = module._modules.get(_SLOT)
    if attachment is not None:
        attachment.remember(module)


def attached(model: nn.Module) -> Attachment:
    """The attachment of a model. Raises ValueError where it has none."""
    attachment = getattr(model, _SLOT, None)
    if attachment is None:
        raise ValueError(f"{type(model).__name__} has no prefix attached; call prefix_lab.attach(model) first")
    return attachment


def attach(model, prefix=None, *, length=None, kinds=None, freeze=True, probe=None, **new) -> Prefix | dict:
    """Freeze the model and put a prefix at every attention, in place; returns the trainable Prefix.

    prefix: a Prefix, or a dict of several by name (then returned as such), to be chosen by `select`. Without one, a
    new Prefix is made: `length` P (default 10), and `reparam`, `hidden`, `init`, `tokenizer` as in `make_prefix`.
    kinds: some of "encoder", "decoder", "cross"; default all that the model has. freeze=False leaves the weights
    trainable. Raises ValueError or TypeError, the model unchanged, for whatever does not fit.
    Source: Li & Liang 2021, section 4.
    """
    if getattr(model, _SLOT, None) is not None:
        raise ValueError("model already has a prefix attached; detach it first, or attach a dict of several at once")
    sites = of_kinds(find_sites(model, probe), kinds)
    given = {"length": length} | new
    if prefix is None:
        prefixes = {"prefix": make_prefix(model, sites, length, **new)}
    elif any(value is not None for value in given.values()):
        extra = ", ".join(name for name, value in given.items() if value is not None)
        raise ValueError(f"{extra} describes a new prefix, but prefix= was given; leave one of them out")
    else:
        prefixes = prefix if isinstance(prefix, dict) else {"prefix": prefix}
        if not prefixes:
            raise ValueError("prefix must name at least one Prefix, got an empty dict")
        for name, one in prefixes.items():
            if not isinstance(one, Prefix):
                raise TypeError(f"prefix {name!r} must be a Prefix, got {type(one).__name__}")
        fitted = [one.config_for(sites, type(model).__name__) for one in prefixes.values()]
        for one, config in zip(prefixes.values(), fitted):
            one.config = config
            one.to(model.device)

    undo = {
        "implementations": [(config, config._attn_implementation) for config in configs(model)],
        "trainable": [name for name, p in model.named_parameters() if p.requires_grad] if freeze else [],
    }
    if freeze:
        model.requires_grad_(False)
    attachment = Attachment(dict(prefixes), undo).train(model.training)
    for site in sites:
        set_handler(model.get_submodule(site.name), PrefixAttention(attachment, site))
    for module in model.modules():
        if isinstance(module, PreTrainedModel):
            module.register_forward_pre_hook(_before_forward)
            route(module.config)
    model.add_module(_SLOT, attachment)
    return prefix if isinstance(prefix, dict) else next(iter(prefixes.values()))


def detach(model: PreTrainedModel) -> Prefix | dict[str, Prefix]:
    """Take the prefix off again and give the model back bit for bit as it was; returns what was attached."""
    attachment = attached(model)
    for module in model.modules():
        set_handler(module, None)
        for key, hook in list(module._forward_pre_hooks.items()):
            if hook is _before_forward:
                del module._forward_pre_hooks[key]
    delattr(model, _SLOT)
    for config, name in attachment.undo["implementations"]:
        set_implementation(config, name)
    for name in attachment.undo["trainable"]:
        model.get_parameter(name).requires_grad_(True)
    prefixes = dict(zip(attachment.names, attachment.prefixes))
    return prefixes["prefix"] if attachment.names == ("prefix",) else prefixes


@contextmanager
def select(model: PreTrainedModel, names):
    """Within it, the model uses this prefix (a name, or None for the bare model), or one for each row (a list).

    Of this thread only. Under beam search the rows are the prompts, not the beams.
    Raises ValueError for a name that is not attached.
    """
    attachment = attached(model)
    rows = (names,) if names is None or isinstance(names, str) else tuple(names)
    unknown = [name for name in rows if name is not None and name not in attachment.names]
    if unknown or not rows:
        raise ValueError(f"names must be among {', '.join(attachment.names)} or None, got {names!r}")
    token = _SELECTED.set((_SELECTED.get() or {}) | {attachment: rows})
    with _COUNTING:
        attachment.selections += 1
    try:
        yield model
    finally:
        with _COUNTING:
            attachment.selections -= 1
        _SELECTED.reset(token)
