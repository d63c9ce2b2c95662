"""The peers on equal terms: `tune(model, "lora")` makes the right things trainable, in place, until `undo()`.

    tuning = tune(model, "prompt", length=10)
    fit(model, rows, lr=0.03)
    tuning.undo()

Where a model carries a task's head (token classification, question answering), the head trains along with every method.
"""

import os
import warnings
from collections.abc import Callable
from functools import partial
from numbers import Integral
from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from . import checkpoint, hub
from .attention import attach, detach
from .exchange import read_peft
from .extras import extra
from .prefix import Prefix
from .prompt import Prompt
from .saving import RandomWeights, keep_added, keep_apart, named_head, names_of
from .selection import SLOT, Attachment
from .sites import find_sites

_SLOT = "_tuning"


class Tuning:
    """What `tune` did to a model. `about` says in a sentence what trains; `undo()` takes it all off again.

    `prefix` is the Prefix of the method "prefix" (or the dict of several), also after `detach`; None otherwise.
    """

    def __init__(self, model: PreTrainedModel, method: str, settings: dict):
        self.model, self.method, self.settings, self.about = model, method, settings, ""
        self.prefix: Prefix | dict[str, Prefix] | None = None
        self._asked = [(p, p.requires_grad) for p in model.parameters()]
        self._kept: list[tuple[nn.Parameter, torch.Tensor]] = []  # trained weights of the base, as they were
        self._remove: Callable[[], object] | None = None

    def train(self, parameters) -> None:
        """Let these parameters of the base train, and keep what they were."""
        for parameter in parameters:
            self._kept.append((parameter, parameter.detach().clone()))
            parameter.requires_grad_(True)

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """What trains, by its name in the model; without the prefix, which has files of its own."""
        mine = self.model.named_parameters()
        return {name: p for name, p in mine if p.requires_grad and not name.startswith(f"{SLOT}.")}

    def save(self, folder: str | os.PathLike, *, is_main_process: bool = True) -> Path:
        """Write what was trained into the folder, the task's head with it; atomic. `load` puts it on a model again.

        - folder: created where it is new
        - is_main_process: False writes nothing

        A prefix is written as `Prefix.save_pretrained` writes it. Raises ValueError after `undo()`.
        """
        if getattr(self.model, _SLOT, None) is not self:
            raise ValueError(
                f"this tuning by {self.method!r} was undone, so nothing is left to save; save before undo()"
            )
        folder, trained = Path(folder), checkpoint.gathered(self.trained)
        if self.prefix is None:
            record = {"method": self.method, "settings": self.settings}
            checkpoint.write_record(folder, "tuning", record, trained, is_main_process=is_main_process)
            return folder
        beside = set(trained) - set(named_head(self.model))
        if beside:
            raise ValueError(
                f"a prefix's files hold the prefix and the task's head, but {_few(beside)} trained too; use "
                "model.save_pretrained, or tune without freeze=False"
            )
        for name, prefix in _by_name(self.prefix).items():
            home, tensors = checkpoint.home_of(folder, name), checkpoint.gathered(prefix.state_dict())
            checkpoint.write(home, prefix.config, tensors, trained, is_main_process=is_main_process)
        return folder

    @torch.no_grad()
    def undo(self) -> PreTrainedModel:
        """Give the model back bit for bit as it was before `tune`; what was trained is lost unless saved before."""
        if getattr(self.model, _SLOT, None) is self:
            if self._remove is not None:
                self._remove()
            for parameter, value in self._kept:
                parameter.copy_(value)
            self._restore_flags()
            delattr(self.model, _SLOT)
            keep_apart(self.model, added=True)
        return self.model

    def _restore_flags(self) -> None:
        for parameter, asked in self._asked:
            parameter.requires_grad_(asked)
            parameter.grad = None

    def __repr__(self):
        return f"Tuning({self.method!r}, {trainable(self.model):,} parameters: {self.about})"


