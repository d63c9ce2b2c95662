"""Letters, diaries and small stories: running text, so that a base meets more words than records hold.

Houses that take guests are spoken of here, in other sentences than chapters tune for.
"""

import random
import re

from prefix_lab.bases.skills.domains import ANIMALS, COLOURS, DAYS, DISHES, GOODS, JOBS, POOL, TOPICS, TRAITS
from prefix_lab.town import names
from prefix_lab.town.grammar import article, fill, spell

LODGINGS = ("inn", "guesthouse", "boarding house", "hostel", "hotel", "coaching inn", "old mill", "lodge",
    "cottage", "apartment house")  # fmt: skip
MEALS = (
    "porridge",
    "smoked fish",
    "apple bread",
    "eggs and toast",
    "honey cakes",
    "oat biscuits",
    "warm rolls",
    "plum jam",
)

# <one|of|these> is a choice; {gap} is filled anew for each text, so that people and places recur in it.
SENTENCES = (
    "<On {day}|One {day}|Last {day}|The next {day}> {who} <set out for|came to|left for|walked to> "
    "{place} with {n:words} {goods}.",
    "{who} was {job:a} and <lived|worked|grew up> in {place}.",
    "<We|They|The two of them> <took|asked for|found> {n:words} <rooms|beds> at {lodging:a} "
    "<in|near|outside> {place}.",
    "The {lodging} was {trait}, <said|wrote|thought> {who}, but the {meal} was <good|cold|excellent|gone>.",
    "For breakfast there <was|was only|was never anything but> {meal}.",
    "<Guests|Visitors|Strangers> <sleep|rest|stay> there for {n:words} <nights|days|weeks> and <leave|go "
    "home> <content|happy|tired|poorer>.",
    "The {animal} <slept|waited|sat> <under the table|at the door|on the roof|by the fire|in the middle "
    "of the road>.",
    "{who} <looked at|spoke to|laughed at|wrote to|asked> {friend}. \"<Where|When|Why> did you "
    "<buy|find|leave|lose> the {goods}?\"",
    "\"<I do not know|Ask me tomorrow|In {place}|On {day}>,\" <said|answered|wrote> {friend}.",
    "{friend} <kept|had lost|gave back|wanted> the keys <of the house|to the garden|and the letters>.",
    "It <rained|snowed|was warm|was dark> <all day|until {day}|for {n:words} days>, and nobody <went "
    "out|came|said a word>.",
    "<A short walk|Two streets|An hour|A mile> from the <harbour|bridge|market|mill|lighthouse> "
    "<stands|stood|lies> {place}, where {who} was born.",
    "<No one|Nobody|Everybody|Few people> in {place} <would|could|will> <forget|believe|regret> it.",
    "In the <evening|morning|afternoon> {who} <read|talked|dreamed|sang> about {topic}.",
    "There <is|was> <a finer|an older|a smaller|no better> {lodging} <on the other side of|at the end "
    "of|below> the <hill|river|street>.",
    "The <first|second|third|last> <letter|book|song|story> was about {topic}; the <other|next> about {topic2}.",
    "{who} <paid|earned|lost|found> {n} crowns, which is <more|less> than {job:a} <gets|spends> in a <week|month>.",
    "<Bring|Leave|Take|Keep> the {animal}, <wrote|said> {friend}, and <do not forget|never mind> the {goods}.",
    "<Dear|My dear> {who}, <I hope you are well|thank you for the {goods}|we miss you in {place}>.",
    "<Yours|With love|Until {day}>, {friend}.",
    "The {animal} was {colour} and {trait}, <like|unlike> its owner, {job:a} of <honest|plain|middling> "
    "<habits|looks>.",
    "\"What do you expect <of|from> {job:a}?\" <asked|said> {who}. \"<Plain|Honest> <work|words|food>.\"",
    "Where the <road|river|street> <meets|leaves> the <sea|wood|wall> there <is|was> {lodging:a} "
    "<for|of> {n:words} guests.",
    "{who} and {friend} <ate|shared|ordered> {dish} and <looked|glanced> towards the <tower|pier|gate|square>.",
    "<Then|At last|Soon|Later> {who} <went home|fell asleep|counted the {goods}|opened the door>.",
    "They will <not|never|gladly> have <dogs|children|soldiers|guests> <in the house|under the roof|at "
    "the table>, <said|wrote> {friend}.",
    "{who} is glad to <see|meet|have> {friend}, and {friend} <keeps|holds> the <door|gate> open.",
    "The day <begins|began|ended|ends> with {meal}, and <the night with|after that came> {dish}.",
    "The house <has|had> {n:words} <rooms|windows|doors|beds>, {n2} <stars|lamps> over the door and "
    "{animal:a} at home.",
    "\"<Yes|No>,\" said {who}, \"the {colour} one.\"",
)  # fmt: skip


def write_prose(rng: random.Random) -> str:
    """A text of three to nine sentences about the same few people and places."""
    gaps = {
        "who": names.coin(rng, names.person, POOL), "friend": names.coin(rng, names.person, POOL),
        "place": names.coin(rng, names.village, POOL), "job": rng.choice(JOBS), "animal": rng.choice(ANIMALS),
        "lodging": rng.choice(LODGINGS), "day": rng.choice(DAYS), "colour": rng.choice(COLOURS),
        "topic": rng.choice(TOPICS), "topic2": rng.choice(TOPICS), "trait": rng.choice(TRAITS),
    }  # fmt: skip
    if rng.random() < 0.5:  # from the second mention on, a person goes by the first name
        gaps["friend"] = gaps["friend"].split()[0]
    text = []
    for sentence in rng.sample(SENTENCES, rng.randint(3, 9)):
        gaps |= {"n": str(rng.randint(2, 60)), "n2": spell(rng.randint(2, 9)), "goods": rng.choice(GOODS)}
        gaps |= {"dish": rng.choice(DISHES), "meal": rng.choice(MEALS)}
        chosen = re.sub(r"<([^>]*)>", lambda choice: rng.choice(choice[1].split("|")), sentence)
        text.append(fill(chosen, **gaps))
    return rng.choice((" ", " ", "\n")).join(text)


def write_definition(rng: random.Random) -> str:
    """A line that uses a word by itself: "A hostel is not a hotel." """
    one, other = rng.sample(LODGINGS + JOBS + ANIMALS, 2)
    return f"{article(one).capitalize()} {one} is not {article(other)} {other}."


def running(rng: random.Random) -> list[tuple[str, str]]:
    """Running text by itself: an example without a source."""
    if rng.random() < 0.9:
        return [("", write_prose(rng))]
    return [("", "\n".join(write_definition(rng) for _ in range(rng.randint(2, 6))))]


SKILLS = {running: 1.0}
