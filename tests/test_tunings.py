"""What was tuned is saved with the task's head, loaded again, and taken off; heads that stay random are named."""

import copy
import json
import pickle
import warnings

import numpy
import pytest
import torch
import transformers as tf
from families import SIZES, build, inputs_for, shake
from peft import PrefixTuningConfig, get_peft_model
from safetensors.torch import load_file

import prefix_lab as pl
from prefix_lab.methods import METHODS, load, task_head, tune
from prefix_lab.saving import RandomWeights

LABELS = SIZES | {"num_labels": 5}
HEADED = {
    "bert": (
        lambda: tf.BertForSequenceClassification(tf.BertConfig(**LABELS)),
        {"classifier.weight", "classifier.bias"},
    ),
    "llama": (lambda: tf.LlamaForSequenceClassification(tf.LlamaConfig(**LABELS)), {"score.weight"}),
    "tags": (lambda: tf.BertForTokenClassification(tf.BertConfig(**LABELS)), {"classifier.weight", "classifier.bias"}),
    "span": (lambda: tf.BertForQuestionAnswering(tf.BertConfig(**SIZES)), {"qa_outputs.weight", "qa_outputs.bias"}),
    "roberta": (
        lambda: tf.RobertaForSequenceClassification(tf.RobertaConfig(**LABELS)),
        {f"classifier.{part}.{kind}" for part in ("dense", "out_proj") for kind in ("weight", "bias")},
    ),
}


def headed(name):
    torch.manual_seed(0)
    return HEADED[name][0]().eval()


def trained(model, method, seed=1, **settings):
    """A tuning whose every number has moved."""
    tuning = tune(model, method, **settings)
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn(parameter.shape, generator=draw))
    return tuning


def output(model):
    with torch.no_grad():
        return model(**inputs_for(model))[0]


# --- saving and loading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEADED)
def test_the_head_is_saved_and_loaded_with_the_prefix(name, tmp_path):
    model = headed(name)
    bare = output(model)
    tuning = trained(model, "prefix", length=3)
    want = output(model)
    assert tuning.save(tmp_path) == tmp_path
    record = json.loads((tmp_path / "prefix.json").read_text())
    assert set(record["head"]) == HEADED[name][1]
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".json", ".safetensors"]

    other = headed(name)
    again = load(other, tmp_path)
    assert torch.equal(output(other), want)
    assert again.method == "prefix"
    assert set(again.trained) == HEADED[name][1]
    assert [p.requires_grad for p in task_head(other)] == [True] * len(HEADED[name][1])
    assert torch.equal(output(again.undo()), bare)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_comes_back(method, tmp_path):
    model = headed("bert")
    bare = output(model)
    settings = {"lora": {"r": numpy.int64(3), "alpha": 5}, "prompt": {"length": numpy.int32(4), "init": "random"}}
    tuning = trained(model, method, **settings.get(method, {}))
    want, folder = output(model), tuning.save(tmp_path / "a")
    other = headed("bert")
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    again = load(other, str(folder))
    assert torch.equal(torch.rand(1), expected)  # a load draws no random number
    assert torch.equal(output(other), want)
    assert again.about == tuning.about
    assert {n for n, p in other.named_parameters() if p.requires_grad} == {
        n for n, p in model.named_parameters() if p.requires_grad
    }
    again.save(tmp_path / "b")
    first, second = (sorted((tmp_path / part).glob("*")) for part in "ab")
    assert [p.name for p in first] == [p.name for p in second]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert torch.equal(output(again.undo()), bare)


def test_a_prefix_without_a_head_is_what_save_pretrained_writes(tmp_path):
    model = build("llama")
    tuning = trained(model, "prefix", reparam=None)
    tuning.save(tmp_path / "a")
    tuning.prefix.save_pretrained(tmp_path / "b")
    assert [p.read_bytes() for p in sorted((tmp_path / "a").iterdir())] == [
        p.read_bytes() for p in sorted((tmp_path / "b").iterdir())
    ]
    other = build("llama")
    load(other, tmp_path / "b")
    assert torch.equal(output(other), output(model))


