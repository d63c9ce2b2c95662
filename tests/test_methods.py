"""Every method trains what it says and nothing else, on every family, and gives the base back bit for bit."""

import copy

import numpy
import pytest
import torch
import transformers as tf
from families import GENERATORS, SIZES, T5, TEXT, VOCAB, build, inputs_for

import prefix_lab as pl
from prefix_lab.methods import METHODS, Prompt, task_head, trainable, tune
from prefix_lab.training import evaluate

GENERAL = [method for method in METHODS if method != "head"]
HEADED = {
    "tags": lambda: tf.ModernBertForTokenClassification(
        tf.ModernBertConfig(**SIZES, num_labels=5, cls_token_id=3, sep_token_id=4)
    ),
    "span": lambda: tf.ModernBertForQuestionAnswering(tf.ModernBertConfig(**SIZES, cls_token_id=3, sep_token_id=4)),
    "t5 span": lambda: tf.T5ForQuestionAnswering(tf.T5Config(**T5)),
    "t5 tags": lambda: tf.T5ForTokenClassification(tf.T5Config(**T5, num_labels=5)),
    "images": lambda: build("vit"),
}


def rows(model, count=8, tokens=9):
    """Token rows with the labels that a language model of this kind trains on."""
    draw = torch.Generator().manual_seed(3)
    ids = torch.randint(3, VOCAB, (count, tokens), generator=draw).tolist()
    return [{"input_ids": row, "labels": [-100] * 4 + row[4:]} for row in ids]


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def host_of(model):
    if model.config.is_encoder_decoder:
        return model.get_encoder()
    return model.get_decoder() if model.can_generate() else model.base_model


def as_tuned(model, method, seed=1):
    torch.manual_seed(seed)
    tuning = tune(model, method)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:  # most methods start as no change at all
                parameter.add_(0.3 * torch.randn_like(parameter))
    return tuning


# --- training and undoing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", GENERAL)
@pytest.mark.parametrize("name", ["gpt2", "opt", "llama", "bert", "modernbert", "t5", "bart"])
def test_fit_moves_what_the_method_trains_and_undo_gives_the_base_back(name, method):
    model = build(name)
    before, asked = state(model), [p.requires_grad for p in model.parameters()]
    tensors = {name: p for name, p in model.named_parameters()}
    with torch.no_grad():
        bare = model(**inputs_for(model)).logits
    tuning = tune(model, method)
    trained = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
    count = trainable(model)
    assert count == sum(p.numel() for p in trained.values()) > 0
    assert f"{count:,}" in repr(tuning)
    # LoRA's A gets its first gradient once B is not zero
    pl.fit(model, rows(model), steps=3, batch_size=4, lr=0.01, progress=False)
    now = dict(model.named_parameters())
    assert [name for name, then in trained.items() if torch.equal(then, now[name])] == []
    chosen = {id(now[name]) for name in trained}
    assert [n for n, p in tensors.items() if id(p) not in chosen and not torch.equal(p, before[n])] == []

    assert tuning.undo() is model
    after = model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert [p.requires_grad for p in model.parameters()] == asked
    with torch.no_grad():
        assert torch.equal(model(**inputs_for(model)).logits, bare)
    tuning.undo()  # once more is harmless
    tune(model, method).undo()


@pytest.mark.parametrize(
    ("name", "method"),
    [(name, m) for name in HEADED for m in METHODS if name != "images" or m not in ("prompt", "p-tuning")],
)
def test_a_tasks_head_trains_along_and_comes_back(name, method):
    torch.manual_seed(0)
    model = HEADED[name]().eval()
    before, head = state(model), task_head(model)
    names = {name for name, p in model.named_parameters() if any(p is part for part in head)}
    assert names
    assert all(name.startswith(("classifier", "head", "qa_outputs")) for name in names)
    tuning = tune(model, method)
    assert all(p.requires_grad for p in head)
    if method == "head":
        assert trainable(model) == sum(p.numel() for p in head)
    elif method != "full":
        assert trainable(model) > sum(p.numel() for p in head)
        assert tuning.about.endswith("and the task's head")
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(1)
    tuning.undo()
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in before.items())