def tune(model: PreTrainedModel, method: str, **settings) -> Tuning:
    """Freeze the model and make what `method` trains trainable, in place; `fit(model, ...)` then trains just that.

    - model: any transformers model that is not tuned yet
    - method: "prefix", "prompt", "lora", "bitfit" (the biases; of a model without them, the norms), "head" (nothing
      but the task's head) or "full" (all weights, of which a copy is kept for `undo`)
    - settings: of "prefix" `length` 10, `reparam` "mlp", and all else that `attach` takes; of "prompt" `length` 10
      vectors before the input, `init` "vocabulary" or "random"; of "lora" `r` 8, `alpha` 16, `layers` by their names
      as in peft, default every linear layer of the attentions

    Raises ValueError, the model unchanged, for a method or a model that does not fit.
    Sources: Li & Liang 2021; Lester et al. 2021; Hu et al. 2022; Ben Zaken et al. 2022.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if (before := getattr(model, _SLOT, None)) is not None:
        raise ValueError(f"the model is tuned by {before.method!r} already; call undo() on that first")
    settings = {name: int(v) if isinstance(v, Integral) and type(v) is not bool else v for name, v in settings.items()}
    tuning, head, before = Tuning(model, method, settings), task_head(model), names_of(model)
    model.requires_grad_(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RandomWeights)  # the head trains
            METHODS[method](tuning, **settings)
    except BaseException:
        tuning._restore_flags()
        raise
    if head and method != "full":
        tuning.train(head)
        tuning.about += "" if method == "head" else " and the task's head"
    setattr(model, _SLOT, tuning)
    if tuning.prefix is None:
        keep_added(model, {"method": method, "settings": settings}, tuning.trained, before)
    return tuning


def load(model: PreTrainedModel, folder: str | os.PathLike, *, revision=None, token=None) -> Tuning:
    """Put on a model what `Tuning.save` wrote, or a saved prefix, ours or PEFT's, with its task's head; ready to train.

    - model: of the class that it was trained on
    - folder: a folder, or a repository "user/repo" on the hub
    - revision: the branch, tag or commit there
    - token: for a private repository

    Raises FileNotFoundError or ValueError, the model unchanged, for anything but a whole one that this model takes to
    the last tensor; warns of a head that stays as is.
    """
    path = hub.located(folder, revision=revision, token=token)
    if (path / "tuning.json").is_file():
        return _load_other(model, path / "tuning.json")
    homes, head = checkpoint.prefixes_in(path), {}
    if not homes and (path / checkpoint.PEFT_NAME).is_file():
        prefix, head = read_peft(Prefix, path)
    elif not homes:
        prefix = Prefix.from_pretrained(path)  # says what is missing
    else:
        read = {name: checkpoint.read(Prefix, home) for name, home in homes.items()}
        head = {name: tensor for _, one in read.values() for name, tensor in one.items()}
        prefix = {name: one for name, (one, _) in read.items()}
        prefix = prefix["prefix"] if list(prefix) == ["prefix"] else prefix
    mine = named_head(model)
    if head or not mine:
        _check(path, head, mine, model)
    else:
        warnings.warn(f"{path} holds no head, so {_few(mine)} of {type(model).__name__} stays as it is", stacklevel=2)
    tuning = tune(model, "prefix", prefix=prefix)
    _fill(mine, head)
    return tuning


def _load_other(model: PreTrainedModel, path: Path) -> Tuning:
    record, tensors, weights = checkpoint.read_record(path)
    if set(record) != {"method", "settings"}:
        raise ValueError(f"{path} must hold method and settings, got {', '.join(record)}; update prefix-lab")
    with torch.random.fork_rng(devices=[]):  # a load draws no random number of the caller's
        tuning = tune(model, record["method"], **record["settings"])
    try:
        _check(weights, tensors, tuning.trained, model)
    except ValueError:
        tuning.undo()
        raise
    _fill(tuning.trained, tensors)
    return tuning


def _check(path: Path, tensors: dict, mine: dict, model: PreTrainedModel) -> None:
    """ValueError, both named, unless the tensors are those that the model has, in name and shape."""
    name = type(model).__name__
    if unknown := set(tensors) - set(mine):
        raise ValueError(f"{path} holds {_few(unknown)}, which {name} does not take; load it on a model with that part")
    if missing := set(mine) - set(tensors):
        raise ValueError(f"{path} lacks {_few(missing)} of {name}; load it on a model without that part")
    for key, tensor in tensors.items():
        if tensor.shape != mine[key].shape:
            shapes = f"{tuple(tensor.shape)}, but that of {name} is {tuple(mine[key].shape)}"
            raise ValueError(f"{path} holds {key} of shape {shapes}; load it on a model of the same shape")


@torch.no_grad()
def _fill(mine: dict, tensors: dict) -> None:
    for name, tensor in tensors.items():
        mine[name].copy_(tensor)


def _few(names) -> str:
    first = sorted(names)
    return ", ".join(first[:4]) + (f" and {len(first) - 4} more" if len(first) > 4 else "")


def _by_name(prefix: Prefix | dict[str, Prefix]) -> dict[str, Prefix]:
    return prefix if isinstance(prefix, dict) else {"prefix": prefix}


def trainable(model: nn.Module) -> int:
    """How many numbers of the model train."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def task_head(model: PreTrainedModel) -> list[nn.Parameter]:
    """The parameters that a task added after the pretrained model, as in `...ForTokenClassification`; [] without."""
    return list(named_head(model).values())


