"""From a row to an answer: how a row is put to a model so that `fit` can train on it, and how its answer is read off.

Four kinds of tasks: "generate" (a decoder or an encoder-decoder writes the target), "classify" (a masked LM fills one
mask with a label's first token), "tag" (a class for each word) and "span" (a piece of the context).
"""

import copy
from contextlib import contextmanager

import torch
import transformers
from torch.utils.data import DataLoader

from . import rows as token_rows
from .probes import same_modes
from .batches import collate
from .rows import IGNORED

KINDS = ("generate", "classify", "tag", "span")
HEADS = {"tag": "AutoModelForTokenClassification", "span": "AutoModelForQuestionAnswering"}


def with_head(model, kind: str, labels=(), seed: int = 0):
    """The pretrained weights of a model under a new head where the kind needs one, drawn by `seed`; else the model.

    labels: the names of the tags. Raises ValueError where the pretrained part does not fit under the head.
    """
    if kind not in HEADS:
        return model
    config = copy.deepcopy(model.config)
    if kind == "tag":
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in config.id2label.items()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        headed = getattr(transformers, HEADS[kind]).from_config(config)
    missing = headed.load_state_dict(model.state_dict(), strict=False).missing_keys
    if lost := [name for name in missing if name.startswith(f"{headed.base_model_prefix}.")]:
        raise ValueError(f"{type(model).__name__} has no {lost[0]}, which {type(headed).__name__} needs")
    return headed.train(model.training).to(model.device)


def encode(row: dict, tokenizer, kind: str, is_encoder_decoder: bool = False) -> dict:
    """The row as tokens with labels, for a model whose head fits the kind.

    generate: source, target, end, as in `rows.encode`.
    classify: source, one mask, end; the label at the mask is the first token of the target.
    tag: the words of `tokens` with spaces between, end; a word's entry in `tags` is the label of its first token, and
    its other tokens have none.
    span: source, which holds `context`, end; the places of the first and the last token of the first of `answers`,
    whose `answer_start` counts characters of the context.
    """
    if kind == "generate":
        return token_rows.encode(row, tokenizer, is_encoder_decoder)
    if kind == "classify":
        ids = tokenizer(row["source"], add_special_tokens=False)["input_ids"]
        return _masked(ids, tokenizer, first_tokens([row["target"]], tokenizer)[0])
    if kind == "tag":
        ids, places = _words(row, tokenizer)
        answers = [IGNORED] * len(ids)
        for place, tag in zip(places, row["tags"]):
            answers[place] = tag
        return {"input_ids": ids, "labels": answers}
    if kind == "span":
        ids, spans = _pieces(row, tokenizer)
        start = row["answers"]["answer_start"][0]
        end = start + len(row["answers"]["text"][0])
        inside = [i for i, (left, right) in enumerate(spans) if right > start and left < end]
        return {"input_ids": ids, "start_positions": inside[0], "end_positions": inside[-1]}
    raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")


def first_tokens(labels, tokenizer) -> list[int]:
    """The first token of each label, by which a masked LM names it. Raises ValueError where two labels share theirs."""
    firsts = [tokenizer(label, add_special_tokens=False)["input_ids"][0] for label in labels]
    for index, token in enumerate(firsts):
        if (other := firsts.index(token)) != index:
            raise ValueError(
                f"the labels {labels[other]!r} and {labels[index]!r} begin with the same token, "
                f"{tokenizer.decode([token])!r}; choose words that begin differently"
            )
    return firsts


