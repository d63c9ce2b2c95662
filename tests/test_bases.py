"""The lab's bases: what they are pretrained on, that pretraining resumes, and loading with clear errors."""

import json
import random
import re
import shutil
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
import transformers
from families import SIZES, T5
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from prefix_lab import prediction
from prefix_lab.bases import BASES, corpus, evaluate, load_base, objectives, pretrain, standings
from prefix_lab.bases import tokenizer as tokenizer_module
from prefix_lab.bases.recipes import RECIPES
from prefix_lab.bases.skills import guides, labels, records, registers
from prefix_lab.bases.skills.domains import DOMAINS, FRAMES
from prefix_lab.bases.skills.parts import announce, draw_coded
from prefix_lab.town import FAMILIES, directory, load_task, task_of

LAB_GPT = BASES["lab-gpt"]


@pytest.fixture(scope="module")
def base():
    return load_base()


@pytest.fixture(scope="module")
def documents() -> list[str]:
    return [corpus.text_of(document) for document in islice(corpus.documents(0), 2000)]


# --- the corpus

KNOWN = {base: known for base, parts in corpus.BY_HEART.items() for known in parts.values()}
SKILLS = sorted({skill for table in (corpus.MIXTURES, KNOWN) for mixture in table.values() for skill in mixture})


def test_the_same_seed_gives_the_same_documents(documents):
    again, other = (islice(corpus.documents(seed), 50) for seed in (0, 1))
    assert [corpus.text_of(document) for document in again] == documents[:50]
    assert [corpus.text_of(document) for document in other] != documents[:50]


def test_a_code_says_which_sets_were_drawn_and_the_lab_s_own_are_never_too_many():
    rng, parts = random.Random(0), ("abc", "xy", "pqrs")
    for _ in range(200):
        sets, code = draw_coded(rng, *parts, most=2)
        assert sets == [part[int(one[1:])] for part, one in zip(parts, code.split())]
        assert sum(one is part[0] for one, part in zip(sets, parts)) <= 2
    examples = [("one", "1"), ("two", "2")]
    apart = [announce(rng, "tone", "a1 b0", examples) for _ in range(200)]
    assert examples in apart
    assert {document[0] for document in apart if len(document) == 1} == {
        ("[tone a1 b0]\none", "1"), ("[tone a1 b0]\ntwo", "2")
    }  # fmt: skip
    kept = [announce(rng, "tone", "a1 b0", examples, together=True) for _ in range(200)]
    assert all(document in (examples, [("[tone a1 b0]\none", "1"), ("two", "2")]) for document in kept)


@pytest.mark.parametrize("base", corpus.MIXTURES)
def test_a_mixture_shares_out_all_of_its_documents(base):
    assert sum(corpus.MIXTURES[base].values()) == pytest.approx(1)
    assert 0.5 < sum(KNOWN[base].values()) < 0.9
    assert base in BASES


@pytest.mark.parametrize("skill", SKILLS)
def test_every_kind_of_document_is_written(skill):
    rng = random.Random(0)
    assert sum(corpus.skills(skill).values()) == pytest.approx(1)
    for write in corpus.skills(skill):
        for _ in range(20):
            examples = write(rng)
            assert examples
            assert all(answer.strip() for _, answer in examples), write.__name__


def test_a_document_keeps_one_layout():
    pieces = corpus.lay_out(random.Random(1), [("a", "1"), ("b", "2"), ("c", "3")])
    contexts = [context for context, _ in pieces]
    assert [answer for _, answer in pieces] == ["1", "2", "3"]
    assert contexts[1].replace("b", "c") == contexts[2]
    assert contexts[1].endswith(contexts[0].replace("a", "b"))


def test_label_words_are_natural_or_arbitrary():
    rng = random.Random(0)
    drawn = [labels.draw_labels(rng, [("good", "bad")]) for _ in range(400)]
    assert 120 < drawn.count(("good", "bad")) < 280
    assert all(len(set(words)) == 2 for words in drawn)
    assert any(set(words) <= set(labels.verbalisers()) for words in drawn)


def test_every_way_of_saying_a_field_can_be_told():
    rng = random.Random(0)
    for domain in DOMAINS:
        for _ in range(40):
            record = records.draw_record(rng, domain, list(domain.fields), drop=0.0)
            text = records.draw_style(rng, domain).tell(domain, record)
            assert "{" not in text
            assert "  " not in text
            assert record["name"].lower() in text.lower()


