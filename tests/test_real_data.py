"""The field report's benchmark: tiny sets in the layout of the real ones, tiny random models, every task and method."""

import csv
import json

import pytest
import real_sets
import torch
import transformers as tf
from families import SIZES
from real_data import LENGTH, METHODS, Exam, best, main
from real_tasks import TASKS, equally_many

import prefix_lab as pl
from prefix_lab import metrics
from prefix_lab.bases.tokenizer import train_tokenizer
from prefix_lab.prediction import predict

WORDS = "the ferry was late and cold, the ferry was good; Ann liked it very much"
SENTENCES = ["the ferry was late", "Ann liked it", "it was good and cold", "the ferry was very good", "Ann was late"]
TAGS = ["B-x", "O", "O", "O", "O"]
SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """Folders of a tiny encoder and a tiny decoder with random weights."""
    folder, tokenizer = tmp_path_factory.mktemp("bases"), train_tokenizer([WORDS] * 3, vocabulary=300)
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    sizes = SIZES | ends | {"vocab_size": len(tokenizer), "max_position_embeddings": 512}
    torch.manual_seed(0)
    models = {"encoder": tf.BertModel(tf.BertConfig(**sizes)), "decoder": tf.LlamaForCausalLM(tf.LlamaConfig(**sizes))}
    for name, model in models.items():
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return {name: str(folder / name) for name in models}


def write(path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def as_csv(path, names, rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *rows])


def as_jsonl(path, rows) -> None:
    write(path, "".join(json.dumps(row) + "\n" for row in rows))


