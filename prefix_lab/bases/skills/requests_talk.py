"""Talks at a desk: one to three turns, and the reply that the desk's manner, drawn for the document, gives to them."""

import random
from dataclasses import dataclass

from prefix_lab.bases.skills.requests_desks import ORDERS
from prefix_lab.bases.skills.requests_orders import POOL, draw_particulars, write_order
from prefix_lab.town import names
from prefix_lab.town.grammar import capital, listing
from prefix_lab.town.service.speech import with_chat
from prefix_lab.town.service.words import ACTS

# With the name where it is known, and without.
GREETINGS = (
    ("Good day, {name}.", "Good day."), ("Welcome, {name}!", "Welcome, stranger!"), ("{name}! How nice.", "How nice."),
    ("", ""),
    ("Hello {name}.", "Hello."), ("At your service, {name}.", "At your service."), ("Ah, {name}.", "Ah."),
    ("Dear {name},", "Dear guest,"),
    ("Yes, {name}.", "Yes."), ("{name}, good to see you.", "Good to see you."), ("Thank you, {name}.", "Thank you."),
    ("{name}:", "You:"),
    ("Of course, {name}.", "Of course."), ("Sit down, {name}.", "Who are you?"),
)  # fmt: skip
ECHOES = (
    "{v}, very well.", "I have {v}.", "{v}: noted.", "Right, {v}.", "You said {v}.", "{what} {v}, then.", "",
    "So it is {v}.", "({v})",
    "{what}: {v}.", "{v}!", "I write down {v}.", "We have understood {v}.", "{v}, did you say?", "{v} it shall be.",
    "First, {v}.",
)  # fmt: skip
QUESTIONS = (
    "{q0}", "{q0}", "{q0}", "{q1}", "{q1}", "And the {k}?", "Please tell me the {k}.", "The {k}?",
    "Only the {k} is missing.", "{K}, please.",
    "May I ask the {k}?", "What about the {k}?", "I still need the {k}.", "Without the {k} I can do nothing.", "[{k}]",
    "No {k} yet.",
)  # fmt: skip
ENDINGS = (
    "It is done.", "That is all I need.", "All settled: {all}.", "I shall see to it.",
    "Everything is written down: {all}.", "Good.", "{what}: {all}.",
    "Consider it done.", "Nothing is missing.", "You will hear from us.", "{all}. It is ready.",
    "We keep {what} for you.", "Goodbye.", "[{all}]",
)  # fmt: skip
SPEAKERS = (
    ("A", "B"), ("Visitor", "Clerk"), ("Guest", "Host"), ("you", "me"), ("Q", "R"), ("one", "other"), ("Caller",
    "Operator"), ("Man", "Woman"),
    ("Traveller", "Keeper"), ("Reader", "Librarian"), ("1", "2"), ("User", "Assistant"), ("Asker", "Helper"), ("in",
    "out"), ("left", "right"),
)  # fmt: skip
TURNS = (
    "{s}: {t}",
    "{s}: {t}",
    "{s}: {t}",
    "- {t}",
    "<{s}> {t}",
    "[{s}] {t}",
    "{s} says: {t}",
    '"{t}" ({s})',
    "{s} | {t}",
    "{s}> {t}",
    "{t}",
)
HELLOS = ("", "", "Good morning.", "Hello!", "Good evening.", "Excuse me.", "Hello there.", "So.")
INTRODUCTIONS = ("My name is {n}.", "I am {n}.", "This is {n}.", "{n} is my name.", "{n} here.", "They call me {n}.")
WORDS = sorted({word for act in ACTS.values() for way in act.tell + act.ask for word in way.split() if word.isalpha()})


def _odd(rng: random.Random, gap: str) -> str:
    """Wording that exists in one document only, around `gap`."""
    before, after = (" ".join(rng.sample(WORDS, rng.randint(0, 2))) for _ in range(2))
    return " ".join(filter(None, (before, gap, after))) + rng.choice(".!?;")


