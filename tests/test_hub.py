"""Repositories instead of folders: what is fetched, what is uploaded, what is said when the hub is out of reach."""

import huggingface_hub
import pytest
import torch
import yaml
from families import build, shake

import prefix_lab as pl


def attached(**settings):
    model = build("llama")
    return model, shake(pl.attach(model, length=3, **settings))


class Hub:
    """A hub in a folder, with the calls of the real client that are needed."""

    def __init__(self, root):
        self.root, self.asked, self.uploads = root, [], []

    def download(self, repo_id, revision=None, token=None, allow_patterns=None):
        self.asked.append((repo_id, revision, token, allow_patterns))
        if not (self.root / repo_id).is_dir():
            raise huggingface_hub.errors.LocalEntryNotFoundError("cannot find it\nand a long story")
        return str(self.root / repo_id)

    def create_repo(self, repo_id, private=None, exist_ok=False):
        assert exist_ok
        repo_id = repo_id if "/" in repo_id else f"me/{repo_id}"
        (self.root / repo_id).mkdir(parents=True, exist_ok=True)
        self.private = private
        return huggingface_hub.RepoUrl(f"https://huggingface.co/{repo_id}")

    def upload_folder(self, *, repo_id, folder_path, commit_message, allow_patterns=None, delete_patterns=None):
        self.uploads.append((repo_id, commit_message, delete_patterns))
        names = [path.relative_to(folder_path).as_posix() for path in sorted(folder_path.rglob("*")) if path.is_file()]
        for name in huggingface_hub.utils.filter_repo_objects(names, allow_patterns=allow_patterns):
            target = self.root / repo_id / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((folder_path / name).read_bytes())
        return f"https://huggingface.co/{repo_id}"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """The real client's names, on a folder."""
    there = Hub(tmp_path / "hub")

    def api(token=None):
        there.token = token
        return there

    monkeypatch.setattr(huggingface_hub, "snapshot_download", there.download)
    monkeypatch.setattr(huggingface_hub, "HfApi", api)
    monkeypatch.chdir(tmp_path)
    return there


def same(prefix, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(prefix.parameters(), other.parameters(), strict=True))


def test_a_prefix_goes_to_the_hub_with_a_card_and_comes_back(fake):
    model, prefix = attached()
    model.config._name_or_path = prefix.config.base["name"] = "someone/llama"
    told = {"data": "forty letters", "licence": "mit"}
    address = prefix.push_to_hub("me/polite", card=told, private=True, token="secret", message="first")
    assert address.endswith("me/polite")
    assert (fake.private, fake.token) == (True, "secret")
    assert fake.uploads == [("me/polite", "first", ["prefix-*.safetensors", "prefix_*/*"])]
    assert sorted(path.name.partition("-")[0] for path in (fake.root / "me/polite").iterdir()) == [
        "README.md",
        "prefix",
        "prefix.json",
    ]
    card = (fake.root / "me/polite/README.md").read_text()
    head = yaml.safe_load(card.split("---\n")[1])
    assert (head["base_model"], head["license"]) == ("someone/llama", "mit")
    assert 'pl.attach(model, "me/polite")' in card
    assert "| data | forty letters |" in card

    assert same(pl.Prefix.from_pretrained("me/polite", revision="v1", token="secret"), prefix)
    repo, revision, token, patterns = fake.asked[-1]
    assert (repo, revision, token) == ("me/polite", "v1", "secret")
    wanted = ["prefix.json", "prefix-0a.safetensors", "prefix_polite/prefix.json", "adapter_config.json"]
    wanted += ["adapter_model.safetensors", "tuning.json", "tuning-0a.safetensors"]
    unwanted = ["model.safetensors", "config.json", "optimizer.pt", "pytorch_model.bin"]
    assert list(huggingface_hub.utils.filter_repo_objects(wanted + unwanted, allow_patterns=patterns)) == wanted
    pl.detach(model)
    assert same(pl.attach(model, "me/polite"), prefix)


def test_nothing_is_created_for_a_prefix_that_cannot_be_written(fake):
    _, prefix = attached()
    with pytest.raises(ValueError, match="has no values here"):
        prefix.to("meta").push_to_hub("me/polite")
    assert not (fake.root / "me").exists()


def test_a_folder_here_comes_before_a_repository_of_its_name(fake, tmp_path):
    _, prefix = attached()
    prefix.save_pretrained(tmp_path / "me" / "polite")
    assert same(pl.Prefix.from_pretrained("me/polite"), prefix)
    assert fake.asked == []


def test_a_repository_out_of_reach_is_one_sentence(fake):
    for read in (pl.Prefix.from_pretrained, lambda name: pl.attach(build("llama"), name)):
        with pytest.raises(
            FileNotFoundError, match=r"^'me/none' is neither a folder here nor .*LocalEntryNotFound"
        ) as e:
            read("me/none")
        assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    "name", ["polite", "../up/down", "a/b/c", "./x/y", "/tmp/none/here", "me/", "-a/b", "me/pol ite"]
)
def test_what_cannot_be_a_repository_is_not_asked_for(name, fake):
    with pytest.raises(FileNotFoundError, match="does not exist; give the folder that a prefix was saved into"):
        pl.Prefix.from_pretrained(name)
    assert fake.asked == []


def test_the_real_client_reads_its_cache_without_a_network(tmp_path, monkeypatch):
    _, prefix = attached()
    home = tmp_path / "models--me--polite"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("0" * 40)
    prefix.save_pretrained(home / "snapshots" / ("0" * 40))
    real = huggingface_hub.snapshot_download
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *a, **k: real(*a, **k, cache_dir=tmp_path))
    assert same(pl.Prefix.from_pretrained("me/polite"), prefix)
    with pytest.raises(FileNotFoundError, match="'me/rude' is neither a folder here nor a repository"):
        pl.Prefix.from_pretrained("me/rude")


def test_pushing_the_model_pushes_its_prefixes_too(fake, tmp_path, monkeypatch):
    import transformers.modeling_utils

    model, prefix = attached()
    monkeypatch.setattr(transformers.modeling_utils, "hf_api", lambda: fake)
    card = type("Card", (), {"save": lambda self, path: None})
    monkeypatch.setattr(transformers.modeling_utils, "create_and_tag_model_card", lambda *a, **k: card())
    monkeypatch.setattr(type(model), "_upload_modified_files", lambda *a, **k: None)
    model.save_pretrained(tmp_path / "whole", push_to_hub=True, repo_id="me/whole", commit_message="both")
    assert same(pl.Prefix.from_pretrained("me/whole"), prefix)
    stale = ["prefix-*.safetensors", "prefix_*/*", "tuning.json", "tuning-*.safetensors"]
    assert fake.uploads == [("me/whole", "both", stale)]
    assert {path.name.partition("-")[0] for path in (fake.root / "me/whole").iterdir()} == {"prefix", "prefix.json"}
    model.save_pretrained(tmp_path / "named", push_to_hub=True)
    assert same(pl.Prefix.from_pretrained("me/named"), prefix)
