"""The loop: it trains the prefix, nothing else, and says so when it cannot."""

import pytest
import torch
from families import FAMILIES, VOCAB, build, inputs_for, output_of, shake

import prefix_lab as pl
from prefix_lab.training import collate, encode, evaluate, loader, rate


def rows(count=24, seed=0):
    draw = torch.Generator().manual_seed(seed)
    sample = torch.randint(3, VOCAB, (count, 8), generator=draw).tolist()
    return [{"input_ids": ids, "labels": [-100] * 3 + ids[3:]} for ids in sample]


# --- only the prefix changes -------------------------------------------------------------------------------------


def base_tensors(model):
    return {k: v.clone() for k, v in model.state_dict().items() if not k.startswith("attached_prefixes")}


@pytest.mark.parametrize("reparam", [None, "mlp"])
@pytest.mark.parametrize("name", FAMILIES)
def test_one_step_after_an_evaluation_pass_moves_all_of_the_prefix_and_none_of_the_base(name, reparam):
    model = build(name).train()
    prefix = shake(pl.attach(model, length=3, reparam=reparam), size=0.3)
    base, before = base_tensors(model), [p.detach().clone() for p in prefix.parameters()]
    inputs = inputs_for(model)
    with torch.no_grad():  # peers have cached the prefix here, and then trained nothing
        output_of(model, inputs)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.1)
    output_of(model, inputs).float().square().sum().backward()
    optimizer.step()
    for (parameter_name, now), then in zip(prefix.named_parameters(), before):
        assert not torch.equal(now, then), parameter_name
    for tensor_name, tensor in base_tensors(model).items():
        if "running" not in tensor_name:
            assert torch.equal(tensor, base[tensor_name]), tensor_name


def test_trainer_moves_all_of_the_prefix_and_none_of_the_base(tmp_path):
    from transformers import Trainer, TrainingArguments

    model = build("gpt2")
    prefix = shake(pl.attach(model, length=3))
    base, before = base_tensors(model), [p.detach().clone() for p in prefix.parameters()]
    arguments = TrainingArguments(
        tmp_path, max_steps=2, learning_rate=0.1, use_cpu=True, report_to=[], save_strategy="no", disable_tqdm=True
    )
    trainer = Trainer(model, arguments, train_dataset=rows(), data_collator=lambda r: collate(r, 0))
    trainer.evaluate(rows(8, seed=1))
    trainer.train()
    assert all(not torch.equal(a, b) for a, b in zip(before, prefix.parameters()))
    assert all(torch.equal(base[k], v) for k, v in base_tensors(model).items())


def test_fit_moves_all_of_the_prefix_and_none_of_the_base():
    model = build("gpt2")
    prefix = pl.attach(model, length=3)
    base, before = base_tensors(model), [p.detach().clone() for p in prefix.parameters()]
    pl.fit(model, rows(), steps=3, progress=False, validation=rows(8, seed=1), every=1)
    assert all(not torch.equal(a, b) for a, b in zip(before, prefix.parameters()))
    assert all(torch.equal(base[k], v) for k, v in base_tensors(model).items())


# --- the loop ----------------------------------------------------------------------------------------------------


def test_the_loss_falls_and_the_history_tells_it():
    model = build("gpt2")
    pl.attach(model, length=8, reparam="mlp")
    repeated = [{"input_ids": [5, 6, 7, 8], "labels": [-100, 6, 7, 8]}] * 16
    history = pl.fit(model, repeated, steps=60, validation=repeated, every=20, progress=False)
    assert len(history.loss) == len(history.lr) == 60
    assert [step for step, _ in history.validation] == [20, 40, 60]
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert history.validation[-1][1] == pytest.approx(evaluate(model, repeated))
    assert history.seconds > 0


def test_within_autocast_every_step_sees_the_weights_of_the_step_before():
    """Autocast keeps its casts until its outermost block ends, so a loop inside one would train on stale weights."""
    model = build("gpt2")
    repeated = [{"input_ids": [5, 6, 7, 8], "labels": [-100, 6, 7, 8]}] * 16
    losses = {}
    for name, enabled in (("float32", False), ("bfloat16", True)):
        torch.manual_seed(0)
        pl.attach(model, length=8, reparam="mlp")
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            losses[name] = pl.fit(model, repeated, steps=60, progress=False).loss[-1]
        pl.detach(model)
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.1, abs=0.02)


