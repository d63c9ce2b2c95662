"""The tools behind `make`: executing chapters, keeping their outputs, fetching browser scripts."""

import base64
import hashlib
import io
import json
import os
import tarfile

import chapters
import measurements
import nbformat
import pytest
import setup
import vendor
from nbclient.exceptions import CellExecutionError

import book
from prefix_lab import prediction
from prefix_lab.bases import BASES, evaluate, standings

v4 = nbformat.v4


def notebook(*sources):
    return v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])


def test_the_hash_of_a_chapter_depends_on_its_code_alone():
    one = notebook("a = 1", "b = 2")
    other = notebook("a = 1", "b = 2")
    other.cells.insert(1, v4.new_markdown_cell("prose"))
    assert chapters.code_hash(one) == chapters.code_hash(other)
    assert chapters.code_hash(one) != chapters.code_hash(notebook("a = 1", "b = 3"))
    assert chapters.code_hash(one) != chapters.code_hash(notebook("b = 2", "a = 1"))


def test_a_chapter_is_executed_and_left_tidy(tmp_path, monkeypatch):
    monkeypatch.setattr(chapters, "FOLDER", tmp_path)
    done = chapters.execute(
        notebook(
            "import sys\nfor i in range(3):\n    print(f'\\r{i} of 2', end='', flush=True)\nprint()",
            "import ipywidgets\nipywidgets.IntSlider()",
        )
    )
    assert [cell.execution_count for cell in done.cells] == [1, 2]
    assert [output.text for output in done.cells[0].outputs] == ["2 of 2\n"]
    assert "execution" not in done.cells[0].metadata
    assert done.metadata.prefix_lab.code == chapters.code_hash(done)
    state = done.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert sorted(state) == [f"{number:032x}" for number in range(len(state))]
    view = done.cells[1].outputs[0].data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] in state


