"""Translation between English and Chinese: words, phrases, numbers, sentences, glossaries, choices, plain and formal.

Held out, for the sister city's letters: their sentence patterns, and that a text is always formal.
"""

import random

from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.town import sister_city_grammar as grammar
from prefix_lab.town import sister_city_words as words
from prefix_lab.town.sister_city_grammar import Pair, Scene, phrase, realise, say
from prefix_lab.town.sister_city_plain import DOMAINS

Examples = list[tuple[str, str]]

ENTRIES = words.entries()
COUNTED = words.THINGS + words.PEOPLE
ABOUT_NUMBERS = "date daydate clock day month price n few days hours years habit past".split()
ENGLISH = (*["{}"] * 5, "English: {}", "en: {}", "<en> {}", "to Chinese: {}", "Chinese? {}", "[{}]", '"{}"')
CHINESE = (*["{}"] * 5, "Chinese: {}", "zh: {}", "<zh> {}", "to English: {}", "English? {}", "[{}]", "中文：{}")
PLAIN = (*["{}"] * 5, "= {}", "[{}]", '"{}"')
REGISTERS = [("plain", "formal"), ("simple", "polite"), ("talk", "letter"), ("friend", "office"), ("你", "您")]
FIELDS = {  # a gap -> the keys of a record that can hold it
    "name": ("name", "名字"), "town": ("town", "城市"), "goods": ("goods", "货物"), "price": ("price", "价钱"),
    "spot": ("place", "地点"), "thing": ("gift", "礼物"), "titled": ("guest", "客人"), "clock": ("time", "时间"),
}  # fmt: skip
QUESTIONS = ("{}?", "? {}", "-> {}")


def draw_scene(rng: random.Random) -> Scene:
    """Names of pretraining; mostly plain Chinese, sometimes with some formal conventions, seldom with all of them."""
    return Scene(rng, "pretraining", rng.choices((0.0, 0.25, 0.6, 1.0), (42, 25, 18, 15))[0], rng.randrange(10**6))


def draw_domain(rng: random.Random) -> list[Pair]:
    """The patterns of one domain; most often the two that have the most words and orders of words."""
    domain = rng.choices(list(DOMAINS), [3 if name in ("doings", "civic") else 1 for name in DOMAINS])[0]
    return DOMAINS[domain]


def sentence(scene: Scene, patterns: list[Pair]) -> Pair:
    """A sentence in both languages."""
    return realise(scene, scene.rng.choice(patterns))


def few(rng: random.Random) -> int:
    """How many examples a document has."""
    return rng.choice((1, 2, 3, 3, 4, 4, 5))


def turned(rng: random.Random, pairs: list[Pair]) -> Examples:
    """`pairs` as examples from English to Chinese or from Chinese to English, dressed alike."""
    ways = (ENGLISH, PLAIN) if rng.random() < 0.6 else (CHINESE, PLAIN)
    source, target = (rng.choice(way) for way in ways)
    if ways[0] is CHINESE:
        pairs = [(chinese, english) for english, chinese in pairs]
    return [(source.format(one), target.format(other)) for one, other in pairs]


def translate(rng: random.Random) -> Examples:
    """Sentences of one domain."""
    scene, patterns = draw_scene(rng), draw_domain(rng)
    return turned(rng, [sentence(scene, patterns) for _ in range(few(rng))])


def translate_texts(rng: random.Random) -> Examples:
    """Two or three sentences at a time."""
    scene, patterns, count = draw_scene(rng), draw_domain(rng), rng.randint(2, 3)
    pairs = []
    for _ in range(rng.randint(1, 3)):
        text = [sentence(scene, patterns) for _ in range(count)]
        pairs.append((" ".join(english for english, _ in text), "".join(chinese for _, chinese in text)))
    return turned(rng, pairs)


def translate_both(rng: random.Random) -> Examples:
    """The direction is said in the source, and changes."""
    scene, patterns = draw_scene(rng), draw_domain(rng)
    natural = [("Chinese", "English"), ("zh", "en"), ("中文", "英语"), ("into Chinese", "into English")]
    labels, form = draw_labels(rng, natural), rng.choice(("{}: {}", "{} | {}", "[{}] {}", "<{}> {}", "{0}\n{1}"))
    examples = []
    for _ in range(few(rng)):
        pair, way = sentence(scene, patterns), rng.randrange(2)
        examples.append((form.format(labels[way], pair[way]), pair[1 - way]))
    return examples


