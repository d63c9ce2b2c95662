"""A row becomes tokens whose labels stand where the answer is, and a trained model's answers are read off as texts."""

import copy

import pytest
import torch
import transformers as tf
from families import SIZES, T5
from tokenizers.processors import TemplateProcessing

import prefix_lab as pl
from prefix_lab.bases.tokenizer import train_tokenizer
from prefix_lab.prediction import choosing, encode, first_tokens, predict, training_rows, with_head
from prefix_lab.training import loader

WORDS = "the ferry was late and cold but Ann Bell of the Old Mint liked it very much; a good day, 3 bad ones"
ROWS = [{"source": f"the ferry was {word}\n", "target": label} for word, label in (("cold", "bad"), ("much", "good"))]
TAGGED = {"source": "Ann Bell liked it .\n", "target": "", "tokens": ["Ann", "Bell", "liked", "it", "."],
          "tags": [1, 2, 0, 0, 0]}  # fmt: skip
CONTEXT = "Ann Bell liked the ferry, but it was late."


def asked(question: str, answer: str) -> dict:
    answers = {"text": [answer], "answer_start": [CONTEXT.index(answer)]}
    return {"source": f"Wanted: {question}\n{CONTEXT}\n", "target": answer, "context": CONTEXT, "answers": answers}


ASKED, ASKED_WHO = asked("what was late?", "the ferry"), asked("who?", "Ann Bell")
TAGS = ["O", "B-PER", "I-PER"]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([WORDS] * 3, vocabulary=330)


def model_of(kind: str, tokenizer):
    torch.manual_seed(0)
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    sizes = SIZES | ends | {"vocab_size": len(tokenizer), "max_position_embeddings": 256}
    if kind == "decoder":
        return tf.LlamaForCausalLM(tf.LlamaConfig(**sizes)).eval()
    if kind == "encoder-decoder":
        start = {"decoder_start_token_id": tokenizer.pad_token_id, "bos_token_id": None}
        return tf.T5ForConditionalGeneration(tf.T5Config(**T5 | ends | start | {"vocab_size": len(tokenizer)})).eval()
    return tf.ModernBertForMaskedLM(tf.ModernBertConfig(**sizes, global_attn_every_n_layers=1)).eval()


# --- encoding ----------------------------------------------------------------------------------------------------


def test_a_class_is_read_at_one_mask_before_the_end(tokenizer):
    row = encode(ROWS[0], tokenizer, "classify")
    source = tokenizer(ROWS[0]["source"])["input_ids"]
    assert row["input_ids"] == [*source, tokenizer.mask_token_id, tokenizer.eos_token_id]
    assert row["labels"] == [-100] * len(source) + [first_tokens(["bad"], tokenizer)[0], -100]


def test_labels_that_begin_alike_are_refused(tokenizer):
    with pytest.raises(ValueError, match="'good' and 'good day' begin with the same token"):
        first_tokens(["bad", "good", "good day"], tokenizer)


def test_a_words_tag_is_the_label_of_its_first_token(tokenizer):
    row = encode(TAGGED, tokenizer, "tag")
    labelled = [(tokenizer.decode([i]).strip(), tag) for i, tag in zip(row["input_ids"], row["labels"]) if tag >= 0]
    assert len(labelled) == len(TAGGED["tokens"])
    for (piece, tag), word, wanted in zip(labelled, TAGGED["tokens"], TAGGED["tags"]):
        assert word.startswith(piece)
        assert piece  # never the space before a capital
        assert tag == wanted
    assert tokenizer.decode(row["input_ids"][:-1]) == " ".join(TAGGED["tokens"])


def test_words_of_one_letter_each_have_their_tag(tokenizer):
    tokens = ["a", "b", "I", ",", "a", "a"] * 4
    row = encode({"tokens": tokens, "tags": list(range(24))}, tokenizer, "tag")
    labelled = [(tokenizer.decode([i]).strip(), tag) for i, tag in zip(row["input_ids"], row["labels"]) if tag >= 0]
    assert labelled == [(word, tag) for tag, word in enumerate(tokens)]


