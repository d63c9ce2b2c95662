"""A model with its prefix in one folder: the base as its own library writes it, the prefix in its own files beside it.

While a prefix is attached, or `tune` has put something on, `model.save_pretrained` (and what calls it: pipelines,
`push_to_hub`, the Trainer's `save_model`) writes both; `Prefix.from_pretrained(folder)`, `attach(model, folder)` and
`load(model, folder)` read what was added, `from_pretrained` the base. The checkpoints that the Trainer writes on its
way hold what trains and leave the frozen base out.
"""

import inspect
import json
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

from safetensors.torch import save
from torch import nn
from transformers import PreTrainedModel

from . import checkpoint, hub
from .prefix import Prefix
from .selection import SLOT, Attachment, attached, inner_name

NO_BASE = "frozen-base-not-in-this-checkpoint.safetensors"


class RandomWeights(UserWarning):
    """Weights that a checkpoint did not hold, drawn at random when it was loaded, are about to be frozen so."""


def newly_drawn(model: PreTrainedModel) -> list[str]:
    """The weights of a task's head that were not in the checkpoint when the model was loaded.

    `from_pretrained` marks every parameter that it fills. A model without a mark was not loaded: [].
    """
    marked = {name: getattr(p, "_is_hf_initialized", False) for name, p in model.named_parameters()}
    return [name for name in named_head(model) if not marked[name]] if any(marked.values()) else []


def named_head(model: PreTrainedModel) -> dict[str, nn.Parameter]:
    """The parameters that a task added after the pretrained model, as in `...ForTokenClassification`, by name."""
    if "For" not in type(model).__name__ or model.get_output_embeddings() is not None:
        return {}
    pretrained, added = (PreTrainedModel, nn.Embedding), (SLOT, "soft_prompt", "adapters")
    children = ((name, part) for name, part in model.named_children() if name not in added)
    parts = [(name, part) for name, part in children if not isinstance(part, pretrained)]
    return {f"{name}.{inner}": p for name, part in parts for inner, p in part.named_parameters()}


def warn_of_random(model: PreTrainedModel) -> None:
    """Warn where freezing the model keeps weights as they were drawn."""
    if drawn := newly_drawn(model):
        warnings.warn(
            f"{', '.join(drawn)} of {type(model).__name__} came without values from its checkpoint and stay random, "
            "since attach freezes them, unless you have filled them since; prefix_lab.tune(model, 'prefix') trains "
            "them with the prefix",
            RandomWeights,
            stacklevel=3,
        )


def stored(folder, *, revision=None, token=None) -> Prefix | dict[str, Prefix]:
    """What `attach(model, folder)` attaches: the prefix of a folder or a repository, or all of them by name."""
    path = hub.located(folder, revision=revision, token=token)
    names = checkpoint.prefixes_in(path)
    if set(names) <= {checkpoint.DEFAULT}:
        return Prefix.from_pretrained(path)
    return {name: Prefix.from_pretrained(path, name) for name in names}


def restore(model: PreTrainedModel, folder) -> None:
    """Set the attached prefixes, in place, to those of the same names in a folder; optimizers go on holding them.

    Raises FileNotFoundError or ValueError, with nothing changed, where one is missing or was made otherwise.
    """
    attachment = attached(model)
    pairs = [(p, Prefix.from_pretrained(folder, n)) for n, p in zip(attachment.names, attachment.prefixes)]
    for prefix, saved in pairs:
        mine, theirs = ((p.config.length, p.config.sites, p.config.reparam) for p in (prefix, saved))
        if mine != theirs:
            raise ValueError(f"{folder} holds {saved.extra_repr()}, but attached is {prefix.extra_repr()}")
    for prefix, saved in pairs:
        prefix.load_state_dict(saved.state_dict())


class Added(NamedTuple):
    """What `tune` put on a model: how its files begin, what trains by name, and where the base's own tensors went."""

    record: dict
    trained: tuple[str, ...]
    base: dict[str, str]  # a tensor's name in the bare model -> its name now

    @property
    def is_more(self) -> bool:
        """Whether there is more than the base, which may itself be trained."""
        return not set(self.trained) <= set(self.base.values())


