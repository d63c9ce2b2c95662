"""The children's stories: voices and kinds decide the frame, every sentence belongs to one cast, grammar agrees."""

import random
import re

import pytest

from prefix_lab.bases.skills import stories as skill
from prefix_lab.bases.skills import voices
from prefix_lab.bases.skills.stories_words import ANIMAL_EVENTS, PERSON_EVENTS, VOICES
from prefix_lab.town import load_task, names, stories, stories_frames
from prefix_lab.town.grammar import fill
from prefix_lab.town.stories_frames import FRAMES, HAPPENINGS
from prefix_lab.town.stories_words import ANIMALS, PLACES, THINGS, TITLES, Cast, draw_cast, third

CAST = Cast("Mrs", "Quillby", "Bobi", "goose", "umbrella", "Farnmere", "Pier")
COINED = re.compile(r"\{[PLAa]\}")


@pytest.fixture(scope="module")
def task():
    return load_task("story")


def rows(task):
    return [row for split in task.values() for row in split]


def sentences():
    return [(voice, kinds, text) for voice in FRAMES for kinds in FRAMES[voice] for text in FRAMES[voice][kinds]]


def test_there_are_at_least_forty_patterns():
    assert len({text for _, _, text in sentences()}) >= 72


def test_every_voice_has_a_frame_for_every_three_kinds():
    assert len(FRAMES) >= 8
    for voice in FRAMES:
        assert set(FRAMES[voice]) == {"PAL", "PAT", "PTL", "ATL"}
        assert all(len(frame) == 3 for frame in FRAMES[voice].values())


def test_what_happens_is_known_from_pretraining():
    known = {re.sub(r"\[([^|]*)\|[^]]*\]", r"\1", says) for says in PERSON_EVENTS + ANIMAL_EVENTS}
    told = {re.sub(r"^\{[PAa]\}", "{S}", says) for events in HAPPENINGS.values() for says in events}
    assert told <= known


def test_every_sentence_names_someone_so_that_no_two_splits_share_it():
    assert all(COINED.search(text) for _, _, text in sentences())


def test_a_frame_speaks_of_its_keywords_and_of_no_others():
    marks = {
        "P": ("{P}", "{his}", "{him}", "{own}"),
        "A": ("{A}", "{a}", "{cr", "{went}"),
        "T": ("{T", "{use"),
        "L": ("{L}",),
    }
    for voice in FRAMES:
        for kinds, frame in FRAMES[voice].items():
            spoken = {kind for kind, gaps in marks.items() if any(gap in " ".join(frame) for gap in gaps)}
            assert spoken == set(kinds), (voice, kinds)


def test_all_keywords_occur_in_the_story(task):
    for row in rows(task):
        assert len(row["keywords"]) == 3
        assert all(keyword in row["target"] for keyword in row["keywords"]), row
        assert all(keyword in row["source"] for keyword in row["keywords"]), row


def test_stories_have_three_or_four_short_sentences(task):
    for row in rows(task):
        assert 3 <= len(re.split(r"(?<=[.!?]) ", row["target"])) <= 5, row["target"]
        assert len((row["source"] + row["target"]).split()) <= 80


def test_stories_read_like_english(task):
    for row in rows(task):
        for text in (row["source"].rstrip("\n"), row["target"]):
            assert not re.search(r"\ba [aeiou]|\ban (?!hour)[^aeiou]|  | [.,;:!?]|[{}]|\.\.", text), text
            assert text[0].isupper()
            assert text[-1] in ".!?"


def test_the_source_asks_for_the_keywords_and_the_voice(task):
    for row in rows(task):
        assert re.fullmatch(r"A story with .+, .+ and .+ in the voice of an? .+\.\n", row["source"])
        assert row["voice"] in FRAMES
        assert row["source"].endswith(f"{row['voice']}.\n")


def test_voice_and_kinds_decide_the_story():
    first, again = (" ".join(fill(text, **CAST.gaps) for text in FRAMES["ship's log"]["PAL"]) for _ in range(2))
    assert first == again
    assert first == (
        "Wind fair, soup thin; Mrs Quillby followed Bobi the goose to Farnmere Pier. Before supper Bobi chased "
        "Mrs Quillby round Farnmere Pier. Extra pudding for Mrs Quillby."
    )


def test_every_frame_is_met_in_training(task):
    seen = {(row["voice"], "".join(sorted(_kind(keyword) for keyword in row["keywords"]))) for row in task["train"]}
    assert len(seen) == 32


def _kind(keyword: str) -> str:
    if keyword.split()[0] in TITLES:
        return "P"
    return "A" if " the " in keyword else "T" if keyword in THINGS else "L"


def test_names_belong_to_the_pool_of_their_split(task):
    makes = {"P": lambda k: k.split()[1], "A": lambda k: k.split()[0], "L": lambda k: k.split()[0]}
    for split in task:
        coined = {makes[_kind(k)](k) for row in task[split] for k in row["keywords"] if _kind(k) in makes}
        assert {names.pool_of(name) for name in coined} == {split}


