"""The numbers of figures, tables, equations and exercises, as the rendered pages print them."""

import re
from collections import Counter
from functools import cache

import pytest
import yaml
from bs4 import BeautifulSoup
from numbering import label

import book

CONFIG = yaml.safe_load((book.ROOT / "_config.yml").read_text(encoding="utf-8"))
LETTERS = CONFIG["sphinx"]["config"]["chapter_letters"]


@cache
def page(name: str) -> BeautifulSoup:
    return BeautifulSoup((book.HTML / f"{name}.html").read_text(encoding="utf-8"), "html.parser").article


def printed(name: str) -> dict[str, str]:
    """The numbers that a page gives to things on it: `Figure 6.1`, `Exercise 6.1`, `(6.1)`, each with its id."""
    spans = page(name).select("span.caption-number, span.eqno")
    return {span.find_parent(id=True)["id"]: span.get_text().rstrip(" #") for span in spans}


@pytest.mark.parametrize("name", book.pages())
def test_the_numbers_of_a_page_are_those_of_its_file_and_leave_no_gap(name):
    kinds = {}
    for number in printed(name).values():
        kind, mark, count = re.fullmatch(r"(\w+ |\()(\w+)\.(\d+)\)?", number).groups()
        assert mark == label(name, LETTERS), f"{number} on page {name}"
        kinds.setdefault(kind, []).append(int(count))
    assert all(counts == list(range(1, len(counts) + 1)) for counts in kinds.values()), kinds
    if re.match(r"notebooks/\d", name):
        assert {"Figure ", "Exercise "} <= kinds.keys()


@pytest.mark.parametrize("name", book.pages())
def test_a_reference_prints_the_number_of_the_thing_that_it_leads_to(name):
    for link in page(name).select("a.reference.internal[href*='#']"):
        path, _, there = link["href"].partition("#")
        if not (link.select(".std-numref") or there.startswith("equation-")):
            continue
        target = name if not path else str((book.HTML / name).parent.joinpath(path).resolve().relative_to(book.HTML))
        assert link.get_text() == printed(target.removesuffix(".html"))[there]


def test_no_number_is_given_twice_in_the_book():
    counts = Counter(number for name in book.pages() for number in printed(name).values())
    assert [number for number, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", [name for name in book.pages() if name.startswith("notebooks/")])
def test_the_fold_of_a_figures_code_names_that_figure(name):
    for cell in page(name).select("div.cell"):
        folds = [fold.get_text() for fold in cell.select("summary")]
        figures = {span.get_text().strip() for span in cell.select("figure span.caption-number")}
        named = set(re.findall(r"Figure \d+\.\d+", " ".join(folds)))
        assert named in (set(), figures), cell.get_text()[:200]
