"""Each paper's training runs end to end on a tiny model of its family and twenty rows in the hub's layout."""

import math
import re

import pytest
import torch
import transformers as tf
from datasets import Dataset
from transformers import AutoTokenizer

from prefix_lab import papers
from prefix_lab.bases import BASES
from prefix_lab.papers import PAPERS, beside, run

SHORT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
CHAT = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def gpt2(size):
    return tf.GPT2LMHeadModel(tf.GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=256, vocab_size=size))


def bart(size):
    parts = {f"{part}_{what}": n for part in ("encoder", "decoder") for what, n in (("layers", 2), ("ffn_dim", 64))}
    parts |= {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "forced_eos_token_id": None}
    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    return tf.BartForConditionalGeneration(tf.BartConfig(d_model=32, vocab_size=size, **parts, **ends))


def roberta(size):
    ends = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    return tf.RobertaForMaskedLM(tf.RobertaConfig(vocab_size=size, max_position_embeddings=515, **SHORT, **ends))


def qwen3(size):
    return tf.Qwen3ForCausalLM(tf.Qwen3Config(vocab_size=size, num_key_value_heads=2, head_dim=8, **SHORT))


PASSAGE = "The ferry leaves the Lantern Pier at nine and the mail boat at ten."
ROWS = {  # paper -> family, the lab base whose tokenizer it takes, and the row number i as the hub has it
    "e2e": (gpt2, "lab-gpt", lambda i: {
        "meaning_representation": f"name[The Vine {i // 2}], food[Thai]", "human_reference": f"The Vine {i // 2}."}),
    "xsum": (bart, "lab-t5", lambda i: {"document": PASSAGE * 2, "summary": "Two boats leave.", "id": str(i)}),
    "boolq": (roberta, "lab-bert", lambda i: {
        "question": "does the ferry leave at nine", "passage": PASSAGE, "idx": i, "label": i % 2}),
    "conll": (roberta, "lab-bert", lambda i: {
        "id": str(i), "tokens": ["Ann", "Lee", "left", "Rome", "."], "pos_tags": [0] * 5, "chunk_tags": [0] * 5,
        "ner_tags": [1, 2, 0, 5, 0]}),
    "squad": (roberta, "lab-bert", lambda i: {
        "id": str(i), "title": "boats", "context": PASSAGE, "question": "When does the mail boat leave?",
        "answers": {"text": ["ten"], "answer_start": [PASSAGE.index("ten")]}}),
    "chat": (qwen3, "lab-gpt", lambda i: {
        "full_topic": "boats", "messages": [
            {"role": "user", "content": f"Is boat {i} late?"}, {"role": "assistant", "content": "It is on time."}]}),
}  # fmt: skip


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """`tiny(paper)`: a folder with a model of its family, and one with its data in the hub's layout."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))

    def make(name):
        family, lab, row = ROWS[name]
        tokenizer = AutoTokenizer.from_pretrained(BASES[lab])
        if name == "chat":
            tokenizer.chat_template = CHAT
        torch.manual_seed(0)
        family(len(tokenizer)).save_pretrained(tmp_path / "base")
        tokenizer.save_pretrained(tmp_path / "base")
        task = PAPERS[name].data
        hub = (papers.task_of(task) if isinstance(task, str) else task).hub
        splits = {place.split("[")[0] for place in hub.splits.values()}
        config = hub.config or "default"
        for split in splits:
            (tmp_path / "data" / config / split).mkdir(parents=True)
            rows = Dataset.from_list([row(i) for i in range(20)])
            rows.to_parquet(tmp_path / "data" / config / split / "0000.parquet")
        files = "".join(f"  - {{split: {split}, path: {config}/{split}/*}}\n" for split in sorted(splits))
        card = f"---\nconfigs:\n- config_name: {config}\n  data_files:\n{files}---\n"
        (tmp_path / "data" / "README.md").write_text(card, encoding="utf-8")
        return str(tmp_path / "base"), str(tmp_path / "data")

    return make


@pytest.mark.parametrize("name", PAPERS)
def test_each_training_runs_from_the_hubs_layout_to_its_scores(name, tiny):
    base, data = tiny(name)
    scores = run(name, base, data, steps=2, rows=20)
    assert set(scores) == set(PAPERS[name].reported)
    for metric, score in scores.items():
        assert math.isfinite(score)
        assert 0 <= score <= 100, metric


def test_a_training_learns_what_its_rows_say(tiny):
    base, data = tiny("chat")
    one, many = (run("chat", base, data, steps=steps)["loss"] for steps in (1, 60))
    assert many < one - 0.05


def test_a_class_of_two_texts_is_read_off_the_bases_own_weights(tiny, tmp_path):
    base, _ = tiny("boolq")
    encoder = tf.BertModel(tf.BertConfig(vocab_size=300, pad_token_id=0, **SHORT))  # bare, as sentence encoders are
    encoder.save_pretrained(base)
    model, _ = papers._load(PAPERS["boolq"], base, ())
    assert type(model) is tf.BertForSequenceClassification
    assert all(
        torch.equal(own, given) for own, given in zip(model.bert.parameters(), encoder.parameters(), strict=True)
    )
    tf.BertForMaskedLM(encoder.config).save_pretrained(base)  # without the pooler that the head reads
    with pytest.raises(ValueError, match=r"has no bert\.pooler\.dense\.weight"):
        papers._load(PAPERS["boolq"], base, ())


@pytest.mark.parametrize("given", [{"steps": 0}, {"rows": 0}, {"steps": -1}, {"rows": 2.5}])
def test_a_count_that_is_none_is_refused_before_anything_is_read(given):
    ((name, count),) = given.items()
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1, got {count}"):
        run("e2e", "no-base", "no-data", **given)


def test_the_column_of_ones_own_is_empty_until_there_are_scores():
    header, row = beside("e2e")
    assert header == ["metric", "paper: prefix", "paper: full", "paper: adapter 3 %", "yours"]
    assert row == ["BLEU", "70.3", "68.8", "68.9", ""]
    assert beside("e2e", {"BLEU": 12.345})[1][-1] == "12.35"


def test_the_command_says_what_is_not_the_papers(tiny, capsys):
    base, data = tiny("boolq")
    papers.main(["boolq", "--base", base, "--data", data, "--steps", "1", "--rows", "4"])
    said = capsys.readouterr().out
    assert re.search(r"accuracy +\| 84 +\| [\d.]+", said)
    assert "'steps': 1, 'rows': 4}" in said.splitlines()[-1]


def test_without_a_name_all_tables_are_shown(capsys):
    papers.main([])
    said = capsys.readouterr().out
    assert all(f"{name}: {paper.base}; {paper.source}" in said for name, paper in PAPERS.items())
    assert "not the paper's experiment" not in said


def test_a_name_that_is_none_is_told_what_there_is():
    with pytest.raises(ValueError, match="one of e2e, xsum, boolq, conll, squad, chat, got 'E2E'"):
        run("E2E")
