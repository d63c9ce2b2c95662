"""What tidying gives a notebook: labels and folds for its cells, numbers for its figures, its measured time."""

import nbformat
import pattern
import pytest

v4 = nbformat.v4


def cell(source, *tags, texts=None):
    made = v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})
    if texts is not None:
        made.outputs = [v4.new_output("display_data", {"text/html": "<svg>"}, metadata={"prefix_lab": texts})]
    return made


def applied(*cells, seconds=None):
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell("# 6 · Inside\n\nWhy? It runs in 1 s on two cores."), *cells]
    )
    pattern.apply(notebook, seconds)
    return notebook.cells


FIGURE = {"alt": "a falling loss", "caption": "Loss.", "name": "fig-loss"}


def test_a_figures_texts_reach_the_book_and_its_number_the_fold():
    _, opening, drawn = applied(cell("a", "set-up", texts=FIGURE), cell("b", "figure", texts=FIGURE))
    assert drawn.metadata.mystnb["figure"] == {"caption": "Loss.", "name": "fig-loss"}
    assert drawn.metadata.mystnb["image"] == {"alt": "a falling loss"}
    assert opening.source == "# @title Set-up, and the code of Figure 6.1\na"
    assert drawn.source == "# @title Code of Figure 6.2\nb"


def test_a_figure_in_prose_and_one_without_a_name_keep_the_count_right():
    prose = v4.new_markdown_cell("```{figure} a.svg\n:name: fig-a\nCaption\n```")
    _, _, unnamed, named = applied(prose, cell("a", "figure", texts={"alt": "x"}), cell("b", "figure", texts=FIGURE))
    assert pattern.label(unnamed) == "Code of the drawing"
    assert pattern.label(named) == "Code of Figure 6.2"


def test_the_fold_of_a_table_says_so():
    made = cell("a", "figure")
    made.outputs = [v4.new_output("display_data", {"text/markdown": "| a |"})]
    assert pattern.label(applied(made)[1]) == "Code of the table"


@pytest.mark.parametrize("tag", sorted(pattern.FOLDED))
def test_a_folded_cell_is_folded_everywhere_under_its_label(tag):
    _, folded = applied(cell("# @title The data of this part\na", tag))
    assert folded.metadata.cellView == "form"
    assert folded.metadata.jupyter == {"source_hidden": True}
    assert len(pattern.label(folded)) > 3
    on_page = tag != "solution"
    assert ("hide-input" in folded.metadata.tags) == on_page
    assert (folded.metadata.get("mystnb", {}).get("code_prompt_show") == pattern.label(folded)) == on_page


def test_applying_the_pattern_again_changes_nothing():
    first = applied(cell("a", "set-up", texts=FIGURE), cell("b", "check"), cell("c"), cell("d", "kernel"), seconds=42)
    before = [dict(one) for one in first]
    notebook = v4.new_notebook(cells=first)
    pattern.apply(notebook, 42)
    assert [dict(one) for one in notebook.cells] == before


def test_an_untagged_cell_is_shown_and_one_for_a_kernel_is_not_on_the_page():
    _, idea, kernel = applied(cell("a"), cell("b", "kernel", texts={"alt": "x"}))
    assert "tags" not in idea.metadata
    assert idea.source == "a"
    assert kernel.metadata.tags == ["kernel", "remove-cell"]
    assert kernel.outputs == []


def test_a_cell_cannot_be_two_things():
    with pytest.raises(ValueError, match="not all of them"):
        applied(cell("a", "check", "figure"))


def test_the_time_that_a_page_says_is_the_measured_one():
    title, *_ = applied(seconds=41.2)
    assert "runs in 45 s on two cores" in title.source
    assert [pattern.rounded(s) for s in (0, 5, 6, 89)] == [5, 5, 10, 90]


def test_bars_of_progress_are_not_kept():
    bar = "1,024 numbers: 100%|█████████████| 50/50 [00:03<00:00, 14.74it/s, loss 0.384]\n"
    cut = bar[: bar.index("0.384")] + "0.\n"  # in a narrow terminal
    assert pattern.without_bars(f"before\n{bar}{cut}after\n") == "before\nafter\n"
    assert pattern.without_bars("95 % of 50/50 [x]\n") == "95 % of 50/50 [x]\n"
