"""The peers on equal terms: `tune(model, "lora")` makes the right things trainable, in place, until `undo()`.

    tuning = tune(model, "prompt", length=10)
    fit(model, rows, lr=0.03)
    tuning.undo()

Where a model carries a task's head (token classification, question answering), the head trains along with every method.
"""

import inspect
import warnings
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from .attention import attach, detach
from .sites import find_sites

_SLOT = "_tuning"


class Tuning:
    """What `tune` did to a model. `about` says in a sentence what trains; `undo()` takes it all off again."""

    def __init__(self, model: PreTrainedModel, method: str):
        self.model, self.method, self.about = model, method, ""
        self._asked = [(p, p.requires_grad) for p in model.parameters()]
        self._kept: list[tuple[nn.Parameter, torch.Tensor]] = []  # trained weights of the base, as they were
        self._remove: Callable[[], object] = lambda: None

    def train(self, parameters) -> None:
        """Let these parameters of the base train, and keep what they were."""
        for parameter in parameters:
            self._kept.append((parameter, parameter.detach().clone()))
            parameter.requires_grad_(True)

    @torch.no_grad()
    def undo(self) -> PreTrainedModel:
        """Give the model back bit for bit as it was before `tune`; what was trained is lost unless saved before."""
        if getattr(self.model, _SLOT, None) is self:
            self._remove()
            for parameter, value in self._kept:
                parameter.copy_(value)
            self._restore_flags()
            delattr(self.model, _SLOT)
        return self.model

    def _restore_flags(self) -> None:
        for parameter, asked in self._asked:
            parameter.requires_grad_(asked)
            parameter.grad = None

    def __repr__(self):
        return f"Tuning({self.method!r}, {trainable(self.model):,} parameters: {self.about})"


def tune(model: PreTrainedModel, method: str, **settings) -> Tuning:
    """Freeze the model and make what `method` trains trainable, in place; `fit(model, ...)` then trains just that.

    method and its settings: "prefix" (`length` 10, `reparam` "mlp", and all else that `attach` takes); "prompt"
    (`length` 10 vectors before the input, `init` "vocabulary" or "random"); "lora" (`r` 8, `alpha` 16, `layers`:
    names as in peft, default every linear layer of the attentions); "bitfit" (the biases; of a model without them,
    the norms); "head" (nothing but the task's head); "full" (all weights, of which a copy is kept for `undo`).
    Raises ValueError, the model unchanged, for a method or a model that does not fit.
    Sources: Li & Liang 2021; Lester et al. 2021; Hu et al. 2022; Ben Zaken et al. 2022.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if (before := getattr(model, _SLOT, None)) is not None:
        raise ValueError(f"the model is tuned by {before.method!r} already; call undo() on that first")
    tuning, head = Tuning(model, method), task_head(model)
    model.requires_grad_(False)
    try:
        METHODS[method](tuning, **settings)
    except BaseException:
        tuning._restore_flags()
        raise
    if head and method != "full":
        tuning.train(head)
        tuning.about += "" if method == "head" else " and the task's head"
    setattr(model, _SLOT, tuning)
    return tuning


def trainable(model: nn.Module) -> int:
    """How many numbers of the model train."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def task_head(model: PreTrainedModel) -> list[nn.Parameter]:
    """The parameters that a task added after the pretrained model, as in `...ForTokenClassification`; [] without."""
    if "For" not in type(model).__name__ or model.get_output_embeddings() is not None:
        return []
    pretrained = (PreTrainedModel, nn.Embedding)
    return [p for part in model.children() if not isinstance(part, pretrained) for p in part.parameters()]


# --- the methods -------------------------------------------------------------------------------------------------


def _prefix(tuning: Tuning, length: int = 10, reparam: str | None = "mlp", **settings) -> None:
    prefix = attach(tuning.model, length=length, reparam=reparam, **settings)
    tuning._remove = lambda: detach(tuning.model)
    tuning.about = f"a prefix of {length} at {len(prefix.config.sites)} attentions"


def _prompt(tuning: Tuning, length: int = 10, init: str = "vocabulary") -> None:
    model = tuning.model
    if model.main_input_name != "input_ids":
        raise ValueError(f"prompt tuning needs a model that reads text; {type(model).__name__} reads none")
    if model.config.is_encoder_decoder:
        host = model.get_encoder()
    else:
        host = model.get_decoder() if model.can_generate() else model.base_model
    prompt = Prompt(host.get_input_embeddings(), length, init).to(model.device)
    hooks = [host.register_forward_pre_hook(prompt.enter, with_kwargs=True)]
    if model.config.is_encoder_decoder:
        hooks.append(model.get_decoder().register_forward_pre_hook(prompt.show, with_kwargs=True))
    else:
        hooks.append(host.register_forward_hook(prompt.leave))
    model.add_module("soft_prompt", prompt)

    def remove():
        for hook in hooks:
            hook.remove()
        del model.soft_prompt

    tuning._remove, tuning.about = remove, f"{length} vectors before the input"


