"""The house itself: its rooms, its documents, its notebooks."""

import ast
import base64
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import chapters
import nbformat
import pytest

import book

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "prefix_lab"

# Ground floor first: a room may use what stands before it, and nothing that stands after it.
ROOMS = (
    "extras arguments norms interface probes kinds coverage cache fitting sites hub card origin checkpoint exchange "
    "composing prefix masks apart scopes selection saving attention inspection rows packing batches losses resuming "
    "training prediction methods town metrics bases serving papers figures widgets claims"
).split()
TEACHING = {
    "town",
    "bases",
    "papers",
    "figures",
    "widgets",
    "claims",
    "methods",
    "metrics",
    "prediction",
    "training",
    "rows",
    "batches",
    "packing",
    "losses",
    "resuming",
    "serving",
}
ON_DEMAND = {"datasets", "matplotlib", "ipywidgets", "peft", "pandas", "IPython"}
ON_DEMAND |= {"sklearn", "sacrebleu", "rouge_score", "nervaluate", "fastapi", "uvicorn", "prometheus_client"}


def tracked(pattern: str) -> list[Path]:
    """The files of the checkout whose path matches, without what .gitignore names."""
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
    found = []
    for folder, inner, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        inner[:] = [
            name
            for name in inner
            if name != ".git"
            and not any(fnmatch(name, line) or fnmatch((here / name).as_posix(), line) for line in ignored)
        ]
        found += [ROOT / here / name for name in files if fnmatch((here / name).as_posix(), pattern)]
    return sorted(path for path in found if path.name not in ignored)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """The rooms of the package that a module imports, wherever in the file."""
    found, package = set(), ("prefix_lab", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            targets = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {target.split(".")[1] for target in targets if target.startswith("prefix_lab.")}
    return found & set(ROOMS)


# --- the package


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_uses_only_rooms_below_it(path):
    room = room_of(path)
    assert room in ROOMS, f"give {room} its place in ROOMS, and a line in the table of CONTRIBUTING.md"
    above = imported(path) - set(ROOMS[: ROOMS.index(room) + 1])
    assert not above, f"{room} stands below {above}"


def test_the_method_does_not_know_the_teaching_rooms():
    method = [path for path in MODULES if room_of(path) not in TEACHING]
    assert len(method) >= 5
    assert {path.name: imported(path) & TEACHING for path in method if imported(path) & TEACHING} == {}


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, prefix_lab; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert "prefix_lab" in loaded
    assert not (ON_DEMAND | {"torch", "transformers"}) & set(loaded)


def test_the_method_works_without_what_only_chapters_need():
    code = f"""
import sys
for name in {sorted(ON_DEMAND - {"IPython"})}:
    sys.modules[name] = None
import torch, transformers, prefix_lab
config = transformers.GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=10)
model = transformers.GPT2LMHeadModel(config)
prefix_lab.attach(model, length=2)
model(torch.tensor([[1, 2]]))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("folder", ["prefix_lab", "tools", "benchmarks"])
def test_files_stay_short_and_named_for_a_concept(folder):
    for path in tracked(f"{folder}/*.py"):
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= 340, f"{path.relative_to(ROOT)} has {lines} lines"
        assert path.stem not in {"utils", "helpers", "common", "misc", "util"}


# --- the documents


DOCUMENTS = tracked("*.md")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def blocks(path: Path, *languages: str) -> list[str]:
    return [code for language, code in FENCE.findall(path.read_text(encoding="utf-8")) if language in languages]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_in_documents_exist(path):
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    text = path.read_text(encoding="utf-8")
    lines = [line for block in blocks(path, "sh", "bash", "console") for line in block.splitlines()]
    lines += [command for command in re.findall(r"`([^`\n]+)`", text) if command.startswith(("make ", "python "))]
    for line in lines:
        words = [w for w in shlex.split(line.removeprefix("$ "), comments=True) if "=" not in w]
        if not words:
            continue
        command, arguments = Path(words[0]).name, words[1:]
        if command == "make":
            assert set(arguments) <= targets, line
        elif command in ("python", "pytest", "bash", "torchrun", "accelerate", "sbatch"):
            files = [word for word in arguments if word.endswith((".py", ".ipynb", ".yaml", ".sh")) or "/" in word]
            places = (ROOT, ROOT / "examples" / "launch")
            assert all(any((p / file.partition("::")[0]).exists() for p in places) for file in files), line
        else:
            assert command in ("git", "pip", "cd", "curl", "export", "jupyter", "apt-get"), f"who checks {line!r}?"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not link.startswith(("http://", "https://", "mailto:")):
            there = path.parent / link
            assert any(p.exists() for p in (there, there.with_name(there.name + ".ipynb"))), f"{link} is not there"


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", *(ROOT / "book" / name for name in ("intro.md", "recipes.md", "api.md"))],
    ids=lambda path: path.name,
)
def test_python_in_documents_runs(path, tmp_path):
    codes = blocks(path, "python")
    assert codes, "no example"
    script = tmp_path / "example.py"
    script.write_text("\n".join(codes), encoding="utf-8")
    command, alone = [sys.executable, "-W", "ignore", script], {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_readme_is_short_and_its_tree_is_the_real_one():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 120
    (tree,) = [block for block in re.findall(r"```text\n(.*?)```", text, re.S) if "prefix_lab/" in block]
    entries = re.findall(r"(?:^|(?<=  ))[^\s]+(?=  |$)", tree, re.M)  # words that stand alone: names, not prose
    assert [entry for entry in entries if not (ROOT / entry).exists()] == []
    here = {path.relative_to(ROOT).parts[0] for path in tracked("*")}
    quiet = {".gitignore", ".gitattributes", ".github", ".ci"}
    assert here - quiet - {entry.strip("/").partition("/")[0] for entry in entries} == set()


def test_text_names_no_machine_and_no_registry():
    words = re.compile(
        r"/work/|/root/|" + "|".join(["registry\\.npm" + "js", "py" + "pi\\.org", "files\\.python" + "hosted"])
    )
    for path in tracked("*"):
        if path.suffix not in {".safetensors", ".png"} and path != Path(__file__):
            found = words.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)} says {found.group()}"


# --- the notebooks


def test_the_readmes_figure_is_the_one_that_a_chapter_made():
    name, copy = chapters.README_FIGURE
    found = [chapters.figure(nbformat.read(path, as_version=4), name) for path in chapters.find()]
    assert copy.read_bytes() in [base64.b64decode(data["image/png"]) for data in found if data]
    assert copy.relative_to(ROOT).as_posix() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_chapter_stands_in_the_table_of_contents():
    names = {path.relative_to(ROOT).with_suffix("").as_posix() for path in chapters.find()}
    assert {name for name in book.pages() if name.startswith("notebooks/")} == names
    assert len(names) >= 2


@pytest.fixture(params=chapters.find(), ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_a_notebook_was_executed_after_its_last_edit(notebook, path):
    assert chapters.is_executed(notebook), f"edited since: run `make notebooks ONLY={path.stem[:2]}`"


def test_a_notebook_was_executed_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook) if cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1))


def test_a_notebook_stores_neither_errors_nor_machine_paths(notebook, path):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    text = re.sub(r'base64,[^"\\]*|"image/png": "[^"]*"', "", path.read_text(encoding="utf-8"))
    assert re.search(r"(?<![\w.])/(work|root|home|tmp|Users)/", text) is None


def test_a_notebook_is_small(path):
    assert path.stat().st_size <= 1e6


def test_a_notebook_describes_each_of_its_figures(notebook):
    for cell in code_cells(notebook):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(pictures) <= 1, f"one figure a cell, so that each has its own text:\n{cell.source}"
        assert not pictures or cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source


def test_code_that_is_shown_fits_the_page(notebook):
    shown = [cell.source for cell in code_cells(notebook) if "hide-input" not in cell.metadata.get("tags", [])]
    assert [line for source in shown for line in source.splitlines() if len(line) > 76] == []


def test_no_statement_is_broken_for_the_sake_of_its_comment(notebook):
    for cell in code_cells(notebook):  # the formatter counts a comment's characters too; it can stand above
        assert re.findall(r"^\s*[)\]}].*  # (?!fmt).*$", cell.source, re.M) == []


def test_a_chapter_has_its_anatomy(notebook, path):
    if not path.stem[:2].isdigit():
        return  # the short page before the first chapter has no exercises
    text = "\n".join(cell.source for cell in notebook.cells)
    assert notebook.cells[0].source.startswith("# ")
    for part in ("claim(", "{exercise-start}", "{solution-start}", "full_size()", "use_style()"):
        assert part in text, f"the chapter has no {part}"


def test_an_exercise_stub_says_so_and_its_solution_is_checked(notebook):
    tagged = [(cell.metadata.get("tags", []), cell.source) for cell in code_cells(notebook)]
    stubs = [source for tags, source in tagged if "exercise" in tags]
    solutions = [source for tags, source in tagged if "solution" in tags]
    assert len(stubs) == len(solutions) == sum("{exercise-start}" in c.source for c in notebook.cells)
    for stub, solution in zip(stubs, solutions, strict=True):
        names = set(re.findall(r"^(?:def|class) (\w+)", stub, re.M))
        assert names <= set(re.findall(r"^(?:def|class) (\w+)", solution, re.M))
        assert re.search(r"\b(claim\(|assert )", solution), "a solution ends with a claim"
        assert "NotImplementedError" in stub, "a stub raises NotImplementedError where it is called"
