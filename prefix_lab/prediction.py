"""From a row to an answer: how a row is put to a model so that `fit` can train on it, and how its answer is read off.

Five kinds of tasks: "generate" (a decoder or an encoder-decoder writes the target), "classify" (a masked LM fills one
mask with a label's first token), "label" (a class for the whole text), "tag" (a class for each word) and "span" (a
piece of the context). The last three are read off a head.
"""

import copy
from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from torch.utils.data import DataLoader

from . import rows as token_rows
from .arguments import integer
from .batches import collate
from .probes import same_modes
from .rows import IGNORED
from .selection import refuse_row_selection

KINDS = ("generate", "classify", "label", "tag", "span")
HEADS = {
    "label": "AutoModelForSequenceClassification",
    "tag": "AutoModelForTokenClassification",
    "span": "AutoModelForQuestionAnswering",
}
COLUMNS = {  # of a row, its answer last
    "generate": ("source", "target"),
    "classify": ("source", "target"),
    "label": ("source", "label"),
    "tag": ("tokens", "tags"),
    "span": ("source", "context", "answers"),
}


def with_head(model, kind: str, labels=(), seed: int = 0):
    """The pretrained weights of a model under a new head where the kind needs one, drawn by `seed`; else the model.

    model: the bare pretrained part, or that with another head. labels: the names of the classes or tags.
    Raises ValueError where the pretrained part does not fit under the head.
    """
    if kind not in HEADS:
        return model
    config = copy.deepcopy(model.config)
    if kind != "span":
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in config.id2label.items()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        headed = getattr(transformers, HEADS[kind]).from_config(config)
    bare, inside = model is model.base_model, f"{headed.base_model_prefix}."
    missing = (headed.base_model if bare else headed).load_state_dict(model.state_dict(), strict=False).missing_keys
    if lost := [name for name in missing if bare or name.startswith(inside)]:
        raise ValueError(f"{type(model).__name__} has no {lost[0]}, which {type(headed).__name__} needs")
    return headed.train(model.training).to(model.device)


