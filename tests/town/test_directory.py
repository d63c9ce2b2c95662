"""Larkhaven's directory: rows that read like English, splits that share nothing, and the full-size loader."""

import random
import re

import pytest

from prefix_lab.bases.skills import guides
from prefix_lab.town import directory, load_task


@pytest.fixture(scope="module")
def task():
    return load_task("directory")


def rows(task):
    return [row for split in task.values() for row in split]


def people_and_places(split) -> set[str]:
    return {pair["value"] for row in split for pair in row["fields"] if pair["key"] in ("name", "near", "host")}


def sentences(split) -> set[str]:
    return {sentence for row in split for sentence in re.split(r"(?<=\.) ", row["target"])}


def test_the_lab_task_has_its_splits_and_features(task):
    assert {split: len(rows) for split, rows in task.items()} == {"train": 300, "validation": 100, "test": 100}
    assert set(task["train"].features) == {"source", "target", "entity", "fields"}
    assert task["train"].info.license


def test_no_name_host_or_landmark_is_shared_between_splits(task):
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        assert not people_and_places(task[one]) & people_and_places(task[other])


def test_no_sentence_is_shared_between_splits(task):
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        assert not sentences(task[one]) & sentences(task[other])


def test_no_house_occurs_twice(task):
    entities = [row["entity"] for row in rows(task)]
    assert len(set(entities)) == len(entities)


def test_every_split_has_at_least_forty_patterns(task):
    for split in task.values():
        patterns = {directory.Entry({p["key"]: p["value"] for p in row["fields"]}).pattern for row in split}
        assert len(patterns) >= 40


def test_a_pattern_is_more_than_its_values(task):
    """Patterns are counted by fields; the texts without their values must differ as often."""
    shapes = set()
    for row in task["train"]:
        text = row["target"]
        for pair in row["fields"]:
            text = text.replace(pair["value"], "_") if pair["key"] not in ("stars", "dogs") else text
        shapes.add(re.sub(r"\ban? _", "a _", text))
    assert len(shapes) >= 40


def test_every_value_of_the_record_that_is_said_is_said_as_it_stands(task):
    for row in rows(task):
        for pair in row["fields"]:
            if pair["key"] not in ("stars", "dogs"):
                assert pair["value"].lower() in row["target"].lower(), row


def test_entries_read_like_english(task):
    for row in rows(task):
        text = row["target"]
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", text), text
        assert not re.search(r"  | [.,;]|\.\.|[{}\[\]]", text), text
        assert all(sentence[0].isupper() for sentence in text.split(". ")), text


def test_a_record_is_read_back_from_its_source(task):
    for row in task["validation"]:
        assert list(directory.read_record(row["source"]).items()) == [(p["key"], p["value"]) for p in row["fields"]]
    with pytest.raises(ValueError, match="not a record"):
        directory.read_record("a sentence")


def test_the_source_ends_the_line(task):
    assert all(row["source"].endswith("]\n") and row["source"].count("\n") == 1 for row in rows(task))


def test_the_record_alone_decides_the_entry():
    entry = directory.Entry({"name": "The Copper Heron", "kind": "inn", "area": "Old Mint", "stars": "4", "dogs": "no"})
    assert entry.target == "Few regret a night at The Copper Heron, an inn in Old Mint; leave the dog at home."


# --- full size: a small copy of the hub's layout stands for the hub


@pytest.fixture
def copy_of_the_hub(tmp_path, monkeypatch):
    """Parquet files laid out as the hub's E2E has them at its parquet revision."""
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for split, size in (("train", 12), ("validation", 3), ("test", 3)):
        folder = tmp_path / "hub" / "default" / split
        folder.mkdir(parents=True)
        Dataset.from_dict({
            "meaning_representation": [f"name[The {split} {i}], food[Thai], near[The Mill]" for i in range(size)],
            "human_reference": [f"Near The Mill, The {split} {i} serves Thai food." for i in range(size)],
        }).to_parquet(folder / "0000.parquet")  # fmt: skip
    return tmp_path / "hub"


