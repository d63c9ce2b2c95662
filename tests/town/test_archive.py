"""Larkhaven's archive: three taggings of one grammar's sentences, their alignment with subwords, and the readers."""

import json
import random
import re
from collections import Counter, defaultdict

import pytest

from prefix_lab.bases.skills import tagging, tagging_sentences, tagging_words
from prefix_lab.town import archive, load_task, names
from prefix_lab.town.archive import entries, tagged
from prefix_lab.town.archive.tagged import build, parse, spans

TASKS = ("ner", "pos", "srl")


@pytest.fixture(scope="module")
def tasks():
    return {name: load_task(name) for name in TASKS}


def rows(task):
    return [row for split in task.values() for row in split]


def told(row) -> list[str]:
    return row["target"].split()


@pytest.mark.parametrize("name", TASKS)
def test_tags_stand_beside_their_words(tasks, name):
    vocabulary = tasks[name]["train"].features["tags"].feature.names
    for row in rows(tasks[name]):
        assert row["source"] == " ".join(row["tokens"]) + "\n"
        assert told(row) == [vocabulary[tag] for tag in row["tags"]]
        assert len(row["tokens"]) == len(row["tags"])


@pytest.mark.parametrize("name", ["ner", "srl"])
def test_every_span_begins_before_it_goes_on(tasks, name):
    for row in rows(tasks[name]):
        tags = [tag for token, tag in zip(row["tokens"], told(row)) if token != archive.STAR]
        for before, tag in zip(["O", *tags], tags):
            assert tag[0] != "I" or before[1:] == tag[1:], row["source"]


def test_rows_use_forty_patterns_and_many_openings(tasks):
    assert len(set(entries.ENTRIES)) >= 40
    shapes = set()
    for row in tasks["ner"]["train"]:
        words = [token if tag == "O" else tag for token, tag in zip(row["tokens"], told(row))]
        shapes.add(" ".join(word for word in words if word[:2] != "I-"))
    assert len(shapes) >= 200
    assert len({row["tokens"][0] for row in tasks["ner"]["train"]}) >= 60


def test_every_pattern_makes_sentences_that_agree():
    rng, slots = random.Random(0), entries.slots("train")
    for entry in entries.ENTRIES:
        for _ in range(20):
            sentence = build(rng, entry, slots)
            assert len(sentence.words) == len(sentence.upos) == len(sentence.names)
            assert sentence.words[0][0].isupper() or not sentence.words[0][0].isalpha()
            assert not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiouh]|[{}<>|\[\]]|_|/", sentence.text), sentence.text
            assert all(roles.count("B-V") == 1 for roles in sentence.roles)


def test_a_bare_name_is_of_every_type(tasks):
    """The same kind of word is a person, a village, a firm and a ship: its form cannot tell."""
    bare = Counter()
    for row in tasks["ner"]["train"]:
        for begin, end, kind in spans(tuple(told(row))):
            bare[kind] += end == begin + 1 and row["tokens"][begin][1:].islower()
    assert set(bare) == set(tagged.NAMES)
    assert min(bare.values()) >= 10
    assert max(bare.values()) <= 0.7 * sum(bare.values())


def test_capitals_do_not_make_names(tasks):
    first = Counter(told(row)[0] for row in tasks["ner"]["train"])
    assert first["O"] >= 100
    assert first["B-PER"] >= 20
    of = Counter(tag for row in rows(tasks["ner"]) for token, tag in zip(row["tokens"], told(row)) if token == "of")
    assert of["O"] > of["I-ORG"] > 0  # "of" is mostly no part of a name, but "Bank of Quillby" has one


def test_some_words_are_now_noun_now_verb(tasks):
    seen = defaultdict(set)
    for row in rows(tasks["pos"]):
        for token, tag in zip(row["tokens"], told(row)):
            seen[token.lower()].add(tag)
    twofold = {word for word, tags in seen.items() if {"NOUN", "VERB"} <= tags}
    assert {"seal", "judge", "anchor", "saw", "land"} <= twofold
    assert {"NOUN", "ADJ"} <= seen["fine"]
    assert {"NOUN", "ADV"} <= seen["well"]
    assert {"ADP", "SCONJ"} <= seen["for"]


def test_all_parts_of_speech_occur(tasks):
    for split in tasks["pos"].values():
        assert {tag for row in split for tag in told(row)} >= set(archive.POS_TAGS) - {"X"}
    assert "X" in {tag for row in tasks["pos"]["train"] for tag in told(row)}


def test_the_predicate_is_starred_and_tagged(tasks):
    for row in rows(tasks["srl"]):
        verb = row["predicate"]
        assert row["tokens"][verb - 1] == row["tokens"][verb + 1] == archive.STAR
        assert told(row)[verb] == "B-V"
        assert told(row).count("B-V") == 1
        assert row["tokens"].count(archive.STAR) == 2


def test_position_does_not_decide_the_role(tasks):
    first, by = Counter(), Counter()
    for row in tasks["srl"]["train"]:
        roles = [tag[2:] for tag in told(row) if tag[0] == "B"]
        first[roles[0]] += 1
        by.update(tag[2:] for token, tag in zip(row["tokens"], told(row)) if token == "by" and tag != "O")
    assert all(first[role] >= 15 for role in ("ARG0", "ARG1", "ARG2", "ARGM-TMP"))
    assert set(by) >= {"ARG0", "ARGM-LOC"}


