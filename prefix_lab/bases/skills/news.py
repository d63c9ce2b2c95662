"""Notices and what is made of them: topics, headlines, short versions, single facts and sentences, business notes.

Held out, for chapters to tune on: the newspaper of Larkhaven and its neighbour, their sentences and house styles.
"""

import random

from prefix_lab.bases.skills import news_words as words
from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.bases.skills.news_notices import (
    ALL_EVENTS,
    ARTICLES,
    POOL,
    chosen,
    digits,
    draw_digest,
    draw_notice,
)
from prefix_lab.town import names
from prefix_lab.town import newspaper_notes as notes
from prefix_lab.town.grammar import Pattern, capital, fill
from prefix_lab.town.newspaper_words import MONTHS, VERBS, draw_event

Examples = list[tuple[str, str]]

ABSENT = ("none", "nothing", "-", "not said", "unknown", "?", "no word of it")


def _size(rng: random.Random) -> int:
    return rng.choice((2, 3, 3, 4, 4, 5))


def topic(rng: random.Random) -> Examples:
    """Notices and their topics, or a topic and a notice on it."""
    sections = rng.sample(list(ALL_EVENTS), rng.choice((2, 2, 3, 3, 4, 5, 6)))
    natural = [tuple(words.SECTION_WORDS[section][i] for section in sections) for i in range(4)]
    labels = draw_labels(rng, natural, share=0.6)
    plain = dict(zip(sections, rng.choice(natural)))
    legend = ", ".join(f"{label} = {plain[section]}" for section, label in zip(sections, labels))
    ask = rng.choice(("{t}", "{t}", "{t}", "{t}", "{t}\nTopic?", "What is this about? {t}", "{t} [{o}]", "{t} ({k})",
        "{o}: {t}", "{k}\n{t}", "about {t}", "{t}\nSection:"))  # fmt: skip
    tell = rng.choice(("{l}", "{l}", "{l}", "{l}", "{l}", "It is about {l}.", "{l}!", "topic {l}", "[{l}]", "{l} news"))
    swap, extras = rng.random() < 0.15, rng.choice((0, 0, 0, 1))
    style = draw_digest(rng, short=True) if rng.random() < 0.3 else None
    pairs = []
    for _ in range(rng.choice((3, 4, 4, 5, 5))):
        section, label = rng.choice(list(zip(sections, labels)))
        notice = draw_notice(rng, section, extras, 0.2)
        text = style.write(notice) if style else notice.text
        asked = ask.format(t=text, o="/".join(labels), k=legend)
        pairs.append((label, text) if swap else (asked, tell.format(l=label)))
    return pairs


def headline(rng: random.Random) -> Examples:
    """Notices and their headlines, or headlines and their notices."""
    style, extras, back = draw_digest(rng, short=True), rng.choice((0, 0, 1, 1, 2)), rng.random() < 0.2
    frame = chosen(rng, rng.choice([one for one in words.PLACED if "{day}" not in one and "{hour}" not in one]))
    kicker = rng.choice(("", "", "", "{k}: ", "{k} - ", "{k}. ", "[{k}] "))
    natural = [tuple(word[i] for word in words.SECTION_WORDS.values()) for i in range(4)]
    kickers = dict(zip(words.SECTION_WORDS, draw_labels(rng, natural)))
    sections = rng.sample(list(ALL_EVENTS), 2 if kicker else 6)
    pairs = []
    for _ in range(_size(rng)):
        notice = draw_notice(rng, rng.choice(sections), 0 if back else extras, 0.0 if back else 0.4)
        line = kicker.format(k=kickers[notice.event.section]) + style.write(notice)
        pairs.append((line, notice.told(frame)) if back else (notice.text, line))
    return pairs


def shorten(rng: random.Random) -> Examples:
    """Notices of two to six sentences and their news as one."""
    style, extras = draw_digest(rng, short=False), rng.choice((1, 2, 2, 3, 3))
    follow = rng.choice((0.6, 0.8, 1.0)) if style.link else 0.4
    ask = rng.choice(("{}", "{}", "{}", "{}", "{}\nIn short:", "Shorten: {}", "{}\n(one line)", "Brief this: {}"))
    return [
        (ask.format(notice.text), style.write(notice))
        for notice in (draw_notice(rng, None, extras, follow) for _ in range(rng.choice((2, 3, 3, 4))))
    ]


