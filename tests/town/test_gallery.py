"""The gallery: drawings that show their scenes, captions and answers that are right, scenes of one split each."""

import random
import re

import numpy as np
import pytest

from prefix_lab.town import drawing, gallery, load_task, names
from prefix_lab.town.drawing import COLOURS, GROUNDS, KINDS, Scene, Shape
from prefix_lab.town.gallery_words import CAPTIONS, QUESTIONS
from prefix_lab.town.grammar import ONES, plural

SPLITS = ("train", "validation", "test")
NUMBERS = {word: n for n, word in enumerate(ONES)} | {"none": 0, "a": 1, "an": 1}
KIND = "|".join(word for kind in KINDS for word in (plural(kind), kind))
COLOUR = "|".join(COLOURS)
GROUP = re.compile(
    rf"(?i)\b(an?|two|three|four|five) (large )?(?:({COLOUR}) )?({KIND}) "
    r"((?:at|in) the [a-z]+(?: left| right| centre)?|(?:along|across|down) the [a-z]+|here and there)"
)


@pytest.fixture(scope="module")
def captions():
    return load_task("captions")


@pytest.fixture(scope="module")
def answers():
    return load_task("visual-qa")


def rows(task):
    """All rows without their images, which take long to decode."""
    return [row for split in task.values() for row in split.remove_columns("image")]


def cell(place: str) -> tuple[int, int]:
    row, column = place.split() if " " in place else (place, place)
    return drawing.ROWS.index(row), drawing.COLUMNS.index(column)


# --- drawings


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_shape_is_painted_in_its_place_and_nowhere_else(kind, size):
    rng = random.Random(0)
    for row, column in ((0, 0), (1, 1), (2, 1)):
        scene = Scene((Shape(kind, "blue", size, row, column),), ("white",))
        bluish = drawing.paint(scene, rng)[..., 0] < 140
        inside = np.zeros_like(bluish)
        edges = [round(step * drawing.CELL) for step in range(4)]
        inside[edges[row] : edges[row + 1], edges[column] : edges[column + 1]] = True
        assert bluish[inside].sum() >= 8
        assert not bluish[~inside].any()


def test_kinds_and_sizes_can_be_told_apart():
    """In one colour and without sway, no two of them share more than nine tenths of their pixels."""
    still = random.Random(0)
    still.uniform = lambda low, high: (low + high) / 2
    seen = []
    for kind in KINDS:
        for size in ("small", "large"):
            image = drawing.paint(Scene((Shape(kind, "black", size, 1, 1),), ("white",)), still)[..., 0] < 128
            assert all((image & other).sum() < 0.9 * (image | other).sum() for other in seen), (kind, size)
            seen.append(image)


def test_colours_and_grounds_are_far_apart():
    palette = [np.array(colour) for colour in (*COLOURS.values(), *GROUNDS.values())]
    shapes = len(COLOURS)
    for i, one in enumerate(palette):
        for other in palette[max(i + 1, shapes if i < shapes else 0) :]:
            assert np.abs(one - other).max() > (60 if i < shapes else 20)


def test_a_two_part_ground_lies_one_over_the_other():
    image = drawing.paint(Scene((Shape("bar", "red", "small", 1, 1),), ("white", "grey")), random.Random(0))
    assert image[:16, 0].min() > 235
    assert image[16:, 0].max() < 190


def test_a_row_shows_its_scene(captions, answers):
    for row in [*captions["test"], *answers["test"]]:
        image = np.asarray(row["image"]).astype(int)
        assert image.shape == (32, 32, 3)
        assert 2 <= len(row["scene"]) <= 5
        assert [cell(s["place"]) for s in row["scene"]] == sorted(cell(s["place"]) for s in row["scene"])
        assert len({s["place"] for s in row["scene"]}) == len(row["scene"])
        for shape in row["scene"]:
            top, left = (round(step * drawing.CELL) for step in cell(shape["place"]))
            part = image[top : top + 11, left : left + 11].reshape(-1, 3)
            assert (np.abs(part - COLOURS[shape["colour"]]).max(1) <= 45).sum() >= 3, shape


def test_the_same_seed_paints_the_same_image(captions):
    again = load_task("captions", n=3)
    for i in range(3):
        assert np.array_equal(np.asarray(again["train"][i]["image"]), np.asarray(captions["train"][i]["image"]))


# --- captions


