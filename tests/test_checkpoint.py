"""Prefixes on disk: round trips, what a kill leaves, what is refused, and PEFT's format."""

import hashlib
import json
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
import torch
from families import build, inputs_for, output_of, shake
from safetensors.torch import load_file, save

import prefix_lab as pl
from prefix_lab import checkpoint


def attached(name="llama", **settings):
    model = build(name)
    return model, shake(pl.attach(model, length=3, **settings), size=0.5)


@pytest.mark.parametrize("reparam", [None, "mlp"])
@pytest.mark.parametrize("name", ["llama", "t5", "bert", "clip"])
def test_a_saved_prefix_gives_the_same_output_on_a_new_model(name, reparam, tmp_path):
    model, prefix = attached(name, reparam=reparam)
    inputs = inputs_for(model)
    expected = output_of(model, inputs)
    prefix.save_pretrained(tmp_path / "polite")
    other = build(name)
    again = pl.Prefix.from_pretrained(tmp_path / "polite")
    assert again.config == prefix.config
    pl.attach(other, again)
    assert torch.equal(output_of(other, inputs), expected)


def test_the_json_names_the_base_and_the_shapes(tmp_path):
    _, prefix = attached("t5")
    record = json.loads((prefix.save_pretrained(tmp_path) / "prefix.json").read_text())
    assert record["base"]["class"] == "T5ForConditionalGeneration"
    assert record["sites"][0]["name"] == "encoder.block.0.layer.0.SelfAttention"
    assert {site["key_dim"] for site in record["sites"]} == {12}


def test_a_prefix_is_kilobytes(tmp_path):
    _, prefix = attached("llama")
    folder = prefix.save_pretrained(tmp_path)
    assert sum(f.stat().st_size for f in folder.iterdir()) < 4 * prefix.num_parameters + 3000


def test_loading_draws_no_random_number(tmp_path):
    _, prefix = attached()
    prefix.save_pretrained(tmp_path)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    pl.Prefix.from_pretrained(tmp_path)
    assert torch.equal(torch.rand(1), expected)


class Killed(BaseException):
    """A process that ends between two system calls."""


@pytest.mark.parametrize("call", range(1, 8))
@pytest.mark.parametrize("old", [False, True])
def test_a_kill_between_any_two_writes_leaves_the_old_or_the_new_checkpoint_whole(old, call, tmp_path, monkeypatch):
    _, prefix = attached()
    first = [p.detach().clone() for p in prefix.parameters()]
    if old:
        prefix.save_pretrained(tmp_path)
    shake(prefix, seed=8)
    count = 0

    def dying(function):
        def wrapped(*args, **kwargs):
            nonlocal count
            count += 1
            if count == call:
                raise Killed
            return function(*args, **kwargs)

        return wrapped

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, dying(getattr(os, name)))
    monkeypatch.setattr(checkpoint.Path, "unlink", dying(checkpoint.Path.unlink))
    finished = False
    try:
        prefix.save_pretrained(tmp_path)
        finished = True
    except Killed:
        pass
    monkeypatch.undo()
    if not (tmp_path / "prefix.json").exists():
        assert not old
        assert not finished
        return
    found = list(pl.Prefix.from_pretrained(tmp_path).parameters())
    is_old = all(torch.equal(a, b) for a, b in zip(found, first))
    is_new = all(torch.equal(a, b) for a, b in zip(found, prefix.parameters()))
    assert is_new or (is_old and old and not finished)


def test_saving_again_leaves_one_tensor_file(tmp_path):
    _, prefix = attached()
    for seed in range(3):
        shake(prefix, seed=seed).save_pretrained(tmp_path)
    assert sorted(f.suffix for f in tmp_path.iterdir()) == [".json", ".safetensors"]


