"""The bibliography: where each work is to be found, and that no two citations print alike."""

from collections import Counter

import pytest
from pybtex.database import parse_file
from test_house import ROOT

WORKS = parse_file(str(ROOT / "book" / "references.bib")).entries
ON_PAPER = {"jelinek1980interpolated"}  # a chapter of a book that has neither a DOI nor a page of its own


@pytest.mark.parametrize("key", WORKS)
def test_every_work_has_a_doi_or_a_link(key):
    fields = WORKS[key].fields
    if key not in ON_PAPER:
        assert {"doi", "url", "eprint"} & set(fields), f"{key} leads nowhere"
    assert "arXiv" not in fields.get("note", ""), "an arXiv number is an `eprint`, which becomes a link"


def test_no_two_citations_print_alike():
    def cited(work):
        names = [" ".join(person.last_names) for person in work.persons["author"]]
        return f"{names[0]} et al." if len(names) > 2 else " and ".join(names), work.fields["year"]

    counts = Counter(cited(work) for work in WORKS.values())
    assert [one for one, count in counts.items() if count > 1] == [], "put a and b behind their years"
