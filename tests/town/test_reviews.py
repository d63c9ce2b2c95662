"""Larkhaven's reviews: texts that say what their label says, other domains, the full-size readers, what is held out."""

import json
import random
import re

import pytest

from prefix_lab.bases.skills import opinions
from prefix_lab.bases.skills.opinions_words import SUBJECTS as ELSEWHERE
from prefix_lab.town import load_task, names, reviews, reviews_writer, task_of
from prefix_lab.town import reviews_words as words
from prefix_lab.town.grammar import article, spell
from prefix_lab.town.reviews_writer import LEANING, MEETING, Writer, describe

TASKS = ("sentiment", "sentiment-5", "subjectivity")
EVERYWHERE = {**reviews.SUBJECTS, **{subject.kinds[0]: subject for subject in ELSEWHERE}}
GENERAL = (words.WORST, words.BAD, words.GOOD, words.BEST)
GRADE_OF = {  # an adjective -> its grade
    word: (0, 1, 3, 4)[i] for table in (*words.ADJECTIVES.values(), GENERAL) for i in range(4) for word in table[i]
}


@pytest.fixture(scope="module")
def tasks():
    return {(name, domain): load_task(name, domain=domain) for name in TASKS for domain in reviews.SUBJECTS}


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!]) ", text)


def shape(text: str, subject) -> str:
    """A text without what fills its patterns: parts, kin, days, kinds, adjectives, names and numbers."""
    fillers = [part.noun for part in subject.list_parts()] + [spell(n) for n in range(2, 61)]
    fillers += [*words.KIN, *words.DAYS, *GRADE_OF, *words.MIDDLING, *words.STRONG, *words.UTTER, *words.MILD["bad"]]
    fillers += [*words.MILD["good"], *words.NOT, *words.FAR_FROM, *subject.kinds, *subject.leaflets, *subject.dreams]
    text = re.sub(r"[A-Z]\w+ [A-Z]\w+|\d+", "_", text)
    text = re.sub(r"\b(" + "|".join(sorted(fillers, key=len, reverse=True)) + r")\b", "_", text, flags=re.IGNORECASE)
    return re.sub(r"\b(an?|was|were|is|are|it|they|he|she)\b", "", re.sub(r"_( _)+", "_", text))


def test_the_lab_tasks_use_at_least_forty_sentence_patterns(tasks):
    for (name, domain), task in tasks.items():
        shapes = {shape(s, reviews.SUBJECTS[domain]) for row in task["train"] for s in sentences(row["text"])}
        assert len(shapes) >= 40, (name, domain)


def test_texts_read_like_english(tasks):
    for task in tasks.values():
        for split in task.values():
            for text in split["text"]:
                assert all(sentence[0].isupper() and sentence[-1] in ".!" for sentence in sentences(text)), text
                assert not re.search(r"  | [.,;!]|[.,;]{2}|[{}_~+]", text), text
                assert all(article(word) == a.lower() for a, word in re.findall(r"\b([Aa]n?) (\S+)", text)), text


@pytest.mark.parametrize("subject", EVERYWHERE.values(), ids=list(EVERYWHERE))
def test_verbs_and_pronouns_agree_with_the_noun(subject):
    rng = random.Random(0)
    parts = subject.list_parts()
    for _ in range(150):
        text = Writer(rng, subject, "pretraining").judge(rng.randrange(5))
        for part in parts:
            subject_of = rf"(?<!and )(?<!to )(?<!of )(?<!from )\bthe {part.noun} (was|were|is|are)\b"
            for verb in re.findall(subject_of, text, flags=re.IGNORECASE):
                assert (verb in ("were", "are")) == (part.number == "many"), text
            if part.number == "many":
                assert not re.search(rf"\b[Aa]n? \S+ {part.noun}\b", text), text


def test_every_noun_has_adjectives_and_every_mark_is_read():
    for subject in EVERYWHERE.values():
        for part in subject.list_parts():
            assert part.sort in words.ADJECTIVES
            assert part.noun[-1].isalpha()
    assert {part.number for part in reviews.SUBJECTS["lodgings"].list_parts()} == {"one", "many", "mass"}


def test_an_adjective_has_one_grade_wherever_it_stands():
    for table in (*words.ADJECTIVES.values(), GENERAL):
        for i, grade in enumerate((0, 1, 3, 4)):
            assert all(GRADE_OF[word] == grade for word in table[i])


