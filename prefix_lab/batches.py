"""From what people have to batches: texts, token rows, columns, datasets, streams and ready batches, padded."""

import warnings
from collections.abc import Iterator, Mapping
from itertools import islice

import torch
from torch.utils.data import DataLoader, IterableDataset
from transformers import PreTrainedModel, default_data_collator
from transformers.utils import TransformersKwargs

from .arguments import integer, parameters
from .packing import is_packed, keeps_apart
from .prefix import tokenizer_of
from .rows import IGNORED, encode, named, plain, without_label

BY_TOKEN = ("attention_mask", "token_type_ids", "position_ids")  # an entry for each of input_ids
RANKS = {"input_ids": 1, "decoder_input_ids": 1, "input_values": 1, "input_features": 2, "inputs_embeds": 2,
         "past_values": 2}  # fmt: skip
ANSWERS = ("start_positions", "return_loss", "future_values", "target_values")  # beside what is called a label
MEDIA = {"image", "images", "video", "videos", "audio"}  # which a processor has yet to make numbers of


def collate(rows: list[dict], pad_token_id: int) -> dict[str, torch.Tensor]:
    """Rows of unequal lengths as one batch, padded on the right: input_ids, attention_mask and labels (B, T), and
    whatever else the rows hold, (B, ...). A yes or no, such as return_loss, is one for the whole batch.

    Packed rows, whose position_ids start anew, get no mask: the library keeps them apart where there is none.
    """
    if any(map(is_packed, rows)):
        rows = [{name: value for name, value in row.items() if name != "attention_mask"} for row in rows]
    elif "input_ids" in rows[0]:
        rows = [{"attention_mask": [1] * len(row["input_ids"])} | row for row in rows]
    else:
        rows = [dict(row) for row in rows]
    pads = {"input_ids": pad_token_id, "decoder_input_ids": pad_token_id, "labels": IGNORED}
    for name in rows[0]:
        if isinstance(rows[0][name], list):
            longest = max(len(row[name]) for row in rows)
            for row in rows:
                row[name] = row[name] + [pads.get(name, 0)] * (longest - len(row[name]))
    settings = {name: value for name, value in rows[0].items() if isinstance(value, bool) and "label" not in name}
    if several := [name for name, value in settings.items() if any(row[name] != value for row in rows)]:
        raise ValueError(f"{several[0]} must be the same in all rows, got True and False; it is one for a whole batch")
    rows = [{name: value for name, value in row.items() if name not in settings} for row in rows]
    return default_data_collator(rows) | settings


def loader(
    model: PreTrainedModel,
    data,
    batch_size: int,
    tokenizer=None,
    shuffle: bool = False,
    max_length: int | None = None,
    name: str = "data",
):
    """An iterable of batches from rows, columns, a dataset, a stream, a DataLoader, or a list of ready batches.

    A row is a dict: texts (`source` and `target`, or `messages`), or what the model's forward takes, as lists, arrays
    or tensors, with labels. max_length: longer rows are cut on the right, with a warning for lost targets.
    name: what the data is called in an error.
    Raises ValueError, with the row's index, for what the model cannot read.
    """
    batch_size = integer("batch_size", batch_size)
    if isinstance(data, Iterator):
        raise ValueError(f"{name} must be readable more than once, got a {type(data).__name__}; pass list(...) of it")
    if isinstance(data, Mapping):
        data = _rows_of_columns(data, name)
    data = data.to_dict("records") if hasattr(data, "iloc") else data  # of pandas
    reader = Reader(model, tokenizer, max_length)
    if isinstance(data, IterableDataset) or not (hasattr(data, "__getitem__") and hasattr(data, "__len__")):
        if not hasattr(data, "__iter__"):
            raise ValueError(f"{name} must be a list of rows, a dataset or a DataLoader, got {type(data).__name__}")
        return Stream(reader, data, batch_size)
    if len(data) == 0:
        raise ValueError(f"{name} must hold at least one row, but the data holds no row; check what was selected")
    rows = [data[index] for index in range(len(data))]
    if all(is_batch(row) for row in rows):
        return [reader.batch(batch, index) for index, batch in enumerate(rows)]
    rows = reader.rows(rows)
    if all(without_label(row) for row in rows):
        raise ValueError(
            f"labels of {name} must count for something, got {IGNORED} alone in all {len(rows)} rows from row 0 on; "
            "give at least one row a target"
        )
    if "start_positions" in rows[0] and not shuffle:  # a choice among places: padding would add some to choose from
        return DataLoader(rows, batch_sampler=_of_one_length(rows, batch_size), collate_fn=reader.collate)
    return DataLoader(rows, batch_size, shuffle=shuffle, collate_fn=reader.collate)


