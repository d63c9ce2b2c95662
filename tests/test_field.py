"""The page on real data: what it says is what the records hold, and it says what they lack."""

import json
import re

import field
import pytest
from field import LORA, PEFT, Field
from real_data import METHODS, MORE
from real_tasks import TASKS

from book import ROOT

KEPT = Field()
HEAD = {"set": "snips", "metric": "accuracy", "steps": 2, "batch": 2, "machine": "a machine", "untrained": 20.0}
HEAD |= {"rows": {"train": 3000, "validation": 200, "test": 500}}


def runs(method: str, tests: list[float], lr: float = 0.1, validation: float = 50.0) -> list[dict]:
    each = {"method": method, "lr": lr, "validation": validation, "numbers": 10, "seconds": 36.0, "date": "2026-11-28"}
    return [each | {"seed": seed, "test": test} for seed, test in enumerate(tests)]


def record(folder, task: str, *found: list[dict], base: str = "minilm-l6", kind: str = "label") -> None:
    methods = {name: [0.1] for name in ("full", "prefix", "prefix, MLP", PEFT, "prompt", LORA)}
    one = HEAD | {
        "base": base,
        "task": task,
        "kind": kind,
        "methods": methods,
        "runs": [x for part in found for x in part],
    }
    (folder / f"{base}-{task}.json").write_text(json.dumps(one), encoding="utf-8")


@pytest.fixture
def made(tmp_path):
    """Two sets measured, one by one seed, and one that nothing was measured on."""
    intents = [runs("full", [70.0] * 3), runs("prefix", [60, 65, 67]), runs("prefix, MLP", [90.0] * 3, validation=40)]
    intents += [runs(PEFT, [66.0, 62.0, 61.0]), runs("prompt", [50.0] * 3), runs(LORA, [69.0] * 3)]
    record(tmp_path, "intents", *intents)
    e2e = [runs("full", [44.0]), runs("prefix", [40.0]), runs(LORA, [40.5])]
    record(tmp_path, "e2e", *e2e, base="smollm2-135m", kind="generate")
    record(tmp_path, "pos", runs("full", [80.0]), kind="tag")
    return Field(tmp_path)


def test_a_start_is_chosen_by_validation_and_a_share_is_of_the_gain(made):
    intents = made.records[0]
    assert intents["start"] == "prefix"
    assert field.score(intents, "prefix") == 65
    assert field.share(intents, "prefix") == (65 - 20) / (70 - 20)
    assert [one["task"] for one in made.measured] == ["intents", "e2e"]


def test_the_goals_are_set_beside_means_of_what_was_measured(made):
    values = {what: found for what, _, *found in field.goals(made)}
    assert values["direct prefix minus PEFT's prefix, points"] == [
        "1.00 (SNIPS intents, lowest of 1 set)",
        "so far yes",
    ]
    assert values["prefix, share of full tuning's gain, encoder"] == ["0.90 (mean of 1 set)", "so far yes"]
    assert values["prefix minus prompt tuning, points"] == ["14.00 (SNIPS intents, lowest of 1 set)", "so far yes"]
    assert values["SmolLM2 on E2E: prefix minus LoRA of equal size, BLEU"][1] == "so far yes"
    assert values["the same, of the gain over the head alone"] == ["-", "not measured yet"]


def test_a_goal_is_reached_or_missed_when_every_set_has_its_seeds(tmp_path):
    low = [runs(method, [60.0] * 3) for method in ("full", PEFT, "prompt")]
    record(tmp_path, "intents", *low, runs("prefix", [59.0] * 3))
    lines = {what: word for what, _, _, word in field.goals(Field(tmp_path))}
    assert lines["direct prefix minus PEFT's prefix, points"] == "no"
    assert lines["prefix, share of full tuning's gain, encoder"] == "yes"
    assert lines["SmolLM2 on E2E: prefix minus LoRA of equal size, BLEU"] == "not measured yet"