@pytest.mark.parametrize("sort", words.ADJECTIVES)
def test_modifiers_and_negation_give_the_grade_that_they_should(sort):
    rng = random.Random(0)
    for grade in (0, 1, 3, 4):
        for _ in range(150):
            said = describe(rng, sort, grade, copular=rng.random() < 0.5)
            before, _, word = said.rpartition(" ")
            if before in (*words.NOT, *words.FAR_FROM):
                assert (GRADE_OF[word] > 2) != (grade > 2), said
                assert grade in (1, 3), said
            elif before in words.STRONG:
                assert grade == {1: 0, 3: 4}[GRADE_OF[word]], said
            else:
                assert grade == GRADE_OF[word], said


def test_what_is_middling_uses_no_graded_adjective_alone():
    assert not set(words.MIDDLING) & set(GRADE_OF)


@pytest.mark.parametrize("pattern", words.CONTRAST)
def test_in_a_contrast_it_is_the_other_clause_that_gives_way(pattern):
    gives_way = r"(although|even though|even if|granted,|true,|while|I admit that) \{c\}"
    decides = r"(but|still,|yet|all the same,) \{m\}"
    assert re.search(gives_way, pattern) or re.search(decides, pattern)


@pytest.mark.parametrize("weighed", [LEANING, MEETING], ids=["two classes", "five classes"])
def test_a_contrast_sets_good_against_bad_and_follows_its_main_clause(weighed, monkeypatch):
    monkeypatch.setattr(reviews_writer, "describe", lambda rng, sort, grade, copular=False: f"grade{grade}")
    rng = random.Random(0)
    for grade, pairs in weighed.items():
        for main, other in pairs:
            assert (main > 2) != (other > 2)
            assert main == grade if weighed is LEANING else abs(grade - main) <= 1
            said = Writer(rng, reviews.SUBJECTS["lodgings"], "train").weigh(main, other)
            assert sorted(re.findall(r"grade(\d)", said)) == sorted((str(main), str(other)))


@pytest.mark.parametrize("name", TASKS)
def test_the_target_is_the_verbaliser_of_the_label_and_stands_in_no_text(name, tasks):
    labels = task_of(name).labels
    verbalisers = {label for task in TASKS for label in task_of(task).labels}
    assert len({label[0] for label in labels}) == len(labels)
    for domain in reviews.SUBJECTS:
        for row in tasks[name, domain]["train"]:
            assert row["target"] == labels[row["label"]]
            assert not verbalisers & set(re.findall(r"\w+", row["text"])), row


@pytest.mark.parametrize("name", TASKS)
def test_the_classes_are_about_equally_common(name, tasks):
    labels = tasks[name, "lodgings"]["train"]["label"][:]
    expected = len(labels) / len(task_of(name).labels)
    assert all(0.6 * expected < labels.count(label) < 1.4 * expected for label in set(labels))


def test_an_entry_is_signed_by_a_visitor_and_names_the_place(tasks):
    for task in tasks.values():
        for row in task["validation"]:
            assert re.fullmatch(r" Signed: \w+ \w+, [^.\n]+\n", row["source"].removeprefix(row["text"])), row


def test_sentences_belong_to_the_pool_of_their_split(tasks):
    for task in tasks.values():
        for pool, split in task.items():
            assert {names.pool_of(s) for text in split["text"] for s in sentences(text)} == {pool}


def test_facts_hold_no_judgement_and_some_opinions_hold_facts():
    rng = random.Random(0)
    for subject in reviews.SUBJECTS.values():
        facts = " ".join(Writer(rng, subject, "train").state() for _ in range(200))
        assert not set(re.findall(r"[\w-]+", facts)) & set(GRADE_OF)
        held = [Writer(rng, subject, "train").opine() for _ in range(200)]
        known = re.compile("|".join(re.sub(r"\{\w+\}", ".+", fact) for fact in subject.facts), re.IGNORECASE)
        assert 60 < sum(known.search(text) is not None for text in held) < 140


def test_the_domains_speak_of_different_things_in_the_same_words(tasks):
    told = {d: set(re.findall(r"[\w-]+", " ".join(tasks["sentiment", d]["train"]["text"]))) for d in reviews.SUBJECTS}
    assert "landlady" in told["lodgings"] - told["concerts"] - told["shops"]
    assert "encore" in told["concerts"] - told["lodgings"] - told["shops"]
    shared = told["lodgings"] & told["concerts"] & told["shops"] & set(GRADE_OF)
    assert len(shared) >= 40


# --- what pretraining reads, and what it does not


@pytest.fixture(scope="module")
def documents() -> list[list[tuple[str, str]]]:
    rng = random.Random(0)
    return [skill(rng) for skill in rng.choices(list(opinions.SKILLS), opinions.SKILLS.values(), k=1200)]


