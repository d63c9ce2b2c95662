"""Boards and letters: spans that are right, answers in one manner, and what pretraining must not show."""

import random
import re

import pytest

from prefix_lab.bases.skills import questions, replies
from prefix_lab.bases.skills.questions_words import DOMAINS
from prefix_lab.town import load_task, names, timetable
from prefix_lab.town.facts import ask, check, gaps
from prefix_lab.town.grammar import article, fill
from prefix_lab.town.timetable_words import CRAFTS, ENDS, HEADS, NEWS, departures, news

RELATIONS = (*departures("train"), *news("train"))


@pytest.fixture(scope="module")
def spans():
    return load_task("extractive-qa")


@pytest.fixture(scope="module")
def answers():
    return load_task("generative-qa")


def rows(task):
    return [row for split in task.values() for row in split]


def test_a_hundred_papers_use_forty_sentence_patterns():
    rng = random.Random(7)
    for pool in ("train", "validation", "test"):
        papers = [draw(rng, pool) for draw in (timetable.draw_board, timetable.draw_letter) for _ in range(50)]
        facts = [fact for paper in papers for fact in paper.facts]
        used = {way for fact in facts for way in fact.relation.says if fill(way, **fact.values) == fact.told}
        assert len(used) >= 40


def test_papers_read_like_english(spans, answers):
    for row in rows(spans) + rows(answers):
        for text in (row["context"], row["question"]):
            assert not re.search(r"  | [.,;?]|[.,;?]{2}|[{}\[\]]", text), text
            for word, following in re.findall(r"\b([Aa]n?) (\w[\w-]*)", text):
                assert word.lower() == article(following), text
        assert re.fullmatch(r"[A-Z][^?]*\?", row["question"])


def test_every_sentence_names_somebody_or_something():
    """Names belong to one split each, so that then no sentence stands in two."""
    named = {"who", "mate", "place", "spot", "house", "town", "writer"}
    patterns = [way for relation in RELATIONS for way in relation.says]
    for pattern in (*patterns, *NEWS, *ENDS, *HEADS):
        assert named & set(gaps(pattern)), pattern


