"""A sample of every kind of architecture, examined as `benchmarks/architectures.py` examines them all."""

import json
import warnings
from pathlib import Path

import pytest
from zoo import count, page
from zoo.examine import examine
from zoo.models import registry

KEPT = json.loads((Path(page.__file__).parents[1] / "architectures.json").read_text(encoding="utf-8"))
REGISTRY = registry()
SAMPLE = """
gpt2 llama qwen3 gemma2 gpt_oss deepseek_v3 mixtral opt gptj
bert modernbert deberta-v2 albert xlm-roberta
t5 bart mbart longt5 encoder-decoder
vit swin dinov2 segformer detr sam
wav2vec2 hubert whisper audio-spectrogram-transformer
llava qwen2_vl mllama git idefics blip-2 clip paligemma
jamba bamba recurrent_gemma granitemoehybrid nemotron_h_omni
mamba rwkv
bloom falcon mpt gpt_neo xglm codegen
big_bird longformer reformer
musicgen vision-text-dual-encoder deepseek_v4
""".split()


def test_the_sample_has_every_kind():
    assert len(set(SAMPLE)) >= 40
    assert set(SAMPLE) <= set(REGISTRY)


@pytest.mark.parametrize("model_type", SAMPLE)
@pytest.mark.filterwarnings("ignore")
def test_a_tiny_model_of_the_type_is_served_as_the_page_says(model_type):
    class_name, tasks = next(iter(REGISTRY[model_type].items()))
    record = examine(model_type, class_name, tasks)
    assert record.get("faults", []) == []
    kept = KEPT["records"][f"{model_type} {class_name}"]
    assert (record["attach"], record.get("kinds")) == (kept["attach"], kept.get("kinds"))


def test_the_page_is_what_the_records_say():
    assert page.PAGE.read_text(encoding="utf-8") == page.text(KEPT), "run `python benchmarks/architectures.py --page`"


def test_the_records_fit_into_the_repository():
    assert len(json.dumps(KEPT)) < 200_000


def test_nothing_crashes_is_wrong_or_is_left_out_in_silence():
    assert {name for name, record in KEPT["records"].items() if record.get("faults")} == set()


# --- the sweep itself: it would notice


def broken(monkeypatch, model_type, place, function):
    """The faults of a model while a part of the package is replaced."""
    monkeypatch.setattr(place, function)
    class_name, tasks = next(iter(REGISTRY[model_type].items()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return " ".join(examine(model_type, class_name, tasks).get("faults", []))


def test_a_prefix_that_is_not_used_is_noticed(monkeypatch):
    place = "prefix_lab.attention.PrefixAttention.__call__"
    unused = broken(monkeypatch, "llama", place, lambda self, attend, *args, **kwargs: attend(*args, **kwargs))
    assert "the prefix changes nothing" in unused


def test_a_mask_that_hides_the_past_or_shows_the_future_is_noticed(monkeypatch):
    faults = broken(monkeypatch, "llama", "prefix_lab.attention.widen", lambda mask, kwargs, *rest: (None, kwargs))
    assert "a token" in faults or "attention written out by hand" in faults


def test_an_attention_that_is_named_nowhere_is_noticed(monkeypatch):
    monkeypatch.setattr("zoo.examine.unnamed", lambda missing, *rest: ["somewhere"])
    class_name, tasks = next(iter(REGISTRY["gpt2"].items()))
    assert examine("gpt2", class_name, tasks)["faults"] == ["left out in silence: somewhere"]


def test_the_counts_add_up():
    main = count.main_records(KEPT["records"])
    assert sum(count.counts(main).values()) == len(main) == len({name.split()[0] for name in KEPT["records"]})
