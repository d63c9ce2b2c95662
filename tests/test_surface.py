"""What an editor and a type checker see of the package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_house import ROOT, blocks

import prefix_lab as pl

SEEN = """
import prefix_lab as pl
from prefix_lab import Prefix
from typing_extensions import assert_type

model, tokenizer = pl.load_base()
one = pl.attach(model, length=4)
assert_type(one, Prefix)
assert_type(pl.attach(model, one), Prefix)
assert_type(pl.attach(model, {"a": one}), dict[str, Prefix])
with pl.select(model, ["a", None]):
    pass
pl.select(model, "a").generate(max_new_tokens=3)
"""
WRONG = """
import prefix_lab as pl

model, tokenizer = pl.load_base()
pl.attach(model, lenght=4)
"""


EXAMPLES = [ROOT / "README.md", ROOT / "book" / "recipes.md"]


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """What a type checker finds in each piece of code, by its name; one run reads them all."""
    folder = tmp_path_factory.mktemp("types")
    codes = {"seen": SEEN, "wrong": WRONG, **{path.stem: "\n".join(blocks(path, "python")) for path in EXAMPLES}}
    for name, code in codes.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', encoding="utf-8")
    command = [sys.executable, "-m", "basedpyright", "--level", "error", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*command, "--outputjson", "--project", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(codes), done.stdout + done.stderr
    found = {name: [] for name in codes}
    for error in report["generalDiagnostics"]:
        found[Path(error["file"]).stem].append(error["message"])
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_type_checker_understands_the_examples(errors, path):
    assert errors[path.stem] == []


def test_a_type_checker_knows_what_attach_returns(errors):
    assert errors["seen"] == []


def test_a_type_checker_sees_a_misspelt_keyword(errors):
    (message,) = errors["wrong"]
    assert "No overloads for" in message


def test_what_a_type_checker_sees_is_what_is_exported():
    source = Path(pl.__file__).read_text(encoding="utf-8")
    for name in pl.__all__:
        assert f"from .{pl._HOMES[name]} import {name} as {name}\n" in source


def test_the_package_says_that_it_is_typed():
    assert (Path(pl.__file__).parent / "py.typed").exists()
    assert '"py.typed"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("missing", "use", "extra"),
    [
        ("peft", "import transformers as tf; m = tf.GPT2LMHeadModel(tf.GPT2Config(n_layer=1, n_head=2, n_embd=8, "
         "vocab_size=9)); pl.tune(m, 'lora')", "peft"),
        ("sacrebleu", "pl.metrics.bleu(['a'], [['a']])", "metrics"),
        ("matplotlib", "pl.figures", "book"),
        ("ipywidgets", "pl.widgets", "book"),
    ],
)  # fmt: skip
def test_what_is_not_installed_is_named_with_the_extra_that_brings_it(missing, use, extra):
    code = f"import sys; sys.modules[{missing!r}] = None; import prefix_lab as pl; {use}"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert f'{missing} is not installed, but this needs it; call pip install "prefix-lab[{extra}]"' in done.stderr
