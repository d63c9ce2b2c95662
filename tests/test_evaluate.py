"""The measurements are stored one by one, taken up again, chosen by validation alone, and summed up rightly."""

import json
import math

import pytest
import torch
import transformers as tf
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from families import SIZES

from prefix_lab import bases, town, training
from prefix_lab.bases import evaluate, standings
from prefix_lab.bases.evaluate import METHODS, METRICS, TASKS, Exam, Run, Store, Task, examine, in_context
from prefix_lab.bases.tokenizer import train_tokenizer
from prefix_lab.prediction import KINDS

WORDS = "the ferry was late and cold, the ferry was good; Ann liked it very much"
TEXTS = {"source": Value("string"), "target": Value("string")}
LABELS = {"label": ClassLabel(names=["bad", "good"])}
TAGS = {"tokens": List(Value("string")), "tags": List(ClassLabel(names=["O", "B-PER"]))}
WRITTEN = [{"source": f"the {x} was\n", "target": f"{x} late"} for x in ("ferry", "cold", "Ann")]
JUDGED = [{"source": f"{x} ferry\n", "target": x, "label": i} for i, x in enumerate(("bad", "good"))]
TAGGED = [
    {"source": f"{x} was\n", "target": "", "tokens": [x, "was"], "tags": [i, 0]} for i, x in enumerate(("it", "Ann"))
]
TOWN = {"writing": (WRITTEN, TEXTS), "judging": (JUDGED, TEXTS | LABELS), "naming": (TAGGED, TEXTS | TAGS)}


@pytest.fixture(autouse=True)
def small_world(tmp_path, monkeypatch):
    """Three tasks of a few rows, and tiny random bases that stand where the lab's are."""
    tokenizer = train_tokenizer([WORDS] * 3, vocabulary=300)
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    sizes = SIZES | ends | {"vocab_size": len(tokenizer), "max_position_embeddings": 64}
    torch.manual_seed(0)
    models = {
        "lab-gpt": tf.LlamaForCausalLM(tf.LlamaConfig(**sizes)),
        "lab-bert": tf.ModernBertForMaskedLM(tf.ModernBertConfig(**sizes)),
    }
    for name, model in models.items():
        model.save_pretrained(tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
        monkeypatch.setitem(bases.BASES, name, tmp_path / name)
    for name, task in (
        ("writing", Task("lab-gpt", "generate", "BLEU", 2)),
        ("judging", Task("lab-bert", "classify", "accuracy", 2)),
        ("naming", Task("lab-bert", "tag", "tag accuracy", 2)),
    ):
        monkeypatch.setitem(TASKS, name, task)

    def load_task(name):
        rows, features = TOWN[name]
        data = Dataset.from_list(rows, features=Features(features))
        return DatasetDict({split: data for split in ("train", "validation", "test")})

    monkeypatch.setattr(town, "load_task", load_task)
    monkeypatch.setattr(evaluate, "SHOTS", 2)
    return tmp_path


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "out" / "results.json")


def refuse(*arguments):
    raise RuntimeError("stopped here")


# --- measuring ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["prompt", "prefix", "lora", "full"])
def test_a_class_is_learnt_by_a_choice_among_the_labels(method, monkeypatch):
    losses = []
    fit = training.fit
    monkeypatch.setattr(training, "fit", lambda *args, **kwargs: losses.append(fit(*args, **kwargs)) or losses[-1])
    Exam("judging").trained(method, 1e-6, 0)
    assert losses[0].loss == pytest.approx([math.log(2)] * 2, abs=0.2)  # over the vocabulary: ln 300


@pytest.mark.parametrize(("task", "zeros", "shots"), [("writing", 1, 2), ("judging", 1, 0), ("naming", 2, 0)])
def test_a_task_is_measured_by_every_method_and_seed(task, zeros, shots, store, capsys):
    examine(Exam(task), ["zero-shot", "4-shot", "prefix", "full"], 2, store)
    counts = {method: sum(run.method == method for run in store.runs) for method in standings.ORDER}
    assert counts == {"zero-shot": zeros, "4-shot": shots, "prompt": 0, "prefix": 4, "lora": 0, "full": 4}
    for run in store.runs:
        assert 0 <= run.test <= 100
        assert (run.seconds is None) == (run.parameters is None) == (run.method in ("zero-shot", "4-shot"))
    prefix = [run for run in store.runs if run.method == "prefix"]
    assert sorted(run.lr for run in prefix if run.seed == 0) == sorted(METHODS["prefix"][1])
    best = max((run for run in prefix if run.seed == 0), key=lambda run: run.validation)
    assert [run.lr for run in prefix if run.seed == 1] == [best.lr]
    assert len(capsys.readouterr().out.splitlines()) == len(store.runs)


