"""A model with its prefix on disk and in other processes: both come back, whoever saves them."""

import copy
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
import transformers as tf
from families import build, inputs_for, output_of, shake
from safetensors.torch import save_file

import prefix_lab as pl
from prefix_lab import checkpoint, saving

ROOT = Path(__file__).resolve().parent.parent


def attached(name="llama", seed=2, **settings):
    model = build(name)
    return model, shake(pl.attach(model, length=3, **settings), size=0.5, seed=seed)


def reloaded(model, folder):
    """The base in a folder, and what loading it had to say."""
    return type(model).from_pretrained(folder, output_loading_info=True)


def same(prefix, other) -> bool:
    mine, theirs = prefix.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


# --- model.save_pretrained ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reparam", [None, "mlp"])
@pytest.mark.parametrize("name", ["llama", "gpt2", "t5", "bert", "clip", "vit", "bloom", "gptj"])
def test_saving_the_model_saves_base_and_prefix_so_that_both_come_back(name, reparam, tmp_path):
    model, prefix = attached(name, reparam=reparam)
    inputs = inputs_for(model)
    want = output_of(model, inputs)
    model.save_pretrained(tmp_path)
    base, info = reloaded(model, tmp_path)
    assert (info["unexpected_keys"], info["missing_keys"]) == (set(), set())
    assert not hasattr(base, "attached_prefixes")
    again = pl.attach(base.eval(), tmp_path)
    assert same(prefix, again)
    assert torch.equal(output_of(base, inputs), want)
    assert same(prefix, pl.Prefix.from_pretrained(tmp_path))
    pl.detach(model)
    pl.detach(base)
    assert all(torch.equal(a, base.state_dict()[n]) for n, a in model.state_dict().items())


def test_a_prefix_beside_its_base_is_that_bases_and_beside_another_it_is_told_of(tmp_path):
    model = build("gpt2")
    model.config._name_or_path = "one/base"
    pl.attach(model, length=2)
    model.save_pretrained(tmp_path)
    base, _ = reloaded(model, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pl.attach(base, tmp_path)
    pl.detach(base)
    base.config._name_or_path = "other/base-2"
    with pytest.warns(UserWarning, match="was made for 'base', and model is 'base-2'"):
        pl.attach(base, tmp_path)


def test_the_saved_base_is_the_file_that_the_bare_model_writes(tmp_path):
    build("llama").save_pretrained(tmp_path / "bare")
    attached()[0].save_pretrained(tmp_path / "both")
    for name in ("config.json", "generation_config.json", "model.safetensors"):
        assert (tmp_path / "bare" / name).read_bytes() == (tmp_path / "both" / name).read_bytes()
    both = {path.name.partition("-")[0] for path in (tmp_path / "both").iterdir()}
    assert both - {path.name for path in (tmp_path / "bare").iterdir()} == {"prefix.json", "prefix"}


def test_several_prefixes_come_back_by_name(tmp_path):
    model, one = attached()
    pl.detach(model)
    names = ("polite", "a/b: %2F ü", "prefix", ".")
    prefixes = {name: shake(pl.Prefix(one.config), seed=seed) for seed, name in enumerate(names)}
    pl.attach(model, prefixes)
    model.save_pretrained(tmp_path)
    base, info = reloaded(model, tmp_path)
    assert info["unexpected_keys"] == set()
    found = pl.attach(base, str(tmp_path))
    assert set(found) == set(names)
    assert all(same(found[name], prefixes[name]) for name in names)
    assert all(same(pl.Prefix.from_pretrained(tmp_path, name), prefixes[name]) for name in names)
    with pytest.raises(ValueError, match=r"name must be one of .*polite.*, which .* holds, got None|got 'rude'"):
        pl.Prefix.from_pretrained(tmp_path, "rude")


def test_one_of_several_must_be_named(tmp_path):
    model, one = attached()
    pl.detach(model)
    pl.attach(model, {"a": one, "b": pl.Prefix(one.config)})
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="name must be one of a, b, which .* holds, got None"):
        pl.Prefix.from_pretrained(tmp_path)


def test_one_named_prefix_needs_no_name(tmp_path):
    model, one = attached()
    pl.detach(model)
    pl.attach(model, {"polite": one})
    model.save_pretrained(tmp_path)
    assert same(pl.Prefix.from_pretrained(tmp_path), one)
    assert list(saving.stored(tmp_path)) == ["polite"]