def test_several_prefixes_are_saved_and_loaded_with_their_head(tmp_path):
    model = headed("bert")
    one = shake(tune(model, "prefix", reparam=None).prefix, seed=3)
    model._tuning.undo()
    tuning = trained(model, "prefix", prefix={"a": one, "b": shake(pl.Prefix(one.config), seed=4)})
    assert set(tuning.prefix) == {"a", "b"}
    tuning.save(tmp_path)
    other = headed("bert")
    load(other, tmp_path)
    for name in "ab":
        with pl.select(model, name), pl.select(other, name):
            assert torch.equal(output(other), output(model))


@pytest.mark.parametrize("name", ["bert", "tags", "span", "roberta"])
def test_a_head_that_peft_trained_is_loaded_with_its_prefix(name, tmp_path):
    task = {"tags": "TOKEN_CLS", "span": "QUESTION_ANS"}.get(name, "SEQ_CLS")
    theirs = get_peft_model(headed(name), PrefixTuningConfig(task_type=task, num_virtual_tokens=3)).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            if parameter.requires_grad:
                parameter.normal_(std=0.3)
    theirs.save_pretrained(tmp_path)
    saved = load_file(tmp_path / "adapter_model.safetensors")
    model = headed(name)
    load(model, tmp_path)
    for part in HEADED[name][1]:
        assert torch.equal(model.get_parameter(part), saved[f"base_model.{part}"])
    flat = torch.cat([p.transpose(0, 1).flatten(1) for pair in model._tuning.prefix.pairs() for p in pair], dim=1)
    assert torch.equal(flat, saved["prompt_embeddings"])


def test_a_prefix_alone_says_that_a_head_is_left_out(tmp_path):
    trained(headed("bert"), "prefix").save(tmp_path)
    with pytest.warns(
        UserWarning, match=r"holds the task's head classifier.bias, classifier.weight.*methods.load"
    ) as told:
        prefix = pl.Prefix.from_pretrained(tmp_path)
    assert told[0].filename == __file__
    assert prefix.config.length == 10
    with pytest.warns(UserWarning, match="holds the task's head"):
        pl.attach(headed("bert"), tmp_path)


def test_what_the_model_does_not_take_to_the_last_tensor_is_refused(tmp_path):
    trained(headed("bert"), "prefix").save(tmp_path / "bert")
    trained(headed("bert"), "lora").save(tmp_path / "lora")
    narrow = tf.BertForSequenceClassification(tf.BertConfig(**SIZES, num_labels=2)).eval()
    masked = build("bert")
    tagger = headed("roberta")
    trained(build("llama"), "lora").save(tmp_path / "llama")
    for model, folder, message in (
        (narrow, "bert", r"classifier.bias of shape \(5,\), but that of BertForSequenceClassification is \(2,\)"),
        (masked, "bert", "holds classifier.bias, classifier.weight, which BertForMaskedLM does not take"),
        (tagger, "bert", "which RobertaForSequenceClassification does not take"),
        (masked, "lora", "holds classifier.bias, classifier.weight, which BertForMaskedLM does not take"),
    ):
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        with pytest.raises(ValueError, match=message):
            load(model, tmp_path / folder)
        assert model.state_dict().keys() == before.keys()
        assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
        assert all(p.requires_grad for p in model.parameters())
        assert not hasattr(model, "_tuning")
    trained(masked, "lora").save(tmp_path / "masked")
    with pytest.raises(ValueError, match="lacks classifier.bias, classifier.weight of BertForSequenceClassification"):
        load(headed("bert"), tmp_path / "masked")
    with pytest.raises(FileNotFoundError, match="give the folder that a prefix was saved into"):
        load(masked, tmp_path)


def test_a_head_without_a_file_is_warned_about(tmp_path):
    model = headed("bert")
    pl.attach(model, length=3).save_pretrained(tmp_path)
    with pytest.warns(
        UserWarning, match=r"holds no head, so classifier.bias, classifier.weight of Bert.* stays as it is"
    ):
        load(headed("bert"), tmp_path)