def encode(row: dict, tokenizer, kind: str, is_encoder_decoder: bool = False) -> dict:
    """The row as tokens with labels, for a model whose head fits the kind.

    generate: source, target, end, as in `rows.encode`.
    classify: source, one mask, end; the label at the mask is the first token of the target. Special tokens stand
    where the tokenizer puts them around a text; where it puts none behind, the end-of-sequence token ends the row.
    label: source, end; `label` is the number of its class.
    tag: the words of `tokens` with spaces between, end; a word's entry in `tags` is the label of its first token, and
    its other tokens have none.
    span: source, which holds `context`, end; the places of the first and the last token of the first of `answers`,
    whose `answer_start` counts characters of the context.
    Raises ValueError by name for a column that is missing or does not fit the others.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    _require(row, kind, COLUMNS[kind])
    if kind == "generate":
        return token_rows.encode(row, tokenizer, is_encoder_decoder)
    if kind == "classify":
        ids, place = _masked(row, tokenizer)
        answers = [IGNORED] * len(ids)
        answers[place] = first_tokens([row["target"]], tokenizer)[0]
        return {"input_ids": ids, "labels": answers}
    if kind == "label":
        ids, _ = _framed(tokenizer(row["source"], add_special_tokens=False)["input_ids"], tokenizer)
        return {"input_ids": ids, "labels": integer("label", row["label"], least=0)}
    if kind == "tag":
        ids, places = _words(row, tokenizer)
        if len(row["tags"]) != len(row["tokens"]):
            raise ValueError(f"tags must be one for each of {len(row['tokens'])} tokens, got {len(row['tags'])}")
        answers = [IGNORED] * len(ids)
        for place, tag in zip(places, row["tags"]):
            answers[place] = tag
        return {"input_ids": ids, "labels": answers}
    ids, spans = _pieces(row, tokenizer)
    start = next(iter(row["answers"]["answer_start"]), -1)
    text = next(iter(row["answers"]["text"]), "")
    stands = start >= 0 and row["context"].startswith(text, start)
    inside = [i for i, (left, right) in enumerate(spans) if right > start and left < start + len(text)]
    if not inside or not stands:
        raise ValueError(f"answers must hold a piece of the context, got {row['answers']}; leave the row out")
    return {"input_ids": ids, "start_positions": inside[0], "end_positions": inside[-1]}


def first_tokens(labels, tokenizer) -> list[int]:
    """The first token of each label, by which a masked LM names it. ValueError where there is none, or one for two."""
    written = [tokenizer(label, add_special_tokens=False)["input_ids"] for label in labels]
    if [] in written:
        raise ValueError(f"a label must hold at least one token, got {labels[written.index([])]!r}; write a word")
    firsts = [ids[0] for ids in written]
    for index, token in enumerate(firsts):
        if (other := firsts.index(token)) != index:
            raise ValueError(
                f"the labels {labels[other]!r} and {labels[index]!r} begin with the same token, "
                f"{tokenizer.decode([token])!r}; choose words that begin differently"
            )
    return firsts


def training_rows(rows, tokenizer, kind: str, is_encoder_decoder: bool = False, batch_size: int = 16):
    """What `fit` trains on: token rows, or for "span" ready batches of them, shuffled."""
    encoded = []
    for index, row in enumerate(rows):
        try:
            encoded.append(encode(row, tokenizer, kind, is_encoder_decoder))
        except ValueError as error:
            raise ValueError(f"row {index}: {error}") from error
    if kind != "span":
        return encoded
    pad = token_rows.special(tokenizer, "pad_token")
    return DataLoader(encoded, batch_size, shuffle=True, collate_fn=lambda rows: collate(rows, pad))


@contextmanager
def choosing(model, tokens):
    """While open, a masked LM chooses among these tokens: all other logits are -inf, in the loss as in the answer.

    Without it the first thing a small prefix learns is to say any of the labels at all, and the steps that this takes
    can leave it deaf to the input. Source: Gao, Fisch, Chen 2021 (LM-BFF), equation 1.
    """

    def others_away(module, inputs, logits):
        kept = torch.full_like(logits, float("-inf"))  # (B, T, V)
        kept[..., tokens] = logits[..., tokens]
        return kept

    handle = model.get_output_embeddings().register_forward_hook(others_away)
    try:
        yield model
    finally:
        handle.remove()


# --- reading answers off -----------------------------------------------------------------------------------------


def predict(model, tokenizer, rows, kind: str, labels=(), *, batch_size: int = 50, max_new_tokens: int = 64) -> list:
    """The model's answer to each row: a text, for "classify" and "label" one of `labels`, for "tag" a list of them.

    - model: with a prefix or without, and with a head where `kind` needs one
    - tokenizer: the model's
    - rows: dicts with "source", or for "tag" with "tokens", as `load_task` gives them
    - kind: "generate", "classify", "label", "tag" or "span"
    - labels: all that there are, for "classify", "label" and "tag"
    - batch_size: rows of like length to a batch
    - max_new_tokens: of a generated text, greedy

    Raises ValueError by row and name for what cannot be answered, and for a model without the head of the kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    answer = dict(zip(KINDS, (_generate, _classify, _label, _tag, _span), strict=True))[kind]
    batch_size, max_new_tokens = integer("batch_size", batch_size), integer("max_new_tokens", max_new_tokens)
    _refuse_unfit(model, kind, labels)
    refuse_row_selection(model)
    rows, read = list(rows), []
    for index, row in enumerate(rows):
        try:
            read.append(_read(row, model, tokenizer, kind))
        except ValueError as error:
            raise ValueError(f"row {index}: {error}") from error
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].get("source") or ""))
    answers: list = [None] * len(rows)
    with torch.no_grad(), same_modes(model):
        model.eval()
        for first in range(0, len(order), batch_size):
            part = order[first : first + batch_size]
            ids, where = zip(*(read[i] for i in part), strict=True)
            found = answer(model, tokenizer, ids, where, labels, max_new_tokens)
            for i, one in zip(part, found, strict=True):
                answers[i] = one
    return answers


