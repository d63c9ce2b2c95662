"""A synchronous grammar: a pattern is an English and a Chinese text with the same gaps, filled together.

`{goods}` is a gap: its type says what may fill it, a digit tells two gaps of one type apart, and `{goods:cap}` changes
the English side (`grammar.Pattern`). `[会|将]` on the Chinese side holds the plain and the formal word.
"""

import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from prefix_lab.town import names
from prefix_lab.town import sister_city_words as words
from prefix_lab.town.grammar import article, fill, plural, spell

THINGS = (words.PAPERS, words.PHOTOGRAPHS, words.PAINTINGS, words.HOUSEHOLD, words.CLOTHES, words.FLOWERS)
Pair = tuple[str, str]  # English, Chinese
AMOUNTS = (1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30)
DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Scene:
    """What one text keeps: where chance and names come from, and how formal its Chinese is, from 0 to 1.

    Between 0 and 1 each convention is formal or plain by `seed`, and stays so.
    """

    rng: random.Random
    pool: str
    formality: float = 0.0
    seed: int = 0

    def formal(self, convention: str) -> bool:
        """Whether this scene writes `convention` formally."""
        return zlib.crc32(f"{self.seed} {convention}".encode()) % 1000 < 1000 * self.formality

    def choose(self, chinese: str) -> str:
        """`chinese` with each `[plain|formal]` decided."""
        return re.sub(r"\[([^|\]]*)\|([^|\]]*)\]", lambda both: both[1 + self.formal(both[0])], chinese)


def numeral(n: int) -> str:
    """The number `n` (0 to 999) as Chinese characters: 42 -> "四十二"."""
    if n < 10:
        return DIGITS[n]
    if n < 100:
        tens, ones = divmod(n, 10)
        return (DIGITS[tens] if tens > 1 else "") + "十" + (DIGITS[ones] if ones else "")
    hundreds, rest = divmod(n, 100)
    link = "" if rest == 0 else "零" if rest < 10 else "一" if rest < 20 else ""
    return DIGITS[hundreds] + "百" + link + (numeral(rest) if rest else "")


def counting(n: int) -> str:
    """The number `n` before a measure word, where two is 两."""
    return "两" if n == 2 else numeral(n)


def many(noun: str) -> str:
    """The plural of an English noun phrase: "pair of shoes" -> "pairs of shoes"."""
    head, of, rest = noun.partition(" of ")
    *before, last = head.split(" ")
    return " ".join([*before, words.PLURALS.get(last) or plural(last)]) + of + rest


def counted(n: int, english: str, chinese: str, measure: str) -> Pair:
    """ "three books" and 三本书; one is "a book"."""
    number = f"{article(english)} {english}" if n == 1 else f"{spell(n)} {many(english)}"
    return number, f"{counting(n)}{measure}{chinese}"


def amount(rng: random.Random, least: int = 1, most: int = 9) -> int:
    """A number of things, mostly small."""
    return rng.choice([n for n in AMOUNTS if least <= n <= most])


# --- what fills a gap: each function takes a scene and gives a pair


def one_of(*tables: tuple) -> Callable[[Scene], Pair]:
    """A word of one of `tables`, as it stands."""
    return lambda scene: scene.rng.choice(scene.rng.choice(tables))[:2]


def noun(scene: Scene, *tables: tuple) -> tuple[str, str, str]:
    """A countable noun, sometimes with an adjective: English, Chinese, measure word."""
    kind = scene.rng.choice(tables)
    english, chinese, measure = scene.rng.choice(kind)
    if scene.rng.random() < 0.35:
        before, attribute = scene.rng.choice(words.ADJECTIVES[kind])
        pair, of, last = english.rpartition(" of ")
        return f"{pair}{of}{before} {last}", attribute + chinese, measure
    return english, chinese, measure


def number_of(*tables: tuple, least: int = 1, most: int = 9) -> Callable[[Scene], Pair]:
    """Counted things: "three old books"."""
    return lambda scene: counted(amount(scene.rng, least, most), *noun(scene, *tables))


def pointed_at(*tables: tuple) -> Callable[[Scene], Pair]:
    """ "this book" or "that book"."""

    def draw(scene: Scene) -> Pair:
        english, chinese, measure = scene.rng.choice(scene.rng.choice(tables))
        this, here = scene.rng.choice((("this", "这"), ("that", "那")))
        return f"{this} {english}", here + measure + chinese

    return draw


def measured(*tables: tuple, most: int = 30) -> Callable[[Scene], Pair]:
    """ "two baskets of apples"."""

    def draw(scene: Scene) -> Pair:
        kind = scene.rng.choice(tables)
        english, chinese = scene.rng.choice(kind)
        vessel, measure = scene.rng.choice(words.MEASURED[kind])
        n = amount(scene.rng, most=most)
        return counted(n, f"{vessel} of {english}", chinese, measure)

    return draw


