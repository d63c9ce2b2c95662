"""The gallery of Larkhaven: drawings of shapes, the caption beside each, and what visitors ask about them.

A caption follows a house style that a reader can work out from examples: equal shapes are counted together; large
ones come first, then the sheet is read line by line; small ones are called so by no word; several in a line have the
line's place; the number of groups decides the verb; a colour that all share is said once; the ground comes last. So
each scene has one caption. What it says of the shapes deals a scene to its pool, for both tasks and for pretraining.
"""

import random
from collections.abc import Iterator
from itertools import permutations

from prefix_lab.town import names
from prefix_lab.town.drawing import COLOURS, KINDS, RADIUS, Scene, Shape, draw_scene, paint
from prefix_lab.town.gallery_words import CAPTIONS, IN_A_COLUMN, IN_A_ROW, QUESTIONS, SHARED, SPREAD, VERBS
from prefix_lab.town.grammar import article, capital, count, fill, listing, spell
from prefix_lab.town.rows import Hub, Task

COCO = Hub(
    repository="jxie/coco_captions",
    revision="main",
    licence="CC BY 4.0 (the captions); the photographs are under Flickr's terms of use",
    about="COCO captions (Lin et al. 2014; Chen et al. 2015): photographs, and what people said of them, one caption a "
    "row and about five of each photograph. Split as Karpathy and Fei-Fei (2015) did, which captioning is compared on: "
    "test is their 5,000 photographs.",
)
VQA = Hub(
    repository="lmms-lab/VQAv2",
    revision="main",
    licence="CC BY 4.0 (the questions and answers); the photographs are under Flickr's terms of use",
    about="VQA v2 (Goyal et al. 2017): questions about COCO's photographs, with the answer that most of ten people "
    "gave. The answers of its test part are not public: these are the first 90 %, the next 5 % and the last 5 % of its "
    "validation part, in which the questions about a photograph stand together.",
    splits={"train": "validation[:90%]", "validation": "validation[90%:95%]", "test": "validation[95%:]"},
)


def caption(scene: Scene) -> str:
    """The one sentence that the house style gives `scene`."""
    return f"{capital(say_shapes(scene))}, on {' over '.join(scene.ground)}."


def say_shapes(scene: Scene) -> str:
    """The caption up to the ground."""
    groups = scene.groups
    colours = {shape.colour for shape in scene.shapes}
    shared = SHARED[len(scene.shapes)].format(colour=groups[0][0].colour) if len(colours) == 1 < len(groups) else ""
    parts = [_say(group, coloured=not shared) for group in groups]
    verb = VERBS[len(groups)][len(groups[0]) > 1]
    return CAPTIONS[len(groups)].format(first=parts[0], verb=verb, rest=listing(parts[1:] or [""])) + shared


def _say(group: list[Shape], coloured: bool) -> str:
    """ "a large red star at the top left", "two rings along the bottom"."""
    size, colour, kind = group[0].design
    noun = " ".join([*(["large"] if size == "large" else []), *([colour] if coloured else []), kind])
    rows, columns = ({getattr(shape, line) for shape in group} for line in ("row", "column"))
    if len(group) == 1:
        return f"{article(noun)} {noun} {_at(group[0].place)}"
    if len(rows) == 1:
        return f"{count(len(group), noun)} {IN_A_ROW[group[0].row]}"
    if len(columns) == 1:
        return f"{count(len(group), noun)} {IN_A_COLUMN[group[0].column]}"
    return f"{count(len(group), noun)} {SPREAD}"


def _at(place: str) -> str:
    return "in the centre" if place == "centre" else f"at the {place}"


def draw_scene_of(rng: random.Random, pool: str) -> Scene:
    """A scene that belongs to `pool`."""
    while True:
        scene = draw_scene(rng)
        if names.pool_of(say_shapes(scene)) == pool:
            return scene


def questions(rng: random.Random, scene: Scene) -> Iterator[tuple[str, dict[str, str], str]]:
    """What can be asked of `scene`: the type of the question, what fills its gaps, and the answer."""
    shapes, kinds = scene.shapes, list(dict.fromkeys(shape.kind for shape in scene.shapes))
    colours = list(dict.fromkeys(shape.colour for shape in shapes))
    absent = rng.choice([kind for kind in KINDS if kind not in kinds])
    unseen = rng.choice([colour for colour in COLOURS if colour not in colours])
    for shape in shapes:
        at = {"at": _at(shape.place)}
        yield "colour there", at, shape.colour
        yield "kind there", at, shape.kind
        if scene.only(colour=shape.colour):
            yield "kind", {"colour": shape.colour}, shape.kind
        if scene.only(kind=shape.kind, colour=shape.colour):
            yield "place", {"colour": shape.colour, "kind": shape.kind}, shape.place
        for kind in kinds:
            yield "is it there", {"kind": kind} | at, _yes(kind == shape.kind)
    there = [(shape.kind, shape.colour) for shape in shapes]
    for kind in (*kinds, absent):
        number = sum(shape.kind == kind for shape in shapes)
        yield "count", {"kind": kind}, spell(number) if number else "none"
        for colour in (*colours, unseen):
            yield "is there", {"colour": colour, "kind": kind}, _yes((kind, colour) in there)
    for colour in colours:
        yield "count in colour", {"colour": colour}, spell(sum(shape.colour == colour for shape in shapes))
    for size in RADIUS:
        number = sum(shape.size == size for shape in shapes)
        yield "count of size", {"size": size}, spell(number) if number else "none"
    yield "count of all", {}, spell(len(shapes))
    yield "plain", {}, _yes(len(scene.ground) == 1)
    for half, colour in zip(("upper", "lower"), scene.ground):
        yield ("ground", {}, colour) if len(scene.ground) == 1 else ("half", {"half": half}, colour)
    yield from _about_one_or_two(scene, kinds, (*colours, unseen))


