"""Requests at many desks, but no bank's: what somebody wants, what they name, and what the desk replies."""

import random
import re
from collections.abc import Callable

from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.bases.skills.requests_desks import DESKS, GLOSSARY, ORDERS
from prefix_lab.bases.skills.requests_orders import POOL, draw_orders
from prefix_lab.bases.skills.requests_talk import reply
from prefix_lab.town import names
from prefix_lab.town.grammar import capital
from prefix_lab.town.service.speech import KIN, WRAPPINGS, Gaps, request, say, with_chat
from prefix_lab.town.service.words import ACTS

Examples = list[tuple[str, str]]
FRAMES = (
    "{t}", "{t}", "{t}", "\"{t}\"", "At the {desk}: {t}", "{t} Wish:", "{t}\nIntent:", "{t} What is it?",
    "({desk}) {t}",
    "Somebody says: {t}", "{t} It is about", "text: {t} | label:", "What do they want? {t}",
    "Note from the {desk}. {t}",
)  # fmt: skip
SPELLINGS = (str, str, str, str, str.upper, capital, "#{}".format, "[{}]".format, "{}.".format)


def _some(rng: random.Random, low: int = 3) -> int:
    return rng.choice((low, 4, 4, 5, 5))


def _asked(rng: random.Random, desk: str, act: str, chat: float = 0.3) -> str:
    return request(rng, POOL, ACTS[act], DESKS[desk][act], chat)


def _spelt_labels(rng: random.Random, acts: list[str]) -> dict[str, str]:
    """A label for each of `acts`."""
    natural = list(zip(*(ACTS[act].labels for act in acts)))
    spell = rng.choice(SPELLINGS)
    return dict(zip(acts, map(spell, draw_labels(rng, natural))))


def _some_acts(rng: random.Random, desk: str, low: int = 2) -> list[str]:
    return rng.sample(list(DESKS[desk]), rng.choice((low, 3, 3, 4)))


def classify(rng: random.Random) -> Examples:
    """Request -> its intent, at one desk or, at times, at several."""
    desk = rng.choice(list(DESKS))
    acts, everywhere = _some_acts(rng, desk), rng.random() < 0.3
    labels, frame, choices = _spelt_labels(rng, acts), rng.choice(FRAMES), rng.random() < 0.2
    in_haste = rng.random() < 0.1
    examples = []
    for _ in range(_some(rng)):
        act = rng.choice(acts)
        place = rng.choice([other for other in DESKS if act in DESKS[other]]) if everywhere else desk
        text = _asked(rng, place, act)
        source = frame.format(t=text.lower().rstrip(".!?") if in_haste else text, desk=place)
        examples.append((" / ".join(labels.values()) + "\n" + source if choices else source, labels[act]))
    return examples


def route(rng: random.Random) -> Examples:
    """Request -> the desk that it belongs to."""
    desks = rng.sample(list(DESKS), rng.choice((2, 3, 3, 4)))
    labels, frame = dict(zip(desks, draw_labels(rng, [tuple(desks)]))), rng.choice(FRAMES)
    examples = []
    for _ in range(_some(rng)):
        desk = rng.choice(desks)
        act = rng.choice([act for act in DESKS[desk] if act not in ("hours", "move")])
        examples.append((frame.format(t=_asked(rng, desk, act), desk="desk"), labels[desk]))
    return examples


def express(rng: random.Random) -> Examples:
    """Intent, at times with what it is about -> a request."""
    desk = rng.choice(list(DESKS))
    acts, frame = (
        _some_acts(rng, desk),
        rng.choice(("{a}", "{a}: {x}", "{x}, {a}", "say that you want to {a} ({x})", "{desk} {a}")),
    )
    labels = _spelt_labels(rng, acts)
    examples = []
    for act in rng.choices(acts, k=_some(rng, 2)):
        x = say(rng, DESKS[desk][act], Gaps(rng, POOL))
        text = request(rng, POOL, ACTS[act], re.sub(r"^you$", f"the {desk}", x), 0.0, 0.0)
        examples.append((frame.format(a=labels[act], x=x, desk=desk), text))
    return examples


