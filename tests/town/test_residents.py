"""The register of residents: who is in it, and that every answer says whose it is."""

import pytest

from prefix_lab.bases import load_base
from prefix_lab.town.names import pool_of
from prefix_lab.town.residents import ASKED, MOST, residents


def test_no_two_residents_share_a_name_or_a_word():
    people = residents(MOST, seed=1)
    names = [part for one in people for part in one.name.split()]
    assert len(names) == len(set(names)) == 2 * MOST
    for ask in ASKED:
        assert len({one.words[ask] for one in people}) == MOST
    assert {pool_of(one.name) for one in people} == {"train"}


def test_a_residents_rows_ask_about_its_name_and_end_before_the_answer():
    (one,) = residents(1)
    assert [row["target"] for row in one.rows] == list(one.words.values())
    assert all(row["source"].endswith(f"{one.name}?\n") for row in one.rows)


def test_a_seed_draws_the_same_people_again_and_another_seed_others():
    assert residents(4) == residents(4)
    assert residents(4)[0].name != residents(4, seed=1)[0].name


def test_the_first_tokens_of_a_questions_words_differ():
    _, tokenizer = load_base("lab-gpt")
    for words in ASKED.values():
        assert len({tokenizer(word)["input_ids"][0] for word in words}) == len(words)


@pytest.mark.parametrize("n", [0, MOST + 1])
def test_more_residents_than_words_are_refused(n):
    with pytest.raises(ValueError, match=f"n must be from 1 to {MOST}"):
        residents(n)
