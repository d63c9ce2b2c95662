"""From rows to a `datasets.DatasetDict`, whether they are generated or read from the hub."""

from collections.abc import Callable
from dataclasses import dataclass

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Hub:
    """Where the full-size data lies: repository, revision, licence, and what it is."""

    repository: str
    revision: str
    licence: str
    about: str


def from_rows(splits: dict[str, list[dict]], features: dict, about: str, licence: str):
    """A DatasetDict of generated rows; `features` are `datasets` features by name."""
    from datasets import Dataset, DatasetDict, DatasetInfo, Features

    info = DatasetInfo(description=about, license=licence, features=Features(features))
    return DatasetDict({name: Dataset.from_list(rows, info=info) for name, rows in splits.items()})


def from_hub(hub: Hub, to_row: Callable[[dict], dict], features: dict, seed: int, n: int | None, path: str | None):
    """A DatasetDict with the hub's rows passed through `to_row`; `path` reads a copy of the hub's files instead.

    Raises OSError, saying what to do, where the data cannot be had, and ValueError where it has other columns.
    """
    from datasets import DatasetDict, Features, load_dataset
    from datasets.exceptions import DatasetsError

    place = str(path or hub.repository)
    try:
        raw = load_dataset(str(path)) if path is not None else load_dataset(hub.repository, revision=hub.revision)
    except (DatasetsError, OSError, ValueError) as error:
        where = f"path={place!r}" if path is not None else f"{place!r} on the Hugging Face hub"
        raise OSError(
            f"size='full' reads {where}, which could not be loaded ({type(error).__name__}: {error}). Connect to the "
            f"network once, pass path= with a copy of the repository's files, or use size='lab'."
        ) from error
    if missing := [split for split in SPLITS if split not in raw]:
        raise ValueError(f"the data at {place!r} has no split {missing}, only {sorted(raw)}")
    splits = {}
    for split in SPLITS:
        rows = raw[split]
        if split == "train" and n is not None:
            rows = rows.shuffle(seed=seed).select(range(min(n, len(rows))))
        columns = rows.column_names
        try:
            splits[split] = rows.map(to_row, remove_columns=columns, features=Features(features))
        except KeyError as error:
            raise ValueError(f"the data at {place!r} has no column {error}, only {columns}") from error
        splits[split].info.description, splits[split].info.license = hub.about, hub.licence
    return DatasetDict(splits)