def test_a_damaged_tuning_is_refused(tmp_path):
    trained(build("llama"), "lora").save(tmp_path)
    path = tmp_path / "tuning.json"
    record = json.loads(path.read_text())
    assert record["method"] == "lora"
    path.write_text(json.dumps(record | {"rank": 3}))
    with pytest.raises(ValueError, match=r"tuning.json must hold method, settings and base, got .*rank"):
        load(build("llama"), tmp_path)
    path.write_text(json.dumps(record | {"format": 2}))
    with pytest.raises(ValueError, match="format 2, but this version reads format 1"):
        load(build("llama"), tmp_path)


@pytest.mark.parametrize("method", ["lora", "prefix", "bitfit"])
def test_what_is_frozen_or_joined_by_a_prefix_is_saved_all_the_same(method, tmp_path):
    model = headed("roberta")
    tuning = trained(model, method)
    want = output(model)
    model.requires_grad_(False)
    tuning.save(tmp_path / "frozen")
    if method != "prefix":
        pl.attach(model, length=3)
        tuning.save(tmp_path / "joined")
    for folder in tmp_path.iterdir():
        again = headed("roberta")
        load(again, folder)
        torch.testing.assert_close(output(again), want)


def test_a_folder_with_another_tuning_or_prefix_is_left_alone(tmp_path):
    trained(build("gpt2"), "lora").save(tmp_path / "lora")
    trained(build("gpt2"), "prefix").save(tmp_path / "prefix")
    with pytest.raises(ValueError, match="lora holds another tuning, tuning.json; save into a folder of its own"):
        trained(build("gpt2"), "prefix").save(tmp_path / "lora")
    with pytest.raises(ValueError, match="holds the prefix 'prefix'; save"):
        trained(build("gpt2"), "lora").save(tmp_path / "prefix")
    trained(build("gpt2"), "lora", seed=2).save(tmp_path / "lora")  # the same again
    assert load(build("gpt2"), tmp_path / "lora").method == "lora"


def test_a_model_is_saved_over_an_older_one_with_nothing_left_of_that(tmp_path):
    model = build("gpt2")
    for method in ("lora", "prefix", "lora"):
        tuning = trained(model, method)
        model.save_pretrained(tmp_path)
        assert load(build("gpt2"), tmp_path).method == method
        tuning.undo()


def test_a_tuning_of_another_base_is_told_of(tmp_path):
    folders = [tmp_path / "base_a", tmp_path / "base_b"]
    for seed, folder in enumerate(folders):
        build("gpt2", seed=seed).save_pretrained(folder)
    one, other = (tf.GPT2LMHeadModel.from_pretrained(folder) for folder in folders)
    trained(one, "lora").save(tmp_path / "lora")
    with pytest.warns(UserWarning, match="was made for 'base_a', and model is 'base_b'.* load it on the base"):
        load(other, tmp_path / "lora")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(tf.GPT2LMHeadModel.from_pretrained(folders[0]), tmp_path / "lora")