class Saves:
    """`model.save_pretrained` while something is on the model: the same call, then the files of what was added.

    In a checkpoint of the Trainer's own, the frozen weights are left out.
    """

    def __init__(self, model: PreTrainedModel):
        self.model = model
        self.added: Added | None = None

    def __call__(self, save_directory, is_main_process=True, state_dict=None, push_to_hub=False, *args, **kwargs):
        """As the model's own, whose docstring holds."""
        model, folder = self.model, Path(save_directory)
        attachment = model._modules.get(SLOT)
        for name in attachment.names if attachment else ():
            checkpoint.home_of(folder, name)  # a name that cannot be saved is refused before all else
        if _in_trainer("_save_checkpoint"):
            self._write_checkpoint(folder, state_dict, is_main_process)
            return
        base = state_dict
        if self.added is not None:
            now = model.state_dict() if state_dict is None else state_dict
            base = {name: now[there] for name, there in self.added.base.items() if there in now}
        elif state_dict is not None:
            base = {name: tensor for name, tensor in state_dict.items() if not name.startswith(f"{SLOT}.")}
        modules = model._modules
        if attachment:
            del modules[SLOT]
        try:
            type(model).save_pretrained(model, save_directory, is_main_process, base, push_to_hub, *args, **kwargs)
        finally:
            if attachment:
                modules[SLOT] = attachment
        if self.added is not None and self.added.is_more:
            self._write_added(folder, now, is_main_process)
        elif is_main_process:
            checkpoint.remove(folder / "tuning.json")  # of an earlier save, which `load` would take
        _write_all(attachment, folder, state_dict, is_main_process)
        if push_to_hub and is_main_process:
            repo_id, token = kwargs.get("repo_id", folder.name), kwargs.get("token")
            hub.add(folder, repo_id, token=token, message=kwargs.get("commit_message") or "A prefix")

    def _write_checkpoint(self, folder: Path, state_dict, is_main_process: bool) -> None:
        """What trains, by its names in the model, for the Trainer to load, and beside it in the files of ours.

        The configuration says where the weights of the base would be, so that `from_pretrained` names the missing file
        and fills in no random numbers. Where most of a base trains, it is written whole.
        """
        model, state = self.model, self.model.state_dict() if state_dict is None else state_dict
        sizes = {n: (p.numel(), p.requires_grad) for n, p in model.named_parameters(remove_duplicate=False)}
        base = self.added.base if self.added else {name: name for name in sizes if not name.startswith(f"{SLOT}.")}
        mine = [sizes[name] for name in base.values() if name in sizes]
        most = 2 * sum(size for size, trains in mine if trains) > sum(size for size, _ in mine)
        whole = most and all(name == now for name, now in base.items())
        if whole:
            type(model).save_pretrained(model, folder, is_main_process, dict(state))
            beside = {}
        else:
            left_out = {name for name, (_, trains) in sizes.items() if not trains}
            kept = checkpoint.gathered({name: tensor for name, tensor in state.items() if name not in left_out})
            beside = {name: t for name, t in kept.items() if name in sizes and not name.startswith(f"{SLOT}.")}
            if is_main_process:
                data = save({name: tensor.clone() for name, tensor in kept.items()}, metadata={"format": "pt"})
                config = json.loads(model.config.to_json_string()) | {"transformers_weights": NO_BASE}
                folder.mkdir(parents=True, exist_ok=True)
                checkpoint.replace_file(folder / "config.json", json.dumps(config, indent=2).encode() + b"\n")
                checkpoint.replace_file(folder / "model.safetensors", data)
        if self.added is not None and (self.added.is_more or not whole):
            self._write_added(folder, state, is_main_process)
        if attachment := model._modules.get(SLOT):
            _write_all(attachment, folder, state, is_main_process, beside)

    def _write_added(self, folder: Path, state: dict, is_main_process: bool) -> None:
        if gone := [name for name in self.added.trained if name not in state]:
            raise ValueError(f"{gone[0]} was detached from what tune put on; call undo() instead, or attach it again")
        tensors = checkpoint.gathered({name: state[name] for name in self.added.trained})
        checkpoint.write_record(folder, "tuning", self.added.record, tensors, is_main_process=is_main_process)


def _write_all(attachment: Attachment | None, folder: Path, state_dict=None, is_main_process=True, beside=None) -> None:
    """Write every attached prefix into the folder, each in its home, and take those of an earlier save off it.

    beside: what else trained, which goes where a task's head goes.
    """
    names, prefixes = (attachment.names, attachment.prefixes) if attachment else ((), ())
    for name, prefix in zip(names, prefixes):
        home, inner = checkpoint.home_of(folder, name), f"{SLOT}.{inner_name(name)}."
        given = {n.removeprefix(inner): t for n, t in (state_dict or {}).items() if n.startswith(inner)}
        if given:  # gathered by the caller, as the Trainer does under FSDP
            tensors = checkpoint.gathered(given)
            checkpoint.write(home, prefix.config, tensors, beside, is_main_process=is_main_process)
        else:
            prefix.save_pretrained(home, is_main_process=is_main_process)
    for name, path in checkpoint.prefixes_in(folder).items() if is_main_process else ():
        if name not in names:
            checkpoint.remove(path)


def _saves(model: PreTrainedModel) -> Saves:
    if "save_pretrained" not in model.__dict__:
        model.__dict__["save_pretrained"] = Saves(model)
        model.register_load_state_dict_post_hook(_after_loading)
    return model.__dict__["save_pretrained"]


