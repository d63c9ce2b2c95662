"""The one place where a prefix enters attention, and `attach` and `detach` around it."""

import os
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, TypeVar, overload

import torch
from torch import nn
from transformers import PreTrainedModel

from .apart import attend_apart
from .arguments import parameters, several
from .cache import CacheDoor, enter, leave
from .coverage import UnreachedWarning, refuse_another_depth, sentence
from .interface import configs, readers, route, set_handler, set_implementation
from .masks import Numbering, widen
from .norms import batch_norms, still
from .origin import base_of, difference
from .prefix import Prefix, make_prefix
from .saving import keep_apart, keep_together, stored, warn_of_random
from .selection import SLOT, TUNING, Attachment, attached, select
from .sites import Site, Survey, in_parts, of_kinds, of_part, survey


class PrefixAttention:
    """The handler of one site: it puts the prefix before the keys and values and widens the mask."""

    def __init__(self, attachment: "Attachment", site: Site, in_pieces: bool = False):
        self.attachment, self.site, self.in_pieces = attachment, site, in_pieces

    def __call__(self, attend, module, query, key, value, mask, **kwargs):
        """query (B, H, T, D_h), key and value (B, H_kv, S, D_h); the result is what `attend` returns for P + S keys."""
        found = self.attachment.keys_and_values(self.site.name, batch=query.shape[0])
        if found is None:
            return attend(module, query, key, value, mask, **kwargs)
        prefix_key, prefix_value, present = found  # (B, H_kv, P, D_h) twice, (B, P) or None
        if prefix_key.is_meta and not key.is_meta:
            raise ValueError(
                "the prefix was offloaded with the model; detach, offload the model, and attach afterwards"
            )
        prefix_key, prefix_value = _alike(prefix_key, key), _alike(prefix_value, value)
        pair = key, value, prefix_key, prefix_value
        if (answer := attend_apart(attend, module, query, *pair, mask, present, kwargs)) is not None:
            return answer
        mask, kwargs = widen(mask, kwargs, module, query, key, prefix_key.shape[2], present)
        key = torch.cat([prefix_key, key], dim=2)  # (B, H_kv, P + S, D_h): here the prefix enters
        value = torch.cat([prefix_value, value], dim=2)  # (B, H_kv, P + S, D_h)
        output = attend(module, query, key, value, mask, **kwargs)
        if self.attachment.recorder is not None:
            self.attachment.recorder(self.site, output[1], prefix_key.shape[2])
        if self.in_pieces and output[1] is not None:
            # a module that attends piece by piece lays out the weights itself, in a square of its own tokens
            return output[0], output[1][..., prefix_key.shape[2] :]  # (B, H, T, S)
        return output


def _alike(prefix, states):
    """The prefix's (B, H_kv, P, D_h) in the precision and at the place of the text's; rows that share it still do."""
    return prefix.to(states) if prefix.stride(0) else prefix[:1].to(states).expand_as(prefix)


def _before_forward(module: nn.Module, args) -> None:
    """A hook wherever a call may begin: whoever renamed a configuration's implementation, the prefix stays."""
    route(module.config)
    _remember(module, args)


def _remember(module: nn.Module, args) -> None:
    """The hook in its place where attention is code of its own, which reads the implementation's name itself."""
    attachment = module._modules.get(SLOT)
    if attachment is not None:
        if module.training and torch.is_grad_enabled():
            _warn_if_frozen(module, attachment)
        attachment.remember(module)


def _in_one_piece(head: nn.Module, args):
    """The hook at the output layer: the states of last tokens, cut out of longer texts, (B, 1, D), lie together.

    torch.matmul multiplies others with a copy of a frozen weight for each row (pytorch issue 186148): for 32 rows of
    SmolLM2 in bfloat16, ten times the time of the whole forward pass.
    """
    if not args or not isinstance(args[0], torch.Tensor) or args[0].dim() < 3:
        return None
    flat = args[0].flatten(0, -2).contiguous()  # (B T, D); as (1, 1, D) it might keep the strides of the text
    return flat.unflatten(0, args[0].shape[:-1]), *args[1:]  # (B, T, D)


Names = str | Sequence[str] | None
Given = TypeVar("Given", Prefix, dict[str, Prefix])


