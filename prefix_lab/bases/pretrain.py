"""Pretrain a lab base from nothing: tokenizer, corpus, training, export.

    python -m prefix_lab.bases.pretrain                     # rebuild lab-gpt: 30 to 50 minutes on two cores
    python -m prefix_lab.bases.pretrain --steps 50 --out try

A run that was stopped goes on where its last checkpoint in --work ends.
"""

import argparse
import json
import os
import random
import shutil
import sys
import time
from itertools import islice
from pathlib import Path

from prefix_lab.bases import quiet
from prefix_lab.bases.card import write_card
from prefix_lab.bases.corpus import documents
from prefix_lab.bases.prose import write_prose
from prefix_lab.bases.tokenizer import SPECIAL, train_tokenizer

BLOCK, BATCH = 256, 16  # tokens in a row, rows in a step
HELD_OUT_ROWS = 256
TOKENIZER_TEXTS = 24_000
EVERY = 100  # steps between two checkpoints
ECHO_ROWS, ECHO_FROM = 3, 900  # rows in a step that repeat random tokens, and the first step that has them
SHAPE = {
    "hidden_size": 192,
    "intermediate_size": 576,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 6,
    "max_position_embeddings": 1024,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    "tie_word_embeddings": True,
}
HERE = Path(__file__).parent


def build_tokenizer(work: Path, seed: int):
    """The tokenizer in `work`, trained when it is not there yet; running text counts for half of what it reads."""
    from transformers import AutoTokenizer

    path = work / "tokenizer"
    if not path.exists():
        rng = random.Random(f"tokenizer {seed}")
        half = TOKENIZER_TEXTS // 2
        texts = [*islice(documents(seed), half), *(write_prose(rng) for _ in range(half))]
        save_whole(path, train_tokenizer(texts).save_pretrained)
    return AutoTokenizer.from_pretrained(path)


def build_rows(work: Path, tokenizer, seed: int, rows: int, name: str):
    """(rows, BLOCK) token ids in `work`: documents, an end token after each, packed without gaps."""
    import numpy as np

    path = work / f"{name}-{rows}.npy"
    if not path.exists():
        need, parts, have = rows * BLOCK, [], 0
        stream = documents(seed)
        with progress(need, f"{name} corpus", unit="token", unit_scale=True) as bar:
            while have < need:
                for ids in tokenizer(list(islice(stream, 500)))["input_ids"]:
                    parts.append(np.array([*ids, tokenizer.eos_token_id], dtype=np.uint16))
                    have += len(parts[-1])
                bar.update(min(have, need) - bar.n)

        def write(part: Path) -> None:
            with part.open("wb") as file:
                np.save(file, np.concatenate(parts)[:need].reshape(rows, BLOCK))

        save_whole(path, write)
    return np.load(path)


def echo(step: int, seed: int, vocabulary: int):
    """(ECHO_ROWS, BLOCK) ids: 4 to 63 random tokens over and over, which only a head that copies can predict.

    Such heads are what in-context behaviour stands on (Olsson et al. 2022); the corpus alone forms them late.
    """
    import numpy as np

    rng = np.random.default_rng((seed, step))
    tokens = [rng.integers(len(SPECIAL), vocabulary, rng.integers(4, 64)) for _ in range(ECHO_ROWS)]
    return np.stack([np.resize(row, BLOCK) for row in tokens]).astype(np.uint16)


def build_model(tokenizer, seed: int):
    """A LlamaForCausalLM of SHAPE with random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, initializer_range=0.04, **SHAPE,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, constant, then linear to zero over the last 40 %; until there a run can be given other steps."""
    warm = min(1.0, (step + 1) / 60)
    return peak * min(warm, (steps - step) / (0.4 * steps))


def build_optimizers(model) -> list:
    """Muon for the layers' matrices, which learnt to copy in fewer tokens than AdamW; AdamW for the rest."""
    import torch

    hidden = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        torch.optim.Muon(hidden, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def loss_of(model, rows, device: str):
    """Mean next-token cross-entropy of `rows` (B, T), in bfloat16 autocast."""
    import torch
    import torch.nn.functional as F

    ids = torch.from_numpy(rows.astype("int64")).to(device)  # (B, T)
    with torch.autocast(device, dtype=torch.bfloat16):
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits  # (B, T-1, V)
    return F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten())


def held_out_loss(model, rows, device: str) -> float:
    """Mean loss over held-out `rows`, in evaluation mode."""
    import torch

    model.eval()
    with torch.no_grad():
        total = sum(loss_of(model, rows[i : i + 64], device).item() for i in range(0, len(rows), 64))
    model.train()
    return total * 64 / len(rows)