def test_each_method_says_what_it_trains():
    about = {method: tune(build("llama"), method).about for method in GENERAL}
    assert about == {
        "full": "all weights",
        "last-layers": "the last layer",
        "bitfit": "the norms, since LlamaModel has no biases",
        "prompt": "10 vectors before the input",
        "p-tuning": "10 vectors before the input, made by an LSTM",
        "p-tuning-v2": "a prefix of 10 at 2 attentions",
        "prefix": "a prefix of 10 at 2 attentions",
        "ia3": "factors at 6 linear layers",
        "adapter": "4 adapters of width 16 behind the attentions and feed-forward parts",
        "parallel": "2 adapters of width 16 beside the feed-forward parts",
        "lora": "LoRA of rank 8 at 8 linear layers",
        "adalora": "AdaLoRA of ranks from 12 down to 8 at 8 linear layers",
        "mam": "a prefix of 10 at 2 attentions, and 2 adapters of width 16 beside the feed-forward parts",
        "unipelt": "a prefix of 10, LoRA of rank 8 and adapters of width 16, each behind gates",
        "prefix-lora": "a prefix of 10 at 2 attentions, and LoRA of rank 8 at 8 linear layers",
    }
    assert tune(build("bert"), "bitfit").about == "the biases"


def test_the_methods_train_as_many_numbers_as_their_papers_say():
    width, layers = 32, 2
    count = {method: trainable(tune(build("gpt2"), method).model) for method in GENERAL}
    assert count["prompt"] == 10 * width
    assert count["lora"] == layers * 8 * ((width + 3 * width) + (width + width))  # c_attn and c_proj
    one = 2 * width * 16 + width + 16  # an adapter: two matrices and their biases
    assert count["adapter"] == 2 * layers * one
    assert count["parallel"] == layers * one
    assert count["adalora"] == layers * 12 * ((width + 3 * width + 1) + (width + width + 1))
    assert count["ia3"] == layers * (3 * width + 4 * width)  # c_attn makes queries, keys and values; 4 x width inside
    assert count["prefix-lora"] == count["prefix"] + count["lora"]
    assert count["mam"] == count["prefix"] + count["parallel"]
    assert count["p-tuning-v2"] == 10 * layers * 2 * width
    assert count["full"] == build("gpt2").num_parameters()
    direct = build("gpt2")
    tune(direct, "prefix", length=4, reparam=None)
    assert trainable(direct) == 4 * layers * 2 * width


def test_lora_takes_layers_by_name():
    model = build("llama")
    tune(model, "lora", r=2, alpha=4, layers=["q_proj", "v_proj"])
    names = {name.split(".")[-4] for name, p in model.named_parameters() if p.requires_grad}
    assert names == {"q_proj", "v_proj"}


# --- generating --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", GENERAL)
@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "bart"])
def test_a_tuned_model_generates_with_its_cache_what_it_generates_without(name, method):
    model = build(name)
    inputs = {"input_ids": inputs_for(model)["input_ids"]}
    bare = model.generate(**inputs, max_new_tokens=6, do_sample=False)
    as_tuned(model, method)
    for beams in (1, 3):
        settings = {"max_new_tokens": 6, "do_sample": False, "num_beams": beams}
        with_cache = model.generate(**inputs, **settings)
        assert torch.equal(with_cache, model.generate(**inputs, use_cache=False, **settings))
        assert with_cache.shape == bare.shape  # the prompt's positions are not part of what is returned


# --- prompt tuning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXT)
def test_a_prompt_of_real_tokens_is_those_tokens(name):
    model = build(name)
    inputs = inputs_for(model)
    ids = inputs["input_ids"]
    words = torch.tensor([[5, 17, 40]])
    longer = inputs | {"input_ids": torch.cat([words.expand(len(ids), -1), ids], dim=1)}
    longer["attention_mask"] = torch.ones_like(longer["input_ids"])
    with torch.no_grad():
        want = model(**longer).logits
        tune(model, "prompt", length=3)
        model.soft_prompt.vectors.copy_(host_of(model).get_input_embeddings()(words)[0])
        masks = ({}, {"attention_mask": torch.ones_like(ids)})
        got = [model(**inputs, **mask).logits for mask in masks]
    want = want if model.config.is_encoder_decoder else want[:, 3:]
    for logits in got:
        torch.testing.assert_close(logits, want)