@overload
def attach(
    model: PreTrainedModel,
    prefix: None = None,
    *,
    length: int | None = None,
    reparam: str | None = None,
    hidden: int | None = None,
    init: Any = None,
    tokenizer: Any = None,
    kinds: Names = None,
    parts: Names = None,
    freeze: bool = True,
    probe: dict | None = None,
) -> Prefix: ...
@overload
def attach(
    model: PreTrainedModel,
    prefix: Given,
    *,
    kinds: Names = None,
    parts: Names = None,
    freeze: bool = True,
    probe: dict | None = None,
) -> Given: ...
@overload
def attach(
    model: PreTrainedModel,
    prefix: str | os.PathLike,
    *,
    kinds: Names = None,
    parts: Names = None,
    freeze: bool = True,
    probe: dict | None = None,
) -> Any: ...
def attach(
    model,
    prefix=None,
    *,
    length=None,
    reparam=None,
    hidden=None,
    init=None,
    tokenizer=None,
    kinds=None,
    parts=None,
    freeze=True,
    probe=None,
):
    """Freeze the model and put a prefix at every attention, in place; returns the trainable Prefix.

    - model: any transformers model; it stays the same object, of the same class
    - prefix: a Prefix, or a dict of several by name (then returned as such), to be chosen by `select`; where some are
      attached already, such a dict is added to them, and the weights stay frozen or not as they are. Or the folder or
      hub repository ("user/repo") that holds them. Default: a new one, made by the next five
    - length: P, the virtual tokens at each attention (default 10, or the tokens of `init`)
    - reparam: None, so that keys and values are trained themselves, or "mlp", a network that makes them
    - hidden: the inner width k of that network (default 512)
    - init: "random"; "vocabulary" (keys and values of P random tokens); "text: ..." (those of a text, cut to P or
      repeated); token ids (P,); or a pair of keys and values for each site, each (H_kv, P, D_h)
    - tokenizer: reads the text of `init`; default the model's own
    - kinds: some of "encoder", "decoder", "cross"; default all
    - parts: "language_model", or names of modules; default all that the probe reaches
    - freeze: False leaves the weights trainable
    - probe: a small batch of the model's inputs; default text, or what else the model reads

    What has no prefix is named in `prefix.unreached` and in one UnreachedWarning. Raises ValueError or TypeError, the
    model unchanged, for whatever does not fit. Source: Li & Liang 2021, section 4.
    """
    attachment = getattr(model, SLOT, None)
    if attachment is not None:
        if not isinstance(prefix, dict):
            raise ValueError(
                "model already has a prefix attached; detach it first, or "
                "add one by its name, attach(model, {name: prefix})"
            )
        attachment.refuse_taken(prefix)
    beside = isinstance(prefix, (str, os.PathLike)) and str(prefix) == model.config._name_or_path
    if isinstance(prefix, (str, os.PathLike)):
        prefix = stored(prefix)
    with nullcontext() if attachment is None else select(model, None):
        found = survey(model, probe)
    sites = of_kinds(found, model, kinds, parts)
    given = {"length": length, "reparam": reparam, "hidden": hidden, "init": init, "tokenizer": tokenizer}
    new = {name: value for name, value in given.items() if value is not None}
    with torch.inference_mode(False):
        if prefix is None:
            prefixes = {"prefix": make_prefix(model, sites, probe=probe, device=found.device, **new)}
            if parts is not None:
                prefixes["prefix"].config.base["parts"] = several(parts)
        elif new:
            raise ValueError(f"{', '.join(new)} describes a new prefix, but prefix= was given; leave one of them out")
        else:
            prefixes = _fitted(prefix if isinstance(prefix, dict) else {"prefix": prefix}, model, found, sites, parts)
            if not beside:
                _warn_of_another_base(prefixes, model)

    for one in prefixes.values():
        one.unreached = found.unreached
    if attachment is not None:
        entered = {site for _, site in attachment.sources}
        attachment.add(prefixes)
        _enter(model, attachment, prefixes, found, entered)
        return prefix

    undo = {
        "implementations": [(config, config._attn_implementation) for config in configs(model)],
        "trainable": {name for name, p in model.named_parameters() if p.requires_grad} if freeze else set(),
    }
    if freeze:
        warn_of_random(model)
        model.requires_grad_(False)
        for norm in batch_norms(model).values():
            norm.register_forward_pre_hook(still)
    attachment = Attachment(dict(prefixes), undo).train(model.training)
    _enter(model, attachment, prefixes, found)
    own = [getattr(model.get_submodule(site.name), "config", None) for site in found.sites if site.door == "cache"]
    for module in readers(model):
        routed = not any(module.config is config for config in own)
        module.register_forward_pre_hook(_before_forward if routed else _remember)
        if routed:
            route(module.config)
    numbering = Numbering(model, attachment.rows)
    if numbering.needed(model):
        model.register_forward_pre_hook(numbering, with_kwargs=True)
    if (head := model.get_output_embeddings()) is not None:
        head.register_forward_pre_hook(_in_one_piece)
    model.add_module(SLOT, attachment)
    keep_together(model)
    _say_what_has_none(model, found, kinds, parts)
    return prefix if isinstance(prefix, dict) else next(iter(prefixes.values()))