def test_a_span_is_the_tokens_of_its_answer(tokenizer):
    row = encode(ASKED, tokenizer, "span")
    found = tokenizer.decode(row["input_ids"][row["start_positions"] : row["end_positions"] + 1])
    assert found.strip() == ASKED["target"]
    batch = next(iter(training_rows([ASKED] * 3, tokenizer, "span", batch_size=2)))
    assert batch["start_positions"].tolist() == [row["start_positions"]] * 2
    assert isinstance(training_rows([ASKED] * 3, tokenizer, "span").sampler, torch.utils.data.RandomSampler)


def test_a_kind_that_does_not_exist_is_refused(tokenizer):
    for call in (lambda: encode(ROWS[0], tokenizer, "guess"), lambda: predict(None, tokenizer, ROWS, "guess")):
        with pytest.raises(ValueError, match="kind must be one of generate, classify, label, tag, span, got 'guess'"):
            call()


# --- a new head --------------------------------------------------------------------------------------------------


def test_a_new_head_keeps_the_pretrained_weights_and_is_drawn_by_its_seed(tokenizer):
    base = model_of("encoder", tokenizer)
    first, again, other = (with_head(base, "tag", TAGS, seed) for seed in (0, 0, 1))
    assert type(first).__name__ == "ModernBertForTokenClassification"
    assert first.config.id2label == dict(enumerate(TAGS))
    assert base.config.num_labels == 2
    assert torch.equal(first.head.dense.weight, base.head.dense.weight)
    assert all(torch.equal(p, q) for p, q in zip(first.model.parameters(), base.model.parameters()))
    assert torch.equal(first.classifier.weight, again.classifier.weight)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)
    assert with_head(base, "classify") is base


def test_a_bare_encoder_goes_under_a_head_and_a_part_that_is_missing_is_named():
    base = tf.BertModel(tf.BertConfig(**SIZES))
    headed = with_head(base, "label", ("bad", "good", "so so"))
    assert type(headed).__name__ == "BertForSequenceClassification"
    assert headed.config.id2label == {0: "bad", 1: "good", 2: "so so"}
    assert all(torch.equal(p, q) for p, q in zip(headed.bert.parameters(), base.parameters(), strict=True))
    without = tf.BertModel(base.config, add_pooling_layer=False)
    with pytest.raises(ValueError, match="BertModel has no pooler.dense.weight, which BertForSequenceClassification"):
        with_head(without, "label", ("bad", "good"))


# --- choosing among labels ---------------------------------------------------------------------------------------


def test_a_loss_over_labels_alone_is_that_of_their_logits_and_ends_with_the_block(tokenizer):
    model = model_of("encoder", tokenizer)
    names = first_tokens(["bad", "good"], tokenizer)
    batch = next(iter(loader(model, training_rows(ROWS, tokenizer, "classify"), 2, tokenizer)))
    before = model(**batch)
    with choosing(model, names):
        inside = model(**batch)
    after = model(**batch)
    at_mask = batch["labels"] != -100
    truth = (batch["labels"][at_mask][:, None] == torch.tensor(names)).int().argmax(dim=1)
    by_hand = torch.nn.functional.cross_entropy(before.logits[at_mask][:, names], truth)
    torch.testing.assert_close(inside.loss, by_hand)
    assert inside.loss < before.loss
    assert inside.logits[at_mask].softmax(dim=-1)[:, names].sum(dim=-1).tolist() == pytest.approx([1, 1])
    assert torch.equal(after.logits, before.logits)


def test_an_error_while_choosing_leaves_the_model_as_it_was(tokenizer):
    model = model_of("encoder", tokenizer)
    with pytest.raises(KeyError), choosing(model, [5, 6]):
        raise KeyError
    assert torch.isfinite(model(torch.tensor([[1, 2, 3]])).logits).all()