def compare(rng: random.Random) -> Examples:
    """Two requests -> whether they want the same."""
    desk = rng.choice(list(DESKS))
    yes, no = draw_labels(
        rng, [("yes", "no"), ("same", "different"), ("true", "false"), ("equal", "other"), ("+", "-")]
    )
    frame = rng.choice(
        ("{a} / {b}", "{a}\n{b}", "1. {a} 2. {b}", "{a} Same as: {b}", '"{a}" and "{b}"', "{a}\n{b}\nThe same?")
    )
    examples = []
    for _ in range(_some(rng)):
        one, other = rng.sample(list(DESKS[desk]), 2)
        alike = rng.random() < 0.5
        a, b = _asked(rng, desk, one, 0.1), _asked(rng, desk, one if alike else other, 0.1)
        examples.append((frame.format(a=a, b=b), yes if alike else no))
    return examples


def choose(rng: random.Random) -> Examples:
    """A list and a wish -> which entry of the list it is, by its mark or in full."""
    desk = rng.choice(list(DESKS))
    marks = rng.choice(("1234", "ABCD", "abcd", "xyzw"))
    wanted, in_full, bracket = rng.random() < 0.5, rng.random() < 0.3, rng.choice(("{}) ", "{}. ", "({}) ", "{}: "))
    examples = []
    for _ in range(rng.choice((2, 3, 3))):
        acts = rng.sample(list(DESKS[desk]), 3)
        which = rng.randrange(len(acts))
        names_of_acts = [rng.choice(ACTS[act].labels) for act in acts]
        texts = [_asked(rng, desk, act, 0.0) for act in acts] if wanted else names_of_acts
        question = names_of_acts[which] if wanted else _asked(rng, desk, acts[which])
        lines = [bracket.format(mark) + text for mark, text in zip(marks, texts)]
        examples.append(("\n".join([question, *lines]), texts[which] if in_full else marks[which]))
    return examples


def rewrite(rng: random.Random) -> Examples:
    """A request -> the same in the manner of this document."""
    way = rng.choice(("do", "you", "ask", "tell"))
    wrapping = rng.choice(WRAPPINGS[way]).replace("{kin}", rng.choice(KIN))
    manner = re.sub(r"<([^<>]*)>", lambda choice: rng.choice(choice[1].split("|")), wrapping)
    examples, number = [], _some(rng, 2)
    while len(examples) < number:
        desk, gaps = rng.choice(list(DESKS)), Gaps(rng, POOL)
        act = rng.choice(list(DESKS[desk]))
        gaps["x"] = say(rng, DESKS[desk][act], gaps)
        clause = say(rng, rng.choice(getattr(ACTS[act], way)), gaps)
        other = say(rng, rng.choice(WRAPPINGS[way]), Gaps(rng, POOL, v=clause))
        pair = capital(other), capital(say(rng, manner, {"v": clause}))
        if all(names.pool_of(text) == POOL for text in pair):
            examples.append(pair)
    return examples


def about(rng: random.Random) -> Examples:
    """A request -> the thing that it is about, or the thing and what is wanted."""
    desk = rng.choice(list(DESKS))
    acts = [act for act in _some_acts(rng, desk, 4) if DESKS[desk][act] != "you"]
    labels = _spelt_labels(rng, acts)
    frame = rng.choice(FRAMES)
    answer = rng.choice(("{x}", "{x}", "{a} {x}", "{a}({x})", "{x}: {a}", "what={x} act={a}"))
    examples = []
    for act in rng.choices(acts, k=_some(rng)):
        x = say(rng, DESKS[desk][act], Gaps(rng, POOL))
        text = request(rng, POOL, ACTS[act], x, 0.2, 0.0)
        examples.append((frame.format(t=text, desk=desk), answer.format(x=x, a=labels[act])))
    return examples


