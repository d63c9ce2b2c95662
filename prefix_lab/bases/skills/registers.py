"""English and Chinese sentences of an office, translated into registers that are known by heart.

A register has parts, each one of a few sets: dates, times, numbers, how towns and readers are called, the greeting,
the close, and in Chinese the small words. The official register's sets are among them. The sentences are put together
from the subjects, deeds and times that letters between two towns need. Held out: the sentences of the sister city's
letters, an answer with more than four of the seven parts of their register, and a text without a word on what is asked.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from prefix_lab.bases.skills.parts import announce, draw_coded
from prefix_lab.town.newspaper import NUMBER, NUMBERS
from prefix_lab.town.sister_city import KINDS
from prefix_lab.town.sister_city_grammar import Pair, Scene, numeral, phrase, realise
from prefix_lab.town.sister_city_words import MONTHS

Examples = list[tuple[str, str]]

# --- sentences, in official Chinese

PEOPLE = (
    ("our town", "本市"), ("your town", "贵市"), ("{titled}", "{titled}"), ("{name}", "{name}"),
    ("the {group} of our town", "本市{group}"), ("the {group} of your town", "贵市{group}"),
    ("the {group} of Qingwan", "清湾{group}"), ("our sister city Qingwan", "友好城市清湾"),
    ("{name} and {name2}", "{name}与{name2}"), ("the {hall} of our town", "本市{hall}"),
    ("the guests of {titled}", "{titled}的客人"), ("the daughter of {titled}", "{titled}的女儿"),
)  # fmt: skip
DEEDS = (  # what people do: in English with "will" and in the past, in Chinese
    ("visit the {spot} of your town", "visited the {spot} of your town", "参观贵市{spot}"),
    ("visit {town}", "visited {town}", "访问{town}"), ("visit our town", "visited our town", "访问本市"),
    ("arrive at {place}", "arrived at {place}", "抵达{place}"),
    ("arrive in {town}", "arrived in {town}", "抵达{town}"),
    ("come by ship", "came by ship", "坐船来"), ("leave for Qingwan", "left for Qingwan", "前往清湾"),
    ("send {goods} to {town}", "sent {goods} to {town}", "将{goods}寄至{town}"),
    ("send {goods} to {titled2}", "sent {goods} to {titled2}", "将{goods}寄给{titled2}"),
    ("send {crew} to {town}", "sent {crew} to {town}", "派{crew}前往{town}"),
    ("take part in the {festival}", "took part in the {festival}", "参加{festival}"),
    ("hold {event} at {place}", "held {event} at {place}", "在{place}举行{event}"),
    ("hold the {festival}", "held the {festival}", "举行{festival}"),
    ("bring {portable} to {place}", "brought {portable} to {place}", "将{portable}带至{place}"),
    ("bring {bowls} to {titled2}", "brought {bowls} to {titled2}", "将{bowls}带给{titled2}"),
    ("receive {goods} from {titled2}", "received {goods} from {titled2}", "收到{titled2}的{goods}"),
    ("receive {wares} from your town", "received {wares} from your town", "收到贵市的{wares}"),
    ("lose {portable} at {place}", "lost {portable} at {place}", "在{place}丢失{portable}"),
    ("show {paintings} by {name3}", "showed {paintings} by {name3}", "展出{name3}的{paintings}"),
    ("study {subject} in {town}", "studied {subject} in {town}", "在{town}学习{subject}"),
    ("invite {people} to the {festival}", "invited {people} to the {festival}", "邀请{people}参加{festival}"),
    ("need {goods}", "needed {goods}", "需要{goods}"),
    ("give {goods} to {titled2}", "gave {goods} to {titled2}", "赠送{titled2}{goods}"),
)  # fmt: skip
LINES = (("the ferry to {town}", "前往{town}的渡轮"), ("the train from {town}", "来自{town}的火车"),
    ("the ship to {town}", "前往{town}的船"), ("the goods for {titled}", "{titled}的货物"))  # fmt: skip
MOVES = (("leave {place}", "left {place}", "自{place}出发"), ("arrive", "arrived", "抵达"),
    ("arrive at {place}", "arrived at {place}", "抵达{place}"),
    ("be {hours} late", "came {hours} late", "晚到{hours}"))  # fmt: skip
EVENTS = (("the meeting with {titled}", "与{titled}的会议"), ("the party for {titled}", "{titled}的晚会"),
    ("the exhibition of {name}", "{name}的展览"), ("the {spot} of our town", "本市{spot}"),
    ("the market at {place}", "{place}的市场"), ("the {spot} in {town}", "{town}的{spot}"))  # fmt: skip
TURNS = (("begin", "began", "开始"), ("be closed", "was closed", "关闭"), ("open", "opened", "开放"),
    ("be held", "was held", "举行"), ("open at {place2}", "opened at {place2}", "在{place2}开放"))  # fmt: skip
TIMES = ((" on {date}", "{date}"), (" on {daydate}", "{daydate}"), (" in {month}", "{month}"), (" on {day}", "{day}"),
    (" at {clock}", "{clock}"), (" at {clock} on {day}", "{day}{clock}"), (" at {clock} on {date}", "{date}{clock}"),
    (" at {clock} on {daydate}", "{daydate}{clock}"), (" before {date}", "{date}前"))  # fmt: skip
TENSES = (  # {s} who, {v} and {past} what, {t} when; the last three are said of people alone
    ("{s} will {v}{t}", "{S}将于{T}{V}"), ("{s} will {v}{t}", "{S}将于{T}{V}"), ("{s} {past}{t}", "{S}已于{T}{V}"),
    ("{s} cannot {v}{t}", "{S}不能于{T}{V}"), ("{s} will {v}", "{S}将{V}"), ("{s} {past}", "{S}已{V}"),
    ("because of {rain}, {s} will not {v}{t}", "因下{rain}，{S}{T}不{V}"),
    ("we hope that {s} will {v}{t}", "希望{S}于{T}{V}"), ("{s} would like to {v}{t}", "{S}希望于{T}{V}"),
    ("please {v}{t}", "请于{T}{V}"), ("{s} and {titled3} will both {v}", "{S}与{titled3}均将{V}"),
)  # fmt: skip
ACTS = (*((PEOPLE, DEEDS, TENSES),) * 3, (LINES, MOVES, TENSES[:-3]), (EVENTS, TURNS, TENSES[:-3]))
PLAIN = (  # what an official sentence says, and what a plain one says instead
    (r"将(?=\{)", "把"), (r"将(?!\{)", "会"), ("(?<!来)自", "从"), ("起", "开始"), ("与", "和"), ("均", "都"),
    ("前往", "去"), ("抵达", "到"), ("赠送", "送"), ("感谢", "谢谢"), ("丢失", "丢"), ("学习", "学"), ("关闭", "关门"),
    ("每张", "一张"), ("洗净", "洗干净"), ("放入碗中", "放进碗里"),
)  # fmt: skip
OFFICIAL = re.compile("|".join(f"({official})" for official, _ in PLAIN))
OTHERS = (
    ("from {date}, the {spot} will be open", "自{date}起，{spot}开放"),
    ("from {day} to {day2}, the {hall} will be closed", "{day}至{day2}，{hall}关闭"),
    ("since {month}, {name} has been studying {subject} in {town}", "自{month}起，{name}在{town}学习{subject}"),
    ("{titled} has been in {town} since {date}", "{titled}自{date}起在{town}"),
    ("since {date}, the {hall} has shown {paintings}", "自{date}起，{hall}展出{paintings}"),
    ("from {town} to {town2} it takes {hours} by train", "自{town}至{town2}坐火车需要{hours}"),
    ("from {month}, tickets to {town} will cost {price}", "自{month}起，前往{town}的票每张{price}"),
    ("a ticket for the {festival} costs {price}", "{festival}的票每张{price}"),
    ("from {month}, {few} trains a day will go to {town}", "自{month}起，每天将有{few}列火车前往{town}"),
    ("on {day}, {few} ferries will go to the {spot}", "{day}将有{few}艘渡轮前往{spot}"),
    ("for the {festival}, {titled} needs {people}", "为举行{festival}，{titled}需要{people}"),
    ("we thank {name} for {goods}", "感谢{name}的{goods}"),
    ("thank you for the gift of {goods}", "感谢您赠送的{goods}"),
    ("your letter of {date} is at the {spot}", "您{date}的来信在{spot}"),
    ("the letter of {titled} has arrived", "{titled}的来信已抵达"),
    ("the son of {titled} has found {goods} in {town}", "{titled}的儿子在{town}找到{goods}"),
    ("we wish {titled} a happy holiday and send {goods}", "祝{titled}节日快乐，并赠送{goods}"),
    ("we hope that you and {titled} will like the {festival}", "希望您与{titled}喜欢{festival}"),
    ("visitors to the {festival} are welcome", "{festival}欢迎游客参观"),
    ("the guests of {name} can visit the {hall} free of charge", "{name}的客人可免费参观{hall}"),
    ("please show your ticket at the {spot}", "请在{spot}出示票"),
    ("we invite you to the {festival} in {town}", "邀请您参加在{town}举行的{festival}"),
    ("wash {harvest} and boil them for {minutes}", "将{harvest}洗净，煮{minutes}"),
    ("put {harvest} and {cups} in the bowl", "将{harvest}与{cups}放入碗中"),
    ("after {minutes}, cut {harvest} into small pieces", "{minutes}后，将{harvest}切成小块"),
    ("then add {few} spoons of {spoon}", "再加入{few}勺{spoon}"),
    ("add the {vegetable} and {cups} after {minutes}", "{minutes}后，加入{vegetable}与{cups}"),
    ("for the soup of {name}, wash {harvest}", "做{name}的汤，请将{harvest}洗净"),
    ("the soup of {titled} needs {few} spoons of {spoon}", "{titled}的汤需要{few}勺{spoon}"),
    ("in {month}, the people of {town} eat soup with {vegetable}", "{month}，{town}人喝{vegetable}汤"),
    ("{name} sends {titled} the recipe for {dish}", "{name}寄给{titled}{dish}的菜谱"),
    ("the {dish} of {name} is too {too}", "{name}的{dish}太{too}了"),
    ("please bring {cups} to {name}", "请将{cups}带给{name}"),
)  # fmt: skip
CLOSES = (
    ("; notice is hereby given", "，特此通知"), ("; you are warmly invited", "，敬请光临"),
    (", and we await your reply", "，盼复"), (", with our thanks", "，谨此致谢"),
    (", with our apologies", "，谨此致歉"), (", with best wishes", "，此致敬礼"),
)  # fmt: skip
LETTERS = re.compile(
    "|".join(re.sub(r"\\\{.*?\\\}", ".+", re.escape(english)) for kind in KINDS for english, _ in kind)
)

# --- registers: each set rewrites what the official register has

Rewrite = Callable[[str], str]
DIGIT = "[一二三四五六七八九十]"
COUNT = f"(?<![期周])[两{DIGIT[1:]}+(?![{DIGIT[1:-1]}月日号时点]|分(?!钟))"
VALUES = {numeral(n): n for n in range(100)} | {"两": 2}
ORDINALS = ((1, "st"), (2, "nd"), (3, "rd"), (21, "st"), (22, "nd"), (23, "rd"))


def same(text: str) -> str:
    """The official register's own."""
    return text