def _refuse_unfit(model, kind: str, labels) -> None:
    """ValueError where the model cannot name the words that a kind asks for, or where there is no label to choose."""
    inner = getattr(model, "get_base_model", lambda: model)()  # of peft
    needs = {"generate": "an AutoModelForCausalLM or AutoModelForSeq2SeqLM", "classify": "an AutoModelForMaskedLM"}
    if kind == "generate" and not inner.can_generate() or kind == "classify" and inner.get_output_embeddings() is None:
        raise ValueError(f"kind={kind!r} needs {needs[kind]}, got {type(inner).__name__}")
    if kind in ("classify", "label", "tag") and (isinstance(labels, str) or not len(labels)):
        raise ValueError(f"labels must be a list of all answers for kind={kind!r}, got {labels!r}")


def _read(row, model, tokenizer, kind: str) -> tuple[list[int], Any]:
    """A row's tokens as its kind puts them to a model, and where in them the answer is read."""
    _require(row, kind, COLUMNS[kind][:-1])
    if kind == "tag":
        return _words(row, tokenizer)
    if kind == "generate" or not row["source"] or not isinstance(row["source"], str):
        ids = token_rows.prompt(row, tokenizer, model.config.is_encoder_decoder)  # of "" a special token may be left
        if kind == "generate":
            return ids, None
    if kind == "classify":
        return _masked(row, tokenizer)
    if kind == "span":
        ids, spans = _pieces(row, tokenizer)
        return ids, (row["context"], spans)
    return encode({**row, "label": 0}, tokenizer, "label")["input_ids"], None


def _logits(model, batch: dict, kind: str, labels) -> torch.Tensor:
    """What a head says for each label: (B, N), or for "tag" (B, T, N)."""
    logits = getattr(model(**batch), "logits", None)
    if logits is None or (logits.dim(), logits.shape[-1]) != (2 if kind == "label" else 3, len(labels)):
        got = "no logits" if logits is None else f"logits {tuple(logits.shape)}"
        raise ValueError(
            f"kind={kind!r} with {len(labels)} labels needs an {HEADS[kind]} of as many, got {got} from "
            f"{type(model).__name__}; put the model under a head by prefix_lab.prediction.with_head"
        )
    return logits


def _generate(model, tokenizer, ids, _, labels, max_new_tokens: int) -> list[str]:
    two = model.config.is_encoder_decoder
    if two:
        batch = _batch(model, tokenizer, ids)
    else:  # padded on the left: what is written must follow the last token
        batch = {name: tensor.flip(1) for name, tensor in _batch(model, tokenizer, [x[::-1] for x in ids]).items()}
    own, end = model.generation_config.eos_token_id, tokenizer.eos_token_id
    ends = [*(own if isinstance(own, list) else [own]), end]  # of an instruct model more than one
    ends = list(dict.fromkeys(x for x in ends if x is not None)) or None
    once = {"do_sample": False, "num_return_sequences": 1, "return_dict_in_generate": False}
    written = model.generate(
        **batch, **once, max_new_tokens=max_new_tokens, eos_token_id=ends, pad_token_id=tokenizer.pad_token_id
    )
    if not two:
        written = written[:, batch["input_ids"].shape[1] :]
    return tokenizer.batch_decode(written, skip_special_tokens=True)


def _classify(model, tokenizer, ids, places, labels, _) -> list[str]:
    names = first_tokens(labels, tokenizer)
    with choosing(model, names):
        logits = model(**_batch(model, tokenizer, ids)).logits  # (B, T, V)
    best = logits[torch.arange(len(ids)), list(places)].argmax(dim=-1)  # (B,), at the mask
    return [labels[names.index(token)] for token in best.tolist()]


def _label(model, tokenizer, ids, _, labels, __) -> list[str]:
    best = _logits(model, _batch(model, tokenizer, ids), "label", labels).argmax(dim=-1)  # (B,)
    return [labels[index] for index in best.tolist()]


def _tag(model, tokenizer, ids, words, labels, _) -> list[list[str]]:
    best = _logits(model, _batch(model, tokenizer, ids), "tag", labels).argmax(dim=-1)  # (B, T)
    return [[labels[row[place]] for place in places] for row, places in zip(best.tolist(), words, strict=True)]