def sentences(i: int):
    """What a split holds: no two splits share a sentence."""
    return [f"{one} {'much ' * i}".strip() for one in SENTENCES]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with every set, a few rows in each split."""
    root = tmp_path_factory.mktemp("sets")
    for name in real_sets.SETS:
        (root / name).mkdir()
    write(root / "sentence_polarity" / "rt-polarity.pos", "".join(f"good {'very ' * i}\n" for i in range(20)))
    write(root / "sentence_polarity" / "rt-polarity.neg", "".join(f"cold {'very ' * i}\n" for i in range(20)))
    for name in ("train", "test"):
        rows = [(text, f"intent {i % 2}") for i, text in enumerate(sentences(name == "test") * 3)]
        as_csv(root / "banking77" / f"{name}.csv", ("text", "category"), rows)
    for i, split in enumerate(SPLITS):
        texts = sentences(i)
        tags = [(TAGS * 3)[: len(text.split())] for text in texts]
        write(root / "snips" / split / "seq.in", "".join(f"{text} \n" for text in texts))
        write(root / "snips" / split / "seq.out", "".join(f"{' '.join(row)} \n" for row in tags))
        write(root / "snips" / split / "label", "Play\nBook\nPlay\nBook\nPlay\n")
        pairs = [list(zip(text.split(), row)) for text, row in zip(texts, tags)]
        write(root / "wnut17" / f"{split}.conll", "\n".join("".join(f"{w}\t{t}\n" for w, t in row) for row in pairs))
        lines = ["# text = one\n1-2\tboth\t_\t_\n" + "".join(
            f"{n}\t{word}\t_\t{'NOUN' if n % 2 else 'VERB'}\t_\n" for n, word in enumerate(text.split(), 1)
        ) for text in texts]  # fmt: skip
        write(root / "ud_ewt" / f"en_ewt-ud-{split}.conllu", "\n".join(lines))
        roles = [
            {"words": text.split(), "predicate_index": 1, "tags": ["B-ARG0", "B-V", *["O"] * (len(text.split()) - 2)]}
            for text in texts
        ]
        as_jsonl(root / "ewt_srl" / f"{split}.jsonl", roles)
        asked = [
            {"question": "what? ", "answers": [{"text": text.split()[1], "answer_start": len(text.split()[0]) + 1}]}
            for text in texts
        ]
        paragraphs = [{"context": text, "qas": [one]} for text, one in zip(texts, asked)]
        write(root / "squad11_dev" / "split" / f"{split}.json", json.dumps({"data": [{"paragraphs": paragraphs}]}))
        tables = [(f"name[{text}]", one) for text in texts for one in ("it was late", "it was good")]
        as_csv(root / "e2e_nlg" / f"{split}.csv", ("mr", "ref"), tables)
        as_jsonl(root / "scitldr_a" / f"{split}.jsonl", [{"source": [text] * 2, "target": ["late"]} for text in texts])
        turns = [{"speaker": "USER", "text": "late?"}, {"speaker": "SYSTEM", "text": "Ann", "acts": [["SAY", "", []]]}]
        turns = [[turns[0] | {"text": text}, turns[1]] for text in texts]
        as_jsonl(root / "sgd_small" / f"{split}.jsonl", [{"turns": one} for one in turns])
    programs = [
        {"task_id": n, "text": f"late {n}", "code": "def f():\r\n    return 1", "test_list": ["assert f() == 1"]}
        for n in (*range(11, 14), *range(511, 514), *range(601, 604))
    ]
    as_jsonl(root / "mbpp" / "mbpp.jsonl", programs)
    return str(root)


@pytest.fixture
def exam(bases, data, tmp_path):
    def make(task: str, steps: int = 1, where: str = data) -> Exam:
        base = bases["decoder" if TASKS[task].kind == "generate" else "encoder"]
        return Exam(base, task, where, steps, tmp_path / "out")

    return make


# --- tasks and methods -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_read_from_its_own_files_trained_and_scored(task, exam):
    made = exam(task)
    sources = {split: {row["source"] for row in rows} for split, rows in made.rows.items()}
    assert all(sources.values())
    assert not sources["train"] & (sources["validation"] | sources["test"])
    run = made.trained("prefix", 1e-3, 0)
    assert 0 <= made.untrained() <= 100
    assert 0 <= run["validation"] <= 100
    assert 0 <= run["test"] <= 100


@pytest.mark.filterwarnings("ignore:.past_key_values. is deprecated:FutureWarning")
@pytest.mark.parametrize("task", ["intents", "slots", "squad", "e2e"])
def test_every_method_trains_and_what_is_compared_at_equal_numbers_has_them(task, exam):
    made, numbers = exam(task), {}
    for name in METHODS:
        if made.rates(name):
            run = made.trained(name, 1e-3, 0)
            numbers[name] = run["numbers"]
            assert (run["head"] > 0) == (made.kind != "generate")
    assert numbers["prefix"] == numbers["prefix, text"] == numbers["PEFT's prefix"] > numbers["prompt"]
    assert numbers["prefix"] % (2 * SIZES["num_hidden_layers"] * LENGTH) == 0
    assert numbers["LoRA, as large"] == pytest.approx(numbers["prefix"], rel=0.5)
    assert numbers.get("head", 0) == 0


@pytest.mark.filterwarnings("ignore:.past_key_values. is deprecated:FutureWarning")
def test_what_is_written_with_the_prefix_of_peft_is_what_its_forward_pass_says(bases):
    model, tokenizer = pl.load_base(bases["decoder"])
    wrapped = METHODS["PEFT's prefix"].ready(model, tokenizer, "").eval()
    with torch.no_grad():
        wrapped.prompt_encoder["default"].embedding.weight.mul_(3)
    rows = [{"source": "the ferry was late"}, {"source": "Ann"}]
    ids = [tokenizer(row["source"])["input_ids"] for row in rows]
    with torch.no_grad():
        for _ in range(6):
            for row in ids:
                one = torch.tensor([row])
                row.append(wrapped(input_ids=one, attention_mask=torch.ones_like(one)).logits[0, -1].argmax().item())
    written = [tokenizer.decode(row, skip_special_tokens=True) for row in ids]
    said = predict(wrapped, tokenizer, rows, "generate", max_new_tokens=6)
    assert [row["source"] + one for row, one in zip(rows, said)] == written


def test_roles_are_read_with_the_predicate_marked_and_its_own_tag_given():
    (row,) = real_sets.roles([{"words": ["Ann", "liked", "it"], "predicate_index": 1, "tags": ["B-A", "B-V", "B-B"]}])
    assert row["tokens"] == ["Ann", "*", "liked", "*", "it"]
    assert row["tags"] == ["B-A", "O", "O", "O", "B-B"]


def test_a_reference_twice_changes_no_bleu():
    few = [["the ferry was late today", "it was late"], ["Ann liked the old ferry"]]
    said = ["the ferry was very late today", "Ann liked the new ferry very much"]
    one = metrics.bleu(said[1:], few[1:])
    assert metrics.bleu(said[1:], equally_many([few[1] * 2])) == one
    assert metrics.bleu(said, equally_many(few)) == metrics.bleu(said, [few[0], few[1] * 2])


# --- going on, and choosing --------------------------------------------------------------------------------------


def test_a_run_that_was_stopped_goes_on_where_it_ended(exam, monkeypatch):
    made, trained = exam("intents"), Exam.trained

    def twice(self, *arguments):
        if len(self.record["runs"]) == 2:
            raise KeyboardInterrupt
        return trained(self, *arguments)

    monkeypatch.setattr(Exam, "trained", twice)
    with pytest.raises(KeyboardInterrupt):
        made.measure(["prefix"], 2)
    kept = json.loads(made.path.read_text(encoding="utf-8"))["runs"]
    assert len(kept) == 2
    monkeypatch.setattr(Exam, "trained", trained)
    again = exam("intents")
    again.measure(["prefix"], 2)
    assert again.record["runs"][:2] == kept
    assert [run["lr"] for run in again.record["runs"][:3]] == list(METHODS["prefix"].rates)
    more = [run["lr"] for run in again.record["runs"][3:]]
    assert more[-1] == best(again.record["runs"])["lr"]
    assert 1 <= len(more) <= 3  # the second seed, and before it up to two rates beyond
    assert again.beyond("prefix") is None
    assert list(made.path.parent.iterdir()) == [made.path]
    monkeypatch.setattr(Exam, "trained", lambda *_: pytest.fail("measured again"))
    exam("intents").measure(["prefix"], 2)


@pytest.mark.parametrize(
    ("scores", "tried"),
    [
        ({0.01: 1, 0.03: 9, 0.1: 5}, []),
        ({0.01: 9, 0.03: 5, 0.1: 1, 0.003: 7}, [0.003]),
        ({0.01: 1, 0.03: 5, 0.1: 9, 0.3: 12, 0.9: 7}, [0.3, 0.9]),
        ({0.01: 1, 0.03: 5, 0.1: 9, 0.3: 12, 0.9: 20}, [0.3, 0.9]),
        ({0.01: 0, 0.03: 0, 0.1: 0, 0.003: 0}, [0.003]),
    ],
    ids=["inside", "low end", "beyond the first", "twice at most", "nothing learnt"],
)
def test_a_rate_beyond_the_end_is_tried_where_the_best_lies_there(exam, monkeypatch, scores, tried):
    made = exam("intents")
    monkeypatch.setattr(Exam, "untrained", lambda self: 0.0)
    fake = lambda self, method, lr, seed: {  # noqa: E731
        "method": method, "seed": seed, "lr": lr, "validation": scores[lr], "seconds": 1.0, "loss": 1.0
    }  # fmt: skip
    monkeypatch.setattr(Exam, "trained", fake)
    made.measure(["prefix"], 1)
    assert [run["lr"] for run in made.record["runs"]] == [*METHODS["prefix"].rates, *tried]


def test_a_record_of_other_steps_is_not_gone_on_with(exam):
    exam("intents").measure([], 0)
    with pytest.raises(ValueError, match="was measured with another steps; move it away first"):
        exam("intents", steps=2)


def test_the_test_rows_are_looked_at_for_the_best_rate_so_far_alone(exam, monkeypatch):
    made, scores = exam("intents"), {"validation": iter([20.0, 50.0, 50.0]), "test": iter([1.0, 2.0])}
    monkeypatch.setattr(Exam, "score", lambda self, answers, split: next(scores[split]))
    for lr in METHODS["prefix"].rates:
        made.once("prefix", lr, 0)
    assert [run.get("test") for run in made.record["runs"]] == [1.0, 2.0, None]
    assert best(made.record["runs"])["test"] == 2.0


# --- what is refused ---------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_the_set_is_refused_by_name(bases, data, tmp_path):
    with pytest.raises(SystemExit, match="no copy of mbpp: .*mbpp.jsonl is missing"):
        main(["--base", bases["decoder"], "--task", "mbpp", "--data", f"{data}/snips", "--out", str(tmp_path)])
    as_jsonl(tmp_path / "mbpp.jsonl", [{"text": "late"}])
    with pytest.raises(SystemExit, match="is not mbpp in its own layout: KeyError: 'task_id'"):
        main(["--base", bases["decoder"], "--task", "mbpp", "--data", str(tmp_path), "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="is no folder; --data takes the folder of e2e_nlg, or a name on the hub"):
        main(["--base", bases["decoder"], "--task", "e2e", "--data", str(tmp_path / "nowhere")])


def test_a_copy_on_the_hub_is_read_where_its_columns_are_the_same(data, monkeypatch):
    rows = [{"source": ["late"], "target": ["cold"], "paper": str(i)} for i in range(20)]
    monkeypatch.setattr("datasets.load_dataset", lambda name: {"train": rows, "validation": rows[:4]})
    found = real_sets.records("scitldr_a", "someone/scitldr")
    assert {split: len(part) for split, part in found.items()} == {"train": 18, "test": 4, "validation": 2}
    with pytest.raises(ValueError, match="train split has source, target, paper, but needs mr, ref; pass the folder"):
        real_sets.records("e2e_nlg", "someone/e2e")


def test_a_base_that_cannot_answer_is_refused(bases, data):
    for base, task, wanted in (("encoder", "e2e", "a model that writes"), ("decoder", "pos", "an encoder without")):
        with pytest.raises(ValueError, match=f"the task {task} needs {wanted}"):
            Exam(bases[base], task, data)
