"""A saved tuning, put on a model again to the last tensor."""

import os
import warnings
from pathlib import Path

import torch
from transformers import PreTrainedModel

from .. import checkpoint, hub
from ..exchange import read_peft
from ..origin import base_of, difference
from ..prefix import Prefix
from ..saving import named_head
from .choosing import tune
from .tuning import Tuning, few


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
        warnings.warn(f"{path} holds no head, so {few(mine)} of {type(model).__name__} stays as it is", stacklevel=2)
    tuning = tune(model, "prefix", prefix=prefix)
    _fill(mine, head)
    return tuning


def _load_other(model: PreTrainedModel, path: Path) -> Tuning:
    record, tensors, weights = checkpoint.read_record(path)
    if set(record) != {"method", "settings", "base"}:
        raise ValueError(f"{path} must hold method, settings and base, got {', '.join(record)}; update prefix-lab")
    if why := difference(record["base"], base_of(model)):
        warnings.warn(f"{path.parent} {why}; load it on the base it was made for", stacklevel=3)
    with torch.random.fork_rng(devices=[]):  # a load draws no random number of the caller's
        tuning = tune(model, record["method"], **record["settings"])
    try:
        _check(weights, tensors, tuning.trained, model)
    except ValueError:
        tuning.undo()
        raise
    _fill(tuning.trained, tensors)
    if tuning.allocator is not None:
        tuning.allocator.settle()
    return tuning


def _check(path: Path, tensors: dict, mine: dict, model: PreTrainedModel) -> None:
    """ValueError, both named, unless the tensors are those that the model has, in name and shape."""
    name = type(model).__name__
    if unknown := set(tensors) - set(mine):
        raise ValueError(f"{path} holds {few(unknown)}, which {name} does not take; load it on a model with that part")
    if missing := set(mine) - set(tensors):
        raise ValueError(f"{path} lacks {few(missing)} of {name}; load it on a model without that part")
    for key, tensor in tensors.items():
        if tensor.shape != mine[key].shape:
            shapes = f"{tuple(tensor.shape)}, but that of {name} is {tuple(mine[key].shape)}"
            raise ValueError(f"{path} holds {key} of shape {shapes}; load it on a model of the same shape")


@torch.no_grad()
def _fill(mine: dict, tensors: dict) -> None:
    for name, tensor in tensors.items():
        mine[name].copy_(tensor)
