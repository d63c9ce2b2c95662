"""The library: one right book on every shelf, traps among the others, and what pretraining must not show."""

import random
import re

import pytest

from prefix_lab.bases.skills import choosing, shelves
from prefix_lab.bases.skills.choosing_words import BOOK, DOMAINS
from prefix_lab.town import library, load_task, names
from prefix_lab.town.grammar import article
from prefix_lab.town.library_words import DISLIKED, KINDS, LIKED, SUBJECTS


@pytest.fixture(scope="module")
def task():
    return load_task("recommendation")


@pytest.fixture(scope="module")
def cards():
    rng = random.Random(0)
    return [library.draw_card(rng, pool) for pool in ("train", "test") for _ in range(200)]


def rows(task):
    return [row for split in task.values() for row in split]


def kinds(card, fine):
    return {book.kind for book, _, liked in card.had if liked == fine}


def test_one_book_on_every_shelf_is_of_a_kind_that_was_liked(cards):
    for card in cards:
        assert [book for book in card.shelf if book.kind in kinds(card, True)] == [card.right]


def test_another_book_on_every_shelf_is_of_a_kind_that_was_not_liked(cards):
    for card in cards:
        assert sum(book.kind in kinds(card, False) for book in card.shelf) == 1
        assert not kinds(card, True) & kinds(card, False)


def test_the_slip_says_the_kind_and_the_title(cards):
    for card in cards:
        assert card.target == f"Lend another {card.right.kind}: {card.right.title}."


@pytest.mark.parametrize("choose", [lambda card: card.shelf[0], lambda card: card.shelf[-1]])
def test_the_place_on_the_shelf_tells_nothing(cards, choose):
    assert sum(choose(card) == card.right for card in cards) / len(cards) < 0.45


def test_remarks_are_not_both_praise_and_blame():
    assert not set(LIKED) & set(DISLIKED)
    assert min(len(set(LIKED)), len(set(DISLIKED))) >= 25


def test_forty_patterns_of_sentences(task):
    for split in task.values():
        found = set()
        for line in "\n".join(split["source"]).splitlines():
            if ": " in line:
                found.add(line.partition(": ")[0])
        assert len(found) >= 40


def test_cards_read_like_english(task):
    for row in rows(task):
        text = row["source"]
        assert not re.search(r"  | [.,;:]|\.\.|[{}\[\]]", text), text
        for word, following in re.findall(r"\b([Aa]n?) (\w[\w-]*)", text + row["target"]):
            assert word.lower() == article(following), text
        assert row["target"].endswith(f": {row['title']}.")
        assert f"{row['title']}" in text.split("\nShelf for ")[1]


def test_titles_belong_to_their_split(task):
    for split, part in task.items():
        assert {names.pool_of(title) for title in part["title"]} == {split}


# --- what pretraining practises, and what it must not show


def documents(n: int) -> list[list[tuple[str, str]]]:
    rng = random.Random(1)
    return [rng.choices(list(choosing.SKILLS), choosing.SKILLS.values())[0](rng) for _ in range(n)]


def test_the_skill_writes_documents_of_one_to_five_examples():
    assert sum(choosing.SKILLS.values()) == pytest.approx(1)
    for document in documents(500):
        assert 1 <= len(document) <= 5
        assert all(source.strip() and target.strip() for source, target in document)
        assert sum(len(f"{source} {target}".split()) for source, target in document) <= 270


def test_the_layout_of_the_lab_task_is_held_out():
    text = "\n".join(f"{source}\n{target}" for document in documents(500) for source, target in document)
    assert not re.search(r"Card of|Shelf for|\bLend\b", text)


def test_histories_in_pretraining_are_never_of_books():
    rng = random.Random(2)
    layouts = [choosing.draw_layout(rng, books=False) for _ in range(500)]
    assert BOOK not in [layout.domain for layout in layouts]
    assert len({id(layout.domain) for layout in layouts}) == len(DOMAINS) >= 10


def test_every_attribute_has_values_for_the_longest_list():
    for domain in (*DOMAINS.values(), BOOK):
        assert all(callable(values) or len(set(values)) >= 9 for values in domain.values.values())
    assert min(len(set(KINDS)), len(set(SUBJECTS))) >= 9


@pytest.fixture
def plain(monkeypatch):
    """Layouts whose answers are names."""
    monkeypatch.setattr(choosing, "ANSWERS", ("{name}",))
    monkeypatch.setattr(choosing, "BARE", ("{name}",))
    monkeypatch.setattr(choosing, "MARKERS", ("",) * 8)