def in_registers(rng: random.Random, patterns: list[Pair]) -> tuple[str, str, str]:
    """One sentence in English, in plain Chinese and in formal Chinese, which differ."""
    while True:
        seed, pattern = rng.randrange(10**9), rng.choice(patterns)
        plain, formal = (realise(Scene(random.Random(seed), "pretraining", share), pattern) for share in (0.0, 1.0))
        if plain[1] != formal[1]:
            return *plain, formal[1]


def change_register(rng: random.Random) -> Examples:
    """Plain Chinese made formal, or the other way round."""
    patterns, step = draw_domain(rng), rng.choice((1, 1, -1))
    return [in_registers(rng, patterns)[1:][::step] for _ in range(few(rng))]


def choose_register(rng: random.Random) -> Examples:
    """The source says whether its translation is plain or formal."""
    patterns, labels = draw_domain(rng), draw_labels(rng, REGISTERS)
    form, examples = rng.choice(("{}: {}", "{1} ({0})", "[{}] {}", "{1} | {0}", "{0}\n{1}")), []
    for _ in range(few(rng)):
        english, *chinese = in_registers(rng, patterns)
        formal = rng.randrange(2)
        examples.append((form.format(labels[formal], english), chinese[formal]))
    return examples


def name_register(rng: random.Random) -> Examples:
    """Whether a Chinese sentence is plain or formal."""
    patterns, labels = draw_domain(rng), draw_labels(rng, REGISTERS)
    texts = [(in_registers(rng, patterns)[1:], rng.randrange(2)) for _ in range(rng.randint(2, 5))]
    return [(chinese[formal], labels[formal]) for chinese, formal in texts]


def vocabulary(rng: random.Random) -> Examples:
    """Words, one or several at a time."""
    scene, size, join = draw_scene(rng), rng.choice((1, 1, 2, 3, 4)), rng.choice(("; ", " | ", ", ", " / "))
    entries = rng.sample(ENTRIES, size * rng.randint(2, 5))
    pairs = [(entry[0], scene.choose(entry[1])) for entry in entries]
    groups = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    return turned(rng, [tuple(join.join(side) for side in zip(*group)) for group in groups])


def phrases(rng: random.Random) -> Examples:
    """Phrases of one kind or of several."""
    scene = draw_scene(rng)
    gaps = rng.sample(list(grammar.GAPS), rng.choice((1, 1, 2, 4)))
    return turned(rng, [phrase(scene, rng.choice(gaps)) for _ in range(rng.randint(2, 5))])


def numbers(rng: random.Random) -> Examples:
    """Dates, times, prices and numbers."""
    scene = draw_scene(rng)
    gaps = rng.sample(ABOUT_NUMBERS, rng.choice((1, 1, 2, 3)))
    return turned(rng, [phrase(scene, rng.choice(gaps)) for _ in range(rng.randint(2, 5))])


def look_up(rng: random.Random) -> Examples:
    """A glossary and a word of it."""
    scene, way = draw_scene(rng), rng.randrange(2)
    line, join, ask = rng.choice((" = ", ": ", " ", "/")), rng.choice(("; ", "\n", " | ")), rng.choice(QUESTIONS)
    examples = []
    for _ in range(rng.randint(1, 4)):
        pairs = [(entry[0], scene.choose(entry[1])) for entry in rng.sample(ENTRIES, rng.randint(2, 5))]
        asked = rng.choice(pairs)
        glossary = join.join(line.join(pair) for pair in pairs)
        examples.append((f"{glossary}\n{ask.format(asked[way])}", asked[1 - way]))
    return examples


def part_of(rng: random.Random) -> Examples:
    """A sentence in one language or both, and what one part of it is in the other."""
    scene, patterns, style = draw_scene(rng), draw_domain(rng), rng.randrange(5)
    ask, blank, examples = rng.choice((" | ", "\n", " ? ", " : ")), rng.choice(("__", "...", "?", "（）")), []
    while len(examples) < 3:
        pattern = rng.choice([pattern for pattern in patterns if "{" in pattern[0]])
        filled = grammar.fillings(scene, pattern)
        gap = rng.choice(list(filled))
        english, chinese = say(scene, pattern, filled)
        one, other = filled[gap]
        if style == 0:  # the sentence, then a part of it
            examples.append((f"{english}{ask}{one}", other))
        elif style == 1:
            examples.append((f"{chinese}{ask}{other}", one))
        elif style == 2:  # a part of the sentence is in the other language
            examples.append((say(scene, pattern, {**filled, gap: (other, other)})[0], english))
        elif style == 3:
            examples.append((say(scene, pattern, {**filled, gap: (other, other)})[0], chinese))
        else:  # the translation with a part missing
            examples.append((f"{english}{ask}{say(scene, pattern, {**filled, gap: (one, blank)})[1]}", other))
    return examples


