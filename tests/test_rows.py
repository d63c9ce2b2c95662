"""From what people have to batches: the same rows in every container give the same batches, and what a model cannot
read is refused by row and name."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers as tf
from families import DECODERS, IMAGES, SIZES, T5, VOCAB, build, shake
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch.utils.data import DataLoader

import prefix_lab as pl
from prefix_lab.batches import collate, is_batch, is_packed, loader
from prefix_lab.rows import encode, frame, prompt
from prefix_lab.training import evaluate


def words(before="", after="", **special):
    """A tokenizer of whole words that puts these special tokens around a text."""
    names = "<pad> <bos> <eos> <mask> a b c d user assistant".split()
    t = Tokenizer(models.WordLevel({word: i for i, word in enumerate(names)}, unk_token="<pad>"))
    t.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    pieces = " ".join(x for x in (before, "$A", after) if x)
    used = [(name, names.index(name)) for name in (before, after) if name]
    t.post_processor = processors.TemplateProcessing(single=pieces, special_tokens=used)
    special = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "mask_token": "<mask>"} | special
    return tf.PreTrainedTokenizerFast(tokenizer_object=t, **special)


ROW = {"source": "a b", "target": "c"}


# --- texts to tokens ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("around", "ids"),
    [
        ({}, [4, 5, 6, 2]),
        ({"before": "<bos>"}, [1, 4, 5, 6, 2]),
        ({"before": "<bos>", "after": "<eos>"}, [1, 4, 5, 6, 2]),  # the end comes once, behind the target
        ({"after": "<mask>"}, [4, 5, 3, 6, 2]),
    ],
)
def test_training_reads_the_special_tokens_that_inference_reads(around, ids):
    tokenizer = words(**around)
    row = encode(ROW, tokenizer)
    assert row == {"input_ids": ids, "labels": [-100] * (len(ids) - 2) + [6, 2]}
    assert prompt(ROW, tokenizer) == ids[:-2]


def test_an_end_that_the_source_itself_holds_is_kept():
    assert prompt({"source": "a <eos>"}, words()) == [4, 2]
    assert prompt({"source": "a <eos>"}, words(after="<eos>")) == [4, 2]


def test_an_encoder_reads_the_source_with_its_end_and_the_target_ends_once():
    assert encode(ROW, words(after="<eos>"), True) == {"input_ids": [4, 5, 2], "labels": [6, 2]}
    assert encode(ROW, words(), True) == {"input_ids": [4, 5], "labels": [6, 2]}


def test_around_a_text_that_reads_otherwise_among_special_tokens_nothing_is_known():
    assert frame(lambda text, add_special_tokens: {"input_ids": [1, 9, 2] if add_special_tokens else [4]}) == ([], [])


def test_what_stands_around_a_text():
    assert frame(words("<bos>", "<eos>")) == ([1], [2])
    assert frame(words()) == ([], [])
    assert frame(words(after="<eos>")) == ([], [2])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"source": "", "target": "c"}, "source must hold at least one token, got ''"),
        ({"source": "a", "target": ""}, "target must be a text, got ''"),
        ({"source": None, "target": "c"}, "source must be a text, got None"),
        ({"source": "a", "target": 3}, "target must be a text, got 3"),
    ],
)
def test_a_text_that_is_missing_or_empty_is_refused_by_row(row, message):
    with pytest.raises(ValueError, match=f"row 1: {message}"):
        loader(build("gpt2"), [ROW, row], 2, words())


def test_an_empty_source_behind_a_first_token_is_a_row():
    assert encode({"source": "", "target": "c"}, words("<bos>"))["input_ids"] == [1, 6, 2]


def test_a_tokenizer_without_an_end_is_refused():
    with pytest.raises(ValueError, match="row 0: tokenizer must have eos_token, got None; set tokenizer.eos_token"):
        loader(build("gpt2"), [ROW], 1, words(eos_token=None))


TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}] * 2
PLAIN = "{% for m in messages %}{{ m.role + ' ' + m.content + ' ' }}{% endfor %}"
PLAIN += "{% if add_generation_prompt %}assistant {% endif %}"
MARKED = "{% for m in messages %}{{ m.role + ' ' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content + ' ' }}"
MARKED += "{% endgeneration %}{% else %}{{ m.content + ' ' }}{% endif %}{% endfor %}"
MARKED += "{% if add_generation_prompt %}assistant {% endif %}"


@pytest.mark.parametrize(("template", "counted"), [(PLAIN, [7]), (MARKED, [3, 7])])
def test_a_chat_is_read_through_its_template_and_the_assistant_alone_counts(template, counted):
    tokenizer = words("<bos>")
    tokenizer.chat_template = template
    row = encode({"messages": TURNS}, tokenizer)
    assert row["input_ids"] == [8, 4, 9, 5] * 2
    assert [i for i, label in enumerate(row["labels"]) if label != -100] == counted
    assert all(row["labels"][i] == row["input_ids"][i] for i in counted)
    assert encode({"messages": TURNS}, tokenizer, True) == {"input_ids": [8, 4, 9, 5, 8, 4, 9], "labels": [5]}


def test_a_chat_that_cannot_be_read_is_refused_by_row():
    with pytest.raises(ValueError, match="row 0: tokenizer must have a chat_template"):
        loader(build("gpt2"), [{"messages": TURNS}], 1, words())
    tokenizer = words()
    tokenizer.chat_template = PLAIN
    with pytest.raises(ValueError, match="row 0: messages must be a list that ends with the assistant's"):
        loader(build("gpt2"), [{"messages": TURNS[:1]}], 1, tokenizer)


# --- containers --------------------------------------------------------------------------------------------------

ROWS = [{"input_ids": [5, 6, 7], "labels": [-100, 6, 7]}, {"input_ids": [8, 9], "labels": [8, 9]}]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
WANTED = {
    "input_ids": [[5, 6, 7], [8, 9, 0]],
    "attention_mask": [[1, 1, 1], [1, 1, 0]],
    "labels": [[-100, 6, 7], [8, 9, -100]],
}
SAME = {
    "rows": lambda: ROWS,
    "tensors": lambda: [{k: torch.tensor(v) for k, v in row.items()} for row in ROWS],
    "arrays": lambda: [{k: np.array(v) for k, v in row.items()} for row in ROWS],
    "columns": lambda: COLUMNS,
    "BatchEncoding": lambda: tf.BatchEncoding(COLUMNS),
    "Dataset": lambda: datasets().Dataset.from_list(ROWS),
    "Dataset of tensors": lambda: datasets().Dataset.from_list(ROWS).with_format("torch"),
    "IterableDataset": lambda: datasets().Dataset.from_list(ROWS).to_iterable_dataset(),
    "DataLoader": lambda: DataLoader(ROWS, 2, collate_fn=lambda rows: collate(rows, 0)),
    "batches": lambda: [collate(ROWS, 0)],
    "batches of arrays": lambda: [{k: v.numpy() for k, v in collate(ROWS, 0).items()}],
    "batches with nothing": lambda: [collate(ROWS, 0) | {"token_type_ids": None}],
    "by index": lambda: ByIndex(),
    "in order": lambda: InOrder(),
    "DataFrame": lambda: pytest.importorskip("pandas").DataFrame(ROWS),
    "tuple": lambda: tuple(ROWS),
}


class ByIndex(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return ROWS[range(2)[index]]


class InOrder(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter(ROWS)

    def __len__(self):
        return 2


def datasets():
    return pytest.importorskip("datasets")


@pytest.mark.parametrize("container", SAME)
def test_the_same_rows_in_any_container_give_the_same_batches_twice(container):
    batches = loader(build("gpt2"), SAME[container](), 2)
    for _ in range(2):
        (batch,) = batches
        assert {name: tensor.tolist() for name, tensor in batch.items()} == WANTED
        assert all(isinstance(tensor, torch.Tensor) for tensor in batch.values())


def test_a_stream_is_cut_into_batches_and_counts_its_rows():
    model = build("gpt2")
    stream = datasets().Dataset.from_list(ROWS * 2 + ROWS[:1]).to_iterable_dataset()
    assert [len(batch["input_ids"]) for batch in loader(model, stream, 2)] == [2, 2, 1]
    bad = datasets().Dataset.from_list([*ROWS, {"input_ids": [VOCAB], "labels": [1]}]).to_iterable_dataset()
    with pytest.raises(
        ValueError, match=f"row 2: input_ids must be from 0 to {VOCAB - 1}, the vocabulary, got {VOCAB}"
    ):
        list(loader(model, bad, 2))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda: (row for row in ROWS), r"train must be readable more than once, got a generator; pass list\(...\)"),
        (lambda: iter(ROWS), "train must be readable more than once, got a list_iterator"),
        (
            lambda: datasets().DatasetDict(train=datasets().Dataset.from_list(ROWS)),
            "train must be one split, got train",
        ),
        (lambda: {"input_ids": [[5]], "labels": [[5], [6]]}, "columns of train must be lists of one length"),
        (
            lambda: {"input_ids": [[5]], "labels": 5},
            "columns of train must be lists of one length, got {'input_ids': 1}",
        ),
        (lambda: 3, "train must be a list of rows, a dataset or a DataLoader, got int"),
        (lambda: [], "train must hold at least one row"),
        (lambda: ["a text"], "row 0: rows must be dicts of columns, got str"),
        (lambda: [{"input_ids": [5]}], "row 0: labels must be given, got input_ids; add labels"),
        (
            lambda: [*ROWS, ROWS[0] | {"idx": 3}],
            r"row 2: columns must be arguments of GPT2LMHeadModel.forward, got idx; ",
        ),
        (lambda: [collate(ROWS, 0) | {"idx": 3}], "batch 0: columns must be arguments of .*, got idx; remove it"),
        (lambda: [*ROWS, {"input_ids": [], "labels": []}], "row 2: input_ids must hold at least one token"),
        (lambda: [{"input_ids": [-1], "labels": [1]}], "row 0: input_ids must be from 0 to 98, the vocabulary, got -1"),
        (lambda: [{"input_ids": [1], "labels": [99]}], "row 0: labels must be from 0 to 98, .*, got 99"),
        (
            lambda: [{"input_ids": [1] * 65, "labels": [1] * 65}],
            "row 0: input_ids must hold at most 64 tokens, .*got 65",
        ),
        (lambda: [{"input_ids": [1, 2], "labels": [1]}], "row 0: labels must be as long as input_ids, 2, got 1"),
        (lambda: [ROWS[0] | {"attention_mask": [1]}], "row 0: attention_mask must be as long as input_ids, 3, got 1"),
        (lambda: [ROWS[0], ROWS[1] | {"attention_mask": [1, 1]}], "row 1: columns must be those of the first"),
        (lambda: [ROWS[0] | {"label": 1}], "row 0: labels must be given once, got labels and label; remove all but"),
        (lambda: [{"label": torch.ones(2)} | collate(ROWS, 0)], "batch 0: labels must be given once, got label and"),
        (lambda: [{"input_ids": [[5, 6], [7]], "labels": 1}], "row 0: input_ids must be one list of tokens, .*ready"),
        (lambda: [{"input_ids": torch.ones(2, 3).long(), "labels": torch.tensor(1)}], "row 0: input_ids must be one"),
        (
            lambda: [{"input_ids": [1, 2], "labels": [-100] * 2}] * 2,
            "labels of train must count .* in all 2 rows from row 0",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_changes(data, message):
    model = build("gpt2").train()
    prefix = shake(pl.attach(model, length=2))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        pl.fit(model, data(), steps=1, progress=False)
    with pytest.raises(ValueError, match=message.replace("train", "validation", 1)):
        pl.fit(model, ROWS, validation=data(), steps=1, progress=False)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert model.training
    assert all(p.grad is None for p in prefix.parameters())


def test_what_a_dataloader_makes_of_lists_is_refused():
    with pytest.raises(ValueError, match="row 0: input_ids must be numbers .*, got a list of tensors, as a DataLoader"):
        evaluate(build("gpt2"), DataLoader(ROWS[:1] * 2, 2))


def test_as_many_tokens_as_the_model_has_positions_are_read():
    assert len(next(iter(loader(build("gpt2"), [{"input_ids": [5] * 64, "labels": [5] * 64}], 1)))["labels"][0]) == 64
    row = {"input_ids": [5] * 64, "labels": [5] * 64}
    with pytest.raises(ValueError, match="at most 63 tokens"):  # RoBERTa counts from behind the pad token
        loader(build("roberta"), [row], 1)


# --- columns -----------------------------------------------------------------------------------------------------


def test_roberta_counts_its_positions_from_behind_the_pad_token_s():
    model = tf.RobertaForMaskedLM(tf.RobertaConfig(**SIZES | {"pad_token_id": 1}))
    assert loader(model, [{"input_ids": [5] * 62, "labels": [5] * 62}], 1)
    with pytest.raises(ValueError, match="must hold at most 62 tokens, the model's positions, got 63"):
        loader(model, [{"input_ids": [5] * 63, "labels": [5] * 63}], 1)


@pytest.mark.parametrize("error", [NotImplementedError, AttributeError])
def test_where_a_model_does_not_say_how_many_tokens_it_knows_all_are_read(error, monkeypatch):
    def ask(self):
        raise error

    model = build("llama")
    monkeypatch.setattr(type(model), "get_input_embeddings", ask)
    assert loader(model, [{"input_ids": [5, 500], "labels": [5, 6]}], 1)


def test_every_column_is_passed_on_and_padded():
    first = {
        "input_ids": [5, 6],
        "token_type_ids": [0, 1],
        "attention_mask": [0, 1],
        "position_ids": [0, 0],
        "labels": 1,
    }
    second = {"input_ids": [7], "token_type_ids": [1], "attention_mask": [1], "position_ids": [3], "labels": 0}
    batch = collate([first, second], 9)
    assert {name: tensor.tolist() for name, tensor in batch.items()} == {
        "input_ids": [[5, 6], [7, 9]],
        "token_type_ids": [[0, 1], [1, 0]],
        "attention_mask": [[0, 1], [1, 0]],
        "position_ids": [[0, 0], [3, 0]],
        "labels": [1, 0],
    }


@pytest.mark.parametrize(
    ("item", "whole"),
    [
        ({"input_ids": torch.ones(4)}, False),
        ({"input_ids": torch.ones(2, 4)}, True),
        ({"input_ids": [[1, 2]]}, False),
        ({"inputs_embeds": torch.ones(4, 8)}, False),
        ({"inputs_embeds": torch.ones(2, 4, 8)}, True),
        ({"pixel_values": torch.ones(3, 4, 4), "labels": torch.ones(5)}, False),  # several names of one picture
        ({"pixel_values": torch.ones(2, 3, 4, 4), "labels": torch.ones(2)}, True),
        ({"pixel_values": torch.ones(2, 3, 4, 4), "label": torch.ones(2)}, True),
        ({"pixel_values": torch.ones(2, 3, 4, 4), "labels": torch.tensor(1)}, False),  # a video
        ({"pixel_values": torch.ones(2, 3, 4, 4)}, False),
        ([1, 2], False),
    ],
)
def test_a_batch_is_told_from_a_row_by_its_dimensions(item, whole):
    assert is_batch(item) == whole


def test_images_and_their_labels_are_stacked():
    rows = [{"pixel_values": torch.full((3, 16, 16), float(i)), "label": i} for i in range(2)]
    (batch,) = loader(build("vit"), rows, 2)
    assert batch["pixel_values"].shape == (2, 3, 16, 16)
    assert batch["pixel_values"][:, 0, 0, 0].tolist() == [0, 1]
    assert batch["labels"].tolist() == [0, 1]
    ready = DataLoader(rows, 2)
    assert next(iter(loader(build("vit"), ready, 1)))["labels"].tolist() == [0, 1]


def test_max_length_cuts_and_says_how_many_rows_lost_their_target():
    rows = [{"input_ids": [5, 6, 7, 8], "labels": [-100, -100, 7, 8]}, ROWS[1], {"input_ids": [5, 6], "labels": [5, 6]}]
    with pytest.warns(
        UserWarning, match="max_length=2 cut 1 rows, and 1 of them, from row 0 on, lost their target"
    ) as told:
        batch = next(iter(loader(build("gpt2"), rows, 3, max_length=2)))
    assert told[0].filename == __file__
    assert batch["input_ids"].tolist() == [[5, 6], [8, 9], [5, 6]]
    assert batch["labels"].tolist() == [[-100, -100], [8, 9], [5, 6]]
    batch = next(iter(loader(build("gpt2"), rows, 3, max_length=3)))  # part of a target remains: no warning
    assert batch["labels"].tolist() == [[-100, -100, 7], [8, 9, -100], [5, 6, -100]]


@pytest.mark.parametrize(("pad", "used"), [(None, 0), (0, 0), (7, 7)])
def test_rows_are_padded_with_the_models_pad_token_where_it_has_one(pad, used):
    model = build("gpt2")
    model.config.pad_token_id = pad
    (batch,) = loader(model, ROWS, 2)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 9, used]]


def test_what_has_no_entry_for_each_token_is_not_cut():
    model = of_bert("SequenceClassification", num_labels=3)
    (batch,) = loader(model, [{"input_ids": [5, 6, 7, 8], "labels": [0, 1, 1]}], 1, max_length=2)
    assert (batch["input_ids"].tolist(), batch["labels"].tolist()) == ([[5, 6]], [[0, 1, 1]])


def test_max_length_cuts_the_decoder_s_mask_with_its_tokens():
    row = {
        "input_ids": [5, 6],
        "decoder_input_ids": [1, 5, 6],
        "decoder_attention_mask": [1, 1, 1],
        "labels": [5, 6, 2],
    }
    (batch,) = loader(build("bart"), [row], 1, max_length=2)
    assert {value.shape for value in batch.values()} == {(1, 2)}


def test_a_target_longer_than_the_decoder_has_positions_is_refused():
    with pytest.raises(ValueError, match="row 0: labels must hold at most 64 tokens, the model's positions, got 65"):
        loader(build("bart"), [{"input_ids": [5], "labels": [5] * 65}], 1)


def sees():
    torch.manual_seed(0)
    vision = tf.CLIPVisionConfig(**IMAGES, projection_dim=16)
    return tf.LlavaForConditionalGeneration(tf.LlavaConfig(text_config=tf.LlamaConfig(**SIZES), vision_config=vision))


def test_a_row_of_texts_passes_on_what_forward_takes_beside_them():
    rows = [ROW | {"pixel_values": torch.full((3, 16, 16), i), "note": "none of the model's"} for i in (0.0, 1.0)]
    (batch,) = loader(sees(), rows, 2, words())
    assert set(batch) == {"input_ids", "attention_mask", "labels", "pixel_values"}
    assert batch["pixel_values"][:, 0, 0, 0].tolist() == [0, 1]
    for row, message in (
        (ROW | {"image": "a.png"}, "row 0: pixel_values must be given for a row with image, .*the model's processor"),
        (ROW | {"labels": [1]}, "row 0: labels must be left out beside texts, of which they are made"),
        (ROW | {"attention_mask": [1]}, "row 0: attention_mask must be as long as input_ids, 4, got 1"),
    ):
        with pytest.raises(ValueError, match=message):
            loader(sees(), [row], 1, words())


def test_a_yes_or_no_is_one_for_the_whole_batch():
    model = build("clip")
    rows = [{"input_ids": [5, 6, 2], "pixel_values": torch.full((3, 16, 16), i), "return_loss": True} for i in (0.0, 1)]
    (batch,) = loader(model, rows, 2)
    assert batch["return_loss"] is True
    ready = {"return_loss": True} | batch  # first of the columns
    assert evaluate(model, rows) == evaluate(model, [ready])
    with pytest.raises(ValueError, match="return_loss must be the same in all rows"):
        list(loader(model, [rows[0], rows[1] | {"return_loss": False}], 2))


def test_a_series_is_trained_on_its_future():
    sizes = {"context_length": 16, "patch_length": 4, "patch_stride": 4, "prediction_length": 4, "d_model": 16}
    sizes |= {"num_input_channels": 2, "num_attention_heads": 2, "num_hidden_layers": 1, "ffn_dim": 16}
    model = tf.PatchTSTForPrediction(tf.PatchTSTConfig(**sizes)).eval()
    rows = [{"past_values": torch.randn(16, 2), "future_values": torch.randn(4, 2)} for _ in range(3)]
    ready = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
    assert evaluate(model, rows, 2) == pytest.approx(evaluate(model, [ready]), rel=1e-5)


# --- packed rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in DECODERS if name != "opt"])
def test_packed_rows_do_not_see_each_other(name):
    model = build(name)
    shake(pl.attach(model, length=3))
    texts = [[5, 6, 7, 8], [9, 10, 11]]
    packed = {
        "input_ids": texts[0] + texts[1],
        "labels": [-100] + texts[0][1:] + [-100] + texts[1][1:],
        "position_ids": [0, 1, 2, 3, 0, 1, 2],
    }
    alone = [{"input_ids": ids, "labels": ids} for ids in texts]
    want = evaluate(model, alone, batch_size=1)
    short = {"input_ids": [5, 6], "labels": [-100, -100], "position_ids": [0, 1]}  # makes the batch be padded
    ready = {column: torch.tensor([value]) for column, value in packed.items()}
    for data in ([packed], [packed, short], [packed | {"attention_mask": [1] * 7}], [ready]):
        assert evaluate(model, data) == pytest.approx(want, rel=1e-4)


def test_a_ready_batch_padded_on_the_left_is_not_taken_for_a_packed_one():
    batch = {"input_ids": [[0, 0, 5, 6]], "attention_mask": [[0, 0, 1, 1]], "position_ids": [[0, 0, 0, 1]]}
    batch = {name: torch.tensor(value) for name, value in (batch | {"labels": [[-100, -100, 5, 6]]}).items()}
    for name in ("bert", "opt", "gpt2"):
        assert set(loader(build(name), [batch], 1)[0]) == set(batch)


def test_a_packed_row_is_as_long_as_the_longest_of_its_texts():
    ids, both = torch.arange(3, 67).tolist(), [*range(64), *range(64)]
    (batch,) = loader(build("llama"), [{"input_ids": ids * 2, "labels": ids * 2, "position_ids": both}], 1)
    assert batch["input_ids"].shape == (1, 128)
    with pytest.raises(ValueError, match="at most 64 tokens, the model's positions, got 65"):
        loader(build("llama"), [{"input_ids": [5] * 3, "labels": [5] * 3, "position_ids": [0, 0, 64]}], 1)


def test_packed_rows_where_nothing_keeps_them_apart_are_refused():
    packed = {"input_ids": [5, 6, 7, 8], "labels": [5, 6, 7, 8], "position_ids": [0, 1, 0, 1]}
    assert is_packed(packed)
    assert not is_packed(packed | {"position_ids": [0, 0, 0, 1], "attention_mask": [0, 0, 1, 1]})  # left padding
    with pytest.raises(ValueError, match="row 0: position_ids of several packed texts"):
        loader(build("bert"), [packed], 1)
    batch = {name: torch.tensor([value]) for name, value in packed.items()}
    assert loader(build("gpt2"), [batch], 1)[0]["position_ids"].tolist() == [[0, 1, 0, 1]]
    with pytest.raises(ValueError, match="batch 0: attention_mask must be left out"):
        loader(build("gpt2"), [batch | {"attention_mask": torch.ones(1, 4)}], 1)
    two = {"input_ids": batch["input_ids"].repeat(2, 1), "labels": batch["labels"].repeat(2, 1)}
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]])  # the positions are those of both rows
    with pytest.raises(ValueError, match="batch 0: attention_mask must be left out"):
        loader(build("gpt2"), [two | {"position_ids": batch["position_ids"], "attention_mask": mask}], 1)


def test_packed_rows_are_refused_by_a_decoder_that_would_mix_them():
    packed = {"input_ids": [5, 6, 7, 8], "labels": [5, 6, 7, 8], "position_ids": [0, 1, 0, 1]}
    with pytest.raises(ValueError, match="got them for OPTForCausalLM; give each text a row of its own"):
        loader(build("opt"), [packed], 1)


# --- losses ------------------------------------------------------------------------------------------------------

IDS = [[5, 6, 7, 8], [9, 10], [11, 12, 13]]


def labelled(*labels):
    return [{"input_ids": ids, "labels": label} for ids, label in zip(IDS, labels)]


def of_bert(head, **settings):
    torch.manual_seed(0)
    return getattr(tf, f"BertFor{head}")(tf.BertConfig(**SIZES, initializer_range=0.3, **settings)).eval()


def by_row(model, rows, loss):
    """The sum of `loss` over the rows, each read alone, and the number of labels."""
    pairs = [loss(model(torch.tensor([row["input_ids"]])), row) for row in rows]
    return sum(a for a, _ in pairs) / sum(n for _, n in pairs)


def tokens_of(shift):
    def loss(output, row):
        logits, labels = output.logits[0], torch.tensor(row["labels"])
        logits, labels = (logits[:-1], labels[1:]) if shift else (logits, labels)
        kept = labels != -100
        return torch.nn.functional.cross_entropy(logits[kept], labels[kept], reduction="sum").item(), kept.sum().item()

    return loss


TOKENS = labelled([-100, 6, 7, 8], [9, 10], [-100, -100, 13])


def squared(output, row):
    return (output.logits.item() - row["labels"]) ** 2, 1


def each_name(output, row):
    wanted = torch.tensor([row["labels"]]).float()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(output.logits, wanted, reduction="sum")
    return loss.item(), 3


def one_class(output, row):
    return -output.logits[0].log_softmax(-1)[row["labels"]].item(), 1


def both_ends(output, row):
    ends = (output.start_logits[0], row["start_positions"]), (output.end_logits[0], row["end_positions"])
    return sum(-logits.log_softmax(-1)[place].item() for logits, place in ends), 2


SPANS = [{"input_ids": ids, "start_positions": i, "end_positions": 1} for i, ids in enumerate([IDS[0], IDS[1]])]
HEADS = {
    "causal": (lambda: build("gpt2"), TOKENS, tokens_of(shift=True)),
    "rotary": (lambda: build("llama"), TOKENS, tokens_of(shift=True)),
    "masked": (lambda: build("bert"), TOKENS, tokens_of(shift=False)),
    "tags": (
        lambda: of_bert("TokenClassification"),
        labelled([0, 1, -100, 1], [1, 0], [0, 0, 0]),
        tokens_of(shift=False),
    ),
    "class": (lambda: of_bert("SequenceClassification"), labelled(0, 1, 1), one_class),
    "regression": (lambda: of_bert("SequenceClassification", num_labels=1), labelled(0.5, 1, 3), squared),
    "names": (
        lambda: of_bert("SequenceClassification", num_labels=3),
        labelled([0, 1, 1], [1, 0, 0], [0, 0, 0]),
        each_name,
    ),
    "span": (lambda: of_bert("QuestionAnswering"), SPANS, both_ends),
}


@pytest.mark.parametrize("head", HEADS)
def test_a_loss_is_the_mean_over_the_labels_that_count_in_batches_of_any_size(head):
    make, rows, loss = HEADS[head]
    model = make()
    with torch.no_grad():
        want = by_row(model, rows, loss)
    for batch_size in (1, 2, 3):
        assert evaluate(model, rows, batch_size) == pytest.approx(want, rel=1e-4), batch_size
    pl.tune(model, "full")
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0  # training then computes what evaluation did
    rows = rows[:1] * 2 if head == "span" else rows  # in training its softmax takes in the padding of longer rows
    with torch.no_grad():
        want = by_row(model, rows, loss)
    history = pl.fit(model, rows, steps=1, batch_size=3, lr=0, progress=False)
    assert history.loss == pytest.approx([want], rel=1e-4)


def test_spans_are_validated_as_they_are_evaluated():
    model = of_bert("QuestionAnswering")
    pl.attach(model, length=2)
    spans = SPANS * 4  # of two lengths, which are not to share a batch
    assert [batch["input_ids"].shape for batch in loader(model, spans, 3)] == [(3, 4), (1, 4), (3, 2), (1, 2)]
    seen = pl.fit(model, SPANS[:1], steps=1, batch_size=4, validation=spans, progress=False).validation
    assert seen == [(1, pytest.approx(evaluate(model, spans, 1), rel=1e-5))]


def test_two_losses_that_are_added_are_each_a_mean_over_their_own_labels():
    model = of_bert("PreTraining")
    rows = [row | {"next_sentence_label": label} for row, label in zip(TOKENS, (0, 1, 1))]
    follows = [{"input_ids": ids, "labels": row["next_sentence_label"]} for ids, row in zip(IDS, rows)]

    with torch.no_grad():
        words = by_row(lambda ids: SimpleNamespace(logits=model(ids).prediction_logits), TOKENS, tokens_of(shift=False))
        pairs = by_row(lambda ids: SimpleNamespace(logits=model(ids).seq_relationship_logits), follows, one_class)
    for batch_size in (1, 2, 3):
        assert evaluate(model, rows, batch_size) == pytest.approx(words + pairs, rel=1e-4), batch_size


def test_a_loss_of_which_one_part_never_counts_is_the_other_part():
    model = of_bert("PreTraining")
    rows = [{"input_ids": ids, "labels": [-100] * len(ids), "next_sentence_label": 1} for ids in IDS[:2]]
    follows = [{"input_ids": row["input_ids"], "labels": 1} for row in rows]
    with torch.no_grad():
        want = by_row(lambda ids: SimpleNamespace(logits=model(ids).seq_relationship_logits), follows, one_class)
    assert evaluate(model, [collate([row], 0) for row in rows]) == pytest.approx(want, rel=1e-4)


def test_what_a_loss_holds_beside_its_labels_weighs_as_much_as_its_rows():
    model = build("mixtral")
    model.config.output_router_logits = True
    with torch.no_grad():
        batches = [collate(rows, 0) for rows in (TOKENS[:2], TOKENS[2:])]
        balance = [model.router_aux_loss_coef * model(**batch).aux_loss.item() for batch in batches]
        want = by_row(model, TOKENS, tokens_of(shift=True)) + (2 * balance[0] + balance[1]) / 3
    assert balance[0] != balance[1]
    assert evaluate(model, TOKENS, 2) == pytest.approx(want, rel=1e-5)


def test_an_encoder_decoder_s_first_target_token_counts():
    torch.manual_seed(0)
    model = tf.T5ForConditionalGeneration(tf.T5Config(**T5 | {"dropout_rate": 0.0})).eval()
    rows = labelled([5], [6, 7, 2], [-100, 8])
    total = 0.0
    with torch.no_grad():
        for row in rows:
            labels = torch.tensor([row["labels"]])
            logits = model(torch.tensor([row["input_ids"]]), labels=labels).logits[0]
            total += torch.nn.functional.cross_entropy(logits, labels[0], reduction="sum").item()
    assert [evaluate(model, rows, size) for size in (1, 2, 3)] == pytest.approx([total / 5] * 3, rel=1e-4)


def test_a_span_beyond_the_end_counts_nothing():
    model = of_bert("QuestionAnswering")
    outside = {"input_ids": IDS[0], "start_positions": 9, "end_positions": 9}
    assert evaluate(model, [*SPANS, outside], 1) == pytest.approx(evaluate(model, SPANS, 2), rel=1e-4)


def test_rows_without_labels_count_nothing():
    model = build("gpt2")
    empty = {"input_ids": [5, 6, 7], "labels": [-100] * 3}
    want = evaluate(model, TOKENS)
    for batch_size in (1, 2, 4):
        assert evaluate(model, [TOKENS[0], empty, *TOKENS[1:]], batch_size) == pytest.approx(want, rel=1e-5)
    for nothing in (empty, {"input_ids": [5, 6, 7], "labels": [5, -100, -100]}):  # none predicts the first token
        with pytest.raises(ValueError, match="labels .*must count for something, got -100 alone in all .*row 0 on"):
            evaluate(model, [nothing])
        with pytest.raises(ValueError, match="labels .*must count for something"):
            evaluate(model, [collate([nothing], 0)])


def test_masks_and_segments_are_read():
    model = of_bert("SequenceClassification")
    for extra in ({"attention_mask": [1, 1, 0, 0]}, {"token_type_ids": [0, 0, 1, 1]}, {"position_ids": [0, 1, 2, 3]}):
        row = {"input_ids": IDS[0], "labels": 1} | extra
        with torch.no_grad():
            want = model(**{name: torch.tensor([value]) for name, value in row.items()}).loss.item()
        assert evaluate(model, [row]) == pytest.approx(want, rel=1e-5)


# --- what a head and a signature take ----------------------------------------------------------------------------


def test_a_class_beyond_the_head_is_refused_and_a_row_without_one_counts_nothing():
    model = of_bert("SequenceClassification")
    with pytest.raises(ValueError, match="row 1: labels must be from 0 to 1, the model's outputs, got 2"):
        loader(model, labelled(1, 2), 2)
    assert evaluate(model, labelled(1, -100)) == pytest.approx(evaluate(model, labelled(1)), rel=1e-5)
    with pytest.raises(ValueError, match="row 0: labels must be one, or one for each of 3 names"):
        loader(of_bert("SequenceClassification", num_labels=3), labelled([0, 1]), 1)


@pytest.mark.parametrize("label", [1.0, True, np.float32(1)])
def test_a_class_in_any_type_of_number_is_that_class(label):
    model = of_bert("SequenceClassification")
    assert loader(model, labelled(label), 1).dataset[0]["labels"] == 1
    assert evaluate(model, labelled(label)) == evaluate(model, labelled(1))


@pytest.mark.parametrize("label", ["yes", 1.5])
def test_a_class_that_is_no_number_is_refused(label):
    with pytest.raises(ValueError, match=f"row 0: labels must be a number, of a class a whole one, got '?{label}"):
        loader(of_bert("SequenceClassification"), labelled(label), 1)


@pytest.mark.parametrize(
    ("head", "rows"), [("PreTraining", TOKENS), ("QuestionAnswering", [{"input_ids": [5, 6], "start_positions": 1}])]
)
def test_a_loss_that_lacks_a_label_is_refused_by_name(head, rows):
    model = pl.tune(of_bert(head), "full").model
    for call in (evaluate, pl.fit, lambda *given: pl.fit(*given, accumulation=2)):
        with pytest.raises(
            ValueError, match=f"labels must be all that BertFor{head}'s loss needs, .*{list(rows[0])[1]}"
        ):
            call(model, rows)


def test_a_single_output_takes_any_number():
    torch.manual_seed(0)
    model = tf.ViTForImageClassification(tf.ViTConfig(**IMAGES, num_labels=1))
    pl.attach(model, length=2)
    seen = [
        pl.fit(model, [{"pixel_values": torch.ones(3, 16, 16), "labels": label}], steps=1, progress=False).loss
        for label in (3, 3.0)
    ]
    assert seen[0] == pytest.approx(seen[1], rel=0.1)


def test_what_the_library_lets_through_every_forward_is_a_column():
    ready = collate(ROWS, 0) | {"output_router_logits": False}
    assert "output_router_logits" in loader(build("llama"), [ready], 1)[0]
    with pytest.raises(ValueError, match="batch 0: columns must be arguments of LlamaForCausalLM.forward, got tags"):
        loader(build("llama"), [collate(ROWS, 0) | {"tags": torch.tensor([1, 2])}], 1)
