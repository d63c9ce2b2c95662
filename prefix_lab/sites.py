"""Where a model attends, found by asking it: one probing pass through the library's attention interface."""

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from .interface import listening
from .probes import quiet, run_probe

KINDS = ("encoder", "decoder", "cross")


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
