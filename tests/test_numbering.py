"""Numbers by chapter: what the Sphinx extension makes of a book."""

import re
import subprocess
import sys
from pathlib import Path

import numbering
from numbering import by_chapter, label

PAGE = """# Title

```{{figure}} picture.png
:name: fig-{0}-one
First.
```
```{{table}} A table
:name: tab-{0}
| a |
|---|
| b |
```
```{{figure}} picture.png
:name: fig-{0}-two
Second.
```
$$ x $$ (eq-{0}-one)

$$ y $$ (eq-{0}-two)

```{{exercise}} Try
:label: ex-{0}
```

Cited: {{numref}}`fig-six-two`, {{numref}}`tab-letter`, {{eq}}`eq-six-two`, {{ref}}`ex-six`.
"""
CONFIG = f"""
import sys

sys.path.insert(0, {str(Path(numbering.__file__).parent)!r})
extensions = ["myst_parser", "sphinx_exercise", "numbering"]
myst_enable_extensions = ["dollarmath"]
numfig = True
numfig_format = {{"figure": "Figure %s", "table": "Table %s"}}
chapter_letters = {{"bases": "B"}}
"""


def build(folder, order, *, letters=CONFIG):
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for name, key in {"06_gates": "six", "bases": "letter", "05_first": "five"}.items():
        (source / f"{name}.md").write_text(PAGE.format(key), encoding="utf-8")
    (source / "picture.png").write_bytes(b"")
    (source / "conf.py").write_text(letters + f"exclude_patterns = {sorted({'05_first.md'} - set(order))}")
    toc = "\n".join(["# Book", "```{toctree}", *order, "```"])
    (source / "index.md").write_text(toc, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-b", "html", source, folder / "html"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    page = (folder / "html" / "06_gates.html").read_text(encoding="utf-8")
    return re.sub(r"<[^>]+>", "", page), done.stderr


def test_a_pages_numbers_begin_with_its_files_number_and_do_not_move(tmp_path):
    for order in (["06_gates.md", "bases.md"], ["05_first.md", "bases.md", "06_gates.md"]):
        text, warned = build(tmp_path, order)
        assert "letter in `chapter_letters`" not in warned
        for printed in ("Figure 6.1 First.", "Figure 6.2 Second.", "Table 6.1", "(6.1)", "(6.2)", "Exercise 6.1"):
            assert printed in text
        assert "Cited: Figure 6.2, Table B.1, (6.2), Exercise 6.1." in text


def test_a_page_with_figures_but_neither_number_nor_letter_is_a_warning(tmp_path):
    _, warned = build(tmp_path, ["06_gates.md", "bases.md"], letters=CONFIG.replace('"bases"', '"other"'))
    assert "give bases a letter in `chapter_letters`" in warned


def test_two_pages_of_one_label_are_a_fault():
    numbers = {"notebooks/06_a": {"figure": {"one": (1,)}}, "book/06_b": {"figure": {"two": (2,)}}}
    _, faults = by_chapter(numbers, {})
    assert faults == ["notebooks/06_a and book/06_b share the label 6"]
    assert label("book/bases", {"book/bases": "B"}) == "B"