# --- the methods -------------------------------------------------------------------------------------------------


def _prefix(tuning: Tuning, **settings) -> None:
    if settings.get("prefix") is None:
        settings = {"length": 10, "reparam": "mlp"} | settings
    tuning.prefix = attach(tuning.model, **settings)
    tuning._remove = partial(_prefix_off, tuning.model, getattr(tuning.model, SLOT))
    made = " and ".join(str(p.config.length) for p in _by_name(tuning.prefix).values())
    sites = next(iter(_by_name(tuning.prefix).values())).config.sites
    tuning.about = f"a prefix of {made} at {len(sites)} attentions"


def _prefix_off(model: PreTrainedModel, attachment: Attachment) -> None:
    if getattr(model, SLOT, None) is attachment:  # else `detach` was there before
        detach(model)


def _prompt(tuning: Tuning, length: int = 10, init: str = "vocabulary") -> None:
    model = tuning.model
    if model.main_input_name != "input_ids":
        raise ValueError(f"prompt tuning needs a model that reads text; {type(model).__name__} reads none")
    if model.config.is_encoder_decoder:
        host = model.get_encoder()
    else:
        host = model.get_decoder() if model.can_generate() else model.base_model
    prompt = Prompt(host.get_input_embeddings(), length, init, counts=model.can_generate()).to(model.device)
    hooks = [host.register_forward_pre_hook(prompt.enter, with_kwargs=True)]
    if model.config.is_encoder_decoder:
        hooks.append(model.get_decoder().register_forward_pre_hook(prompt.show, with_kwargs=True))
    else:
        hooks.append(host.register_forward_hook(prompt.leave))
    model.add_module("soft_prompt", prompt)
    if model.can_generate():
        model.__dict__["create_masks_for_generate"] = prompt.plain_mask
    tuning._remove, tuning.about = partial(_prompt_off, model, hooks), f"{length} vectors before the input"


def _prompt_off(model: PreTrainedModel, hooks: list) -> None:
    for hook in hooks:
        hook.remove()
    model.__dict__.pop("create_masks_for_generate", None)
    del model.soft_prompt


def _lora(tuning: Tuning, r: int = 8, alpha: int = 16, layers: list[str] | str | None = None) -> None:
    with extra("peft"):
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
    tuning._remove = partial(_lora_off, model, wrapped)
    tuning.about = f"LoRA of rank {r} at {len(wrapped.targeted_module_names)} linear layers"


def _lora_off(model: PreTrainedModel, wrapped) -> None:
    wrapped.unload()
    for name in ("peft_config", "_hf_peft_config_loaded"):
        model.__dict__.pop(name, None)


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
