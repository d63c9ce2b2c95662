"""What pretraining reads about the lab's classes: known label words, never in the form of a lab task."""

import random
import re
from os.path import commonprefix

import pytest

from prefix_lab.bases.skills import verdicts
from prefix_lab.town import reviews, task_of

SETS = {  # lab task -> the skill that knows its labels, and its sets
    "sentiment": ("kindness", verdicts.KIND), "sentiment-5": ("grades", verdicts.FIVE),
    "subjectivity": ("certainty", verdicts.KNOWN), "topic": ("section", verdicts.TOPICS),
    "tone": ("business", verdicts.NEWS), "intent": ("wishes", verdicts.WISHES),
}  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> dict:
    rng = random.Random(0)
    return {skill.__name__: [skill(rng) for _ in range(500)] for skill in verdicts.SKILLS}


@pytest.mark.parametrize("name", SETS)
def test_each_set_of_labels_occurs_the_labs_among_them(documents, name):
    skill, sets = SETS[name]
    assert tuple(task_of(name).labels) in sets
    assert {len(labels) for labels in sets} == {len(sets[0])}
    told = {answer for examples in documents[skill] for _, answer in examples}
    assert told == {label for labels in sets for label in labels}
    assert all(len(set(labels)) == len(labels) for labels in sets)
    assert all(re.fullmatch(r"[A-Z]|[a-z]+", label) for label in told)


def test_the_labs_own_words_have_other_senses_too():
    for name, (_, sets) in SETS.items():
        own = tuple(task_of(name).labels)
        senses = [labels for labels in sets if set(labels) == set(own)]
        assert len(senses) == min(3, len(own)), name
        assert all(labels == own or not any(a == b for a, b in zip(labels, own)) for labels in senses), name


def test_what_is_said_of_things_is_judged_by_the_sets_of_reviews(documents):
    told = {answer for examples in documents["praise"] for _, answer in examples}
    assert told == {label for labels in (*verdicts.KIND, *verdicts.FIVE) for label in labels}
    assert any(" not " in f" {phrase}" for examples in documents["praise"] for phrase, _ in examples)


def test_the_lab_s_forms_and_what_its_reviews_are_about_are_held_out(documents):
    kinds = "|".join(sorted({kind for subject in reviews.SUBJECTS.values() for kind in subject.kinds}))
    for skill, written in documents.items():
        for examples in written:
            sources = [source for source, _ in examples]
            assert "signed:" not in " ".join(sources).lower()
            before, after = commonprefix(sources), commonprefix([text[::-1] for text in sources])
            assert re.search(r"\w", before + after), sources
            if skill in ("kindness", "grades", "certainty"):
                assert not re.search(rf"\b({kinds})\b", " ".join(sources), re.IGNORECASE), sources


@pytest.mark.parametrize("form", [*verdicts.FORMS, *verdicts.CHOICES])
def test_a_text_is_never_alone(form):
    assert form.count("{t}") == 1
    assert "{c}" in form or "{o}" in form


def test_weights_sum_to_one():
    assert sum(verdicts.SKILLS.values()) == pytest.approx(1)
