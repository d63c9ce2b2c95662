"""A row as the model reads it. Of texts, training reads what inference reads, and the loss is on the answer alone."""

import re
from collections.abc import Mapping

import torch

IGNORED = -100  # the label of a token that the loss leaves out
ALIASES = {"label": "labels", "label_ids": "labels"}  # as transformers' own collators have it


def encode(row: Mapping, tokenizer, is_encoder_decoder: bool = False) -> dict[str, list[int]]:
    """A row of texts as token lists: the loss is on the target and its end, never on the source.

    A decoder reads source, target and the end-of-sequence token in one line; an encoder reads the source alone.
    A row of `messages` goes through the tokenizer's chat template instead: see `chat`.
    Raises ValueError for a text that is missing or empty, and for a tokenizer without an end-of-sequence token.
    """
    if "messages" in row:
        return chat(row, tokenizer, is_encoder_decoder)
    source, target = prompt(row, tokenizer, is_encoder_decoder), _text(row, "target")
    end = special(tokenizer, "eos_token")
    if is_encoder_decoder:
        target = tokenizer(text_target=target)["input_ids"]
        return {"input_ids": source, "labels": target if target[-1:] == [end] else [*target, end]}
    target = tokenizer(target, add_special_tokens=False)["input_ids"] + [end]
    return {"input_ids": source + target, "labels": [IGNORED] * len(source) + target}


def prompt(row: Mapping, tokenizer, is_encoder_decoder: bool = False) -> list[int]:
    """The tokens of a row's source as inference reads them, with the special tokens that the tokenizer adds.

    A decoder goes on writing after them, so an end-of-sequence token that the tokenizer adds is left out.
    """
    text, end = _text(row, "source", may_be_empty=True), [tokenizer.eos_token_id]
    ids = tokenizer(text)["input_ids"]
    if not is_encoder_decoder and ids[-1:] == end and frame(tokenizer)[1][-1:] == end:
        ids = ids[:-1]
    if not ids:
        raise ValueError(f"source must hold at least one token, got {text!r}; write a text or leave the row out")
    return ids


def frame(tokenizer) -> tuple[list[int], list[int]]:
    """The special tokens that the tokenizer puts before and after a text."""
    whole, plain = (tokenizer("a", add_special_tokens=added)["input_ids"] for added in (True, False))
    for start in range(len(whole)):
        if whole[start : start + len(plain)] == plain:
            return whole[:start], whole[start + len(plain) :]
    return [], []


def special(tokenizer, name: str) -> int:
    """The id of the tokenizer's special token of this name ("eos_token", ...). Raises ValueError where it has none."""
    if (found := getattr(tokenizer, f"{name}_id")) is None:
        raise ValueError(f"tokenizer must have {name}, got None; set tokenizer.{name} to one of its tokens")
    return found


def chat(row: Mapping, tokenizer, is_encoder_decoder: bool = False) -> dict[str, list[int]]:
    """A row of `messages` through the tokenizer's chat template; the loss is on what the assistant says.

    Every turn of the assistant counts where the template marks them ({% generation %}), else the last message alone.
    """
    messages, template = row["messages"], getattr(tokenizer, "chat_template", None)
    if not template:
        raise ValueError("tokenizer must have a chat_template for rows of messages, got None; set it, or give source")
    if not isinstance(messages, list) or not messages or messages[-1].get("role") != "assistant":
        raise ValueError(f"messages must be a list that ends with the assistant's, got {messages!r}")
    settings = {"tools": row.get("tools"), "tokenize": True, "return_dict": True}
    asked = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, **settings)["input_ids"]
    if not is_encoder_decoder and re.search(r"\{%-?\s*generation\b", str(template)):
        whole = tokenizer.apply_chat_template(messages, return_assistant_tokens_mask=True, **settings)
        spoken = zip(whole["input_ids"], whole["assistant_masks"])
        return {"input_ids": whole["input_ids"], "labels": [token if said else IGNORED for token, said in spoken]}
    whole = tokenizer.apply_chat_template(messages, **settings)["input_ids"]
    if whole[: len(asked)] != asked:
        raise ValueError(
            "messages must begin as the chat template's prompt for them does, got another beginning; "
            "mark the assistant's turns in the template with {% generation %}"
        )
    if is_encoder_decoder:
        return {"input_ids": asked, "labels": whole[len(asked) :]}
    return {"input_ids": whole, "labels": [IGNORED] * len(asked) + whole[len(asked) :]}


def named(row: Mapping) -> dict:
    """The columns that hold something, by the names that a forward has for them."""
    given = [name for name, value in row.items() if value is not None]
    if len(labels := [name for name in given if ALIASES.get(name, name) == "labels"]) > 1:
        raise ValueError(f"labels must be given once, got {' and '.join(labels)}; remove all but one")
    return {ALIASES.get(name, name): row[name] for name in given}


def plain(name: str, value):
    """Lists and numbers of what is small; an image or a sound stays a tensor."""
    inner = value[0] if isinstance(value, list | tuple) and value else None
    if getattr(inner, "ndim", 0) > 0:
        raise ValueError(
            f"{name} must be numbers or one tensor, got a list of tensors, as a DataLoader makes of lists; "
            "pass what it reads, or give it a collate_fn"
        )
    if name.endswith("input_ids") and (isinstance(inner, list) or getattr(value, "ndim", 1) != 1):
        raise ValueError(
            f"{name} must be one list of tokens, got a list of lists; where a row has several choices, pass ready "
            "batches of tensors (B, choices, S)"
        )
    if hasattr(value, "tolist") and value.ndim <= 1:
        return value.tolist()
    return torch.tensor(value) if isinstance(inner, list) else value


def without_label(row: Mapping) -> bool:
    """Whether none of the row's labels counts."""
    labels = row.get("labels")
    if isinstance(labels, list):
        return all(label == IGNORED for label in labels)
    return isinstance(labels, int) and labels == IGNORED


def _text(row: Mapping, name: str, may_be_empty: bool = False) -> str:
    text = row.get(name)
    if not isinstance(text, str) or not (text or may_be_empty):
        raise ValueError(f"{name} must be a text, got {text!r}; write one or leave the row out")
    return text
