"""Reports of events and the one line that is made of each, in house styles that are known by heart.

A house style has five parts, each one of a few sets. Of a summary: how it opens, what becomes of the verb, how the
sequel is tied on, what is said where there is none, how a sequel is worded; of a headline: its kicker, where that
stands, its verb, its articles and numbers, its place. The newspaper's sets are among them, and so are the events, what
may follow them and what is beside the point. Held out: more than two parts of its summaries and three of its
headlines at once, the way in which its papers open an article, and an article without a word on what is asked.
"""

import random
import re

from prefix_lab.bases.skills import news_words
from prefix_lab.bases.skills.parts import announce, draw_coded
from prefix_lab.town.grammar import capital
from prefix_lab.town.newspaper import NUMBER, NUMBERS, SECTIONS, Article, draw_article, without_articles
from prefix_lab.town.newspaper_pages import FOLLOWS, KICKERS, Paper
from prefix_lab.town.newspaper_words import TROUBLING, Event, conjugate

Examples = list[tuple[str, str]]

POOL = "pretraining"
GAZETTE = Paper(
    name="Gazette",
    placed=(
        *(frame for frame in news_words.PLACED if "{place_of}" not in frame),
        "Half the street saw it on {day}: {act} {place}.",
        "Ask anyone {place}, and you hear that {act}.",
        "{n:cap} people can swear that {act} {place}.",
        "The bells of {day} had hardly rung when {act} {place}.",
        "Too late for our last page came the news that {pas} {place}.",
        "After <much delay|a long quarrel|{n} days of waiting>, {pas} {place} on {day}.",
        "At {hour}, {place}, nobody could deny it: {act}.",
        "{spot} is in all mouths, because {act} there.",
    ),
    unplaced=(
        *news_words.UNPLACED,
        "You heard it here: {act}.",
        "This page was nearly full when {act} on {day}.",
        "Against <all|most|our> expectations, {pas} at {hour}.",
        "{n:cap} telegrams say the same: {pas}.",
        "Of all the news of {day}, one thing matters: {act}.",
    ),
    figures=(),
    deeds=(),
    comparisons=(),
)

OPENINGS = (  # with a place and without: {e} is the line, {s} the place, {w} the same with its preposition
    ("Word from {s}: {e}", "Word in town: {e}"),
    ("News of {s}: {e}", "News of the day: {e}"),
    ("{s}: {e}", "Somewhere: {e}"),
    ("{e} ({s})", "{e} (place unknown)"),
    ("{w}, {e}", "Here, {e}"),
    ("[{s}] {e}", "[?] {e}"),
    ("We hear from {s} that {e}", "We hear that {e}"),
)
TENSES = ("past", "passive", "present", "perfect")
JOINS = (  # of a sequel to be glad of, and of trouble
    ("{e}, and {f}", "{e}, but {f}"),
    ("{e}; {f}", "{e}; alas, {f}"),
    ("{e} - {f}", "{e} - sadly, {f}"),
    ("{e}. Good: {f}", "{e}. Bad: {f}"),
    ("{e}, so {f}", "{e}, though {f}"),
    ("{f}, for {e}", "{f}, alas, for {e}"),
    ("{f}: {e}", "{f}, oh dear: {e}"),
)
NOTHING = ("that is all", "no more is known", "nothing follows", "the rest is silence", "time will tell", "who knows")
SEQUELS = {  # each sort of sequel in five wordings, the newspaper's first
    kind: (FOLLOWS[kind][0], *ways)
    for kind, ways in {
        "sale": ("sold {when}", "all is sold {when}", "the market comes {when}", "one may buy {when}"),
        "sail": ("sailing {when}", "they leave {when}", "the journey comes {when}", "one may sail {when}"),
        "work": ("works, {n} weeks", "they build for {n} weeks", "the noise lasts {n} weeks", "{n} weeks of work wait"),
        "cost": ("price {n} crowns", "they pay {n} crowns", "the cost is {n} crowns", "{n} crowns are gone"),
        "inquiry": ("in court {when}", "they ask questions {when}", "the trial comes {when}", "the law asks {when}"),
        "search": ("sought {when}", "they go and look {when}", "the hunt comes {when}", "one may search {when}"),
        "feast": ("feast {when}", "they eat and dance {when}", "the party comes {when}", "one may dance {when}"),
        "reopen": ("open {when}", "they open again {when}", "the way is free {when}", "one may pass {when}"),
        "vote": ("vote {when}", "they vote {when}", "the poll comes {when}", "one may vote {when}"),
        "protest": ("uproar {when}", "they march {when}", "the uproar comes {when}", "one may shout {when}"),
        "start": ("in force {when}", "they begin {when}", "the change comes {when}", "it counts {when}"),
        "return": ("again {when}", "they meet again {when}", "the next round comes {when}", "it is done anew {when}"),
        "show": ("on view {when}", "they show it {when}", "the show comes {when}", "one may look {when}"),
        "report": ("in print {when}", "they tell more {when}", "the report comes {when}", "one may read it {when}"),
    }.items()
}
KICKER_SETS = (
    KICKERS,
    *(
        dict(zip(KICKERS, labels.split()))
        for labels in (
            "Ships Rules Games Shops Abroad Lab",
            "Blue Red Green Gold White Black",
            "Sea Hall Field Money Lands Learning",
            "A B C D E F",
            "Anchor Chair Ball Coin Globe Lamp",
        )
    ),
)
KICKER_PLACES = ("{k}: {l}", "[{k}] {l}", "{k} - {l}", "{l} ({k})", "{k}! {l}", "{k} / {l}")
VERBS = ("present", "past", "passive", "perfect", "base")
TRIMS = ("articles digits", "articles", "digits", "", "articles digits upper")  # what is done to a headline
SPOTS = ("{l} {w}", "{l}, {s}", "{s}: {l}", "{l} ({s})", "{l}")
BRIEF = (
    "{t}\nIn one line:", "One line of this: {t}", "{t} (in short)", "Sum up: {t}", "Page: {t}", "<{t}>", "{t} [...]",
    "{t}\nTo the point!", "Report\n{t}", "Read: {t}\nWrite:", "Long: {t}\nShort:", "{t} And so?",
)  # fmt: skip
TITLE = (
    "{t}\nTitle?", "Title for: {t}", "{t} (title)", "Print: {t}", "Story: {t}\nTop:", "{t}\nLarge type:", "Head: {t}",
    "[{t}]", "On page one: {t}", "{t} *", "Name this: {t}", "{t}\nPoster:",
)  # fmt: skip
ASKED = {  # what may be asked for alone
    "sequel": ("What follows?", "And then?", "Next?"), "event": ("What happened?", "The news?", "Event?"),
    "place": ("Where?", "Place?", "The spot?"), "section": ("What sort?", "Page?", "Under what?"),
}  # fmt: skip


