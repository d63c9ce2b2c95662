"""Tagging: words and their tags, names and their types, who did what to whom, in many notations and label words.

Notations in which a tag stands next to its word are the commonest: a masked model then learns the tag from the word's
context. Sequences of tags alone, and the archive's sentences, are what chapters tune for and never occur.
"""

import random
import re
from collections.abc import Callable
from dataclasses import replace

from prefix_lab.bases.skills.labels import draw_labels
from prefix_lab.bases.skills.tagging_sentences import NAMER, draw_sentences
from prefix_lab.town.archive.tagged import NAMES, UPOS, Sentence, Span, spans
from prefix_lab.town.archive.words import LEXICON

Examples = list[tuple[str, str]]
WORDS = 230  # in a document

NAME_LABELS = [
    ("person", "firm", "place", "thing"), ("who", "company", "where", "title"), ("P", "F", "L", "T"),
    ("PERSON", "FIRM", "PLACE", "TITLE"), ("man", "house", "town", "work"), ("people", "firms", "places", "others"),
    ("Per", "Org", "Loc", "Misc"), ("somebody", "business", "somewhere", "something"), ("per", "org", "loc", "misc"),
]  # fmt: skip
POS_LABELS = [  # in the order of UPOS
    "adjective preposition adverb auxiliary conjunction article interjection noun number particle pronoun name stop "
    "subjunction sign verb foreign",
    "adj adp adv aux cconj det intj noun num part pron propn punct sconj sym verb x",
    "JJ IN RB MD CC DT UH NN CD TO PRP NNP . IN SY VB FW",
    "a p r x c d i n u t o N . s y v f",
    "quality place manner helper link pointer cry thing number small stand-in name point link sign action other",
    "Adj Prep Adv Aux Conj Art Excl Noun Num Part Pron Name Punct Conj Sign Verb Foreign",
]  # fmt: skip
COARSE = [  # noun, verb, adjective, name, rest
    ("noun", "verb", "adjective", "name", "other"), ("thing", "action", "quality", "name", "rest"),
    ("N", "V", "A", "P", "-"), ("n", "v", "adj", "prop", "o"), ("NN", "VB", "JJ", "NNP", "XX"),
]  # fmt: skip
ROLES = ("ARG0", "V", "ARG1", "ARG2", "ARGM-LOC", "ARGM-TMP")
ROLE_LABELS = [
    ("agent", "action", "thing", "other party", "place", "time"), ("who", "did", "what", "to or from whom", "where",
    "when"), ("doer", "verb", "object", "recipient", "place", "time"), ("A0", "REL", "A1", "A2", "LOC", "TMP"),
    ("subject", "predicate", "theme", "partner", "location", "date"), ("a", "v", "b", "c", "l", "t"),
]  # fmt: skip
INLINE = ("[{x}]({k})", "<{k}>{x}</{k}>", "{x}/{k}", "{x} ({k})", "{x} [{k}]", "({k}: {x})", "{x}|{k}", "{{{x}}}{k}",
    "{x} {k}", "[{x} {k}]", "{x} <{k}>", "*{x}* {k}", "{x}_{k}")  # fmt: skip
PER_WORD = ("{x}/{k}", "{x}/{k}", "{x} {k}", "{x} {k}", "{x}_{k}", "{x} ({k})", "{x}|{k}", "{x}:{k}", "{x} = {k}",
    "{k}: {x}", "[{x} {k}]", "<{k}>{x}", "{x} -{k}-")  # fmt: skip


def tidy(text: str) -> str:
    """`text` written as people do: no blank before a stop."""
    return re.sub(r" ([.,;:!?%])(?= |$)", r"\1", text)


def _writer(rng: random.Random) -> Callable[[str], str]:
    return str if rng.random() < 0.5 else tidy


def _fit(examples: Examples) -> Examples:
    """The first examples, as many as a document has room for."""
    kept, words = [], 0
    for source, target in examples:
        words += len(re.findall(r"\w+", source + " " + target))
        if kept and words > WORDS:
            break
        kept.append((source, target))
    return kept


def _join(sentence: Sentence, parts: list[Span], write: Callable[[str, str], str]) -> str:
    """The sentence with `write(words, type)` in place of each of `parts`."""
    words, done = [], 0
    for begin, end, kind in parts:
        words += [*sentence.words[done:begin], write(" ".join(sentence.words[begin:end]), kind)]
        done = end
    return " ".join([*words, *sentence.words[done:]])


def _role_parts(rng: random.Random, sentence: Sentence) -> list[Span]:
    return spans(rng.choice(sentence.roles))


