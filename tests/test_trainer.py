"""The library's Trainer trains what is attached or tuned: small checkpoints, from which it goes on bit for bit."""

import importlib.util
import sys
import types
from pathlib import Path

import pytest
import torch
import transformers as tf
from families import SIZES, T5, VOCAB, build, shake
from peft import LoraConfig, get_peft_model
from safetensors import safe_open

import prefix_lab as pl
from prefix_lab import checkpoint
from prefix_lab.methods import load, tune

DROPS = {"embd_pdrop": 0.1, "resid_pdrop": 0.1, "attn_pdrop": 0.1}  # so that the random numbers matter


class Rows(torch.utils.data.Dataset):
    def __init__(self, count=8, labels=None):
        draw = torch.Generator().manual_seed(0)
        self.ids = torch.randint(3, VOCAB, (count, 6), generator=draw)
        self.labels = self.ids if labels is None else torch.randint(labels, (count,), generator=draw)

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, index):
        return {"input_ids": self.ids[index], "labels": self.labels[index]}


def arguments(folder, cls=tf.TrainingArguments, **settings):
    usual = {"max_steps": 4, "save_steps": 2, "logging_steps": 1, "per_device_train_batch_size": 4}
    usual |= {"learning_rate": 0.1, "report_to": [], "disable_tqdm": True, "use_cpu": True}
    return cls(output_dir=folder, **usual | settings)


def trainer(model, folder, rows=None, **settings):
    rows = rows or Rows(labels=5 if "Sequence" in type(model).__name__ else None)
    return tf.Trainer(model, arguments(folder, **settings), train_dataset=rows, eval_dataset=rows)


def same(prefix, other) -> bool:
    mine, theirs = prefix.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def gpt2():
    torch.manual_seed(0)
    return tf.GPT2LMHeadModel(tf.GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=64, vocab_size=VOCAB, **DROPS))


def bert():
    torch.manual_seed(0)
    return tf.BertForSequenceClassification(tf.BertConfig(**SIZES, num_labels=5))


def attach(seed, **settings):
    model = gpt2()
    shake(pl.attach(model, length=3, **settings), size=0.5, seed=seed)
    return model


def several(seed):
    model = gpt2()
    one = pl.attach(model, length=3)
    pl.detach(model)
    names = ("b", "a.b", "prefix") if seed == 5 else ("prefix", "a.b", "b")  # in another order when it goes on
    pl.attach(model, {name: shake(pl.Prefix(one.config), size=0.5, seed=seed + i) for i, name in enumerate(names)})
    pl.select(model, "a.b").__enter__()
    return model


def tuned(seed, method, base=bert, **settings):
    model = base()
    torch.manual_seed(seed)
    tune(model, method, **settings)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.01 * torch.randn_like(p) if p.requires_grad else 0)
    return model


MADE = {
    "a prefix": lambda seed: attach(seed),
    "a prefix behind a network": lambda seed: attach(seed, reparam="mlp", hidden=8),
    "several prefixes": several,
    "a prefix and its base": lambda seed: attach(seed, freeze=False),
    "a prefix and a head": lambda seed: tuned(seed, "prefix", length=3, reparam=None),
    "lora": lambda seed: tuned(seed, "lora", gpt2),
    "lora and a head": lambda seed: tuned(seed, "lora"),
    "a tuned prefix and lora": lambda seed: tuned(seed, "prefix-lora", gpt2, length=3),
    "a prompt": lambda seed: tuned(seed, "prompt", gpt2),
    "the biases": lambda seed: tuned(seed, "bitfit", gpt2),
    "all weights": lambda seed: tuned(seed, "full", gpt2),
}
WHOLE = {"a prefix and its base", "all weights"}


@pytest.fixture(scope="module", params=MADE)
def run(request, tmp_path_factory):
    """A run of four steps with checkpoints after two and four: what was made, the model at its end, the folder."""
    folder = tmp_path_factory.mktemp("run")
    model = MADE[request.param](5)
    trainer(model, folder, save_total_limit=3).train()
    return request.param, model, folder