@pytest.mark.parametrize("name", ["gpt2", "llama", "opt", "t5", "bart"])
def test_generating_behind_a_prompt_of_real_tokens_is_generating_behind_those(name):
    model = build(name)
    assert name in GENERATORS
    words, ids = torch.tensor([[5, 17, 40]]), inputs_for(model)["input_ids"]
    longer = torch.cat([words.expand(len(ids), -1), ids], dim=1)
    want = model.generate(longer, max_new_tokens=8, do_sample=False)
    tune(model, "prompt", length=3)
    with torch.no_grad():
        model.soft_prompt.vectors.copy_(host_of(model).get_input_embeddings()(words)[0])
    got = model.generate(ids, max_new_tokens=8, do_sample=False)
    assert torch.equal(got[:, -8:], want[:, -8:])


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5"])
def test_padding_changes_nothing_behind_a_prompt(name):
    model = build(name)
    tune(model, "prompt", length=4)
    short, long = torch.randint(3, VOCAB, (1, 4)), torch.randint(3, VOCAB, (1, 9))
    padded = torch.cat([torch.cat([torch.zeros(1, 5, dtype=torch.long), short], dim=1), long])
    mask = (padded != 0).long()
    settings = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0}
    together = model.generate(padded, attention_mask=mask, **settings)[:, -6:]
    alone = [model.generate(ids, attention_mask=torch.ones_like(ids), **settings)[0, -6:] for ids in (short, long)]
    assert torch.equal(together, torch.stack(alone))


LEFT = ["gpt2", "opt", "gpt_neox", "llama", "mistral", "qwen3", "gemma2", "gemma3", "t5", "mt5"]


def two_rows(gap=5):
    """A short row and a long one, alone and together with the short one padded on the left."""
    draw = torch.Generator().manual_seed(5)
    short, long = (torch.randint(3, VOCAB, (1, n), generator=draw) for n in (9 - gap, 9))
    padded = torch.cat([torch.cat([torch.zeros(1, gap, dtype=torch.long), short], dim=1), long])
    return short, long, padded, (padded != 0).long()


def prompted(name, length=4):
    model = build(name)
    torch.manual_seed(4)
    tune(model, "prompt", length=length)
    with torch.no_grad():
        model.soft_prompt.vectors.normal_()
    return model


@pytest.mark.parametrize("gap", [1, 5, 7])
@pytest.mark.parametrize("name", LEFT)
def test_a_row_padded_on_the_left_is_the_row_alone_behind_a_prompt(name, gap):
    model, (short, long, padded, mask) = prompted(name), two_rows(gap)
    more = {"decoder_input_ids": torch.tensor([[0, 5, 6]])} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        alone = [model(ids, attention_mask=torch.ones_like(ids), **more).logits for ids in (short, long)]
        both = {key: value.expand(2, -1) for key, value in more.items()}
        together = model(padded, attention_mask=mask, **both).logits
        states = model(padded, attention_mask=mask, output_hidden_states=True, **both)
    for row, want in zip(together, alone):
        torch.testing.assert_close(row[-want.shape[1] :], want[0], atol=1e-5, rtol=1e-4)
    hidden = states.encoder_last_hidden_state if more else states.hidden_states[-1]
    assert hidden.shape[1] == (9 + 4 if more else 9)


@pytest.mark.parametrize("implementation", [None, "dynamic", "static"])
@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "gemma2", "gemma3", "t5"])
def test_every_cache_gives_what_the_row_alone_gives_behind_a_prompt(name, implementation):
    model, (short, long, padded, mask) = prompted(name), two_rows()
    settings = {"max_new_tokens": 7, "do_sample": False, "pad_token_id": 0}
    want = [model.generate(ids, use_cache=False, **settings)[0, -7:] for ids in (short, long)]
    for _ in range(2):  # a cache of fixed size may be kept from one call to the next
        got = model.generate(padded, attention_mask=mask, cache_implementation=implementation, **settings)
        assert torch.equal(got[:, -7:], torch.stack(want))
    beams = {"num_beams": 3, "cache_implementation": implementation} | settings
    alone = [model.generate(ids, num_beams=3, **settings)[0, -7:] for ids in (short, long)]
    assert torch.equal(model.generate(padded, attention_mask=mask, **beams)[:, -7:], torch.stack(alone))


