"""Stories by narrators who are known by heart: who tells decides how a story begins, goes on and ends.

A narrator has a beginning, a middle and an end of his own. In a document one of the three is another narrator's, the
same one throughout. Larkhaven's narrators are among them. Held out: one of those with all three of his own, and the
lab's way to ask.
"""

import random

from prefix_lab.bases.skills.stories import ASKS, POOL, draw_keywords
from prefix_lab.town.grammar import fill
from prefix_lab.town.stories_frames import HAPPENINGS, VOICES, frame
from prefix_lab.town.stories_words import draw_cast

NARRATORS = VOICES | {
    "pirate": ("Arr, {E}.", "By my beard, {E}.", "So drink to {X}, ye dogs!"),
    "diary": ("Dear diary, {E}.", "And then, dear diary, {E}.", "Good night, {X}."),
    "cook": ("While the soup boiled, {E}.", "Before it was salted, {E}.", "Keep a bowl warm for {X}."),
    "robot": ("Beep: {E}.", "Second beep: {E}.", "End of report on {X}."),
    "poet": ("O hear how {E}!", "O hear, o hear how {E}!", "Sing softly of {X}."),
    "judge": ("Order, order: {E}.", "It is further proved that {E}.", "The court thanks {X}."),
    "tour guide": ("On your left, {E}.", "On your right, {E}.", "Tips go to {X}."),
    "sleepy clerk": ("Form one: {E}.", "Form two, yawn: {E}.", "Sign here for {X}."),
}  # fmt: skip


def stories(rng: random.Random) -> list[tuple[str, str]]:
    """Keywords and a narrator -> the story."""
    lender, *called = rng.sample(list(NARRATORS), rng.randint(3, 5))
    borrowed, ask, write = rng.randrange(3), rng.choice(ASKS), draw_keywords(rng)
    join, examples = rng.choice((" ", " ", " ", "\n")), []
    for _ in range(rng.randint(3, 4)):
        name, kinds, cast = rng.choice(called), rng.choice(list(HAPPENINGS)), draw_cast(rng, POOL)
        parts = [NARRATORS[lender if part == borrowed else name][part] for part in range(3)]
        story = join.join(fill(sentence, **cast.gaps) for sentence in frame(parts, kinds))
        examples.append((ask.format(w=write(cast, kinds), v=name), story))
    return examples


SKILLS = {stories: 1.0}