@pytest.mark.parametrize(
    ("ours", "word"), [([60, 61, 65], "yes"), ([59, 60, 61], "within the spread"), ([57, 58, 58], "no")]
)
def test_a_difference_that_is_smaller_than_the_seeds_are_apart_is_within_the_spread(tmp_path, ours, word):
    record(tmp_path, "intents", runs("prefix", ours), runs(PEFT, [60.0, 61, 62]))
    lines = {what: word for what, _, _, word in field.goals(Field(tmp_path))}
    assert lines["direct prefix minus PEFT's prefix, points"] == word


def test_a_set_on_which_full_tuning_is_behind_makes_up_for_no_other(tmp_path):
    record(tmp_path, "intents", runs("full", [60.0] * 3), runs("prefix", [40.0] * 3))  # half of the gain over 20
    record(tmp_path, "banking77", runs("full", [60.0] * 3), runs("prefix", [100.0] * 3))  # twice of it
    values = {what: value for what, _, value, _ in field.goals(Field(tmp_path))}
    assert values["prefix, share of full tuning's gain, encoder"] == "0.75 (mean of 2 sets)"


def test_of_two_forms_of_full_tuning_the_one_that_validation_prefers_is_the_measure(tmp_path):
    fast = "full, fast head"
    found = [runs("full", [60.0]), runs(fast, [70.0], validation=60), runs("prefix", [45.0])]
    record(tmp_path, "intents", *found)
    path = tmp_path / "minilm-l6-intents.json"
    made = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(made | {"methods": made["methods"] | {fast: [0.1]}}), encoding="utf-8")
    (one,) = Field(tmp_path).records
    assert field.share(one, "prefix") == (45 - 20) / (70 - 20)
    assert field.scores_table(Field(tmp_path), ("prefix",), chosen=True).endswith("| 45.0 | 45.0 | 70.0 |")


def test_a_start_that_one_seed_prefers_is_not_chosen_where_the_mean_of_the_seeds_prefers_another(tmp_path):
    unsteady = [run | {"validation": v} for run, v in zip(runs("prefix, MLP", [60.0, 20, 20]), (55, 30, 30))]
    record(tmp_path, "intents", runs("full", [70.0] * 3), runs("prefix", [50.0] * 3), unsteady)
    (one,) = Field(tmp_path).records
    assert one["start"] == "prefix"


def test_a_start_with_one_lucky_seed_is_not_chosen_over_one_with_three(tmp_path):
    record(
        tmp_path,
        "intents",
        runs("full", [70.0] * 3),
        runs("prefix", [50.0] * 3),
        runs("prefix, MLP", [60.0], validation=55),
    )
    (one,) = Field(tmp_path).records
    assert one["start"] == "prefix"


def test_what_is_not_measured_is_named(made):
    said = field.not_measured(made)
    assert "Not compared at all yet: parts of speech." in said
    assert "Of 12 pairs of a set and a method 9 are measured, 6 with 3 seeds." in said
    assert "- Prefix, MLP lacks E2E (SmolLM2).\n- PEFT's prefix lacks E2E (SmolLM2).\n- Prompt tuning lacks" in said
    assert "SNIPS" not in said


def test_a_method_that_is_best_at_the_last_rate_tried_is_named_until_two_more_were_tried(tmp_path):
    def said(*rates):
        tried = [run for rate in rates for run in runs("prefix", [60.0], lr=rate, validation=100 * rate)]
        record(tmp_path, "intents", runs("full", [70.0], lr=0.1), tried)
        path = tmp_path / "minilm-l6-intents.json"
        made = json.loads(path.read_text(encoding="utf-8"))
        made["methods"] = {"full": [0.1], "prefix": [0.01, 0.03, 0.1]}
        path.write_text(json.dumps(made), encoding="utf-8")
        return "Prefix, direct is best at the last rate tried" in field.not_measured(Field(tmp_path))

    assert field.MORE == MORE
    assert said(0.01, 0.03, 0.1)
    assert said(0.01, 0.03, 0.1, 0.3)
    assert not said(0.01, 0.03, 0.1, 0.3, 0.9)


def test_a_set_that_only_lacks_full_tuning_is_in_the_tables_and_not_in_the_figure(tmp_path):
    record(tmp_path, "e2e", runs("prefix", [40.0] * 3), runs(LORA, [40.5] * 3), base="smollm2-135m", kind="generate")
    record(tmp_path, "pos", runs("full", [80.0]), kind="tag")
    made = Field(tmp_path)
    said = field.not_measured(made)
    assert "Not compared at all yet: parts of speech." in said
    assert "- Full tuning lacks E2E (SmolLM2)." in said
    assert "| E2E (SmolLM2) |" in field.scores_table(made, field.PEERS, chosen=True)
    assert made.drawn == []


