"""Prefix-tuning among its peers, and P-tuning v2, which is the prefix by another name."""

from functools import partial

from transformers import PreTrainedModel

from ..attention import attach, detach
from ..selection import SLOT, Attachment
from .tuning import Tuning, by_name


def prefix(tuning: Tuning, **settings) -> None:
    """Prefix-tuning (Li & Liang 2021): what `attach` does, of length 10 and through an MLP unless told otherwise."""
    if settings.get("prefix") is None:
        settings = {"length": 10, "reparam": "mlp"} | settings
    enter(tuning, **settings)
    tuning.apart = True


def p_tuning_v2(tuning: Tuning, length: int = 10, init: str = "random") -> None:
    """P-tuning v2 (Liu et al. 2022): a direct prefix at every attention, and the task's head where there is one.

    It is the prefix under another name: the same keys and values before those of every layer. What the paper adds is
    where it is used, to read rather than to write: on encoders, for tagging and questions, with a classification head
    in place of words for labels, and mostly without the MLP. So it is saved, and loads, as a prefix.
    """
    prefix(tuning, length=length, init=init, reparam=None)


def enter(tuning: Tuning, **settings) -> None:
    """Attach a prefix for a method of which it is the whole or a part."""
    tuning.prefix = attach(tuning.model, **settings)
    tuning.on_undo(partial(_leave, tuning.model, getattr(tuning.model, SLOT)))
    made = " and ".join(str(p.config.length) for p in by_name(tuning.prefix).values())
    sites = next(iter(by_name(tuning.prefix).values())).config.sites
    tuning.about = f"a prefix of {made} at {len(sites)} attentions"


def _leave(model: PreTrainedModel, attachment: Attachment) -> None:
    if getattr(model, SLOT, None) is attachment:  # else `detach` was there before
        detach(model)