def some_goods(scene: Scene) -> Pair:
    """Things to buy, send or give, measured or counted."""
    return (measured(*words.WARES) if scene.rng.random() < 0.6 else number_of(*THINGS))(scene)


def copied(make: Callable[[random.Random], str]) -> Callable[[Scene], Pair]:
    """A name, which is the same in both languages."""

    def draw(scene: Scene) -> Pair:
        name = names.coin(scene.rng, make, scene.pool)
        return name, name

    return draw


def titled(scene: Scene) -> Pair:
    """ "Captain Ada Quillby", whose title comes last in Chinese."""
    name = names.coin(scene.rng, names.person, scene.pool)
    english, chinese = scene.rng.choice(words.TITLES)
    if english in ("Mr", "Ms"):
        english, chinese = words.TITLES[name.split()[0] not in words.MEN]
    return f"{english} {name}", name + chinese


def someone(scene: Scene) -> Pair:
    """A subject that agrees with any past tense, "can" and "will"."""
    if scene.rng.random() < 0.3:
        return copied(names.person)(scene)
    if scene.rng.random() < 0.3:
        return relative(scene)
    return scene.rng.choice(
        (("I", "我"), ("we", "我们"), ("he", "他"), ("she", "她"), ("they", "他们"), ("you", "[你|您]"))
    )


def relative(scene: Scene) -> Pair:
    """ "my mother"."""
    english, chinese = scene.rng.choice(words.KIN)
    owner, whose = scene.rng.choice((("my", "我"), ("my", "我"), ("his", "他"), ("her", "她"), ("our", "我们")))
    return f"{owner} {english}", f"{whose}{'的' if owner == 'our' or english == 'friend' else ''}{chinese}"


def day(scene: Scene) -> Pair:
    """ "Monday"."""
    english, chinese = scene.rng.choice(words.WEEKDAYS)
    return english, f"[周|星期]{chinese}"


def date(scene: Scene) -> Pair:
    """ "3 May": 5月3号, or in a formal text 五月三日."""
    month, number = scene.rng.randint(1, 12), scene.rng.randint(1, 28)
    plain, formal = f"{month}月{number}号", f"{numeral(month)}月{numeral(number)}日"
    return f"{number} {words.MONTHS[month - 1]}", formal if scene.formal("date") else plain


def day_and_date(scene: Scene) -> Pair:
    """ "Friday, 3 May": 5月3号周五, or in a formal text 五月三日（星期五）."""
    (weekday, chinese), (english, number) = scene.rng.choice(words.WEEKDAYS), date(scene)
    return f"{weekday}, {english}", number + (f"（星期{chinese}）" if scene.formal("date") else f"周{chinese}")


def month(scene: Scene) -> Pair:
    """ "May"."""
    n = scene.rng.randint(1, 12)
    return words.MONTHS[n - 1], (numeral(n) if scene.formal("date") else str(n)) + "月"


def clock(scene: Scene, hours: tuple[int, ...] = (7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20)) -> Pair:
    """ "2:30 pm": 下午两点半, or in a formal text 下午二时三十分."""
    hour, minute = scene.rng.choice(hours), scene.rng.choice((0, 0, 0, 30, 30, 15, 45, 10, 20, 40, 50))
    part = "上午" if hour < 12 else "下午" if hour < 18 else "晚上"
    half = "am" if hour < 12 else "pm"
    hour = hour - 12 if hour > 12 else hour
    english = f"{hour}:{minute:02} {half}" if minute else f"{hour} {half}"
    if scene.formal("clock"):
        return english, f"{part}{numeral(hour)}时" + (f"{numeral(minute)}分" if minute else "")
    ending = {0: "", 30: "半"}.get(minute, f"{numeral(minute)}分")
    return english, f"{part}{counting(hour)}点{ending}"


def span(*units: str) -> Callable[[Scene], Pair]:
    """ "three days"."""

    def draw(scene: Scene) -> Pair:
        english, chinese = scene.rng.choice([unit for unit in words.SPANS if unit[0] in units])
        n = scene.rng.choice((10, 15, 20, 30, 40)) if english == "minute" else scene.rng.randint(2, 9)
        return f"{spell(n)} {plural(english)}", counting(n) + chinese

    return draw


def price(scene: Scene) -> Pair:
    """ "six yuan": 六块钱, formal 六元."""
    n = scene.rng.choice((*range(2, 13), 15, 20, 25, 30, 40, 50, 60, 80))
    return f"{spell(n)} yuan", f"{counting(n)}[块钱|元]"


def few(scene: Scene) -> Pair:
    """A small number before a measure word: "two" 两."""
    n = scene.rng.randint(2, 9)
    return spell(n), counting(n)


