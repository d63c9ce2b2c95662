"""The loop: it trains the prefix, nothing else, and says so when it cannot."""

import math
from itertools import islice

import numpy as np
import pytest
import torch
from families import FAMILIES, VOCAB, build, inputs_for, output_of, shake

import prefix_lab as pl
from prefix_lab.training import collate, encode, endless, evaluate, loader, rate


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


def test_within_autocast_every_validation_sees_the_weights_of_its_step():
    """A cast that one validation leaves behind would be read again by the next, whose loss would never change."""
    model = build("gpt2")
    repeated = [{"input_ids": [5, 6, 7, 8], "labels": [-100, 6, 7, 8]}] * 16
    torch.manual_seed(0)
    pl.attach(model, length=8, reparam="mlp")
    with torch.autocast("cpu", torch.bfloat16):
        history = pl.fit(model, repeated, steps=40, validation=repeated, every=20, progress=False)
    first, last = (loss for _, loss in history.validation)
    assert last < first - 0.05


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
    before = [p.detach().clone() for p in model.parameters()]
    with pl.select(model, "used"), pytest.raises(ValueError, match="no gradient reached attached_prefixes.prefix_idle"):
        pl.fit(model, rows(), progress=False)
    assert all(p.grad is None for p in model.parameters())
    assert all(map(torch.equal, before, model.parameters()))


def stop_at(call):
    """A hook that interrupts the forward pass of this number."""
    calls = iter(range(1, call))

    def interrupt(*_):
        if next(calls, None) is None:
            raise KeyboardInterrupt

    return interrupt


@pytest.mark.parametrize("interrupted", [False, True])
def test_the_bar_shows_steps_and_loss_and_leaves_a_whole_line(interrupted, capsys):
    model = build("gpt2")
    pl.attach(model, length=3)
    if interrupted:
        model.register_forward_pre_hook(stop_at(3))
        with pytest.warns(UserWarning, match="stopped by Ctrl-C"):
            loss = pl.fit(model, rows(), steps=5).loss[-1]
    else:
        loss = pl.fit(model, rows(), steps=5).loss[-1]
    shown = capsys.readouterr().out
    assert shown.endswith("\n")
    assert f"{2 if interrupted else 5}/5" in shown
    assert f"loss {loss:.3f}" in shown
    assert f"{sum(p.numel() for p in model.parameters() if p.requires_grad):,} numbers: " in shown