def trained(model):
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def test_a_checkpoint_holds_what_trains_and_leaves_the_frozen_base_out(run):
    made, model, folder = run
    with safe_open(folder / "checkpoint-2" / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert set(trained(model)) <= names if made in WHOLE else set(trained(model)) == names
    moments = torch.load(folder / "checkpoint-2" / "optimizer.pt")["state"]
    reached = [p for name, p in trained(model).items() if made != "several prefixes" or "prefix_a%2Eb" in name]
    assert sum(m["exp_avg"].numel() for m in moments.values()) == sum(p.numel() for p in reached)


def test_a_run_goes_on_from_a_checkpoint_bit_for_bit(run, tmp_path, caplog):
    made, whole, folder = run
    again = MADE[made](6)
    trainer(again, tmp_path).train(resume_from_checkpoint=str(folder / "checkpoint-2"))  # another run's folder, too
    assert all(torch.equal(p, whole.get_parameter(name)) for name, p in again.named_parameters())
    assert made in WHOLE or "missing keys" not in caplog.text


def test_nobody_takes_what_a_checkpoint_leaves_out_for_random_weights(run):
    made, model, folder = run
    cls = type(model)
    if made in WHOLE:
        base, info = cls.from_pretrained(folder / "checkpoint-4", output_loading_info=True)
        assert info["missing_keys"] == set()
        assert all("attached_prefixes" in name for name in info["unexpected_keys"])
        assert all(torch.equal(p, model.get_parameter(name)) for name, p in base.named_parameters())
        return
    for one in (cls, tf.AutoModel):
        with pytest.raises(OSError, match="frozen-base-not-in-this-checkpoint"):
            one.from_pretrained(folder / "checkpoint-4")
    assert tf.AutoConfig.from_pretrained(folder / "checkpoint-4").model_type == model.config.model_type


@pytest.mark.filterwarnings("ignore:.* also holds the task's head")
def test_load_puts_a_checkpoint_on_a_bare_base(run):
    made, model, folder = run
    bare = (bert if isinstance(model, tf.BertForSequenceClassification) else gpt2)()
    if made in WHOLE:
        bare = type(bare).from_pretrained(folder / "checkpoint-4")
        if made == "all weights":
            return
        pl.attach(bare, folder / "checkpoint-4")
    else:
        load(bare, folder / "checkpoint-4")
    inputs = {"input_ids": Rows().ids[:2]}
    name = "a.b" if made == "several prefixes" else None
    with torch.no_grad():
        if name:
            with pl.select(bare.eval(), name), pl.select(model.eval(), name):
                assert torch.equal(bare(**inputs).logits, model(**inputs).logits)
        else:
            assert torch.equal(bare.eval()(**inputs).logits, model.eval()(**inputs).logits)


def test_the_final_model_is_a_whole_base_with_what_was_added_beside_it(run, tmp_path):
    made, model, folder = run
    trainer(model, folder).save_model(str(tmp_path))
    base, info = type(model).from_pretrained(tmp_path, output_loading_info=True)
    assert (info["unexpected_keys"], info["missing_keys"]) == (set(), set())
    if "lora" in made or made == "a prompt":
        load(base, tmp_path)
    elif "prefix" in made:
        pl.attach(base, tmp_path)
    inputs = {"input_ids": Rows().ids[:2]}
    if made == "several prefixes":
        pl.select(base, "a.b").__enter__()
    with torch.no_grad():
        assert torch.equal(base.eval()(**inputs).logits, model.eval()(**inputs).logits)


def test_a_prefix_is_read_from_a_checkpoint_by_itself(tmp_path):
    model = attach(5)
    trainer(model, tmp_path).train()
    prefix = model.attached_prefixes.prefixes[0]
    assert same(pl.Prefix.from_pretrained(tmp_path / "checkpoint-4"), prefix)
    assert not same(pl.Prefix.from_pretrained(tmp_path / "checkpoint-2"), prefix)
    assert same(pl.attach(gpt2(), tmp_path / "checkpoint-4"), prefix)
    small = sum(path.stat().st_size for path in (tmp_path / "checkpoint-4").iterdir())
    assert small < 10 * sum(p.numel() * 4 for p in prefix.parameters()) + 30_000


def test_what_trained_besides_a_prefix_is_not_left_behind_in_silence(tmp_path):
    model = attach(5)
    model.transformer.ln_f.requires_grad_(True)
    trainer(model, tmp_path, max_steps=2).train()
    with pytest.warns(UserWarning, match="also holds the task's head transformer.ln_f.bias, transformer.ln_f.weight"):
        pl.Prefix.from_pretrained(tmp_path / "checkpoint-2")
    with pytest.raises(ValueError, match="holds transformer.ln_f.bias.*, which GPT2LMHeadModel does not take"):
        load(gpt2(), tmp_path / "checkpoint-2")


@pytest.mark.parametrize("made", ["a prefix", "a prefix and a head", "lora", "a prefix and its base"])
def test_the_best_weights_are_those_at_the_end(made, tmp_path):
    model, seen = MADE[made](5), {}

    class Look(tf.TrainerCallback):
        def on_save(self, args, state, control, model=None, **kwargs):
            seen[state.global_step] = {name: p.detach().clone() for name, p in trained(model).items()}

    settings = {"eval_strategy": "steps", "eval_steps": 2, "load_best_model_at_end": True}
    settings |= {"metric_for_best_model": "eval_loss", "greater_is_better": True}  # the worst: not the last
    run = trainer(model, tmp_path, learning_rate=0.3 if made == "lora" else 0.01, **settings)
    run.add_callback(Look())
    run.train()
    best = int(run.state.best_model_checkpoint.rpartition("-")[2])
    assert seen.keys() == {2, 4}
    assert all(torch.equal(p, seen[best][name]) for name, p in trained(model).items())
    assert any(not torch.equal(p, seen[6 - best][name]) for name, p in trained(model).items())


def test_a_users_own_save_during_the_run_is_a_whole_model(tmp_path):
    model = attach(5)

    class Save(tf.TrainerCallback):
        def on_step_end(self, args, state, control, model=None, **kwargs):
            model.save_pretrained(tmp_path / "mine")

    run = trainer(model, tmp_path / "run", max_steps=1)
    run.add_callback(Save())
    run.train()
    _, info = tf.GPT2LMHeadModel.from_pretrained(tmp_path / "mine", output_loading_info=True)
    assert (info["unexpected_keys"], info["missing_keys"]) == (set(), set())


def test_a_trainer_that_was_made_before_the_prefix_knows_it_as_well(tmp_path):
    model = gpt2()
    run = trainer(model, tmp_path)
    prefix = pl.attach(model, length=3)
    run.train()
    assert same(pl.Prefix.from_pretrained(tmp_path / "checkpoint-4"), prefix)
    with safe_open(tmp_path / "checkpoint-4" / "model.safetensors", "pt") as file:
        assert set(file.keys()) == set(trained(model))


def test_after_detach_and_undo_checkpoints_are_the_librarys_own(tmp_path):
    model = attach(5)
    pl.detach(model)
    tune(model, "lora").undo()
    model.requires_grad_(True)
    assert "save_pretrained" not in vars(model)
    trainer(model, tmp_path, max_steps=2).train()
    trainer(model, tmp_path, max_steps=3).train(resume_from_checkpoint=True)
    assert not checkpoint.prefixes_in(tmp_path / "checkpoint-2")
    _, info = tf.GPT2LMHeadModel.from_pretrained(tmp_path / "checkpoint-2", output_loading_info=True)
    assert info["missing_keys"] == set()


def test_one_of_a_prefix_and_a_tuning_stays_when_the_other_goes(tmp_path):
    model = gpt2()
    tuning = tune(model, "lora")
    pl.attach(model, length=2, freeze=False)
    pl.detach(model)
    model.save_pretrained(tmp_path / "a")
    assert (tmp_path / "a" / "tuning.json").is_file()
    pl.attach(model, length=2, freeze=False)
    tuning.undo()
    model.save_pretrained(tmp_path / "b")
    assert not (tmp_path / "b" / "tuning.json").exists()
    assert list(checkpoint.prefixes_in(tmp_path / "b")) == ["prefix"]


# --- beside PEFT's wrapper ---------------------------------------------------------------------------------------


def with_lora(seed):
    torch.manual_seed(seed)
    model = get_peft_model(build("llama"), LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    return model, shake(pl.attach(model.get_base_model(), length=3, freeze=False), size=0.5, seed=seed)


def test_beside_pefts_adapters_the_prefix_is_in_the_checkpoint_too(tmp_path):
    whole, want = with_lora(5)
    trainer(whole, tmp_path).train()
    assert same(pl.Prefix.from_pretrained(tmp_path / "checkpoint-4"), want)
    again, prefix = with_lora(6)
    run = trainer(again, tmp_path, **{"eval_strategy": "steps", "eval_steps": 2, "load_best_model_at_end": True})
    run.train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    assert same(pl.Prefix.from_pretrained(run.state.best_model_checkpoint), prefix)
    lora = [name for name, _ in whole.named_parameters() if "lora_" in name]
    assert Path(run.state.best_model_checkpoint).name == "checkpoint-4"
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(prefix.parameters(), want.parameters()))
    assert all(torch.allclose(again.get_parameter(n), whole.get_parameter(n), atol=1e-5) for n in lora)


def test_adapters_without_the_prefix_that_belongs_to_them_are_warned_about(tmp_path):
    whole, _ = with_lora(5)
    trainer(whole, tmp_path).train()
    for path in (tmp_path / "checkpoint-2").glob("prefix*"):
        path.unlink()
    again, _ = with_lora(6)
    with pytest.warns(UserWarning, match=r"loaded adapters without a prefix .*call prefix_lab.saving.restore\(model"):
        trainer(again, tmp_path).train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))