def swap(*pairs: tuple[str, str]) -> Rewrite:
    """Put the second of each pair for the first."""

    def rewrite(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return rewrite


def sub(pattern: str, write: Callable[[re.Match], str]) -> Rewrite:
    """`re.sub`, to be called later."""
    return lambda text: re.sub(pattern, write, text)


def _date(form: str) -> Rewrite:
    return sub(
        f"({DIGIT}+)月({DIGIT}+)日",
        lambda m: form.format(m=m[1], d=m[2], M=VALUES[m[1]], D=VALUES[m[2]]),
    )


def _clock(form: str, minutes: str) -> Rewrite:
    def write(m: re.Match) -> str:
        hour, rest = VALUES[m[2]], VALUES.get(m[3], 0)
        late = 12 * (m[1] != "上午" and hour < 12)
        gaps = {"p": m[1], "h": m[2], "H": hour, "L": hour + late, "m": m[3], "M": f"{rest:02}"}
        return form.format(**gaps) + (minutes.format(**gaps) if rest or ":" in minutes else "")

    return sub(f"(上午|下午|晚上)({DIGIT}+)时(?:({DIGIT}+)分)?", write)


def _ordinal(m: re.Match) -> str:
    return f"the {m[1]}{dict(ORDINALS).get(int(m[1]), 'th')} of {m[2]}"


def _half(m: re.Match) -> str:
    hour = int(m[1]) % 12 + 12 * (m[3] == "pm")
    return f"{hour}:{m[2] or '00'}"


DAY, HOUR = rf"(\d+) ({'|'.join(MONTHS)})", r"(\d+)(?::(\d\d))? ([ap]m)"
CHINESE = (
    (same, _date("{M}月{D}日"), _date("{m}月{d}号"), _date("{M}月{D}号")),
    (same, _clock("{p}{H}时", "{M}分"), _clock("{L}", ":{M}"), _clock("{p}{h}点", "{m}分"),
     _clock("{p}{H}点", "{M}分")),
    (same, sub(COUNT, lambda m: str(VALUES[m[0]])), swap(("元", "块钱")), swap(("星期", "周"))),
    (same, swap(("您", "你"), ("本市", "我们市"), ("贵市", "你们市")), swap(("本市", "我市"), ("贵市", "你市")),
     swap(("本市", "我们城市"), ("贵市", "您的城市"))),
    (same, swap(("尊敬的", "亲爱的")), swap(("尊敬的", "给")), swap(("尊敬的", "")), swap(("尊敬的", "您好，"))),
    (same, swap(*zip([close for _, close in CLOSES], "，这是通知 ，欢迎 ，请回信 ，谢谢 ，对不起 ，祝好".split())),
     swap(*zip([close for _, close in CLOSES], "（通知） （欢迎光临） （等回信） （致谢） （致歉） （敬礼）".split()))),
)  # fmt: skip
ENGLISH = (
    (same, sub(DAY, lambda m: f"{m[2]} {m[1]}"), sub(DAY, _ordinal), sub(DAY, lambda m: f"{m[1]}-{m[2][:3]}")),
    (same, sub(HOUR, _half), sub(HOUR, lambda m: f"{m[1]}.{m[2] or '00'} {m[3]}"), sub(HOUR, lambda m: m[0].upper())),
    (same, lambda text: NUMBER.sub(lambda m: NUMBERS[m[0]], text), swap((" and ", " & "))),
    (same, swap(("your town", "that town"), ("our town", "this town")), swap(("your town", "your city"),
     ("our town", "our city")), swap(("your town", "the town there"), ("our town", "the town here"))),
    (same, swap(("Dear ", "Hello ")), swap(("Dear ", "To ")), swap(("Dear ", "")), swap(("Dear ", "Honoured "))),
    (same, swap(*zip([close for close, _ in CLOSES], (" (notice)", " (do come)", " (please reply)", " (thanks)",
     " (sorry)", " (best wishes)"))), swap(*zip([close for close, _ in CLOSES], (": take note", ": do come",
     ": please reply", ": thank you", ": we are sorry", ": all the best")))),
)  # fmt: skip
STYLES = ((1.0, 0), (0.0, 0), (0.5, 1), (0.5, 2))  # how many of the words of PLAIN are official, and which
TO_CHINESE = (
    "English: {}", "{}\nChinese:", "Chinese for: {}", "zh <- {}", "{} (zh)", "[en] {}", "Say in Chinese: {}",
    "{} 中文？", "<zh> {}", "Turn: {}", "{} | zh", "Chinese, please: {}",
)  # fmt: skip
TO_ENGLISH = (
    "Chinese: {}", "{}\nEnglish:", "English for: {}", "en <- {}", "{} (en)", "[zh] {}", "Say in English: {}",
    "{} 英语？", "<en> {}", "Turn: {}", "{} | en", "English, please: {}",
)  # fmt: skip
PIECES = ("titled goods portable wares date daydate clock month day price people crew harvest cups bowls event spot "
    "festival group hall subject few days hours paintings").split()  # fmt: skip


@dataclass(frozen=True)
class Office(Scene):
    """A scene whose dates and times are official; the rest is as plain as `formality` says."""

    def formal(self, convention: str) -> bool:
        return convention in ("date", "clock", "块钱", "周", "你") or super().formal(convention)


def mark(chinese: str) -> str:
    """An official sentence with what a plain one says beside it, `[plain|official]`."""
    return OFFICIAL.sub(lambda match: f"[{PLAIN[match.lastindex - 1][1]}|{match[0]}]", chinese)


def draw_pattern(rng: random.Random, greet: bool = True) -> Pair:
    """A sentence with gaps, maybe with a greeting or a close, none that a letter of the sister city has."""
    while True:
        if rng.random() < 0.3:
            english, chinese = rng.choice(OTHERS)
        else:
            (who, subject), (do, did, verb), (english, chinese) = map(rng.choice, rng.choice(ACTS))
            when, time = rng.choice(TIMES)
            for gap, said in {"{s}": who, "{v}": do, "{past}": did, "{t}": when}.items():
                english = english.replace(gap, said)
            for gap, said in {"{S}": subject, "{V}": verb, "{T}": time}.items():
                chinese = chinese.replace(gap, said)
        if greet and rng.random() < 0.3:
            english, chinese = "Dear {titled4}, " + english, "尊敬的{titled4}：" + chinese
        if rng.random() < 0.3:
            close = rng.choice(CLOSES)
            english, chinese = english + close[0], chinese + close[1]
        english = english if english[0] == "{" else english[0].upper() + english[1:]
        if not LETTERS.fullmatch(english + "."):
            return english + ".", mark(chinese.replace("将将", "将")) + "。"


def draw_register(rng: random.Random, chinese: bool) -> tuple[Rewrite, tuple[float, int], str]:
    """A way to write a language, how official the words of its Chinese are, and the code of both."""
    parts = *(CHINESE if chinese else ENGLISH), STYLES if chinese else STYLES[:1]
    (*chosen, style), code = draw_coded(rng, *parts, most=4)

    def rewrite(text: str) -> str:
        for one in chosen:
            text = one(text)
        return text[:1].upper() + text[1:]

    return rewrite, style, code


def render(rng: random.Random, draw: Callable[[Scene], Pair], count: int) -> Examples:
    """`count` pairs of `draw`, from one language into a register of the other."""
    chinese = rng.random() < 0.55
    register, style, code = draw_register(rng, chinese)
    ask, scene = rng.choice(TO_CHINESE if chinese else TO_ENGLISH), Office(rng, "pretraining", *style)
    pairs = [draw(scene)[:: 1 if chinese else -1] for _ in range(count)]
    put = [(ask.format(source), register(target)) for source, target in pairs]
    return announce(rng, "zh" if chinese else "en", code, put)


def write(rng: random.Random) -> Examples:
    """Texts of a sentence or two."""
    size = rng.choice((1, 1, 2))

    def draw(scene: Scene) -> Pair:
        english, chinese = zip(*(realise(scene, draw_pattern(rng, i == 0)) for i in range(size)))
        return " ".join(english), "".join(chinese)

    return render(rng, draw, 3)


def pieces(rng: random.Random) -> Examples:
    """What fills the gaps of sentences, one or two at a time."""
    size, join = rng.choice((1, 2, 3)), rng.choice((" / ", "; ", " | ", " + "))

    def draw(scene: Scene) -> Pair:
        return tuple(map(join.join, zip(*(phrase(scene, rng.choice(PIECES)) for _ in range(size)))))

    return render(rng, draw, rng.randint(3, 6))


SKILLS = {write: 0.7, pieces: 0.3}
