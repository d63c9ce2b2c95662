"""Real public data sets as rows: read from a folder of their files, or from the hub where it has the same columns.

A file becomes *records*, named columns as the set has them; a task makes rows of them, as `prefix_lab.prediction` reads
them. What a set has no split for is cut off with a fixed seed.
"""

import csv
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "validation", "test")
SHARE = 0.1  # of the rows, cut off where a split is missing
Records = dict[str, list[dict]]


# --- files -------------------------------------------------------------------------------------------------------


def _csv(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _conll(path: Path) -> list[dict]:
    """A word and its tag a line, a blank line behind each sentence."""
    return [{"tokens": words, "tags": tags} for words, tags in _sentences(path, 0, 1)]


def _conllu(path: Path) -> list[dict]:
    """The words of CoNLL-U and their UPOS; ranges and empty nodes are left out."""
    return [{"tokens": words, "upos": tags} for words, tags in _sentences(path, 1, 3)]


def _sentences(path: Path, word: int, tag: int):
    sentence: list[tuple[str, str]] = []
    for line in [*_lines(path), ""]:
        cells = line.split("\t")
        if not line.strip():
            if sentence:
                yield list(map(list, zip(*sentence)))
            sentence = []
        elif len(cells) > tag and not (tag > 1 and (line.startswith("#") or not cells[0].isdigit())):
            sentence.append((cells[word].strip(), cells[tag].strip()))


def _parallel(folder: Path) -> list[dict]:
    """SNIPS: the words, their slots and the intent stand in three files, line by line."""
    files = [_lines(folder / name) for name in ("seq.in", "seq.out", "label")]
    columns = [[line.split() for line in lines] for lines in files]
    return [{"tokens": words, "slots": slots, "intent": intent[0]} for words, slots, intent in zip(*columns)]


def _squad(path: Path) -> list[dict]:
    """A record for each question, as the hub has it."""
    return [
        {
            "context": paragraph["context"],
            "question": one["question"].strip(),
            "answers": {name: [answer[name] for answer in one["answers"]] for name in ("text", "answer_start")},
        }
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for paragraph in article["paragraphs"]
        for one in paragraph["qas"]
    ]


def _polarity(folder: Path) -> Records:
    files = {"negative": "rt-polarity.neg", "positive": "rt-polarity.pos"}
    return {"train": [{"text": x, "label": y} for y, name in files.items() for x in _lines(folder / name) if x.strip()]}


def _mbpp(folder: Path) -> Records:
    """The split by ids of the paper (Austin et al. 2021): 601 to 974 train, 511 to 600 validation, 11 to 510 test."""
    bounds = {"train": range(601, 975), "validation": range(511, 601), "test": range(11, 511)}
    records = _jsonl(folder / "mbpp.jsonl")
    return {split: [one for one in records if one["task_id"] in ids] for split, ids in bounds.items()}


def _files(read: Callable[[Path], list[dict]], *names: str) -> Callable[[Path], Records]:
    """A file (or folder) for each of the first splits; where there are two, they are train and test."""
    splits = SPLITS if len(names) == 3 else ("train", "test")
    return lambda folder: {split: read(folder / name) for split, name in zip(splits, names)}


@dataclass(frozen=True)
class Set:
    """A public data set: its columns, and how its folder is read."""

    columns: tuple[str, ...]
    read: Callable[[Path], Records]


SETS = {
    "sentence_polarity": Set(("text", "label"), _polarity),
    "snips": Set(("tokens", "slots", "intent"), _files(_parallel, "train", "dev", "test")),
    "banking77": Set(("text", "category"), _files(_csv, "train.csv", "test.csv")),
    "ud_ewt": Set(("tokens", "upos"), _files(_conllu, *(f"en_ewt-ud-{x}.conllu" for x in ("train", "dev", "test")))),
    "wnut17": Set(("tokens", "tags"), _files(_conll, "train.conll", "dev.conll", "test.conll")),
    "ewt_srl": Set(("words", "predicate_index", "tags"), _files(_jsonl, "train.jsonl", "dev.jsonl", "test.jsonl")),
    "squad11_dev": Set(
        ("context", "question", "answers"), _files(_squad, "split/train.json", "split/dev.json", "split/test.json")
    ),
    "e2e_nlg": Set(("mr", "ref"), _files(_csv, "train.csv", "dev.csv", "test.csv")),
    "scitldr_a": Set(("source", "target"), _files(_jsonl, "train.jsonl", "dev.jsonl", "test.jsonl")),
    "mbpp": Set(("task_id", "text", "code", "test_list"), _mbpp),
    "sgd_small": Set(("turns",), _files(_jsonl, "train.jsonl", "dev.jsonl", "test.jsonl")),
}


def records(name: str, data: str) -> Records:
    """The three splits of a set. data: its folder, the folder that its folder lies in, or a name on the hub.

    Raises ValueError where the folder or the hub's copy is not this set in its own layout.
    """
    known, folder = SETS[name], Path(data).expanduser()
    if folder.is_dir():
        inside = folder / name if (folder / name).is_dir() else folder
        try:
            found = known.read(inside)
        except FileNotFoundError as error:
            raise ValueError(f"{folder} is no copy of {name}: {error.filename} is missing") from error
        except (KeyError, TypeError, IndexError, json.JSONDecodeError) as error:
            raise ValueError(f"{inside} is not {name} in its own layout: {type(error).__name__}: {error}") from error
    elif folder.is_absolute() or data.startswith((".", "~")):
        raise ValueError(f"{folder} is no folder; --data takes the folder of {name}, or a name on the hub")
    else:
        import datasets

        found = {split: list(rows) for split, rows in datasets.load_dataset(data).items()}
    for split, rows in found.items():
        columns = rows[0].keys() if rows else ()
        if missing := [column for column in known.columns if column not in columns]:
            raise ValueError(
                f"{data} is not {name} in its own layout: its {split} split has {', '.join(columns) or 'no rows'}, "
                f"but needs {', '.join(missing)}; pass the folder of the set's own files"
            )
    return _three(found)


def _three(found: Records) -> Records:
    """Train, validation and test, of which a missing one is cut off the training rows by a seed."""
    if "test" not in found and "validation" in found:
        found = {"train": found["train"], "test": found["validation"]}
    train = list(found["train"])
    random.Random(0).shuffle(train)
    cut, made = max(1, int(SHARE * len(train))), {}
    for split in SPLITS[:0:-1]:
        if split in found:
            made[split] = found[split]
        else:
            made[split], train = train[:cut], train[cut:]
    return {"train": train} | made


# --- rows --------------------------------------------------------------------------------------------------------


def labelled(text: str, label: str):
    """Rows of a class for a whole text."""
    return lambda records: [{"source": _text(one[text]), "target": one[label]} for one in records]


def tagged(tags: str):
    """Rows of a tag for each word."""
    return lambda records: [
        {"source": " ".join(one["tokens"]), "tokens": one["tokens"], "tags": one[tags]} for one in records
    ]


def roles(records: list[dict]) -> list[dict]:
    """Rows of semantic roles; the predicate stands between two marks, and its own tag, which is given, is O."""
    rows = []
    for one in records:
        at, words = one["predicate_index"], one["words"]
        tags = ["O" if tag.endswith("-V") else tag for tag in one["tags"]]
        words = [*words[:at], "*", words[at], "*", *words[at + 1 :]]
        rows.append(
            {"source": " ".join(words), "tokens": words, "tags": [*tags[:at], "O", tags[at], "O", *tags[at + 1 :]]}
        )
    return rows


def questions(records: list[dict]) -> list[dict]:
    """Rows of an answer inside a paragraph of at most 700 characters."""
    return [
        one | {"source": f"{one['question']}\n{one['context']}", "references": one["answers"]["text"]}
        for one in records
        if len(one["context"]) <= 700 and one["answers"]["text"]
    ]


def restaurants(records: list[dict]) -> list[dict]:
    """A row for each table with all that people wrote for it; trained is the first sentence."""
    texts: dict[str, list[str]] = {}
    for one in records:
        texts.setdefault(one["mr"], []).append(one["ref"])
    return [{"source": f"{mr}\n", "target": refs[0], "references": refs} for mr, refs in texts.items()]


def summaries(records: list[dict]) -> list[dict]:
    """The first 1,000 characters of an abstract, and its summaries in a sentence."""
    return [
        {"source": f"{abstract[:1000]}\n\nTL;DR:\n", "target": one["target"][0], "references": one["target"]}
        for one in records
        for abstract in [" ".join(one["source"])]
    ]


def programs(records: list[dict]) -> list[dict]:
    """What a function shall do, with the first of its tests, and the function."""
    return [
        {
            "source": f"{one['text']}\n{one['test_list'][0]}\n\n",
            "target": one["code"].replace("\r\n", "\n"),
            "references": one["test_list"],
        }
        for one in records
    ]


def replies(records: list[dict]) -> list[dict]:
    """What the user said last, what the system is to do, and how it says that."""
    rows = []
    for one in records:
        for user, system in zip(one["turns"], one["turns"][1:]):
            if system["speaker"] == "SYSTEM" and user["speaker"] == "USER":
                acts = "; ".join(f"{act} {slot} {', '.join(values)}".rstrip() for act, slot, values in system["acts"])
                source = f"user: {user['text']}\nacts: {acts}\n"
                rows.append({"source": source, "target": system["text"], "references": [system["text"]]})
    return rows


def _text(value) -> str:
    return value.strip() if isinstance(value, str) else " ".join(value)
