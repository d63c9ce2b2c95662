"""Pretrain a lab base from nothing: tokenizer, corpus, training, export.

    python -m prefix_lab.bases.pretrain                     # rebuild lab-gpt: about 40 minutes on two cores
    python -m prefix_lab.bases.pretrain --steps 50 --out /tmp/try

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

from prefix_lab.bases.corpus import documents
from prefix_lab.bases.prose import write_prose
from prefix_lab.bases.tokenizer import train_tokenizer

BLOCK, BATCH = 256, 16  # tokens in a row, rows in a step
HELD_OUT_ROWS = 256
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
        texts = [*islice(documents(seed), 12_000), *(write_prose(rng) for _ in range(12_000))]
        save_whole(path, train_tokenizer(texts).save_pretrained)
    return AutoTokenizer.from_pretrained(path)


def build_rows(work: Path, tokenizer, seed: int, rows: int, name: str):
    """(rows, BLOCK) token ids in `work`: documents, an end token after each, packed without gaps."""
    import numpy as np

    path = work / f"{name}-{rows}.npy"
    if not path.exists():
        need, parts, have = rows * BLOCK, [], 0
        stream = documents(seed)
        while have < need:
            for ids in tokenizer(list(islice(stream, 2000)))["input_ids"]:
                parts.append(np.array([*ids, tokenizer.eos_token_id], dtype=np.uint16))
                have += len(parts[-1])
            show(f"corpus: {min(have, need) / 1e6:.1f} of {need / 1e6:.1f} million tokens")
        print()
        save_whole(path, lambda part: np.save(part.open("wb"), np.concatenate(parts)[:need].reshape(rows, BLOCK)))
    return np.load(path)


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
    """Train to `steps`, from the checkpoint in `work` if there is one; returns model, tokenizer and record."""
    import torch

    tokenizer = build_tokenizer(work, seed)
    rows = build_rows(work, tokenizer, seed + 1, steps * BATCH, "train")
    held_out = build_rows(work, tokenizer, seed + 2, HELD_OUT_ROWS, "held-out")
    model = build_model(tokenizer, seed).to(device).train()
    optimizers = build_optimizers(model)
    record = {"steps": steps, "seed": seed, "peak": peak, "step": 0, "seconds": 0.0, "curve": []}
    checkpoint = work / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        check_same_run(saved["record"], record)
        model.load_state_dict(saved["model"])
        for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        record = saved["record"] | {"steps": steps}
    smooth = record["curve"][-1][1] if record["curve"] else None
    for step in range(record["step"], steps):
        start = time.perf_counter()
        for group in [group for optimizer in optimizers for group in optimizer.param_groups]:
            group["lr"] = learning_rate(step, steps, peak)
        loss = loss_of(model, rows[step * BATCH : (step + 1) * BATCH], device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        model.zero_grad(set_to_none=True)
        smooth = loss.item() if smooth is None else 0.98 * smooth + 0.02 * loss.item()
        record["seconds"] += time.perf_counter() - start
        record["step"] = step + 1
        if (step + 1) % 100 == 0 or step + 1 == steps:
            figures = [step + 1, round(smooth, 4), round(held_out_loss(model, held_out, device), 4)]
            record["curve"].append(figures)
            moments = [optimizer.state_dict() for optimizer in optimizers]
            state = {"model": model.state_dict(), "optimizers": moments, "record": record}
            save_whole(checkpoint, lambda part, state=state: torch.save(state, part))
            line = f"step {figures[0]:6d}  train {figures[1]:.3f}  held out {figures[2]:.3f}  {record['seconds']:.0f} s"
            print(f"\r{line}", flush=True)
        elif step % 5 == 0:
            show(f"step {step + 1:6d} of {steps}  loss {smooth:.3f}  {(step + 1) / steps:4.0%}")
    return model, tokenizer, record


def check_same_run(saved: dict, asked: dict) -> None:
    """Refuse to go on with a checkpoint of another run; the steps may differ until either run's rate decays."""
    decaying = saved["step"] > 0.6 * min(saved["steps"], asked["steps"])
    for key in ("seed", "peak", *(["steps"] if decaying else [])):
        if saved[key] != asked[key]:
            raise SystemExit(f"the checkpoint in --work is of a run with {key} {saved[key]}, this run asks for "
                             f"{asked[key]}: give another --work, or delete it")  # fmt: skip


def export(model, tokenizer, record: dict, out: Path) -> None:
    """Write config, tokenizer, weights in half precision and the run's record to `out`, whole or not at all."""
    import torch

    def write(part: Path) -> None:
        model.to(torch.float16).save_pretrained(part)
        tokenizer.save_pretrained(part)
        (part / "training.json").write_text(json.dumps(record, indent=None) + "\n")
        if (out / "README.md").exists():
            shutil.copy(out / "README.md", part)

    save_whole(out, write)


def save_whole(path: Path, write) -> None:
    """Let `write` fill a path beside `path`, then put it in place, so that a stopped run leaves no half."""
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    write(part)
    if part.is_dir() and path.exists():
        shutil.rmtree(path)
    os.replace(part, path)


def show(line: str) -> None:
    """Redraw the progress line on stdout."""
    if sys.stdout.isatty():
        print(f"\r{line}", end="", flush=True)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m prefix_lab.bases.pretrain", description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("_build/bases"), help="corpus and checkpoints (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE / "lab-gpt", help="where the finished base goes (%(default)s)")
    parser.add_argument("--steps", type=int, default=3600, help=f"of {BATCH * BLOCK} tokens each (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of corpus, tokenizer and weights (%(default)s)")
    parser.add_argument("--lr", type=float, default=3e-3, help="peak learning rate (%(default)s)")
    parser.add_argument("--threads", type=int, help="processor threads (default: all)")
    options = parser.parse_args(arguments)

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