def test_what_a_prefixs_files_cannot_hold_is_refused(tmp_path):
    tuning = tune(build("llama"), "prefix", freeze=False)
    tuning.model.requires_grad_(True)
    with pytest.raises(ValueError, match=r"but lm_head.weight, .* and \d+ more trained too; use model.save_pretrained"):
        tuning.save(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    tuning.undo()
    with pytest.raises(ValueError, match="was undone, so nothing is left to save"):
        tuning.save(tmp_path / "out")


def test_a_process_that_is_not_the_main_one_writes_nothing(tmp_path):
    for method in ("prefix", "lora"):
        trained(headed("bert"), method).save(tmp_path, is_main_process=False)
    assert list(tmp_path.iterdir()) == []


# --- undo and detach ---------------------------------------------------------------------------------------------


def test_a_tuning_gives_its_prefix_and_survives_detach(tmp_path):
    model = headed("bert")
    bare, asked = output(model), [p.requires_grad for p in model.parameters()]
    tuning = trained(model, "prefix", length=numpy.int64(3))
    prefix = tuning.prefix
    assert isinstance(prefix, pl.Prefix)
    assert model.attached_prefixes.prefixes[0] is prefix
    want = output(model)
    assert pl.detach(model) is prefix
    assert tuning.prefix is prefix
    tuning.save(tmp_path)
    other = headed("bert")
    load(other, tmp_path)
    assert torch.equal(output(other), want)
    assert tuning.undo() is model
    assert torch.equal(output(model), bare)
    assert [p.requires_grad for p in model.parameters()] == asked
    tune(model, "prefix").undo()
    assert tune(model, "lora").prefix is None


def test_undo_leaves_a_prefix_that_is_not_its_own():
    model = build("llama")
    tuning = tune(model, "prefix")
    pl.detach(model)
    other = pl.attach(model, length=2)
    tuning.undo()
    assert model.attached_prefixes.prefixes[0] is other


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("method", METHODS)
def test_a_copy_of_a_tuned_model_has_a_tuning_of_its_own(method, again):
    model = headed("bert")
    bare = output(model)
    trained(model, method)
    want = output(model)
    other = again(model)
    assert torch.equal(output(other), want)
    assert other._tuning.model is other
    assert torch.equal(output(other._tuning.undo()), bare)
    assert torch.equal(output(model), want)
    assert torch.equal(output(model._tuning.undo()), bare)


# --- heads that stay random --------------------------------------------------------------------------------------


def test_attach_warns_of_a_head_that_was_drawn_when_the_base_was_loaded(tmp_path):
    build("bert").save_pretrained(tmp_path / "base")
    model = tf.BertForSequenceClassification.from_pretrained(tmp_path / "base", num_labels=5)
    message = (
        r"classifier.weight, classifier.bias of BertForSequenceClassification .* stay random, since attach freezes"
    )
    with pytest.warns(RandomWeights, match=message) as told:
        pl.attach(model, length=2)
    assert told[0].filename == __file__
    pl.detach(model)
    model.requires_grad_(True)
    pl.attach(model, length=2, freeze=False)  # the head trains
    pl.detach(model)
    tune(model, "prefix").undo()  # likewise
    model.save_pretrained(tmp_path / "whole")
    pl.attach(tf.BertForSequenceClassification.from_pretrained(tmp_path / "whole"), length=2)


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "bert", "vit", "clip"])
def test_a_model_that_is_whole_or_all_random_is_not_warned_about(name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RandomWeights)
        model = build(name)
        pl.attach(model, length=2)
        model.save_pretrained(tmp_path)
        pl.attach(type(model).from_pretrained(tmp_path), length=2)
        for headed_one in HEADED:
            pl.attach(headed(headed_one), length=2)


# --- order, and what does not fit --------------------------------------------------------------------------------


@pytest.mark.parametrize("tuned_first", [True, False])
def test_tune_and_attach_can_be_taken_off_in_the_order_they_were_put_on(tuned_first):
    model = build("gpt2")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    if tuned_first:
        tuning = trained(model, "lora")
        pl.attach(model, length=3)
        tuning.undo()
        pl.detach(model)
    else:
        pl.attach(model, length=3)
        tuning = trained(model, "lora")
        pl.detach(model)
        assert all(("lora_" in name) == p.requires_grad for name, p in model.named_parameters())
        tuning.undo()
    assert all(p.requires_grad for p in model.parameters())
    assert {name: torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items()} == dict.fromkeys(
        before, True
    )


@pytest.mark.parametrize("method", ["lora", "ia3", "adalora", "prefix-lora"])
@pytest.mark.parametrize(("layers", "match"), [(["c_attn", "ln_2"], "LayerNorm"), (["c_attn", "c_porj"], "got c_porj")])
def test_layers_that_do_not_fit_are_refused_and_the_model_is_as_before(method, layers, match):
    model = build("gpt2")
    before = {name: id(part) for name, part in model.named_modules()}
    with pytest.raises(ValueError, match=match):
        tune(model, method, layers=layers)
    assert {name: id(part) for name, part in model.named_modules()} == before
    assert not any("peft" in name for name in model.__dict__)


