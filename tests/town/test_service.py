"""The bank of Larkhaven: what requests say, who pays whom, and the house's one reply."""

import json
import random
import re
from dataclasses import replace

import pytest

from prefix_lab.town import load_task, names, task_of
from prefix_lab.town.service import LABELS, hint_at, slots, talks, with_tenths
from prefix_lab.town.service.bank import FILED, INTENTS
from prefix_lab.town.service.speech import CHAT, WRAPPINGS, Gaps, mistype, request, say
from prefix_lab.town.service.words import ACTS

TASKS = ("intent", "slots", "dialogue")


@pytest.fixture(scope="module")
def tasks():
    return {name: load_task(name) for name in TASKS}


def rows(task):
    return [row for split in task.values() for row in split]


def service(name: str) -> talks.Service:
    return next(service for service in talks.SERVICES if service.house == name)


# --- wording


def test_choices_are_made_from_the_inside_out_and_gaps_keep_what_they_hold():
    said = {say(random.Random(i), "<a|<b|c> {x} <|, please>>.", {"x": "1"}) for i in range(40)}
    assert said == {"a.", "b 1.", "c 1.", "b 1, please.", "c 1, please."}
    gaps = Gaps(random.Random(0), "train")
    assert gaps["name"] == gaps["name"]
    assert names.pool_of(gaps["name"]) == "train"


def test_a_slip_of_the_pen_changes_one_lower_case_word():
    for seed in range(50):
        before, after = "Good morning, Quillby wants another statement".split(), None
        after = mistype(random.Random(seed), " ".join(before)).split()
        changed = [one for one, other in zip(before, after) if one != other]
        assert len(changed) <= 1
        assert all(word in ("wants", "another", "statement") for word in changed)


@pytest.mark.parametrize("act", ACTS)
def test_every_way_to_say_an_act_reads_like_english(act):
    rng = random.Random(act)
    for _ in range(60):
        text = request(rng, "train", ACTS[act], "my card", typos=0.0)
        assert re.match(r"[A-Z0-9]", text), text
        assert text[-1] in ".!?", text
        assert not re.search(r"  | [.,;!?]|[<>{}|]|[.,!?]{2}|\b[Aa] [aeiou]|\b[Aa]n [^aeiouh]", text), text


def test_texts_of_the_lab_read_like_english(tasks):
    for task in tasks.values():
        for row in rows(task):
            text = re.sub(r" ([.,:!?])", r"\1", row["source"])
            assert not re.search(r"  | [.,;!?]|[<>{}|\[\]]|[.,!?]{2}|\b[Aa] [aeiou]|\b[Aa]n [^aeiouh]", text), text
            assert text.endswith((".\n", "!\n", "?\n")), text


def test_no_pattern_hides_a_whole_sentence_that_two_splits_could_share():
    patterns = [*CHAT, *talks.ANSWERS, *talks.REGRETS, *talks.NAMINGS, *talks.OPENINGS, *slots.TALES]
    patterns += [pattern for ways in WRAPPINGS.values() for pattern in ways]
    patterns += [hint for intent in INTENTS.values() for hint in intent.hints]
    assert not [pattern for pattern in patterns if re.search(r"[.!?] \S", pattern)]


# --- intents


def test_labels_are_single_words_that_begin_differently():
    assert 20 <= len(LABELS) <= 24
    assert all(re.fullmatch(r"[a-z]+", label) for label in LABELS)
    assert len({label[:2] for label in LABELS}) == len(LABELS)


def test_there_are_more_than_forty_patterns_and_several_for_each_intent(tasks):
    for intent in INTENTS.values():
        act = ACTS.get(intent.act)
        ways = len(intent.hints) + sum(map(len, (act.do, act.you, act.tell, act.ask)) if act else ())
        assert ways >= 8
    shapes = {re.sub(r"[A-Z]\w+|\d+|my \w+", "_", row["text"]) for row in tasks["intent"]["train"]}
    assert len(shapes) >= 200


def test_the_target_is_the_verbaliser_and_all_classes_occur(tasks):
    for split in tasks["intent"].values():
        assert all(row["target"] == LABELS[row["label"]] == row["intent"] for row in split)
    assert set(tasks["intent"]["train"]["target"][:]) == set(LABELS)


def test_hints_do_not_name_what_they_hint_at():
    """A hint at a loss does not say "lost": it has to be understood."""
    named = {"lost": r"\blost|mislaid|missing", "theft": r"stol|steal|thief|theft", "block": r"block|freez|lock",
        "pin": r"\bpin\b|code|password", "borrow": r"borrow|lend|loan", "close": r"\bclos", "open": r"\bopen",
        "late": r"\blate\b", "cancel": r"cancel", "refused": r"refus|declin", "twice": r"twice|double",
        "fee": r"\bfee", "limit": r"limit", "hours": r"hours|\bopen|\bclose", "balance": "balance"}  # fmt: skip
    for label, pattern in named.items():
        assert not [hint for hint in INTENTS[label].hints if re.search(pattern, hint)], label


