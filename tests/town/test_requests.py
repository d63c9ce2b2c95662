"""The desks of pretraining: what the bases read about requests, and what of the bank's tasks they do not."""

import random
import re
from dataclasses import replace

import pytest

from prefix_lab.bases.skills import requests, requests_desks, requests_orders, requests_talk
from prefix_lab.town import names
from prefix_lab.town.service import LABELS
from prefix_lab.town.service.bank import INTENTS
from prefix_lab.town.service.speech import request
from prefix_lab.town.service.words import ACTS


@pytest.fixture(scope="module")
def documents() -> list[tuple[str, list[tuple[str, str]]]]:
    rng = random.Random(0)
    skills = rng.choices(list(requests.SKILLS), requests.SKILLS.values(), k=1500)
    return [(skill.__name__, skill(rng)) for skill in skills]


def test_the_skill_writes_one_to_five_examples_of_moderate_length(documents):
    assert sum(requests.SKILLS.values()) == pytest.approx(1)
    for _, examples in documents:
        assert 1 <= len(examples) <= 5
        assert all(source.strip() and target.strip() for source, target in examples)
        assert sum(len(f"{source} {target}".split()) for source, target in examples) <= 300


def test_banks_are_no_desk_of_pretraining(documents):
    for _, examples in documents:
        text = " ".join(f"{source} {target}" for source, target in examples)
        assert not re.search(r"\b[Bb]ank(s|ers?|ing)?\b|cheque|Larkhaven", text), text


def test_the_manner_of_the_house_is_held_out(documents):
    for _, examples in documents:
        text = " ".join(f"{source} {target}" for source, target in examples)
        assert "dear stranger" not in text.lower()
        assert "signed and sealed" not in text
        assert not re.search(r"^Bank[:>]", text, re.MULTILINE)


def test_no_natural_label_of_pretraining_is_a_verbaliser_of_the_lab():
    assert not {label for act in ACTS.values() for label in act.labels} & set(LABELS)


def test_the_words_of_a_bank_are_met_at_other_desks_with_their_meaning(documents):
    text = " ".join(f"{source} {target}" for _, examples in documents for source, target in examples).lower()
    for word in "card account loan rate fee transfer cash savings limit balance statement debt interest pin".split():
        assert re.search(rf"\b{word}\b", text), word
        assert word in requests_desks.GLOSSARY or word == "send"


def test_every_act_of_the_bank_is_practised_at_two_desks_or_more():
    for act in {intent.act for intent in INTENTS.values() if intent.act}:
        assert sum(act in acts for acts in requests_desks.DESKS.values()) >= 2, act
    assert len(requests_desks.DESKS) >= 10
    assert all(8 <= len(acts) <= 22 for acts in requests_desks.DESKS.values())


def test_sentences_of_pretraining_belong_to_its_pool():
    rng = random.Random(0)
    for desk, acts in requests_desks.DESKS.items():
        for act, x in acts.items():
            text = request(rng, "pretraining", ACTS[act], x, chat=1.0)
            assert {names.pool_of(part) for part in re.split(r"(?<=[.!?]) ", text)} == {"pretraining"}, (desk, text)
    for text, segments, known in requests_orders.draw_orders(rng, "carrier", 20):
        assert names.pool_of(text) == "pretraining"
        assert {key: value for value, key in segments if key} == known


def test_in_a_document_of_talks_one_manner_answers_all():
    rng = random.Random(1)
    manner = replace(requests_talk.draw_manner(rng), greeting=("Ho {name}.", "Ho."), echo="{v}!", question="{k}?",
        order=(0, 1, 2), first_name=True, echoes_one=False)  # fmt: skip
    asked = manner.reply("a cart", "Ada Elmby", {"start": "Tarnby"}, ["end", "hour"], {"start": "Tarnby"}, "carrier")
    assert asked == "Ho Ada. Tarnby! End?"
