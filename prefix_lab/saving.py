"""A model with its prefix in one folder: the base as its own library writes it, the prefix in its own files beside it.

While a prefix is attached, `model.save_pretrained` (and what calls it: the Trainer, pipelines, `push_to_hub`) writes
both; `Prefix.from_pretrained(folder)` and `attach(model, folder)` read the prefix, `from_pretrained` the base. Where
the Trainer goes back to a checkpoint, the prefix goes back with it.
"""

import sys
import warnings
from pathlib import Path

from torch import nn
from transformers import PreTrainedModel, TrainerCallback

from . import checkpoint, hub
from .prefix import Prefix
from .selection import SLOT, Attachment, attached


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
    attachment.left_behind = False


class SavesBoth:
    """`model.save_pretrained` while a prefix is attached: the same call, and then the prefix's own files."""

    def __init__(self, model: PreTrainedModel):
        self.model = model

    def __call__(self, save_directory, is_main_process=True, state_dict=None, push_to_hub=False, *args, **kwargs):
        """As the model's own, whose docstring holds."""
        model, attachment, folder = self.model, attached(self.model), Path(save_directory)
        for name in attachment.names:
            checkpoint.home_of(folder, name)  # a name that cannot be saved is refused before all else
        base = state_dict
        if state_dict is not None:
            base = {name: tensor for name, tensor in state_dict.items() if not name.startswith(f"{SLOT}.")}
        modules = model._modules
        del modules[SLOT]
        try:
            type(model).save_pretrained(model, save_directory, is_main_process, base, push_to_hub, *args, **kwargs)
        finally:
            modules[SLOT] = attachment
        _write_all(attachment, folder, state_dict, is_main_process)
        if push_to_hub and is_main_process:
            repo_id, token = kwargs.get("repo_id", folder.name), kwargs.get("token")
            hub.add(folder, repo_id, token=token, message=kwargs.get("commit_message") or "A prefix")


def _write_all(attachment: Attachment, folder: Path, state_dict=None, is_main_process: bool = True) -> None:
    """Write every attached prefix into the folder, each in its home, and take those of an earlier save off it."""
    for index, (name, prefix) in enumerate(zip(attachment.names, attachment.prefixes)):
        home, inner = checkpoint.home_of(folder, name), f"{SLOT}.prefixes.{index}."
        given = {n.removeprefix(inner): t for n, t in (state_dict or {}).items() if n.startswith(inner)}
        if given:  # gathered by the caller, as the Trainer does under FSDP
            checkpoint.write(home, prefix.config, checkpoint.gathered(given), is_main_process=is_main_process)
        else:
            prefix.save_pretrained(home, is_main_process=is_main_process)
    for name, path in checkpoint.prefixes_in(folder).items() if is_main_process else ():
        if name not in attachment.names:
            checkpoint.remove(path)


def keep_together(model: PreTrainedModel, attachment: Attachment) -> None:
    """From now on the model is saved, and gone back to, with its prefix; `keep_apart` undoes it."""
    model.__dict__["save_pretrained"] = SavesBoth(model)
    attachment.register_load_state_dict_post_hook(_after_loading)
    _tell_the_trainer()


def keep_apart(model: PreTrainedModel) -> None:
    """Give the model its own `save_pretrained` back."""
    model.__dict__.pop("save_pretrained", None)


# --- the Trainer -------------------------------------------------------------------------------------------------


def _after_loading(attachment: Attachment, incompatible) -> None:
    """The base's weights were loaded; note whether they came without the prefix's."""
    attachment.left_behind = any(f"{SLOT}." in name for name in incompatible.missing_keys)
    if attachment.left_behind and not _tell_the_trainer():
        _warn("the weights that were loaded hold no prefix", "folder")


def _warn(why: str, folder: str) -> None:
    warnings.warn(
        f"{why}, so the attached one is as it was; call prefix_lab.saving.restore(model, {folder})", stacklevel=2
    )


def _tell_the_trainer() -> bool:
    """Let every Trainer that is made from now on know; False where none can be, since its module is not imported."""
    trainer = sys.modules.get("transformers.trainer")
    if trainer is not None and GoesBack not in trainer.DEFAULT_CALLBACKS:
        trainer.DEFAULT_CALLBACKS.append(GoesBack)
    return trainer is not None


class GoesBack(TrainerCallback):
    """Where the Trainer has loaded a checkpoint's base, load the checkpoint's prefix too."""

    def on_save(self, args, state, control, model=None, **kwargs):
        """PEFT's models write their own adapters alone."""
        attachment = getattr(model, SLOT, None)
        if isinstance(attachment, Attachment) and not isinstance(model, PreTrainedModel):
            _write_all(attachment, _checkpoint_of(args, state), is_main_process=args.should_save)

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        """After `resume_from_checkpoint`."""
        given, resumed = args.resume_from_checkpoint, state.global_step > 0
        folder = given if isinstance(given, str) and Path(given).is_dir() else _checkpoint_of(args, state)
        self._follow(model, folder, resumed)

    def on_train_end(self, args, state, control, model=None, **kwargs):
        """After `load_best_model_at_end`."""
        best = state.best_model_checkpoint
        self._follow(model, best, args.load_best_model_at_end and best is not None)

    def _follow(self, model, folder, went_back: bool) -> None:
        attachment = getattr(model, SLOT, None)
        if not isinstance(attachment, Attachment):
            return
        adapters = went_back and not isinstance(model, PreTrainedModel)  # loaded, without a word about the prefix
        if not (adapters or attachment.left_behind):
            return
        try:
            restore(model, folder)
        except (OSError, ValueError, TypeError) as error:
            attachment.left_behind = False
            _warn(f"the Trainer loaded a base without a prefix ({error})", "the checkpoint's folder")


def _checkpoint_of(args, state) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"