# --- answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "base", "rows", "labels"),
    [
        ("generate", "decoder", ROWS, ()),
        ("generate", "encoder-decoder", ROWS, ()),
        ("classify", "encoder", ROWS, ("good", "bad")),
        ("label", "encoder", [row | {"label": i} for i, row in enumerate(ROWS)], [row["target"] for row in ROWS]),
        ("tag", "encoder", [TAGGED, TAGGED | {"tokens": ["it", "liked", "Ann"], "tags": [0, 0, 1]}], TAGS),
        ("span", "encoder", [ASKED, ASKED_WHO], ()),
    ],
)
def test_what_a_model_has_learnt_by_heart_is_what_it_answers(kind, base, rows, labels, tokenizer):
    model = with_head(model_of(base, tokenizer), kind, labels)
    two = model.config.is_encoder_decoder
    train = training_rows(rows, tokenizer, kind, two, batch_size=2)
    pl.tune(model, "full")
    pl.fit(model, train, steps=60, batch_size=2, lr=1e-2, progress=False)
    truth = [[TAGS[tag] for tag in row["tags"]] if kind == "tag" else row["target"] for row in rows]
    assert predict(model, tokenizer, rows, kind, labels, max_new_tokens=8) == truth
    assert predict(model, tokenizer, rows, kind, labels, max_new_tokens=8, batch_size=1) == truth


def test_answers_stand_in_the_order_of_the_rows(tokenizer):
    model = model_of("decoder", tokenizer)
    rows = [{"source": "the ferry was late " * n} for n in (3, 1, 2)]
    together = predict(model, tokenizer, rows, "generate", max_new_tokens=5, batch_size=2)
    assert together == [predict(model, tokenizer, [row], "generate", max_new_tokens=5)[0] for row in rows]
    assert not model.training


# --- special tokens ----------------------------------------------------------------------------------------------


def framed(tokenizer, before: str, after: str = ""):
    """The tokenizer with special tokens that it puts around a text."""
    tokenizer = copy.deepcopy(tokenizer)
    used = [(name, tokenizer.convert_tokens_to_ids(name)) for name in (before, after) if name]
    pieces = " ".join(x for x in (before, "$A", after) if x)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=pieces, special_tokens=used)
    return tokenizer


@pytest.mark.parametrize("kind", ["classify", "tag", "span"])
def test_special_tokens_stand_around_a_row_as_the_tokenizer_puts_them(kind, tokenizer):
    row = {"classify": ROWS[0], "tag": TAGGED, "span": ASKED}[kind]
    begin, end = tokenizer.bos_token, tokenizer.eos_token
    bare = encode(row, tokenizer, kind)
    whole = encode(row, framed(tokenizer, begin, end), kind)
    assert whole["input_ids"] == [tokenizer.bos_token_id, *bare["input_ids"]]  # the end comes once
    if kind == "span":
        for name in ("start_positions", "end_positions"):
            assert whole[name] == bare[name] + 1
    else:
        assert whole["labels"] == [-100, *bare["labels"]]


@pytest.mark.parametrize(
    ("kind", "base", "rows", "labels"),
    [
        ("generate", "decoder", ROWS, ()),
        ("classify", "encoder", ROWS, ("good", "bad")),
        ("label", "encoder", [row | {"label": i} for i, row in enumerate(ROWS)], [row["target"] for row in ROWS]),
        ("tag", "encoder", [TAGGED, TAGGED | {"tokens": ["it", "liked", "Ann"], "tags": [0, 0, 1]}], TAGS),
        ("span", "encoder", [ASKED, ASKED_WHO], ()),
    ],
)
def test_an_answer_is_read_behind_the_special_tokens_that_training_read(kind, base, rows, labels, tokenizer):
    tokenizer = framed(tokenizer, tokenizer.bos_token, tokenizer.eos_token)
    model = with_head(model_of(base, tokenizer), kind, labels)
    pl.tune(model, "full")
    train = training_rows(rows, tokenizer, kind, batch_size=2)
    pl.fit(model, train, steps=60, batch_size=2, lr=1e-2, progress=False)
    read = []
    model.register_forward_pre_hook(lambda module, _, inputs: read.append(inputs["input_ids"]), with_kwargs=True)
    truth = [[TAGS[tag] for tag in row["tags"]] if kind == "tag" else row["target"] for row in rows]
    assert predict(model, tokenizer, rows, kind, labels, max_new_tokens=8, batch_size=1) == truth
    assert read[0][0, 0] == tokenizer.bos_token_id
    assert (read[0][0, -1] == tokenizer.eos_token_id) == (kind != "generate")