def training_rows(rows, tokenizer, kind: str, is_encoder_decoder: bool = False, batch_size: int = 16):
    """What `fit` trains on: token rows, or for "span" ready batches of them, shuffled."""
    encoded = [encode(row, tokenizer, kind, is_encoder_decoder) for row in rows]
    if kind != "span":
        return encoded
    pad = tokenizer.pad_token_id
    return DataLoader(encoded, batch_size, shuffle=True, collate_fn=lambda rows: _collate_spans(rows, pad))


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
    """The model's answer to each row: a text, for "classify" one of `labels`, for "tag" a list of them.

    Batches are of rows of like length; a decoder's are padded on the left. max_new_tokens: of a generated text, greedy.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    answer = {"generate": _generate, "classify": _classify, "tag": _tag, "span": _span}[kind]
    rows = list(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["source"]))
    answers: list = [None] * len(rows)
    with torch.no_grad(), same_modes(model):
        model.eval()
        for first in range(0, len(order), batch_size):
            part = order[first : first + batch_size]
            found = answer(model, tokenizer, [rows[i] for i in part], labels, max_new_tokens)
            for i, one in zip(part, found):
                answers[i] = one
    return answers


def _generate(model, tokenizer, rows, labels, max_new_tokens: int) -> list[str]:
    two = model.config.is_encoder_decoder
    ids = [tokenizer(row["source"], add_special_tokens=two)["input_ids"] for row in rows]
    if two:
        batch = _batch(model, tokenizer, ids)
    else:  # padded on the left: what is written must follow the last token
        batch = {name: tensor.flip(1) for name, tensor in _batch(model, tokenizer, [x[::-1] for x in ids]).items()}
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    written = model.generate(**batch, **ends, do_sample=False, max_new_tokens=max_new_tokens)
    if not two:
        written = written[:, batch["input_ids"].shape[1] :]
    return tokenizer.batch_decode(written, skip_special_tokens=True)


def _classify(model, tokenizer, rows, labels, _) -> list[str]:
    names = first_tokens(labels, tokenizer)
    ids = [tokenizer(row["source"], add_special_tokens=False)["input_ids"] for row in rows]
    ids = [_masked(x, tokenizer, IGNORED)["input_ids"] for x in ids]
    with choosing(model, names):
        logits = model(**_batch(model, tokenizer, ids)).logits  # (B, T, V)
    best = logits[torch.arange(len(rows)), [len(x) - 2 for x in ids]].argmax(dim=-1)  # (B,), at the mask
    return [labels[names.index(token)] for token in best.tolist()]


def _tag(model, tokenizer, rows, labels, _) -> list[list[str]]:
    words = [_words(row, tokenizer) for row in rows]
    best = model(**_batch(model, tokenizer, [ids for ids, _ in words])).logits.argmax(dim=-1).tolist()
    return [[labels[row[place]] for place in places] for row, (_, places) in zip(best, words)]


def _span(model, tokenizer, rows, labels, _, longest: int = 32) -> list[str]:
    pieces = [_pieces(row, tokenizer) for row in rows]
    output = model(**_batch(model, tokenizer, [ids for ids, _ in pieces]))
    answers = []
    for row, (_, spans), start, end in zip(rows, pieces, output.start_logits.float(), output.end_logits.float()):
        scores = start[: len(spans), None] + end[None, : len(spans)]  # (S, S): a span from row to column
        inside = torch.tensor([right > 0 and left < len(row["context"]) for left, right in spans]).to(scores.device)
        allowed = (inside[:, None] & inside[None, :]).triu().tril(longest - 1)
        left, right = divmod(scores.masked_fill(~allowed, float("-inf")).argmax().item(), len(spans))
        answers.append(row["context"][max(0, spans[left][0]) : spans[right][1]].strip())
    return answers


# --- tokens ------------------------------------------------------------------------------------------------------


def _masked(ids: list[int], tokenizer, label: int) -> dict[str, list[int]]:
    ids = [*ids, tokenizer.mask_token_id, tokenizer.eos_token_id]
    return {"input_ids": ids, "labels": [IGNORED] * (len(ids) - 2) + [label, IGNORED]}


def _words(row: dict, tokenizer) -> tuple[list[int], list[int]]:
    """The ids of a row of words, with the end token, and the place of each word's first token."""
    encoded = tokenizer(" ".join(row["tokens"]), add_special_tokens=False, return_offsets_mapping=True)
    ends = [end for _, end in encoded["offset_mapping"]]
    places, start = [], 0
    for word in row["tokens"]:  # a token that ends where the word starts is the space before it
        places.append(next(i for i, end in enumerate(ends) if end > start))
        start += len(word) + 1
    return [*encoded["input_ids"], tokenizer.eos_token_id], places


def _pieces(row: dict, tokenizer) -> tuple[list[int], list[tuple[int, int]]]:
    """The ids of source and end, and for each token of the source where it stands, counted from the context's start."""
    encoded = tokenizer(row["source"], add_special_tokens=False, return_offsets_mapping=True)
    start = row["source"].rindex(row["context"])
    spans = [(left - start, right - start) for left, right in encoded["offset_mapping"]]
    return [*encoded["input_ids"], tokenizer.eos_token_id], spans


def _batch(model, tokenizer, ids: list[list[int]]) -> dict[str, torch.Tensor]:
    batch = collate([{"input_ids": x, "labels": 0} for x in ids], tokenizer.pad_token_id)
    del batch["labels"]
    return {name: tensor.to(model.device) for name, tensor in batch.items()}


def _collate_spans(rows: list[dict], pad_token_id: int) -> dict[str, torch.Tensor]:
    batch = collate([{**row, "labels": 0} for row in rows], pad_token_id)
    del batch["labels"]
    return batch | {name: torch.tensor([row[name] for row in rows]) for name in ("start_positions", "end_positions")}
