"""The metrics of the chapters, each `metric(predictions, references) -> float`: thin names over well-kept libraries.

A metric takes one prediction for each row and what it is measured against, in the same order. The libraries come with
`pip install "prefix-lab[metrics]"` and are imported by the metric that needs them.
"""

import re
import string
from collections import Counter

from .extras import extra

ROUGES = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def bleu(predictions, references, tokenize: str = "13a") -> float:
    """Corpus BLEU, 0 to 100, as sacrebleu counts it.

    references: a text for each prediction, or a list of alternatives, as many for each. tokenize: "13a" for languages
    that write spaces, "zh" for Chinese. Source: Papineni et al. 2002; Post 2018.
    """
    with extra("metrics"):
        from sacrebleu import corpus_bleu

    return corpus_bleu(_texts(predictions, references), _streams(references), tokenize=tokenize).score


def chrf(predictions, references) -> float:
    """Corpus chrF (n-grams of 1 to 6 characters), 0 to 100, as sacrebleu counts it. Source: Popović 2015."""
    with extra("metrics"):
        from sacrebleu import corpus_chrf

    return corpus_chrf(_texts(predictions, references), _streams(references)).score


def rouge(predictions, references, kind: str = "rougeL") -> float:
    """The F score of ROUGE, 0 to 1, mean over the rows, without stemming; the best of several references counts.

    kind: "rouge1", "rouge2", "rougeL" or "rougeLsum". It reads Latin letters and digits only. Source: Lin 2004.
    """
    with extra("metrics"):
        from rouge_score.rouge_scorer import RougeScorer

    if kind not in ROUGES:
        raise ValueError(f"kind must be one of {', '.join(ROUGES)}, got {kind!r}")
    scorer = RougeScorer([kind])
    return _best(_texts(predictions, references), references, lambda p, r: scorer.score(r, p)[kind].fmeasure)


def accuracy(predictions, references) -> float:
    """The share of rows predicted right, 0 to 1; the rows hold labels (numbers or texts)."""
    with extra("metrics"):
        from sklearn.metrics import accuracy_score

    _check(predictions, references)
    return float(accuracy_score(list(references), list(predictions)))


def macro_f1(predictions, references) -> float:
    """The F1 of each class, 0 to 1, mean over the classes that occur; a rare class counts as much as a common one."""
    with extra("metrics"):
        from sklearn.metrics import f1_score

    _check(predictions, references)
    return float(f1_score(list(references), list(predictions), average="macro", zero_division=0.0))


def tag_accuracy(predictions, references) -> float:
    """The share of words with the right tag, 0 to 1; a row is a list of tags, one for each word."""
    _check_tags(predictions, references)
    return accuracy([tag for row in predictions for tag in row], [tag for row in references for tag in row])


def entity_f1(predictions, references) -> float:
    """The F1 of whole entities, 0 to 1: a span counts where its borders and its class are both right.

    A row is a list of BIO tags ("B-PER", "I-PER", "O"), one for each word. Source: Tjong Kim Sang & De Meulder 2003.
    """
    with extra("metrics"):
        from nervaluate import Evaluator

    _check_tags(predictions, references)
    classes = sorted({tag[2:] for rows in (predictions, references) for row in rows for tag in row if tag != "O"})
    found = Evaluator(list(references), list(predictions), tags=classes, loader="list").evaluate()
    if isinstance(found, tuple):  # nervaluate before 0.3, the last one for Python 3.10
        return float(found[0]["strict"]["f1"])
    return float(found["overall"]["strict"].f1)


def exact_match(predictions, references) -> float:
    """The share of answers equal to a reference, 0 to 1, after SQuAD's normalisation: case, articles, punctuation.

    references: a text for each prediction, or a list of right answers. Source: Rajpurkar et al. 2016.
    """
    return _best(_texts(predictions, references), references, lambda p, r: float(_normal(p) == _normal(r)))


def token_f1(predictions, references) -> float:
    """The overlap of words with the nearest reference, as F1, 0 to 1, mean over the rows, normalised as `exact_match`.

    Source: Rajpurkar et al. 2016.
    """
    return _best(_texts(predictions, references), references, _word_f1)


def pass_at_1(predictions, references) -> float:
    """The share of programs that pass their tests, 0 to 1; one program for each task, run as `town.sandbox` says.

    references: for each task its tests, lines of Python that assert. Source: Chen et al. 2021.
    """
    programs = _texts(predictions, references)
    from prefix_lab.town import sandbox

    return sandbox.pass_at_1(programs, references)


# --- one prediction against its references -----------------------------------------------------------------------


def _normal(text: str) -> str:
    """SQuAD's own normalisation: lower case, without punctuation, articles and repeated spaces."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def _word_f1(prediction: str, reference: str) -> float:
    ours, theirs = _normal(prediction).split(), _normal(reference).split()
    if not ours or not theirs:
        return float(ours == theirs)
    shared = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * shared / (len(ours) + len(theirs))


def _best(predictions, references, score) -> float:
    """The mean over the rows of the score against the reference that suits best."""
    best = [
        max(score(prediction, one) for one in _alternatives(row)) for prediction, row in zip(predictions, references)
    ]
    return sum(best) / len(best)


def _alternatives(reference) -> list[str]:
    return [reference] if isinstance(reference, str) else list(reference)


def _streams(references) -> list[list[str]]:
    """References as sacrebleu wants them: a list of all first ones, a list of all second ones, ..."""
    rows = [_alternatives(reference) for reference in references]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("references must hold as many alternatives for each prediction")
    return [list(stream) for stream in zip(*rows)]


def _texts(predictions, references) -> list[str]:
    _check(predictions, references)
    for index, prediction in enumerate(predictions):
        if not isinstance(prediction, str):
            raise TypeError(f"predictions[{index}] must be a text, got {type(prediction).__name__}")
        if not isinstance(references[index], str) and not len(references[index]):
            raise ValueError(f"references[{index}] holds no text")
    return list(predictions)


def _check(predictions, references) -> None:
    for name, given in (("predictions", predictions), ("references", references)):
        if isinstance(given, str):
            raise TypeError(f"{name} must be a list with an entry for each row, got one text")
        if len(given) == 0:
            raise ValueError(f"{name} must hold at least one row, got none")
    if len(predictions) != len(references):
        raise ValueError(f"predictions has {len(predictions)} rows, but references has {len(references)}")


def _check_tags(predictions, references) -> None:
    _check(predictions, references)
    for index, (prediction, reference) in enumerate(zip(predictions, references)):
        if len(prediction) != len(reference):
            raise ValueError(
                f"predictions[{index}] has {len(prediction)} tags, but references[{index}] has {len(reference)}; "
                "give one tag for each word"
            )
