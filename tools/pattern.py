"""The pattern of a chapter: three kinds of code cell, a label at every fold, the texts and numbers of its figures.

A cell without one of the tags below is an *idea*: it is shown. A tagged cell is folded, on the page, in JupyterLab
and in Colab, and its first line, `# @title ...`, labels the fold. `apply` writes all this into a notebook.
"""

import re

FOLDED = {
    "set-up": "Set-up",
    "figure": "Code of the drawing",
    "check": "How it was checked",
    "machinery": None,  # its author names it
    "full-size": "Recipe at full size (not run here)",
    "solution": "Solution",
}
KERNEL = "kernel"  # the tag of a cell that needs a running kernel: it is not on the page
TITLE = re.compile(r"\A# @title (.+)\n?")
BAR = re.compile(r"^.*\d+%\|.*\| *[\d.]+[kM]?/[\d.]+[kM]? \[\d.*\n?", re.M)
TIME = re.compile(r"(?<=runs in )\d+( s on two cores)")


def apply(notebook, seconds: int | None) -> None:
    """Number the figures, label and fold the cells, and write the measured time into the chapter's second paragraph."""
    chapter, figures = _chapter(notebook), 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            figures += len(
                re.findall(
                    r"^(?:```|:::)\{figure\}(?:(?!^(?:```|:::)$).)*?^:(?:name|caption):",
                    cell.source,
                    re.M | re.S,
                )
            )
            if seconds is not None:
                cell.source = TIME.sub(rf"{rounded(seconds)}\1", cell.source)
            continue
        named = _describe(cell)
        figures += named
        _fold(cell, f"{chapter}.{figures}" if named and chapter else "")


def outputs(notebook) -> list:
    """All outputs of a notebook, in their order."""
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def rounded(seconds: float) -> int:
    """A chapter's time as its page says it: the next multiple of five seconds."""
    return max(5, -(-int(seconds) // 5) * 5)


def without_bars(text: str) -> str:
    """`text` without the lines of progress bars, which show while a cell runs and are not stored."""
    return BAR.sub("", text)


def kind(cell) -> str:
    """What a code cell is: one of FOLDED, `exercise`, `kernel`, or `idea`. ValueError when it has two such tags."""
    found = [tag for tag in cell.metadata.get("tags", []) if tag in {*FOLDED, "exercise", KERNEL}]
    if len(found) > 1:
        raise ValueError(f"a cell is one of {found}, not all of them:\n{cell.source}")
    return found[0] if found else "idea"


def label(cell) -> str:
    """What stands on a cell's fold; empty where it has no label."""
    found = TITLE.match(cell.source)
    return found[1] if found else ""


def _chapter(notebook) -> str:
    found = re.match(r"# (\d+) · ", notebook.cells[0].source if notebook.cells else "")
    return found[1] if found else ""


def _describe(cell) -> bool:
    """Hand the texts that a figure brought with it to the book, which reads the cell; says if it has a number."""
    texts = next((o.metadata["prefix_lab"] for o in cell.outputs if "prefix_lab" in o.get("metadata", {})), None)
    book = cell.metadata.setdefault("mystnb", {})
    for key in ("image", "figure"):
        book.pop(key, None)
    if texts is not None:
        book["image"] = {"alt": texts["alt"]}
        if "name" in texts:
            book["figure"] = {"caption": texts["caption"], "name": texts["name"]}
    if not book:
        del cell.metadata["mystnb"]
    return texts is not None and "name" in texts


def _fold(cell, number: str) -> None:
    what = kind(cell)
    tags = [tag for tag in cell.metadata.get("tags", []) if tag not in ("hide-input", "remove-cell")]
    for key in ("cellView", "jupyter"):
        cell.metadata.pop(key, None)
    if what == KERNEL:
        cell.outputs = []
        tags.append("remove-cell")
    if what in FOLDED:
        text = label(cell) if what in ("machinery", "solution") and label(cell) else FOLDED[what]
        if what == "figure" and any("text/markdown" in output.get("data", {}) for output in cell.outputs):
            text = "Code of the table"
        if number:
            text = f"Set-up, and the code of Figure {number}" if what == "set-up" else f"Code of Figure {number}"
        if text:
            cell.source = f"# @title {text}\n" + TITLE.sub("", cell.source)
        cell.metadata.update(cellView="form", jupyter={"source_hidden": True})
        if what != "solution":  # on the page it stands in a folded solution
            tags.append("hide-input")
            cell.metadata.setdefault("mystnb", {}).update(code_prompt_show=text or "", code_prompt_hide=text or "")
    if tags:
        cell.metadata["tags"] = tags
