"""Where a model attends, found by asking it: one probing pass through the library's attention interface.

transformers 5 looks up every attention function by a name, `config._attn_implementation`. `route` puts
`prefix|` in front of that name, and the functions registered under `prefix|sdpa`, `prefix|eager`, ... hand each
call to the *handler* of the attention module, where there is one. A handler receives

    handler(attend, module, query, key, value, mask, **kwargs)

query (B, H, T, D_h), key and value (B, H_kv, S, D_h), all after positions were applied; `attend` is the function
the model would have called. Nothing here knows the name of any architecture.
"""

import inspect
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedConfig, PreTrainedModel

KINDS = ("encoder", "decoder", "cross")
_ROUTED = "prefix|"
_HANDLER = "_attention_handler"


@dataclass(frozen=True)
class Site:
    """One attention of a model: its module's name, its kind, and the shape of its keys and values.

    `kind` is "encoder" (every token sees every token), "decoder" (causal) or "cross" (queries of one sequence,
    keys of another). A module that is called several times (ALBERT shares one among its layers) is one site.
    """

    name: str
    kind: str
    kv_heads: int
    key_dim: int
    value_dim: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Key/value heads, width of a key, width of a value."""
        return self.kv_heads, self.key_dim, self.value_dim

    def __str__(self):
        return f"{self.name} ({self.kind}, {self.kv_heads} x {self.key_dim}/{self.value_dim})"


# --- the attention interface -------------------------------------------------------------------------------------


def configs(model: nn.Module) -> list[PreTrainedConfig]:
    """Every distinct configuration object that a part of the model reads its attention implementation from."""
    found = {id(c): c for m in model.modules() if isinstance(c := getattr(m, "config", None), PreTrainedConfig)}
    return list(found.values())


def implementation(config: PreTrainedConfig) -> str:
    """The attention implementation that the configuration names, whether routed or not."""
    return (config._attn_implementation or "sdpa").removeprefix(_ROUTED)


def route(config: PreTrainedConfig) -> None:
    """Send the attention calls of the modules that read this configuration to their handlers."""
    name = config._attn_implementation
    if name is None or not name.startswith(_ROUTED):
        base = implementation(config)
        _register(base)
        config._attn_implementation_internal = _ROUTED + base


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


# --- finding the sites -------------------------------------------------------------------------------------------


def find_sites(model: PreTrainedModel, probe: dict | None = None) -> tuple[Site, ...]:
    """Ask the model where it attends: a forward and a backward pass of a few tokens, weights untouched.

    `probe` is a small batch of the model's inputs, for a model whose inputs cannot be guessed from its signature.
    Raises TypeError for anything that is not a transformers model, and ValueError where attention does not go
    through the library's interface or where a site's output does not reach the model's output.
    """
    if not isinstance(model, PreTrainedModel):
        raise TypeError(f"model must be a transformers PreTrainedModel, got {_describe(model)}")
    names = {id(module): name for name, module in model.named_modules()}
    sites, taps = {}, {}

    def ask(attend, module, query, key, value, mask, **kwargs):
        output, *rest = attend(module, query, key, value, mask, **kwargs)
        if id(module) not in sites:
            kind = "cross" if query.shape[2] != key.shape[2] else "decoder"
            if kind == "decoder" and _sees_the_next(attend, module, query, key, value, mask, output, **kwargs):
                kind = "encoder"
            shape = (key.shape[1], key.shape[3], value.shape[3])
            sites[id(module)] = Site(names[id(module)], kind, *shape)
            taps[id(module)] = torch.ones((), device=output.device, requires_grad=True)
        return output * taps[id(module)].to(output.dtype), *rest

    with quiet(model):
        with listening(model, ask):
            output = run_probe(model, probe)
        heard = _gradients(output, list(taps.values()))
    if not sites:
        raise ValueError(
            f"{type(model).__name__} does not send its attention through transformers' attention interface, so no "
            "prefix can reach it. Use a model that does (GPT-2, OPT, Llama, Qwen, BERT, T5, BART, ViT, Whisper and "
            "most others), or another method such as peft's LoRA."
        )
    deaf = [str(site) for site, gradient in zip(sites.values(), heard) if not gradient]
    if deaf:
        raise ValueError(
            f"no gradient reaches {', '.join(deaf)} of {type(model).__name__}: a prefix there would never train. "
            "Leave its kind out with kinds=, or pass probe= a batch of inputs that uses it."
        )
    return tuple(sites.values())


def of_kinds(sites: tuple[Site, ...], kinds) -> tuple[Site, ...]:
    """The sites of these kinds (a name or several; None for all). ValueError for a kind that is not among them."""
    there = [kind for kind in KINDS if any(site.kind == kind for site in sites)]
    wanted = there if kinds is None else [kinds] if isinstance(kinds, str) else list(kinds)
    if not wanted or not set(wanted) <= set(there):
        raise ValueError(f"kinds must be some of those that the model has ({', '.join(there)}), got {kinds!r}")
    return tuple(site for site in sites if site.kind in wanted)


def _sees_the_next(attend, module, query, key, value, mask, output, **kwargs) -> bool:
    """Whether the first token's output depends on the second token's value: attention is not causal."""
    changed = value.clone()
    changed[:, :, 1] = torch.finfo(value.dtype).max / 8  # huge, since its weight may be tiny; a hidden one's is 0
    return not torch.equal(attend(module, query, key, changed, mask, **kwargs)[0][:, 0], output[:, 0])


@contextmanager
def quiet(model: nn.Module):
    """Evaluation mode, frozen weights and a borrowed random state; each module and weight gets its own back."""
    flags = [(p, p.requires_grad) for p in model.parameters()]
    with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[]), same_modes(model):
        try:
            model.eval().requires_grad_(False)
            yield
        finally:
            for parameter, flag in flags:
                parameter.requires_grad_(flag)


@contextmanager
def same_modes(model: nn.Module):
    """Afterwards every module is in training or evaluation mode as before."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def run_probe(model: PreTrainedModel, probe: dict | None = None):
    """The model's output for `probe`, or for inputs guessed from its signature. Raises ValueError if none fits."""
    guess = probe_inputs(model)
    main = {k: v for k, v in guess.items() if k in (model.main_input_name, "decoder_input_ids")}
    tries = [probe] if probe is not None else [guess, main]
    for inputs in tries:
        try:
            return model(**inputs)
        except Exception as error:
            problem = error
    raise ValueError(
        f"could not run {type(model).__name__} on {', '.join(tries[-1])} to see where it attends "
        f"({type(problem).__name__}: {problem}). Pass probe= a small batch that the model accepts."
    ) from problem


