"""The newspapers: articles that read like English, house styles that the article decides, and the full-size readers."""

import random
import re

import pytest

from prefix_lab.bases.skills import briefs, news, news_notices, news_words
from prefix_lab.town import load_task, names, newspaper, task_of
from prefix_lab.town import newspaper_notes as notes
from prefix_lab.town.newspaper_pages import BUGLE, COURIER, EXTRAS, FOLLOWS, KICKERS, WHERE
from prefix_lab.town.newspaper_words import EVENTS, TROUBLING, VERBS, conjugate, draw_event

NAMES = ("topic", "headline", "summary", "tone")


@pytest.fixture(scope="module")
def tasks():
    return {(name, domain): load_task(name, domain=domain) for name in NAMES for domain in newspaper.PAPERS}


def rows(task):
    return [row for split in task.values() for row in split]


def articles(n: int = 400, pool: str = "train", paper=COURIER, extras: int = 2, follow: float = 0.85):
    rng = random.Random("articles")
    return [newspaper.draw_article(rng, pool, paper, rng.choice(newspaper.SECTIONS), extras, follow) for _ in range(n)]


# --- the English


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("open", "opens opened opened"), ("carry off", "carries off|carried off|carried off"),
        ("bring to light", "brings to light|brought to light|brought to light"), ("ban", "bans banned banned"),
        ("beat", "beats beat beaten"), ("go down", "goes down|went down|gone down"), ("miss", "misses missed missed"),
        ("cancel", "cancels cancelled cancelled"), ("destroy", "destroys destroyed destroyed"),
    ],
)  # fmt: skip
def test_a_verb_is_conjugated(verb, forms):
    expected = forms.split("|") if "|" in forms else forms.split()
    assert [conjugate(verb, form) for form in ("present", "past", "participle")] == expected


def test_every_verb_of_an_event_has_equals_and_no_equal_serves_two_verbs_of_a_section():
    for section, events in (EVENTS | news_words.EXTRA_EVENTS).items():
        verbs = {verb for _, verb, _, _ in events}
        said = [way for verb in verbs for way in (verb, *VERBS[verb])]
        assert len(said) == len(set(said)), section


def test_a_passive_agrees_with_what_it_is_about():
    rng, plurals = random.Random(0), ("the wages", "the bones", "the islands", "the ruins")
    for _ in range(2000):
        event = draw_event(rng, "train", rng.choice(newspaper.SECTIONS))
        if event.what and event.verb != "beat":
            single = event.what.startswith(("a ", "an ", "the ", "half ")) and not event.what.startswith(plurals)
            assert f"{event.what} {'was' if single else 'were'} " in event.passive()
        if not event.what:
            assert event.passive() == event.active()


def test_the_texts_read_like_english(tasks):
    for key, task in tasks.items():
        for row in rows(task):
            text = row["source"].rstrip("\n")
            assert text[0].isupper() or text[0] == '"', row
            assert text[-1] in '.!"', row
            assert not re.search(r"\ba [aeio]|\ban [^aeiouh8]", text), row
            assert not re.search(r"  | [.,;!]|\.\.|[{}<>|\[\]]", row["source"] + row["target"]), row
            assert not re.search(r"\b(\w+) \1\b", text), (key, row)
            assert all(sentence[0].isupper() or sentence[0] == '"' for sentence in re.split(r"(?<=[.!]) ", text)), row


def test_every_task_draws_on_at_least_forty_sentence_patterns():
    articles_of = [*COURIER.placed, *COURIER.unplaced, *WHERE, *(way for ways in EXTRAS.values() for way in ways)]
    articles_of += [way for _, *ways in FOLLOWS.values() for way in ways]
    assert len(set(articles_of)) >= 100
    assert len({*COURIER.placed, *COURIER.unplaced}) + len(EVENTS) >= 40
    deeds = [deed for deeds in notes.NEWS.values() for deed in deeds]
    assert len({*COURIER.figures, *COURIER.deeds, *COURIER.comparisons, *deeds}) >= 40


def test_an_article_has_as_many_sentences_as_its_task_says(tasks):
    for name, low, high in (("topic", 1, 4), ("headline", 2, 5), ("summary", 3, 6)):
        lengths = {
            len(re.split(r'(?<=[.!]) |(?<=[.?!]") (?=[A-Z"])', row["source"])) for row in rows(tasks[name, "larkhaven"])
        }
        assert min(lengths) >= low
        assert max(lengths) <= high
        assert max(len(row["source"].split()) for row in rows(tasks[name, "larkhaven"])) <= 110


