"""From what people have to batches: texts, token rows and ready batches, encoded and padded."""

import torch
from torch.utils.data import DataLoader
from transformers import PreTrainedModel

from .prefix import tokenizer_of

IGNORED = -100  # the label of a token that the loss leaves out


def encode(row: dict, tokenizer, is_encoder_decoder: bool = False) -> dict[str, list[int]]:
    """A row of texts as token lists: the loss is on the target and its end, never on the source.

    A decoder reads source, target and the end-of-sequence token in one line; an encoder reads the source alone.
    """
    source = tokenizer(row["source"], add_special_tokens=is_encoder_decoder)["input_ids"]
    target = tokenizer(row["target"], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    if is_encoder_decoder:
        return {"input_ids": source, "labels": target}
    return {"input_ids": source + target, "labels": [IGNORED] * len(source) + target}


def collate(rows: list[dict], pad_token_id: int) -> dict[str, torch.Tensor]:
    """Token lists of unequal lengths as one batch, padded on the right: input_ids, attention_mask and labels (B, T)."""
    batch = {"input_ids": _pad([row["input_ids"] for row in rows], pad_token_id)}
    batch["attention_mask"] = _pad([[1] * len(row["input_ids"]) for row in rows], 0)
    if isinstance(rows[0]["labels"], int):
        batch["labels"] = torch.tensor([row["labels"] for row in rows])  # (B,): a class for each row
    else:
        batch["labels"] = _pad([row["labels"] for row in rows], IGNORED)
    return batch


def loader(model: PreTrainedModel, data, batch_size: int, tokenizer=None, shuffle: bool = False):
    """An iterable of batches from rows of texts, rows of tokens, or batches that are ready."""
    if not hasattr(data, "__getitem__"):
        return data
    if len(data) == 0:
        raise ValueError("the data holds no row")
    rows = list(data)
    if "input_ids" not in rows[0]:
        if "source" not in rows[0] or "target" not in rows[0]:
            raise ValueError(f"rows must have source and target, or input_ids and labels; got {sorted(rows[0])}")
        tokenizer = tokenizer or tokenizer_of(model)
        rows = [encode(row, tokenizer, model.config.is_encoder_decoder) for row in rows]
    pad = model.config.get_text_config().pad_token_id or 0
    return DataLoader(rows, batch_size, shuffle=shuffle, collate_fn=lambda rows: collate(rows, pad))


def _pad(lists: list[list[int]], value: int) -> torch.Tensor:
    longest = max(len(x) for x in lists)
    return torch.tensor([x + [value] * (longest - len(x)) for x in lists])  # (B, T)
