"""What the field report asks of a model: each task is a set, its rows, the kind of answer and how it is scored."""

from collections.abc import Callable
from dataclasses import dataclass

from real_sets import labelled, programs, questions, replies, restaurants, roles, summaries, tagged

from prefix_lab import metrics


@dataclass(frozen=True)
class Task:
    """A set put to a model: its rows, the kind of answer, the metric, a text for a prefix to start from."""

    set: str
    rows: Callable[[list[dict]], list[dict]]
    kind: str
    metric: str
    text: str
    steps: int
    batch: int = 16
    longest: int = 64  # tokens of a text that is written


# name -> set, rows, kind, metric, text to start from, steps, batch, and tokens of an answer that is written
TASKS = {
    "polarity": Task(
        "sentence_polarity", labelled("text", "label"), "label", "accuracy",
        "This film review sounds positive, or it sounds negative.", 120,
    ),
    "intents": Task(
        "snips", labelled("tokens", "intent"), "label", "accuracy", "What does the user ask the assistant to do?", 120,
    ),
    "slots": Task("snips", tagged("slots"), "tag", "entity F1", "Which words name what the user wants?", 200),
    "banking77": Task(
        "banking77", labelled("text", "category"), "label", "accuracy", "Which question is this to the bank?", 300,
    ),
    "pos": Task("ud_ewt", tagged("upos"), "tag", "tag accuracy", "Noun, verb, adjective, adverb, pronoun:", 150),
    "ner": Task("wnut17", tagged("tags"), "tag", "entity F1", "Names of people, places, groups, products:", 200),
    "roles": Task("ewt_srl", roles, "tag", "entity F1", "Who did what to whom, where and when?", 200),
    "squad": Task("squad11_dev", questions, "span", "token F1", "The answer to the question is these words:", 150),
    "e2e": Task("e2e_nlg", restaurants, "generate", "BLEU", "Describe the restaurant in a sentence:", 64, 8),
    "scitldr": Task("scitldr_a", summaries, "generate", "ROUGE-L", "Sum the paper up in a sentence:", 64, 4),
    "mbpp": Task("mbpp", programs, "generate", "pass@1", "Write the function in Python:", 64, 4, 128),
    "sgd": Task("sgd_small", replies, "generate", "BLEU", "What the assistant says to the user:", 64, 8),
}  # fmt: skip
METRICS = {  # name -> function, factor that makes it percent
    "accuracy": (metrics.accuracy, 100),
    "entity F1": (metrics.entity_f1, 100),
    "tag accuracy": (metrics.tag_accuracy, 100),
    "token F1": (metrics.token_f1, 100),
    "BLEU": (lambda answers, truth: metrics.bleu(answers, equally_many(truth)), 1),
    "ROUGE-L": (metrics.rouge, 100),
    "pass@1": (metrics.pass_at_1, 100),
}


def equally_many(truth: list[list[str]]) -> list[list[str]]:
    """As many references for each row: the first again where there are few, which changes no BLEU."""
    most = max(map(len, truth))
    return [refs + refs[:1] * (most - len(refs)) for refs in truth]