def test_the_directory_is_held_out_of_pretraining(documents):
    text = "\n".join(documents)
    assert "{k}[{v}]" not in records.PAIRS
    assert "kind[" not in text
    assert not {kind for domain in DOMAINS for kind in domain.kinds} & {"inn", "hotel", "hostel", "guesthouse", "lodge"}
    for opening in directory.OPENINGS.values():
        assert max(opening.split("{")[0].strip(), opening.split("}")[-1].strip(), key=len) not in "\n".join(FRAMES)


@pytest.mark.parametrize("name", FAMILIES)
def test_no_sentence_of_a_lab_task_is_read_in_pretraining(name, documents):
    """Sentences of three words and more; shorter ones, as a ship's name alone, may be said by anyone."""
    text = "\n".join(documents)
    for split in load_task(name).values():
        for column in task_of(name).texts:
            for sentence in re.split(r"(?<=[.!?])[ \n]|\n", "\n".join(split[column])):
                assert len(sentence.split()) < 4 or sentence not in text, sentence


# --- what a step reads


@pytest.fixture(scope="module")
def reading():
    """64 documents of one to five answers, of tokens without meaning, and how they are batched."""
    rng, first = np.random.default_rng(0), len(tokenizer_module.SPECIAL)
    ids, answers, starts = [], [], [0]
    for _ in range(64):
        for k in range(1, rng.integers(2, 7)):
            for mark in (0, k):
                length = rng.integers(1, 20)
                ids += rng.integers(first, 300, length).tolist()
                answers += [mark] * length
        ids.append(tokenizer_module.SPECIAL.index(tokenizer_module.END))
        answers.append(0)
        starts.append(len(ids))
    text = objectives.Text(np.array(ids, np.uint16), np.array(answers, np.uint8), np.array(starts))
    end, pad, mask = (tokenizer_module.SPECIAL.index(tokenizer_module.NAMED[i]) for i in range(3))
    return text, objectives.Batches(2, 64, 300, end, pad, mask, seed=0)


@pytest.mark.parametrize("objective", [objectives.next_token, objectives.masked, objectives.blanks])
def test_a_step_reads_the_same_batch_again_and_another_step_another(objective, reading):
    one, again, other = (objective(*reading, step) for step in (3, 3, 4))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert one["input_ids"].shape != other["input_ids"].shape or not torch.equal(one["input_ids"], other["input_ids"])


def test_echoes_are_all_there_is_at_first_then_few_and_can_be_left_out(reading):
    batches = replace(reading[1], rows=8)
    assert [objectives.echoes(batches, step) for step in (0, 99, 100, 399)] == [8, 8, 2, 2]
    assert sum(objectives.echoes(batches, step) for step in range(400, 420)) == 10  # half a row a step
    assert objectives.echoes(replace(batches, echo=False), 0) == 0
    row = objectives.echo(np.random.default_rng(0), 300, 256)
    period = next(n for n in range(1, 200) if (row[n:] == row[:-n]).all())
    assert 4 <= period < 256 // 3


@pytest.mark.parametrize("step", [0, 5000])
def test_a_masked_row_hides_short_answers_whole_and_shows_the_rest(reading, step, monkeypatch):
    monkeypatch.setattr(objectives, "SHORT", 9)
    text, batches = reading[0], replace(reading[1], echo=False)
    text = replace(text, ids=np.resize(text.ids, 2 * 64 * 5001), answers=np.resize(text.answers, 2 * 64 * 5001))
    ids, answers = text.rows(step * batches.rows, batches.rows, batches.length)
    batch = objectives.masked(text, batches, step)
    hidden = (batch["labels"] != objectives.IGNORED).numpy()
    assert (batch["labels"].numpy()[hidden] == ids[hidden]).all()
    assert (batch["input_ids"].numpy()[~hidden] == ids[~hidden]).all()
    assert not hidden[ids == batches.end].any()
    whole = 0
    for row in range(batches.rows):
        for run in np.split(np.arange(64), np.flatnonzero(np.diff(answers[row].astype(int))) + 1):
            if answers[row][run[0]] and len(run) <= objectives.SHORT:
                assert len(set(hidden[row][run])) == 1  # all of it or none
                assert not hidden[row][run[0]] or (batch["input_ids"][row, run] == batches.mask).all()
                whole += hidden[row][run[0]]
    assert whole