def test_the_same_seed_gives_the_same_prefix_and_another_one_another():
    def train(seed):
        model = build("gpt2").train()
        torch.manual_seed(0)
        prefix = pl.attach(model, length=3)
        pl.fit(model, rows(), steps=4, seed=seed, progress=False)
        return torch.cat([p.detach().flatten() for p in prefix.parameters()])

    assert torch.equal(train(1), train(1))
    assert not torch.equal(train(1), train(2))


def test_fit_leaves_the_mode_the_random_state_and_no_gradient_behind():
    model = build("gpt2")
    prefix = pl.attach(model, length=3)
    torch.manual_seed(4)
    expected = torch.rand(1)
    torch.manual_seed(4)
    pl.fit(model, rows(), steps=2, progress=False)
    assert torch.equal(torch.rand(1), expected)
    assert not any(module.training for module in model.modules())
    assert all(p.grad is None for p in prefix.parameters())


def test_the_rate_rises_then_falls_to_almost_nothing():
    rates = [rate(step, 100, 0.1) for step in range(100)]
    assert max(rates) == rates[9] == 1.0
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] < 0.02
    assert all(r > 0 for r in rates)


def test_ready_batches_are_used_as_they_come():
    model = build("gpt2")
    pl.attach(model, length=3)
    batches = loader(model, rows(), batch_size=4)
    assert len(pl.fit(model, batches, steps=10, progress=False).loss) == 10  # more steps than batches


def test_an_encoder_decoder_trains_at_all_three_kinds():
    model = build("t5")
    prefix = pl.attach(model, length=3)
    before = [p.detach().clone() for p in prefix.parameters()]
    pl.fit(model, [{"input_ids": [5, 6, 7, 2], "labels": [8, 9, 2]}] * 8, steps=2, progress=False)
    assert all(not torch.equal(a, b) for a, b in zip(before, prefix.parameters()))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"batch_size": 1.5}, "batch_size must be"),
        ({"every": -1}, "every must be"),
    ],
)
def test_bad_settings_are_refused_by_name(settings, message):
    model = build("gpt2")
    pl.attach(model, length=3)
    with pytest.raises(ValueError, match=message):
        pl.fit(model, rows(), progress=False, **settings)


def test_a_model_with_nothing_to_train_is_refused():
    model = build("gpt2").requires_grad_(False)
    with pytest.raises(ValueError, match="nothing to train; call prefix_lab.attach"):
        pl.fit(model, rows())


def test_rows_without_text_or_tokens_are_refused_with_what_they_have():
    model = build("gpt2")
    pl.attach(model, length=3)
    with pytest.raises(ValueError, match=r"must have source and target.*got \['text'\]"):
        pl.fit(model, [{"text": "hello"}], progress=False)
    with pytest.raises(ValueError, match="holds no row"):
        pl.fit(model, [], progress=False)


def test_a_prefix_that_no_batch_uses_is_an_error():
    model = build("gpt2")
    prefixes = {}
    for name in ("used", "idle"):
        prefixes[name] = pl.attach(model, length=3)
        pl.detach(model)
    pl.attach(model, prefixes)
    with pl.select(model, "used"), pytest.raises(ValueError, match="no gradient reached attached_prefixes.prefixes.1"):
        pl.fit(model, rows(), progress=False)


def test_a_loss_that_is_not_finite_stops_the_loop_and_names_the_step():
    model = build("gpt2")
    pl.attach(model, length=3)
    with torch.no_grad():
        model.transformer.ln_f.weight.fill_(float("nan"))
    with pytest.raises(ValueError, match="the loss is nan at step 1; lower lr="):
        pl.fit(model, rows(), progress=False)


# --- rows to batches ---------------------------------------------------------------------------------------------


def test_the_loss_is_on_the_target_and_its_end_alone():
    _, tokenizer = pl.load_base("lab-gpt")
    row = {"source": "name = Anchor Inn", "target": "The Anchor Inn."}
    encoded = encode(row, tokenizer)
    kept = [token for token, label in zip(encoded["input_ids"], encoded["labels"]) if label != -100]
    assert tokenizer.decode(kept[:-1]) == row["target"]
    assert kept[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(encoded["input_ids"][:-1]) == row["source"] + row["target"]


def test_padding_is_masked_and_without_a_label():
    batch = collate([{"input_ids": [5, 6, 7], "labels": [5, 6, 7]}, {"input_ids": [8], "labels": [8]}], 0)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[5, 6, 7], [8, -100, -100]]


def test_evaluation_weighs_every_target_token_the_same():
    model = build("gpt2")
    data = rows(5)
    together = evaluate(model, data, batch_size=5)
    assert evaluate(model, data, batch_size=2) == pytest.approx(together, rel=1e-5)