def probe_inputs(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Small inputs by the names in the model's signature: 5 tokens, 3 decoder tokens, one image, one sound."""
    names, device = inspect.signature(model.forward).parameters, model.device
    dtype = model.dtype if model.dtype.is_floating_point else torch.float32
    config = model.config
    text, vision = config.get_text_config(), getattr(config, "vision_config", config)
    inputs = {}

    def tokens(count: int) -> torch.Tensor:
        ids = 3 + torch.arange(count) % max(1, text.vocab_size - 3)
        if isinstance(text.eos_token_id, int) and text.eos_token_id < text.vocab_size:
            ids[-1] = text.eos_token_id  # some heads read the end-of-sequence token's state
        return ids[None].to(device)  # (1, count)

    if "input_ids" in names:
        inputs["input_ids"] = tokens(5)
    if "decoder_input_ids" in names and config.is_encoder_decoder:
        inputs["decoder_input_ids"] = tokens(3)
    if "pixel_values" in names and hasattr(vision, "image_size"):
        size = vision.image_size if isinstance(vision.image_size, (tuple, list)) else (vision.image_size,) * 2
        shape = (1, getattr(vision, "num_channels", 3), *size)
        inputs["pixel_values"] = torch.linspace(-1, 1, shape[1] * size[0] * size[1]).reshape(shape).to(device, dtype)
    if "input_features" in names:
        shape = (1, config.num_mel_bins, 2 * config.max_source_positions)
        inputs["input_features"] = torch.linspace(-1, 1, shape[1] * shape[2]).reshape(shape).to(device, dtype)
    return inputs


def _gradients(output, taps: list[torch.Tensor]) -> list[bool]:
    """For each tap, whether a weighted sum of everything the model returned depends on it."""
    if not taps:
        return []
    total = torch.zeros((), device=taps[0].device)
    for tensor in _tensors(output):
        # fixed irregular weights: a plain sum is constant after a layer norm
        weights = torch.arange(tensor.numel(), device=tensor.device).mul(0.7).sin().reshape(tensor.shape)
        total = total + (tensor.float() * weights).sum().to(total.device)
    if not total.requires_grad:
        return [False] * len(taps)
    gradients = torch.autograd.grad(total, taps, allow_unused=True)
    return [g is not None and bool(g != 0) for g in gradients]


def _tensors(output):
    if isinstance(output, torch.Tensor):
        if output.requires_grad and output.is_floating_point():
            yield output
    elif isinstance(output, dict):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, (tuple, list)):
        for value in output:
            yield from _tensors(value)


def _describe(model) -> str:
    name = type(model).__name__
    if hasattr(model, "get_base_model"):
        return f"{name}; pass model.get_base_model()"
    if hasattr(model, "_orig_mod"):
        return f"{name}; attach first and compile afterwards"
    if hasattr(model, "module") and isinstance(model.module, PreTrainedModel):
        return f"{name}; pass model.module"
    return name