def test_saving_into_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(NotADirectoryError, match="taken is a file"):
        attached()[1].save_pretrained(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def damage(folder, what):
    weights = next(folder.glob("*.safetensors"))
    path = folder / "prefix.json"
    record = json.loads(path.read_text())
    if what == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif what == "flipped":
        data = bytearray(weights.read_bytes())
        data[-1] ^= 1
        weights.write_bytes(bytes(data))
    elif what == "pickled":
        weights.write_bytes(pickle.dumps({"keys.0": [1]}))
    elif what == "weights missing":
        weights.unlink()
    elif what == "json missing":
        path.unlink()
    elif what == "json cut":
        path.write_text(path.read_text()[:50])
    elif what == "json list":
        path.write_text("[]")
    elif what == "newer format":
        path.write_text(json.dumps(record | {"format": 99}))
    elif what == "no sites":
        path.write_text(json.dumps(record | {"sites": []}))
    elif what == "strange site":
        path.write_text(json.dumps(record | {"sites": [{"nom": "x"}]}))
    elif what == "other length":
        path.write_text(json.dumps(record | {"length": 4}))


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        ("truncated", ValueError, "is damaged"),
        ("flipped", ValueError, "is damaged"),
        ("pickled", ValueError, "is damaged"),
        ("weights missing", FileNotFoundError, "copy the whole folder"),
        ("json missing", FileNotFoundError, "give the folder that a prefix was saved into"),
        ("json cut", ValueError, "is not JSON"),
        ("json list", ValueError, "does not describe a prefix"),
        ("newer format", ValueError, "format 99, but this version reads format 1"),
        ("no sites", ValueError, "sites must name at least one"),
        ("strange site", ValueError, "does not describe a prefix"),
        ("other length", ValueError, "does not fit"),
    ],
)
def test_a_damaged_or_foreign_checkpoint_is_refused_by_name(what, error, message, tmp_path):
    attached()[1].save_pretrained(tmp_path)
    damage(tmp_path, what)
    with pytest.raises(error, match=message):
        pl.Prefix.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "what", ["config", "site", "stray tensor", "missing tensor", "stray head", "missing head", "no hash"]
)
def test_what_this_version_does_not_know_is_refused_by_name(what, tmp_path):
    folder = attached()[1].save_pretrained(tmp_path)
    path = folder / "prefix.json"
    record, tensors = json.loads(path.read_text()), {}
    message = None
    if what == "config":
        record |= {"rank": 4, "gate": "x"}
        message = "prefix.json does not describe a prefix: this version does not know gate, rank"
    elif what == "site":
        record["sites"][0]["gate"] = "x"
        message = "does not describe a prefix: .*gate"
    elif what == "missing head":
        record["head"] = ["classifier.weight"]
        message = r"does not describe a prefix: .*head\.classifier\.weight"
    elif what == "no hash":
        del record["sha256"]
        message = "does not describe a prefix: it has no 'sha256'"
    else:
        tensors = load_file(folder / record["weights"])
        if what == "missing tensor":
            del tensors["keys.1"]
            message = r"does not fit .*Missing key.*keys\.1"
        else:
            name = {"stray tensor": "keys.7", "stray head": "head.classifier.bias"}[what]
            tensors[name] = torch.zeros(2)
            message = rf"does not fit 3 tokens at 2 sites: .*{name}"
        data = save(tensors)
        (folder / record["weights"]).write_bytes(data)
        record["sha256"] = hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match=f"(?s){message}"):
        pl.Prefix.from_pretrained(folder)


def test_a_record_of_the_first_release_loads(tmp_path):
    """The fields that prefix.json had then, literally; what was added since has its default."""
    sites = [
        {"name": f"model.layers.{i}.self_attn", "kind": "decoder", "kv_heads": 2, "key_dim": 8, "value_dim": 8}
        for i in range(2)
    ]
    tensors = {f"{part}.{i}": torch.randn(2, 3, 8) for part in ("keys", "values") for i in range(2)}
    data = save(tensors)
    digest = hashlib.sha256(data).hexdigest()
    record = {"format": 1, "weights": f"prefix-{digest[:16]}.safetensors", "sha256": digest, "length": 3}
    record |= {"sites": sites, "reparam": None, "hidden": 512, "init": "random"}
    record |= {"base": {"name": "", "class": "LlamaForCausalLM", "is_encoder_decoder": False}}
    (tmp_path / "prefix.json").write_text(json.dumps(record))
    (tmp_path / record["weights"]).write_bytes(data)
    prefix = pl.attach(build("llama"), pl.Prefix.from_pretrained(tmp_path))
    assert all(torch.equal(prefix.state_dict()[name], tensor) for name, tensor in tensors.items())
    for absent in ("reparam", "hidden", "init", "base"):
        (tmp_path / "prefix.json").write_text(json.dumps({k: v for k, v in record.items() if k != absent}))
        assert pl.Prefix.from_pretrained(tmp_path).config.length == 3