def test_the_span_is_the_answer_and_stands_once(spans):
    for row in rows(spans):
        (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
        assert row["context"][start : start + len(text)] == text == row["target"]
        assert row["context"].count(text) == 1
        assert row["source"] == f"Wanted: {row['question']}\n{row['context']}\n"


@pytest.mark.parametrize("draw", [timetable.draw_board, timetable.draw_letter])
def test_a_paper_tells_two_things_of_one_sort(draw):
    rng = random.Random(0)
    for _ in range(100):
        facts = draw(rng, "train").facts
        relations = [fact.relation for fact in facts]
        assert max(relations.count(relation) for relation in relations) >= 2


@pytest.mark.parametrize("draw", [timetable.draw_board, timetable.draw_letter])
def test_no_two_facts_of_a_paper_share_a_value(draw):
    rng = random.Random(1)
    for _ in range(100):
        values = [value for fact in draw(rng, "test").facts for value in fact.values.values()]
        assert len(set(values)) == len(values)


def test_boards_follow_the_clock():
    rng = random.Random(2)
    for _ in range(50):
        board = timetable.draw_board(rng, "train")
        times = [fact.values["time"] for fact in board.facts if "time" in fact.values]
        assert [tuple(map(int, time.split(":"))) for time in times] == sorted(
            tuple(map(int, time.split(":"))) for time in times
        )


def test_a_question_asks_only_for_what_is_told_and_gives_only_what_is_told():
    rng = random.Random(3)
    for _ in range(200):
        facts = timetable.draw_board(rng, "train").facts
        question, slot, fact = ask(rng, facts)
        assert fact.tells(slot)
        assert fact.values[slot].lower() not in question.lower()
        pattern, slot, fact = check(rng, facts)
        assert all(fact.tells(gap) for gap in gaps(pattern))


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_question_of_a_relation_can_be_answered(relation):
    told = {gap for way in relation.says for gap in gaps(way)}
    assert told == set(relation.slots) == set(relation.asks)
    for pattern in (*relation.checks, *(way for ways in relation.asks.values() for way in ways)):
        assert set(gaps(pattern)) <= told
        assert pattern.endswith("?")
    assert all(slot not in gaps(way) for slot, ways in relation.asks.items() for way in ways)


def test_answers_say_who_says_so(answers):
    for row in rows(answers):
        writer = row["context"].splitlines()[-1]
        letter = row["context"].startswith("Dear ")
        voice = re.search(r"([A-Z]\w+) [A-Z]\w+$", writer)[1] if letter else "The board"
        by = f"if {voice} is right" if letter else "by the board"
        assert row["target"].endswith(f", {by}.") or row["target"] == f"{voice} keeps quiet.", row


def test_every_manner_of_answering_occurs(answers):
    share = {
        manner: sum(bool(re.match(pattern, target)) for target in answers["train"]["target"]) / 300
        for manner, pattern in {"aye": "Aye, ", "nay": "Nay, ", "untold": ".* keeps quiet"}.items()
    }
    assert all(0.05 < part < 0.25 for part in share.values()), share


def test_what_is_right_is_copied_and_what_is_not_told_is_not_there(answers):
    for row in rows(answers):
        asked = re.findall(r"(?:The )?[A-Z]\w+(?: [A-Z]\w+)+", row["question"][1:])
        if row["target"].endswith("keeps quiet."):
            assert not any(name in row["context"] for name in asked), row
        elif not row["target"].startswith("Aye"):
            right = re.sub(r"^Nay, |, (by|if) .*$", "", row["target"])
            right = re.sub(r"^(At|On|To|From|In|The|An?|at|on|to|from|in|the|an?) ", "", right)
            assert right.lower() in row["context"].lower(), row


def test_aye_and_nay_follow_from_the_paper(answers):
    """Where the question is whether a boat leaves at a time, the line of its destination has the last word."""
    found = 0
    for row in rows(answers):
        asked = re.match(r"(?:Does|Is) the (.*) to (\w+) (?:leave at|the one at) ([\d:]+)\?", row["question"])
        if asked and re.match("Aye|Nay", row["target"]):
            (told,) = [line for line in row["context"].split(". ") if asked[1] in line.lower() and asked[2] in line]
            assert (asked[3] in re.findall(r"\d+:\d+", told)) == row["target"].startswith("Aye"), row
            found += 1
    assert found > 5


def test_the_order_of_departures_decides():
    rng = random.Random(4)
    for _ in range(100):
        board = timetable.draw_board(rng, "train")
        question, answer = timetable._in_order(rng, board, timetable.OFFICE)
        crafts = [fact.values["craft"] for fact in board.facts if "time" in fact.values]
        given = answer.removeprefix("The ").removesuffix(", by the board.")
        named = [craft for craft in crafts if f"the {craft}" in question]
        if named:
            assert crafts[crafts.index(named[0]) + 1] == given
        else:
            assert given == (crafts[0] if "first" in question else crafts[-1])


def test_a_question_without_a_name_stands_in_one_split_only(spans, answers):
    for task in (spans, answers):
        for split in task:
            for question in task[split]["question"]:
                if not re.search(r" [A-Z]\w+", question):
                    assert names.pool_of(question) == split, question


# --- what pretraining practises, and what it must not show


def documents(n: int) -> list[list[tuple[str, str]]]:
    rng = random.Random(5)
    return [rng.choices(list(questions.SKILLS), questions.SKILLS.values())[0](rng) for _ in range(n)]


def test_the_skill_writes_documents_of_one_to_five_examples():
    assert sum(questions.SKILLS.values()) == pytest.approx(1)
    for document in documents(500):
        assert 1 <= len(document) <= 5
        assert all(source.strip() and target.strip() for source, target in document)
        assert sum(len(f"{source} {target}".split()) for source, target in document) <= 270


def test_the_layout_and_the_manner_of_the_lab_task_are_held_out():
    text = "\n".join(f"{source}\n{target}" for document in documents(500) for source, target in document)
    assert not re.search(r"Wanted:|by the board|keeps quiet|\bAye\b|\bNay\b|is right\.|^Dear ", text, re.MULTILINE)
    assert not re.search(r"[Dd]epartures|[Tt]imetable|service from", text)


def test_the_skill_has_domains_enough_and_none_is_of_boards_or_letters():
    assert len(DOMAINS) >= 10
    slots = {slot for relations in DOMAINS.values() for relation in relations for slot in relation.slots}
    assert not {"craft", "quay", "fare"} & slots
    says = {way for relations in DOMAINS.values() for relation in relations for way in relation.says}
    assert not says & {way for relation in RELATIONS for way in relation.says}
    assert not any(craft in way for craft in CRAFTS for way in says)


@pytest.mark.parametrize("relation", [relation for relations in DOMAINS.values() for relation in relations])
def test_every_question_of_pretraining_can_be_answered(relation):
    told = {gap for way in relation.says for gap in gaps(way)}
    for slot, ways in relation.asks.items():
        for way in ways:
            assert slot not in gaps(way)
            assert any({slot, *gaps(way)} <= set(gaps(say)) for say in relation.says), way
    assert told <= set(relation.slots)


def test_found_answers_stand_in_the_passage():
    rng, found, asked = random.Random(6), 0, 0
    for _ in range(300):
        passage = questions.draw_layout(rng).write(rng)
        _, slot, fact = ask(rng, passage.facts)
        found += fact.values[slot].lower() in passage.text.lower()
        asked += 1
    assert found == asked


@pytest.fixture(scope="module")
def replied() -> list[list[tuple[str, str]]]:
    """500 documents of replies in manners that are known by heart."""
    rng = random.Random(8)
    return [rng.choices(list(replies.SKILLS), replies.SKILLS.values())[0](rng) for _ in range(500)]


def test_replies_never_have_the_whole_manner_of_the_office_nor_its_layout(replied):
    sources = "\n".join(source for document in replied for source, _ in document)
    assert not re.search(r"Wanted:|^Dear |timetable|Departures|service from|all services", sources, re.MULTILINE)
    rng, office = random.Random(9), timetable.OFFICE
    for _ in range(500):
        one, _ = replies.draw_manner(rng)
        same = [getattr(one, part) == getattr(office, part) for part in ("yes", "slots", "board", "untold")]
        assert sum(same) + bool(re.fullmatch(r"[\w ]+, \{right\}", one.no)) <= 3


def test_replies_know_every_part_of_the_office_manner(replied):
    said = "\n".join(target for document in replied for _, target in document)
    for part in (
        ", by the board\\.$",
        ", if \\w+ is right\\.$",
        "^Aye",
        "^Nay",
        " keeps quiet\\.$",
        "^At \\d+:",
        "^To ",
    ):
        assert len(re.findall(part, said, re.MULTILINE)) >= 10, part
    assert all(1 <= len(document) <= 6 for document in replied)


# --- full size: a small copy of the hub's layout stands for the hub


@pytest.fixture
def squad(tmp_path, monkeypatch):
    """Parquet files as the hub's SQuAD has them; of the second kind, some questions have no answer."""
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))

    def write(answered):
        for split, size in (("train", 40), ("validation", 4)):
            folder = tmp_path / "hub" / "data"
            folder.mkdir(parents=True, exist_ok=True)
            rows = [
                {
                    "id": f"{split} {i}",
                    "title": "Salt",
                    "context": f"In {1800 + i} salt was dear.\nIt was sold in bags.",
                    "question": " When was salt dear?",
                    "answers": {"text": [f"{1800 + i}"] * 2, "answer_start": [3, 3]}
                    if answered(i)
                    else {"text": [], "answer_start": []},
                }
                for i in range(size)
            ]
            Dataset.from_list(rows).to_parquet(folder / f"{split}-00000-of-00001.parquet")
        return str(tmp_path / "hub")

    return write


def test_squad_becomes_rows_of_the_same_features(squad, spans):
    full = load_task("extractive-qa", size="full", path=squad(lambda i: True))
    assert {split: len(rows) for split, rows in full.items()} == {"train": 38, "validation": 2, "test": 4}
    assert full["train"].features == spans["train"].features
    row = full["test"][1]
    assert row["target"] == "1801"
    assert row["answers"] == {"text": ["1801", "1801"], "answer_start": [3, 3]}
    assert row["source"] == "Wanted: When was salt dear?\nIn 1801 salt was dear.\nIt was sold in bags.\n"
    assert full["train"].info.license == "CC BY-SA 4.0"


def test_squad_2_has_answers_that_are_not_said(squad, answers):
    full = load_task("generative-qa", size="full", path=squad(lambda i: i % 2))
    assert full["train"].features == answers["train"].features
    assert full["test"]["target"][:] == ["not said", "1801", "not said", "1803"]
