"""Execute the notebooks. As a command: in place, ready to commit (`chapters.py 05` does that one alone)."""

import base64
import hashlib
import itertools
import json
import os
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pattern
import stills
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
README_FIGURE = ("fig-run", ROOT / "book" / "assets" / "training.png")  # one figure of a chapter, for GitHub
WORKERS = 2  # chapters run side by side; each takes one thread
SECONDS_PER_CELL = 600


def find(only: str = "") -> list[Path]:
    """The notebooks in reading order; `only` is the beginning of a name."""
    return sorted(FOLDER.glob(f"{only}*.ipynb"))


def code_hash(notebook) -> str:
    """The sha256 of a notebook's code cells: prose may change without running anything again."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def is_executed(notebook) -> bool:
    """Whether the outputs that a notebook stores are those of its present code."""
    return notebook.metadata.get("prefix_lab", {}).get("code") == code_hash(notebook)


def execute(notebook):
    """Run every cell in notebooks/, offline; returns the notebook with fresh, tidy outputs.

    Raises nbclient's CellExecutionError at the first cell that fails.
    """
    os.environ.update(HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    os.environ["TQDM_NCOLS"] = "72"  # a progress bar is as wide as a page, whatever terminal this runs in
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=40"],  # it warns about an open port, which is local
        store_widget_state=True,
    )
    start = time.perf_counter()
    client.execute()
    notebook.metadata["prefix_lab"] = {"seconds": round(time.perf_counter() - start)}
    return tidy(notebook)


def tidy(notebook):
    """Keep what a reader sees, in the pattern of a chapter, and drop what changes from one run to the next."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = _joined(cell.outputs)
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = pattern.without_bars(_settled(output.text))
        if "outputs" in cell:
            cell.outputs = [o for o in cell.outputs if o.output_type != "stream" or o.text]
    seconds = notebook.metadata.get("prefix_lab", {}).get("seconds")
    pattern.apply(notebook, seconds)
    kept = {key: notebook.metadata[key] for key in ("widgets",) if key in notebook.metadata and _has_widgets(notebook)}
    record = {"code": code_hash(notebook), **({} if seconds is None else {"seconds": seconds})}
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "prefix_lab": record,
            **kept,
        }
    )
    return _stable_widget_ids(notebook)


def _joined(outputs: list) -> list:
    """One output for each stretch of text: the kernel sends it in pieces, cut wherever a timer fell."""
    joined = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream" and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _settled(text: str) -> str:
    """What a terminal shows in the end: a progress bar that rewrote its line leaves the last state."""
    return re.sub(r"[^\n]*\r(?=[^\n\r])", "", text.replace("\x1b[A", "")).replace("\r", "")


def _has_widgets(notebook) -> bool:
    kind = "application/vnd.jupyter.widget-view+json"
    return any(kind in output.get("data", {}) for output in pattern.outputs(notebook))


def _stable_widget_ids(notebook):
    """Number the widgets in order of creation: their random names would change every line of a diff."""
    state = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    text = nbformat.writes(notebook)
    for number, name in enumerate(state.get("state", {})):
        text = text.replace(name, f"{number:032x}")
    return nbformat.reads(text, as_version=4)


def run_all(paths: list[Path], work: Callable[[Path], object]) -> bool:
    """Call `work` on each path, `WORKERS` at a time; print how each went, its seconds, and the count so far."""
    count = itertools.count(1)

    def one(path: Path) -> bool:
        start = time.perf_counter()
        try:
            work(path)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            ending = f"✗  {path.stem}  failed after {time.perf_counter() - start:.0f} s\n{error}"
        else:
            ending = f"✓  {path.stem}  executed in {time.perf_counter() - start:.0f} s"
        print(f"  {next(count)}/{len(paths)}  {ending}\n", end="", flush=True)  # in one piece: two may speak at once
        return ending.startswith("✓")

    with ThreadPoolExecutor(WORKERS) as pool:
        return all(list(pool.map(one, paths)))


def figure(notebook, name: str) -> dict | None:
    """What a notebook stores of the figure with this name, by kind ("text/html", ...); None where it has none."""
    outputs = pattern.outputs(notebook)
    return next((o.data for o in outputs if o.get("metadata", {}).get("prefix_lab", {}).get("name") == name), None)


def _in_place(path: Path) -> None:
    notebook = execute(nbformat.read(path, as_version=4))
    stills.add(notebook)
    nbformat.write(notebook, path)
    name, copy = README_FIGURE
    if (found := figure(notebook, name)) is not None:
        copy.write_bytes(base64.b64decode(found["image/png"]))


if __name__ == "__main__":
    chosen = find(sys.argv[1] if len(sys.argv) > 1 else "")
    if not chosen:
        sys.exit(f"no notebook begins with {sys.argv[1]!r}" if len(sys.argv) > 1 else "no notebooks")
    sys.exit(0 if run_all(chosen, _in_place) else 1)