@dataclass(frozen=True)
class Manner:
    """How a desk replies: greeting, echo of what was said, question for the first thing that is missing, ending."""

    greeting: tuple[str, str]
    echo: str
    question: str
    ending: str
    order: tuple[int, int, int]
    first_name: bool
    echoes_one: bool
    joiner: str

    def reply(
        self, what: str, name: str, said: dict[str, str], missing: list[str], known: dict[str, str], desk: str
    ) -> str:
        """The one reply that the manner has for what is known."""
        greeting = self.greeting[not name].format(name=name.split()[0] if name and self.first_name else name)
        values = list(said.values())[: 1 if self.echoes_one else None]
        echo = self.echo.format(v=listing(values), what=what) if values else ""
        if missing:
            questions = ORDERS[desk][1][missing[0]][2]
            last = self.question.format(k=missing[0], K=capital(missing[0]), q0=questions[0], q1=questions[1])
        else:
            last = self.ending.format(all=self.joiner.join(known.values()), what=what)
        pieces = (greeting, echo, last)
        return " ".join(capital(pieces[i]) for i in self.order if pieces[i])


def draw_manner(rng: random.Random) -> Manner:
    """A manner at random; at times its words are met nowhere else."""
    odd = rng.random() < 0.3
    return Manner(
        greeting=(_odd(rng, "{name}"), _odd(rng, "")) if odd else rng.choice(GREETINGS),
        echo=_odd(rng, "{v}") if odd else rng.choice(ECHOES),
        question=_odd(rng, "{k}") if odd and rng.random() < 0.5 else rng.choice(QUESTIONS),
        ending=_odd(rng, "{all}") if odd else rng.choice(ENDINGS),
        order=rng.choice(((0, 1, 2), (0, 1, 2), (0, 1, 2), (0, 2, 1), (1, 2, 0), (1, 0, 2))),
        first_name=rng.random() < 0.3,
        echoes_one=rng.random() < 0.3,
        joiner=rng.choice((", ", " / ", "; ", " and ", " - ")),
    )


def reply(rng: random.Random) -> list[tuple[str, str]]:
    """The turns of a talk so far -> what the desk says next, always in one manner."""
    desk, manner, speakers, turn = rng.choice(list(ORDERS)), draw_manner(rng), rng.choice(SPEAKERS), rng.choice(TURNS)
    if rng.random() < 0.4:
        speakers = tuple(rng.sample((*speakers, rng.choice(speakers).upper(), names.word(rng), "Desk", "House"), 2))
    join, cue = rng.choice(("\n", "\n", "\n", " ", " / ")), rng.random() < 0.4
    share = rng.choice((0.4, 0.6, 0.8))
    examples = []
    for _ in range(rng.choice((2, 3, 3, 4, 4))):
        lines, answer = _talk(rng, desk, manner, share)
        written = [turn.format(s=speakers[i % 2], t=text) for i, text in enumerate(lines)]
        examples.append((join.join(written) + (join + speakers[1] + ":" if cue else ""), answer))
    return examples


def _talk(rng: random.Random, desk: str, manner: Manner, share: float) -> tuple[list[str], str]:
    """One or three turns and the next reply."""
    particulars, what = draw_particulars(rng, desk), rng.choice(ORDERS[desk][0])
    known = {key: value for key, value in particulars.items() if rng.random() < share}
    name = names.coin(rng, names.person, POOL) if rng.random() < 0.6 else ""

    def opening(rng: random.Random) -> str:
        order = "".join(piece for piece, _ in write_order(rng, desk, known, what))
        introduction = rng.choice(INTRODUCTIONS).format(n=name) if name else ""
        return capital(" ".join(filter(None, (rng.choice(HELLOS), introduction, order))))

    lines, said = [names.coin(rng, opening, POOL)], known
    if rng.random() < 0.15:
        lines[0] = with_chat(rng, lines[0], POOL)
    missing = [key for key in particulars if key not in known]
    if missing and rng.random() < 0.5:  # one round further on
        key = missing.pop(0)
        lines.append(manner.reply(what, name, said, [key], known, desk))
        said = {key: particulars[key]}
        known = {each: particulars[each] for each in particulars if each in known or each == key}
        lines.append(
            rng.choice(("{v}.", "{v}, please.", "{v}, I think.", "{v}, if you can.", "Let me think. {v}.")).format(
                v=capital(said[key])
            )
        )
    return lines, manner.reply(what, name, said, missing, known, desk)