def test_what_is_stored_is_not_measured_again_and_a_stopped_call_goes_on(store, monkeypatch):
    trained, count = Exam.trained, []

    def twice(*arguments):
        count.append(arguments)
        return trained(*arguments) if len(count) <= 2 else refuse()

    monkeypatch.setattr(Exam, "trained", twice)
    with pytest.raises(RuntimeError, match="stopped here"):
        examine(Exam("judging"), ["prompt"], 1, store)
    assert len(Store(store.path).runs) == 2

    monkeypatch.setattr(Exam, "trained", trained)
    again = Store(store.path)
    first = list(again.runs)
    examine(Exam("judging"), ["prompt"], 1, again)
    assert again.runs[:2] == first
    assert len(again.runs) == 3

    monkeypatch.setattr(Exam, "trained", refuse)
    examine(Exam("judging"), ["prompt"], 1, Store(store.path))
    with pytest.raises(RuntimeError, match="stopped here"):
        examine(Exam("judging", steps=3), ["prompt"], 1, Store(store.path))


def test_another_base_makes_what_was_measured_on_the_old_one_untrue(store, small_world):
    examine(Exam("writing"), ["zero-shot"], 1, store)
    examine(Exam("judging"), ["zero-shot"], 1, store)
    model, _ = bases.load_base("lab-gpt")
    with torch.no_grad():
        model.lm_head.weight.add_(1)
    model.save_pretrained(small_world / "lab-gpt")
    examine(Exam("writing"), ["zero-shot"], 1, store)
    assert [run.task for run in Store(store.path).runs] == ["judging", "writing"]


def test_a_training_gives_the_same_scores_again(store):
    runs = [Exam("writing").trained("prompt", 0.03, 1) for _ in range(2)]
    assert runs[0].test == runs[1].test
    assert runs[0].parameters == 10 * 32


def test_examples_stand_before_a_row_as_in_pretraining_and_fewer_where_there_is_no_room(monkeypatch):
    _, tokenizer = bases.load_base("lab-gpt")
    row = in_context(WRITTEN[2], WRITTEN[:2], tokenizer, seed=0)
    shown = sorted(WRITTEN[:2], key=lambda one: row["source"].index(one["source"]))
    assert row["source"] == "".join(one["source"] + one["target"] + "\n\n" for one in shown) + WRITTEN[2]["source"]
    assert row["target"] == WRITTEN[2]["target"]
    tokens = len(tokenizer(row["source"])["input_ids"])
    answer = max(len(tokenizer(one["target"])["input_ids"]) for one in WRITTEN[:2])
    monkeypatch.setattr(evaluate, "CONTEXT", tokens + answer)
    assert in_context(WRITTEN[2], WRITTEN[:2], tokenizer, seed=0) == row
    monkeypatch.setattr(evaluate, "CONTEXT", tokens + answer - 1)
    assert in_context(WRITTEN[2], WRITTEN[:2], tokenizer, seed=0)["source"].count("\n\n") == 1
    monkeypatch.setattr(evaluate, "CONTEXT", 1)
    assert in_context(WRITTEN[2], WRITTEN[:2], tokenizer, seed=0) == WRITTEN[2]


def test_the_table_of_tasks_names_what_exists():
    for name, task in TASKS.items():
        assert task.base in ("lab-gpt", "lab-bert", "lab-t5"), name
        assert task.kind in KINDS, name
        assert task.metric in METRICS, name
        assert (task.base == "lab-bert") == (task.kind != "generate"), name
    assert len({len(grid) for _, grid in METHODS.values()}) == 1, "each method gets as many learning rates"


def test_the_metrics_of_tags_and_titles_look_at_no_more_than_they_should():
    rows = [{"tags": [0, 1]}, {"tags": [1]}]
    assert evaluate.measure("tag accuracy", [["O", "O"], ["B-PER"]], rows, ["O", "B-PER"]) == pytest.approx(200 / 3)
    rows = [{"title": "The Crane"}, {"title": "Bright Drums"}]
    answers = ["Lend The Crane: another novel.", "Lend The Crane: as good as Bright Drums."]
    assert evaluate.measure("right title", answers, rows, []) == 50