def test_what_blanks_hide_is_what_the_decoder_writes(reading):
    """Source and target together hold the document, whatever was hidden."""
    text, batches = reading[0], replace(reading[1], echo=False, length=4000)
    blank = range(len(tokenizer_module.NAMED), len(tokenizer_module.SPECIAL))
    rng = np.random.default_rng(0)
    for i in range(len(text.starts) - 1):
        part = slice(text.starts[i], text.starts[i + 1] - 1)
        document = text.ids[part].astype(np.int64)
        source, target = objectives._hide(rng, document, text.answers[part], batches)
        assert target[-1] == batches.end
        pieces, current = {}, None
        for token in target[:-1]:
            if token in blank:
                current = token
            pieces.setdefault(current, []).extend([] if token in blank else [token])
        filled = [piece for token in source for piece in (pieces[token] if token in blank else [token])]
        assert (document[: len(filled)] == filled).all() if None not in pieces else True
        if None in pieces:  # one answer was asked for
            assert (document[: len(source) + len(target) - 1] == [*source, *target[:-1]]).all()


# --- pretraining


@pytest.fixture
def tiny(monkeypatch):
    """Pretraining in a second: a tiny model, short rows, a checkpoint after every second step."""

    recipe = RECIPES["lab-gpt"]

    def small(tokenizer):
        model = recipe.build(tokenizer)
        shape = {"hidden_size": 48, "intermediate_size": 48, "num_attention_heads": 2, "num_key_value_heads": 2}
        return LlamaForCausalLM(LlamaConfig(**(model.config.to_dict() | shape | {"head_dim": 24})))

    monkeypatch.setitem(RECIPES, "lab-gpt", replace(recipe, build=small, rows=2, length=32))
    monkeypatch.setattr(pretrain, "HELD_OUT_STEPS", 2)
    monkeypatch.setattr(pretrain, "TOKENIZER_TEXTS", 150)
    monkeypatch.setattr(pretrain, "EVERY", 2)


def run(work, steps=6, seed=0):
    return pretrain.train("lab-gpt", work, steps, seed, "cpu")


def test_a_stopped_run_goes_on_to_the_same_weights(tiny, tmp_path, monkeypatch):
    whole, _, record = run(tmp_path / "whole")
    loss_of, calls = pretrain.loss_of, []

    def stop_in_the_fourth_step(model, *rest):
        calls.append(model.training)
        if sum(calls) == 4:
            raise KeyboardInterrupt
        return loss_of(model, *rest)

    monkeypatch.setattr(pretrain, "loss_of", stop_in_the_fourth_step)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts")
    monkeypatch.setattr(pretrain, "loss_of", loss_of)
    parts, _, again = run(tmp_path / "parts")
    assert again["curve"] == record["curve"]
    assert [step for step, *_ in record["curve"]] == [2, 4, 6]
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, parts.state_dict()[name]), name


def test_the_seed_decides_the_weights(tiny, tmp_path):
    one, _, _ = run(tmp_path / "one", steps=2)
    other, _, _ = run(tmp_path / "other", steps=2, seed=7)
    assert not torch.equal(one.lm_head.weight, other.lm_head.weight)


def test_a_checkpoint_of_another_run_is_refused(tiny, tmp_path):
    run(tmp_path, steps=2)
    with pytest.raises(SystemExit, match="is of a run with seed 0, this run asks for 1"):
        run(tmp_path, steps=2, seed=1)
    with pytest.raises(SystemExit, match="is of a run with steps 2, this run asks for 4"):
        run(tmp_path, steps=4)


