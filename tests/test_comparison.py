"""The comparison of methods: its rule for rates, its matched sizes, and that what is stored obeys both."""

import json

import methods as comparison
import pytest

from prefix_lab import load_base
from prefix_lab.methods import trainable, tune

STORED = sorted(comparison.STORED.glob("*.json"))


def swept(losses, rates):
    """The rate that is chosen where these are the losses of the rates, and those that were tried."""
    one, tried = object.__new__(comparison.Comparison), []
    one.methods = {"any": ("lora", {}, rates)}
    one.run = lambda label, rate, seed, test: tried.append(rate) or {"loss": losses(rate)}
    return one.rate("any"), sorted(set(tried))


def test_a_rate_at_an_end_is_tried_beyond_twice_at_most():
    assert swept(lambda rate: abs(rate - 3e-3), (1e-3, 3e-3, 1e-2)) == (3e-3, [1e-3, 3e-3, 1e-2])
    assert swept(lambda rate: abs(rate - 0.03), (1e-3, 3e-3, 1e-2)) == (0.03, [1e-3, 3e-3, 1e-2, 0.03, 0.1])
    best, tried = swept(lambda rate: rate, (1e-3, 3e-3, 1e-2))
    assert best == min(tried) < 2e-4
    assert len(tried) == 5


@pytest.mark.parametrize("base", comparison.MATCHED)
def test_matched_methods_keep_as_many_numbers_as_lora(base):
    model, _ = load_base(base)
    tuning = tune(model, "lora")
    wanted = trainable(model)
    tuning.undo()
    for method, settings, _ in comparison.matched(base).values():
        tuning = tune(model, method, **settings | ({"reparam": None} if method == "prefix" else {}))
        assert trainable(model) == pytest.approx(wanted, rel=0 if "prefix" in tuning.about else 0.03)
        tuning.undo()


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_what_is_stored_was_tested_at_the_rate_of_the_lowest_validation_loss(path):
    held = json.loads(path.read_text(encoding="utf-8"))
    assert held["steps"] == comparison.STEPS[path.stem]
    assert {"command", "date", "machine", "source", "frozen"} <= set(held)
    for label in {run["method"] for run in held["runs"]}:
        runs = [run for run in held["runs"] if run["method"] == label]
        tested = [run for run in runs if run["test"] is not None]
        if {run["seed"] for run in tested} < set(comparison.SEEDS):
            continue  # not finished
        first = {run["lr"]: run["loss"] for run in runs if run["seed"] == 0}
        assert len(first) >= 3
        assert {run["lr"] for run in tested} == {min(first, key=first.get)}, label
        assert label in held["costs"]