def test_a_caption_says_the_whole_scene_and_nothing_else(captions):
    for row in rows(captions):
        body, ground = row["target"].removesuffix(".").rsplit(", on ", 1)
        assert ground.split(" over ") == row["ground"]
        shared = re.search(rf", (?:both|all \w+) ({COLOUR})$", body)
        said = []
        for number, large, colour, kind, where in GROUP.findall(body):
            n = NUMBERS[number.lower()]
            kind = next(k for k in KINDS if kind == (k if n == 1 else plural(k)))
            said.append((n, bool(large), colour or shared[1], kind, where))
        left = list(row["scene"])
        for n, large, colour, kind, where in said:
            group = [s for s in left if (s["size"] == "large", s["colour"], s["kind"]) == (large, colour, kind)]
            assert len(group) == n, row["target"]
            cells = [cell(s["place"]) for s in group]
            if n == 1:
                assert where in (f"at the {group[0]['place']}", "in the centre")
                assert (where == "in the centre") == (cells[0] == (1, 1))
            elif where == "here and there":
                assert all(len(set(line)) > 1 for line in zip(*cells))
            else:
                across = where.split()[0] != "down"
                (line,) = {c[0 if across else 1] for c in cells}
                assert (drawing.ROWS if across else drawing.COLUMNS)[line] == where.split()[-1]
            left = [s for s in left if s not in group]
        assert not left, row["target"]
        assert [large for _, large, *_ in said] == sorted((large for _, large, *_ in said), reverse=True)


def test_the_house_style():
    def say(*shapes, ground=("white",)):
        return gallery.caption(Scene(shapes, ground))

    star, ring = Shape("star", "red", "large", 2, 2), Shape("ring", "orange", "small", 0, 0)
    assert say(ring, star) == "A large red star at the bottom right faces an orange ring at the top left, on white."
    rings = [Shape("ring", "orange", "small", 0, column) for column in (0, 2)]
    assert say(*rings, ground=("pink", "grey")) == "Nothing but two orange rings along the top, on pink over grey."
    cross = Shape("cross", "orange", "small", 1, 1)
    assert say(*rings, cross) == ("Two rings along the top face a cross in the centre, all three orange, on white.")
    blue = Shape("bar", "blue", "small", 2, 0)
    assert say(*rings, cross, blue, star).startswith("A large red star at the bottom right heads a company of two ")


def test_captions_and_questions_have_forty_patterns(captions, answers):
    """What is left of the sentences when their kinds, colours, places and names are taken out."""
    shapes = {
        re.sub(r"\b(A|An)\b", "A", GROUP.sub(lambda m: "_" if m[1].lower() in ("a", "an") else "_s", row["target"]))
        for row in captions["test"]
    }
    shapes = {re.sub(rf"\b({COLOUR}|{'|'.join(GROUNDS)})\b", "c", shape) for shape in shapes}
    assert len(shapes) >= 20
    assert set(CAPTIONS) == {1, 2, 3, 4, 5}
    assert sum(map(len, QUESTIONS.values())) >= 40
    asked = set(answers["train"]["question_type"])
    assert asked == set(QUESTIONS)


# --- questions


def test_every_question_names_its_artist():
    for kind, patterns in QUESTIONS.items():
        assert all("{artist}" in pattern for pattern in patterns), kind


def test_questions_read_like_english(answers):
    for row in rows(answers):
        assert re.fullmatch(r"[A-Z][^?{}]*\?\n", row["source"]), row["source"]
        assert not re.search(r"  | [?,:;]", row["source"])
        assert row["source"].count("\n") == 1


def test_answers_follow_from_the_scene_alone(answers):
    for row in rows(answers):
        expected = decide(row)
        assert row["target"] == expected, (row["source"], row["scene"], row["target"])


def decide(row) -> str:
    """The answer to a row's question, from its words and the list of shapes."""
    text, scene, sort = row["source"], row["scene"], row["question_type"]
    kinds = [next(k for k in KINDS if word in (k, plural(k))) for word in re.findall(rf"\b({KIND})\b", text)]
    colours = re.findall(rf"\b({COLOUR})\b", text)
    place = re.search(r"at the ((?:top|centre|bottom) (?:left|centre|right))|$", text)[1] or "centre"

    def find(**known):
        return [s for s in scene if all(s[key] == value for key, value in known.items())]

    def number(n):
        return ONES[n] if n else "none"

    def yes(true):
        return "yes" if true else "no"

    if sort in ("height", "side", "alike"):
        (one,), (other,) = (find(kind=kind) for kind in kinds)
        (row_1, column_1), (row_2, column_2) = cell(one["place"]), cell(other["place"])
        if sort == "alike":
            return yes(one["colour"] == other["colour"])
        return (
            ("above" if row_1 < row_2 else "below") if sort == "height" else "left" if column_1 < column_2 else "right"
        )
    if sort in ("neighbour", "under"):
        (start,) = find(kind=kinds[0])
        along, same = (1, 0) if sort == "neighbour" else (0, 1)
        here = cell(start["place"])
        after = [s for s in scene if cell(s["place"])[same] == here[same] and cell(s["place"])[along] > here[along]]
        return min(after, key=lambda s: cell(s["place"])[along])["kind"]
    return {
        "colour": lambda: find(kind=kinds[0])[0]["colour"],
        "colour there": lambda: find(place=place)[0]["colour"],
        "kind": lambda: find(colour=colours[0])[0]["kind"],
        "kind there": lambda: find(place=place)[0]["kind"],
        "place": lambda: find(colour=colours[0], kind=kinds[0])[0]["place"],
        "count": lambda: number(len(find(kind=kinds[0]))),
        "count in colour": lambda: number(len(find(colour=colours[0]))),
        "count of all": lambda: number(len(scene)),
        "count of size": lambda: number(len(find(size="large" if "large" in text else "small"))),
        "size": lambda: find(kind=kinds[0])[0]["size"],
        "ground": lambda: "".join(row["ground"]),
        "half": lambda: row["ground"]["lower" in text],
        "is there": lambda: yes(find(colour=colours[0], kind=kinds[0])),
        "is it": lambda: yes(find(kind=kinds[0])[0]["colour"] == colours[0]),
        "is it there": lambda: yes(find(kind=kinds[0], place=place)),
        "more": lambda: yes(len(find(kind=kinds[0])) > len(find(kind=kinds[1]))),
        "plain": lambda: yes(len(row["ground"]) == 1),
    }[sort]()