def test_bytes_that_are_whole_but_no_tensors_are_refused(tmp_path):
    folder = attached()[1].save_pretrained(tmp_path)
    record = json.loads((folder / "prefix.json").read_text())
    data = pickle.dumps({"keys.0": [1]})
    (folder / record["weights"]).write_bytes(data)
    (folder / "prefix.json").write_text(json.dumps(record | {"sha256": hashlib.sha256(data).hexdigest()}))
    with pytest.raises(ValueError, match=r"prefix-\w+.safetensors does not hold tensors in the safetensors format"):
        pl.Prefix.from_pretrained(folder)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("reparam", [None, "mlp"])
def test_the_precision_comes_back_and_everything_trains(dtype, reparam, tmp_path):
    _, prefix = attached(reparam=reparam)
    prefix.to(dtype).save_pretrained(tmp_path)
    again = pl.Prefix.from_pretrained(tmp_path)
    assert {p.dtype for p in again.parameters()} == {dtype}
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), prefix.parameters(), strict=True))
    assert all(p.requires_grad and p.device.type == "cpu" for p in again.parameters())


def test_numpys_integers_are_saved_as_integers(tmp_path):
    prefix = pl.attach(build("llama"), length=numpy.int64(3), reparam="mlp", hidden=numpy.int32(8))
    record = json.loads((prefix.save_pretrained(tmp_path) / "prefix.json").read_text())
    assert (record["length"], record["hidden"]) == (3, 8)
    assert pl.Prefix.from_pretrained(tmp_path).config == prefix.config
    with pytest.raises(ValueError, match=r"length must be an integer of at least 1, got np.float64\(3.0\)"):
        pl.attach(build("llama"), length=numpy.float64(3))


def test_every_file_is_on_the_disk_before_its_name_points_at_it(tmp_path, monkeypatch):
    """Without the fsync a power cut can leave an empty file under the new name; the tensors come before the JSON."""
    calls, fsync, replace = [], os.fsync, os.replace

    def recorded_fsync(descriptor):
        calls.append(("fsync", Path(os.readlink(f"/proc/self/fd/{descriptor}")).name, os.fstat(descriptor).st_size))
        return fsync(descriptor)

    def recorded_replace(source, target):
        calls.append(("replace", Path(source).name, Path(target).name))
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    folder = attached()[1].save_pretrained(tmp_path)
    assert [call[0] for call in calls] == ["fsync", "replace", "fsync", "replace"]
    for synced, renamed in (calls[:2], calls[2:]):
        assert synced[1] == renamed[1]  # the same temporary file
        assert synced[2] == (folder / renamed[2]).stat().st_size > 0  # flushed to the last byte
    assert [call[2] for call in calls[1::2]][0].endswith(".safetensors")
    assert calls[3][2] == "prefix.json"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_checkpoint_and_no_other_file(call, tmp_path, monkeypatch):
    _, prefix = attached()
    prefix.save_pretrained(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    shake(prefix, seed=8)
    monkeypatch.setattr(os, call, lambda *args: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        prefix.save_pretrained(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_values_that_are_not_here_are_not_saved(tmp_path):
    _, prefix = attached()
    with pytest.raises(ValueError, match=r"keys.0 has no values here \(it is on the meta device\)"):
        prefix.to("meta").save_pretrained(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match="folder must be a directory, got the file"):
        pl.Prefix.from_pretrained(tmp_path / "file")
    with pytest.raises(FileNotFoundError, match="give the folder that a prefix was saved into"):
        pl.Prefix.from_pretrained(tmp_path / "none")


def test_a_name_where_there_is_none_is_refused(tmp_path):
    attached()[1].save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="name must be one of prefix, which .* holds, got 'polite'"):
        pl.Prefix.from_pretrained(tmp_path, "polite")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no prefix 'polite'"):
        pl.Prefix.from_pretrained(tmp_path / "empty", "polite")


def test_a_name_that_leaves_the_folder_is_not_followed(tmp_path):
    folder = attached()[1].save_pretrained(tmp_path / "inner")
    path = folder / "prefix.json"
    record = json.loads(path.read_text())
    (folder / record["weights"]).rename(tmp_path / record["weights"])
    path.write_text(json.dumps(record | {"weights": f"../{record['weights']}"}))
    with pytest.raises(FileNotFoundError):
        pl.Prefix.from_pretrained(folder)


# --- PEFT --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kinds"), [("gpt2", None), ("llama", None), ("bert", None), ("t5", ("decoder",))])
def test_pefts_files_and_back_hold_the_same_tensors(name, kinds, tmp_path):
    model, prefix = attached(name, kinds=kinds)
    prefix.to_peft(tmp_path)
    again = pl.Prefix.from_pretrained(tmp_path)  # which sees whose folder it is
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), pl.Prefix.from_peft(tmp_path).parameters()))
    pl.detach(model)
    pl.attach(model, tmp_path)
    pl.detach(model)
    pl.attach(model, again)
    assert again.config.sites == prefix.config.sites
    for ours, theirs in zip(again.pairs(), prefix.pairs()):
        assert torch.equal(ours[0], theirs[0])
        assert torch.equal(ours[1], theirs[1])


