"""Build the book into _build/html: execute the chapters that were edited, then render.

A chapter whose committed outputs belong to its code is shown as committed; `make test` proves that these outputs
hold with the present package. With the word `all` every chapter is executed, whatever is committed; one that was
executed before with the same code, package and pins is not executed again. The sources are gathered in _build/source
first, so that a chapter's file stays as its author left it.
"""

import argparse
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import chapters
import docstrings
import field
import measurements
import nbformat
import pattern
import throughput
import vendor
import yaml

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
SOURCE = BUILD / "source"
EXECUTED = BUILD / "executed"
HTML = BUILD / "html"
STYLE = re.compile(r"<style data-live=.*?</style>\n", re.S)
COVER = ("09_training_loop", "fig-entry")  # the chapter's live figure that the front page opens with
FROM_VENDOR = ("mathjax_path",)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="?", choices=["edited", "all"], default="edited", help="which chapters to execute")
    everything = parser.parse_args().run == "all"
    start = time.perf_counter()
    gather(with_vendor=vendor.fetch())
    if not execute(chapters.find(), everything=everything):
        print("book: not rendered, because a chapter failed")
        return 1
    print(f"book: rendering {len(pages())} pages", flush=True)
    fill_in()
    style_once()
    if render():
        print("book: failed; the lines above say where (_build/source mirrors the checkout)")
        return 1
    print(f"book: done in {time.perf_counter() - start:.0f} s: {HTML / 'index.html'}")
    return 0


def pages() -> list[str]:
    """Every page of the table of contents, without its ending."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def gather(*, with_vendor: bool) -> None:
    """Copy the book's sources to _build/source; without the vendored scripts, leave those to the CDN."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "__pycache__")
    for folder in ("book", "notebooks"):
        shutil.copytree(ROOT / folder, SOURCE / folder, ignore=ignored)
    shutil.copy(ROOT / "_toc.yml", SOURCE)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    for folder in set(config["sphinx"]["local_extensions"].values()):
        shutil.copytree(ROOT / folder, SOURCE / folder, ignore=ignored)
    for record in (ROOT / "benchmarks").rglob("*.json"):  # which drawings show
        copy = SOURCE / record.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(record, copy)
    if not with_vendor:
        for key in FROM_VENDOR:
            config["sphinx"]["config"].pop(key)
    (SOURCE / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def style_once() -> None:
    """Leave each style that figures bring with them on a page once: its first copy serves all that follow."""
    for path in (SOURCE / "notebooks").glob("*.ipynb"):
        notebook, seen = nbformat.read(path, as_version=4), set()
        for output in pattern.outputs(notebook):
            if "text/html" in (data := output.get("data", {})):
                styles = STYLE.findall(data["text/html"])
                for style in styles:
                    if style in seen:
                        data["text/html"] = data["text/html"].replace(style, "", 1)
                seen.update(styles)
        nbformat.write(notebook, path)


def fill_in() -> None:
    """Put into five pages what is written elsewhere: a chapter's figure, docstrings, what was measured."""
    book = SOURCE / "book"
    scores, shares, goals = measurements.results_tables()
    for name, parts in {
        "intro.md": {"the live figure": cover()},
        "api.md": docstrings.entries((book / "api.md").read_text(encoding="utf-8")),
        "bases.md": {
            "the bases": measurements.bases_table(),
            "the scores": scores,
            "the shares": shares,
            "the goals": goals,
            **measurements.times(),
        },
        "real_data.md": field.parts(),
        "serving.md": throughput.parts(),
    }.items():
        text = (book / name).read_text(encoding="utf-8")
        for place, written in parts.items():
            text = text.replace(f"<!-- {place} -->", written)
        (book / name).write_text(text, encoding="utf-8")


def cover() -> str:
    """The figure of the front page, as HTML in Markdown."""
    chapter, name = COVER
    data = chapters.figure(nbformat.read(SOURCE / "notebooks" / f"{chapter}.ipynb", as_version=4), name)
    return f"```{{raw}} html\n{''.join(data['text/html'])}\n```"


def execute(paths: list[Path], *, everything: bool) -> bool:
    """Put outputs of the present code of each chapter into _build/source; False where one fails.

    The edited chapters are executed, or all of them with `everything`; either way not those that _build/executed keeps.
    """
    notebooks = {path: nbformat.read(path, as_version=4) for path in paths}
    due = [path for path in paths if everything or not chapters.is_executed(notebooks[path])]
    package = fingerprint() if due else b""
    keys = {path: hashlib.sha256(package + chapters.code_hash(notebooks[path]).encode()).hexdigest() for path in due}
    stale = [path for path in due if not _is_kept(path, keys[path])]
    print(f"book: {len(paths)} chapters, {len(stale) or 'none'} to execute", flush=True)
    if not chapters.run_all(stale, lambda path: _keep(path, chapters.execute(notebooks[path]), keys[path])):
        return False
    for path in due:
        notebook = with_outputs(nbformat.read(path, as_version=4), nbformat.read(EXECUTED / path.name, as_version=4))
        nbformat.write(notebook, SOURCE / "notebooks" / path.name)
    return True


def fingerprint() -> bytes:
    """What every chapter depends on besides its own code: the package with its data, the pins, Python."""
    digest = hashlib.sha256(platform.python_version().encode())
    package = (p for p in sorted((ROOT / "prefix_lab").rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
    for path in [*sorted(ROOT.glob("requirements*.txt")), *package]:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _is_kept(path: Path, key: str) -> bool:
    stamp = EXECUTED / f"{path.stem}.key"
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == key


def _keep(path: Path, notebook, key: str) -> None:
    EXECUTED.mkdir(parents=True, exist_ok=True)
    stamp = EXECUTED / f"{path.stem}.key"
    stamp.unlink(missing_ok=True)
    nbformat.write(notebook, EXECUTED / path.name)
    stamp.write_text(key, encoding="utf-8")


def with_outputs(notebook, executed):
    """`notebook`, whose prose may be newer, with the outputs of `executed`, whose code is the same."""
    code = iter([cell for cell in executed.cells if cell.cell_type == "code"])
    for cell in notebook.cells:
        if cell.cell_type == "code":
            done = next(code)
            cell.outputs, cell.execution_count = done.outputs, done.execution_count
    notebook.metadata.update(executed.metadata)
    return chapters.tidy(notebook)


def render() -> int:
    """Run Jupyter Book; its exit code, which is not 0 at any warning."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", SOURCE, "--path-output", ROOT]
    flags = ["--all", "--warningiserror", "--nitpick", "--keep-going", "--quiet"]
    return subprocess.run([*map(str, command), *flags], stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