def _span(model, tokenizer, ids, contexts, labels, _, longest: int = 32) -> list[str]:
    output = model(**_batch(model, tokenizer, ids))
    if getattr(output, "start_logits", None) is None:
        raise ValueError(f"kind='span' needs an {HEADS['span']}, got {type(model).__name__}; see with_head")
    answers, scored = [], (output.start_logits.float(), output.end_logits.float())
    for (context, spans), start, end in zip(contexts, *scored, strict=True):
        scores = start[: len(spans), None] + end[None, : len(spans)]  # (S, S): a span from row to column
        inside = torch.tensor([right > 0 and left < len(context) for left, right in spans]).to(scores.device)
        allowed = (inside[:, None] & inside[None, :]).triu().tril(longest - 1)
        left, right = divmod(scores.masked_fill(~allowed, float("-inf")).argmax().item(), len(spans))
        answers.append(context[max(0, spans[left][0]) : spans[right][1]].strip())
    return answers


# --- tokens ------------------------------------------------------------------------------------------------------


def _require(row, kind: str, columns) -> None:
    """ValueError for a row that is no dict, or lacks one of these columns; for those of "generate", `rows` asks."""
    if not isinstance(row, Mapping):
        raise ValueError(f"rows must be dicts with {', '.join(columns)}, got {row!r}; name what each value is")
    for name in columns:
        if kind != "generate" and row.get(name) is None:
            raise ValueError(f"{name} must be given for kind={kind!r}, got a row of {', '.join(map(str, row))}")


def _framed(ids: list[int], tokenizer) -> tuple[list[int], int]:
    """The ids within the tokenizer's special tokens, with an end in any case, and how many stand before them."""
    before, after = token_rows.frame(tokenizer)
    return [*before, *ids, *(after or [token_rows.special(tokenizer, "eos_token")])], len(before)


def _masked(row: dict, tokenizer) -> tuple[list[int], int]:
    """The ids of a row's source with one mask behind it, and the mask's place."""
    ids = tokenizer(row["source"], add_special_tokens=False)["input_ids"]
    framed, skipped = _framed([*ids, token_rows.special(tokenizer, "mask_token")], tokenizer)
    return framed, skipped + len(ids)


def _words(row: dict, tokenizer) -> tuple[list[int], list[int]]:
    """The ids of a row of words, and the place of each word's first token."""
    words = row["tokens"]
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"tokens must be a list of words, got {words!r}; split the text")
    encoded = tokenizer(" ".join(words), add_special_tokens=False, return_offsets_mapping=True)
    ids, skipped = _framed(encoded["input_ids"], tokenizer)
    spans, places, start = encoded["offset_mapping"], [], 0
    for index, word in enumerate(words):  # a token that ends where the word starts is the space before it
        end = start + len(word)
        place = next((i for i, (left, right) in enumerate(spans) if right > start and left < end), None)
        if not word.strip() or place is None:
            raise ValueError(f"tokens must be words, got {word!r} at {index}, of which the tokenizer makes nothing")
        places.append(skipped + place)
        start = end + 1
    return ids, places


def _pieces(row: dict, tokenizer) -> tuple[list[int], list[tuple[int, int]]]:
    """The ids of a source, and for each token up to its last where it stands, counted from the context's start."""
    start = row["source"].rfind(row["context"])
    if start < 0 or not row["context"].strip():
        raise ValueError(f"context must be a piece of source, got {row['context']!r}; put it into source as it is")
    encoded = tokenizer(row["source"], add_special_tokens=False, return_offsets_mapping=True)
    ids, skipped = _framed(encoded["input_ids"], tokenizer)
    nowhere = [(-1, -1)] * skipped  # special tokens
    return ids, nowhere + [(left - start, right - start) for left, right in encoded["offset_mapping"]]


def _batch(model, tokenizer, ids: list[list[int]]) -> dict[str, torch.Tensor]:
    batch = collate([{"input_ids": x} for x in ids], token_rows.special(tokenizer, "pad_token"))
    return {name: tensor.to(model.device) for name, tensor in batch.items()}