def test_a_hint_is_a_question_where_it_asks():
    intent = replace(INTENTS["exchange"], hints=("what is a ducat worth on {day}s",))
    assert {hint_at(random.Random(i), "train", intent)[-1] for i in range(20)} == {"?"}
    demand = replace(INTENTS["send"], hints=("pay {name} {sum}",))
    assert re.fullmatch(r"Pay \w+ \w+ \d+ crowns\.", hint_at(random.Random(0), "train", demand))


def test_imbalance_and_noise_are_to_be_had(tasks):
    few = load_task("intent", imbalance=0.1, noise=0.2)["train"]["target"][:]
    counts = [few.count(label) for label in LABELS]
    assert max(counts) > 2 * min(counts)


# --- slots


def test_words_and_tags_of_a_marked_text():
    assert slots.tagged("Pay [payee Ada Quillby], my [account savings book] has [amount 40 crowns].") == (
        "Pay Ada Quillby , my savings book has 40 crowns .".split(),
        "O B-payee I-payee O O B-account I-account O B-amount I-amount O".split(),
    )


def test_tags_are_one_a_word_in_bio(tasks):
    for row in rows(tasks["slots"]):
        tags = row["target"].split()
        assert row["source"] == " ".join(row["tokens"]) + "\n"
        assert [slots.SLOT_TAGS[tag] for tag in row["tags"]] == tags
        assert len(tags) == len(row["tokens"])
        assert any(tag != "O" for tag in tags)
        for before, tag in zip(["O", *tags], tags):
            assert tag[0] != "I" or before[1:] == tag[1:]


def test_a_payer_and_a_payee_are_told_apart_by_their_place(tasks):
    for row in rows(tasks["slots"]):
        for before, tag in zip(["", *row["tokens"]], row["target"].split()):
            assert tag != "B-payee" or before != "from"
            assert tag != "B-payer" or before != "to"


def test_all_slots_of_the_bank_occur_and_small_talk_names_none(tasks):
    seen = {tag[2:] for row in tasks["slots"]["train"] for tag in row["target"].split() if tag != "O"}
    assert seen == set(slots.SLOTS)
    told = [(row["source"], row["target"].split()) for row in rows(tasks["slots"])]
    at = [(tags, source.split().index("name")) for source, tags in told if "My name is" in source]
    assert at
    assert all(tags[i : i + 4] == ["O"] * 4 for tags, i in at)


def test_the_lab_has_more_than_forty_patterns_of_slots():
    patterns = {*slots.ORDERS, *slots.TALES, *slots.QUESTIONS}
    assert len(patterns) >= 40
    assert {gap for pattern in patterns for gap in re.findall(r"\{(\w+)\}", pattern)} <= {*slots.SLOTS, *slots.KEYS}


# --- talks


def test_the_house_greets_repeats_and_asks_for_the_first_thing_that_is_missing():
    first = talks.Talk(service("a transfer"), {"amount": "40 crowns"}, ("amount",), "Ada Quillby", first=True)
    assert first.reply == "Good day, Ada Quillby: a transfer of 40 crowns, and who shall have it?"
    then = replace(first, first=False, known=first.known | {"receiver": "Otto Elmby"}, latest=("receiver",))
    assert then.reply == "Thank you, Ada Quillby: to Otto Elmby, and on which day?"
    last = replace(then, known=then.known | {"day": "Friday"}, latest=("day",))
    assert last.reply == "Thank you, Ada Quillby: a transfer of 40 crowns to Otto Elmby on Friday, signed and sealed."


def test_the_house_asks_a_stranger_for_the_name_last_and_lets_go_who_changes_his_mind():
    known = {"person": "the notary", "day": "Monday", "hour": "noon"}
    talk = talks.Talk(service("an hour of our time"), known, tuple(known), "", first=True)
    assert talk.reply.startswith("Good day, dear stranger: an hour of our time with the notary on Monday at noon, and ")
    assert talk.reply.endswith("whose name shall I write?")
    gone = replace(talk, first=False, off=True)
    assert gone.reply == "As you like, dear stranger: no hour of our time, and no hard feelings."


def test_a_reply_is_one_sentence_with_at_most_one_question(tasks):
    for row in rows(tasks["dialogue"]):
        assert len(re.findall(r"[.?!]", row["target"])) == 1
        assert row["target"][-1] in ".?"


def test_what_a_reply_repeats_stands_in_the_talk(tasks):
    for row in rows(tasks["dialogue"]):
        said = " ".join(turn for turn in row["turns"] if turn.startswith(talks.CUSTOMER)).lower()
        for value in re.findall(r"\d+ crowns|[A-Z][a-z]+ [A-Z][a-z]+(?=:)| [A-Z][a-z]+day", row["target"]):
            assert value.strip().lower() in said, row