def mark_names(rng: random.Random) -> Examples:
    """The names of a text marked where they stand, all of them or those of some types."""
    label = dict(zip(NAMES, draw_labels(rng, NAME_LABELS, 0.6)))
    form, show = rng.choice(INLINE), _writer(rng)
    wanted = NAMES if rng.random() < 0.7 else tuple(rng.sample(NAMES, rng.randint(1, 2)))
    sentences, examples = draw_sentences(rng, "names"), []
    if not any(kind in wanted for sentence in sentences for _, _, kind in spans(sentence.names)):
        wanted = NAMES
    for sentence in sentences:
        parts = [part for part in spans(sentence.names) if part[2] in wanted]
        marked = _join(sentence, parts, lambda x, kind: form.format(x=x, k=label[kind]))
        examples.append((show(sentence.text), show(marked)))
    return _fit(examples)


def tag_words(rng: random.Random) -> Examples:
    """Every word with its tag next to it: a part of speech, a name's type or a role."""
    kind = rng.choice(("pos", "pos", "coarse", "names", "names", "roles"))
    tags = _tagger(rng, kind)
    form, join = rng.choice(PER_WORD), rng.choice((" ", " ", " ", "\n", ", ", " | "))
    join = " " if form == "{x}/{k}" else join
    source = rng.choice((" ".join, " ".join, " ".join, " | ".join, ", ".join))
    cue, examples = rng.choice(("[{}]", "<{}>", "**{}**", "{}!", "({})")), []
    for sentence in draw_sentences(rng, {"names": "names", "roles": "roles"}.get(kind, ""), 4):
        sentence = replace(sentence, roles=sentence.roles[-1:] if rng.random() < 0.5 else sentence.roles[:1])
        told = (form.format(x=word, k=tag) for word, tag in zip(sentence.words, tags(sentence)))
        words = list(sentence.words)
        if kind == "roles":
            verb = sentence.roles[0].index("B-V")
            words[verb] = cue.format(words[verb])
        examples.append((source(words), join.join(told)))
    return _fit(examples)


def _tagger(rng: random.Random, kind: str) -> Callable[[Sentence], list[str]]:
    """A function from a sentence to one tag a word, in a vocabulary drawn here."""
    rest, begin = rng.choice(("O", "-", "o", ".", "_", "none", "0")), rng.choice(("", "", "B-{} I-{}", "{}1 {}2"))
    if kind == "pos":
        vocabulary = dict(zip(UPOS, rng.choice(POS_LABELS).split()))
        return lambda sentence: [vocabulary[tag] for tag in sentence.upos]
    if kind == "coarse":
        noun, verb, adjective, name, other = draw_labels(rng, COARSE)
        vocabulary = {"NOUN": noun, "VERB": verb, "ADJ": adjective, "PROPN": name}
        return lambda sentence: [vocabulary.get(tag, other) for tag in sentence.upos]
    known = NAMES if kind == "names" else ROLES
    natural = NAME_LABELS if kind == "names" else [tuple(w.split()[0] for w in words) for words in ROLE_LABELS]
    vocabulary = dict(zip(known, draw_labels(rng, natural)))
    first, inside = (begin or "{} {}").split(" ")

    def tags(sentence: Sentence) -> list[str]:
        told = [rest] * len(sentence.words)
        for start, end, name in spans(sentence.names if kind == "names" else sentence.roles[0]):
            told[start:end] = [first.format(vocabulary[name])] + [inside.format(vocabulary[name])] * (end - start - 1)
        return told

    return tags


def list_names(rng: random.Random) -> Examples:
    """The names of a text, listed by type."""
    label = dict(zip(NAMES, draw_labels(rng, NAME_LABELS, 0.7)))
    between, pair, none = (
        rng.choice(("; ", "\n", " | ")),
        rng.choice((": ", " = ", " - ")),
        rng.choice(("-", "none", "")),
    )
    one_a_name, show = rng.random() < 0.5, _writer(rng)
    examples = []
    for sentence in draw_sentences(rng, "names"):
        found = [(" ".join(sentence.words[a:b]), kind) for a, b, kind in spans(sentence.names)]
        if one_a_name:
            listed = [f"{name}{pair}{label[kind]}" for name, kind in found]
        else:
            by_kind = {kind: ", ".join(name for name, k in found if k == kind) for kind in NAMES}
            listed = [f"{label[kind]}{pair}{text or none}" for kind, text in by_kind.items() if text or none]
        examples.append((show(sentence.text), between.join(listed)))
    return _fit(examples)


