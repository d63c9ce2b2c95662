"""The card beside a saved prefix: what is written without being asked, what its author tells, what is refused."""

import json
import re

import pytest
import torch
import yaml
from families import build

import prefix_lab as pl
from prefix_lab import card


def attached(**settings):
    model = build("llama")
    model.config._name_or_path = "someone/llama"
    return pl.attach(model, length=3, **settings)


def head_and_body(folder):
    _, head, body = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head), body


def rows(body):
    return dict(re.findall(r"^\| (\w+) \| (.+) \|$", body, re.M))


TOLD = {
    "title": "Guide entries",
    "about": "Writes a record of a house as the town's guide does.",
    "base": "model.safetensors, sha256 0a1b",
    "data": "300 rows of directory, seed 0",
    "settings": {"steps": 80, "lr": 0.001},
    "scores": {"loss": "0.06 nats"},
    "limits": "English | guide's keys only",
    "licence": "mit",
    "language": "en",
}


def test_a_card_tells_what_the_files_know_and_what_the_author_says(tmp_path):
    prefix = attached()
    prefix.save_pretrained(tmp_path / "guide", card=TOLD)
    head, body = head_and_body(tmp_path / "guide")
    assert head == {
        "library_name": "prefix-lab",
        "license": "mit",
        "language": "en",
        "tags": ["prefix-tuning"],
        "base_model": "someone/llama",
        "base_model_relation": "adapter",
    }
    told = rows(body)
    assert told["base"] == "someone/llama, class LlamaForCausalLM, model.safetensors, sha256 0a1b"
    assert told["shape"] == "3 keys and values at 2 attentions (decoder; heads 2 x 8)"
    (weights,) = (tmp_path / "guide").glob("*.safetensors")
    assert told["numbers"] == f"192 in float32, in {weights.name}"
    assert told["settings"] == "steps 80, lr 0.001"
    assert told["limits"] == r"English \| guide's keys only"
    assert body.startswith("\n# Guide entries\n\nWrites a record")
    assert 'pl.attach(model, "guide")' in body


def test_what_the_author_leaves_out_is_written_as_not_said(tmp_path):
    attached(reparam="mlp", hidden=5).save_pretrained(tmp_path, card={})
    head, body = head_and_body(tmp_path)
    told = rows(body)
    assert {name for name, text in told.items() if text == "not said"} == {
        "data", "settings", "scores", "limits", "licence",
    }  # fmt: skip
    assert "license" not in head
    assert told["shape"].endswith("through a network of width 5")


def test_no_card_is_written_unasked(tmp_path):
    attached().save_pretrained(tmp_path)
    assert not (tmp_path / "README.md").exists()


def test_a_card_names_the_tensors_that_it_belongs_to(tmp_path):
    prefix = attached()
    prefix.save_pretrained(tmp_path, card={})
    (named,) = [line for line in (tmp_path / "README.md").read_text().splitlines() if "| numbers" in line]
    assert json.loads((tmp_path / "prefix.json").read_text())["weights"] in named
    with torch.no_grad():
        prefix.keys[0].add_(1)
    prefix.save_pretrained(tmp_path)  # another prefix; the card is still the old one's, and says so
    assert json.loads((tmp_path / "prefix.json").read_text())["weights"] not in named


@pytest.mark.parametrize(
    ("told", "error", "message"),
    [
        ({"author": "me", "about": "x"}, ValueError, "card has no place for author; it tells title, about"),
        ("text", TypeError, "card must be a dict of title, .*, got str"),
    ],
)
def test_a_card_that_cannot_be_written_leaves_nothing_written(told, error, message, tmp_path):
    with pytest.raises(error, match=message):
        attached().save_pretrained(tmp_path / "guide", card=told)
    assert not (tmp_path / "guide").exists()


def test_a_process_that_is_not_the_main_one_writes_no_card(tmp_path):
    attached().save_pretrained(tmp_path / "guide", card={}, is_main_process=False)
    assert not (tmp_path / "guide").exists()


@pytest.mark.parametrize("name", [None, "", "/models/llama", "lab-gpt"])
def test_a_base_without_an_address_is_no_link_on_the_hub(name, tmp_path):
    prefix = attached()
    prefix.config.base["name"] = name
    prefix.save_pretrained(tmp_path, card={})
    head, body = head_and_body(tmp_path)
    assert "base_model" not in head
    assert rows(body)["base"].startswith(name or "not said")


def test_the_record_keeps_the_revision_that_a_base_came_from(tmp_path):
    model = build("llama")
    model.config._commit_hash = "f00d"
    prefix = pl.attach(model, length=2)
    assert pl.Prefix.from_pretrained(prefix.save_pretrained(tmp_path, card={})).config.base["revision"] == "f00d"
    assert "revision f00d" in rows(head_and_body(tmp_path)[1])["base"]
    assert "revision" not in attached().config.base


def test_a_base_from_a_folder_is_called_by_the_folder_and_not_by_its_place_on_this_disk(tmp_path):
    (tmp_path / "home" / "my-base").mkdir(parents=True)
    model = build("llama")
    model.config._name_or_path = str(tmp_path / "home" / "my-base")
    folder = pl.attach(model, length=2).save_pretrained(tmp_path / "out", card={})
    for path in (folder / "prefix.json", folder / "README.md"):
        assert "my-base" in path.read_text()
        assert str(tmp_path) not in path.read_text()


def test_a_card_of_a_prefix_from_peft_says_what_is_known(tmp_path):
    attached().to_peft(tmp_path / "peft")
    prefix = pl.Prefix.from_peft(tmp_path / "peft")
    text = card.written(prefix, {}, "prefix-0.safetensors", "me/it")
    assert "| base | someone/llama, class unknown |" in text
    assert "(self; heads 2 x 8)" in text