def test_without_progress_nothing_is_printed(capsys):
    model = build("gpt2")
    pl.attach(model, length=3)
    pl.fit(model, rows(), steps=2, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_loss_that_is_not_finite_stops_the_loop_and_names_the_step():
    model = build("gpt2")
    pl.attach(model, length=3)
    with torch.no_grad():
        model.transformer.ln_f.weight.fill_(float("nan"))
    with pytest.raises(ValueError, match="the loss is nan at step 1; lower lr="):
        pl.fit(model, rows(), progress=False)


def by_hand(model, batches, lr, steps, warmup, max_norm, weight_decay):
    """What `fit` does, with AdamW, its schedule and its clipping written out."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    losses, rates = [], []
    model.train()
    rise = math.ceil(warmup * steps)
    for step in range(1, steps + 1):
        rates.append(lr * min(step / rise, (steps - step + 1) / (steps - rise + 1)))
        loss = model(**batches[(step - 1) % len(batches)]).loss
        gradients = torch.autograd.grad(loss, parameters)  # a fresh gradient at each step
        norm = torch.sqrt(sum(g.square().sum() for g in gradients))
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second):
                g = g * min(1.0, max_norm / (norm + 1e-6))
                m.lerp_(g, 0.1)
                v.lerp_(g.square(), 0.001)
                p.mul_(1 - rates[-1] * weight_decay)
                p -= rates[-1] * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
        losses.append(loss.item())
    return losses, rates


@pytest.mark.parametrize(
    "settings",
    [
        {"lr": 0.05, "warmup": 0.3, "max_norm": 100.0, "weight_decay": 0.0},
        {"lr": 0.05, "warmup": 0.5, "max_norm": 0.01, "weight_decay": 0.5},
    ],
)
def test_fit_is_the_loop_written_out_by_hand(settings):
    """Each step's gradient is that step's alone, clipped, at the scheduled rate."""
    ends, batches = [], [collate(rows(4, seed), 0) for seed in range(3)]
    for name in ("hand", "fit"):
        model = build("llama")
        prefix = shake(pl.attach(model, length=3))
        if name == "hand":
            losses, rates = by_hand(model, batches, steps=6, **settings)
        else:
            history = pl.fit(model, batches, steps=6, progress=False, **settings)
        ends.append(torch.cat([p.detach().flatten() for p in prefix.parameters()]))
    assert history.loss == pytest.approx(losses, rel=1e-4)
    assert history.lr == pytest.approx(rates)
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-3, atol=1e-4)


def test_the_defaults_are_those_of_the_paper_s_recipe():
    losses = []
    for settings in (
        {},
        {"lr": 5e-3, "weight_decay": 0.0, "warmup": 0.1, "max_norm": 1.0, "seed": 0, "batch_size": 16},
    ):
        model = build("gpt2")
        shake(pl.attach(model, length=3))
        losses.append(pl.fit(model, rows(), steps=3, progress=False, **settings).loss)
    assert losses[0] == losses[1]


@pytest.mark.parametrize("weight", [20.0, 0.01])
def test_several_batches_to_a_step_weigh_their_classes_as_one_batch_does(weight):
    batches = [collate(rows(2), 0), collate(rows(4, seed=1), 0)]
    whole = {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]}
    weights = torch.full((VOCAB,), 0.01)
    weights[: VOCAB // 2] = weight
    ends = []
    for data, accumulation in ((batches, 2), ([whole], 1)):
        model = build("llama")
        prefix = shake(pl.attach(model, length=3))
        settings = {"accumulation": accumulation, "class_weights": weights, "label_smoothing": 0.1, "max_norm": 0.1}
        history = pl.fit(model, data, steps=1, progress=False, **settings)
        ends.append((history.loss[0], torch.cat([p.detach().flatten() for p in prefix.parameters()])))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-5)
    torch.testing.assert_close(ends[0][1], ends[1][1], rtol=1e-4, atol=1e-4)


def test_gradients_from_before_do_not_count():
    def train(dirty):
        model = build("llama")
        prefix = shake(pl.attach(model, length=3))
        if dirty:
            for p in prefix.parameters():
                p.grad = torch.ones_like(p)
        pl.fit(model, rows(), steps=1, progress=False)
        return torch.cat([p.detach().flatten() for p in prefix.parameters()])

    assert torch.equal(train(dirty=False), train(dirty=True))


@pytest.mark.parametrize("stop", [0, 3])
def test_ctrl_c_returns_what_was_learnt_with_its_history(stop):
    model = build("llama")
    prefix = shake(pl.attach(model, length=3))
    before = [p.detach().clone() for p in prefix.parameters()]
    calls = []

    def interrupt(*_):
        calls.append(1)
        if len(calls) > stop:
            raise KeyboardInterrupt

    model.register_forward_pre_hook(interrupt)
    message = f"stopped by Ctrl-C after {stop} of steps=9; what was learnt so far is kept"
    with pytest.warns(UserWarning, match=message) as told:
        history = pl.fit(model, rows(), steps=9, progress=False)
    assert told[0].filename == __file__
    assert len(history.loss) == len(history.lr) == stop
    assert history.seconds > 0
    assert all(torch.equal(a, b) == (stop == 0) for a, b in zip(before, prefix.parameters()))
    assert all(p.grad is None for p in prefix.parameters())
    assert not model.training


def test_validation_comes_every_so_many_steps_and_at_the_end_in_evaluation_mode():
    model = build("gpt2")
    pl.attach(model, length=3)
    modes = []
    model.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    history = pl.fit(model, rows(8), steps=5, batch_size=8, every=2, validation=rows(4, seed=1), progress=False)
    assert [step for step, _ in history.validation] == [2, 4, 5]
    assert modes == [True, True, False, True, True, False, True, False]
    assert history.validation[-1][1] == evaluate(model, rows(4, seed=1))


def test_a_look_at_the_validation_rows_changes_nothing_that_is_learnt():
    losses = []
    for more in ({}, {"validation": rows(6, seed=1), "every": 1}):
        model = build("llama")
        shake(pl.attach(model, length=3))
        losses.append(pl.fit(model, rows(8), steps=6, batch_size=4, progress=False, **more).loss)
    assert losses[0] == losses[1]


def test_numpy_integers_are_integers():
    model = build("gpt2")
    pl.attach(model, length=3)
    numbers = {name: np.int64(2) for name in ("steps", "batch_size", "every", "seed", "max_length")}
    two = [{"input_ids": [5, 6], "labels": [5, 6]}] * 2
    assert len(pl.fit(model, two, validation=two, progress=False, **numbers).loss) == 2
    assert evaluate(model, two, np.int64(2)) == evaluate(model, two, 2)


def test_a_batch_without_labels_moves_nothing_and_the_next_one_does():
    model = build("llama")
    prefix = shake(pl.attach(model, length=3))
    before = torch.cat([p.detach().flatten() for p in prefix.parameters()])
    empty = collate([{"input_ids": [5, 6, 7], "labels": [-100] * 3}], 0)
    history = pl.fit(model, [empty, collate(rows(2), 0)], steps=2, progress=False)
    assert history.loss[0] == 0
    assert history.loss[1] > 0
    assert not torch.equal(before, torch.cat([p.detach().flatten() for p in prefix.parameters()]))
    now = [p.detach().clone() for p in prefix.parameters()]
    with pytest.raises(ValueError, match="labels must count for something, got -100 alone in all batches"):
        pl.fit(model, [empty], steps=2, progress=False)
    assert all(torch.equal(a, b) for a, b in zip(now, prefix.parameters()))


def test_rows_are_not_reordered_under_a_prefix_for_each_of_them():
    model = build("gpt2")
    prefix = pl.attach(model, length=3)
    pl.detach(model)
    pl.attach(model, {"one": prefix, "other": pl.Prefix(prefix.config)})
    with pl.select(model, ["one", "other"]):
        for call in (pl.fit, evaluate):
            with pytest.raises(ValueError, match=r"one, other"):
                call(model, rows(2))
    with pl.select(model, "one"):
        assert evaluate(model, rows(2)) > 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": True}, "steps must be an integer of at least 1, got True"),
        ({"max_length": 0}, "max_length must be an integer of at least 1, got 0"),
        ({"lr": -1}, "lr must be a number from 0 up, got -1"),
        ({"lr": float("nan")}, "lr must be a number from 0 up, got nan"),
        ({"weight_decay": "no"}, "weight_decay must be a number from 0 up, got 'no'"),
        ({"warmup": 1.5}, "warmup must be a number from 0 to 1, got 1.5"),
        ({"label_smoothing": True}, "label_smoothing must be a number from 0 to 1, got True"),
        ({"max_norm": None}, "max_norm must be a number from 0 up, got None"),
        ({"max_norm": 0}, "max_norm must be above 0, got 0, .*pass math.inf to clip nothing"),
        ({"patience": 0, "validation": rows(2)}, "patience must be an integer of at least 1, got 0"),
        ({"patience": "3", "validation": rows(2)}, "patience must be an integer of at least 1, got '3'"),
    ],
)
def test_a_setting_out_of_its_range_is_refused_by_name(settings, message):
    model = build("gpt2")
    pl.attach(model, length=3)
    with pytest.raises(ValueError, match=message):
        pl.fit(model, rows(), progress=False, **settings)


@pytest.mark.parametrize(
    ("steps", "warmup", "wanted"),
    [(4, 0.5, [1 / 2, 1, 2 / 3, 1 / 3]), (3, 0, [1, 2 / 3, 1 / 3]), (1, 0.1, [1]), (2, 1.0, [1 / 2, 1])],
)
def test_the_rates_of_short_runs(steps, warmup, wanted):
    assert [rate(step, steps, warmup) for step in range(steps)] == pytest.approx(wanted)


def test_batches_come_over_and_over_and_none_is_an_error():
    assert list(islice(endless([1, 2]), 5)) == [1, 2, 1, 2, 1]
    with pytest.raises(ValueError, match="train must hold at least one batch, got none"):
        next(endless([]))


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