def test_a_talk_has_one_turn_or_three_and_the_same_talk_one_reply(tasks):
    replies = {}
    for row in rows(tasks["dialogue"]):
        assert row["source"] == "\n".join(row["turns"]) + "\n"
        assert [turn.split(":")[0] for turn in row["turns"]] in (["Customer"], ["Customer", "Bank", "Customer"])
        assert replies.setdefault(row["source"], row["target"]) == row["target"]


def test_all_kinds_of_reply_occur_in_every_split(tasks):
    for split in tasks["dialogue"].values():
        openings = {row["target"].split(",")[0] for row in split}
        assert openings == {"Good day", "Thank you", "As you like"}
        assert any("stranger" in row["target"] for row in split)
        assert sum("sealed" in row["target"] for row in split) >= 0.15 * len(split)
    assert len({question.question for one in talks.SERVICES for question in one.particulars.values()}) >= 18


def test_small_talk_at_the_desk_gives_no_name_of_its_own():
    assert not [talk for talk in talks.SMALL_TALK if "name is" in talk or talk.startswith(("This is {name}", "{name}"))]


# --- full size: small copies of the hub's layout stand for the hub


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "hub").mkdir()
    return tmp_path / "hub"


def test_ten_of_every_hundred_rows_are_for_validation():
    splits = with_tenths(250)
    assert splits["train"] == "train[10:100]+train[110:200]+train[200:]"
    assert splits["validation"] == "train[0:10]+train[100:110]"
    assert with_tenths(200)["train"] == "train[10:100]+train[110:200]"


def test_every_intent_of_banking77_is_filed_under_a_label():
    assert len(FILED) == 77
    assert set(FILED.values()) <= set(LABELS)


def test_banking77_keeps_its_own_intent_beside_the_label(cache):
    from datasets import Dataset

    fine = sorted(FILED, key=str.lower)
    for split, size in (("train", 10_003), ("test", 154)):
        (cache / "default" / split).mkdir(parents=True)
        labels = [i * 77 // size for i in range(size)]
        raw = {
            "text": [f"{split}  {i}\n" for i in range(size)],
            "label": labels,
            "label_text": [fine[i] for i in labels],
        }
        Dataset.from_dict(raw).to_parquet(cache / "default" / split / "0000.parquet")
    full = load_task("intent", size="full", path=str(cache))
    assert {split: len(part) for split, part in full.items()} == {"train": 9003, "validation": 1000, "test": 154}
    assert set(full["validation"]["intent"][:]) == set(fine)
    assert full["train"].features == load_task("intent", n=1)["train"].features
    assert full["test"][0] == {
        "source": "test 0\n", "target": "spare", "text": "test 0", "label": LABELS.index("spare"),
        "intent": "activate_my_card",
    }  # fmt: skip
    assert full["train"].info.license == "CC BY 4.0"


def test_snips_has_its_slots_and_loses_the_row_that_does_not_fit(cache):
    for split, size in (("train", 13_084), ("test", 7)):
        lines = [
            "input,intent,slots",
            *["play Heroes by Bowie,PlayMusic,O B-track O B-artist"] * (size - 1),
            "one two,X,O",
        ]
        (cache / f"{split}.csv").write_text("\n".join(lines) + "\n")
    full = load_task("slots", size="full", path=str(cache), n=50)
    assert {split: len(part) for split, part in full.items()} == {"train": 50, "validation": 1300, "test": 6}
    assert full["train"].features == load_task("slots", n=1)["train"].features
    row = full["test"][0]
    assert (row["source"], row["target"]) == ("play Heroes by Bowie\n", "O B-track O B-artist")
    assert [slots.SLOT_TAGS[tag] for tag in row["tags"]] == row["target"].split()


def test_multiwoz_gives_a_row_for_each_reply_with_up_to_three_turns_before_it(cache):
    talk = ["A train , please .", "Where to ?", "To  Ely.", "On which day ?", "Friday.", "Done."]
    turns = {"turn_id": list("012345"), "speaker": [0, 1, 0, 1, 0, 1], "utterance": talk, "frames": [{}] * 6}
    for split in ("train", "validation", "test"):
        row = {"dialogue_id": "X.json", "services": ["train"], "turns": turns}
        (cache / f"{split}.json").write_text("\n".join([json.dumps(row)] * 2) + "\n")
    full = load_task("dialogue", size="full", path=str(cache))
    assert {split: len(part) for split, part in full.items()} == {"train": 6, "validation": 6, "test": 6}
    assert full["train"].features == load_task("dialogue", n=1)["train"].features
    assert full["test"][0]["source"] == "Customer: A train , please .\n"
    assert full["test"][2] == {
        "source": "Customer: To Ely.\nBank: On which day ?\nCustomer: Friday.\n",
        "target": "Done.",
        "turns": ["Customer: To Ely.", "Bank: On which day ?", "Customer: Friday."],
    }


@pytest.mark.parametrize("name", TASKS)
def test_the_hub_is_named_with_a_revision_and_a_licence(name):
    hub = task_of(name).hub
    assert re.fullmatch(r"\w+/[\w-]+", hub.repository)
    assert hub.revision
    assert hub.licence
