"""What a step of pretraining reads: a batch of rows, by the objective of the base.

`next_token` (GPT), `masked` (BERT) and `blanks` (T5) each take the tokenized documents and a step, and return the
keyword arguments of the model's forward pass, `labels` among them. The same step gives the same batch. Some rows of
each are random tokens over and over, which only a head that copies can predict: such heads are what in-context
behaviour stands on (Olsson et al. 2022), and the corpus alone forms them late.
"""

from dataclasses import dataclass

import numpy as np
import torch

from prefix_lab.bases.corpus import BY_HEART
from prefix_lab.bases.tokenizer import BLANKS, SPECIAL
from prefix_lab.rows import IGNORED

WINDOW = 32  # steps that share out their documents by length, see `_alike`
ECHO = {0: 1.0, 100: 0.25, 400: 0.0625}  # from a step on, the share of rows that are echoes
# From a step on, the shares of short answers and of other tokens masked: most answers once they are known by heart
HIDDEN = {0: (0.5, 0.15), min(BY_HEART["lab-bert"]): (0.8, 0.04)}
SHORT = 4  # tokens of an answer that is masked whole


@dataclass(frozen=True)
class Text:
    """Tokenized documents in one line: `ids` (N,), `answers` (N,), `starts` (documents + 1,).

    `answers` is 0 in a document's contexts and its end token, and k in its k-th answer.
    """

    ids: np.ndarray
    answers: np.ndarray
    starts: np.ndarray

    def rows(self, first: int, count: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """`count` rows of `length` tokens without gaps from row `first` on, and their answers; both (count, length)."""
        part = slice(first * length, (first + count) * length)
        return self.ids[part].reshape(count, length), self.answers[part].reshape(count, length)


@dataclass(frozen=True)
class Batches:
    """Which rows a step reads: `rows` of `length` tokens, or as many documents; special tokens by their ids."""

    rows: int
    length: int
    vocabulary: int
    end: int
    pad: int
    mask: int
    seed: int
    echo: bool = True  # whether some rows repeat random tokens

    def rng(self, step: int) -> np.random.Generator:
        """The random numbers of a step."""
        return np.random.default_rng((self.seed, step))


def at(step: int, schedule: dict):
    """What `schedule` says for `step`."""
    return next(value for start, value in reversed(schedule.items()) if step >= start)


def echoes(batches: Batches, step: int) -> int:
    """How many of a step's rows repeat random tokens; a share of half a row is one row in every second step."""
    if not batches.echo:
        return 0
    share = at(step, ECHO)
    return int((step + 1) * batches.rows * share) - int(step * batches.rows * share)


def echo(rng: np.random.Generator, vocabulary: int, length: int) -> np.ndarray:
    """(length,) random tokens over and over, at least three times."""
    return np.resize(rng.integers(len(SPECIAL), vocabulary, rng.integers(4, length // 3)), length)


def next_token(text: Text, batches: Batches, step: int) -> dict[str, torch.Tensor]:
    """Rows (B, T) to be predicted token by token."""
    rng = batches.rng(step)
    ids = text.rows(step * batches.rows, batches.rows, batches.length)[0].astype(np.int64)
    for row in range(echoes(batches, step)):
        ids[row] = echo(rng, batches.vocabulary, batches.length)
    return {"input_ids": torch.from_numpy(ids), "labels": torch.from_numpy(ids)}


def masked(text: Text, batches: Batches, step: int) -> dict[str, torch.Tensor]:
    """Rows (B, T) in which many short answers are masked whole, and some of the other tokens by themselves.

    A chosen token of the latter becomes the mask in 80 %, a random token in 10 %, and stays in 10 % (Devlin et al.
    2019, section 3.1).
    """
    rng, (hide_short, hide_other) = batches.rng(step), at(step, HIDDEN)
    ids, answers = text.rows(step * batches.rows, batches.rows, batches.length)
    ids = ids.astype(np.int64)
    for row in range(echoes(batches, step)):
        ids[row], answers = echo(rng, batches.vocabulary, batches.length), answers.copy()
        answers[row] = 0
    edges = np.diff(answers.astype(np.int64), axis=1, prepend=0) != 0
    runs = np.cumsum(edges, axis=1)  # (B, T): which run of context or answer a token belongs to
    lengths = np.stack([np.bincount(row, minlength=batches.length + 1)[row] for row in runs])
    short = (answers > 0) & (lengths <= SHORT)
    hidden = rng.random((batches.rows, batches.length + 1)) < hide_short
    whole = short & np.take_along_axis(hidden, runs, axis=1)
    single = (rng.random(ids.shape) < hide_other) & ~short & (ids != batches.end)
    labels = np.where(whole | single, ids, IGNORED)
    fate = rng.random(ids.shape)
    shown = np.where(whole | (single & (fate < 0.8)), batches.mask, ids)
    random_ids = rng.integers(len(SPECIAL), batches.vocabulary, ids.shape)
    shown = np.where(single & (fate >= 0.9), random_ids, shown)
    return {"input_ids": torch.from_numpy(shown), "labels": torch.from_numpy(labels)}


def blanks(text: Text, batches: Batches, step: int) -> dict[str, torch.Tensor]:
    """Documents of like length: the encoder reads (B, S), the decoder writes an answer, or what blanks hide (B, T)."""
    rng = batches.rng(step)
    pairs = []
    for i, document in enumerate(_alike(text, batches, step)):
        if i < echoes(batches, step):
            ids = rng.integers(len(SPECIAL), batches.vocabulary, rng.integers(4, 48))
            pairs.append((ids, np.append(ids, batches.end)))
            continue
        part = slice(text.starts[document], text.starts[document + 1] - 1)  # without its end token
        pairs.append(_hide(rng, text.ids[part].astype(np.int64), text.answers[part], batches))
    sources = [source[-batches.length :] for source, _ in pairs]
    targets = [target[: batches.length // 2] for _, target in pairs]
    return {
        "input_ids": _pad(sources, batches.pad),
        "attention_mask": _pad([np.ones_like(source) for source in sources], 0),
        "labels": _pad(targets, IGNORED),
    }


def _alike(text: Text, batches: Batches, step: int) -> np.ndarray:
    """The documents of a step: WINDOW steps share theirs, sorted by length so that little is padding."""
    window, place = divmod(step, WINDOW)
    first = window * WINDOW * batches.rows
    lengths = np.diff(text.starts[first : first + WINDOW * batches.rows + 1])
    order = np.argsort(lengths, kind="stable").reshape(WINDOW, batches.rows)
    shuffled = np.random.default_rng((batches.seed, 1, window)).permutation(WINDOW)
    return first + order[shuffled[place]]


def _hide(rng: np.random.Generator, ids: np.ndarray, answers: np.ndarray, batches: Batches):
    """A source and a target from one document: one of its answers, most of its answers, or random spans.

    Most answers at once, because reading is what costs: the encoder reads a document once for all of them.
    """
    count = int(answers.max(initial=0))
    choice = rng.random()
    if choice < 0.3 and count and answers[0] == 0:
        wanted = count if rng.random() < 0.5 else rng.integers(1, count + 1)
        places = np.flatnonzero(answers == wanted)
        return ids[: places[0]], np.append(ids[places], batches.end)
    if choice < 0.92 and count:
        chosen = [k for k in range(1, count + 1) if rng.random() < 0.85] or [count]
        return _blank_out(ids, np.isin(answers, chosen), batches)
    ids = ids[-batches.length :]
    hidden = np.zeros(len(ids), dtype=bool)
    for start in rng.integers(0, len(ids), max(1, len(ids) // 20)):
        hidden[start : start + rng.integers(1, 6)] = True
    return _blank_out(ids, hidden, batches)


def _blank_out(ids: np.ndarray, hidden: np.ndarray, batches: Batches):
    """Each hidden run becomes a numbered blank; the target names each blank and says what it hides."""
    source, target = [], []
    runs = np.split(ids, np.flatnonzero(np.diff(hidden)) + 1)
    hides = bool(hidden[0])
    for number, run in enumerate(runs):
        if hides and number // 2 < len(BLANKS):
            source.append(SPECIAL.index(BLANKS[number // 2]))
            target += [source[-1], *run]
        else:
            source += [*run]
        hides = not hides
    return np.array(source), np.array([*target, batches.end])


def _pad(rows: list[np.ndarray], value: int) -> torch.Tensor:
    length = -(-max(len(row) for row in rows) // 32) * 32  # few different shapes, or each leaves its buffers behind
    padded = np.stack([np.pad(row, (0, length - len(row)), constant_values=value) for row in rows])
    return torch.from_numpy(padded.astype(np.int64))  # (B, T)
