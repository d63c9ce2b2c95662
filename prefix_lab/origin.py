"""Which base something was trained on: what is recorded of it, and what tells another base from it."""

from pathlib import Path

from transformers import PreTrainedModel


def base_of(model: PreTrainedModel) -> dict:
    """What is recorded of a prefix's base: its name and class, its revision on the hub, and a few of its numbers.

    Of a folder the name is the last part, since where it lies here means nothing elsewhere.
    """
    name, revision = model.config._name_or_path, getattr(model.config, "_commit_hash", None)
    base = {"name": Path(name).name if name and Path(name).is_dir() else name, "class": type(model).__name__}
    base["is_encoder_decoder"] = model.config.is_encoder_decoder
    more = {"revision": revision, "sample": _sample(model)}
    return base | {key: value for key, value in more.items() if value}


def _sample(model) -> list[float] | None:
    """Sixteen numbers of the token embedding, which stay as they are when words are added or precision is changed."""
    try:
        weight = model.get_input_embeddings().weight
    except (AttributeError, NotImplementedError):
        return None
    if weight.dim() != 2 or min(weight[16:].shape) < 16 or weight.is_meta or hasattr(weight, "full_tensor"):
        return None
    return [float(f"{x:.4g}") for x in weight.detach()[16:32, :16].diagonal().tolist()]


def difference(made: dict, here: dict) -> str | None:
    """How the base that something was made for differs from the one here, both as `base_of` records them; or None."""
    theirs, mine = (Path(str(base.get("name") or "")).name for base in (made, here))
    samples = [base.get("sample") for base in (made, here)]
    if theirs and mine and theirs != mine:
        why = f"was made for {theirs!r}, and model is {mine!r}: of the same shape"
    elif theirs == mine != "" and all(samples) and not _close(*samples):
        why = f"was made for other weights than those of this {theirs!r}: of the same name"
    else:
        return None
    return f"{why}, but what it learnt may mean nothing there"


def _close(numbers, others) -> bool:
    """Whether two samples are equal but for a precision."""
    return len(numbers) == len(others) and all(abs(a - b) <= 0.05 * abs(a) + 1e-3 for a, b in zip(numbers, others))