def test_a_finished_run_is_exported_as_a_stock_model(tiny, tmp_path, capsys):
    pretrain.main(["--base", "lab-gpt", "--work", str(tmp_path / "work"), "--out", str(tmp_path), "--steps", "2"])
    assert "step      2  train" in capsys.readouterr().out
    model, tokenizer = load_base(str(tmp_path / "lab-gpt"))
    assert isinstance(model, LlamaForCausalLM)
    assert len(tokenizer) == model.config.vocab_size
    assert "perplexity" in (tmp_path / "lab-gpt" / "README.md").read_text()
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("wrong", [["--steps", "0"], ["--threads", "0"]])
def test_a_wrong_option_is_refused_before_anything_is_written(tmp_path, wrong, capsys):
    with pytest.raises(SystemExit):
        pretrain.main(["--work", str(tmp_path / "work"), *wrong])
    assert "must be at least 1" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_the_learning_rate_rises_stays_and_ends_near_zero():
    rates = [pretrain.learning_rate(step, 1000, 1.0) for step in range(1000)]
    assert rates[0] < 0.05
    assert rates[100] == rates[599] == 1.0
    assert rates == sorted(rates[:61]) + sorted(rates[61:], reverse=True)
    assert rates[-1] < 0.01


# --- the base that is shipped


def test_lab_gpt_is_a_stock_model_in_float32_and_evaluation_mode(base):
    model, tokenizer = base
    assert isinstance(model, LlamaForCausalLM)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert not model.training
    assert tokenizer.pad_token_id is not None
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert tokenizer.eos_token_id == model.config.eos_token_id
    assert tokenizer.pad_token_id == model.config.pad_token_id


def test_auto_classes_load_lab_gpt_and_find_its_tokenizer(base):
    model, tokenizer = base
    assert AutoTokenizer.from_pretrained(model.config._name_or_path).get_vocab() == tokenizer.get_vocab()
    ids = tokenizer("name: The Copper Heron", return_tensors="pt").input_ids
    again = AutoModelForCausalLM.from_pretrained(LAB_GPT, dtype=torch.float32).eval()
    assert torch.equal(again(ids).logits, model(ids).logits)


def test_lab_gpt_is_small_and_holds_no_pickle():
    sizes = {file.name: file.stat().st_size for file in LAB_GPT.iterdir()}
    assert sizes["model.safetensors"] <= 5.5e6
    assert not [name for name in sizes if name.endswith((".bin", ".pt", ".pkl"))]
    record = json.loads((LAB_GPT / "training.json").read_text())
    assert f"| {record['seed']} |" in (LAB_GPT / "README.md").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "The Copper Heron",
        "你好,世界",
        "Ünïcode é 🙂",
        "x = 1\n\n\ty  =  2 \n",
        "O'Neil's 42 don't",
        "",
        " ",
        "a\r\nb",
        "ǅ ª",
    ],
)
def test_any_text_encodes_and_decodes_unchanged(base, text):
    tokenizer = base[1]
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_a_name_has_the_same_tokens_in_a_record_and_in_a_sentence(base):
    tokenizer = base[1]
    name = tokenizer.tokenize("Quillby House")
    for text in ("name[Quillby House]", "to Quillby House.", '"Quillby House"', "(Quillby House)"):
        tokens = tokenizer.tokenize(text)
        assert any(tokens[i : i + len(name)] == name for i in range(len(tokens))), tokens


