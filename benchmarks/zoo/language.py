"""What is checked of models that read tokens: the future, padding, and generation with a prefix."""

import copy

import torch

import prefix_lab as pl

from .faults import LARGE, SMALL, Fault, is_refusal
from .models import Subject, describe, run
from .oracle import distance, same
from .pieces import special_ids

PADDING = 3


def causality(subject: Subject, task: str | None) -> bool:
    """A causal language model sees the past and not the future, and every position feels the prefix."""
    ids = subject.inputs.get("input_ids")
    if task != "CAUSAL_LM" or ids is None or ids.dim() != 2:
        return False

    def swapped(place: int, other: int) -> dict:
        changed = ids.clone()
        changed[:, place] = ids[:, other] + (ids[:, other] == ids[:, place]).long()
        return subject.inputs | {"input_ids": changed}

    def logits():
        whole, last, first = (run(subject.model, x)[0] for x in (subject.inputs, swapped(-1, -2), swapped(0, 1)))
        return whole, distance([whole[:, :-1]], [last[:, :-1]]), distance([whole[:, -1]], [first[:, -1]])

    try:
        with pl.select(subject.model, None):
            bare, bare_leak, bare_past = logits()
        behind, leak, past = logits()
    except Exception:  # other inputs than these do not fit this model
        return False
    if bare_leak < 1e-5 and leak > SMALL:
        raise Fault(f"a token sees the next ones with a prefix ({leak:.0e})")
    if bare_past > 0 and past == 0:
        raise Fault("a token no longer sees the past with a prefix")
    if bare.dim() == 3 and bare.shape == behind.shape and ((bare - behind).abs().amax(-1) < 1e-6).any():
        raise Fault("some positions do not feel the prefix")
    return True


def padding(subject: Subject, task: str | None) -> bool:
    """A left-padded row in a plain pass is the row alone, where it is so without a prefix; or it is refused."""
    ids = subject.inputs.get("input_ids")
    if task != "CAUSAL_LM" or set(subject.inputs) != {"input_ids"} or ids.dim() != 2:
        return False

    def apart() -> float:
        (alone, *_), (beside, *_) = (run(subject.model, x) for x in ({"input_ids": ids[:1]}, padded(ids[:1])))
        return distance([alone], [beside[:, PADDING:]])

    try:
        with pl.select(subject.model, None):
            steady, bare = same(run(subject.model, subject.inputs), subject.bare), apart()
    except Exception:  # the model itself cannot read them
        return False
    try:
        behind = apart()
    except Exception as error:
        if not is_refusal(error):
            raise Fault(f"a left-padded row crashes with a prefix only: {describe(error)}") from error
        return False
    if steady and bare < SMALL and behind > LARGE:
        raise Fault(f"a left-padded row differs from the row alone with a prefix only ({behind:.0e})")
    return bare < SMALL


def generation(subject: Subject, task: str | None) -> bool:
    """With and without a cache, padded and alone: the same, wherever it is the same without a prefix."""
    model = subject.model
    if not (hasattr(model, "can_generate") and model.can_generate()):
        return False
    inputs = {name: value for name, value in subject.inputs.items() if not name.startswith("decoder_input")}
    ways = {"a cache": [(inputs, {"use_cache": True}), (inputs, {"use_cache": False})]}
    ids, compared = inputs.get("input_ids"), False
    if set(inputs) == {"input_ids"} and ids.dim() == 2 and not model.config.is_encoder_decoder:
        ways["left padding"] = [({"input_ids": ids[:1]}, {}), (padded(ids[:1]), {})]
    for what, (first, second) in ways.items():
        with pl.select(model, None):
            bare = difference(model, first, second)
        if not isinstance(bare, float):
            continue  # the model itself cannot do one of the two
        behind = difference(model, first, second)
        if isinstance(behind, Exception) and not is_refusal(behind):
            raise Fault(f"generate with a prefix crashes ({what}): {describe(behind)}")
        if bare < SMALL and not isinstance(behind, Exception):
            compared = True
            if behind > 2 * LARGE:
                raise Fault(f"generate: {what} changes the result with a prefix only ({behind:.0e})")
    return compared


def difference(model, first, second) -> float | Exception:
    """How far the logits of two ways to generate are apart; the error where one of them fails."""
    try:
        (ids, logits), (other_ids, other) = generate(model, *first), generate(model, *second)
    except Exception as error:
        return error
    if ids is not None and not torch.equal(ids[:, -len(logits) :], other_ids[:, -len(logits) :]):
        return float("inf")
    return distance(logits, other)


def generate(model, inputs: dict, settings: dict):
    """New tokens (B, 4) and their logits, greedily."""
    inputs = {name: copy.deepcopy(value) for name, value in inputs.items()}  # BLIP writes into them
    special = sorted(i for i in special_ids(model.config) if i > 5)
    torch.manual_seed(0)
    output = model.generate(
        **inputs,
        max_new_tokens=4,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
        suppress_tokens=special or None,
        **settings,
    )
    return getattr(output, "sequences", None), list(getattr(output, "logits", None) or ())


def padded(row: torch.Tensor) -> dict:
    """The row (1, T) behind PADDING tokens that the mask hides."""
    ids = torch.cat([torch.zeros(1, PADDING, dtype=row.dtype), row], dim=1)  # (1, PADDING + T)
    return {"input_ids": ids, "attention_mask": (torch.arange(ids.shape[1]) >= PADDING).long()[None]}