@pytest.mark.parametrize("skill", [choosing.taste, choosing.alike, choosing.wish, choosing.unseen, choosing.extreme])
def test_what_is_chosen_is_on_offer(skill, plain):
    rng = random.Random(3)
    for _ in range(100):
        assert all(target in source for source, target in skill(rng))


def test_the_taste_is_that_of_the_liked_and_what_was_had_is_not_chosen():
    rng = random.Random(4)
    layout = choosing.Layout(DOMAINS["dish"], "{name}: {x}", ("kind",), "", "\n", "{name}", ("Had\n", "Now\n"))
    for _ in range(100):
        good = lambda rng, fine: "+" if fine else "-"  # noqa: E731
        source, target = choosing._taste(rng, layout, good, "kind", 2, 1, 3, True, False)
        had, now = (part.splitlines() for part in source.removeprefix("Had\n").split("\nNow\n"))
        liked = {line.split(": ")[1][:-1] for line in had if line.endswith("+")}
        chosen = [line for line in now if line.startswith(f"{target}: ")]
        assert {line.split(": ")[1] for line in chosen} == liked
        assert not any(line.startswith(f"{target}: ") for line in had)


def test_things_share_nothing_until_a_rule_makes_them():
    rng = random.Random(5)
    for _ in range(50):
        layout = choosing.draw_layout(rng)
        things = choosing.draw_things(rng, layout, 9)
        for key in ("name", *layout.domain.values):
            assert len({thing[key] for thing in things}) == 9


# --- full size: a small copy of the hub's layout stands for the hub


def film(number: int, suggested: int, seen: int, liked: int) -> dict:
    return {"movieId": str(number), "suggested": suggested, "seen": seen, "liked": liked}


def conversation(*answers: dict) -> dict:
    films = [{"movieId": answer["movieId"], "movieName": f"Film {answer['movieId']} (1999) "} for answer in answers]
    return {"movieMentions": films, "initiatorQuestions": list(answers), "respondentQuestions": [],
        "messages": [{"text": "Hello", "messageId": 1, "senderWorkerId": 7, "timeOffset": 0}],
        "conversationId": "1", "respondentWorkerId": 8, "initiatorWorkerId": 7}  # fmt: skip


def test_a_conversation_of_redial_becomes_a_card():
    talk = conversation(film(1, 0, 1, 1), film(2, 0, 1, 0), film(3, 1, 0, 1), film(4, 1, 0, 0), film(5, 1, 1, 1))
    (row,) = library.read_redial(talk)
    assert row["target"] == "Lend Film 3 (1999)."
    assert row["title"] == "Film 3 (1999)"
    assert row["source"] == (
        "Card of seeker 7\nFilm 1 (1999): liked it.\nFilm 2 (1999): did not like it.\n"
        "Shelf for seeker 7\nFilm 1 (1999).\nFilm 2 (1999).\nFilm 3 (1999).\nFilm 4 (1999).\n"
    )


@pytest.mark.parametrize(
    "answers",
    [
        [film(1, 0, 1, 1)],
        [film(3, 1, 0, 1)],
        [film(1, 0, 1, 1), film(3, 1, 1, 1)],
        [film(1, 0, 1, 2), film(3, 1, 0, 1)],
    ],
)
def test_a_conversation_without_a_history_or_a_new_liked_film_gives_no_row(answers):
    assert library.read_redial(conversation(*answers)) == []


def test_redial_becomes_rows_of_the_same_features(task, tmp_path, monkeypatch):
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    good, empty = conversation(film(1, 0, 1, 1), film(3, 1, 0, 1)), conversation(film(1, 0, 1, 1))
    folder = tmp_path / "hub" / "data"
    folder.mkdir(parents=True)
    for split, size in (("train", 20), ("test", 4)):
        talks = [good if i % 2 else empty for i in range(size)]
        Dataset.from_list(talks).to_parquet(folder / f"{split}-00000-of-00001.parquet")
    full = load_task("recommendation", size="full", path=str(tmp_path / "hub"))
    assert {split: len(part) for split, part in full.items()} == {"train": 9, "validation": 1, "test": 2}
    assert full["train"].features == task["train"].features
    assert full["train"].info.license == "CC BY 4.0"


def test_pretraining_knows_the_parts_of_the_library_s_slip_but_never_the_slip():
    rng = random.Random(5)
    examples = [example for _ in range(300) for example in shelves.slips(rng)]
    slips = [slip for _, slip in examples]
    assert any(slip.startswith("Lend another ") for slip in slips)
    assert any(re.search(r"[a-z]: .*\.$", slip) for slip in slips)
    assert not any(re.match(r"Lend another [a-z ]+: .*\.$", slip) for slip in slips)
    assert not any("Card of" in source or "Shelf for" in source for source, _ in examples)
