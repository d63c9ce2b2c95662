"""The reference of the package: every public name, every parameter, an example each (which test_house runs)."""

import re
from collections import Counter

import docstrings
import pytest
from test_house import ROOT

import prefix_lab as pl

PAGE = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
LISTED = docstrings.listed(PAGE)


def test_every_public_name_and_method_is_in_exactly_one_group():
    public = [*pl.__all__, *(method for name in pl.__all__ for method in docstrings.methods(name))]
    counts = Counter(LISTED)
    assert {name: counts[name] for name in public if counts[name] != 1} == {}
    groups = PAGE.split("\n## ")
    assert len(groups) >= 7
    assert docstrings.listed(groups[0]) == [], "what stands before the first group is in none"


@pytest.mark.parametrize("name", LISTED)
def test_every_parameter_is_explained(name):
    assert docstrings.explained(name) == [p.name for p in docstrings.parameters(name)]
    assert len(docstrings.entry(name).split("```\n\n")[1].split()) > 5


@pytest.mark.parametrize("name", LISTED)
def test_every_name_has_an_example_that_uses_it(name):
    after = PAGE.split(f"<!-- pl.{name} -->")[1].split("<!-- pl.")[0]
    (example,) = re.findall(r"```python\n(.*?)```", after, re.S)
    assert name.split(".")[-1].lower() in example.lower()


def test_parameters_are_a_list_on_the_page():
    assert "\n- `label_smoothing`, `class_weights`: shape the training loss" in docstrings.entry("fit")