def type_name(rng: random.Random) -> Examples:
    """A text and a name in it; the answer is what the name stands for there."""
    label = dict(zip(NAMES, draw_labels(rng, NAME_LABELS)))
    show = _writer(rng)
    ask = rng.choice((
        "{t}\nWhat is {x}?", "{t} {x}:", "{x} in this sentence: {t}", "{x} | {t}", "{t} ({x})", "{t}\n{x} is",
        "What does {x} stand for? {t}", "{t} // {x}", "Read: {t} Type of {x}?",
    ))  # fmt: skip
    say = rng.choice(("{k}", "{k}", "{k}", "({k})", "{x}: {k}", "{x} = {k}", "type {k}", "[{k}]"))
    examples = []
    for sentence in draw_sentences(rng, "names"):
        every = spans(sentence.names)
        bare = [part for part in every if part[1] == part[0] + 1]
        begin, end, kind = rng.choice(bare if bare and rng.random() < 0.7 else every)
        name = " ".join(sentence.words[begin:end])
        examples.append((ask.format(t=show(sentence.text), x=name), say.format(k=label[kind], x=name)))
    return _fit(examples)


def ask_roles(rng: random.Random) -> Examples:
    """A text, a question about one of its verbs, and the words that answer it."""
    label = dict(zip(ROLES, rng.choice(ROLE_LABELS)))
    ask = rng.choice(("{t}\n{k} ({v})?", "{t} {v}, {k}:", "{k} of {v}? {t}", "{t} | {v} | {k}", "{t}\nQ: {k}, {v}?"))
    none, show = rng.choice(("not said", "-", "nobody knows", "none")), _writer(rng)
    examples = []
    for sentence in draw_sentences(rng, "roles"):
        told = {kind: " ".join(sentence.words[a:b]) for a, b, kind in _role_parts(rng, sentence)}
        role = rng.choice([role for role in ROLES if role != "V" and (role in told or rng.random() < 0.2)] or ["ARG1"])
        question = ask.format(t=show(sentence.text), v=told["V"], k=label[role])
        examples.append((question, told.get(role, none)))
    return _fit(examples)


def mark_roles(rng: random.Random) -> Examples:
    """Who did what to whom: marked in the text, as a record, or from the record back to the text."""
    label = dict(zip(ROLES, draw_labels(rng, ROLE_LABELS, 0.7)))
    form, pair = rng.choice(INLINE), rng.choice((": ", " = ", " "))
    between, show = rng.choice(("; ", " | ", ", ", "\n")), _writer(rng)
    way, keep = rng.choice(("inline", "inline", "record", "record", "back")), rng.random() < 0.5
    examples = []
    for sentence in draw_sentences(rng, "roles"):
        parts = _role_parts(rng, sentence)
        verb = next(" ".join(sentence.words[a:b]) for a, b, kind in parts if kind == "V")
        text = show(sentence.text)
        told = {kind: " ".join(sentence.words[a:b]) for a, b, kind in parts}
        order = [kind for kind in ROLES if kind in told] if keep else list(told)
        record = between.join(f"{label[kind]}{pair}{told[kind]}" for kind in order)
        if way == "inline":
            marked = show(_join(sentence, parts, lambda x, kind: form.format(x=x, k=label[kind])))
            examples.append((f"{text} ({verb})" if len(sentence.roles) > 1 else text, marked))
        else:
            examples.append((text, record) if way == "record" else (record, text))
    return _fit(examples)


PICKS = {  # what to pick -> how to ask for it
    "VERB": ("verbs", "all verbs", "what is done", "actions"), "NOUN": ("nouns", "all nouns", "things", "common nouns"),
    "ADJ": ("adjectives", "qualities"), "NUM": ("numbers", "how many"), "ADP": ("prepositions", "place words"),
    "PROPN": ("proper nouns", "words of names", "capitals"), "DET": ("articles",), "PRON": ("pronouns",),
    "PER": ("people", "all people", "persons", "who"), "LOC": ("places", "where", "all places"),
    "ORG": ("firms", "companies"), "MISC": ("ships and books", "titles"), "*": ("names", "all names"),
}  # fmt: skip


