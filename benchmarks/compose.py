"""What prefixes lose side by side, and what gives it back: the stored numbers of chapter 16.

    python benchmarks/compose.py            # what compose.json does not hold yet
    python benchmarks/compose.py --only lab # the trainings on lab-gpt; `first` is the part on SmolLM2-135M

Sixteen residents of Larkhaven are kept in a prefix each: two halls of eight. In training a question about a resident
is answered with that resident's prefix alone, or with up to three or seven others of the same hall beside it. In the
test 1, 2, 4 or 8 prefixes lie side by side: all of one hall, or the asked one with strangers of the other hall, which
it has never met. Every finished training is stored at once, so a call that was stopped goes on where it ended.
"""

import argparse
import datetime
import json
import os
import random
import time
from pathlib import Path

for name, value in {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}.items():
    os.environ.setdefault(name, value)

import torch  # noqa: E402
from records import machine  # noqa: E402

import prefix_lab as pl  # noqa: E402
from prefix_lab.checkpoint import replace_file  # noqa: E402
from prefix_lab.town.residents import ASKED, residents  # noqa: E402
from prefix_lab.training import collate, encode, rate  # noqa: E402

STORED = Path(__file__).with_name("compose.json")
COUNTS, SEEDS, DRAWS = (1, 2, 4, 8), 3, 2
ARMS = {"alone": 0, "strangers 3": 3, "strangers 7": 7}  # how many others are in view at most
DEFAULTS = {"rows": 12, "lr": 0.03, "steps": 400, "batch": 24, "warmup": 0.1, "people": 16}


def halls(seed: int) -> list[list]:
    """Two lists of eight residents."""
    people = residents(DEFAULTS["people"], seed)
    return [people[:8], people[8:]]


def started(model, tokenizer, people) -> dict[str, pl.Prefix]:
    """A prefix for each, started from its owner's name."""
    made = {}
    for one in people:
        made[one.name] = pl.attach(model, length=DEFAULTS["rows"], init=f"text: {one.name}", tokenizer=tokenizer)
        pl.detach(model)
    return made


