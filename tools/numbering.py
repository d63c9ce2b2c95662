"""A Sphinx extension: figures, tables, equations and exercises carry the number of their chapter's *file*.

`notebooks/06_inside_attention` has Figure 6.1, Table 6.1, (6.1) and Exercise 6.1, whatever else the table of contents
lists. A page without a number in its name takes the letter that `chapter_letters` of `_config.yml` gives it.
"""

import re
from collections import defaultdict

from sphinx.util import logging

Numbers = dict[str, dict[str, dict[str, tuple]]]  # document -> kind -> id -> its number


def setup(app) -> dict:
    app.add_config_value("chapter_letters", {}, "env")
    app.connect("env-get-updated", _renumber, priority=900)  # after Sphinx has counted through the whole book
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _renumber(app, env) -> list[str]:
    env.toc_fignumbers, faults = by_chapter(env.toc_fignumbers, app.config.chapter_letters)
    for fault in faults:
        logging.getLogger(__name__).warning(fault)
    return sorted(env.toc_fignumbers)


def by_chapter(numbers: Numbers, letters: dict[str, str]) -> tuple[Numbers, list[str]]:
    """`numbers` with the count beginning anew in each document, after its label; and what is wrong with the labels."""
    owners = defaultdict(list)
    for document in numbers:
        owners[label(document, letters)].append(document)
    faults = [f"give {document} a letter in `chapter_letters` of _config.yml" for document in owners.pop("", [])]
    faults += [f"{' and '.join(several)} share the label {name}" for name, several in owners.items() if several[1:]]
    counted = {
        document: {
            kind: {name: (label(document, letters), count) for count, name in enumerate(ids, 1)}
            for kind, ids in kinds.items()
        }
        for document, kinds in numbers.items()
    }
    return counted, faults


def label(document: str, letters: dict[str, str]) -> str:
    """What a document's numbers begin with: its file's number or its letter; empty where it has neither."""
    found = re.match(r"\d+", document.rpartition("/")[2])
    return str(int(found[0])) if found else letters.get(document, "")
