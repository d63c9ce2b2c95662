"""A run that is killed goes on where it was, bit for bit; and what shapes a step: accumulation, smoothing, weights."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from families import build, shake
from transformers import BertConfig, BertForSequenceClassification

import prefix_lab as pl
from prefix_lab.resuming import Endless, Run
from prefix_lab.training import evaluate

HERE = Path(__file__).parent


def rows(count=8, seed=0, length=5):
    made = torch.Generator().manual_seed(seed)
    ids = [torch.randint(3, 60, (length,), generator=made).tolist() for _ in range(count)]
    return [{"input_ids": row, "labels": row} for row in ids]


def attached(name="gpt2"):
    model = build(name)
    return model, shake(pl.attach(model, length=3))


def classifier(num_labels):
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = BertConfig(
        vocab_size=60, num_labels=num_labels, hidden_dropout_prob=0, attention_probs_dropout_prob=0, **size
    )
    model = BertForSequenceClassification(config).eval()
    shake(pl.attach(model, length=3))
    return model


def flat(prefix):
    return torch.cat([p.detach().flatten() for p in prefix.parameters()])


def test_a_run_killed_at_ten_moments_ends_as_the_one_that_never_was(tmp_path):
    places = {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", HERE / "killed.py", tmp_path]
    done = subprocess.run(command, env={**os.environ, **places}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    moments = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(moments) == 10
    assert all(moment["same"] for moment in moments), (moments, done.stderr)
    assert all(moment["killed"] for moment in moments), moments
    assert len({moment["stored"] for moment in moments}) >= 6, moments


def test_a_run_that_an_error_stopped_goes_on_where_it_was(tmp_path):
    settings = {"steps": 6, "batch_size": 2, "every": 2, "progress": False}
    model, prefix = attached()
    want = pl.fit(model, rows(6), **settings)
    end = flat(prefix)
    model, prefix = attached()
    passes = []
    hook = model.register_forward_pre_hook(lambda *_: passes.append(1) if len(passes) < 5 else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pl.fit(model, rows(6), checkpoint=tmp_path, **settings)
    hook.remove()
    model, prefix = attached()
    again = pl.fit(model, rows(6), checkpoint=tmp_path, **settings)
    assert again.loss == want.loss
    assert torch.equal(flat(prefix), end)


def test_a_run_that_goes_on_still_has_its_best_weights(tmp_path):
    def run():
        model, weight = build("gpt2"), torch.nn.Parameter(torch.zeros(2))
        return Run(tmp_path, model, {}, [("weight", weight)], torch.optim.AdamW([weight]), Endless([{"ids": [1]}] * 2))

    first = run()
    next(first.batches)
    first.keep(pl.training.History(loss=[1.0]), {"weight": torch.ones(2)})
    history = pl.training.History()
    best = run().go_on(history)
    assert (history.loss, best["weight"].tolist()) == ([1.0], [1.0, 1.0])
    first.keep(history, None)
    assert run().go_on(history) is None


def test_a_finished_run_is_read_and_not_trained_again(tmp_path):
    model, prefix = attached()
    first = pl.fit(model, rows(), steps=4, every=2, checkpoint=tmp_path, progress=False)
    end = flat(prefix)
    model, prefix = attached()
    model.register_forward_pre_hook(lambda *_: pytest.fail("no step is left"))
    again = pl.fit(model, rows(), steps=4, every=2, checkpoint=tmp_path, progress=False)
    assert torch.equal(flat(prefix), end)
    assert again.loss == first.loss
    assert all(0 < history.seconds < 600 for history in (first, again))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 1e-2}, "lr=0.005, got lr=0.01"),
        ({"steps": 6}, "steps=4, got steps=6"),
        ({"seed": 1}, "seed=0, got seed=1"),
        ({"batch_size": 2}, "batch_size=4, got batch_size=2"),
    ],
)
def test_a_folder_of_another_run_is_refused_and_nothing_changes(tmp_path, change, message):
    settings = {"steps": 4, "batch_size": 4, "checkpoint": tmp_path, "progress": False}
    model, _ = attached()
    pl.fit(model, rows(), **settings)
    model, prefix = attached()
    before, files = flat(prefix), sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ValueError, match=message):
        pl.fit(model, rows(), **settings | change)
    assert torch.equal(flat(prefix), before)
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_other_data_or_another_prefix_in_a_runs_folder_is_refused(tmp_path):
    settings = {"steps": 2, "batch_size": 4, "checkpoint": tmp_path, "progress": False}
    pl.fit(attached()[0], rows(), **settings)
    with pytest.raises(ValueError, match="batches=2, got batches=3"):
        pl.fit(attached()[0], rows(12), **settings)
    model = build("gpt2")
    pl.attach(model, length=4)
    with pytest.raises(ValueError, match="holds a run with trained="):
        pl.fit(model, rows(), **settings)


def test_a_run_on_other_rows_is_told_of_and_one_of_another_base_or_method_refused(tmp_path):
    settings = {"steps": 4, "checkpoint": tmp_path, "progress": False}
    pl.fit(attached()[0], rows(), **settings)
    with pytest.warns(UserWarning, match="holds a run on other rows than train"):
        pl.fit(attached()[0], rows(seed=1), **settings)
    other = build("gpt2", seed=7)
    prefix = pl.attach(other, length=3)
    shake(prefix)
    before = flat(prefix)
    with pytest.raises(ValueError, match="holds a run with base="):
        pl.fit(other, rows(), **settings)
    assert torch.equal(flat(prefix), before)
    one, other = build("gpt2"), build("gpt2")
    pl.tune(one, "lora", alpha=16)
    pl.tune(other, "lora", alpha=64)
    settings["checkpoint"] = tmp_path / "lora"
    pl.fit(one, rows(), **settings)
    with pytest.raises(ValueError, match="'alpha': 16.*'alpha': 64"):
        pl.fit(other, rows(), **settings)


def test_a_place_in_shuffled_data_is_found_again():
    def order():
        torch.manual_seed(3)
        return Endless(torch.utils.data.DataLoader(range(7), 2, shuffle=True))

    batches = order()
    for _ in range(6):
        next(batches)
    random, taken, now = batches.random, batches.taken, torch.get_rng_state()
    wanted = [next(batches).tolist() for _ in range(5)]
    other = order()
    other.go_to(random, taken)
    torch.set_rng_state(now)
    assert [next(other).tolist() for _ in range(5)] == wanted


@pytest.mark.parametrize("reparam", [None, "mlp"])
def test_accumulated_batches_are_one_batch_of_all_their_labels(reparam, monkeypatch):
    ends, norms, clip = [], [], torch.nn.utils.clip_grad_norm_
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda *a: norms.append(clip(*a).item()))
    data = [*rows(4, length=3), *rows(4, seed=1, length=9)]  # batches with unequal numbers of labels
    for settings in ({"batch_size": 8}, {"batch_size": 2, "accumulation": 4}):
        torch.manual_seed(0)
        model = build("llama")
        prefix = shake(pl.attach(model, length=3, reparam=reparam))
        history = pl.fit(model, data, steps=3, progress=False, lr=0.01, **settings)
        ends.append((flat(prefix), history.loss))
    assert ends[0][1] == pytest.approx(ends[1][1], rel=1e-5)
    assert norms[:3] == pytest.approx(norms[3:], rel=1e-3)  # of the mean, which is what max_norm is of
    torch.testing.assert_close(ends[0][0], ends[1][0], rtol=1e-3, atol=1e-3)  # Adam magnifies what is almost 0


def test_a_single_label_in_all_accumulated_batches_counts():
    model, _ = attached()
    one, none = ({"input_ids": [5, 6], "labels": [-100, label]} for label in (6, -100))
    history = pl.fit(model, [one, none], steps=1, batch_size=1, accumulation=2, progress=False)
    assert history.loss == pytest.approx([evaluate(model, [one])], rel=0.5)


def test_smoothing_and_class_weights_shape_the_training_loss_and_not_the_validation():
    model = classifier(3)
    data = [row | {"labels": i % 2} for i, row in enumerate(rows())]
    weights = [0.2, 1.0, 1.0]
    batch = {"input_ids": torch.tensor([row["input_ids"] for row in data]), "labels": torch.tensor([0, 1] * 4)}
    with torch.no_grad():
        scores = model(input_ids=batch["input_ids"]).logits
    wanted = F.cross_entropy(scores, batch["labels"], weight=torch.tensor(weights), label_smoothing=0.1)
    plain = evaluate(model, data)
    shaping = {"label_smoothing": 0.1, "class_weights": weights}
    history = pl.fit(model, [batch], steps=1, lr=0.0, validation=data, progress=False, **shaping)
    assert history.loss[0] == pytest.approx(wanted.item(), rel=1e-4)
    assert history.validation == [(1, pytest.approx(plain, rel=1e-4))]
    for wrong in (2, 4):
        with pytest.raises(ValueError, match="class_weights must be one for each of 3 classes"):
            pl.fit(model, [batch], steps=1, class_weights=[1.0] * wrong, progress=False)


def test_shaping_a_loss_that_is_no_cross_entropy_is_refused():
    model = classifier(1)
    data = [row | {"labels": 0.5} for row in rows()]
    with pytest.raises(ValueError, match="label_smoothing and class_weights must be left out"):
        pl.fit(model, data, steps=1, label_smoothing=0.1, progress=False)


def test_patience_stops_the_run_and_keeps_the_best_weights():
    model, _ = attached()
    history = pl.fit(model, rows(), steps=60, lr=0.5, every=2, validation=rows(4, seed=1), patience=2, progress=False)
    steps, losses = zip(*history.validation)
    best = losses.index(min(losses))
    assert len(history.loss) == steps[-1] < 60
    assert len(losses) - 1 - best == 2
    assert evaluate(model, rows(4, seed=1)) == pytest.approx(min(losses), rel=1e-5)
    with pytest.raises(ValueError, match="validation must be given with patience=2"):
        pl.fit(model, rows(), steps=2, patience=2, progress=False)


def test_a_dtype_computes_in_it_and_leaves_the_prefix_as_it_is():
    model, prefix = attached("llama")
    seen = []
    model.get_output_embeddings().register_forward_hook(lambda _, __, output: seen.append(output.dtype))
    pl.fit(model, rows(), steps=2, dtype=torch.float16, progress=False)
    assert set(seen) == {torch.float16}
    assert {p.dtype for p in prefix.parameters()} == {torch.float32}
    seen.clear()
    with torch.autocast("cpu", torch.float16):
        pl.fit(model, rows(), steps=2, progress=False)
    assert set(seen) == {torch.float16}
    seen.clear()
    pl.fit(model, rows(), steps=2, progress=False)
    assert set(seen) == {torch.float32}


def test_a_history_is_a_dict_a_frame_and_a_picture():
    model, _ = attached()
    history = pl.fit(model, rows(), steps=3, every=2, validation=rows(4, seed=1), progress=False)
    assert history.to_dict()["loss"] == history.loss
    frame = history.to_frame()
    assert list(frame.index) == [1, 2, 3]
    assert frame["validation"].notna().tolist() == [False, True, True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axes = history.plot()
    assert [line.get_label() for line in axes.get_lines()] == ["training", "validation"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "validation"]
    training, validation = (line.get_xydata().tolist() for line in axes.get_lines())
    assert training == [[step, loss] for step, loss in enumerate(history.loss, 1)]
    assert validation == [list(pair) for pair in history.validation]
    history.validation.clear()
    same = history.plot(axes)
    assert same is axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
    assert [line.get_label() for line in axes.get_lines()] == ["training", "validation", "training"]
    assert history.plot().get_legend() is None


def test_a_history_counts_the_validations_since_the_best():
    losses = {(): 0, (3.0,): 0, (3.0, 2.0): 0, (2.0, 3.0, 4.0): 2, (2.0, 3.0, 2.0): 2, (4.0, 1.0, 3.0): 1}
    assert [pl.training.History(validation=list(enumerate(given))).stale for given in losses] == [*losses.values()]