# --- what else people ask of it ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.gradient_checkpointing. is deprecated:FutureWarning")
def test_accumulation_and_gradient_checkpointing_change_nothing_but_memory(tmp_path):
    ends = []
    for name, settings in {
        "plain": {"per_device_train_batch_size": 8},
        "both": {"gradient_accumulation_steps": 4, "per_device_train_batch_size": 2, "gradient_checkpointing": True},
    }.items():
        model = build("llama")
        prefix = shake(pl.attach(model, length=3), size=0.5)
        trainer(model, tmp_path / name, optim="sgd", max_steps=3, **settings).train()
        ends.append(prefix)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ends[0].parameters(), ends[1].parameters()))


def test_label_smoothing_is_taken_from_the_models_scores(tmp_path):
    model = build("llama")
    shake(pl.attach(model, length=3), size=0.5)
    ids = Rows(4).ids
    with torch.no_grad():
        scores = model(input_ids=ids).logits[:, :-1].flatten(0, 1)
    want = torch.nn.functional.cross_entropy(scores, ids[:, 1:].flatten(), label_smoothing=0.1)
    run = trainer(model, tmp_path, Rows(4), max_steps=1, label_smoothing_factor=0.1)
    run.train()
    assert run.state.log_history[0]["loss"] == pytest.approx(want.item(), abs=1e-4)