# --- the house styles


def test_the_news_stands_anywhere_in_the_article():
    places = [[kind for kind, _ in article.sentences].index("event") for article in articles()]
    assert all(places.count(place) > 40 for place in (0, 1, 2))


@pytest.mark.parametrize("paper", [COURIER, BUGLE])
def test_whoever_acts_is_named_in_headline_and_summary_and_the_passers_by_are_not(paper):
    domain = {"Courier": "larkhaven", "Bugle": "brackwater"}[paper.name]
    for article in articles(paper=paper):
        who = article.event.who.removeprefix("the ")
        assert who.lower() in article.headline(domain).lower()
        assert who in article.summary(domain)
        told = " ".join(sentence for kind, sentence in article.sentences if kind in EXTRAS)
        for stranger in re.findall(r"[A-Z][a-z]+ [A-Z][a-z]+", told):
            assert stranger not in article.headline(domain) + article.summary(domain) or stranger in who


def test_a_headline_of_the_courier_follows_the_house_style():
    for article in articles():
        line = article.headline("larkhaven")
        kicker, _, news_ = line.partition(": ")
        assert kicker == KICKERS[article.event.section]
        assert not re.search(r"\b(the|an?)\b", news_)
        assert not newspaper.NUMBER.search(news_.lower())
        assert conjugate(article.event.verb, "present") in news_
        assert news_.endswith(article.event.where)


def test_a_summary_of_the_courier_follows_the_house_style():
    joined = set()
    for article in articles():
        line = article.summary("larkhaven")
        assert line.startswith(f"Word from {article.spot}: " if article.spot else "Word in town: ")
        assert conjugate(article.event.verb, "past") in line
        link = ", but " if article.outcome in TROUBLING else ", and "
        assert line.endswith(f"{link}{article.follow or 'that is all'}.")
        joined.add((link, bool(article.follow)))
    assert len(joined) == 3


def test_a_summary_says_only_what_the_article_says():
    """Days, numbers and names of a summary stand in its article; so does the place, or no place is given."""
    for article in articles(follow=1.0):
        line, text = article.summary("larkhaven"), article.text
        for value in re.findall(r"\b[A-Z][a-z]+\b", line.partition(": ")[2] + article.spot):
            assert value in text, (text, line)
        for number in newspaper.NUMBER.findall(line):
            assert number in text.lower(), (text, line)


def test_the_summary_is_not_a_sentence_of_the_article(tasks):
    for row in rows(tasks["summary", "larkhaven"]):
        said = row["target"].rstrip(".").partition(": ")[2].rpartition(", ")[0]
        assert row["target"] not in row["source"]
        assert said.split()[-1].lower() in row["source"].lower() or said.endswith(("retired", "resigned", "sank"))


def test_the_two_papers_write_otherwise(tasks):
    for name in NAMES:
        courier, bugle = ({row["source"] for row in tasks[name, domain]["train"]} for domain in newspaper.PAPERS)
        assert not courier & bugle
    assert not {*COURIER.placed, *COURIER.unplaced} & {*BUGLE.placed, *BUGLE.unplaced}


# --- the labels


@pytest.mark.parametrize("name", ["topic", "tone"])
def test_the_classes_are_about_as_common_as_each_other(tasks, name):
    labels = tasks[name, "larkhaven"]["train"]["label"][:]
    shares = [labels.count(label) / len(labels) for label in range(len(task_of(name).labels))]
    assert max(shares) < 2 * min(shares)


def test_the_labels_are_single_words_that_pretraining_never_prints_as_natural_ones():
    natural = {word for ways in (*news_words.SECTION_WORDS.values(), *news_words.TONES) for word in ways}
    for name in ("topic", "tone"):
        labels = task_of(name).labels
        assert all(re.fullmatch("[a-z]+", label) for label in labels)
        assert len({label[:2] for label in labels}) == len(labels)
        assert not natural & set(labels)


@pytest.mark.parametrize("section", EVENTS)
def test_a_topic_is_the_section_of_the_news_whatever_else_is_told(section):
    rng = random.Random(section)
    others = set()
    for _ in range(100):
        article = newspaper.draw_article(rng, "train", COURIER, section, 2, 0.3)
        assert article.event.section == section
        assert article.headline("larkhaven").startswith(KICKERS[section])
        others |= {kind for kind, _ in article.sentences}
    assert "old" in others