def test_saving_again_leaves_no_prefix_of_before(tmp_path):
    model, one = attached()
    model.save_pretrained(tmp_path)
    pl.detach(model)
    pl.attach(model, {"a": one, "b": one})
    model.save_pretrained(tmp_path)
    assert set(checkpoint.prefixes_in(tmp_path)) == {"a", "b"}
    assert not list(tmp_path.glob("prefix-*.safetensors"))
    pl.detach(model)
    pl.attach(model, shake(one, seed=9))
    model.save_pretrained(tmp_path)
    assert set(checkpoint.prefixes_in(tmp_path)) == {"prefix"}
    assert same(pl.Prefix.from_pretrained(tmp_path), one)


def test_a_name_that_no_folder_can_have_is_refused_before_anything_is_written(tmp_path):
    model, one = attached()
    pl.detach(model)
    pl.attach(model, {"": one})
    with pytest.raises(ValueError, match="name must be a text of at least one character to be saved, got ''"):
        model.save_pretrained(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_after_detach_the_model_saves_as_before(tmp_path):
    model, _ = attached()
    pl.detach(model)
    assert "save_pretrained" not in vars(model)
    model.save_pretrained(tmp_path)
    assert not checkpoint.prefixes_in(tmp_path)


def test_a_state_dict_that_was_gathered_elsewhere_is_what_is_written(tmp_path):
    model, prefix = attached()
    state = {name: tensor + 1 for name, tensor in model.state_dict().items()}
    want = {name: tensor + 1 for name, tensor in prefix.state_dict().items()}
    model.save_pretrained(tmp_path, state_dict=state)
    found = pl.Prefix.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in want.items())
    base, info = reloaded(model, tmp_path)
    assert info["unexpected_keys"] == set()
    assert torch.equal(base.state_dict()["model.norm.weight"], state["model.norm.weight"])


def test_a_process_that_is_not_the_main_one_writes_nothing(tmp_path):
    model, prefix = attached()
    model.save_pretrained(tmp_path, is_main_process=False)
    prefix.save_pretrained(tmp_path, is_main_process=False)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_the_base_is_written_leaves_the_prefix_on_the_model(tmp_path, monkeypatch):
    model, prefix = attached()
    monkeypatch.setattr(tf.PreTrainedModel, "save_pretrained", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.save_pretrained(tmp_path)
    assert model.attached_prefixes.prefixes[0] is prefix
    assert pl.detach(model) is prefix


def test_a_pipeline_saves_both(tmp_path):
    model, tokenizer = pl.load_base("lab-gpt")
    prefix = pl.attach(model, length=2)
    tf.pipeline("text-generation", model=model, tokenizer=tokenizer).save_pretrained(tmp_path)
    base, _ = pl.load_base(str(tmp_path))
    assert same(pl.attach(base, tmp_path), prefix)


# --- loading weights ---------------------------------------------------------------------------------------------


def test_the_folder_of_a_run_names_its_checkpoints(tmp_path):
    for step in (2, 10, 4):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r"give one of its checkpoints, such as .*checkpoint-10"):
        pl.Prefix.from_pretrained(tmp_path)


def test_a_bases_weights_without_a_prefix_are_warned_about():
    model, prefix = attached()
    base, before = build("llama").state_dict(), copy.deepcopy(prefix)
    with pytest.warns(UserWarning, match="hold no prefix, so the attached one is as it was; call .*restore"):
        model.load_state_dict(base, strict=False)
    assert same(prefix, before)
    model.load_state_dict(model.state_dict())  # with the prefix: nothing to say
    with pytest.raises(
        RuntimeError, match="Missing key.*embed_tokens"
    ):  # what is frozen is missed by all but a Trainer
        model.load_state_dict({n: t for n, t in model.state_dict().items() if "attached" in n})
    pl.detach(model)
    model.load_state_dict(base)


def test_tensors_of_several_prefixes_go_by_their_names():
    model, one = attached()
    pl.detach(model)
    pl.attach(model, {"b.c": one, "a": shake(pl.Prefix(one.config), seed=4)})
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    want = pl.detach(model)
    again = {name: pl.Prefix(one.config) for name in ("a", "b.c")}  # in another order
    pl.attach(model, again)
    model.load_state_dict(state)
    assert all(same(want[name], again[name]) for name in want)
    assert [name for name, _ in model.attached_prefixes.named_parameters()] == [
        name.removeprefix("attached_prefixes.") for name in state if "attached" in name
    ]


