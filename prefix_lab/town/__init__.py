"""Larkhaven, the invented town that every chapter's data is about: `load_task(name)` gives a task's rows.

Each family of tasks is a module here; it says which rows a seed gives and where the full-size counterpart lies.
"""

from importlib import import_module

TASKS = {"directory": "directory"}  # a task's name -> the module of its family
SIZES = ("lab", "full")


def load_task(name: str, size: str = "lab", seed: int = 0, n: int | None = None, path: str | None = None):
    """The task `name` as a `datasets.DatasetDict` with the splits train, validation and test.

    size "lab" is generated from `seed` in a second; "full" comes from the hub (or from `path`, a copy of the hub's
    files). n: rows in train (lab: 300 where not given, and n=50 gives the first 50 of them; full: all, or n drawn by
    `seed`). Every row has the strings `source` (it ends with the line break after which the answer starts) and
    `target`, and what else the family's FEATURES document.
    Raises ValueError for a name, size, seed or n that does not exist; OSError where the hub cannot be reached.
    """
    if name not in TASKS:
        raise ValueError(f"name must be one of {sorted(TASKS)}, got {name!r}")
    if size not in SIZES:
        raise ValueError(f"size must be 'lab' or 'full', got {size!r}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(f"seed must be an integer, got {seed!r}")
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise ValueError(f"n must be a number of training rows from 1 up, or None for the task's own, got {n!r}")
    if path is not None and size == "lab":
        raise ValueError(f"path is for size='full': the lab rows are generated, not read; got path={str(path)!r}")
    family = import_module(f"prefix_lab.town.{TASKS[name]}")
    return family.lab(seed, n) if size == "lab" else family.full(seed, n, path)