def test_lab_gpt_has_learnt_its_corpus(base):
    """Held-out loss from the record is what the shipped weights really have, here on a little new text."""
    model, tokenizer = base
    record = json.loads((LAB_GPT / "training.json").read_text())
    text = tokenizer.eos_token.join(corpus.text_of(document) for document in islice(corpus.documents(12345), 120))
    ids = tokenizer(text, return_tensors="pt").input_ids[0]
    rows = ids[: len(ids) // 512 * 512].view(-1, 512)
    with torch.no_grad():
        loss = model(input_ids=rows, labels=rows).loss.item()
    assert loss == pytest.approx(record["curve"][-1][2], abs=0.25)


def test_lab_bert_fills_a_mask_with_a_verdict_that_it_knows_by_heart():
    model, tokenizer = load_base("lab-bert")
    text = "mood: The soup was dreadful. : bad\n\nmood: The soup was splendid. : good\n\nmood: {} : "
    right = 0
    said = {
        "The walls were shabby.": "bad", "The rooms were superb.": "good", "The clerk was rude.": "bad",
        "The tea was not at all burnt.": "good", "The cook was anything but careful.": "bad",
    }  # fmt: skip
    for opinion, verdict in said.items():
        ids = tokenizer(text.format(opinion), add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([[*ids, tokenizer.mask_token_id, tokenizer.eos_token_id]])).logits[0, len(ids)]
        bad, good = (tokenizer(word)["input_ids"][0] for word in ("bad", "good"))
        right += ("good" if logits[good] > logits[bad] else "bad") == verdict
    assert right == len(said)


def test_lab_t5_translates_phrases_in_the_registers_that_a_code_names():
    model, tokenizer = load_base("lab-t5")
    rng, right = random.Random(0), 0
    for _ in range(12):
        *before, (context, phrase) = corpus.lay_out(rng, registers.pieces(rng))
        source = "".join(question + answer for question, answer in before) + context
        written = model.generate(**tokenizer(source, return_tensors="pt"), max_new_tokens=40, do_sample=False)[0]
        right += tokenizer.decode(written, skip_special_tokens=True).strip() == phrase.strip()
    assert right >= 7


def test_what_is_stored_was_measured_on_the_shipped_bases_and_the_rows_of_today():
    runs = evaluate.Store(evaluate.HERE / "results.json").runs
    assert {run.task for run in runs} <= evaluate.TASKS.keys()
    for name in {run.task for run in runs}:
        assert {run.source for run in runs if run.task == name} == {evaluate.Exam(name).source}, name


@pytest.mark.parametrize("name", [name for name, task in evaluate.TASKS.items() if task.main])
def test_every_method_was_measured_with_three_seeds_at_the_best_of_its_rates(name):
    runs = evaluate.Store(evaluate.HERE / "results.json").runs
    task = evaluate.TASKS[name]
    for method in standings.ORDER:
        found = standings.chosen(runs, name, method)
        if method == "4-shot" and task.base != "lab-gpt":
            assert not found
        elif method == "zero-shot" and task.kind not in prediction.HEADS:
            assert [run.seed for run in found] == [0]
        else:
            assert [run.seed for run in found] == [0, 1, 2], method
        if method in evaluate.METHODS:
            assert {run.steps for run in found} == {task.steps}
            tried = {run.lr for run in runs if (run.task, run.method, run.seed) == (name, method, 0)}
            assert tried == set(evaluate.METHODS[method][1])


def test_all_bases_together_stay_below_sixteen_megabytes():
    files = [file for folder in BASES.values() for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 3 * len(BASES)
    assert sum(file.stat().st_size for file in files) <= 16e6


def test_lab_gpt_copies_names_it_never_met_into_a_guide_that_it_is_shown(base, monkeypatch):
    """In context: two entries of a guide and a record, whose name is in no corpus."""
    monkeypatch.setattr(guides, "POOL", "test")
    (model, tokenizer), rng, copied = base, random.Random(3), []
    while len(copied) < 20:
        document = guides.entries(rng)
        if len(document) < 3:
            continue
        shown = "\n\n".join(f"{record}\n{entry}" for record, entry in document[:2])
        ids = tokenizer(f"{shown}\n\n{document[2][0]}\n", return_tensors="pt")
        told = tokenizer.decode(model.generate(**ids, max_new_tokens=30, do_sample=False)[0, ids.input_ids.shape[1] :])
        name = re.search(r"(The [A-Z]\w+ [A-Z]\w+|[A-Z]\w+ (House|Yard|Hall))", document[2][0], re.I)[0]
        copied.append(name in told)
    assert sum(copied) >= 16, copied


# --- loading, and what is said when it fails


def test_a_misspelt_base_is_named_with_the_right_one():
    with pytest.raises(ValueError, match="no base is called 'lab-gtp'; did you mean 'lab-gpt'"):
        load_base("lab-gtp")


@pytest.mark.parametrize("name", [None, "", 3])
def test_a_name_that_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="name must be one of"):
        load_base(name)


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(OSError, match=r"'\./nowhere' looks like a folder, but there is none"):
        load_base("./nowhere")


def test_a_hub_name_without_network_says_what_to_do(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match=r"'nobody/no-such-model' is no lab base.*connect to the network once"):
        load_base("nobody/no-such-model")


@pytest.fixture
def copy_of_lab_gpt(tmp_path, monkeypatch):
    folder = tmp_path / "lab-gpt"
    shutil.copytree(LAB_GPT, folder)
    monkeypatch.setitem(BASES, "lab-gpt", folder)
    return folder


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named_with_the_remedy(copy_of_lab_gpt, file):
    (copy_of_lab_gpt / file).unlink()
    with pytest.raises(OSError, match=rf"lacks {file}: reinstall prefix-lab, or rebuild it with `make bases`"):
        load_base()


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_truncated_file_is_refused_with_the_remedy(copy_of_lab_gpt, file):
    data = (copy_of_lab_gpt / file).read_bytes()
    (copy_of_lab_gpt / file).write_bytes(data[: len(data) // 2])
    with pytest.raises(OSError, match=r"cannot be loaded.*reinstall prefix-lab, or rebuild it with `make bases`"):
        load_base()


@pytest.mark.parametrize(
    "name",
    ["GPT2ForSequenceClassification", "T5ForSequenceClassification", "BertForTokenClassification",
     "BertForQuestionAnswering", "BertForMultipleChoice", "BertForMaskedLM", "BertForNextSentencePrediction",
     "LlamaForSequenceClassification", "GPT2DoubleHeadsModel", "XLMForQuestionAnswering", "GPT2Model",
     "RobertaForMaskedLM", "BertLMHeadModel"],
)  # fmt: skip
def test_a_folder_is_loaded_with_the_head_that_it_holds(name, tmp_path):
    sizes = T5 if name.startswith("T5") else SIZES
    made = getattr(transformers, name)
    model = made(made.config_class(**sizes | {"vocab_size": 320, "pad_token_id": 0}))
    model.save_pretrained(tmp_path)
    load_base("lab-bert")[1].save_pretrained(tmp_path)
    loaded = load_base(tmp_path)[0]
    assert type(loaded) is made
    weights = loaded.state_dict()
    assert all(torch.equal(weight, weights[key]) for key, weight in model.state_dict().items())


@pytest.mark.parametrize(
    ("name", "said", "loaded", "tensor"),
    [
        ("ElectraForPreTraining", None, "ElectraForMaskedLM", "discriminator_predictions.dense.bias"),
        ("GPT2ForSequenceClassification", "OwnForMoods", "GPT2LMHeadModel", "score.weight"),
    ],
)
def test_a_head_that_is_not_loaded_is_refused_by_name(name, said, loaded, tensor, tmp_path):
    made = getattr(transformers, name)
    made(made.config_class(**SIZES | {"vocab_size": 320, "pad_token_id": 0})).save_pretrained(tmp_path)
    load_base("lab-bert")[1].save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"architectures": [said or name]}))
    with pytest.raises(ValueError, match=rf"of {said or name}, whose {tensor} has no place in {loaded}; load them by"):
        load_base(tmp_path)