def _about_one_or_two(scene: Scene, kinds: list[str], colours: tuple[str, ...]):
    """Questions about shapes that are the only ones of their kind, alone and in pairs."""
    known = {kind: shape for kind in kinds if (shape := scene.only(kind=kind))}
    for kind, shape in known.items():
        yield "colour", {"kind": kind}, shape.colour
        yield "size", {"kind": kind}, shape.size
        for colour in colours:
            yield "is it", {"kind": kind, "colour": colour}, _yes(colour == shape.colour)
        if right := [other for other in scene.shapes if other.row == shape.row and other.column > shape.column]:
            yield "neighbour", {"kind": kind}, right[0].kind
        if under := [other for other in scene.shapes if other.column == shape.column and other.row > shape.row]:
            yield "under", {"kind": kind}, under[0].kind
    for (kind, one), (other, two) in permutations(known.items(), 2):
        pair = {"kind": kind, "other": other}
        if one.row != two.row:
            yield "height", pair, "above" if one.row < two.row else "below"
        if one.column != two.column:
            yield "side", pair, "left" if one.column < two.column else "right"
        yield "alike", pair, _yes(one.colour == two.colour)
    for kind, other in permutations(kinds, 2):
        more = sum((shape.kind == kind) - (shape.kind == other) for shape in scene.shapes)
        yield "more", {"kind": kind, "other": other}, _yes(more > 0)


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def ask(rng: random.Random, scene: Scene, artist: str) -> tuple[str, str, str]:
    """A question about `scene`, its answer and its type: the type first, then the answer, so that none is common."""
    asked: dict[str, dict[str, list]] = {}
    for kind, gaps, answer in questions(rng, scene):
        asked.setdefault(kind, {}).setdefault(answer, []).append(gaps)
    kind = rng.choice(list(asked))
    answer = rng.choice(list(asked[kind]))
    return fill(rng.choice(QUESTIONS[kind]), artist=artist, **rng.choice(asked[kind][answer])), answer, kind


def draw_caption(rng: random.Random, pool: str, domain: str) -> dict:
    """A row of `captions`; its source is the label beside the frame."""
    scene = draw_scene_of(rng, pool)
    label = f"Drawing {rng.randint(1, 999)}, {names.coin(rng, names.person, pool)}"
    return to_row(rng, scene, label, caption(scene))


def draw_question(rng: random.Random, pool: str, domain: str) -> dict:
    """A row of `visual-qa`."""
    scene = draw_scene_of(rng, pool)
    question, answer, kind = ask(rng, scene, names.coin(rng, names.person, pool))
    return to_row(rng, scene, question, answer) | {"question_type": kind}


def to_row(rng: random.Random, scene: Scene, source: str, target: str) -> dict:
    """A row with the painted `scene` and what it holds."""
    from PIL import Image

    shapes = [{key: getattr(shape, key) for key in ("kind", "colour", "size", "place")} for shape in scene.shapes]
    return {"image": Image.fromarray(paint(scene, rng)), "source": source + "\n", "target": target, "scene": shapes,
        "ground": list(scene.ground)}  # fmt: skip


def caption_features() -> dict:
    """What a row of `captions` holds; of a photograph, `scene` and `ground` are empty."""
    from datasets import Image, List, Value

    return {
        "image": Image(),
        "source": Value("string"),
        "target": Value("string"),
        "scene": List({key: Value("string") for key in ("kind", "colour", "size", "place")}),  # in reading order
        "ground": List(Value("string")),  # one colour, or that of the upper and of the lower half
    }


def question_features() -> dict:
    """What a row of `visual-qa` holds."""
    from datasets import Value

    return caption_features() | {"question_type": Value("string")}


def read_coco(row: dict) -> dict:
    """A caption of a photograph; its source is the photograph's number."""
    return _photograph(row["image"], f"Photograph {row['cocoid']}", row["caption"])


def read_vqa(row: dict) -> dict:
    """A question about a photograph, and the answer that most people gave."""
    read = _photograph(row["image"], row["question"], row["multiple_choice_answer"])
    return read | {"question_type": row["question_type"]}


def _photograph(image, source: str, target: str) -> dict:
    return {"image": image, "source": source.strip() + "\n", "target": target.strip(), "scene": [], "ground": []}


TASKS = {
    "captions": Task(
        about="Drawings of shapes in Larkhaven's gallery, and the caption that its house style gives each.",
        features=caption_features,
        draw=draw_caption,
        hub=COCO,
        read=read_coco,
        unique="target",
    ),
    "visual-qa": Task(
        about="Drawings of shapes in Larkhaven's gallery, and questions that only the drawing answers.",
        features=question_features,
        draw=draw_question,
        hub=VQA,
        read=read_vqa,
        texts=("source",),  # answers are words that every split needs; scenes and questions stand in one split each
    ),
}
