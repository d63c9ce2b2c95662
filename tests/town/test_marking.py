"""What pretraining reads about the lab's tags: known sets, one tag an answer, the lab's never in the lab's own form."""

import random
import re
from itertools import chain

import pytest

from prefix_lab.bases.skills import marking
from prefix_lab.town.archive import NER_TAGS, POS_TAGS, SRL_TAGS
from prefix_lab.town.service.slots import SLOTS

SETS = dict(zip(marking.SKILLS, (marking.TYPES, marking.PARTS, marking.ACTORS, marking.TERMS)))
LAB = dict(zip(marking.SKILLS, (NER_TAGS, POS_TAGS, SRL_TAGS, ("O", *(f"{p}-{slot}" for slot in SLOTS for p in "BI")))))


@pytest.fixture(scope="module")
def documents() -> dict:
    rng = random.Random(0)
    return {skill: [skill(rng) for _ in range(500)] for skill in marking.SKILLS}


@pytest.mark.parametrize("skill", marking.SKILLS, ids=lambda skill: skill.__name__)
def test_each_set_of_tags_occurs_and_the_labs_is_the_first(documents, skill):
    known = set(chain(*SETS[skill]))
    assert set(SETS[skill][0]) == {tag[2:] if tag[:2] in ("B-", "I-") else tag for tag in LAB[skill]}
    assert all(len(labels) == len(SETS[skill][0]) for labels in SETS[skill])
    told = {answer for examples in documents[skill] for _, answer in examples}
    rare = {labels[i] for labels in marking.PARTS for i in (marking.UPOS.index("SYM"), marking.UPOS.index("X"))}
    assert {re.sub("^[BI]-", "", tag) for tag in told} - {"more"} >= known - rare
    assert any(re.match("B-", tag) for tag in told) == (skill is not marking.parts_of_speech)


@pytest.mark.parametrize("skill", marking.SKILLS, ids=lambda skill: skill.__name__)
def test_the_labs_tags_never_take_its_marks_nor_follow_each_other(documents, skill):
    marked = {tag for tag in LAB[skill] if tag[:2] in ("B-", "I-")}
    for examples in documents[skill]:
        assert examples
        assert all(source.strip() and len(answer.split()) == 1 for source, answer in examples)
        assert not marked & {answer for _, answer in examples}
        assert sum(len(f"{source} {answer}".split()) for source, answer in examples) <= 200
        assert not any(" * " in source for source, _ in examples)


def test_an_answer_is_the_tag_of_the_word_before_it():
    drawn = [marking.Tagged(("Ada", "Quillby", "left", "Farnmere", "."), ("B-PER", "I-PER", "O", "B-LOC", "O"))]
    kinds = marking.TYPES[0]
    for seed in range(200):
        examples = marking._mark(random.Random(seed), kinds, marking.TYPES[:1], drawn)
        for source, answer in examples:
            words = re.findall(r"\w+|\.$", source.split("\n")[-1].split(" / ")[-1])
            if len(examples) > 1 and words[-1] in ("Quillby", "Farnmere"):
                assert answer in {"Quillby": ("PER", "more"), "Farnmere": ("LOC",)}[words[-1]]


def test_weights_sum_to_one():
    assert sum(marking.SKILLS.values()) == pytest.approx(1)
