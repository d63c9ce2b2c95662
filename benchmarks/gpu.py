"""What a prefix costs on a GPU: to train, to write after long texts, and each way to attend; 25 minutes, no download.

    python benchmarks/gpu.py
    python benchmarks/gpu.py --small --device cpu --out FILE

The cases are those of bench.py, in bfloat16, with random weights at real shapes. The dearest come last, and none begins
when the minutes are over. A case that the card cannot hold, or a kernel that it lacks, is kept with its error.
benchmarks/gpu.json has a record for each card, by its name, written whole after every case.
"""

import argparse
import json
import time
import warnings
from dataclasses import asdict, replace
from datetime import date
from itertools import product
from pathlib import Path
from statistics import median

import bench
import rivals
import torch
import torch.nn.functional as F
import turns
from bench import Case
from torch.nn.attention.bias import causal_lower_right

from prefix_lab import apart
from prefix_lab.checkpoint import replace_file

STORED = Path(__file__).with_name("gpu.json")
MODEL, PREFIX = "qwen3-0.6b", 16
HEADS, KEY_HEADS, WIDTH = 16, 8, 128  # of one attention


def cases() -> list[Case]:
    """The comparisons, the dearest last."""
    usual = {"model": MODEL, "prefix": PREFIX, "dtype": "bfloat16"}
    found = [
        Case("training step", baseline=baseline, batch=4, tokens=tokens, **usual)
        for tokens, baseline in product((64, 1024, 4096), ("PEFT", "visible tokens"))
    ]
    found += [Case("peak memory", baseline="PEFT", batch=4, tokens=n, **usual) for n in (1024, 4096)]
    found += [Case("peak memory", baseline="PEFT", batch=4, tokens=1024, checkpointing=True, **usual)]
    sizes = product((1, 8, 64), (64, 2048, 8192, 32_768))
    found += [Case("tokens a second", baseline="bare", batch=b, tokens=n, **usual) for b, n in sizes]
    return sorted(found, key=lambda case: case.batch * case.tokens)


# --- one attention, all the ways -------------------------------------------------------------------------------------


def ways(queries: int, keys: int, device: str) -> dict:
    """Name -> the answer (B, H, T, D_h) to query, key, value and the prefix's pair, P of them before S = keys."""

    def bare(q, k, v, pk, pv):
        return F.scaled_dot_product_attention(q, k, v, is_causal=queries > 1, enable_gqa=True)

    def joined(mask):
        def attend(q, k, v, pk, pv):
            k, v = torch.cat([pk, k], dim=2), torch.cat([pv, v], dim=2)  # (B, H_kv, P + S, D_h)
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)

        return attend

    def two_products(q, k, v, pk, pv):
        return apart.one_query(q, k, v, pk, pv, None, None, None, WIDTH**-0.5).transpose(1, 2)

    def merged(q, k, v, pk, pv):
        groups = HEADS // KEY_HEADS
        k, v, pk, pv = (part.repeat_interleave(groups, dim=1) for part in (k, v, pk, pv))  # (B, H, S or P, D_h)
        (text, size), (prefix, inner) = flash(q, k, v, queries > 1), flash(q, pk, pv, False)
        share = torch.sigmoid(inner - size)[..., None].to(q.dtype)  # (B, H, T, 1), which is lambda
        return share * prefix + (1 - share) * text

    def flash(q, k, v, causal):
        """The answer and the logarithm of what its softmax divides by, (B, H, T)."""
        if device == "cpu":
            return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, causal)[:2]
        return torch.ops.aten._scaled_dot_product_flash_attention(q, k, v, 0.0, causal)[:2]

    def flex():
        from torch.nn.attention.flex_attention import create_block_mask, flex_attention

        block = create_block_mask(lambda b, h, t, s: t + PREFIX >= s, None, None, queries, PREFIX + keys, device=device)
        compiled = torch.compile(flex_attention)

        def attend(q, k, v, pk, pv):
            k, v = torch.cat([pk, k], dim=2), torch.cat([pv, v], dim=2)
            return compiled(q, k, v, block_mask=block, enable_gqa=True)

        return attend

    if queries == 1:
        return {"bare": bare, "joined": joined(None), "two products": two_products, "merged": merged}
    mask = torch.ones(queries, PREFIX + keys, dtype=torch.bool, device=device).tril(PREFIX)
    found = {"bare": bare, "joined, a mask": joined(mask), "merged": merged}
    found["joined, no mask"] = joined(causal_lower_right(queries, PREFIX + keys))
    return found | ({"flex": flex()} if device != "cpu" else {})