def test_the_tables_show_medians_with_their_spread_and_where_the_prefix_loses(made):
    assert "| SNIPS intents | - | 62.0 (61.0\u201366.0) | 65.0 (60.0\u201367.0) |" in field.scores_table(
        made, field.STARTS
    )
    row = field.scores_table(made, field.PEERS, chosen=True).split("\n")[2]
    assert row.endswith("| 65.0 (60.0\u201367.0) | 70.0 (70.0\u201370.0) |")
    assert "- SNIPS intents, in points of accuracy: LoRA, as large by 4.0" in field.losses(made)


def test_a_method_counts_when_all_its_rates_were_tried_and_the_best_is_taken(tmp_path):
    tried = runs("prefix", [60.0], lr=0.1) + runs("prefix", [61.0], lr=0.3, validation=70.0)
    record(tmp_path, "intents", runs("full", [70.0], lr=0.3), tried)
    (one,) = Field(tmp_path).records
    assert "full" not in one["methods"]
    assert one["methods"]["prefix"]["tests"] == [61.0]


# --- the records that are kept -----------------------------------------------------------------------------------


def test_every_place_of_the_page_is_filled_from_the_records():
    places = set(re.findall(r"<!-- ([^>]*) -->", (ROOT / "book" / "real_data.md").read_text(encoding="utf-8")))
    parts = field.parts()
    assert places == set(parts)
    assert all(parts.values())


def test_what_the_page_says_of_shares_in_words_holds_in_the_records():
    shares = field.told(KEPT)
    assert shares["LoRA on SQuAD"] > shares["the prefix on SQuAD"] + 0.2
    assert shares["the prefix on SQuAD"] < 0.75
    assert abs(shares["LoRA on roles"] - shares["the prefix on roles"]) < 0.1
    assert max(shares["LoRA on roles"], shares["the prefix on roles"]) < 0.8
    assert shares["the prefix on E2E"] > 0.9
    assert shares["the prefix of lab-gpt"] < shares["LoRA of lab-gpt"] - 0.2 < 0.6
    near = [field.share(one, "start") for one in KEPT.drawn if one["task"] in ("intents", "banking77", "pos", "ner")]
    assert min(near) > 0.9


def test_every_planned_set_has_a_record_and_a_name():
    kept = {(one["base"], one["task"]) for one in KEPT.records}
    planned = {("smollm2-135m" if task.kind == "generate" else "minilm-l6", name) for name, task in TASKS.items()}
    assert kept == planned | {("lab-gpt", "e2e")}
    assert set(field.SETS) == set(TASKS)


def test_the_records_hold_what_the_benchmark_would_measure():
    for one in KEPT.records:
        task = TASKS[one["task"]]
        assert (one["set"], one["kind"], one["metric"]) == (task.set, task.kind, task.metric)
        assert set(one["planned"]) <= set(METHODS)
        keys = [(run["method"], run["seed"], run["lr"]) for run in one["runs"]]
        assert len(keys) == len(set(keys))
        for method in {run["method"] for run in one["runs"]} & set(one["methods"]):
            best = one["methods"][method]
            assert all("test" in run for run in one["runs"] if run["method"] == method and run["lr"] == best["lr"])


def test_prefixes_that_are_compared_have_as_many_numbers():
    for one in KEPT.measured:
        sizes = {one["methods"][m]["numbers"] for m in ("prefix", PEFT, "prefix, text", LORA) if m in one["methods"]}
        assert len(sizes) == 1


def test_the_figure_has_a_row_for_each_set_where_full_tuning_gains_something():
    letters = [text.get_text() for text in field.shares_on_real_data().ax.texts]
    assert [word for word in letters if word in map(field.named, KEPT.records)] == list(map(field.named, KEPT.drawn))
    assert {one["task"] for one in KEPT.drawn} >= {"polarity", "slots", "pos"}