class Places(torch.nn.Module):
    """A head that likes each place better than the one before it, or worse."""

    def __init__(self, better: bool):
        super().__init__()
        self.device, self.slope = torch.device("cpu"), 1.0 if better else -1.0

    def forward(self, input_ids, attention_mask):
        scores = self.slope * torch.arange(input_ids.shape[1]).expand(len(input_ids), -1)
        return tf.modeling_outputs.QuestionAnsweringModelOutput(start_logits=scores, end_logits=scores)


@pytest.mark.parametrize("around", [(None, None), ("<bos>", "<eos>")])
def test_a_span_is_a_piece_of_the_context_wherever_the_head_points(around, tokenizer):
    before, after = (name and getattr(tokenizer, f"{name[1:-1]}_token") for name in around)
    tokenizer = framed(tokenizer, before, after)
    (first,) = predict(Places(better=False), tokenizer, [ASKED], "span")
    (last,) = predict(Places(better=True), tokenizer, [ASKED], "span")
    assert first
    assert CONTEXT.startswith(first)
    assert last
    assert CONTEXT.endswith(last)


class Ends(Places):
    """A head that likes the first place most to begin at, and less than that the last to end at."""

    def forward(self, input_ids, attention_mask):
        places = torch.arange(input_ids.shape[1]).expand(len(input_ids), -1)
        return tf.modeling_outputs.QuestionAnsweringModelOutput(start_logits=-2.0 * places, end_logits=1.0 * places)


def test_a_span_has_no_more_than_32_tokens(tokenizer):
    context = "0123456789" * 9  # a token each
    long = {"context": context, "source": f"Wanted: it\n{context}\n"}
    (found,) = predict(Ends(better=True), tokenizer, [long], "span")
    assert found == context[:32]


def test_what_cannot_be_answered_is_refused_by_row_and_name(tokenizer):
    model = model_of("decoder", tokenizer)
    with pytest.raises(ValueError, match="row 1: source must be a text, got None"):
        predict(model, tokenizer, [ROWS[0], {"source": None}], "generate")
    with pytest.raises(ValueError, match="row 1: source must hold at least one token"):
        predict(model, tokenizer, [ROWS[0], {"source": ""}], "generate")
    with pytest.raises(ValueError, match="batch_size must be an integer of at least 1, got 0"):
        predict(model, tokenizer, ROWS, "generate", batch_size=0)
    without = copy.deepcopy(tokenizer)
    without.pad_token = None
    with pytest.raises(ValueError, match="tokenizer must have pad_token, got None"):
        predict(model, without, ROWS, "generate")
    without.mask_token = None
    with pytest.raises(ValueError, match="tokenizer must have mask_token, got None"):
        encode(ROWS[0], without, "classify")
    prefix = pl.attach(model, length=2)
    pl.detach(model)
    pl.attach(model, {"one": prefix, "other": pl.Prefix(prefix.config)})
    with pl.select(model, ["one", "other"]), pytest.raises(ValueError, match="one, other"):
        predict(model, tokenizer, ROWS, "generate")


def test_a_row_that_does_not_fit_its_tags_or_its_answer_is_refused(tokenizer):
    for tags in ([1], [1, 0, 1]):
        with pytest.raises(ValueError, match=f"tags must be one for each of 2 tokens, got {len(tags)}"):
            encode({"tokens": ["Ann", "likes"], "tags": tags}, tokenizer, "tag")
    for words, place in ((["Ann", "", "likes"], 1), (["Ann", " "], 1)):
        with pytest.raises(ValueError, match=f"tokens must be words, got '.*' at {place}"):
            encode({"tokens": words, "tags": [0] * len(words)}, tokenizer, "tag")
    places = (([], []), ([""], [0]), (["Ann"], [len(CONTEXT)]), (["Bell"], [0]), (["late."], [-5]))
    for answers in ({"text": text, "answer_start": start} for text, start in places):
        with pytest.raises(ValueError, match="row 0: answers must hold a piece of the context"):
            training_rows([ASKED | {"answers": answers}], tokenizer, "span")


