"""The one place where a prefix enters attention, and `attach` and `detach` around it."""

import os

import torch
from torch import nn
from transformers import PreTrainedModel

from .interface import configs, route, set_handler, set_implementation
from .masks import widen
from .prefix import Prefix, make_prefix
from .saving import keep_apart, keep_together, stored, warn_of_random
from .selection import SLOT, Attachment, attached
from .sites import Site, find_sites, of_kinds


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


def _before_forward(module: nn.Module, args) -> None:
    """A hook of every part that has a configuration: whoever renamed its implementation, the prefix stays."""
    route(module.config)
    attachment = module._modules.get(SLOT)
    if attachment is not None:
        attachment.remember(module)


def attach(model, prefix=None, *, length=None, kinds=None, freeze=True, probe=None, **new) -> Prefix | dict:
    """Freeze the model and put a prefix at every attention, in place; returns the trainable Prefix.

    prefix: a Prefix, or a dict of several by name (then returned as such), to be chosen by `select`, or the folder or
    hub repository ("user/repo") that holds them. Without one, a new Prefix is made: `length` P (default 10), and
    `reparam`, `hidden`, `init`, `tokenizer` as in `make_prefix`.
    kinds: some of "encoder", "decoder", "cross"; default all that the model has. freeze=False leaves the weights
    trainable. Raises ValueError or TypeError, the model unchanged, for whatever does not fit.
    Source: Li & Liang 2021, section 4.
    """
    if getattr(model, SLOT, None) is not None:
        raise ValueError("model already has a prefix attached; detach it first, or attach a dict of several at once")
    if isinstance(prefix, (str, os.PathLike)):
        prefix = stored(prefix)
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
        warn_of_random(model)
        model.requires_grad_(False)
    attachment = Attachment(dict(prefixes), undo).train(model.training)
    for site in sites:
        set_handler(model.get_submodule(site.name), PrefixAttention(attachment, site))
    for module in model.modules():
        if isinstance(module, PreTrainedModel):
            module.register_forward_pre_hook(_before_forward)
            route(module.config)
    model.add_module(SLOT, attachment)
    keep_together(model, attachment)
    return prefix if isinstance(prefix, dict) else next(iter(prefixes.values()))


def detach(model: PreTrainedModel) -> Prefix | dict[str, Prefix]:
    """Take the prefix off again and give the model back bit for bit as it was; returns what was attached."""
    attachment = attached(model)
    for module in model.modules():
        set_handler(module, None)
        for key, hook in list(module._forward_pre_hooks.items()):
            if hook is _before_forward:
                del module._forward_pre_hooks[key]
    delattr(model, SLOT)
    keep_apart(model)
    for config, name in attachment.undo["implementations"]:
        set_implementation(config, name)
    for name in attachment.undo["trainable"]:
        model.get_parameter(name).requires_grad_(True)
    prefixes = dict(zip(attachment.names, attachment.prefixes))
    return prefixes["prefix"] if attachment.names == ("prefix",) else prefixes