@pytest.mark.parametrize("name", ["llama", "mistral", "gemma2"])
def test_a_cache_that_is_passed_by_hand_grows_by_the_prompt(name):
    model, (_, long, _, _) = prompted(name), two_rows()
    with torch.no_grad():
        want = model(long).logits
        for cache in (tf.DynamicCache(config=model.config), tf.StaticCache(config=model.config, max_cache_len=9)):
            parts = [
                model(long[:, :6], cache=cache).logits,
                *(model(long[:, i : i + 1], cache=cache).logits for i in (6, 7, 8)),
            ]
            torch.testing.assert_close(torch.cat(parts, dim=1), want, atol=1e-5, rtol=1e-4)
        cache.reset()
        with pytest.raises(ValueError, match="cache must be a new one, .* got a static cache that was filled before"):
            model(long, cache=cache)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_second_turn_goes_on_from_the_cache_of_the_first_behind_a_prompt(name):
    model, (_, long, _, _) = prompted(name), two_rows()
    settings = {"max_new_tokens": 4, "do_sample": False, "return_dict_in_generate": True, "output_logits": True}
    first = model.generate(long, **settings)
    for turn in ([[5, 6, 7]], [[5, 6, 7, 8, 9, 10, 11]]):  # shorter than the prompt and longer
        both = torch.cat([first.sequences, torch.tensor(turn)], dim=1)
        seen = {"attention_mask": torch.ones_like(both)}  # also where the first turn wrote the pad token
        want = model.generate(both, **seen, **settings)
        got = model.generate(both, cache=copy.deepcopy(first.cache), **seen, **settings)
        assert torch.equal(got.sequences, want.sequences)
        torch.testing.assert_close(torch.stack(got.logits), torch.stack(want.logits), atol=1e-5, rtol=1e-4)
    for mask in ({}, seen):
        with pytest.raises(ValueError, match="cache must be followed by what comes behind the 12 tokens that it holds"):
            model.generate(both, cache=copy.deepcopy(first.cache), prefill_chunk_size=2, **mask, **settings)


def test_packed_texts_are_refused_behind_a_prompt_which_the_first_alone_would_see():
    model = prompted("llama")
    packed = {"input_ids": torch.tensor([[5, 6, 7, 8]]), "position_ids": torch.tensor([[0, 1, 0, 1]])}
    with pytest.raises(ValueError, match="position_ids must count one text"):
        model(**packed)
    rows = [{name: value[0].tolist() for name, value in packed.items()} | {"labels": [5, 6, 7, 8]}]
    with pytest.raises(ValueError, match="row 0: position_ids of several .* LlamaForCausalLM with a prompt; give each"):
        pl.fit(model, rows, steps=1, progress=False)


POOLED = {
    "bert": lambda: tf.BertModel(tf.BertConfig(**SIZES)),
    "albert": lambda: tf.AlbertModel(tf.AlbertConfig(**SIZES, embedding_size=16)),  # its pooler reads one state
}


@pytest.mark.parametrize("name", POOLED)
def test_the_pooler_reads_the_first_real_token_behind_a_prompt(name):
    model, (_, _, padded, mask) = POOLED[name]().eval(), two_rows()
    tune(model, "prompt", length=4)
    with torch.no_grad():
        output = model(padded, attention_mask=mask, output_hidden_states=True)
        first = output.last_hidden_state
        pooled = model.pooler(first) if name == "bert" else model.pooler(first[:, 0]).tanh()
    torch.testing.assert_close(output.pooler_output, pooled)
    assert {states.shape[1] for states in output.hidden_states} == {9}