class Stream:
    """Batches from what can only be read from its start: a DataLoader, a dataset that streams."""

    def __init__(self, reader: "Reader", data, batch_size: int):
        self.reader, self.data, self.batch_size = reader, data, batch_size

    def __iter__(self):
        items, first = iter(self.data), 0
        while part := list(islice(items, 1)):
            if is_batch(part[0]):
                yield self.reader.batch(part[0], first)
            else:
                part += islice(items, self.batch_size - 1)
                yield self.reader.collate(self.reader.rows(part, first))
            first += len(part)


def is_batch(item) -> bool:
    """Whether an item of the data is a batch already: a dict of tensors with one dimension more than a row's."""
    if not isinstance(item, Mapping):
        return False
    labels = item.get("labels", item.get("label"))
    for name, rank in RANKS.items():
        if name in item:
            return getattr(item[name], "ndim", 0) > rank and getattr(labels, "ndim", 1) > 0
    return getattr(item.get("pixel_values"), "ndim", 0) > 3 and getattr(labels, "ndim", 0) > 0


class Reader:
    """What a model reads: it turns rows into token rows, and refuses by row and name what the model would not take."""

    def __init__(self, model: PreTrainedModel, tokenizer=None, max_length: int | None = None):
        inner = getattr(model, "_orig_mod", model)  # of torch.compile
        inner = inner.get_base_model() if hasattr(inner, "get_base_model") else inner  # of peft
        names = parameters(inner)
        self.takes = [name for name, p in names.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        if len(self.takes) < len(names):
            self.takes += TransformersKwargs.__annotations__
        self.answers = [name for name in self.takes if "label" in name or name in ANSWERS]
        self.model, self.tokenizer = inner, tokenizer
        self.max_length = None if max_length is None else integer("max_length", max_length)
        self.config = inner.config
        self.apart: bool | None = None  # whether packed texts stay apart; asked when there are some
        self.two = self.config.is_encoder_decoder
        self.pad = getattr(self.config.get_text_config(), "pad_token_id", None) or 0
        embeddings, output = _or_none(inner.get_input_embeddings), _or_none(inner.get_output_embeddings)
        self.vocabulary = getattr(embeddings, "num_embeddings", None)
        self.names = getattr(output, "out_features", None) or getattr(self.config, "num_labels", None)
        self.of_row = type(inner).__name__.endswith("SequenceClassification")
        self.by_token = output is not None or "TokenClassification" in type(inner).__name__
        self.positions = _positions(inner)
        self.prompt = len(inner.soft_prompt.vectors) if hasattr(inner, "soft_prompt") else 0  # takes positions too

    def collate(self, rows: list[dict]) -> dict[str, torch.Tensor]:
        """The rows as a batch; see `collate`. The library keeps packed texts apart only where nothing is cached."""
        return collate(rows, self.pad) | ({"use_cache": False} if any(map(is_packed, rows)) else {})

    def rows(self, rows: list, first: int = 0) -> list[dict]:
        """Token rows, checked; `first` is the index of the first of them in the data."""
        read, cut, lost = [], [], []
        for index, row in enumerate(rows, first):
            try:
                read.append(self.row(row))
                if set(read[-1]) != set(read[0]):
                    raise ValueError(f"columns must be those of the first, {sorted(read[0])}, got {sorted(read[-1])}")
                if self.max_length is not None:
                    whole, read[-1] = read[-1], self.cut(read[-1])
                    cut += [index] * (len(whole.get("input_ids", ())) > self.max_length)
                    empty = [without_label(row) for row in (whole, read[-1])]
                    lost += [index] * (empty == [False, True])
                self.check(read[-1])
            except ValueError as error:
                raise ValueError(f"row {index}: {error}") from error
        if lost:
            warnings.warn(
                f"max_length={self.max_length} cut {len(cut)} rows, and {len(lost)} of them, from row {lost[0]} on, "
                "lost their target and count nothing; raise max_length or shorten the sources",
                stacklevel=3,
            )
        return read

    def row(self, row) -> dict:
        """One row as plain lists and numbers, texts encoded."""
        if not isinstance(row, Mapping):
            raise ValueError(f"rows must be dicts of columns, got {type(row).__name__}; name what each value is")
        if "messages" in row or "input_ids" not in row and {"source", "target"} <= set(row):
            self.tokenizer = self.tokenizer or tokenizer_of(self.model)
            return self.beside(row) | encode(row, self.tokenizer, self.two)
        read = {name: plain(name, value) for name, value in named(row).items()}
        if not set(read) & set(self.takes):
            raise ValueError(f"rows must have source and target, or input_ids and labels; got {sorted(read)}")
        self.refuse_columns(read)
        labels = read.get("labels")
        broken = isinstance(labels, float) and (self.names or 0) > 1 and not labels.is_integer()
        if isinstance(labels, str) or self.of_row and broken:
            raise ValueError(f"labels must be a number, of a class a whole one, got {labels!r}; see config.label2id")
        if isinstance(labels, bool) or isinstance(labels, float) and (self.names or 0) > 1 and not broken:
            labels = read["labels"] = int(labels)  # a class
        if self.of_row and isinstance(labels, int | float) and self.names == 1:
            read["labels"] = float(labels)  # a regression
        elif self.of_row and isinstance(labels, list) and len(labels) == self.names:
            read["labels"] = [float(label) for label in labels]  # a yes or no for each name
        return read

    def beside(self, row: Mapping) -> dict:
        """What a row of texts holds for the model beside its texts, such as pixel_values."""
        columns = {name: plain(name, row[name]) for name in self.takes if row.get(name) is not None}
        if twice := [name for name in ("input_ids", "labels") if name in columns]:
            raise ValueError(f"{twice[0]} must be left out beside texts, of which they are made, got both; remove one")
        media = {"pixel_values", "pixel_values_videos", "input_features", "input_values"} & set(self.takes)
        if media and not media & set(columns) and (raw := MEDIA & set(row)):
            raise ValueError(
                f"{' or '.join(sorted(media))} must be given for a row with {', '.join(sorted(raw))}, which the model "
                "cannot read itself; make it with the model's processor"
            )
        return columns

    def batch(self, batch, index: int) -> dict:
        """A ready batch, whose columns are checked."""
        try:
            batch = {
                name: torch.as_tensor(value) if type(value).__module__ == "numpy" else value
                for name, value in named(batch).items()
            }
            self.refuse_columns(batch)
            positions = batch.get("position_ids")
            lists = positions.tolist() if getattr(positions, "ndim", None) == 2 else []
            mask = batch.get("attention_mask")
            kept = [[1] * len(row) for row in lists] if mask is None else mask.tolist()
            lists = lists * len(kept) if len(lists) == 1 else lists
            if any(is_packed({"position_ids": row, "attention_mask": seen}) for row, seen in zip(lists, kept)):
                self.refuse_packed()
                batch["use_cache"] = False
                if mask is not None:
                    raise ValueError(
                        "attention_mask must be left out where position_ids pack several texts in a row, got both; "
                        "without a mask the library keeps the texts apart"
                    )
        except ValueError as error:
            raise ValueError(f"batch {index}: {error}") from error
        return batch

    def refuse_columns(self, row: Mapping) -> None:
        """Raise ValueError for a column that the model's forward would not take, and where none is an answer."""
        if unknown := [name for name in row if name not in self.takes]:
            raise ValueError(
                f"columns must be arguments of {type(self.model).__name__}.forward, got {', '.join(unknown)}; "
                "remove it (remove_columns of a Dataset) or rename it"
            )
        if not set(row) & set(self.answers):
            wanted = " or ".join(self.answers) or "a head that has a loss"
            raise ValueError(f"labels must be given, got {', '.join(row)}; add {wanted}")

    def cut(self, row: dict) -> dict:
        """The row with every list by token cut to max_length."""
        lists = ["input_ids", "decoder_input_ids", "decoder_attention_mask", *BY_TOKEN, *["labels"] * self.by_token]
        cut = {k: v[: self.max_length] if k in lists and isinstance(v, list) else v for k, v in row.items()}
        length = len(cut.get("input_ids", ()))
        outside = {name: length for name in ("start_positions", "end_positions") if cut.get(name, -1) >= length}
        return cut | outside  # a place beyond the end, which the library's loss leaves out

    def check(self, row: dict) -> None:
        """Raise ValueError for token ids, labels and lengths that the model cannot read."""
        labels, ids = row.get("labels"), row.get("input_ids")
        for name in ("input_ids", "decoder_input_ids", *["labels"] * (self.two and isinstance(labels, list))):
            if (read := row.get(name)) is None:
                continue
            if not read:
                raise ValueError(f"{name} must hold at least one token, got []; leave the row out")
            if name != "labels":
                self._known(name, read, self.vocabulary, "the vocabulary")
            self._fits(name, max(row["position_ids"]) + 1 if is_packed(row) else len(read))
        names = BY_TOKEN + (("labels",) if self.by_token and not self.two and isinstance(labels, list) else ())
        for name in names:
            if ids is not None and name in row and len(row[name]) != len(ids):
                raise ValueError(f"{name} must be as long as input_ids, {len(ids)}, got {len(row[name])} entries")
        if self.by_token and isinstance(labels, list):
            self._known("labels", [x for x in labels if x != IGNORED], self.names, "the model's outputs")
        elif isinstance(labels, int) and (self.names or 0) > 1:
            self._known("labels", [labels] if labels != IGNORED else [], self.names, "the model's outputs")
        if self.of_row and (
            getattr(labels, "ndim", 0) or isinstance(labels, list) and len(labels) not in (1, self.names)
        ):
            raise ValueError(f"labels must be one, or one for each of {self.names} names, got {labels}; see num_labels")
        if is_packed(row):
            self.refuse_packed()

    def refuse_packed(self) -> None:
        """Raise ValueError where the library would not keep several texts in a row apart."""
        if self.apart is None:
            able = not self.two and not self.prompt and "use_cache" in self.takes
            self.apart = able and keeps_apart(self.model)
        if not self.apart:
            raise ValueError(
                "position_ids of several packed texts are kept apart by most decoders alone, got them for "
                f"{type(self.model).__name__}{' with a prompt' * bool(self.prompt)}; give each text a row of its own"
            )

    def _fits(self, name: str, length: int) -> None:
        prompt = self.prompt if name == "input_ids" else 0
        if self.positions is not None and length > self.positions - prompt:
            raise ValueError(
                f"{name} must hold at most {self.positions - prompt} tokens, the model's positions"
                f"{f' less {prompt} of the prompt' if prompt else ''}, got {length}; pass max_length= to cut it"
            )

    @staticmethod
    def _known(name: str, ids: list, count: int | None, what: str) -> None:
        wrong = [x for x in ids if isinstance(x, int) and not 0 <= x < (count or x + 1)]
        if wrong:
            raise ValueError(f"{name} must be from 0 to {count - 1}, {what}, got {wrong[0]}; use its own tokenizer")


def _of_one_length(rows: list[dict], batch_size: int) -> list[list[int]]:
    """The indices of the rows in batches, each of rows of one length."""
    groups: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(len(row.get("input_ids", ())), []).append(index)
    return [group[i : i + batch_size] for group in groups.values() for i in range(0, len(group), batch_size)]


def _positions(model) -> int | None:
    """How many tokens the model has positions for; None where it does not say."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return module.num_embeddings - module.padding_idx - 1  # RoBERTa counts from behind the pad token's
    return limit if isinstance(limit, int) and limit > 0 else None


def _rows_of_columns(data: Mapping, name: str) -> list[dict]:
    """A dict of columns, such as a tokenizer's BatchEncoding, as rows."""
    if splits := [split for split, column in data.items() if hasattr(column, "column_names")]:
        raise ValueError(f"{name} must be one split, got {', '.join(splits)}; pass its [{splits[0]!r}]")
    lengths = {column: len(values) for column, values in data.items() if hasattr(values, "__len__")}
    if len(set(lengths.values())) > 1 or len(lengths) < len(data):
        raise ValueError(
            f"the columns of {name} must be lists of one length, got {lengths or dict(data)}; give each row an entry"
        )
    return [dict(zip(data, row)) for row in zip(*data.values())]


def _or_none(ask):
    try:
        return ask()
    except (NotImplementedError, AttributeError):
        return None
