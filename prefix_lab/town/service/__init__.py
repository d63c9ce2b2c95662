"""The desk of the Bank of Larkhaven: what its customers want, what they name, and what the desk replies."""

import random
import re

from prefix_lab.town import names
from prefix_lab.town.grammar import capital
from prefix_lab.town.rows import Hub, Task
from prefix_lab.town.service.bank import FILED, INTENTS, Intent
from prefix_lab.town.service.slots import draw_tagged, slot_features, slot_row
from prefix_lab.town.service.speech import WRAPPINGS, Gaps, request, say, with_chat
from prefix_lab.town.service.talks import draw_talk, read_multiwoz, talk_features, talk_row
from prefix_lab.town.service.words import ACTS

LABELS = tuple(INTENTS)

# The rows lie sorted by intent, 130 of each on average: ten of every hundred are taken for validation.
_TENS = range(0, 10_000, 100)
BANKING77 = Hub(
    repository="mteb/banking77",
    revision="refs/convert/parquet",
    licence="CC BY 4.0",
    about="Banking77 (Casanueva et al. 2020): questions to a bank, 77 intents. Ten of every hundred rows of train are "
    "taken for validation.",
    splits={
        "train": "+".join(f"train[{i + 10}:{i + 100}]" for i in _TENS),
        "validation": "+".join(f"train[{i}:{i + 10}]" for i in _TENS),
        "test": "test",
    },
)
SNIPS = Hub(
    repository="LightChen2333/OpenSLU",
    revision="refs/convert/parquet",
    licence="MIT",
    about="SNIPS (Coucke et al. 2018): spoken orders to a voice assistant, 39 slots in BIO, as OpenSLU splits them.",
    config="snips",
)
MULTIWOZ = Hub(
    repository="pfb30/multi_woz_v22",
    revision="refs/convert/parquet",
    licence="Apache 2.0",
    about="MultiWOZ 2.2 (Zang et al. 2020): talks with an office that books trains, tables, rooms and taxis in a town.",
    config="v2.2",
)


def intent_features() -> dict:
    """What a row of "intent" holds, in both sizes."""
    from datasets import ClassLabel, Value

    return {
        "source": Value("string"),  # the request, with the line's end
        "target": Value("string"),  # the verbaliser: LABELS[label]
        "text": Value("string"),  # the request
        "label": ClassLabel(names=list(LABELS)),
        "intent": Value("string"),  # Banking77's own intent, one of 77; in the lab the same as `target`
    }


def intent_row(text: str, label: str, intent: str) -> dict:
    """A row of "intent"."""
    text = " ".join(text.split())
    return {"source": text + "\n", "target": label, "text": text, "label": LABELS.index(label), "intent": intent}


def draw_intent(rng: random.Random, pool: str, domain: str) -> dict:
    """A customer's request and what it comes down to."""
    label = rng.choice(LABELS)
    return intent_row(draw_request(rng, pool, INTENTS[label]), label, label)


def draw_request(rng: random.Random, pool: str, intent: Intent) -> str:
    """What a customer says who has `intent`: outright, or by way of a hint."""
    if intent.act and rng.random() < 0.5:
        return request(rng, pool, ACTS[intent.act], intent.x)
    hint = names.coin(rng, lambda rng: hint_at(rng, pool, intent), pool)
    return with_chat(rng, hint, pool) if rng.random() < 0.35 else hint


ASKS = re.compile(r"(how|what|where|which|when|why|is|are|do|does|did|can|could|may|will|would|have|am|must) ")
DEMANDS = re.compile(r"(give|let|pay|hold|print|turn|top|please|no more|one card|\d+ crowns) ?")


def hint_at(rng: random.Random, pool: str, intent: Intent) -> str:
    """A sentence that only hints at `intent`, as a question, a demand or a tale."""
    hint = say(rng, rng.choice(intent.hints), Gaps(rng, pool)).strip()
    if "?" in hint:
        return capital(hint)
    if DEMANDS.match(hint):
        return capital(hint) + "."
    return capital(say(rng, rng.choice(WRAPPINGS["ask" if ASKS.match(hint) else "tell"]), Gaps(rng, pool, v=hint)))


TASKS = {
    "intent": Task(
        about="Requests at the Bank of Larkhaven and which of 24 things each customer wants.",
        features=intent_features,
        draw=draw_intent,
        hub=BANKING77,
        read=lambda row: intent_row(row["text"], FILED[row["label_text"]], row["label_text"]),
        labels=LABELS,
        unique="text",
        texts=("text",),
    ),
    "slots": Task(
        about="Requests at the Bank of Larkhaven: which words name a sum, who pays, who is paid, when, where.",
        features=slot_features,
        draw=lambda rng, pool, domain: slot_row(*draw_tagged(rng, pool)),
        hub=SNIPS,
        read=lambda row: slot_row(row["text"], row["slot"]),
        texts=("source",),
    ),
    "dialogue": Task(
        about="Talks at the desk of the Bank of Larkhaven and the one reply that the house's manner allows.",
        features=talk_features,
        draw=lambda rng, pool, domain: talk_row(*draw_talk(rng, pool)),
        hub=MULTIWOZ,
        read=read_multiwoz,
    ),
}
