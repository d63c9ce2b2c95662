"""The library's attention interface: sending a model's attention calls to handlers, and back.

transformers 5 looks up every attention function by a name, `config._attn_implementation`. `route` puts
`prefix|` in front of that name, and the functions registered under `prefix|sdpa`, `prefix|eager`, ... hand each
call to the *handler* of the attention module, where there is one. A handler receives

    handler(attend, module, query, key, value, mask, **kwargs)

query (B, H, T, D_h), key and value (B, H_kv, S, D_h), all after positions were applied; `attend` is the function
the model would have called. Nothing here knows the name of any architecture.
"""

import sys
from contextlib import contextmanager
from functools import cache, partial

from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedConfig, PreTrainedModel

_ROUTED = "prefix|"
_HANDLER = "_attention_handler"


def configs(model: nn.Module) -> list[PreTrainedConfig]:
    """Every distinct configuration object that a part of the model reads its attention implementation from."""
    found = {id(c): c for m in model.modules() if isinstance(c := getattr(m, "config", None), PreTrainedConfig)}
    return list(found.values())


def readers(model: nn.Module) -> list[nn.Module]:
    """The modules at which a call may begin: the outermost ones that read a configuration, and every model inside."""
    found, above = [], {id(model): frozenset()}
    for module in model.modules():  # parents before their children
        config = getattr(module, "config", None)
        mine = above.setdefault(id(module), frozenset())
        if isinstance(config, PreTrainedConfig):
            if isinstance(module, PreTrainedModel) or id(config) not in mine:
                found.append(module)
            mine = mine | {id(config)}
        for child in module.children():
            above.setdefault(id(child), mine)
    return found


def convention(base: str) -> str:
    """How the function of this name takes its mask: as "flash", "flex" or "eager" attention does, or as "sdpa".

    A name of the user's own follows the mask function registered for it; without one, the model hands it no mask and
    it aligns causality itself, so a mask that says the same (bool, one row for each query) is right for it.
    """
    masks = AttentionMaskInterface._global_mapping
    for name in ("eager", "flash_attention_2", "flex_attention", "sdpa"):
        if base in masks and masks[base] is masks.get(name):
            return name.partition("_")[0]
    return "flash" if "flash" in base else "flex" if "flex" in base else "sdpa"


def implementation(config: PreTrainedConfig) -> str:
    """The attention implementation that the configuration names, whether routed or not."""
    return (config._attn_implementation or "sdpa").removeprefix(_ROUTED)


class _Routed(str):
    """A routed name. A copy of it, in this process or another, is the plain name: it knows no handlers."""

    def __reduce__(self):
        return str, (self.removeprefix(_ROUTED),)


def route(config: PreTrainedConfig) -> None:
    """Send the attention calls of the modules that read this configuration to their handlers."""
    if not isinstance(config._attn_implementation, _Routed):
        base = implementation(config)
        _register(base)
        config._attn_implementation_internal = _Routed(_ROUTED + base)


def set_implementation(config: PreTrainedConfig, name: str | None) -> None:
    """Name the attention implementation of this configuration alone, as it was before `route`."""
    config._attn_implementation_internal = name


@cache
def _register(base: str) -> None:
    AttentionInterface.register(_ROUTED + base, partial(_dispatch, base))
    masks = AttentionMaskInterface._global_mapping
    if base in masks:  # the mask stays the one that `base` would have had
        AttentionMaskInterface.register(_ROUTED + base, masks[base])


def _dispatch(base: str, module: nn.Module, query, key, value, attention_mask, **kwargs):
    attend = attention_function(base, type(module))
    handler = getattr(module, _HANDLER, None)
    if handler is None:
        return attend(module, query, key, value, attention_mask, **kwargs)
    return handler(attend, module, query, key, value, attention_mask, **kwargs)


def attention_function(base: str, module_class: type):
    """The function behind an implementation's name; the eager one lives in the model's own source file."""
    if base != "eager":
        function = AttentionInterface._global_mapping[base]
        return partial(_as_flash, base, function) if "flash" in base else function
    for cls in module_class.__mro__:
        function = getattr(sys.modules[cls.__module__], "eager_attention_forward", None)
        if function is not None:
            return function
    raise ValueError(f"{module_class.__name__} has no eager attention function; use attn_implementation='sdpa'")


def _as_flash(base: str, function, module, *args, **kwargs):
    """Flash attention reads its own name from `module.config`, so it is shown the name without `prefix|`."""
    return function(_View(module, config=_View(module.config, _attn_implementation=base)), *args, **kwargs)


class _View:
    """An object as it is, but for the attributes named here."""

    def __init__(self, of, **instead):
        self.__dict__.update(instead, _of=of)

    def __getattr__(self, name):
        return getattr(self._of, name)


def set_handler(module: nn.Module, handler) -> None:
    """Give an attention module its handler, or take it away with None. A plain attribute: no state, no hook."""
    if handler is None:
        module.__dict__.pop(_HANDLER, None)
    else:
        module.__dict__[_HANDLER] = handler


@contextmanager
def rerouted(model: nn.Module, name: str | None = None):
    """Within it, every configuration is routed, to the implementation `name` if given; then each gets its own back."""
    before = [(config, config._attn_implementation) for config in configs(model)]
    try:
        for config, own in before:
            set_implementation(config, name or own)
            route(config)
        yield
    finally:
        for config, own in before:
            set_implementation(config, own)


@contextmanager
def listening(model: nn.Module, handler):
    """Within it, every attention call of the model goes to `handler`; afterwards the model is as it was."""
    before = [(m, m.__dict__.get(_HANDLER)) for m in model.modules()]
    with rerouted(model):
        try:
            for module, _ in before:
                set_handler(module, handler)
            yield
        finally:
            for module, old in before:
                set_handler(module, old)