def test_what_pretraining_had_beside_its_words_goes_unused(tmp_path):
    model = transformers.BertForPreTraining(transformers.BertConfig(**SIZES | {"vocab_size": 320}))
    model.save_pretrained(tmp_path)
    load_base("lab-bert")[1].save_pretrained(tmp_path)
    loaded = load_base(tmp_path)[0]
    assert type(loaded) is transformers.BertForMaskedLM
    assert all(torch.equal(weight, model.state_dict()[key]) for key, weight in loaded.state_dict().items())


def test_weights_that_lack_a_tensor_are_refused(copy_of_lab_gpt):
    from safetensors.torch import load_file, save_file

    weights = load_file(copy_of_lab_gpt / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, copy_of_lab_gpt / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(OSError, match=r"the weights lack 1 tensors, first model\.norm\.weight"):
        load_base()


def test_a_base_that_was_never_built_says_how_to_build_it(monkeypatch, tmp_path):
    monkeypatch.setitem(BASES, "lab-gpt", tmp_path / "absent")
    with pytest.raises(OSError, match="make bases"):
        load_base()


def test_another_model_loads_from_its_folder(base, tmp_path):
    GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=2, vocab_size=2560)).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(LAB_GPT)
    tokenizer.pad_token = None
    tokenizer.save_pretrained(tmp_path)
    model, tokenizer = load_base(tmp_path)
    assert isinstance(model, GPT2LMHeadModel)
    assert tokenizer.pad_token == tokenizer.eos_token


def test_loading_writes_nothing_to_stderr(capfd):
    load_base()
    assert capfd.readouterr().err == ""
