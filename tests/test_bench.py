"""The benchmarks of speed run: every kind of case, on tiny models; and a record is gone on with."""

import json
import sys

import bench
import gpu
import pytest
import rivals
import transformers as tf
import turns
from bench import Case

pytestmark = pytest.mark.filterwarnings("ignore:`past_key_values` is deprecated:FutureWarning")  # peft hands it over


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """Models of the same families, small enough for a test."""
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 32, "vocab_size": 64}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}
    small = {
        "qwen3-0.6b": lambda: tf.Qwen3ForCausalLM(tf.Qwen3Config(**shape, **heads)),
        "smollm2-135m": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(**shape, **heads)),
        "gpt2": lambda: tf.GPT2LMHeadModel(tf.GPT2Config(n_layer=2, n_embd=32, n_head=4, vocab_size=64)),
        "lab-gpt": lambda: tf.GPT2LMHeadModel(tf.GPT2Config(n_layer=1, n_embd=32, n_head=4, vocab_size=64)),
        "bert": lambda: tf.BertForSequenceClassification(tf.BertConfig(**shape, num_attention_heads=4)),
        "t5": lambda: tf.T5ForConditionalGeneration(
            tf.T5Config(d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4, vocab_size=64, decoder_start_token_id=0)
        ),
    }
    monkeypatch.setattr(rivals, "SHAPES", small)
    monkeypatch.setattr(bench, "LEAST", 2)
    monkeypatch.setattr(turns, "NEW", 4)
    monkeypatch.setattr(turns, "STEPS", 3)


KINDS = {(case.figure, case.model, case.baseline): case for case in bench.cases()}
IN_PROCESS = [case for case in KINDS.values() if case.figure in turns.TURNS]


@pytest.mark.parametrize("case", IN_PROCESS, ids=lambda case: f"{case.figure}, {case.model}, {case.baseline}")
def test_every_case_is_a_ratio_of_two_measured_times(case):
    small = Case(case.figure, case.model, case.baseline, prefix=3, batch=min(case.batch, 2), tokens=12)
    found = bench.paired(small, seconds=0)
    assert found["rounds"] == 2
    assert found["low"] <= found["median"] <= found["high"]
    assert found["ours"] > 0
    assert found["theirs"] > 0


def test_what_writes_with_pefts_prefix_is_not_the_bare_model():
    import torch

    model = rivals.build("smollm2-135m")
    ids = torch.arange(3, 13)[None]
    bare = model.generate(ids, max_new_tokens=1, output_logits=True, return_dict_in_generate=True).logits[0]
    peft = rivals.Peft(model, 5)
    with torch.no_grad():
        settings = {"max_new_tokens": 1, "output_logits": True, "return_dict_in_generate": True}
        written = peft.model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **settings).logits[0]
        expected = peft.model(input_ids=ids).logits[:, -1]
    torch.testing.assert_close(written, expected)
    assert not torch.allclose(written, bare)


def test_a_record_is_gone_on_with_and_a_case_measured_again_only_when_asked(tmp_path, monkeypatch, capsys):
    out, done = tmp_path / "bench.json", []
    monkeypatch.setattr(bench, "measure", lambda case, *_: done.append(case) or bench.asdict(case) | FIGURES)
    given = ["bench.py", "--figures", "eight tasks in a batch", "training step", "--out", str(out)]
    for more in ([], [], ["--models", "gpt2", "--again"]):
        monkeypatch.setattr(sys, "argv", given + more)
        bench.main()
    of_gpt2 = [case for case in bench.cases() if case.model == "gpt2" and case.figure == "training step"]
    first = [case for case in bench.cases() if case.figure in given[2:4]]
    assert done == first + of_gpt2
    assert len(json.loads(out.read_text(encoding="utf-8"))["rows"]) == len(first)
    assert "at most 1.0 | yes |" in capsys.readouterr().out


FIGURES = {"median": 1.0, "low": 0.9, "high": 1.1, "rounds": 5, "ours": 1.0, "theirs": 1.0}


@pytest.mark.parametrize(
    ("case", "bar"),
    [
        (Case("tokens a second", "gpt2", "bare", tokens=64), ("at least", 0.97)),
        (Case("tokens a second", "gpt2", "bare", tokens=512), ("at least", 1.0)),
        (Case("tokens a second", "gpt2", "bare", tokens=512, dtype="bfloat16"), ("at least", 1.3)),
        (Case("tokens a second", "gpt2", "bare", prefix=200, tokens=512), None),
        (Case("training step", "gpt2", "PEFT", tokens=64), ("at most", 1.0)),
        (Case("training step", "gpt2", "PEFT", tokens=1024), ("at most", 0.95)),
        (Case("peak memory", "gpt2", "PEFT", checkpointing=True), ("at most", 0.6)),
    ],
)
def test_a_case_has_the_bar_of_its_kind(case, bar):
    assert case.bar() == bar


def test_the_measurement_for_a_gpu_runs_small_on_a_cpu(tmp_path, capsys):
    out = tmp_path / "gpu.json"
    gpu.main(["--small", "--device", "cpu", "--out", str(out)])
    rows = json.loads(out.read_text(encoding="utf-8"))["cpu"]["rows"]
    assert {row["figure"] for row in rows} == {"one attention", "static cache", "training step", "tokens a second"}
    for row in rows:
        for way, found in row.get("ways", {}).items():
            assert found["seconds"] > 0, way
            assert found.get("error", 0) < 0.1 or way == "bare", (way, found)


def test_no_case_for_a_gpu_begins_when_the_minutes_are_over(tmp_path, capsys):
    gpu.main(["--small", "--device", "cpu", "--minutes", "0", "--out", str(tmp_path / "gpu.json")])
    assert "the minutes are over" in capsys.readouterr().out
    assert not (tmp_path / "gpu.json").exists()