@pytest.mark.parametrize(
    ("cls", "task"),
    [
        ("LlamaForCausalLM", "CAUSAL_LM"),
        ("GPT2LMHeadModel", "CAUSAL_LM"),
        ("BertForSequenceClassification", "SEQ_CLS"),
        ("BertForTokenClassification", "TOKEN_CLS"),
        ("BertForQuestionAnswering", "QUESTION_ANS"),
        ("T5ForConditionalGeneration", "SEQ_2_SEQ_LM"),
        ("BertForMaskedLM", "FEATURE_EXTRACTION"),
        (None, "FEATURE_EXTRACTION"),
    ],
)
def test_peft_is_told_the_task_of_the_model_s_class(cls, task, tmp_path):
    site = pl.Site("a", "decoder", 2, 4, 4)
    assert pl.Prefix(pl.PrefixConfig(3, (site,), base={"class": cls})).to_peft(tmp_path) == tmp_path
    told = json.loads((tmp_path / "adapter_config.json").read_text())
    assert told["task_type"] == task
    assert told["num_transformer_submodules"] == (2 if task == "SEQ_2_SEQ_LM" else 1)
    assert (told["num_layers"], told["num_attention_heads"], told["token_dim"]) == (1, 2, 8)
    assert told["encoder_hidden_size"] == 8
    assert told["inference_mode"]