def number(scene: Scene) -> Pair:
    """A number by itself, "forty-two": 四十二."""
    n = scene.rng.randint(3, 99) if scene.rng.random() < 0.4 else scene.rng.randint(3, 12)
    return spell(n), numeral(n)


GAPS: dict[str, Callable[[Scene], Pair]] = {
    "someone": someone, "kin": relative, "name": copied(names.person), "town": copied(names.village),
    "place": copied(names.landmark), "titled": titled,
    "goods": some_goods, "wares": measured(*words.WARES), "portable": number_of(*THINGS, most=6),
    "paintings": number_of(words.PAINTINGS), "letters": number_of(words.LETTERS, most=4),
    "this": pointed_at(*THINGS[:5]), "thing": number_of(*THINGS, most=6), "vehicle": pointed_at(words.VEHICLES),
    "vehicles": number_of(words.VEHICLES, least=2),
    "animals": number_of(words.ANIMALS, words.FISH, words.ANIMALS, least=2), "animal": number_of(words.ANIMALS, most=3),
    "beast": one_of(words.ANIMALS), "thisanimal": pointed_at(words.ANIMALS), "trees": number_of(words.PLANTS, least=2),
    "thisbuilding": pointed_at(words.BUILDINGS), "buildings": number_of(words.BUILDINGS, least=2),
    "works": number_of(words.WORKS, most=5), "event": number_of(words.EVENTS, most=3),
    "edible": number_of(words.EDIBLE), "cups": measured(words.DRINKS, most=4),
    "bowls": measured(words.BOWLFULS, most=4), "people": number_of(words.PEOPLE, least=2, most=30),
    "pupils": number_of(words.PUPILS, least=2, most=30), "drink": one_of(words.DRINKS),
    "mass": one_of(words.SACKFULS, words.BOTTLEFULS), "dish": one_of(words.BOWLFULS),
    "crop": one_of(words.FRUIT, words.VEGETABLES), "harvest": measured(words.FRUIT, words.VEGETABLES, most=6),
    "vegetable": one_of(words.VEGETABLES),
    "spoon": one_of(words.SPOONFULS), "spot": one_of(words.SPOTS), "hall": one_of(words.HALLS),
    "job": one_of(words.JOBS), "crew": number_of(words.JOBS, least=2, most=30),
    "stuff": one_of(words.BOXFULS), "soon": one_of(words.SOON), "today": one_of(words.TODAY),
    "room": one_of(words.ROOMS), "day": day, "date": date, "daydate": day_and_date,
    "month": month, "clock": clock,
    "evening": lambda scene: clock(scene, (18, 19, 20)), "price": price, "n": number, "few": few,
    "season": one_of(words.SEASONS), "past": one_of(words.PAST), "future": one_of(words.FUTURE),
    "habit": one_of(words.HABITS), "days": span("day", "week", "month"), "hours": span("hour", "minute"),
    "years": span("year"), "minutes": span("minute"), "subject": one_of(words.SUBJECTS), "skill": one_of(words.SKILLS),
    "doing": one_of(words.DOING), "rain": one_of(words.RAIN), "feel": one_of(words.FEELS),
    "thingadj": one_of(words.GOOD_FOR_THINGS), "placeadj": one_of(words.GOOD_FOR_PLACES),
    "personadj": one_of(words.GOOD_FOR_PEOPLE), "foodadj": one_of(words.GOOD_FOR_FOOD), "too": one_of(words.TOO),
    "festival": one_of(words.FESTIVALS), "group": one_of(words.GROUPS),
    "transport": one_of(words.VEHICLES[:2] + words.VEHICLES[3:5]), "line": one_of(words.LINES),
}  # fmt: skip


def fillings(scene: Scene, pattern: Pair) -> dict[str, Pair]:
    """What fills the gaps of `pattern`, all different."""
    filled: dict[str, Pair] = {}
    for gap in re.findall(r"\{(\w+)", pattern[0]):
        if gap not in filled:
            while (value := phrase(scene, gap)) in filled.values():
                pass
            filled[gap] = value
    return filled


def phrase(scene: Scene, gap: str) -> Pair:
    """Something that can fill `gap`."""
    english, chinese = GAPS[gap.rstrip("0123456789")](scene)
    return english, scene.choose(chinese)


def say(scene: Scene, pattern: Pair, filled: dict[str, Pair]) -> Pair:
    """`pattern` with its gaps filled: an English and a Chinese sentence with the same meaning."""
    english = fill(pattern[0], **{gap: value[0] for gap, value in filled.items()})
    return english, scene.choose(pattern[1]).format(**{gap: value[1] for gap, value in filled.items()})


def realise(scene: Scene, pattern: Pair) -> Pair:
    """A sentence of `pattern` in both languages."""
    return say(scene, pattern, fillings(scene, pattern))