def test_the_skill_writes_one_to_five_examples_of_moderate_length(documents):
    assert sum(opinions.SKILLS.values()) == pytest.approx(1)
    for examples in documents:
        assert 1 <= len(examples) <= 5
        assert all(source.strip() and target.strip() for source, target in examples)
        assert sum(len(f"{source} {target}".split()) for source, target in examples) <= 260


def test_pretraining_never_reads_about_the_domains_of_the_lab_nor_the_form_of_its_entries(documents):
    held_out = {kind for subject in reviews.SUBJECTS.values() for kind in subject.kinds}
    kinds = re.compile(r"\b(" + "|".join(sorted(held_out)) + r")\b", re.IGNORECASE)
    for examples in documents:
        text = " ".join(f"{source} {target}" for source, target in examples)
        assert not kinds.search(text), text
        assert "signed" not in text.lower()


def test_no_natural_label_of_pretraining_is_a_verbaliser_of_the_lab():
    natural = [*opinions.TWO, *opinions.THREE, *opinions.FIVE, *opinions.KNOWN, *opinions.WHICH]
    spelt = {word for labels in (*natural, *opinions.ASPECTS.values()) for label in labels for word in label.split()}
    assert not spelt & {label for task in TASKS for label in task_of(task).labels}


def test_names_and_sentences_of_pretraining_belong_to_its_pool():
    rng = random.Random(0)
    for subject in ELSEWHERE:
        writer = Writer(rng, subject, "pretraining")
        told = [writer.judge(1), writer.conclude(3), writer.state(), *writer.vary(1, 3), writer.name, writer.signer]
        assert {names.pool_of(text) for text in told} == {"pretraining"}


def test_every_adjective_of_the_lab_can_be_met_in_pretraining():
    elsewhere = {part.sort for subject in ELSEWHERE for part in subject.list_parts()}
    assert {part.sort for subject in reviews.SUBJECTS.values() for part in subject.list_parts()} <= elsewhere


def test_an_opinion_turned_round_differs_in_what_is_said_only():
    rng = random.Random(0)
    for source, target in opinions.turn_round(rng):
        assert source != target
        assert source.split()[0] == target.split()[0]


# --- full size: small copies of the hub's layout stand for the hub


def write_lines(path, rows: list[dict]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "hub").mkdir()
    return tmp_path / "hub"


def test_sst2_is_tested_on_its_validation_split_since_its_test_labels_are_hidden(cache):
    from datasets import Dataset

    (cache / "data").mkdir()
    for split, size, labels in (("train", 2003, (0, 1)), ("validation", 4, (0, 1)), ("test", 5, (-1, -1))):
        rows = [{"idx": i, "sentence": f"{split} film {i} ", "label": labels[i % 2]} for i in range(size)]
        Dataset.from_list(rows).to_parquet(cache / "data" / f"{split}-00000-of-00001.parquet")
    full = load_task("sentiment", size="full", path=str(cache))
    assert {split: len(rows) for split, rows in full.items()} == {"train": 3, "validation": 2000, "test": 4}
    assert full["train"].features == load_task("sentiment", n=1)["train"].features
    assert full["test"][1] == {
        "source": "validation film 1\n",
        "target": "praise",
        "text": "validation film 1",
        "label": 1,
    }
    assert full["train"]["text"][0] == "train film 2000"


def test_sst5_is_read_in_its_own_splits(cache):
    for part, size in (("train", 6), ("dev", 2), ("test", 5)):
        rows = [{"text": f"{part} film {i}", "label": i % 5, "label_text": "any"} for i in range(size)]
        write_lines(cache / f"{part}.jsonl", rows)
    full = load_task("sentiment-5", size="full", path=str(cache))
    assert {split: len(rows) for split, rows in full.items()} == {"train": 6, "validation": 2, "test": 5}
    assert full["test"]["target"][:] == list(reviews.WEATHER)
    assert full["validation"]["source"][0] == "dev film 0\n"


def test_subjectivity_gets_a_validation_split_from_both_ends_of_train(cache):
    rows = [{"text": f"line {i}", "label": int(i < 20), "label_text": "objective" if i < 20 else "subjective"}
        for i in range(40)]  # fmt: skip
    write_lines(cache / "train.jsonl", rows)
    write_lines(cache / "test.jsonl", rows[18:22])
    full = load_task("subjectivity", size="full", path=str(cache))
    assert full["validation"]["text"][:] == ["line 0", "line 1", "line 38", "line 39"]
    assert len(full["train"]) == 36
    assert full["test"]["target"][:] == ["map", "map", "heart", "heart"]