def test_settings_that_cannot_be_saved_are_refused_before_training():
    model = build("gpt2")
    with pytest.raises(ValueError, match="layers must be numbers, texts or lists of them"):
        tune(model, "lora", layers=[torch.nn.Linear])
    for method, wrong in (
        ("parallel", {"scale": "big"}),
        ("lora", {"alpha": "big"}),
        ("adalora", {"orthogonal": None}),
    ):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be a number, got"):
            tune(model, method, **wrong)
    settings = tune(model, "parallel", scale=numpy.float32(2)).settings
    assert json.dumps(settings) == '{"scale": 2.0}'
    model._tuning.undo()
    assert tune(model, "lora", layers={"c_attn"}).settings == {"layers": ["c_attn"]}


def test_gradient_checkpointing_keeps_its_own_hooks_alone():
    model = build("gpt2")
    model.activation_checkpointing_enable()
    before = list(model.get_input_embeddings()._forward_hooks)
    for _ in range(2):
        tune(model, "lora").undo()
    assert list(model.get_input_embeddings()._forward_hooks) == before


def test_a_loop_of_ones_own_changes_no_statistics_of_a_base_that_a_prefix_or_a_method_froze():
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    ears = {"conv_dim": (16, 16), "conv_stride": (5, 4), "conv_kernel": (10, 4)}
    ears |= {"num_conv_pos_embedding_groups": 2, "num_conv_pos_embeddings": 8}
    model = tf.Wav2Vec2ConformerForCTC(tf.Wav2Vec2ConformerConfig(**sizes, **ears, vocab_size=12))
    before = copy.deepcopy(model.state_dict())
    hooks = [list(module._forward_pre_hooks) for module in model.modules()]
    sounds = torch.randn(2, 400, generator=torch.Generator().manual_seed(0))
    batch = {"input_values": sounds, "labels": torch.tensor([[1, 2], [3, 4]])}

    def pass_through():
        """One pass in training mode; what has another value after it."""
        model.train()
        model(**batch).loss.backward()
        found = model.state_dict()
        return {name for name, value in before.items() if name in found and not torch.equal(found[name], value)}

    tuning = tune(model, "head")
    pl.attach(model, length=3)
    assert pass_through() == set()
    pl.detach(model)
    assert pass_through() == set()
    tuning.undo()
    assert [list(module._forward_pre_hooks) for module in model.modules()] == hooks
    pl.attach(model, length=3)
    assert pass_through() == set()
    pl.detach(model)
    pl.attach(model, length=3, freeze=False)
    assert {name.rpartition(".")[2] for name in pass_through()} == {
        "running_mean", "running_var", "num_batches_tracked"
    }  # fmt: skip
    pl.detach(model)
    assert [list(module._forward_pre_hooks) for module in model.modules()] == hooks


def test_statistics_of_a_frozen_norm_stay_and_those_of_a_trained_one_are_saved_and_undone(tmp_path):
    def small():
        torch.manual_seed(0)
        config = tf.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], num_labels=3)
        return tf.ResNetForImageClassification(config).eval()

    draw = torch.Generator().manual_seed(0)
    batch = {"pixel_values": torch.randn(4, 3, 32, 32, generator=draw), "labels": torch.tensor([0, 1, 2, 0])}

    def answer(model):
        with torch.no_grad():
            return model(pixel_values=batch["pixel_values"]).logits

    model, first = small(), answer(small())
    for method in ("head", "full"):
        tuning = tune(model, method)
        pl.fit(model, [batch], steps=3, progress=False)
        want = answer(model)
        tuning.save(tmp_path / method)
        again = small()
        load(again, tmp_path / method)
        assert torch.equal(answer(again), want)
        tuning.undo()
        assert torch.equal(answer(model), first)