def report(rng: random.Random, most: int) -> Article:
    """An event in the words of the Gazette, with up to `most` sentences beside the point."""
    return draw_article(rng, POOL, GAZETTE, rng.choice(SECTIONS), rng.randint(0, most), 0.75)


def clause(event: Event, tense: str) -> str:
    """The event with its plainest verb, in `tense`."""
    if tense == "passive":
        return event.passive()
    if tense == "perfect":
        return f"{event.who} has {conjugate(event.verb, 'participle')} {event.what}".strip()
    return f"{event.who} to {event.verb} {event.what}".strip() if tense == "base" else event.active(tense)


def sequel(article: Article, wording: int) -> str:
    """What follows in the `wording` of that number."""
    ways = SEQUELS[article.outcome]
    said = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>.+)", ways[0]), article.follow)
    return ways[wording].format(**said.groupdict())


def place(article: Article, pattern: str, line: str) -> str:
    """`line` with the place where `pattern` wants it."""
    return pattern.format(e=line, l=line, s=article.spot, w=article.event.where)


def brief(rng: random.Random) -> Examples:
    """Reports and their news in a line."""
    parts, code = draw_coded(rng, OPENINGS, TENSES, JOINS, NOTHING, range(5), most=2)
    openings, tense, joins, nothing, wording = parts
    ask, most, examples = rng.choice(BRIEF), rng.choice((1, 1, 2)), []
    for _ in range(rng.choice((2, 3))):
        article = report(rng, most)
        follow = sequel(article, wording) if article.outcome else nothing
        line = joins[article.outcome in TROUBLING].format(e=clause(article.event, tense), f=follow)
        line = place(article, openings[not article.spot], line)
        examples.append((ask.format(t=article.text), capital(line) + "."))
    return announce(rng, "brief", code, examples)


def head(rng: random.Random) -> Examples:
    """Reports and their headlines."""
    parts, code = draw_coded(rng, KICKER_SETS, KICKER_PLACES, VERBS, TRIMS, SPOTS, most=3)
    kickers, kicker, tense, trim, spot = parts
    ask, most, examples = rng.choice(TITLE), rng.choice((0, 1, 1, 2)), []
    for _ in range(rng.choice((2, 3, 3))):
        article = report(rng, most)
        line = place(article, spot if article.spot else "{l}", clause(article.event, tense))
        if "articles" in trim:
            line = without_articles(line)
        if "digits" in trim:
            line = NUMBER.sub(lambda number: NUMBERS[number[0]], line)
        line = line.upper() if "upper" in trim else capital(line)
        examples.append((ask.format(t=article.text), kicker.format(k=kickers[article.event.section], l=line)))
    return announce(rng, "head", code, examples)


def single(rng: random.Random) -> Examples:
    """Reports and one part of their line alone: what follows, the event, the place or the kicker, as asked."""
    (tense, wording, kickers, nothing), code = draw_coded(rng, TENSES, range(5), KICKER_SETS, NOTHING, most=3)
    kinds = rng.sample(list(ASKED), rng.choice((1, 1, 2)))
    asked = {kind: rng.choice(ASKED[kind]) for kind in kinds}
    ask, most = rng.choice(("{t}\n{q}", "{q} {t}", "{t} ({q})")), rng.choice((0, 1, 2))
    examples = []
    for _ in range(3):
        article, kind = report(rng, most), rng.choice(kinds)
        answer = {
            "sequel": sequel(article, wording) if article.outcome else nothing, "place": article.spot or "unknown",
            "event": clause(article.event, tense), "section": kickers[article.event.section],
        }[kind]  # fmt: skip
        examples.append((ask.format(t=article.text, q=asked[kind]), capital(answer)))
    return announce(rng, "part", code, examples)


SKILLS = {brief: 0.5, head: 0.3, single: 0.2}