def test_a_sentence_with_two_predicates_has_two_readings():
    sentence = parse("[0 [0' the clerk ] ] [V sold ] [1 a mill ] and [V' left/v ] [1' town ] .")
    assert sentence.text == "The clerk sold a mill and left town ."
    assert [" ".join(roles) for roles in sentence.roles] == [
        "B-ARG0 I-ARG0 B-V B-ARG1 I-ARG1 O O O O",
        "B-ARG0 I-ARG0 O O O O B-V B-ARG1 O",
    ]
    assert " ".join(sentence.upos) == "DET NOUN VERB DET NOUN CCONJ VERB NOUN PUNCT"


def test_a_pattern_is_refused_where_it_does_not_say_enough():
    with pytest.raises(ValueError, match="'ship' has no part of speech, or several: write ship/n"):
        parse("the ship sank .")
    with pytest.raises(ValueError, match="a role is not closed"):
        parse("[0 the clerk slept .")


def test_names_are_of_their_splits_pool(tasks):
    for split, part in tasks["ner"].items():
        for row in part:
            for begin, end, kind in spans(tuple(told(row))):
                name = " ".join(row["tokens"][begin:end])
                assert split in (names.pool_of(name), names.pool_of(f"The {name}")), (name, kind)


# --- full size


@pytest.fixture
def copy_to(tmp_path, monkeypatch):
    """Write rows as parquet files in the hub's layout, with the card that names the config."""
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))

    def write(row: dict, config: str) -> str:
        for split in ("train", "validation", "test"):
            (tmp_path / "hub" / config / split).mkdir(parents=True)
            Dataset.from_list([row]).to_parquet(tmp_path / "hub" / config / split / "0000.parquet")
        files = "".join(f"  - {{split: {s}, path: {config}/{s}/*}}\n" for s in ("train", "validation", "test"))
        card = f"---\nconfigs:\n- config_name: {config}\n  data_files:\n{files}---\n"
        (tmp_path / "hub" / "README.md").write_text(card, encoding="utf-8")
        return str(tmp_path / "hub")

    return write


def test_conll_is_read(copy_to, tasks):
    row = {
        "id": "0", "tokens": ["Ann", "Lee", "of", "Acme", "left", "Rome", "."], "pos_tags": [22] * 7,
        "chunk_tags": [0] * 7, "ner_tags": [1, 2, 0, 3, 0, 5, 0],
    }  # fmt: skip
    full = load_task("ner", size="full", path=copy_to(row, "conll2003"))
    assert full["test"][0]["target"] == "B-PER I-PER O B-ORG O B-LOC O"
    assert full["train"].features == tasks["ner"]["train"].features
    assert full["train"].features["tags"].feature.names == [
        "O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC",
    ]  # fmt: skip


@pytest.mark.parametrize("upos", [[12 + 1, 17, 7, 16, 1], ["_", "AUX", "PART", "VERB", "PUNCT"]])
def test_universal_dependencies_are_read_as_classes_and_as_names(copy_to, tasks, upos):
    row = {"idx": "weblog-1", "tokens": ["Don't", "Do", "n't", "go", "!"], "upos": upos}
    full = load_task("pos", size="full", path=copy_to(row, "en_ewt"))
    assert full["test"][0]["source"] == "Do n't go !\n"
    assert full["test"][0]["target"] == "AUX PART VERB PUNCT"
    assert full["train"].features == tasks["pos"]["train"].features


def test_propbank_is_read_from_a_folder(tmp_path, monkeypatch, tasks):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    row = {
        "doc": "1.xml", "sent": 0, "words": ["Cars", "quickly", "sold", "here", "!"], "predicate_index": 2,
        "predicate": "sell.01", "tags": ["B-ARG1", "B-ARGM-MNR", "B-V", "B-ARGM-LOC", "O"],
    }  # fmt: skip
    (tmp_path / "copy").mkdir()
    for split in ("train", "dev", "test"):
        (tmp_path / "copy" / f"{split}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    full = load_task("srl", size="full", path=str(tmp_path / "copy"))
    assert full["validation"][0]["source"] == "Cars quickly * sold * here !\n"
    assert full["validation"][0]["target"] == "B-ARG1 O O B-V O B-ARGM-LOC O"
    assert full["validation"][0]["predicate"] == 3
    assert full["train"].features == tasks["srl"]["train"].features


def test_each_full_size_counterpart_names_its_licence():
    for name in TASKS:
        assert archive.TASKS[name].hub.licence


# --- what pretraining reads


def test_the_archives_entries_are_held_out_of_pretraining():
    ours = {re.sub(r"\W+", " ", entry) for entry in entries.ENTRIES}
    read = [*tagging_words.FRAMES, *(sentence for domain in tagging_words.DOMAINS for sentence in domain.sentences)]
    assert not ours & {re.sub(r"\W+", " ", sentence) for sentence in read}


def test_pretraining_reads_sentences_and_names_of_its_own_pool():
    rng = random.Random(0)
    for _ in range(100):
        for sentence in tagging_sentences.draw_sentences(rng, "names"):
            assert names.pool_of(sentence.text) == "pretraining"
            for begin, end, _ in spans(sentence.names):
                name = " ".join(sentence.words[begin:end])
                assert name in names.FIRST_NAMES or "pretraining" in (names.pool_of(name), names.pool_of(f"The {name}"))


@pytest.mark.parametrize("skill", tagging.SKILLS, ids=lambda skill: skill.__name__)
def test_documents_are_one_to_five_examples_and_never_tags_alone(skill):
    rng = random.Random(0)
    vocabulary = {*archive.NER_TAGS, *archive.POS_TAGS, *archive.SRL_TAGS} - {"O", "X"}
    for _ in range(100):
        examples = skill(rng)
        assert 1 <= len(examples) <= 5
        for source, target in examples:
            assert source.strip()
            assert target.strip()
            assert not set(target.split()) & vocabulary, target


def test_skills_weights_sum_to_one():
    assert sum(tagging.SKILLS.values()) == pytest.approx(1)