@pytest.mark.parametrize(
    "sites",
    [
        (pl.Site("a", "decoder", 2, 4, 4), pl.Site("b", "decoder", 1, 4, 4)),
        (pl.Site("a", "decoder", 2, 4, 4), pl.Site("b", "decoder", 2, 8, 8)),
        (pl.Site("a", "decoder", 2, 4, 6),),
    ],
)
def test_peft_knows_one_shape_of_keys_and_values(sites, tmp_path):
    with pytest.raises(ValueError, match="sites of different shapes"):
        pl.Prefix(pl.PrefixConfig(3, sites)).to_peft(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kinds", [("encoder",), ("cross",), ("decoder", "cross"), None])
def test_what_peft_cannot_express_is_refused_with_the_reason(kinds, tmp_path):
    _, prefix = attached("t5", kinds=kinds)
    with pytest.raises(ValueError, match="the decoder's self-attention only"):
        prefix.to_peft(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_peft_knows_no_prefix_at_two_kinds_of_any_model(tmp_path):
    sites = (pl.Site("a", "encoder", 2, 4, 4), pl.Site("b", "decoder", 2, 4, 4))
    with pytest.raises(ValueError, match="the decoder's self-attention only"):
        pl.Prefix(pl.PrefixConfig(3, sites)).to_peft(tmp_path)


def test_an_mlp_goes_to_peft_as_the_keys_and_values_it_computes(tmp_path):
    model, prefix = attached("gpt2", reparam="mlp")
    prefix.to_peft(tmp_path)
    prefix.materialize()
    pl.detach(model)
    again = pl.Prefix.from_peft(tmp_path)
    for ours, theirs in zip(again.pairs(), prefix.pairs()):
        torch.testing.assert_close(ours, theirs)


def test_files_of_another_peft_method_are_refused(tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    with pytest.raises(ValueError, match="holds 'LORA', but only PREFIX_TUNING"):
        pl.Prefix.from_peft(tmp_path)


def test_a_pickled_peft_checkpoint_is_never_read(tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "PREFIX_TUNING"}')
    (tmp_path / "adapter_model.bin").write_bytes(b"pickle")
    with pytest.raises(FileNotFoundError, match="pickled .bin files are never read"):
        pl.Prefix.from_peft(tmp_path)


def test_tensors_beside_the_prefix_in_pefts_file_are_refused_by_name(tmp_path):
    attached("gpt2")[1].to_peft(tmp_path)
    tensors = load_file(tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_model.safetensors").write_bytes(save(tensors | {"base_model.score.weight": torch.ones(2, 2)}))
    with pytest.raises(ValueError, match=r"holds score.weight beside the prefix.*prefix_lab.methods.load"):
        pl.Prefix.from_peft(tmp_path)


def test_pefts_folder_holds_one_prefix_without_a_name(tmp_path):
    attached("gpt2")[1].to_peft(tmp_path)
    with pytest.raises(ValueError, match="name must be None for PEFT's folder"):
        pl.Prefix.from_pretrained(tmp_path, "polite")


def test_pefts_tensors_that_do_not_fit_its_configuration_are_refused(tmp_path):
    attached("gpt2")[1].to_peft(tmp_path)
    path = tmp_path / "adapter_config.json"
    path.write_text(path.read_text().replace('"num_layers": 2', '"num_layers": 3'))
    with pytest.raises(ValueError, match="adapter_model.safetensors and adapter_config.json do not hold one prefix"):
        pl.Prefix.from_peft(tmp_path)


def test_a_peft_prefix_of_another_shape_is_refused_at_attach(tmp_path):
    attached("gpt2")[1].to_peft(tmp_path)
    with pytest.raises(ValueError, match="attach it to a model of the same shape"):
        pl.attach(build("llama"), pl.Prefix.from_peft(tmp_path))


@pytest.mark.parametrize("rank", [0, 1])
def test_of_several_processes_the_first_writes_and_the_others_wait_until_it_has(rank, monkeypatch):
    calls = []
    monkeypatch.setattr("torch.distributed.get_rank", lambda: rank)
    monkeypatch.setattr("torch.distributed.barrier", lambda: calls.append("barrier"))
    part = SimpleNamespace(full_tensor=None)
    with checkpoint.first_process({"keys.0": torch.ones(1), "keys.1": part}) as first:
        calls.append(first)
    with pytest.raises(ZeroDivisionError), checkpoint.first_process({"keys.0": part}):
        raise ZeroDivisionError
    assert calls == [rank == 0, "barrier", "barrier"]
    with checkpoint.first_process({"keys.0": torch.ones(1)}) as first:
        assert first
    assert len(calls) == 3


def test_a_prefix_whose_tensors_are_gone_already_is_removed_too(tmp_path):
    site = pl.Site("a", "decoder", 2, 4, 4)
    pl.Prefix(pl.PrefixConfig(3, (site,))).save_pretrained(tmp_path)
    (weights,) = tmp_path.glob("*.safetensors")
    weights.unlink()
    checkpoint.remove(tmp_path / "prefix.json")
    assert list(tmp_path.iterdir()) == []
