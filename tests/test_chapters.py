"""The pattern that all chapters share: kinds of cell, folds with labels, figures, the order of a chapter."""

import re
from pathlib import Path

import chapters
import nbformat
import pattern
import pytest

from prefix_lab import widgets
from prefix_lab.figures.vector import theme

VISIBLE = ("idea", "exercise")


@pytest.fixture(scope="module", params=chapters.find(), ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def notebook(path):
    return nbformat.read(path, as_version=4)


def code(notebook, *kinds):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in cells if not kinds or pattern.kind(cell) in kinds]


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_a_visible_cell_is_one_idea_of_at_most_thirty_lines(notebook):
    for cell in code(notebook, *VISIBLE):
        assert cell.source.count("\n") < 30, cell.source
        found = re.search(r"\b(claim|glue|show|live|tqdm|savefig)\(", cell.source)
        assert not found, f"{found[0]} belongs into a folded cell:\n{cell.source}"


def test_a_chapter_shows_at_most_250_lines_of_code(notebook):
    assert sum(cell.source.count("\n") + 1 for cell in code(notebook, *VISIBLE)) <= 250


def test_every_fold_has_its_label_on_the_page_in_jupyterlab_and_in_colab(notebook):
    for cell in code(notebook, *pattern.FOLDED):
        assert len(pattern.label(cell)) >= 5, f"a line `# @title ...` comes first:\n{cell.source}"
        assert cell.metadata.jupyter.source_hidden
        assert cell.metadata.cellView == "form"
        if pattern.kind(cell) != "solution":
            assert "hide-input" in cell.metadata.tags
            assert cell.metadata.mystnb.code_prompt_show == pattern.label(cell)


def test_claims_and_glued_numbers_stand_in_checks_of_at_most_three_lines(notebook):
    for cell in code(notebook):
        if pattern.kind(cell) not in ("check", "solution"):
            assert not re.search(r"\b(claim|glue)\(", cell.source), cell.source
        if pattern.kind(cell) == "check":
            lines = printed(cell).splitlines()
            assert len(lines) <= 3, f"a check says at most three things:\n{printed(cell)}"
            assert all(line.startswith("✓ ") for line in lines), printed(cell)
    assert code(notebook, "check")


def test_tables_are_tables_and_bars_of_progress_are_not_kept(notebook):
    for cell in code(notebook):
        assert not re.search(r"\{[^{}]*:[<>^]\d", cell.source), f"`figures.table` lays out a table:\n{cell.source}"
        assert not re.search(r"\d+%\|| (?:it/s|s/it)\b", printed(cell)), printed(cell)


def test_a_chapter_opens_with_its_question_its_figure_and_then_its_set_up(notebook, path):
    title, first, after = notebook.cells[:3]
    if path.stem[:2].isdigit():
        assert re.match(rf"# {int(path.stem[:2])} · .+\n", title.source), "the title begins with the file's number"
    assert "?" in title.source, "the first lines ask a question"
    assert len(title.source.split()) < 100, "the first screen has room for the figure"
    assert pattern.kind(first) == "set-up"
    assert "google.colab" in first.source
    assert first.metadata.mystnb.figure.name, "the opening figure has a number"
    assert after.cell_type == "markdown"


def test_a_chapters_time_is_the_one_that_was_measured(notebook):
    (said,) = re.findall(r"runs in (\d+) s on two cores", "\n".join(cell.source for cell in notebook.cells[:4]))
    assert int(said) == pattern.rounded(notebook.metadata.prefix_lab.seconds)


def test_every_figure_is_a_vector_that_follows_the_theme(notebook):
    pictures = [
        o for cell in code(notebook) for o in cell.outputs if {"image/png", "text/html"} & set(o.get("data", {}))
    ]
    assert len(pictures) >= 2
    for output in pictures:
        markup = "".join(output.data["text/html"])
        assert "pl-figure" in markup or "pl-live" in markup
        assert output.metadata.prefix_lab.alt
        assert "image/png" in output.data, "a picture for places without HTML: `make notebooks` where Chromium is"
        left = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", markup))
        assert len(left) <= 2, f"colours without a meaning in the book: {left}"


def test_a_chapter_has_a_live_part_and_no_slider_over_pictures(notebook):
    assert any("pl-live" in "".join(o.get("data", {}).get("text/html", "")) for c in code(notebook) for o in c.outputs)
    assert "widgets" not in notebook.metadata


def test_the_code_stored_with_a_live_part_is_that_of_the_package(notebook):
    sources = Path(widgets.__file__).parent
    for output in [o for cell in code(notebook) for o in cell.outputs]:
        markup = "".join(output.get("data", {}).get("text/html", ""))
        for part in re.findall(r'<div class="pl-live pl-(\S+)"', markup):
            for name in (f"{part}.js", f"{part}.css", "shared/controls.js", "shared/controls.css"):
                assert (sources / name).read_text(encoding="utf-8") in markup, f"{name} changed: `make notebooks`"
        if "pl-figure" in markup:
            assert theme() in markup, "theme.css changed: `make notebooks`"


def test_numbers_of_figures_on_folds_are_those_of_the_file(notebook, path):
    labels = [pattern.label(cell) for cell in code(notebook)]
    numbers = [found[1] for label in labels if (found := re.search(r"Figure (\d+)\.\d+", label))]
    if path.stem[:2].isdigit():
        assert set(numbers) == {str(int(path.stem[:2]))}


def test_what_stands_at_full_size_is_a_folded_recipe_that_says_so(notebook):
    for cell in code(notebook, "full-size"):
        assert cell.source.split("\n")[1] == "if full_size():"
        assert "not run here" in pattern.label(cell)
    for cell in code(notebook):
        assert "full_size():" not in cell.source or pattern.kind(cell) == "full-size"


def test_letters_read_the_same_everywhere(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert r"^\top" not in text, r"the transpose is ^{\mathsf T}"
    assert "{mermaid}" not in text, "a mechanism is drawn"
    text += "".join(printed(cell) for cell in code(notebook, "check", "solution"))
    assert not re.search(r"\d%", text), "a number and its percent sign have a space between them"