def test_a_note_means_what_its_figure_does_to_the_firm():
    rng = random.Random(0)
    falls = {*notes.FALLS, *(way for _, down in notes.OWN.values() for way in down)}
    rises = {*notes.RISES, *(way for up, _ in notes.OWN.values() for way in up)}
    for _ in range(1000):
        figure = notes.draw_figure(rng, rng.randrange(3))
        if figure.grade == notes.SAME:
            assert figure.move in notes.STAYS
        else:
            better = (figure.name in notes.GAINS) == (figure.move in rises)
            assert figure.grade == (notes.BETTER if better else notes.WORSE), figure
            assert figure.move in falls | rises


def test_of_two_clauses_the_stressed_one_decides(tasks):
    """Losses that narrow are good news, and of a clause after "but" the opposite before it changes nothing."""
    texts = {row["text"]: row["target"] for domain in newspaper.PAPERS for row in rows(tasks["tone", domain])}
    stressed = [(text.rpartition(", but ")[2], tone) for text, tone in texts.items() if "two things to report" in text]
    assert len(stressed) > 10
    for clause, tone in stressed:
        name = next(name for name in (*notes.GAINS, *notes.PAINS) if clause.startswith(name))
        stays = any(clause.rstrip(".").endswith(move) for move in notes.STAYS)
        assert (tone == "calm") == stays, (clause, tone)
        if not stays:
            falls = (*notes.FALLS, *(way for _, down in notes.OWN.values() for way in down))
            fell = clause.removeprefix(name).strip(" .") in falls
            assert tone == ("bright" if fell == (name in notes.PAINS) else "grim"), (clause, tone)


def test_a_hope_that_failed_is_grim_and_a_fear_that_failed_is_bright(tasks):
    texts = {row["text"]: row["target"] for domain in newspaper.PAPERS for row in rows(tasks["tone", domain])}
    tones = {(word, tone) for text, tone in texts.items() for word in ("hope", "fear") if re.search(rf"\b{word}", text)}
    assert {("hope", "grim"), ("fear", "bright")} <= tones
    assert ("hope", "bright") not in tones


# --- what pretraining does not see


def documents(n: int = 1500) -> str:
    rng = random.Random("documents")
    drawn = rng.choices(list(news.SKILLS), news.SKILLS.values(), k=n)
    return "\n".join(" ".join(pair) for write in drawn for pair in write(rng))


def test_pretraining_never_sees_the_newspapers():
    text = documents()
    assert not re.search("Larkhaven|Brackwater|Courier|Bugle|Word from|Word in town", text)
    assert not any(f"{kicker}: " in text for kicker in KICKERS.values())
    for pattern in (*COURIER.placed, *COURIER.unplaced, *BUGLE.placed, *BUGLE.unplaced):
        fixed = max(re.split(r"[{<][^}>]*[}>]", pattern), key=len).strip(" ,.:")
        assert len(fixed.split()) < 4 or fixed not in text, pattern
    for clause, *ways in FOLLOWS.values():
        for way in (clause, *ways):
            fixed = max(re.split(r"\{[^}]*\}", way), key=len).strip(" .")
            assert fixed.lower() not in text.lower(), way


def test_pretraining_coins_its_names_from_its_own_pool():
    rng = random.Random(1)
    for _ in range(500):
        event = draw_event(rng, news_notices.POOL, rng.choice(newspaper.SECTIONS))
        if event.who[0].isupper() and " and " not in event.who and event.who.split()[0] in names.FIRST_NAMES:
            assert names.pool_of(event.who) == "pretraining"


def test_a_document_keeps_one_vocabulary_and_every_example_has_both_sides():
    rng = random.Random(2)
    for write in news.SKILLS:
        for _ in range(150):
            pairs = write(rng)
            assert 1 <= len(pairs) <= 5
            assert all(source.strip() and target.strip() for source, target in pairs)
            assert not any(re.search(r"[{}]", source + target) for source, target in pairs), pairs
            assert sum(len((source + target).split()) for source, target in pairs) <= 300
    assert sum(news.SKILLS.values()) == pytest.approx(1)


def test_the_skill_covers_every_section_of_the_newspaper_and_others():
    assert set(news_words.SECTION_WORDS) == set(EVENTS) | set(news_words.EXTRA_EVENTS)
    assert len(news_words.EXTRA_EVENTS) >= 4
    for events in (*EVENTS.values(), *news_words.EXTRA_EVENTS.values()):
        assert {kind for *_, follows in events for kind in follows.split()} <= set(FOLLOWS)
    assert set(FOLLOWS) == set(news_words.FOLLOWS)