def sentence(rng: random.Random) -> Examples:
    """Notices and one of their sentences, always chosen in the same way, or as the question asks."""
    ways = rng.sample(list(words.WHOLE_TASKS), 1 if rng.random() < 0.5 else 3)
    asked = {way: rng.choice(words.WHOLE_TASKS[way]) for way in ways}
    ask = rng.choice(("{t}\n{q}", "{q} {t}", "{q}\n{t}", "{t} ({q})"))
    if len(ways) == 1 and rng.random() < 0.5:
        ask = "{t}"
    absent = rng.choice(ABSENT)
    pairs = []
    for _ in range(rng.choice((2, 3, 3, 4))):
        notice, way = draw_notice(rng, None, rng.choice((2, 2, 3)), 0.6), rng.choice(ways)
        lines = list(notice.sentences.values())
        longest, shortest = max(lines, key=len), min(lines, key=len)
        by_form = {"first": lines[0], "last": lines[-1], "longest": longest, "shortest": shortest}
        answer = by_form.get(way, notice.sentences.get(way, absent))
        pairs.append((ask.format(t=notice.text, q=asked[way]), answer))
    return pairs


def facts(rng: random.Random) -> Examples:
    """Notices and who, what, where and when: as asked, or as a record."""
    keys = rng.sample(("who", "what", "where", "day", "next"), rng.choice((1, 1, 2, 2, 3, 4)))
    asked = {key: rng.choice(words.ASKED[key]) for key in keys}
    whole = len(keys) > 1 and rng.random() < 0.4
    pair = rng.choice(("{k}: {v}", "{k} = {v}", "{v}", "{k} {v}", "({k}) {v}"))
    join = rng.choice((", ", " | ", "; ", "\n", " / "))
    ask = rng.choice(("{t}\n{q}", "{q} {t}", "{t} {q}", "{q}\n{t}", "{t} - {q}")) if len(keys) > 1 else "{t}"
    absent = rng.choice(ABSENT)
    pairs = []
    for _ in range(_size(rng)):
        notice = draw_notice(rng, None, rng.choice((0, 1, 1, 2)), 0.7, day="day" in keys)
        event = notice.event
        known = {"who": event.who, "what": event.what or absent, "where": notice.spot or absent, "day": notice.day}
        known["next"] = notice.sentences.get("next", absent)
        if whole:
            pairs.append((notice.text, join.join(pair.format(k=asked[key].rstrip("?"), v=known[key]) for key in keys)))
        else:
            key = rng.choice(keys)
            pairs.append((ask.format(t=notice.text, q=asked[key]), known[key]))
    return pairs


def joining(rng: random.Random) -> Examples:
    """Two sentences and the one that they make, or one and the two that it parts into."""
    link = rng.choice((", and ", "; ", ", while ", " - ", ", so ", ", but ", " (", ", after which "))
    shape, back = rng.choice(("clauses", "place", "day", "two")), rng.random() < 0.4
    pairs = []
    for _ in range(_size(rng)):
        notice = draw_notice(rng, None, 0, 1.0)
        event = notice.event
        did = event.active("past", rng.choice((event.verb, *VERBS[event.verb])))
        if shape == "clauses":
            follow = notice.follows[0]
            two, one = f"{did}. {capital(follow)}.", did + link + follow + (")." if "(" in link else ".")
        elif shape == "place":
            two, one = f"{did}. It happened {event.where}.", f"{did} {event.where}."
        elif shape == "day":
            two, one = f"{did}. That was on {notice.day}.", f"On {notice.day} {did}."
        else:
            other = draw_event(rng, POOL, event.section, ALL_EVENTS).active()
            two, one = f"{did}. {capital(other)}.", did + link + other + (")." if "(" in link else ".")
        two, one = capital(two), capital(one)
        pairs.append((one, two) if back else (two, one))
    return pairs


def reword(rng: random.Random) -> Examples:
    """Sentences in another voice, tense or wording, as a question, without articles, or with digits for numbers."""
    change = rng.choice(("passive", "active", "present", "past", "plain", "asked", "bare", "digits"))
    place = rng.random() < 0.5
    pairs = []
    for _ in range(_size(rng)):
        event = draw_event(rng, POOL, rng.choice(list(ALL_EVENTS)), ALL_EVENTS)
        while change == "digits" and digits(event.what) == event.what:
            event = draw_event(rng, POOL, event.section, ALL_EVENTS)
        verb = rng.choice(VERBS[event.verb] if change == "plain" else (event.verb, *VERBS[event.verb]))
        told, passive, present = event.active("past", verb), event.passive(verb), event.active("present", verb)
        source, target = {
            "passive": (told, passive), "active": (passive, told), "plain": (told, event.active()),
            "present": (told, present), "past": (present, told), "digits": (told, digits(told)),
            "asked": (told, f"did {event.active('base', verb)}"), "bare": (passive, event.active("present")),
        }[change]  # fmt: skip
        where = f" {event.where}" if place else ""
        target += where + {"asked": "?", "bare": ""}.get(change, ".")
        if change == "bare":
            target = ARTICLES.sub("", target)
        pairs.append((capital(source + where + "."), capital(target)))
    return pairs