def choose_translation(rng: random.Random) -> Examples:
    """Which of two or three texts is the translation."""
    scene, patterns, near = draw_scene(rng), draw_domain(rng), rng.random() < 0.5
    natural = [("A", "B", "C"), ("1", "2", "3"), ("one", "two", "three"), ("a", "b", "c")]
    labels, way, mark = draw_labels(rng, natural), rng.randrange(2), rng.choice(("{}) {}", "{}: {}", "({}) {}"))
    examples = []
    for _ in range(rng.randint(1, 3)):
        chosen = rng.choice([pattern for pattern in patterns if "{" in pattern[0]])
        pairs = [realise(scene, chosen if near else rng.choice(patterns)) for _ in labels]
        right = rng.randrange(len(pairs))
        offered = "\n".join(mark.format(label, pair[1 - way]) for label, pair in zip(labels, pairs))
        examples.append((f"{pairs[right][way]}\n{offered}", labels[right]))
    return examples


def judge(rng: random.Random) -> Examples:
    """Whether two words or two sentences mean the same."""
    scene, patterns, single = draw_scene(rng), draw_domain(rng), rng.random() < 0.4
    natural = [("yes", "no"), ("right", "wrong"), ("true", "false"), ("same", "other"), ("+", "-")]
    labels, link, examples = draw_labels(rng, natural), rng.choice((" = ", " | ", "\n", " / ")), []
    for _ in range(rng.randint(2, 5)):
        if single:
            one, other = ((entry[0], scene.choose(entry[1])) for entry in rng.sample(ENTRIES, 2))
        else:
            one, other = sentence(scene, patterns), sentence(scene, patterns)
        wrong = rng.randrange(2)
        examples.append((one[0] + link + (one, other)[wrong][1], labels[int(one[1] != (one, other)[wrong][1])]))
    return examples


def go_on(rng: random.Random) -> Examples:
    """Chinese by itself: the second half of a text after the first."""
    scene, patterns = draw_scene(rng), draw_domain(rng)
    examples = []
    for _ in range(rng.randint(1, 3)):
        text = "".join(sentence(scene, patterns)[1] for _ in range(rng.randint(2, 4)))
        cut = rng.randint(len(text) // 3, 2 * len(text) // 3)
        examples.append((text[:cut], text[cut:]))
    return examples


def count_things(rng: random.Random) -> Examples:
    """Measure words: a number and a noun put together, or the measure word of a noun."""
    scene, style = draw_scene(rng), rng.randrange(4)
    examples = []
    for english, chinese, measure in rng.sample(COUNTED, rng.randint(2, 5)):
        n, measure = rng.randint(2, 9), scene.choose(measure)
        number = grammar.counting(n)
        examples.append((
            (f"{n} {english}", f"{number}{measure}{chinese}"), (chinese, measure),
            (f"{grammar.DIGITS[n]}，{chinese}", f"{number}{measure}{chinese}"), (f"{number}__{chinese}", measure),
        )[style])  # fmt: skip
    return examples


def records(rng: random.Random) -> Examples:
    """Records whose keys and values are translated."""
    scene, gaps = draw_scene(rng), rng.sample(list(FIELDS), rng.randint(2, 4))
    colon, join = rng.choice((": ", " = ", " ", "：")), rng.choice((", ", "\n", " | ", "；"))
    pairs = []
    for _ in range(rng.randint(1, 4)):
        values = [(FIELDS[gap], phrase(scene, gap)) for gap in gaps]
        pairs.append(tuple(join.join(key[i] + colon + value[i] for key, value in values) for i in (0, 1)))
    return turned(rng, pairs)


SKILLS = {
    translate: 0.30, translate_texts: 0.08, translate_both: 0.06, change_register: 0.04, choose_register: 0.05,
    name_register: 0.02, vocabulary: 0.08, phrases: 0.09, numbers: 0.06, look_up: 0.03, part_of: 0.06,
    choose_translation: 0.03, judge: 0.02, go_on: 0.03, count_things: 0.03, records: 0.02,
}  # fmt: skip