def test_the_question_alone_does_not_give_the_answer(answers):
    """For each type, its commonest answer is right for at most about half of the rows."""
    every = rows(answers)
    right = 0
    for sort in QUESTIONS:
        given = [row["target"] for row in every if row["question_type"] == sort]
        right += max(map(given.count, given))
    assert right < 0.5 * len(every)
    yes, no = ([row["target"] for row in every].count(word) for word in ("yes", "no"))
    assert 0.6 < yes / no < 1.7


# --- splits


def test_no_scene_stands_in_two_splits_of_either_task(captions, answers):
    def scenes(split):
        return {str(row["scene"]) for task in (captions, answers) for row in task[split]}

    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        assert not scenes(one) & scenes(other)


def test_pretraining_draws_scenes_of_its_own(captions):
    rng = random.Random(0)
    drawn = [gallery.draw_scene_of(rng, "pretraining") for _ in range(300)]
    assert {names.pool_of(gallery.say_shapes(scene)) for scene in drawn} == {"pretraining"}
    assert not {gallery.caption(scene) for scene in drawn} & {row["target"] for row in rows(captions)}


# --- full size: a small copy of the hub's layout stands for the hub


@pytest.fixture
def photographs():
    from PIL import Image

    return [Image.new("RGB", (24, 18), (40 * i, 90, 200)) for i in range(6)]


def to_parquet(folder, split, columns):
    from datasets import Dataset, Image

    (folder / "data").mkdir(parents=True, exist_ok=True)
    data = Dataset.from_dict(columns).cast_column("image", Image())
    data.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")


def test_coco_has_the_features_of_the_lab_task(tmp_path, monkeypatch, photographs, captions):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for split, size in (("train", 6), ("validation", 2), ("test", 3)):
        to_parquet(tmp_path / "hub", split, {
            "image": photographs[:size],
            "filename": [f"COCO_{split}_{i}.jpg" for i in range(size)],
            "cocoid": [522418 + i for i in range(size)],
            "caption": [f"A kite of {split} number {i}. " for i in range(size)],
        })  # fmt: skip
    full = load_task("captions", size="full", path=str(tmp_path / "hub"), n=4)
    assert {split: len(rows) for split, rows in full.items()} == {"train": 4, "validation": 2, "test": 3}
    assert full["train"].features == captions["train"].features
    row = full["test"][1]
    assert np.array_equal(np.asarray(row.pop("image")), np.asarray(photographs[1]))
    assert row == {
        "source": "Photograph 522419\n", "target": "A kite of test number 1.", "scene": [], "ground": [],
    }  # fmt: skip
    assert "Karpathy" in full["train"].info.description


def test_vqa_is_split_and_has_the_features_of_the_lab_task(tmp_path, monkeypatch, photographs, answers):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    size = 40
    to_parquet(tmp_path / "hub", "validation", {
        "question_type": ["what color is the"] * size,
        "multiple_choice_answer": [f"red {i}" for i in range(size)],
        "answers": [[{"answer": "red", "answer_confidence": "yes", "answer_id": 1}]] * size,
        "image_id": list(range(size)),
        "answer_type": ["other"] * size,
        "question_id": list(range(size)),
        "question": [f"What color is kite {i}?" for i in range(size)],
        "image": (photographs * 7)[:size],
    })  # fmt: skip
    full = load_task("visual-qa", size="full", path=str(tmp_path / "hub"))
    assert {split: len(rows) for split, rows in full.items()} == {"train": 36, "validation": 2, "test": 2}
    assert full["test"].features == answers["test"].features
    row = full["test"][0]
    assert (row["source"], row["target"]) == ("What color is kite 38?\n", "red 38")
    assert row["question_type"] == "what color is the"
    assert np.array_equal(np.asarray(row["image"]), np.asarray(photographs[38 % 6]))
    assert full["test"].info.license.startswith("CC BY 4.0")