def test_a_prefix_among_the_models_tensors_is_named(tmp_path):
    model, _ = attached()
    save_file({name: tensor.clone() for name, tensor in model.state_dict().items()}, tmp_path / "model.safetensors")
    with pytest.raises(FileNotFoundError, match="among the model's, without the prefix.json that describes them"):
        pl.Prefix.from_pretrained(tmp_path)
    build("gpt2").save_pretrained(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"prefix.json does not exist; give the folder"):
        pl.Prefix.from_pretrained(tmp_path)


# --- restore -----------------------------------------------------------------------------------------------------


def test_restore_fills_the_attached_prefix_in_place_or_changes_nothing(tmp_path):
    model, prefix = attached()
    prefix.save_pretrained(tmp_path / "short")
    saved = copy.deepcopy(prefix)
    parameters = list(prefix.parameters())
    shake(prefix, seed=7)
    saving.restore(model, tmp_path / "short")
    assert same(prefix, saved)
    assert all(a is b for a, b in zip(parameters, prefix.parameters()))
    pl.detach(model)
    longer = pl.attach(model, length=5)
    before = copy.deepcopy(longer)
    with pytest.raises(ValueError, match="holds length=3, .* but attached is length=5"):
        saving.restore(model, tmp_path / "short")
    assert same(longer, before)
    with pytest.raises(ValueError, match="no prefix attached"):
        saving.restore(build("llama"), tmp_path / "short")


# --- other processes ---------------------------------------------------------------------------------------------


FRESH = """
import pickle, sys, torch
model, inputs, want = torch.load(sys.argv[1], weights_only=False)
assert "prefix_lab" in sys.modules
with torch.no_grad():
    output = model(**inputs)
got = output.logits_per_text if "logits_per_text" in output else output.logits
assert torch.equal(got, want), (got - want).abs().max()
import prefix_lab
prefix_lab.detach(model)
assert "prefix" not in model.config._attn_implementation
"""


@pytest.mark.parametrize("name", ["llama", "t5", "clip", "gptj"])
def test_a_model_with_a_prefix_works_in_a_process_that_never_imported_the_package(name, tmp_path):
    model, _ = attached(name)
    inputs = inputs_for(model)
    with torch.no_grad():
        want = output_of(model, inputs)
    torch.save((model, inputs, want), tmp_path / "model.pt")
    command = [sys.executable, "-W", "ignore", "-c", FRESH, str(tmp_path / "model.pt")]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr


def _in_a_child(model, inputs, want, answer):
    with torch.no_grad():
        answer.put(bool(torch.equal(model(**inputs).logits, want)))


def test_a_spawned_process_gets_model_and_prefix():
    model, _ = attached()
    inputs = inputs_for(model)
    context = torch.multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    with torch.no_grad():
        want = model(**inputs).logits
    torch.multiprocessing.spawn(_child, (model, inputs, want, answer), nprocs=1)
    assert answer.get()


def _child(rank, *rest):
    _in_a_child(*rest)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_has_a_prefix_of_its_own_and_saves_that(again, tmp_path):
    model, prefix = attached()
    inputs = inputs_for(model)
    want = output_of(model, inputs)
    other = again(model)
    assert torch.equal(output_of(other, inputs), want)
    mine = other.attached_prefixes.prefixes[0]
    shake(mine, seed=11)
    assert not torch.equal(output_of(other, inputs), want)
    assert torch.equal(output_of(model, inputs), want)
    other.save_pretrained(tmp_path)
    assert same(pl.Prefix.from_pretrained(tmp_path), mine)
    assert pl.detach(other) is mine
    assert pl.detach(model) is prefix


def test_a_configuration_copied_while_attached_builds_a_model_of_its_own(tmp_path):
    model, _ = attached()
    inputs = inputs_for(model)
    config = model.config
    for one in (copy.deepcopy(config), pickle.loads(pickle.dumps(config)), type(config).from_dict(config.to_dict())):
        assert "prefix" not in str(one._attn_implementation)
        assert "prefix|" not in one.to_json_string()
        type(model)(one)(**inputs)
    before = output_of(model, inputs)
    other = type(model)(config).eval()  # not even copied
    other.load_state_dict({n: t for n, t in model.state_dict().items() if "attached_prefixes" not in n})
    assert torch.equal(output_of(model, inputs), before)
    bare = output_of(other, inputs)
    pl.detach(model)
    assert torch.equal(output_of(model, inputs), bare)


def test_a_configuration_pickled_while_attached_needs_no_package():
    model, _ = attached()
    code = "import pickle, sys; c = pickle.load(sys.stdin.buffer); assert 'prefix_lab' not in sys.modules; "
    code += "import transformers; transformers.LlamaForCausalLM(c)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], input=pickle.dumps(model.config), cwd="/")
    assert done.returncode == 0