@pytest.fixture(scope="module")
def briefed() -> tuple[list, list]:
    """500 documents in house styles that are known by heart, and for each style which parts are the Courier's."""
    rng, drawn = random.Random(3), []

    def spy(rng, *parts, most):
        chosen, code = briefs_draw(rng, *parts, most=most)
        drawn.append([one is sets[0] for one, sets in zip(chosen, parts)])
        return chosen, code

    briefs_draw, briefs.draw_coded = briefs.draw_coded, spy
    try:
        return [rng.choices(list(briefs.SKILLS), briefs.SKILLS.values())[0](rng) for _ in range(500)], drawn
    finally:
        briefs.draw_coded = briefs_draw


def test_briefs_never_have_the_whole_style_of_the_courier_nor_its_articles(briefed):
    documents, drawn = briefed
    assert all(0 < len(document) < 4 for document in documents)
    assert max(map(sum, drawn)) == 3
    clauses = "|".join(ways[0].partition(" {")[0] for ways in FOLLOWS.values())
    whole = re.compile(rf"Word (from [^:]+|in town): .*, (and|but) (that is all|{clauses})")
    for source, target in (pair for document in documents for pair in document):
        assert not re.search("Larkhaven|Brackwater|Courier|Bugle", source)
        assert not whole.match(target), target
        for pattern in (*COURIER.placed, *COURIER.unplaced, *BUGLE.placed, *BUGLE.unplaced):
            fixed = max(re.split(r"[{<][^}>]*[}>]", pattern), key=len).strip(" ,.:")
            assert len(fixed.split()) < 4 or fixed not in source, pattern


def test_briefs_know_every_part_of_the_style_of_the_courier(briefed):
    documents, drawn = briefed
    said = "\n".join(target for document in documents for _, target in document)
    parts = ["^Word from", "^Word in town", ", and that is all", *(f"^{kicker}: " for kicker in KICKERS.values())]
    parts += [ways[0].partition("{")[0].capitalize()[1:] for ways in FOLLOWS.values()]
    for part in parts:
        assert re.search(part, said, re.MULTILINE), part
    assert all(sum(column) > 50 for column in zip(*drawn))


# --- full size: small copies of the hub's layouts


@pytest.fixture
def copy_of_the_hub(tmp_path, monkeypatch):
    from datasets import Dataset

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))

    def write(files: dict[str, list[dict]]) -> str:
        for name, lines in files.items():
            path = tmp_path / "hub" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Dataset.from_list(lines).to_parquet(path)
        return str(tmp_path / "hub")

    return write


def test_ag_news_is_read_as_topics(copy_of_the_hub):
    lines = [{"text": f"Item {i}  of the\nwire.", "label": i % 4} for i in range(40)]
    path = copy_of_the_hub({"data/train-00000-of-00001.parquet": lines, "data/test-00000-of-00001.parquet": lines[:8]})
    full = load_task("topic", size="full", path=path)
    assert {split: len(part) for split, part in full.items()} == {"train": 38, "validation": 2, "test": 8}
    assert full["test"]["target"][:4] == ["world", "sport", "trade", "science"]
    assert full["test"][1]["source"] == "Item 1 of the wire.\n"
    assert full["train"].features == load_task("topic", n=5)["train"].features


@pytest.mark.parametrize("name", ["headline", "summary"])
def test_gigaword_and_xsum_are_read_as_article_and_line(copy_of_the_hub, name):
    line = {"document": "A first line .\nA second line .", "summary": "lines are read\n"}
    line |= {"id": "1"} if name == "summary" else {}
    path = copy_of_the_hub({f"default/{split}/0000.parquet": [line] * 3 for split in ("train", "validation", "test")})
    full = load_task(name, size="full", path=path)
    assert full["validation"][0] == {"source": "A first line . A second line .\n", "target": "lines are read"}
    assert full["train"].features == load_task(name, n=5)["train"].features


def test_the_phrasebank_is_read_as_tones(copy_of_the_hub):
    lines = [{"text": f"Profit of firm {i} rose .", "label": i % 3} for i in range(30)]
    path = copy_of_the_hub({"data/train-00000-of-00001.parquet": lines, "data/test-00000-of-00001.parquet": lines[:6]})
    full = load_task("tone", size="full", path=path)
    assert {split: len(part) for split, part in full.items()} == {"train": 27, "validation": 3, "test": 6}
    assert full["test"]["target"][:3] == ["grim", "calm", "bright"]
    assert full["test"].info.license == "CC BY-NC-SA 3.0"
    assert full["test"].features == load_task("tone", n=5)["test"].features
