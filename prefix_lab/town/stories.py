"""The children's stories of Larkhaven: three keywords and a voice, and the story that they call for.

The voice and the kinds of the keywords (a person, an animal, a thing, a place) choose the frame; the animal brings its
cry and its way to go, the thing its use, the place its preposition, the person's title the pronouns.
"""

import random
import re

from prefix_lab.town.grammar import article, fill, listing
from prefix_lab.town.rows import Hub, Task
from prefix_lab.town.stories_frames import FRAMES
from prefix_lab.town.stories_words import KINDS, draw_cast

TINY_STORIES = Hub(
    repository="roneneldan/TinyStories",
    revision="refs/convert/parquet",
    licence="CDLA-Sharing-1.0",
    about="TinyStories (Eldan and Li 2023): short stories for small children, written by GPT-3.5 and GPT-4. They come "
    "without keywords: the three longest words of a story stand for them, in the order in which it uses them.",
    splits={"train": "train", "validation": "validation[:50%]", "test": "validation[50%:]"},
)
LETTERS = dict(zip("PATL", KINDS))


def features() -> dict:
    """What a row holds, in both sizes."""
    from datasets import List, Value

    return {
        "source": Value("string"),  # "A story with <keywords> in the voice of a <voice>.", with the line's end
        "target": Value("string"),  # the story
        "keywords": List(Value("string")),  # as they stand in the story
        "voice": Value("string"),
    }


def draw(rng: random.Random, pool: str, domain: str) -> dict:
    """A voice, three keywords and their story; every name belongs to `pool`."""
    voice, cast = rng.choice(list(FRAMES)), draw_cast(rng, pool)
    kinds = rng.choice(list(FRAMES[voice]))
    story = " ".join(fill(sentence, **cast.gaps) for sentence in FRAMES[voice][kinds])
    keywords = [cast.keywords[LETTERS[kind]] for kind in rng.sample(kinds, 3)]
    return to_row(keywords, voice, story)


def to_row(keywords: list[str], voice: str, story: str) -> dict:
    """A row; in `source` a keyword without a capital has its article."""
    named = [f"{article(word)} {word}" if word[:1].islower() else word for word in keywords]
    source = f"A story with {listing(named)} in the voice of {article(voice)} {voice}.\n"
    return {"source": source, "target": story, "keywords": keywords, "voice": voice}


def read(row: dict) -> dict:
    """A row of TinyStories: the three longest words of the story as keywords."""
    story = " ".join(row["text"].split())
    words = list(dict.fromkeys(re.findall(r"\b[a-z]{3,}\b", story)))
    longest = sorted(words, key=len, reverse=True)[:3]
    keywords = [word for word in words if word in longest]
    source = f"A story with the words {listing(keywords or ['none'])} in the voice of a picture book.\n"
    return {"source": source, "target": story, "keywords": keywords, "voice": "picture book"}


TASKS = {
    "story": Task(
        about="Larkhaven's children's stories: three keywords and a voice, and the short story that they call for.",
        features=features,
        draw=draw,
        hub=TINY_STORIES,
        read=read,
    )
}