@pytest.mark.parametrize("name", ["gpt2", "bert", "bart"])
def test_the_prompt_takes_positions_of_the_longest_row(name):
    model = build(name)
    tune(model, "prompt", length=10)
    assert evaluate(model, [{"input_ids": [5] * 54, "labels": [5] * 54}]) > 0
    with pytest.raises(ValueError, match="row 0: input_ids must hold at most 54 .* less 10 of the prompt, got 55"):
        evaluate(model, [{"input_ids": [5] * 55, "labels": [5] * 55}])


def test_a_prompted_model_of_two_segments_counts_the_vectors_to_the_first():
    model = prompted("bert")
    ids = inputs_for(model)["input_ids"]
    segments = torch.tensor([[0] * 4 + [1] * 5] * 2)
    with torch.no_grad():
        plain, split = model(ids).logits, model(ids, token_type_ids=segments).logits
        same = model(ids, token_type_ids=torch.zeros_like(segments)).logits
    torch.testing.assert_close(plain, same)
    assert (plain - split).abs().max() > 1e-3


def test_undo_gives_generation_its_own_masks_back():
    model = build("llama")
    tuning = tune(model, "prompt", length=numpy.int64(3))
    assert tuning.settings == {"length": 3}
    own = {"create_masks_for_generate", "prepare_inputs_for_generation"}
    assert own <= set(vars(model))
    tuning.undo()
    assert not own & set(vars(model))


def test_the_hidden_states_of_a_prompted_model_belong_to_the_real_tokens():
    model = build("bert")
    tune(model, "prompt", length=4)
    output = model(**inputs_for(model), output_hidden_states=True)
    assert {states.shape[1] for states in output.hidden_states} == {9}
    assert model.base_model(**inputs_for(model), return_dict=False)[0].shape[1] == 9


def test_a_prompt_starts_from_words_or_from_noise():
    embedding = build("llama").get_input_embeddings()
    words = Prompt(embedding, 6, "vocabulary").vectors
    assert all((embedding.weight == word).all(dim=1).any() for word in words)
    noise = Prompt(embedding, 600, "random").vectors
    assert noise.std().item() == pytest.approx(embedding.weight.std().item(), rel=0.1)


# --- what is refused ---------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused_and_leaves_the_model_as_it_was():
    model = build("llama")
    before, modules = state(model), [name for name, _ in model.named_modules()]
    for method, settings, message in (
        ("prompts", {}, "method must be one of full, last-layers, head"),
        ("prompt", {"length": 0}, "length must be an integer of at least 1, got 0"),
        ("prompt", {"init": "words"}, "init must be 'vocabulary' or 'random'"),
        ("prefix", {"length": 0}, "length must be"),
        ("lora", {"layers": ["no_such_layer"]}, "no_such_layer"),
        ("head", {}, "LlamaForCausalLM has no task's head"),
        ("last-layers", {"layers": 3}, "layers must be at most 2, which model.layers has, got 3"),
        ("adapter", {"bottleneck": 0}, "bottleneck must be an integer of at least 1, got 0"),
        ("adalora", {"steps": 2}, "steps must be an integer of at least 3, got 2"),
        ("adalora", {"r": 4, "start": 4}, "start must be more than r=4, got 4"),
        ("unipelt", {"bottleneck": 0}, "bottleneck must be"),
        ("lora", {"rank": 4}, "'lora' takes r, alpha, layers, got rank"),
        ("full", {"r": 4, "length": 2}, "'full' takes no settings, got r, length"),
        ("prefix", {"rank": 4}, "'prefix' takes prefix, length, reparam, .*, got rank"),
    ):
        with pytest.raises(ValueError, match=message):
            tune(model, method, **settings)
        assert all(p.requires_grad for p in model.parameters()), method
        assert [name for name, _ in model.named_modules()] == modules
    with pytest.raises(ValueError, match="needs a model that reads text"):
        tune(build("vit"), "prompt")
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in before.items())


def test_a_model_is_tuned_by_one_method_at_a_time():
    model = build("llama")
    tuning = tune(model, "lora")
    with pytest.raises(ValueError, match=r"tuned by 'lora' already; call undo\(\)"):
        tune(model, "prompt")
    tuning.undo()
    tune(model, "prompt")
    with pytest.raises(ValueError, match="needs an attention mask"):
        model(**inputs_for(model), attention_mask=torch.ones(2, 1, 9, 9))