def train(model, tokenizer, teams, most: int, seed: int) -> list[float]:
    """Train all attached prefixes in the same batches, each row with its own and up to `most` others; the losses."""
    steps, lr, draw = DEFAULTS["steps"], DEFAULTS["lr"], random.Random(seed)
    weights, losses = [p for p in model.parameters() if p.requires_grad], []
    optimizer = torch.optim.AdamW(weights, lr=lr, weight_decay=0.0)
    model.train()
    for step in range(steps):
        rows, view = [], []
        for _ in range(DEFAULTS["batch"]):
            team = draw.choice(teams)
            own, *others = draw.sample(team, 1 + draw.randint(0, most))
            rows.append(encode(draw.choice(own.rows), tokenizer))
            view.append(tuple(one.name for one in draw.sample([own, *others], 1 + len(others))))
        optimizer.param_groups[0]["lr"] = lr * rate(step, steps, DEFAULTS["warmup"])
        with pl.select(model, view), torch.autocast("cpu", torch.bfloat16):
            loss = model(**collate(rows, tokenizer.pad_token_id)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    model.eval()
    return losses


@torch.no_grad()
def asked(model, tokenizer, groups, choices=None) -> dict[str, float]:
    """The share of questions answered rightly, and with the word of another who is in view, in percent.

    groups: (the resident who is asked about, all residents in view, the names to select); an answer counts by its first
    token. choices: the tokens among which the model chooses; default all.
    """
    rows, view, right, others = [], [], [], []
    for own, present, names in groups:
        for row, ask in zip(own.rows, ASKED):
            rows.append(encode(row, tokenizer))
            view.append(names)
            right.append(first(tokenizer, own.words[ask]))
            others.append({first(tokenizer, one.words[ask]) for one in present if one is not own})
    hits = elses = 0
    for start in range(0, len(rows), 48):
        batch = collate(rows[start : start + 48], tokenizer.pad_token_id)
        at = (batch.pop("labels") != -100).float().argmax(1) - 1
        with pl.select(model, view[start : start + 48]):
            scores = model(**batch).logits[torch.arange(len(at)), at]
        if choices is not None:
            scores = scores.masked_fill(~choices, -torch.inf)
        for guess, own, rest in zip(scores.argmax(1).tolist(), right[start:], others[start:]):
            hits, elses = hits + (guess == own), elses + (guess in rest)
    return {"right": 100 * hits / len(rows), "another's": 100 * elses / len(rows)}


def first(tokenizer, word: str) -> int:
    """The first token of an answer."""
    return tokenizer(word, add_special_tokens=False)["input_ids"][0]


def groups_of(people, strangers, count: int, seed: int) -> list:
    """Each of `people` with count - 1 of the strangers, in an order that is drawn."""
    draw, found = random.Random(seed), []
    for own in people:
        for _ in range(DRAWS):
            present = [own, *draw.sample([one for one in strangers if one is not own], count - 1)]
            draw.shuffle(present)
            found.append((own, present, tuple(one.name for one in present)))
    return found


def lab(arm: str, seed: int) -> dict:
    """Train the sixteen prefixes once, and ask."""
    model, tokenizer = pl.load_base("lab-gpt")
    model.set_attn_implementation("eager")  # short rows in bfloat16 train faster than with sdpa
    teams = halls(seed)
    torch.manual_seed(seed)
    prefixes = started(model, tokenizer, [one for team in teams for one in team])
    blank = pl.attach(model, length=DEFAULTS["rows"])
    pl.detach(model)
    pl.attach(model, prefixes)
    begun = time.process_time()
    losses = train(model, tokenizer, teams, ARMS[arm], seed)
    found = {"seconds": round(time.process_time() - begun, 1), "loss": round(sum(losses[-20:]) / 20, 4)}
    pl.attach(model, {"blank": blank})
    for count in COUNTS:
        same = [group for team in teams for group in groups_of(team, team, count, seed)]
        found[f"same hall {count}"] = asked(model, tokenizer, same)
        mixed = [group for a, b in (teams, teams[::-1]) for group in groups_of(a, b, count, seed)]
        found[f"other hall {count}"] = asked(model, tokenizer, mixed)
        for control in ("copies", "blanks"):  # as many rows, but nobody else's
            rest = [
                (own, [own], (own.name,) + (own.name if control == "copies" else "blank",) * (count - 1))
                for own, *_ in groups_of(teams[0], teams[0], 1, seed)[::DRAWS]
            ]
            found[f"{control} {count}"] = asked(model, tokenizer, rest)
    pl.detach(model)
    for count in COUNTS:  # averages of as many
        means = {
            names: pl.Prefix.average([prefixes[name] for name in names])
            for _, _, names in groups_of(teams[0], teams[0], count, seed)
        }
        pl.attach(model, {" + ".join(names): mean for names, mean in means.items()})
        groups = [
            (own, present, (" + ".join(names),)) for own, present, names in groups_of(teams[0], teams[0], count, seed)
        ]
        found[f"averages {count}"] = asked(model, tokenizer, groups)
        pl.detach(model)
    return found


def first_rows(seed: int) -> dict:
    """Short texts as untrained prefixes of SmolLM2-135M: each with a first row of its own, or one first row for all."""
    model, tokenizer = pl.load_base("smollm2-135m")
    people = [one for team in halls(seed) for one in team]
    texts = {p.name: "".join(f"{row['source']}{row['target']}\n\n" for row in p.rows) for p in people}
    (begin,) = tokenizer("<|im_start|>", add_special_tokens=False)["input_ids"]
    groups = {count: groups_of(people[:8], people, count, seed)[::DRAWS] for count in COUNTS}
    prefixes = {}
    for names in {(name,): None for name in texts} | {group[2]: None for each in groups.values() for group in each}:
        ids = [begin, *tokenizer("".join(texts[name] for name in names), add_special_tokens=False)["input_ids"]]
        prefixes["; ".join(names)] = pl.attach(model, init=torch.tensor(ids))
        pl.detach(model)
    for name in texts:
        rest = [(key[:, 1:], value[:, 1:]) for key, value in prefixes[name].pairs()]
        prefixes[f"{name}, rest"] = pl.attach(model, init=rest)
        pl.detach(model)
    pl.attach(model, prefixes)
    choices = torch.zeros(model.config.vocab_size, dtype=torch.bool)
    choices[[first(tokenizer, word) for words in ASKED.values() for word in words]] = True
    found = {}
    for count, each in groups.items():
        once = [(a, b, (names[0], *(f"{name}, rest" for name in names[1:]))) for a, b, names in each]
        text = [(a, b, ("; ".join(names),)) for a, b, names in each]
        for way, chosen in (("a first row each", each), ("one first row", once), ("one text", text)):
            found[f"{way} {count}"] = asked(model, tokenizer, chosen, choices)
            found[f"{way} {count}"]["share"] = first_share(model, tokenizer, chosen, prefixes)
    pl.detach(model)
    return found


@torch.no_grad()
def first_share(model, tokenizer, groups, prefixes) -> float:
    """The share of the last token's attention that falls on first rows, over all heads and layers, in percent."""
    model.set_attn_implementation("eager")
    shares = []
    for own, _, names in groups:
        at, columns = 0, []
        for name in names:
            columns += [] if name.endswith(", rest") else [at]
            at += prefixes[name].config.length
        inputs = tokenizer(own.rows[0]["source"], return_tensors="pt", add_special_tokens=False)
        with pl.select(model, [names]):
            layers = model(**inputs, output_attentions=True).attentions
        shares += [layer[0, :, -1, columns].sum(-1).mean().item() for layer in layers]
    model.set_attn_implementation("sdpa")
    return 100 * sum(shares) / len(shares)


def read() -> dict:
    """What compose.json holds."""
    return json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {"runs": []}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("lab", "first"))
    only = parser.parse_args().only
    torch.set_num_threads(1)
    plans = [(arm, seed) for seed in range(SEEDS) for arm in ARMS if only != "first"]
    plans += [("first rows", seed) for seed in range(SEEDS) if only != "lab"]
    for arm, seed in plans:
        if any((run["arm"], run["seed"]) == (arm, seed) for run in read()["runs"]):
            continue
        found = lab(arm, seed) if arm in ARMS else first_rows(seed)
        stored = read() | {
            "command": "python benchmarks/compose.py",
            "machine": f"{machine()}, {torch.get_num_threads()} thread",
            "defaults": DEFAULTS,
        }
        stored["runs"].append({"arm": arm, "seed": seed, "date": datetime.date.today().isoformat()} | found)
        replace_file(STORED, (json.dumps(stored, indent=1) + "\n").encode())
        print(arm, seed, found, flush=True)


if __name__ == "__main__":
    main()