def pick_words(rng: random.Random) -> Examples:
    """All words or names of one kind, or the first, last or longest of them; listed, or marked in the text."""
    named = rng.random() < 0.5
    sentences = draw_sentences(rng, "names" if named else "")
    there = {tag for sentence in sentences for tag in (*sentence.upos, *(kind for _, _, kind in spans(sentence.names)))}
    kind = rng.choice([pick for pick in PICKS if (pick in (*NAMES, "*")) == named and pick in (*sorted(there), "*")])
    which = rng.choice(("", "", "first", "last", "longest"))
    asked = f"{which} of the {PICKS[kind][0]}" if which else rng.choice(PICKS[kind])
    form, show = rng.choice(("{t}\n{k}:", "{k}: {t}", "{t} ({k})", "{t}", "{k} | {t}", "Find {k}. {t}")), _writer(rng)
    mark, comma = rng.choice((None, None, "*{}*", "<<{}>>", "[{}]", "_{}_")), rng.choice((", ", "; ", " ", "\n"))
    none, found = rng.choice(("none", "-", "not one", "0")), []
    for sentence in sentences:
        every = spans(sentence.names) if named else [(i, i + 1, tag) for i, tag in enumerate(sentence.upos)]
        parts = [part for part in every if kind in ("*", part[2])]
        if which and parts:
            length = [sum(map(len, sentence.words[a:b])) for a, b, _ in parts]
            parts = [parts[{"first": 0, "last": -1, "longest": length.index(max(length))}[which]]]
        if mark:
            target = show(_join(sentence, parts, lambda x, _: mark.format(x)))
        else:
            target = comma.join(" ".join(sentence.words[a:b]) for a, b, _ in parts) or none
        found.append((form.format(t=show(sentence.text), k=asked), target))
    return _fit(found)


def type_word(rng: random.Random) -> Examples:
    """A text and one word of it; the answer is its part of speech there: "ship" can be a thing or what is done."""
    noun, verb, adjective, name, other = draw_labels(rng, COARSE)
    vocabulary = {"NOUN": noun, "VERB": verb, "ADJ": adjective, "PROPN": name}
    ask = rng.choice(
        ("{t}\n{x}?", "{t} {x}:", "{x}: {t}", "{x} | {t}", "{t} ({x})", "{t}\nIs {x} {o}?", "{x}, as in: {t}")
    )
    options, show = " or ".join((noun, verb, adjective, name, other)), _writer(rng)
    examples = []
    for sentence in draw_sentences(rng):
        once = [i for i, word in enumerate(sentence.words) if sentence.words.count(word) == 1 and word.isalpha()]
        i = rng.choice([i for i in once if sentence.upos[i] in vocabulary and rng.random() < 0.9] or once or [0])
        question = ask.format(t=show(sentence.text), x=sentence.words[i], o=options)
        examples.append((question, vocabulary.get(sentence.upos[i], other)))
    return _fit(examples)


LISTED = {
    "NOUN": tuple(word for word, tag in LEXICON.items() if tag == "NOUN"),
    "VERB": tuple(word for word, tag in LEXICON.items() if tag == "VERB"),
    "ADJ": tuple(word for word, tag in LEXICON.items() if tag == "ADJ"),
    "X": tuple(word for word, tag in LEXICON.items() if word.isalpha() and tag not in ("NOUN", "VERB", "ADJ")),
}  # every word of the tagged texts that has one part of speech


def sort_words(rng: random.Random) -> Examples:
    """Words or names by themselves, each with what it is."""
    makers = (NAMER.person, NAMER.house, NAMER.site, rng.choice((NAMER.ship, NAMER.book)))
    named = rng.random() < 0.35
    if named:
        kinds: list = list(zip(draw_labels(rng, NAME_LABELS), makers))
    else:
        noun, verb, adjective, _, other = draw_labels(rng, COARSE)
        kinds = list(zip((noun, verb, adjective, other), LISTED.values()))
    form, join, source = (
        rng.choice(PER_WORD),
        rng.choice((", ", "; ", "\n", " | ")),
        rng.choice((", ", " ", "\n", " / ")),
    )
    source, one_kind = ", " if named else source, rng.random() < 0.25
    examples = []
    for _ in range(rng.choice((2, 3, 3, 4, 5))):
        found = []
        for kind, words in rng.choices(kinds[:3] if one_kind else kinds, k=rng.choice((1, 3, 4, 5, 6))):
            word = words(rng).partition("/")[0].replace("_", " ") if named else rng.choice(words)
            found.append((word, kind))
        wanted = found[0][1]
        if one_kind:
            target = f"{wanted}: " + join.join(word for word, kind in found if kind == wanted)
        else:
            target = join.join(form.format(x=word, k=kind) for word, kind in found)
        examples.append((source.join(word for word, _ in found), target))
    return _fit(examples)


SKILLS = {
    mark_names: 0.15, tag_words: 0.3, list_names: 0.06, type_name: 0.11, ask_roles: 0.08, mark_roles: 0.11,
    pick_words: 0.08, type_word: 0.06, sort_words: 0.05,
}  # fmt: skip