def keep_together(model: PreTrainedModel) -> None:
    """From now on the model is saved, and gone back to, with its prefix; `keep_apart` undoes it."""
    _saves(model)
    if any(type(module).__module__.startswith("peft.") for module in model.modules()):
        _tell_the_trainer()


def names_of(model: PreTrainedModel) -> dict[str, int]:
    """The names of a model's tensors, and which object each is."""
    tensors = model.state_dict(keep_vars=True).items()
    return {name: id(tensor) for name, tensor in tensors if not name.startswith(f"{SLOT}.")}


def keep_added(model: PreTrainedModel, record: dict, trained, before: dict[str, int]) -> None:
    """From now on the model is saved with what `tune` has put on it; `keep_apart` undoes it.

    record: what `write_record` takes. trained: the names of what trains. before: `names_of` the bare model.
    """
    now = names_of(model)
    there = {which: name for name, which in now.items()}
    base = {name: name if now.get(name) == which else there[which] for name, which in before.items()}
    _saves(model).added = Added(record, tuple(trained), base)


def keep_apart(model: PreTrainedModel, *, added: bool = False) -> None:
    """Once the prefix is off, or what `tune` has put on (`added`): the model's own `save_pretrained`, unless the other
    is there still."""
    saves = model.__dict__.get("save_pretrained")
    if saves is None:
        return
    saves.added = None if added else saves.added
    if saves.added is None and SLOT not in model._modules:
        del model.__dict__["save_pretrained"]
        for key, hook in list(model._load_state_dict_post_hooks.items()):
            if hook is _after_loading:
                del model._load_state_dict_post_hooks[key]


# --- the Trainer -------------------------------------------------------------------------------------------------


def _in_trainer(*methods: str) -> bool:
    """Whether one of these methods of the Trainer is being executed.

    `save_pretrained` and `load_state_dict` are not told who calls them. A callback would know, but only in a Trainer
    that was made after the prefix was attached; the stack is right in every case.
    """
    trainer = sys.modules.get("transformers.trainer")
    codes = [inspect.unwrap(getattr(trainer.Trainer, name)).__code__ for name in methods] if trainer else []
    frame = sys._getframe(1) if codes else None
    while frame is not None and frame.f_code not in codes:
        frame = frame.f_back
    return frame is not None


def _after_loading(model: PreTrainedModel, incompatible) -> None:
    """Weights were loaded: what is frozen may be left out by a checkpoint, but not the prefix by a whole model."""
    missing = incompatible.missing_keys
    prefixes = [name for name in missing if f"{SLOT}." in name]
    frozen = {name for name, p in model.named_parameters(remove_duplicate=False) if not p.requires_grad}
    if prefixes and len(prefixes) == len(missing):
        _warn("the weights that were loaded hold no prefix", "folder")
    elif missing and set(missing) <= frozen and _in_trainer("_load_from_checkpoint", "_load_best_model"):
        missing.clear()  # or the Trainer would list them all in a warning


def _warn(why: str, folder: str) -> None:
    warnings.warn(
        f"{why}, so the attached one is as it was; call prefix_lab.saving.restore(model, {folder})", stacklevel=2
    )


def _tell_the_trainer() -> None:
    """Let every Trainer that is made from now on know of prefixes beside PEFT's adapters."""
    from transformers import trainer

    if not any(isinstance(known, type) and issubclass(known, BesideAdapters) for known in trainer.DEFAULT_CALLBACKS):
        trainer.DEFAULT_CALLBACKS.append(type("BesideAdapters", (BesideAdapters, trainer.TrainerCallback), {}))


class BesideAdapters:
    """PEFT's models write and read their own adapters alone: the prefix is written with them, and gone back to.

    A callback of the Trainer, once that is imported, which takes longer than all else here.
    """

    def on_save(self, args, state, control, model=None, **kwargs):
        """The Trainer has written a checkpoint."""
        if _holds_prefix(model):
            attachment = getattr(model, SLOT)
            _write_all(attachment, _checkpoint_of(args, state), is_main_process=args.should_save)

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        """After `resume_from_checkpoint`."""
        given = args.resume_from_checkpoint
        folder = given if isinstance(given, str) and Path(given).is_dir() else _checkpoint_of(args, state)
        if state.global_step > 0:
            _follow(model, folder)

    def on_train_end(self, args, state, control, model=None, **kwargs):
        """After `load_best_model_at_end`."""
        if args.load_best_model_at_end and state.best_model_checkpoint is not None:
            _follow(model, state.best_model_checkpoint)


def _holds_prefix(model) -> bool:
    return isinstance(getattr(model, SLOT, None), Attachment) and not isinstance(model, PreTrainedModel)


def _follow(model, folder) -> None:
    if _holds_prefix(model):
        try:
            restore(model, folder)
        except (OSError, ValueError, TypeError) as error:
            _warn(f"the Trainer loaded adapters without a prefix ({error})", "the checkpoint's folder")


def _checkpoint_of(args, state) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"
