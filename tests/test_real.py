"""Real input, opt-in: `pytest -m real tests/test_real.py -s` trains prefixes on the E2E restaurant data."""

import csv
import os
import random
from pathlib import Path

import pytest
import torch

import prefix_lab as pl
from prefix_lab.training import evaluate

DATA = Path(os.environ.get("PREFIX_LAB_REAL_DATA", "~/.cache/prefix-lab-real")).expanduser()
BASE = os.environ.get("PREFIX_LAB_REAL_BASE", "lab-gpt")  # a lab base, or a folder in Hugging Face format
TRAIN, HELD_OUT, STEPS, BATCH = 3000, 250, 300, 16

pytestmark = pytest.mark.real


def rows_of(name: str) -> list[dict]:
    """One row for each table of the split, in an order fixed by a seed: the table, and the first sentence for it."""
    path = DATA / "e2e_nlg" / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"{path} is missing; set PREFIX_LAB_REAL_DATA to the folder that holds e2e_nlg")
    with path.open(encoding="utf-8", newline="") as file:
        first = {row["mr"]: row["ref"] for row in reversed(list(csv.DictReader(file)))}
    rows = [{"source": f"{table}\n", "target": text} for table, text in sorted(first.items())]
    random.Random(0).shuffle(rows)
    return rows


@pytest.fixture(scope="module")
def restaurants():
    train, held_out = rows_of("train")[:TRAIN], rows_of("dev")[:HELD_OUT]
    assert len(train) == TRAIN
    assert not {row["source"] for row in train} & {row["source"] for row in held_out}, "a held-out table was trained on"
    return train, held_out


@pytest.fixture(scope="module")
def base(restaurants):
    """The frozen model, its tokenizer, and its held-out loss, in nats for each token."""
    model, tokenizer = pl.load_base(BASE)
    return model, tokenizer, evaluate(model, restaurants[1], tokenizer=tokenizer)


def examples(train) -> str:
    """Two rows as a text that the frozen model can read."""
    return "text: " + "".join(f"{row['source']}{row['target']}\n\n" for row in train[:2])


STARTS = {
    "direct": lambda train: {"length": 20, "lr": 3e-2},
    "mlp": lambda train: {"length": 20, "reparam": "mlp", "lr": 5e-3},
    "two real examples": lambda train: {"init": examples(train), "lr": 5e-3},
}


@pytest.mark.parametrize("start", STARTS)
def test_a_prefix_lowers_the_loss_on_restaurants_it_has_not_seen(base, restaurants, start):
    (model, tokenizer, frozen), (train, held_out) = base, restaurants
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(0)
    settings = STARTS[start](train)
    lr = settings.pop("lr")
    prefix = pl.attach(model, tokenizer=tokenizer, **settings)
    try:
        untrained = evaluate(model, held_out, tokenizer=tokenizer)
        history = pl.fit(model, train, steps=STEPS, batch_size=BATCH, lr=lr, tokenizer=tokenizer, progress=False)
        trained = evaluate(model, held_out, tokenizer=tokenizer)
    finally:
        pl.detach(model)
    figures = f"{frozen:.3f} | {untrained:.3f} | {trained:.3f} | {history.seconds:.0f}"
    print(f"\n| {start} | {prefix.config.length} | {prefix.num_parameters} | {figures} |")
    assert trained < 0.8 * frozen
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert evaluate(model, held_out, tokenizer=tokenizer) == frozen