def test_a_seq2seq_trainer_generates_with_the_prefix_and_scores_what_it_wrote(tmp_path):
    torch.manual_seed(0)
    model = tf.T5ForConditionalGeneration(tf.T5Config(**T5)).eval()
    shake(pl.attach(model, length=3), size=2.0)
    rows, written = Rows(4), []

    def score(output):
        written.append(torch.as_tensor(output.predictions))
        return {"share": float((output.predictions[:, 1:6] == output.label_ids[:, :5]).mean())}

    settings = {"predict_with_generate": True, "generation_max_length": 6, "per_device_eval_batch_size": 4}
    settings |= {"eval_strategy": "steps", "eval_steps": 2, "load_best_model_at_end": True}
    run = tf.Seq2SeqTrainer(
        model,
        arguments(tmp_path, tf.Seq2SeqTrainingArguments, metric_for_best_model="share", **settings),
        train_dataset=rows,
        eval_dataset=rows,
        compute_metrics=score,
    )
    run.train()
    assert [line["eval_share"] for line in run.state.log_history if "eval_share" in line] != []
    assert run.evaluate()["eval_share"] == run.state.best_metric
    with torch.no_grad():
        want = model.eval().generate(input_ids=rows.ids, max_length=6)
        with pl.select(model, None):
            bare = model.generate(input_ids=rows.ids, max_length=6)
    assert torch.equal(written[-1][:, : want.shape[1]], want)
    assert want.shape != bare.shape or not torch.equal(want, bare)


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_runs_are_reported_to_tensorboard_and_to_wandb_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "board"))
    for name in ("tensorboard.compat.notf", "notf"):  # its own switch for doing without TensorFlow, slow to import
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    trainer(attach(5), tmp_path / "run", max_steps=2, report_to=["tensorboard", "wandb"]).train()
    import wandb
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    wandb.finish()
    (events,) = (tmp_path / "board").rglob("events.out.tfevents.*")
    board = EventAccumulator(str(events.parent)).Reload()
    assert [point.step for point in board.Scalars("train/loss")] == [1, 2]
    (stored,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    assert stored.stat().st_size > 0


@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="trl is not installed")
@pytest.mark.filterwarnings("ignore")
def test_trls_trainer_trains_the_prefix_from_texts(tmp_path):
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    model, tokenizer = pl.load_base("lab-gpt")
    prefix = pl.attach(model, length=3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    settings = arguments(tmp_path, SFTConfig, max_steps=2, learning_rate=0.01, max_length=32, bf16=False)
    rows = Dataset.from_list([{"prompt": "name[", "completion": "the Old Mill]"}] * 8)
    SFTTrainer(model, settings, train_dataset=rows, processing_class=tokenizer).train()
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {f"attached_prefixes.prefix.{name}" for name in prefix.state_dict()}
    assert same(pl.Prefix.from_pretrained(tmp_path / "checkpoint-2"), prefix)