def test_the_full_size_task_has_the_features_of_the_lab_task(copy_of_the_hub, task):
    full = load_task("directory", size="full", path=str(copy_of_the_hub))
    assert {split: len(rows) for split, rows in full.items()} == {"train": 12, "validation": 3, "test": 3}
    assert full["train"].features == task["train"].features
    assert full["test"][0] == {
        "source": "name[The test 0], food[Thai], near[The Mill]\n",
        "target": "Near The Mill, The test 0 serves Thai food.",
        "entity": "The test 0",
        "fields": [
            {"key": "name", "value": "The test 0"},
            {"key": "food", "value": "Thai"},
            {"key": "near", "value": "The Mill"},
        ],
    }
    assert "E2E" in full["train"].info.description
    assert full["train"].info.license == "CC BY-SA 4.0"


def test_n_draws_full_size_training_rows_by_seed(copy_of_the_hub):
    few, again, other = (
        load_task("directory", size="full", seed=seed, n=4, path=str(copy_of_the_hub)) for seed in (0, 0, 1)
    )
    assert len(few["train"]) == 4
    assert len(few["test"]) == 3
    assert few["train"]["entity"][:] == again["train"]["entity"][:]
    assert few["train"]["entity"][:] != other["train"]["entity"][:]


def test_the_hub_is_asked_by_name_and_revision(copy_of_the_hub, monkeypatch):
    import datasets

    load, asked = datasets.load_dataset, []

    def from_copy(path, revision, split):
        asked.append((path, revision))
        return load(str(copy_of_the_hub), split=split)

    monkeypatch.setattr(datasets, "load_dataset", from_copy)
    assert len(load_task("directory", size="full")["train"]) == 12
    assert asked == [("tuetschek/e2e_nlg", "refs/convert/parquet")]


def test_pretraining_knows_every_part_of_the_house_style_but_never_three_of_them_together():
    rng = random.Random(7)
    documents = [guides.entries(rng) for _ in range(800)]
    openings, _, ends = (
        [wording.split("{")[0] for wording in part.values() if len(wording.split("{")[0]) > 4]
        for part in (directory.OPENINGS, directory.PLACES, directory.ENDINGS)
    )
    ends = [*ends, " keeps the keys.", " is glad to see a dog.", " will not have dogs under the roof."]
    parts = (openings, ["a short walk from", "meets"], ["where the day begins"], ends)
    shown = []
    for document in documents:
        text = " ".join(entry for _, entry in document)
        shown.append([any(words in text for words in part) for part in parts])
    assert all(any(column) for column in zip(*shown))
    assert max(map(sum, shown)) == 2
    assert not set(directory.KINDS) & set(guides.KINDS)
    assert not any(re.search(r"\w\[", source) for document in documents for source, _ in document)


def test_full_size_without_data_says_what_to_do(tmp_path):
    with pytest.raises(OSError, match=r"path='.*nowhere'.*use size='lab'"):
        load_task("directory", size="full", path=str(tmp_path / "nowhere"))


def test_full_size_without_network_says_what_to_do(monkeypatch):
    import datasets

    def unreachable(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    with pytest.raises(OSError, match=r"'tuetschek/e2e_nlg' on the Hugging Face hub.*Connect to the\s+network"):
        load_task("directory", size="full")


def test_full_size_data_with_other_columns_is_refused(tmp_path, monkeypatch):
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for split in ("train", "validation", "test"):
        (tmp_path / "hub" / "default" / split).mkdir(parents=True)
        Dataset.from_dict({"text": ["a"]}).to_parquet(tmp_path / "hub" / "default" / split / "0000.parquet")
    with pytest.raises(ValueError, match=r"no column 'meaning_representation', only \['text'\]"):
        load_task("directory", size="full", path=str(tmp_path / "hub"))