def _enter(model, attachment: Attachment, prefixes: dict, found: Survey, entered=()) -> None:
    """Open the door of every site of these prefixes that no earlier one has opened."""
    for site in {site.name: site for one in prefixes.values() for site in one.config.sites}.values():
        if site.name in entered:
            continue
        module = model.get_submodule(site.name)
        if site.door == "cache":
            enter(module, CacheDoor(attachment, site, site.name in found.true_hides))
        else:
            set_handler(module, PrefixAttention(attachment, site, "cu_seqlens" in parameters(module)))


def _fitted(prefixes: dict, model, found: Survey, sites, parts) -> dict[str, Prefix]:
    """The prefixes, fitted to the model's sites and on its device; an error, none of them changed, if one is not."""
    if not prefixes:
        raise ValueError("prefix must name at least one Prefix, got an empty dict")
    for name, one in prefixes.items():
        if not isinstance(one, Prefix):
            raise TypeError(f"prefix {name!r} must be a Prefix, got {type(one).__name__}")
    fitted = []
    for one in prefixes.values():
        own = one.config.base.get("parts") if parts is None else None
        there = sites if own is None else tuple(s for s in sites if s in in_parts(model, sites, own))
        config = one.config_for(there, type(model).__name__)
        refuse_another_depth(config, there, model)
        fitted.append(config)
    for one, config in zip(prefixes.values(), fitted):
        one.config = config
        one.to(found.device)
    return prefixes


def _warn_of_another_base(prefixes: dict, model) -> None:
    here = base_of(model)
    for name, one in prefixes.items():
        if why := difference(one.config.base, here):
            warnings.warn(f"prefix {name!r} {why}; attach it to the base it was made for", stacklevel=3)


def _say_what_has_none(model, found: Survey, kinds, parts) -> None:
    """One warning that names what was left without a prefix, of what was asked for."""
    told = found.unreached
    if kinds is not None:  # what was not run has no kind yet; what was chosen did
        deaf = {site.name for site in found.deaf if site.kind in several(kinds)}
        told = [entry for entry in told if entry.name in deaf or "code of its own" in entry.reason]
    if parts is not None:
        names = {entry.name for entry in told}
        inside = set().union(*(of_part(model, part, names) for part in several(parts)))
        told = [entry for entry in told if entry.name in inside]
    if told:
        warnings.warn(sentence(model, told), UnreachedWarning, stacklevel=3)


def _warn_if_frozen(model, attachment: Attachment) -> None:
    """peft freezes all that is not its own, the prefix too, when it wraps a model after `attach`."""
    if not attachment.told and not any(p.requires_grad for p in attachment.parameters()):
        attachment.told = True
        if any(type(module).__module__.startswith("peft.") for module in model.modules()):
            warnings.warn(
                "the prefix is frozen, since get_peft_model ran after attach: it will not train; call get_peft_model "
                "first and prefix_lab.attach(peft_model.get_base_model(), freeze=False) afterwards, or set "
                "prefix.requires_grad_(True)",
                stacklevel=4,
            )


def detach(model: PreTrainedModel, name: str | None = None) -> Any:
    """Take the prefix off again and give the model back bit for bit as it was; returns what was attached.

    - model: one with a prefix
    - name: only this one of several; with the last one the model is as it was

    Raises ValueError for an unknown name.
    """
    attachment = attached(model)
    if name is not None and attachment.names != (name,):
        return attachment.remove(name)
    for module in model.modules():
        set_handler(module, None)
        leave(module)
        for key, hook in list(module._forward_pre_hooks.items()):
            if hook in (_before_forward, _remember, _in_one_piece, still) or isinstance(hook, Numbering):
                del module._forward_pre_hooks[key]
                module._forward_pre_hooks_with_kwargs.pop(key, None)
    delattr(model, SLOT)
    keep_apart(model)
    for config, own in attachment.undo["implementations"]:
        set_implementation(config, own)
    if getattr(getattr(model, TUNING, None), "beneath", None) is not attachment:
        attachment.thaw(model)  # else `undo` will, since what was tuned meanwhile holds the rest frozen
    prefixes = dict(zip(attachment.names, attachment.prefixes))
    return prefixes[name or "prefix"] if name is not None or attachment.names == ("prefix",) else prefixes
