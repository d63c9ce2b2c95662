"""`make chapter`: what it writes is a chapter, by the tests of all chapters."""

import inspect
import subprocess
import sys

import chapters
import nbformat
import pytest
import skeleton
import test_chapters
import test_house

NEEDED = {"notebook", "path"}


def of_all_chapters():
    """The tests that take a chapter and nothing else, in both files."""
    functions = [f for module in (test_chapters, test_house) for f in vars(module).values() if inspect.isfunction(f)]
    of_one = [f for f in functions if f.__name__.startswith("test_") and not hasattr(f, "pytestmark")]
    return [f for f in of_one if inspect.signature(f).parameters and set(inspect.signature(f).parameters) <= NEEDED]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A new chapter, executed."""
    path = skeleton.begin("47_little_data", tmp_path_factory.mktemp("notebooks"))
    notebook = chapters.execute(nbformat.read(path, as_version=4))
    for output in [output for cell in notebook.cells for output in cell.get("outputs", [])]:
        if "text/html" in output.get("data", {}):
            output.data.setdefault("image/png", "")  # a browser takes the picture: tests/browser/test_stills.py
    nbformat.write(notebook, path)
    return path


@pytest.mark.parametrize("test", of_all_chapters(), ids=lambda test: test.__name__)
def test_a_new_chapter_passes_the_tests_of_all_chapters(path, test):
    given = {"notebook": nbformat.read(path, as_version=4), "path": path}
    test(**{name: given[name] for name in inspect.signature(test).parameters})


def test_a_new_chapter_keeps_the_rules_of_the_formatter(path):
    for command in (["check"], ["format", "--check"]):
        where = ["--stdin-filename", chapters.FOLDER / path.name, "-"]
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *where], input=path.read_bytes(), capture_output=True
        )
        assert done.returncode == 0, done.stdout.decode()


def test_a_name_that_is_none_or_taken_is_refused(tmp_path):
    skeleton.begin("10_little_data", tmp_path)
    with pytest.raises(ValueError, match=r"10_little_data\.ipynb has this number already"):
        skeleton.begin("10_other", tmp_path)
    for name in ("little_data", "5_short", "11_Big", "11 words"):
        with pytest.raises(ValueError, match="is not of the form"):
            skeleton.begin(name, tmp_path)