def write_note(rng: random.Random, grade: int, firm: str, frames: slice = slice(None)) -> str:
    """A business note about `firm` that means `grade`, without a capital; `frames` limits the ways of saying."""
    gaps = {"a": firm, "month": rng.choice(MONTHS), "season": rng.choice(("spring", "summer", "autumn", "winter"))}
    way = rng.random()
    if way < 0.08 and grade != notes.SAME and frames == slice(None):
        figure = notes.draw_figure(rng, notes.BETTER - grade)
        note, gaps = rng.choice(words.EXPECTED[grade == notes.BETTER]), gaps | {"one": f"{figure.name} {figure.move}"}
    elif way < 0.42:
        figure = notes.draw_figure(rng, grade)
        note = rng.choice(words.NOTES[frames])
        gaps |= {"figure": figure.name, "bare": figure.bare, "move": figure.move}
    elif way < 0.75:
        note, gaps = rng.choice(words.DEEDS[frames]), gaps | {"deed": notes.draw_news(rng, grade)}
    else:
        more, than = notes.draw_compared(rng, grade)
        note, gaps = rng.choice(words.COMPARISONS[frames]), gaps | {"more": more, "than": than}
    return Pattern().format(chosen(rng, note), **gaps)


def tone(rng: random.Random) -> Examples:
    """Business notes and whether they are bad, neutral or good news; of two clauses the main one decides."""
    labels = draw_labels(rng, words.TONES, share=0.6)
    classes = (0, 2) if rng.random() < 0.3 else (0, 1, 2)
    ask = rng.choice(("{t}", "{t}", "{t}", "{t}", "{t}\nTone?", "{t} ({o})", "Is this {o}? {t}", "News: {t}"))
    tell = rng.choice(("{l}", "{l}", "{l}", "{l}", "{l}", "This is {l}.", "{l} news", "[{l}]", "tone: {l}"))
    mixed, swap = rng.choice((0.0, 0.0, 0.3, 1.0)), rng.random() < 0.1
    pairs = []
    for _ in range(rng.choice((3, 4, 4, 5, 5))):
        grade = rng.choice(classes)
        firm = f"the {names.coin(rng, names.village, POOL)} {rng.choice(words.TRADES)}"
        if rng.random() < mixed:
            figure = notes.draw_figure(rng, rng.choice([one for one in range(3) if one != grade]))
            text = write_note(rng, grade, firm, slice(2))
            while figure.bare in text:
                text = write_note(rng, grade, firm, slice(2))
            gaps = {"one": f"{figure.name} {figure.move}", "two": text.rstrip(".")}
            text = fill(rng.choice(words.CONTRASTS), **gaps)
        else:
            text = write_note(rng, grade, firm)
        said = tell.format(l=labels[grade])
        asked = ask.format(t=capital(text), o="/".join(labels[one] for one in classes))
        pairs.append((labels[grade], capital(text)) if swap else (asked, said))
    return pairs


def rivals(rng: random.Random) -> Examples:
    """Two businesses and which of them did better, or worse; and figures before and after, and which way they went."""
    worse, numbers = rng.random() < 0.3, rng.random() < 0.4
    labels = draw_labels(rng, [("less", "more"), ("down", "up"), ("fell", "rose"), ("lower", "higher")])
    ask = "Who did worse? " if worse else rng.choice(("Who did better? ", "The better one: ", "Which is ahead? "))
    pairs = []
    for _ in range(_size(rng)):
        one, two = (f"the {names.coin(rng, names.village, POOL)} {rng.choice(words.TRADES)}" for _ in range(2))
        if numbers:
            before, now = rng.sample(range(2, 100), 2)
            thing = rng.choice(notes.GOODS)
            pairs.append((capital(f"{one} sold {before} {thing} last year and {now} this year."), labels[now > before]))
            continue
        grades = rng.choice(((0, 1), (0, 2), (1, 2)))
        grades = grades if rng.random() < 0.5 else grades[::-1]
        text = " ".join(capital(write_note(rng, grade, firm)) for grade, firm in zip(grades, (one, two)))
        best = max(zip(grades, (one, two)))[1] if not worse else min(zip(grades, (one, two)))[1]
        pairs.append((ask + text, capital(best)))
    return pairs


SKILLS = {
    topic: 0.17, headline: 0.17, shorten: 0.22, sentence: 0.08, facts: 0.1, joining: 0.05, reword: 0.07, tone: 0.12,
    rivals: 0.02,
}  # fmt: skip