def attention(batch: int, queries: int, keys: int, device: str, rounds: int = 20) -> dict:
    """Seconds of one attention in each way, with the gradient where there are many queries; or its error."""
    dtype = torch.bfloat16
    made = [(HEADS, queries), (KEY_HEADS, keys), (KEY_HEADS, keys), (KEY_HEADS, PREFIX), (KEY_HEADS, PREFIX)]
    given = [torch.randn(batch, heads, count, WIDTH, device=device, dtype=dtype) for heads, count in made]
    given = [part.requires_grad_(queries > 1) for part in given]
    found, expected = {}, None
    for name, attend in ways(queries, keys, device).items():
        try:
            taken = []
            for _ in range(rounds + 3):
                rivals.wait_for(torch.device(device))
                start = time.perf_counter()
                answer = attend(*given)
                if queries > 1:
                    answer.sum().backward()
                rivals.wait_for(torch.device(device))
                taken.append(time.perf_counter() - start)
            answer = answer.detach().float()
            expected = answer if name.startswith("joined") and expected is None else expected
            found[name] = {"seconds": round(median(taken[3:]), 7)}
            if expected is not None:
                found[name]["error"] = round((answer - expected).abs().max().item(), 5)
        except (RuntimeError, NotImplementedError) as error:
            found[name] = {"failed": str(error).splitlines()[0][:160]}
    return {"figure": "one attention", "batch": batch, "queries": queries, "keys": keys, "ways": found}


# --- memory, and graphs ----------------------------------------------------------------------------------------------


def memory(case: Case, device: str) -> dict:
    """Peak megabytes of the card in three training steps above those of the loaded model, for both."""

    def loaded() -> float:
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated() / 1e6

    peaks = {
        who: round(turns.peak(case, name, lambda: torch.cuda.max_memory_allocated() / 1e6, loaded, device))
        for who, name in (("ours", "prefix_lab"), ("theirs", case.baseline))
    }
    return {"median": round(peaks["ours"] / peaks["theirs"], 3)} | peaks


def graphs(model: str, tokens: int, device: str) -> dict:
    """Milliseconds a token with a static cache: as it is, and recorded once as a CUDA graph, where there is one."""
    base = rivals.build(model, "bfloat16").to(device)
    ids = torch.randint(3, base.config.vocab_size, (1, tokens), device=device)
    found = {"figure": "static cache", "model": model, "tokens": tokens}
    for who, method in (("ours", rivals.PrefixLab(base, PREFIX)), ("bare", rivals.Bare(base, PREFIX))):
        for graph in (False, True) if device != "cpu" else (False,):
            settings = {"cache_implementation": "static", "disable_compile": not graph, "do_sample": False}
            with method.ready(), torch.no_grad():
                for count in (8, 8, 72):  # twice to compile and record
                    rivals.wait_for(base.device)
                    start = time.perf_counter()
                    base.generate(ids, max_new_tokens=count, min_new_tokens=count, pad_token_id=0, **settings)
                    rivals.wait_for(base.device)
                    taken = time.perf_counter() - start
            found[f"{who}, graph" if graph else who] = round(1000 * taken / 72, 3)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=25, help="no case begins later (default 25)")
    parser.add_argument("--small", action="store_true", help="one small case of each kind, to see that all of it runs")
    parser.add_argument("--out", type=Path, default=STORED)
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore", FutureWarning)
    start, device = time.perf_counter(), given.device
    card = torch.cuda.get_device_name() if device != "cpu" else "cpu"
    chosen, shapes = cases(), [(4, 1024, 1024), (4, 4096, 4096), (1, 1, 2048), (64, 1, 2048), (8, 1, 32_768)]
    if given.small:
        chosen = [replace(case, tokens=16, batch=1) for case in chosen if case.tokens in (64, 2048) and case.batch < 8]
        shapes = [(1, 32, 32), (2, 1, 32)]
    work = [lambda shape=shape: attention(*shape, device, 2 if given.small else 20) for shape in shapes]
    work += [lambda n=n: graphs(MODEL, n, device) for n in ((16,) if given.small else (128, 2048))]
    for case in chosen:
        if case.figure != "peak memory":
            work.append(lambda case=case: asdict(case) | bench.paired(case, 0 if given.small else 20, device))
        elif device != "cpu":  # there, bench.py measures it in a process of its own
            work.append(lambda case=case: asdict(case) | memory(case, device))
    known = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {}
    rows: list[dict] = []
    for number, one in enumerate(work):
        if time.perf_counter() - start > 60 * given.minutes:
            print(f"{len(work) - number} cases left, the minutes are over")
            break
        try:
            rows.append(one())
        except torch.OutOfMemoryError as error:
            rows.append({"failed": str(error).splitlines()[0][:160]})
            torch.cuda.empty_cache()
        print(json.dumps(rows[-1]), flush=True)
        record = {"date": date.today().isoformat(), "torch": torch.__version__, "rows": rows}
        replace_file(given.out, (json.dumps(known | {card: record}, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
