"""Larkhaven: what holds for every task, whatever its family. Each family's own tests are in tests/town."""

import os
import re
import subprocess
import sys
import time
from functools import cache

import pytest

from prefix_lab.town import FAMILIES, load_task, task_of
from prefix_lab.town.grammar import article
from prefix_lab.town.rows import SPLITS

LABELLED = [name for name in FAMILIES if task_of(name).labels]
EVERY_DOMAIN = [(name, domain) for name in FAMILIES for domain in task_of(name).domains]


@cache
def lab(name: str, domain: str | None = None, seed: int = 0):
    return load_task(name, domain=domain, seed=seed)


def sentences(name: str, split) -> set[str]:
    texts = "\n".join(text for column in task_of(name).texts for text in split[column])
    return {part.strip() for part in re.split(r"(?<=[.!?。！？])[ \n]|(?<=[。！？])|\n", texts) if part.strip()}


@pytest.mark.parametrize(("name", "domain"), EVERY_DOMAIN)
def test_a_task_has_its_splits_its_size_and_its_features(name, domain):
    rows = lab(name, domain)
    assert {split: len(rows[split]) for split in rows} == task_of(name).size
    assert list(rows) == list(SPLITS)
    assert {"source", "target"} <= set(rows["train"].features)
    assert rows["train"].features == rows["test"].features
    assert rows["train"].info.license
    assert rows["train"].info.description
    assert all(row.endswith("\n") and row.strip() for split in SPLITS for row in rows[split]["source"])
    assert all(row.strip() == row and row for split in SPLITS for row in rows[split]["target"])


@pytest.mark.parametrize(("name", "domain"), EVERY_DOMAIN)
@pytest.mark.parametrize("seed", [0, 1])
def test_no_sentence_and_no_row_is_shared_between_splits(name, domain, seed):
    rows = lab(name, domain, seed)
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        assert not sentences(name, rows[one]) & sentences(name, rows[other])
        assert not set(rows[one]["source"]) & set(rows[other]["source"])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_gives_the_same_rows_and_another_gives_others(name):
    first, other = lab(name)["train"], lab(name, None, 1)["train"]
    assert load_task(name)["train"]["source"][:] == first["source"][:]
    assert len(set(first["source"]) & set(other["source"])) < 30


def test_rows_and_documents_are_the_same_in_every_process():
    """Python orders sets of texts anew in each process, unless told how by PYTHONHASHSEED."""
    program = """if True:
        import hashlib
        from itertools import islice
        from prefix_lab.bases import corpus
        from prefix_lab.town import FAMILIES, load_task
        for name in FAMILIES:
            rows = load_task(name, seed=1)
            texts = [text for split in rows.values() for column in ("source", "target") for text in split[column]]
            texts += [str(row) for row in rows["train"].select_columns(sorted({*rows["train"].features} - {"image"}))]
            print(name, hashlib.sha256(repr(texts).encode()).hexdigest())
        for base in corpus.MIXTURES:
            for part in (0, 1):
                read = list(islice(corpus.documents(0, base, part), 700))
                print(base, part, hashlib.sha256(repr(read).encode()).hexdigest())
    """
    told = [
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True
        )
        for seed in "12"
    ]
    assert [one.returncode for one in told] == [0, 0], told[0].stderr
    assert told[0].stdout.splitlines() == told[1].stdout.splitlines()


@pytest.mark.parametrize("name", FAMILIES)
def test_little_data_is_the_beginning_of_more_data(name):
    few = load_task(name, n=20)
    assert few["train"]["source"][:] == lab(name)["train"]["source"][:20]
    assert few["test"]["source"][:] == lab(name)["test"]["source"][:]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_task_is_drawn_in_two_seconds(name):
    load_task(name, n=1)  # what is imported once does not count
    start = time.process_time()
    load_task(name, seed=3)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(("name", "domain"), EVERY_DOMAIN)
def test_articles_agree_with_the_word_that_follows(name, domain):
    for split in SPLITS:
        for column in task_of(name).texts:
            for text in lab(name, domain)[split][column]:
                for given, word in re.findall(r"\b([Aa]n?) ([A-Za-z0-9][\w-]*)", text):
                    assert given.lower() == article(word), text


@pytest.mark.parametrize("name", LABELLED)
def test_a_label_is_its_verbaliser_and_no_class_is_rare(name):
    labels = task_of(name).labels
    rows = lab(name)["train"]
    assert rows.features["label"].names == list(labels)
    assert [labels[label] for label in rows["label"]] == rows["target"][:]
    counts = [rows["label"][:].count(label) for label in range(len(labels))]
    assert min(counts) >= 0.4 * len(rows) / len(labels)


@pytest.mark.parametrize("name", LABELLED)
def test_classes_can_be_made_unbalanced_in_training_alone(name):
    rows, classes = load_task(name, imbalance=0.1, n=400), len(task_of(name).labels)
    counts = [rows["train"]["label"][:].count(label) for label in range(classes)]
    assert sum(counts) == 400
    assert counts == sorted(counts, reverse=True)
    assert 0.05 < counts[-1] / counts[0] < 0.16
    assert rows["test"]["source"][:] == lab(name)["test"]["source"][:]


@pytest.mark.parametrize("name", LABELLED)
def test_noise_turns_that_share_of_the_training_labels_wrong(name):
    rows = load_task(name, noise=0.2)
    wrong = [one != other for one, other in zip(rows["train"]["label"], lab(name)["train"]["label"])]
    assert sum(wrong) == 60
    assert rows["train"]["source"][:] == lab(name)["train"]["source"][:]
    assert rows["test"]["label"][:] == lab(name)["test"]["label"][:]


@pytest.mark.parametrize("name", FAMILIES)
def test_full_size_rows_are_asked_of_the_hub_by_name_and_revision(name, monkeypatch):
    import datasets

    asked = {}

    def unreachable(path, **given):
        asked.update(path=path, **given)
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    hub = task_of(name).hub
    with pytest.raises(OSError, match=rf"'{hub.repository}' on the Hugging Face hub.*Connect to the\s+network"):
        load_task(name, size="full")
    assert (asked["path"], asked["revision"]) == (hub.repository, hub.revision)
    assert asked["split"] == [hub.splits[split] for split in SPLITS]
    assert hub.licence
    assert hub.about


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "directry"}, r"name must be one of \[.*'directory'.*\], got 'directry'"),
        ({"name": "directory", "size": "huge"}, "size must be 'lab' or 'full', got 'huge'"),
        ({"name": "directory", "n": -1}, "n must be a number of training rows from 1 up.*got -1"),
        ({"name": "directory", "n": 0}, "got 0"),
        ({"name": "directory", "n": 2.5}, "got 2.5"),
        ({"name": "directory", "n": True}, "got True"),
        ({"name": "directory", "seed": "x"}, "seed must be an integer, got 'x'"),
        ({"name": "directory", "path": "data"}, "path is for size='full'"),
        (
            {"name": "sentiment", "domain": "moon"},
            r"domain must be one of .* for 'sentiment', got 'moon'",
        ),
        ({"name": "directory", "noise": 0.1}, r"imbalance and noise are for tasks with labels, .*'directory' has none"),
        ({"name": "directory", "imbalance": 0.1}, "'directory' has none"),
        ({"name": "sentiment", "imbalance": 0}, "imbalance must be above 0 and at most 1.*got 0"),
        ({"name": "sentiment", "noise": 1.5}, "noise must be a share of the labels from 0 to 1, got 1.5"),
        ({"name": "sentiment", "size": "full", "noise": 0.5}, "noise is for size='lab'"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_task(**arguments)