def train(work: Path, steps: int, seed: int, peak: float, device: str):
    """Train to `steps`, from the checkpoint in `work` if there is one; returns model, tokenizer and record.

    The record holds what was asked for, the seconds so far, and the curve as [step, train loss, held-out loss].
    """
    import torch

    tokenizer = build_tokenizer(work, seed)
    rows = build_rows(work, tokenizer, seed + 1, steps * BATCH, "train")
    held_out = build_rows(work, tokenizer, seed + 2, HELD_OUT_ROWS, "held-out")
    model = build_model(tokenizer, seed).to(device).train()
    optimizers = build_optimizers(model)
    record = {"steps": steps, "seed": seed, "peak": peak, "step": 0, "seconds": 0.0, "smooth": None, "curve": []}
    record = resume(work, model, optimizers, record)
    with progress(steps, "training", initial=record["step"]) as bar:
        for step in range(record["step"], steps):
            start = time.perf_counter()
            for group in [group for optimizer in optimizers for group in optimizer.param_groups]:
                group["lr"] = learning_rate(step, steps, peak)
            batch = rows[step * BATCH : (step + 1) * BATCH]
            if step >= ECHO_FROM:
                batch[:ECHO_ROWS] = echo(step, seed, len(tokenizer))
            loss = loss_of(model, batch, device)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            model.zero_grad(set_to_none=True)
            before, value = record["smooth"], loss.item()
            record["smooth"] = value if before is None else 0.98 * before + 0.02 * value
            record["seconds"] += time.perf_counter() - start
            record["step"] = step + 1
            bar.set_postfix_str(f"loss {record['smooth']:.3f}", refresh=False)
            bar.update()
            if (step + 1) % EVERY == 0 or step + 1 == steps:
                figures = [step + 1, round(record["smooth"], 4), round(held_out_loss(model, held_out, device), 4)]
                record["curve"].append(figures)
                save_state(work, model, optimizers, record)
                line = "step {:6d}  train {:.3f}  held out {:.3f}".format(*figures)
                bar.write(f"{line}  {record['seconds']:.0f} s", file=sys.stdout)
    return model, tokenizer, record


def save_state(work: Path, model, optimizers: list, record: dict) -> None:
    """Write all that `resume` needs to go on as if nothing had happened."""
    import torch

    moments = [optimizer.state_dict() for optimizer in optimizers]
    state = {"model": model.state_dict(), "optimizers": moments, "record": record}
    save_whole(work / "checkpoint.pt", lambda part: torch.save(state, part))


def resume(work: Path, model, optimizers: list, asked: dict) -> dict:
    """Put the checkpoint in `work` into model and optimizers; returns its record, or `asked` where there is none.

    Raises SystemExit for the checkpoint of another run. The steps may differ until either run's rate decays.
    """
    import torch

    if not (work / "checkpoint.pt").exists():
        return asked
    state = torch.load(work / "checkpoint.pt", weights_only=True)
    saved = state["record"]
    decaying = saved["step"] > 0.6 * min(saved["steps"], asked["steps"])
    for key in ("seed", "peak", *(["steps"] if decaying else [])):
        if saved[key] != asked[key]:
            raise SystemExit(
                f"the checkpoint in {work} is of a run with {key} {saved[key]}, this run asks for {asked[key]}: "
                f"give another --work, or delete it"
            )
    model.load_state_dict(state["model"])
    for optimizer, moments in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(moments)
    return {**asked, **saved, "steps": asked["steps"]}


def export(model, tokenizer, record: dict, out: Path) -> None:
    """Write config, tokenizer, weights in half precision, record and model card to `out`, whole or not at all."""
    import torch

    def write(part: Path) -> None:
        with quiet():
            model.to(torch.float16).save_pretrained(part)
        tokenizer.save_pretrained(part)
        (part / "training.json").write_text(json.dumps(record) + "\n")
        card = write_card(record, model.config, BLOCK, BATCH, HELD_OUT_ROWS * BLOCK)
        (part / "README.md").write_text(card)

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


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m prefix_lab.bases.pretrain", description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("_build/bases"), help="corpus and checkpoints (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE / "lab-gpt", help="where the finished base goes (%(default)s)")
    parser.add_argument("--steps", type=int, default=2200, help=f"of {BATCH * BLOCK} tokens each (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of corpus, tokenizer and weights (%(default)s)")
    parser.add_argument("--lr", type=float, default=3e-3, help="peak learning rate (%(default)s)")
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    options = parser.parse_args(arguments)
    if options.steps < 1 or options.lr <= 0 or (options.threads is not None and options.threads < 1):
        parser.error("--steps and --threads must be at least 1, --lr above 0")

    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, tokenizer, record = train(options.work, options.steps, options.seed, options.lr, device)
    record["device"], record["parameters"] = device, sum(p.numel() for p in model.parameters())
    export(model, tokenizer, record, options.out)
    print(f"lab-gpt is in {options.out}: {record['parameters'] / 1e6:.2f} million parameters")


if __name__ == "__main__":
    main()