def test_a_model_without_what_a_kind_reads_is_refused_by_name(tokenizer):
    decoder, masked = model_of("decoder", tokenizer), model_of("classify", tokenizer)
    encoder = masked.base_model
    row, tagged = {"source": "hello"}, {"source": "hello", "tokens": ["hello"]}
    for model, kind, labels, match in (
        (
            encoder,
            "generate",
            (),
            "kind='generate' needs an AutoModelForCausalLM or AutoModelForSeq2SeqLM, got ModernBertModel",
        ),
        (encoder, "classify", ("yes",), "kind='classify' needs an AutoModelForMaskedLM, got ModernBertModel"),
        (masked, "classify", (), r"labels must be a list of all answers for kind='classify', got \(\)"),
        (
            decoder,
            "label",
            ("a", "b"),
            "kind='label' with 2 labels needs an AutoModelForSequenceClassification of as many",
        ),
        (masked, "tag", ("a", "b"), "kind='tag' with 2 labels needs an AutoModelForTokenClassification of as many"),
        (encoder, "tag", ("a", "b"), "got no logits from ModernBertModel"),
        (masked, "span", (), "kind='span' needs an AutoModelForQuestionAnswering, got ModernBertForMaskedLM"),
    ):
        with pytest.raises(ValueError, match=match):
            predict(model, tokenizer, [tagged if kind == "tag" else ASKED if kind == "span" else row], kind, labels)


def test_a_row_without_the_columns_of_its_kind_is_refused_by_place_and_name(tokenizer):
    model = model_of("classify", tokenizer)
    for kind, row, match in (
        ("label", "hello", "rows must be dicts with source, got 'hello'"),
        ("label", {"source": 5}, "source must be a text, got 5"),
        ("tag", {"source": "hello"}, "tokens must be given for kind='tag', got a row of source"),
        ("tag", {"tokens": "Ann likes"}, "tokens must be a list of words, got 'Ann likes'"),
        ("tag", {"tokens": ["Ann", ""]}, "tokens must be words, got '' at 1"),
        ("span", {"source": "hello"}, "context must be given for kind='span', got a row of source"),
        ("span", {"source": "hello", "context": "other"}, "context must be a piece of source, got 'other'"),
    ):
        with pytest.raises(ValueError, match=f"row 1: {match}"):
            predict(model, tokenizer, [TAGGED | ASKED, row], kind, TAGS)
    for kind, row, match in (
        ("label", ROWS[0], "label must be given"),
        ("label", ROWS[0] | {"label": "good"}, "label must be an integer of at least 0, got 'good'"),
        ("classify", {"source": "hello"}, "target must be given"),
        ("classify", {"source": "hello", "target": ""}, "a label must hold at least one token, got ''"),
        ("tag", {"tokens": ["Ann"]}, "tags must be given"),
        ("span", {"source": CONTEXT, "context": CONTEXT}, "answers must be given"),
        ("generate", "hello", "rows must be dicts with source, target, got 'hello'"),
    ):
        with pytest.raises(ValueError, match=match):
            encode(row, tokenizer, kind)


def test_a_word_of_which_the_tokenizer_makes_nothing_takes_no_neighbours_tag():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ann", "likes"]
    tokenizer = tf.BertTokenizer(vocab={word: index for index, word in enumerate(words)}, eos_token="[SEP]")
    with pytest.raises(ValueError, match=r"tokens must be words, got '\\u200b' at 1"):
        encode({"tokens": ["Ann", "\u200b", "likes"], "tags": [1, 2, 0]}, tokenizer, "tag")


def test_one_answer_is_written_for_a_row_up_to_the_models_own_end():
    model, tokenizer = pl.load_base("lab-gpt")
    rows = [{"source": text} for text in ("A house in", "Hello", "The ferry")]
    whole = predict(model, tokenizer, rows, "generate", max_new_tokens=8)
    model.generation_config.update(num_beams=2, num_return_sequences=2, return_dict_in_generate=True)
    assert len(predict(model, tokenizer, rows, "generate", max_new_tokens=8)) == 3
    model.generation_config.update(num_beams=1, num_return_sequences=1)
    second = tokenizer(rows[0]["source"] + whole[0], add_special_tokens=False)["input_ids"]
    end = second[len(tokenizer(rows[0]["source"], add_special_tokens=False)["input_ids"]) + 1]
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, end]
    (shorter,) = predict(model, tokenizer, rows[:1], "generate", max_new_tokens=8)
    assert whole[0].startswith(shorter)
    assert len(tokenizer(shorter)["input_ids"]) < len(tokenizer(whole[0])["input_ids"])
