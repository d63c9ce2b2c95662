"""Pretrain the lab bases from nothing: tokenizer, corpus, training, export.

    python -m prefix_lab.bases.pretrain                     # rebuild all of them, two at a time
    python -m prefix_lab.bases.pretrain --base lab-bert     # one of them
    python -m prefix_lab.bases.pretrain --base lab-gpt --steps 50 --out try

A run that was stopped goes on where its last checkpoint in --work ends.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

from prefix_lab.bases import quiet, vision
from prefix_lab.bases.card import write_card
from prefix_lab.bases.corpus import BY_HEART, MIXTURES, documents, text_of
from prefix_lab.bases.objectives import WINDOW, Batches, Text, blanks
from prefix_lab.bases.recipes import RECIPES, Recipe
from prefix_lab.bases.skills import labels
from prefix_lab.bases.tokenizer import MASK, train_tokenizer

HELD_OUT_STEPS = 16  # batches of held-out text
TOKENIZER_TEXTS = 8_000  # of each base's mixture
EVERY = 100  # steps between two checkpoints
# for glibc: memory that a step frees is kept for the next one, which is a sixth faster where batches have one shape
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(10**12), "MALLOC_TOP_PAD_": str(2**28)}
HERE = Path(__file__).parent


def build_tokenizer(work: Path, seed: int):
    """The tokenizer in `work` that all bases share, trained on all their mixtures when it is not there yet."""
    from transformers import AutoTokenizer

    path = work / "tokenizer"
    if not path.exists():
        texts = [text_of(document) for base in MIXTURES for document in islice(documents(seed, base), TOKENIZER_TEXTS)]
        words = [*labels.WORDS, *labels.verbalisers()]
        save_whole(path, train_tokenizer(texts, words).save_pretrained)
    return AutoTokenizer.from_pretrained(path)


def build_text(work: Path, base: str, recipe: Recipe, tokenizer, seed: int, steps: int, name: str):
    """What `steps` steps of `base` read, as a `Text` of documents with an end token after each; kept in `work`."""
    import numpy as np

    path = work / f"{base}-{name}-{steps}.npz"
    if not path.exists():
        bounds = [0, *(step for step in BY_HEART[base] if step < steps), steps]
        parts = [
            encode(documents(seed, base, part), tokenizer, recipe, until - since, f"{base} {name} corpus")
            for part, (since, until) in enumerate(pairwise(bounds))
        ]
        ids, answers, lengths = (np.concatenate(arrays) for arrays in zip(*parts))
        arrays = {"ids": ids, "answers": answers, "starts": np.concatenate([[0], np.cumsum(lengths)])}

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.savez(file, **arrays)

        save_whole(path, write)
    return Text(**np.load(path))


def encode(stream, tokenizer, recipe: Recipe, steps: int, what: str):
    """As much of `stream` as `steps` steps read: ids (N,), answers (N,) and the documents' lengths; see `Text`."""
    import numpy as np

    by_document = recipe.objective is blanks
    wanted = -(-steps // WINDOW) * WINDOW * recipe.rows if by_document else steps * recipe.rows * recipe.length
    ids, answers, lengths, read = [], [], [], 0
    with progress(wanted, what, unit="document" if by_document else "token") as bar:
        while read < wanted:
            batch = list(islice(stream, 500))
            encoded = iter(tokenizer([part for document in batch for piece in document for part in piece])["input_ids"])
            for document in batch:
                marked = [(next(encoded), mark) for k in range(1, len(document) + 1) for mark in (0, k)]
                marked.append(([tokenizer.eos_token_id], 0))
                ids.append(np.array([token for part, _ in marked for token in part], np.uint16))
                answers.append(np.repeat(np.array([mark for _, mark in marked], np.uint8), [len(p) for p, _ in marked]))
                lengths.append(len(ids[-1]))
            read = min(wanted, len(lengths) if by_document else read + sum(lengths[-len(batch) :]))
            bar.update(read - bar.n)
    if by_document:
        lengths = lengths[:wanted]
    ends = np.minimum(np.cumsum(lengths), sum(lengths) if by_document else wanted)
    return np.concatenate(ids)[: ends[-1]], np.concatenate(answers)[: ends[-1]], np.diff(ends, prepend=0)


def read_text(base: str, recipe: Recipe, work: Path, seed: int, steps: int):
    """The tokenizer, the batch of a step, and held-out batches."""
    tokenizer = build_tokenizer(work, seed)
    text = build_text(work, base, recipe, tokenizer, seed + 1, steps, "train")
    other = build_text(work, base, recipe, tokenizer, seed + 2, HELD_OUT_STEPS, "held-out")
    reads = Batches(
        recipe.rows, recipe.length, len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id,
        tokenizer.convert_tokens_to_ids(MASK), seed,
    )  # fmt: skip
    held_out = [recipe.objective(other, replace(reads, echo=False), step) for step in range(HELD_OUT_STEPS)]
    return tokenizer, partial(recipe.objective, text, reads), held_out


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, constant, then linear to zero over the last 40 %; until there a run can be given other steps."""
    warm = min(1.0, (step + 1) / 60)
    return peak * min(warm, (steps - step) / (0.4 * steps))


def build_optimizers(model) -> list:
    """Muon for the layers' matrices, which learns in fewer tokens than AdamW (LOG.md); AdamW for the rest."""
    import torch

    others = ("embed", "shared", "relative_attention_bias", "classifier")

    def is_matrix(name: str, p) -> bool:
        return p.ndim == 2 and not any(part in name for part in others)

    hidden = [p for name, p in model.named_parameters() if is_matrix(name, p)]
    rest = [p for name, p in model.named_parameters() if not is_matrix(name, p)]
    return [
        torch.optim.Muon(hidden, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def loss_of(model, batch: dict):
    """Mean cross-entropy of the labels of `batch`, in bfloat16 autocast."""
    import torch

    batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
    with torch.autocast(model.device.type, dtype=torch.bfloat16):
        return model(**batch, **({"use_cache": False} if set(batch) == {"input_ids", "labels"} else {})).loss


def held_out_loss(model, batches: list[dict]) -> float:
    """Mean loss over held-out `batches`, in evaluation mode."""
    import torch

    model.eval()
    with torch.no_grad():
        losses = [loss_of(model, batch).item() for batch in batches]
    model.train()
    return sum(losses) / len(losses)


def train(base: str, work: Path, steps: int, seed: int, device: str):
    """Train to `steps`, from the checkpoint in `work` if there is one; returns model, tokenizer and record.

    The record holds what was asked for, the seconds so far, and the curve as [step, train loss, held-out loss].
    """
    import torch

    recipe = RECIPES[base]
    read = vision.read_drawings if recipe.objective is vision.drawings else read_text
    tokenizer, batch_of, held_out = read(base, recipe, work, seed, steps)
    torch.manual_seed(seed)
    model = recipe.build(tokenizer).to(device).train()
    optimizers = build_optimizers(model)
    record = {"base": base, "steps": steps, "seed": seed, "step": 0, "tokens": 0, "seconds": 0.0, "smooth": None}
    record = resume(work / f"{base}.pt", model, optimizers, {**record, "curve": []})
    with progress(steps, base, initial=record["step"]) as bar:
        for step in range(record["step"], steps):
            start = time.perf_counter()
            for group in [group for optimizer in optimizers for group in optimizer.param_groups]:
                group["lr"] = learning_rate(step, steps, recipe.peak)
            batch = batch_of(step)
            loss = loss_of(model, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            model.zero_grad(set_to_none=True)
            before, value = record["smooth"], loss.item()
            record["smooth"] = value if before is None else 0.98 * before + 0.02 * value
            record["seconds"] += time.perf_counter() - start
            record["tokens"] += batch["input_ids"].numel() if "input_ids" in batch else recipe.rows * recipe.length
            record["step"] = step + 1
            bar.set_postfix_str(f"loss {record['smooth']:.3f}", refresh=False)
            bar.update()
            if (step + 1) % EVERY == 0 or step + 1 == steps:
                figures = [step + 1, round(record["smooth"], 4), round(held_out_loss(model, held_out), 4)]
                record["curve"].append(figures)
                save_state(work / f"{base}.pt", model, optimizers, record)
                line = "{}  step {:6d}  train {:.3f}  held out {:.3f}".format(base, *figures)
                bar.write(f"{line}  {record['seconds']:.0f} s", file=sys.stdout)
                sys.stdout.flush()
    return model, tokenizer, record


def save_state(path: Path, model, optimizers: list, record: dict) -> None:
    """Write all that `resume` needs to go on as if nothing had happened."""
    import torch

    moments = [optimizer.state_dict() for optimizer in optimizers]
    state = {"model": model.state_dict(), "optimizers": moments, "record": record}
    save_whole(path, lambda part: torch.save(state, part))


def resume(path: Path, model, optimizers: list, asked: dict) -> dict:
    """Put the checkpoint at `path` into model and optimizers; returns its record, or `asked` where there is none.

    Raises SystemExit for the checkpoint of another run. The steps may differ until either run's rate decays.
    """
    import torch

    if not path.exists():
        return asked
    state = torch.load(path, weights_only=True)
    saved = state["record"]
    decaying = saved["step"] > 0.6 * min(saved["steps"], asked["steps"])
    for key in ("seed", *(["steps"] if decaying else [])):
        if saved[key] != asked[key]:
            raise SystemExit(
                f"the checkpoint {path} is of a run with {key} {saved[key]}, this run asks for {asked[key]}: "
                f"give another --work, or delete it"
            )
    model.load_state_dict(state["model"])
    for optimizer, moments in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(moments)
    return {**saved, "steps": asked["steps"]}


def export(model, tokenizer, record: dict, out: Path) -> None:
    """Write config, tokenizer, weights in half precision, record and model card to `out`, whole or not at all.

    Of a base that reads drawings, the image processor is what the tokenizer is of the others.
    """
    import torch

    def write(part: Path) -> None:
        if getattr(model.config, "sparse_prediction", False):
            model.config.sparse_prediction = False  # who loads the base expects the logits of every token
        with quiet():
            model.to(torch.float16).save_pretrained(part)
        (part / "model.safetensors").chmod(0o644)  # readable by all, as the other files are
        tokenizer.save_pretrained(part)
        if (words := part / "tokenizer.json").exists():  # on one line: less than half the size
            tokenizer.backend_tokenizer.save(str(words), pretty=False)
        (part / "training.json").write_text(json.dumps(record) + "\n")
        (part / "README.md").write_text(write_card(record, model.config))

    save_whole(out, write)


def save_whole(path: Path, write) -> None:
    """Let `write` fill a path beside `path`, then put it in place, so that a stopped run leaves no half."""
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    if part.is_dir():
        shutil.rmtree(part)
    write(part)
    if part.is_dir() and path.exists():
        shutil.rmtree(path)
    os.replace(part, path)


def progress(total: int, what: str, **options):
    """A progress bar on stdout; none where stdout is a file."""
    from tqdm import tqdm

    return tqdm(total=total, desc=what, file=sys.stdout, disable=not sys.stdout.isatty(), **options)


def pretrain(base: str, work: Path, out: Path, steps: int | None, seed: int, threads: int) -> None:
    """Make one base and write it to `out`."""
    import torch

    torch.set_num_threads(threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, tokenizer, record = train(base, work, steps or RECIPES[base].steps, seed, device)
    record["device"], record["parameters"] = device, sum(p.numel() for p in model.parameters())
    record["by_heart"] = BY_HEART.get(base, {})
    if RECIPES[base].objective is vision.drawings:
        record["scores"] = vision.measure(model, seed)
    export(model, tokenizer, record, out)
    print(f"{base} is in {out}: {record['parameters'] / 1e6:.2f} million parameters")


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m prefix_lab.bases.pretrain", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--base", choices=list(RECIPES), help="one base (default: all, as many at a time as processors)"
    )
    parser.add_argument("--work", type=Path, default=Path("_build/bases"), help="corpus and checkpoints (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, help="where the bases' folders go (the package)")
    parser.add_argument("--steps", type=int, help="optimiser steps (default: the recipe's)")
    parser.add_argument("--seed", type=int, default=0, help="of corpus, tokenizer and weights (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="processor threads of each base (%(default)s)")
    options = parser.parse_args(arguments)
    if (options.steps is not None and options.steps < 1) or options.threads < 1:
        parser.error("--steps and --threads must be at least 1")
    if options.base:
        return pretrain(
            options.base, options.work, options.out / options.base, options.steps, options.seed, options.threads
        )
    build_tokenizer(options.work, options.seed)  # before the processes that share it

    def run(base: str) -> int:
        given = sys.argv[1:] if arguments is None else arguments
        command = [sys.executable, "-m", "prefix_lab.bases.pretrain", "--base", base, *given]
        one_shape = RECIPES[base].objective is not blanks  # else what is kept fits no later step: 22 GB in the end
        return subprocess.call(command, env=os.environ | (KEEP_MEMORY if one_shape else {}))

    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // options.threads)) as pool:
        if any(pool.map(run, RECIPES)):
            raise SystemExit("a base was not finished; see above. The same command goes on from its checkpoint")


if __name__ == "__main__":
    main()