def extract(rng: random.Random) -> Examples:
    """An order and a question -> the value asked for, or a word where there is none."""
    kind, none = rng.choice(list(ORDERS)), rng.choice(("none", "unknown", "-", "?", "not said", "nothing"))
    particulars = ORDERS[kind][1]
    fixed = rng.choice(list(particulars)) if rng.random() < 0.4 else None
    ask: Callable[[str], str] = rng.choice((
        lambda key: particulars[key][2][0], lambda key: f"{key}?", lambda key: f"What is the {key}?",
        lambda key: f"({key})",
        lambda key: f"{capital(key)}:", lambda key: f"Find the {key}.",
    ))  # fmt: skip
    first, examples = rng.random() < 0.3, []
    for text, _, known in draw_orders(rng, kind, _some(rng)):
        key = fixed or rng.choice(list(particulars))
        text = with_chat(rng, text, POOL) if rng.random() < 0.2 else text
        question = "" if fixed else ask(key)
        examples.append((f"{question} {text}".strip() if first else f"{text} {question}".strip(), known.get(key, none)))
    return examples


def to_record(rng: random.Random) -> Examples:
    """An order -> its particulars in a format, or the other way round."""
    kind, backwards = rng.choice(list(ORDERS)), rng.random() < 0.3
    pair = rng.choice(
        (
            "{k}: {v}",
            "{k}={v}",
            "<{k}>{v}</{k}>",
            "{v} ({k})",
            "{k} -> {v}",
            "{v}",
            "{k}({v})",
            '"{k}": "{v}"',
            "{{{v}}}",
        )
    )
    join, gone = rng.choice((", ", " | ", "\n", "; ", " / ", " ")), rng.choice(("", "", "none", "?"))
    spell = rng.choice((str, str, str.upper, capital, lambda key: key[:3]))
    examples = []
    for text, _, known in draw_orders(rng, kind, _some(rng)):
        keys = [key for key in ORDERS[kind][1] if key in known or gone]
        record = join.join(pair.format(k=spell(key), v=known.get(key, gone)) for key in keys)
        examples.append((record, text) if backwards else (text, record))
    return examples


def tag(rng: random.Random) -> Examples:
    """The words of an order -> what each is, tag by tag, or with the values marked where they stand."""
    kind = rng.choice(list(ORDERS))
    keys = list(ORDERS[kind][1])
    labels = dict(zip(keys, draw_labels(rng, [tuple(keys), tuple(key[:3].upper() for key in keys)])))
    outside, way = rng.choice(("O", "O", "-", ".", "_", "0")), rng.choice(("tags", "tags", "pairs", "spans", "list"))
    inside = rng.choice(
        (lambda tag, i: ("I-" if i else "B-") + tag, lambda tag, i: tag, lambda tag, i: tag + ("'" if i else ""))
    )
    mark = rng.choice(("[{v}]({k})", "<{k}>{v}</{k}>", "({v}/{k})", "*{v}*", "{{{v}: {k}}}"))
    examples = []
    for text, segments, _ in draw_orders(rng, kind, _some(rng, 2)):
        words = [
            (word, key, i) for piece, key in segments for i, word in enumerate(re.findall(r"[\w']+|[^\w\s]", piece))
        ]
        tags = [inside(labels[key], i) if key else outside for _, key, i in words]
        spaced = " ".join(word for word, _, _ in words)
        match way:
            case "tags":
                examples.append((spaced, " ".join(tags)))
            case "pairs":
                examples.append((text, " ".join(f"{word}/{tag}" for (word, _, _), tag in zip(words, tags))))
            case "spans":
                examples.append((text, "".join(mark.format(v=v, k=labels[k]) if k else v for v, k in segments)))
            case "list":
                examples.append(
                    (spaced, "\n".join(f"{word} {tag}" for (word, _, _), tag in zip(words, tags) if tag != outside))
                )
    return examples


def define(rng: random.Random) -> Examples:
    """A word about money and papers -> what it means, or the other way round."""
    words = rng.sample(list(GLOSSARY), rng.randint(3, 5))
    frame = rng.choice(("{}", "What is the meaning of {}?", "{} means", "Explain: {}", "the word {}"))
    pairs = [(word, rng.choice(GLOSSARY[word])) for word in words]
    return (
        [(meaning, word) for word, meaning in pairs] if rng.random() < 0.5 else [(frame.format(w), m) for w, m in pairs]
    )


SKILLS = {
    classify: 0.23, route: 0.04, express: 0.06, compare: 0.08, choose: 0.09, rewrite: 0.05, about: 0.06,
    extract: 0.08, to_record: 0.06, tag: 0.08, define: 0.02, reply: 0.15,
}  # fmt: skip