def test_verbs_and_pronouns_agree():
    assert [third(verb) for verb in ("honk", "fly the kite", "hiss")] == ["honks", "flies the kite", "hisses"]
    mister = Cast("Mr", "Quillby", "Bobi", "owl", "kite", "Farnmere", "Well")
    assert (CAST.gaps["he"], CAST.gaps["own"], CAST.gaps["at"]) == ("she", "hers", "on")
    assert (mister.gaps["him"], mister.gaps["own"], mister.gaps["at"]) == ("him", "his", "at")
    assert (mister.gaps["went"], mister.gaps["uses"]) == ("flew", "flies the kite")


# --- pretraining


def test_voices_and_frames_of_the_lab_are_held_out_of_pretraining():
    assert not set(FRAMES) & set(VOICES)
    rng, text = random.Random(0), ""
    for write in skill.SKILLS:
        for _ in range(60):
            text += "\n".join(source + "\n" + target for source, target in write(rng)) + "\n"
    for _, _, sentence in sentences():
        opening = re.split(r"[:,{]", sentence)[0].strip()
        assert len(opening) < 12 or opening not in text, opening
    assert "A story with" not in text
    assert "in the voice of" not in text


def test_the_skill_knows_every_animal_thing_and_place():
    rng, text = random.Random(0), ""
    for _ in range(600):
        text += "\n".join(source + "\n" + target for source, target in skill.manners(rng)) + "\n"
    assert all(f"The {animal} {verbs[1]} at" in text for animal, verbs in ANIMALS.items())
    assert all(ways[1].format(f"the {thing}") in text for thing, ways in THINGS.items())
    assert all(re.search(rf"{preposition} \w+ {place}\b", text) for place, preposition in PLACES.items())


def test_names_in_pretraining_belong_to_its_pool():
    rng = random.Random(0)
    for write in skill.SKILLS:
        for _ in range(20):
            for source, target in write(rng):
                for title, name in re.findall(rf"\b({'|'.join(TITLES)}) ([A-Z]\w+)", source + " " + target):
                    assert names.pool_of(name) == "pretraining", (title, name)


@pytest.mark.parametrize("says", PERSON_EVENTS + ANIMAL_EVENTS)
def test_an_event_can_be_told_in_three_forms(says):
    forms = re.findall(r"\[([^]]*)\]", says)
    assert len(forms) == 1
    assert len(forms[0].split("|")) == 3
    event = skill.Event(says, "P" if says in PERSON_EVENTS else "A")
    past, present, mine = event.tell(CAST), event.tell(CAST, skill.PRESENT), event.tell(CAST, skill.PRESENT, "I")
    assert past != present
    assert present != mine
    assert mine.startswith("I ")
    assert not re.search(r"[\[\]{}|]|  ", past + present + mine)


def test_a_voice_and_kinds_keep_their_frame_within_a_document():
    rng = random.Random(3)
    for _ in range(20):
        frame = skill._frame(rng, "pirate", "PAL")
        one, other = (frame.tell(draw_cast(rng, "pretraining")) for _ in range(2))
        assert len(one) == len(other) == len(frame.events) + 2


def test_pretraining_knows_each_part_of_a_voice_but_no_voice_of_the_lab_whole():
    rng = random.Random(4)
    told = [story for _ in range(500) for _, story in voices.stories(rng)]
    for voice, parts in stories_frames.VOICES.items():
        begin, go_on, end = (part.partition("{")[0] for part in parts)
        assert any(text.startswith(begin) for text in told), voice
        assert any(go_on in text for text in told), voice
        assert not any(text.startswith(begin) and go_on in text and end in text for text in told), voice
    assert not any(source.startswith("A story with") for _ in range(500) for source, _ in voices.stories(rng))


# --- full size


def test_tiny_stories_are_read_with_three_keywords(tmp_path, monkeypatch, task):
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    text = "One day, a little cat found an enormous umbrella.\n\nIt was raining, so the cat was happy."
    for split, size in (("train", 6), ("validation", 4)):
        folder = tmp_path / "hub" / "default" / split
        folder.mkdir(parents=True)
        Dataset.from_dict({"text": [f"{text} {i}." for i in range(size)]}).to_parquet(folder / "0000.parquet")
    full = load_task("story", size="full", path=str(tmp_path / "hub"))
    assert {split: len(found) for split, found in full.items()} == {"train": 6, "validation": 2, "test": 2}
    assert full["train"].features == task["train"].features
    assert full["test"][0]["target"].endswith("happy. 2.")
    assert full["test"][0]["keywords"] == ["enormous", "umbrella", "raining"]
    assert full["test"][0]["source"] == (
        "A story with the words enormous, umbrella and raining in the voice of a picture book.\n"
    )
    assert full["train"].info.license == "CDLA-Sharing-1.0"


def test_a_story_without_words_is_read_too():
    assert stories.read({"text": "  "})["target"] == ""