def _lora(tuning: Tuning, r: int = 8, alpha: int = 16, layers: list[str] | str | None = None) -> None:
    from peft import LoraConfig, PeftModel

    model = tuning.model
    if layers is None:
        layers = [
            f"{site.name}.{name}"
            for site in find_sites(model)
            for name, part in model.get_submodule(site.name).named_modules()
            if isinstance(part, nn.Linear | Conv1D)
        ]
    conv = any(isinstance(part, Conv1D) for part in model.modules())
    config = LoraConfig(r=r, lora_alpha=alpha, target_modules=layers, fan_in_fan_out=conv)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".is_gradient_checkpointing. is deprecated", FutureWarning)
        wrapped = PeftModel(model, config)

    def remove():
        wrapped.unload()
        for name in ("peft_config", "_hf_peft_config_loaded"):
            model.__dict__.pop(name, None)

    tuning._remove, tuning.about = remove, f"LoRA of rank {r} at {len(wrapped.targeted_module_names)} linear layers"


def _bitfit(tuning: Tuning) -> None:
    base, head = tuning.model.base_model, {id(p) for p in task_head(tuning.model)}
    biases = [p for n, p in base.named_parameters() if n.endswith("bias") and id(p) not in head]
    norms = [p for part in base.modules() if "norm" in type(part).__name__.lower() for p in part.parameters()]
    tuning.train(biases or norms)
    tuning.about = "the biases" if biases else f"the norms, since {type(base).__name__} has no biases"


def _head(tuning: Tuning) -> None:
    if not task_head(tuning.model):
        raise ValueError(f"{type(tuning.model).__name__} has no task's head; choose another method")
    tuning.about = "the task's head"


def _full(tuning: Tuning) -> None:
    tuning.train(tuning.model.parameters())
    tuning.about = "all weights"


METHODS = {
    "prefix": _prefix,
    "prompt": _prompt,
    "lora": _lora,
    "bitfit": _bitfit,
    "head": _head,
    "full": _full,
}


# --- prompt tuning -----------------------------------------------------------------------------------------------


class Prompt(nn.Module):
    """P trained vectors before the embeddings of what a decoder or an encoder reads (Lester et al. 2021).

    Its methods are hooks. Inside the host the sequence has P positions more; a decoder and a lone encoder give back
    the hidden states of the real tokens only, so heads, labels and losses stay as they are, while the decoder behind
    an encoder attends to all P + S states.
    """

    def __init__(self, embedding: nn.Embedding, length: int, init: str):
        super().__init__()
        if isinstance(length, bool) or not isinstance(length, int) or length < 1:
            raise ValueError(f"length must be an integer of at least 1, got {length!r}")
        if init == "vocabulary":
            vectors = embedding(torch.randint(embedding.num_embeddings, (length,), device=embedding.weight.device))
        elif init == "random":
            vectors = embedding.weight.float().std() * torch.randn(length, embedding.embedding_dim)
        else:
            raise ValueError(f"init must be 'vocabulary' or 'random', got {init!r}")
        self.vectors = nn.Parameter(vectors.detach().clone().float())  # (P, D)
        self.entered = False  # whether the pass that is under way holds the vectors, or the cache before it does

    def enter(self, host: PreTrainedModel, args, kwargs):
        """Before the host: put the vectors in front, or, where a cache holds them already, count them."""
        given = dict(zip(inspect.signature(host.forward).parameters, args)) | kwargs
        past, length = given.get("cache", given.get("past_key_values")), len(self.vectors)  # its name until 5.23
        self.entered = past is None or past.get_seq_length() == 0
        if self.entered:
            embeds, ids = given.get("inputs_embeds"), given.pop("input_ids", None)
            embeds = host.get_input_embeddings()(ids) if embeds is None else embeds  # (B, S, D)
            first = self.vectors.to(embeds).expand(len(embeds), -1, -1)
            given["inputs_embeds"] = torch.cat([first, embeds], dim=1)  # (B, P + S, D)
        for name in ("position_ids", "cache_position"):
            if (positions := given.get(name)) is not None:
                first = torch.arange(length, device=positions.device).expand(*positions.shape[:-1], -1)
                positions = positions + length
                given[name] = torch.cat([first, positions], dim=-1) if self.entered else positions
        if given.get("token_type_ids") is not None and self.entered:
            given["token_type_ids"] = F.pad(given["token_type_ids"], (length, 0))
        given["attention_mask"] = self._widen(given.get("attention_mask"))
        return (), given

    def leave(self, host: PreTrainedModel, args, output):
        """After the host: drop the vectors' positions."""
        if not self.entered:
            return output
        length = len(self.vectors)
        if isinstance(output, tuple):
            return (output[0][:, length:], *output[1:])
        output["last_hidden_state"] = output["last_hidden_state"][:, length:]  # (B, S, D)
        if output.get("hidden_states") is not None:
            output["hidden_states"] = tuple(states[:, length:] for states in output["hidden_states"])
        return output

    def show(self, decoder: PreTrainedModel, args, kwargs):
        """Before the decoder that reads the host: let its cross-attention see the vectors' states."""
        return args, kwargs | {"encoder_attention_mask": self._widen(kwargs.get("encoder_attention_mask"))}

    def _widen(self, mask):
        if mask is None:
            return None
        if not isinstance(mask, torch.Tensor) or mask.dim() != 2:
            raise ValueError("prompt tuning needs an attention mask (B, S), one number for each token")
        return F.pad(mask, (len(self.vectors), 0), value=1)  # (B, P + S)

    def extra_repr(self) -> str:
        return f"length={len(self.vectors)}"