def test_a_failing_cell_fails_its_chapter_and_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(chapters, "FOLDER", tmp_path)
    with pytest.raises(CellExecutionError, match="this claim is false: two is one"):
        chapters.execute(notebook("from prefix_lab import claim\nclaim('two is one', 2 == 1)"))

    def work(path):
        if path.stem == "b":
            raise CellExecutionError("traceback", "AssertionError", "this claim is false")

    paths = [tmp_path / "a.ipynb", tmp_path / "b.ipynb"]
    assert not chapters.run_all(paths, work)
    printed = capsys.readouterr().out
    assert "/2  ✓  a  executed in" in printed
    assert "/2  ✗  b  failed" in printed
    assert chapters.run_all(paths[:1], work)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a package and pins, and `build(everything, *sources)`: which of its chapters it executed."""
    monkeypatch.setattr(book, "ROOT", tmp_path)
    monkeypatch.setattr(book, "SOURCE", tmp_path / "source")
    monkeypatch.setattr(book, "EXECUTED", tmp_path / "executed")
    (tmp_path / "prefix_lab").mkdir()
    (tmp_path / "prefix_lab" / "attention.py").write_text("P = 1")
    (tmp_path / "requirements.txt").write_text("torch==1")
    (tmp_path / "source" / "notebooks").mkdir(parents=True)
    executed = []

    def execute(given):
        executed.append(given.cells[0].source)
        given.cells[0].execution_count = 1
        return chapters.tidy(given)

    def build(*sources, everything=False, committed=False):
        made = [chapters.tidy(notebook(source)) if committed else notebook(source) for source in sources]
        paths = [tmp_path / f"{number:02}.ipynb" for number, _ in enumerate(made)]
        for path, chapter in zip(paths, made):
            nbformat.write(chapter, path)
        executed.clear()
        assert book.execute(paths, everything=everything)
        return sorted(executed)

    monkeypatch.setattr(chapters, "execute", execute)
    build.folder = tmp_path
    return build


def test_a_chapter_is_executed_again_when_its_code_the_package_or_a_pin_changed_and_only_then(checkout):
    assert checkout("a = 1", "b = 1") == ["a = 1", "b = 1"]
    assert checkout("a = 1", "b = 1") == []
    shown = nbformat.read(checkout.folder / "source" / "notebooks" / "00.ipynb", 4)
    assert shown.cells[0].execution_count == 1
    assert checkout("a = 2", "b = 1") == ["a = 2"]
    (checkout.folder / "prefix_lab" / "attention.py").write_text("P = 2")
    assert checkout("a = 2") == ["a = 2"]
    (checkout.folder / "requirements.txt").write_text("torch==2")
    assert checkout("a = 2") == ["a = 2"]
    (checkout.folder / "prefix_lab" / "weights.safetensors").write_bytes(b"\0")
    assert checkout("a = 2") == ["a = 2"]
    assert checkout("a = 2") == []


def test_a_chapter_is_shown_as_committed_unless_all_are_to_be_executed(checkout):
    assert checkout("a = 1", committed=True) == []
    assert not (checkout.folder / "source" / "notebooks" / "00.ipynb").exists(), "the gathered one stays"
    assert checkout("a = 1", committed=True, everything=True) == ["a = 1"]
    assert checkout("a = 1", committed=True, everything=True) == []


def test_new_prose_meets_the_outputs_of_unchanged_code():
    executed = notebook("a", "b")
    executed.cells[1].outputs = [v4.new_output("stream", text="two\n")]
    newer = notebook("a", "b")
    newer.cells.insert(1, v4.new_markdown_cell("new prose"))
    merged = book.with_outputs(newer, executed)
    assert merged.cells[1].source == "new prose"
    assert merged.cells[2].outputs[0].text == "two\n"


def archive(folder, **files):
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/dist/{name}.js")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def test_a_script_is_unpacked_only_when_its_hash_is_the_locked_one(tmp_path, monkeypatch):
    package = archive(tmp_path, main="let a = 1", other="let b = 2")
    digest = "sha512-" + base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    entry = {"name": "a", "version": "1.0.0", "into": "out", "files": ["dist/main.js"], "integrity": digest}
    monkeypatch.setattr(vendor, "ROOT", tmp_path)
    monkeypatch.setattr(vendor, "LOCK", tmp_path / "lock.json")
    monkeypatch.setattr(vendor, "_pack", lambda spec, folder: package)
    vendor.LOCK.write_text(json.dumps([{**entry, "integrity": "sha512-other"}]))
    with pytest.raises(ValueError, match=r"a 1\.0\.0: got sha512-"):
        vendor.fetch()
    assert not (tmp_path / "out").exists()
    vendor.LOCK.write_text(json.dumps([entry]))
    assert vendor.fetch()
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [".stamp", "main.js"]


def test_without_npm_one_line_says_that_a_cdn_is_used(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(vendor, "ROOT", tmp_path)
    monkeypatch.setattr(vendor.shutil, "which", lambda name: None)
    assert not vendor.fetch()
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_without_vendored_scripts_the_configuration_leaves_them_to_the_cdn(tmp_path, monkeypatch):
    monkeypatch.setattr(book, "SOURCE", tmp_path)
    book.gather(with_vendor=False)
    assert "vendor/" not in (tmp_path / "_config.yml").read_text()
    book.gather(with_vendor=True)
    assert (tmp_path / "_config.yml").read_text().count("vendor/") == 1


def test_the_page_of_the_bases_shows_all_of_them_and_every_main_task():
    table = measurements.bases_table().split("\n")
    assert [line.split(" | ")[0].strip("| `") for line in table[2:]] == list(BASES)
    scores, shares, goals = measurements.results_tables()
    for text in (scores, shares):
        assert [line.split(" | ")[0].strip("| ") for line in text.split("\n")[2:]] == list(measurements.MAIN)
    assert "not measured" not in goals
    letters = [text.get_text() for text in measurements.shares_of_full_tuning().ax.texts]
    assert [word for word in letters if word in measurements.MAIN] == list(measurements.MAIN)
    assert letters.count("not learnt by any method") == 1


def test_the_page_of_the_bases_says_how_long_it_took():
    said = measurements.times()
    assert 0 < float(said["the fastest prefix"]) < float(said["the slowest prefix"]) <= 45
    assert f"<!-- {list(said)[0]} -->" in (book.ROOT / "book" / "bases.md").read_text(encoding="utf-8")


def test_what_the_page_of_the_bases_says_about_the_scores_holds():
    runs = evaluate.Store(evaluate.HERE / "results.json").runs
    table = standings.summary(runs, list(measurements.MAIN))
    score = {task: {method: row["mean"] for method, row in rows.items()} for task, rows in table.items()}
    trained = [score["story"][method] for method in ("prompt", "prefix", "lora", "full")]
    assert max(trained) - min(trained) < 5
    for task in ("en-zh", "code"):
        assert table[task]["prompt"]["share"] < 0.7 < 0.9 < table[task]["prefix"]["share"]
    for task in ("intent", "ner"):
        assert table[task]["lora"]["share"] > table[task]["prefix"]["share"] + 0.1
    assert max(score["generative-qa"].values()) < 40
    assert [task for task, rows in table.items() if rows["prefix"]["share"] is None] == ["generative-qa"]
    assert [task for task, rows in table.items() if rows["zero-shot"]["seeds"] > 1] == ["ner"]
    assert all(0.8 < rows["prefix"]["share"] < 1.05 for task, rows in table.items() if task != "generative-qa")
    assert min(rows["prompt"]["share"] for task, rows in table.items() if task != "generative-qa") > 0.44
    too_good = {task for task, methods in score.items() if methods["zero-shot"] > 0.6 * methods["full"]}
    assert too_good == {"summary", "sentiment"}
    assert 0 < score["code"]["4-shot"] - score["code"]["zero-shot"] < table["code"]["4-shot"]["sd"]
    assert 0.6 < score["summary"]["zero-shot"] / score["summary"]["full"] < 0.8


def test_hardly_a_summary_of_the_frozen_base_is_right_as_a_whole():
    exam = evaluate.Exam("summary")
    model, tokenizer = exam.load(0)
    rows = exam.rows["test"][:50]
    written = prediction.predict(model, tokenizer, rows, "generate", max_new_tokens=48)
    assert sum(answer.strip() == row["target"].strip() for answer, row in zip(written, rows)) <= 2


NOISE = "Looking in links: a folder of this machine"


def pip(folder, monkeypatch, *, ending):
    """Let `setup` call a script that speaks like pip and ends so."""
    script = folder / "python"
    lines = [NOISE, "Collecting torch==2", "Progress 1000000 of 5000000", "Progress 5000000 of 5000000"]
    lines += ["Requirement already satisfied: numpy", "Installing collected packages: torch"]
    script.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines) + f"exit {ending}\n")
    script.chmod(0o755)
    monkeypatch.setattr(setup, "PYTHON", script)


@pytest.mark.skipif(os.name == "nt", reason="the script is one for sh")
def test_a_step_of_set_up_is_one_line_with_its_counts(tmp_path, monkeypatch, capsys):
    pip(tmp_path, monkeypatch, ending=0)
    setup._pip("2/4  torch", "torch==2")
    (line,) = capsys.readouterr().out.splitlines()
    assert line == "setup: 2/4  torch: 2 packages, 5 MB, 0 s"


@pytest.mark.skipif(os.name == "nt", reason="the script is one for sh")
def test_what_pip_says_is_shown_when_it_fails(tmp_path, monkeypatch):
    pip(tmp_path, monkeypatch, ending=1)
    with pytest.raises(SystemExit, match=rf"(?s){NOISE}.*pip failed at 2/4"):
        setup._pip("2/4  torch", "torch==2")


def test_a_page_carries_each_style_of_its_figures_once(checkout, tmp_path):
    style = '<style data-live="theme">a</style>\n'
    other = '<style data-live="theme">b</style>\n'
    outputs = [
        v4.new_output("display_data", {"text/html": f"{s}<svg>{i}</svg>"}) for i, s in enumerate((style, style, other))
    ]
    made = notebook("a", "b", "c")
    for cell, output in zip(made.cells, outputs):
        cell.outputs = [output]
    nbformat.write(made, tmp_path / "source" / "notebooks" / "05.ipynb")
    book.style_once()
    done = nbformat.read(tmp_path / "source" / "notebooks" / "05.ipynb", 4)
    kept = [cell.outputs[0].data["text/html"] for cell in done.cells]
    assert kept == [f"{style}<svg>0</svg>", "<svg>1</svg>", f"{other}<svg>2</svg>"]