def test_the_command_line_prints_the_table(store, capsys):
    command = ["--tasks", "judging", "--methods", "zero-shot", "prompt", "full", "--seeds", "1", "--threads", "1"]
    evaluate.main([*command, "--out", str(store.path)])
    printed = capsys.readouterr().out
    assert "| judging | accuracy |" in printed
    assert printed.count("\n| ") == (2 + 1) + (2 + 1) + (2 + 7)  # scores, shares, bars
    assert len(json.loads(store.path.read_text())["runs"]) == 7
    evaluate.main([*command, "--out", str(store.path)])
    assert "lr" not in capsys.readouterr().out  # nothing was trained again


# --- summing up --------------------------------------------------------------------------------------------------


def run(method, test, seed=0, lr=None, validation=None, seconds=None, task="a"):
    return Run(task, method, seed, lr, 9, test, validation, seconds)


RUNS = [
    run("zero-shot", 20.0),
    run("4-shot", 30.0),
    run("prompt", 50.0, lr=0.1, validation=1.0, seconds=9.0),
    run("prefix", 99.0, lr=0.1, validation=1.0, seconds=99.0),  # better on the test split, which must not count
    run("prefix", 70.0, lr=0.2, validation=2.0, seconds=10.0),
    run("prefix", 80.0, lr=0.2, validation=0.0, seconds=20.0, seed=1),
    run("prefix", 90.0, lr=0.2, validation=9.0, seconds=30.0, seed=2),
    run("full", 100.0, lr=0.1, validation=1.0, seconds=9.0),
    run("zero-shot", 50.0, task="b"),
    run("prefix", 60.0, lr=0.1, validation=1.0, seconds=50.0, task="b"),
    run("prompt", 70.0, lr=0.1, validation=1.0, seconds=50.0, task="b"),
    run("full", 70.0, lr=0.1, validation=1.0, seconds=9.0, task="b"),
]


def test_the_learning_rate_is_chosen_on_the_validation_split_of_seed_0():
    row = standings.summary(RUNS, ["a"])["a"]["prefix"]
    assert row == {"mean": 80.0, "sd": 10.0, "seeds": 3, "lr": 0.2, "seconds": 20.0, "share": 0.75}


def test_the_bars_are_measured_over_the_tasks():
    lines = {what: (value, reached) for what, _, value, reached in standings.bars(standings.summary(RUNS, ["a", "b"]))}
    assert lines == {
        "prefix, share of full tuning's gain, mean": ("0.62", False),
        "prefix, share of full tuning's gain, worst": ("0.50 (b)", False),
        "prefix minus prompt tuning, points, mean": ("10.00", True),
        "zero-shot, share of full tuning, highest": ("0.71 (b)", False),
        "one prefix training, seconds, longest": ("50.00 (b)", False),
        "one prefix training, seconds, median": ("35.00", False),
        "4-shot minus zero-shot, points, lowest": ("10.00 (a)", True),
    }


def test_what_was_not_measured_is_said_and_no_gain_gives_no_share():
    assert {reached for *_, reached in standings.bars(standings.summary([], ["a"]))} == {None}
    flat = [run("zero-shot", 50.0), run("full", 50.0, lr=0.1, validation=1.0, seconds=1.0)]
    table = standings.summary(flat, ["a"])
    assert table["a"]["full"]["share"] is None
    assert "| a | BLEU | 50.0 | - | - | - | - | 50.0 |" in standings.report(flat, {"a": "BLEU"})[0]


def test_where_full_tuning_fails_nothing_looks_like_a_share_of_it():
    low = [run("zero-shot", 0.0), run("prefix", 20.0, lr=0.1, validation=1.0, seconds=1.0)]
    low.append(run("full", 20.0, lr=0.1, validation=1.0, seconds=1.0))
    table = standings.summary(low, ["a"])
    assert table["a"]["prefix"]["share"] is None
    assert "| a | - | - | - |" in standings.report(low, {"a": "BLEU"})[1]
    what, _, measured, reached = standings.bars(table)[0]
    assert (what, measured, reached) == ("prefix, share of full tuning's gain, mean", "-", None)
