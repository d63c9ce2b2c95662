"""Larkhaven, the invented town that every chapter's data is about: `load_task(name)` gives a task's rows.

Each family of tasks is a module here; its TASKS say how a seed draws rows and where the full-size counterpart lies.
"""

from importlib import import_module

FAMILIES = {  # a task's name -> the module of its family
    "directory": "directory",
    "sentiment": "reviews",
    "sentiment-5": "reviews",
    "subjectivity": "reviews",
    "ner": "archive",
    "pos": "archive",
    "srl": "archive",
    "story": "stories",
    "en-zh": "sister_city",
    "zh-en": "sister_city",
    "code": "guild",
    "extractive-qa": "timetable",
    "generative-qa": "timetable",
    "intent": "service",
    "slots": "service",
    "dialogue": "service",
    "topic": "newspaper",
    "headline": "newspaper",
    "summary": "newspaper",
    "tone": "newspaper",
    "recommendation": "library",
    "captions": "gallery",
    "visual-qa": "gallery",
}
SIZES = ("lab", "full")


def load_task(
    name: str,
    size: str = "lab",
    seed: int = 0,
    n: int | None = None,
    *,
    domain: str | None = None,
    imbalance: float | None = None,
    noise: float = 0.0,
    path: str | None = None,
):
    """The task `name` as a `datasets.DatasetDict` with the splits train, validation and test.

    - name: one of `prefix_lab.town.FAMILIES`, such as "directory" or "sentiment"
    - size: "lab" is generated in a second or two; "full" comes from the hub, or from `path`
    - seed: of the lab's rows, or of the draw of `n` from the full ones
    - n: rows in train (lab: 300 where not given, and n=50 gives the first 50 of them; full: all)
    - domain: lab only; where the texts come from, one of the task's `domains`
    - imbalance: lab only; how many rows the rarest class has in train, as a share of the commonest's
    - noise: lab only; the share of train's labels that are wrong
    - path: a copy of the hub's files

    Every row has the strings `source` (it ends with the line break after which the answer starts) and `target`, and
    what else the family's features document.
    Raises ValueError for an argument that does not exist or does not fit; OSError where the hub cannot be reached.
    """
    if name not in FAMILIES:
        raise ValueError(f"name must be one of {sorted(FAMILIES)}, got {name!r}")
    if size not in SIZES:
        raise ValueError(f"size must be 'lab' or 'full', got {size!r}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(f"seed must be an integer, got {seed!r}")
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise ValueError(f"n must be a number of training rows from 1 up, or None for the task's own, got {n!r}")
    if path is not None and size == "lab":
        raise ValueError(f"path is for size='full': the lab rows are generated, not read; got path={str(path)!r}")
    from prefix_lab.town.rows import from_hub, generate

    task = task_of(name)
    if size == "full":
        if given := [key for key, value in (("domain", domain), ("imbalance", imbalance), ("noise", noise)) if value]:
            raise ValueError(f"{', '.join(given)} is for size='lab': the full-size rows are taken as they are")
        return from_hub(task, seed, n, path)
    domain = task.domains[0] if domain is None else domain
    if domain not in task.domains:
        raise ValueError(f"domain must be one of {list(task.domains)} for {name!r}, got {domain!r}")
    if (imbalance is not None or noise) and not task.labels:
        labelled = sorted(other for other in FAMILIES if task_of(other).labels)
        raise ValueError(f"imbalance and noise are for tasks with labels, {labelled}; {name!r} has none")
    if imbalance is not None and not 0 < imbalance <= 1:
        raise ValueError(
            f"imbalance must be above 0 and at most 1, the rarest class over the commonest, got {imbalance}"
        )
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must be a share of the labels from 0 to 1, got {noise}")
    key = f"{name} {seed}" if domain == task.domains[0] else f"{name} {domain} {seed}"
    return generate(task, key, n, domain, imbalance, noise)


def task_of(name: str):
    """The `Task` called `name`: its labels, domains and full-size counterpart."""
    return import_module(f"prefix_lab.town.{FAMILIES[name]}").TASKS[name]
