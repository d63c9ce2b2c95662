"""What a method did to a model, and how it is saved and taken off again."""

import copy
import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedModel

from .. import checkpoint
from ..norms import statistics
from ..origin import base_of
from ..prefix import Prefix
from ..saving import keep_apart, named_head
from ..selection import SLOT, TUNING


class Tuning:
    """What `tune` did to a model. `about` says in a sentence what trains; `undo()` takes it all off again.

    `prefix` is the Prefix of a method that has one (or the dict of several), also after `detach`; None otherwise.
    """

    def __init__(self, model: PreTrainedModel, method: str, settings: dict):
        self.model, self.method, self.settings, self.about = model, method, settings, ""
        self.prefix: Prefix | dict[str, Prefix] | None = None
        self.apart = False  # whether the prefix is all there is, and is saved in files of its own
        self.scaffolds: dict[str, dict] = {}  # a part that can `materialize` -> the settings that it has afterwards
        self.allocator = None  # AdaLoRA's part in each step, which lives as long as the tuning
        self.base = base_of(model)
        self.names: frozenset[str] = frozenset()  # of what the method trains, also where it is frozen later
        self.beneath = getattr(model, SLOT, None)  # prefixes that were attached before
        self._asked = [(p, p.requires_grad) for p in model.parameters()]
        self._buffers = [(b, b.detach().clone()) for b in model.buffers()]
        self._kept: list[tuple[nn.Parameter, torch.Tensor]] = []  # trained weights of the base, as they were
        self._removals: list[Callable[[], object]] = []

    def train(self, parameters) -> None:
        """Let these parameters of the base train, and keep what they were."""
        for parameter in parameters:
            self._kept.append((parameter, parameter.detach().clone()))
            parameter.requires_grad_(True)

    def on_undo(self, remove: Callable[[], object]) -> None:
        """Call this, without arguments, when the model is given back; the last one first."""
        self._removals.append(remove)

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """What the method trains, and what was let train beside it, by name in the model, with the statistics of norms
        that train; without a prefix that has files of its own."""
        model, slot = self.model, f"{SLOT}."
        asked = {name for name, p in model.named_parameters() if p.requires_grad and not name.startswith(slot)}
        names = self.names | asked
        mine = {name: p for name, p in model.named_parameters() if name in names}
        mine |= {name: b for name, b in statistics(model).items() if name.rpartition(".")[0] + ".weight" in mine}
        return {name: tensor for name, tensor in mine.items() if not (self.apart and name.startswith(slot))}

    def save(self, folder: str | os.PathLike, *, final: bool = False, is_main_process: bool = True) -> Path:
        """Write what was trained into the folder, the task's head with it; atomic. `load` puts it on a model again.

        - folder: created where it is new
        - final: leave out what training alone needs, such as the network behind a prefix; what is loaded answers as
          before, but trains on as a direct prefix or prompt
        - is_main_process: False writes nothing

        A prefix alone is written as `Prefix.save_pretrained` writes it. Raises ValueError after `undo()`, and where the
        folder holds another tuning or prefix, with which this one would be mixed up.
        """
        if getattr(self.model, TUNING, None) is not self:
            raise ValueError(
                f"this tuning by {self.method!r} was undone, so nothing is left to save; save before undo()"
            )
        if self.prefix is not None and not self.apart and not hasattr(self.model, SLOT):
            raise ValueError(f"the prefix of {self.method!r} was detached; save before detach, or undo() instead")
        folder, trained = Path(folder), checkpoint.gathered(self.trained)
        gone = {name for name in self.names - set(trained) if not (self.apart and name.startswith(f"{SLOT}."))}
        if gone:
            raise ValueError(f"{few(gone)} of {self.method!r} is no longer on the model; save before it is taken off")
        self._refuse_others(folder)
        if not self.apart:
            settings, tensors = self._without_scaffolds(trained) if final else (self.settings, trained)
            record = self.record | {"settings": settings}
            checkpoint.write_record(folder, "tuning", record, tensors, is_main_process=is_main_process)
            return folder
        beside = set(trained) - set(named_head(self.model))
        if beside:
            raise ValueError(
                f"a prefix's files hold the prefix and the task's head, but {few(beside)} trained too; use "
                "model.save_pretrained, or tune without freeze=False"
            )
        for name, prefix in by_name(self.prefix).items():
            prefix = copy.deepcopy(prefix).materialize() if final else prefix
            home, tensors = checkpoint.home_of(folder, name), checkpoint.gathered(prefix.state_dict())
            checkpoint.write(home, prefix.config, tensors, trained, is_main_process=is_main_process)
        return folder

    @property
    def record(self) -> dict:
        """What is written beside the tensors, by which `load` makes the same tuning."""
        return {"method": self.method, "settings": self.settings, "base": self.base}

    def _refuse_others(self, folder: Path) -> None:
        """ValueError where `load` or `attach` would take something else from the folder than what is saved now."""
        others = set(checkpoint.prefixes_in(folder)) - (set(by_name(self.prefix)) if self.apart else set())
        found = [f"the prefix {name!r}" for name in sorted(others)]
        found += ["another tuning, tuning.json"] if self.apart and (folder / "tuning.json").is_file() else []
        if found:
            raise ValueError(f"{folder} holds {' and '.join(found)}; save into a folder of its own, or remove it there")

    def _without_scaffolds(self, trained: dict) -> tuple[dict, dict]:
        """Settings and tensors that give the same answers without what training alone needs."""
        settings = dict(self.settings)
        for name, after in self.scaffolds.items():
            part = copy.deepcopy(self.model.get_submodule(name)).materialize()
            trained = {key: tensor for key, tensor in trained.items() if not key.startswith(f"{name}.")}
            trained |= {f"{name}.{key}": t for key, t in checkpoint.gathered(part.state_dict()).items()}
            settings |= after
        return settings, trained

    @torch.no_grad()
    def undo(self) -> PreTrainedModel:
        """Give the model back bit for bit as it was before `tune`; what was trained is lost unless saved before."""
        if getattr(self.model, TUNING, None) is self:
            self.take_off()
            for tensor, value in self._kept + self._buffers:
                tensor.copy_(value)
            delattr(self.model, TUNING)
            keep_apart(self.model, added=True)
        return self.model

    def take_off(self) -> None:
        """Remove what was added to the model, and let that train which trained before."""
        while self._removals:
            self._removals.pop()()
        for parameter, asked in self._asked:
            parameter.requires_grad_(asked)
            parameter.grad = None
        if self.beneath is not None and getattr(self.model, SLOT, None) is not self.beneath:
            self.beneath.thaw(self.model)  # `detach` has left that to us

    def __repr__(self):
        return f"Tuning({self.method!r}, {trainable(self.model):,} parameters: {self.about})"


def trainable(model: nn.Module) -> int:
    """How many numbers of the model train."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def task_head(model: PreTrainedModel) -> list[nn.Parameter]:
    """The parameters that a task added after the pretrained model, as in `...ForTokenClassification`; [] without."""
    return list(named_head(model).values())


def by_name(prefix: Prefix | dict[str, Prefix]) -> dict[str, Prefix]:
    """One prefix or several, by name."""
    return prefix if isinstance(prefix, dict) else {"prefix": prefix}


def few(names) -> str:
    """The first four names, and how many more there are."""
    first = sorted(names)
    return ", ".join(first[:4]) + (f" and {len(first) - 4} more" if len(first) > 4 else "")
