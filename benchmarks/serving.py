"""The server with 8 prefixes and 32 clients at once, beside the same server asked one prefix at a time.

    python benchmarks/serving.py
    python benchmarks/serving.py --base smollm2-135m --requests 1 --tokens 24 --rounds 4

The server runs in its own process and answers on loopback; the clients are here. Every way of asking sends the same
requests. In each round every way is taken once, in an order that rotates, and the figure of a round is the ratio of two
ways: whatever else the machine does then, it does to both. Tokens are counted by the wall's clock and by the server's
processor clock, which stands still while other programs have the core. benchmarks/serving.json keeps a record for each
base.
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import httpx
from records import machine, ratios, spread

import prefix_lab as pl
from prefix_lab.checkpoint import replace_file

STORED = Path(__file__).with_suffix(".json")
PREFIXES, CLIENTS, LENGTH = 8, 32, 10
WAYS = ("all at once", "one prefix at a time", "one request at a time")
CLOCKS = ("wall", "processor")
PROMPTS = ("The baker", "Good morning", "The bank at the square of the town opens", "A", "In spring the children")
TEXTS = (
    "Dear guest,",
    "No.",
    "Once upon a time",
    "The news:",
    "For sale:",
    "Minutes of the council",
    "Ha!",
    "Step one",
)


def save_prefixes(base: str, folder: Path) -> None:
    """Eight prefixes that say different things, each made of a text."""
    model, tokenizer = pl.load_base(base)
    for number, text in enumerate(TEXTS):
        prefix = pl.attach(model, init=f"text: {text}", length=LENGTH, tokenizer=tokenizer)
        prefix.save_pretrained(folder / f"prefix-{number}")
        pl.detach(model)


@contextmanager
def server(base: str, folder: Path, rows: int, threads: int, dtype: str):
    """The address of a server in its own process, as the book starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "prefix_lab.serving", "--base", base, "--prefixes", folder]
    command += ["--port", port, "--rows", rows, "--threads", threads, "--timeout", 900]
    command += ["--dtype", dtype]
    with subprocess.Popen(list(map(str, command))) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            while True:
                if process.poll() is not None:
                    raise RuntimeError("the server ended; its own words are above")
                try:
                    httpx.get(f"{address}/health").raise_for_status()
                    break
                except httpx.ConnectError:
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()


# --- asking ------------------------------------------------------------------------------------------------------


async def ask(client: httpx.AsyncClient, asked: dict) -> dict:
    """One request: its text, its tokens, its seconds, and those to the first piece of text where it is streamed."""
    start, first, text, tokens = time.perf_counter(), None, "", 0
    if not asked.get("stream"):
        answer = (await client.post("/v1/completions", json=asked)).raise_for_status().json()
        text, tokens = answer["choices"][0]["text"], answer["usage"]["completion_tokens"]
    else:
        async with client.stream("POST", "/v1/completions", json=asked) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if not line.startswith("data: {"):
                    continue
                part = json.loads(line[6:])
                if "error" in part:
                    raise RuntimeError(f"after {time.perf_counter() - start:.1f} s: {part['error']['message']}")
                if part["choices"]:
                    first = first or time.perf_counter() - start
                    text += part["choices"][0]["text"]
                else:
                    tokens = part["usage"]["completion_tokens"]
    return {"text": text, "tokens": tokens, "seconds": time.perf_counter() - start, "first": first}


def requests_of(client: int, count: int, tokens: int, streamed: bool) -> list[dict]:
    """What a client asks, one request after another: always its own prefix, texts of half to all of `tokens`."""
    asked = []
    for number in range(count):
        most = tokens // 2 + (7 * client + 11 * number) % (tokens - tokens // 2 + 1)
        one = {"model": f"prefix-{client % PREFIXES}", "prompt": PROMPTS[(client + number) % len(PROMPTS)]}
        more = {"stream": True, "stream_options": {"include_usage": True}} if streamed else {}
        asked.append(one | {"max_tokens": most, "temperature": 0} | more)
    return asked


def processor(address: str) -> float:
    """The processor seconds of the server so far."""
    text = httpx.get(f"{address}/metrics").text
    return float(text.split("\nprocess_cpu_seconds_total ")[1].split()[0])


async def ways(address: str, way: str, asked: list[list[dict]]) -> tuple[dict[str, float], list[dict]]:
    """The seconds until all clients are served in this way, and their answers, client by client."""
    async with httpx.AsyncClient(base_url=address, timeout=900, limits=httpx.Limits(max_connections=None)) as client:

        async def run(requests: list[dict]) -> list[dict]:
            return [await ask(client, one) for one in requests]

        start = time.perf_counter(), processor(address)
        if way == "all at once":
            groups = [list(range(CLIENTS))]
        elif way == "one prefix at a time":
            groups = [list(range(number, CLIENTS, PREFIXES)) for number in range(PREFIXES)]
        else:
            groups = [[number] for number in range(CLIENTS)]
        found = {}
        for group in groups:
            found |= zip(group, await asyncio.gather(*(run(asked[number]) for number in group)))
        seconds = {"wall": time.perf_counter() - start[0], "processor": processor(address) - start[1]}
        return seconds, [answer for number in range(CLIENTS) for answer in found[number]]


# --- summing up --------------------------------------------------------------------------------------------------


def late(answers: list[dict], key: str) -> dict[str, float]:
    """The median and the 95th percentile of seconds."""
    cuts = quantiles([answer[key] for answer in answers], n=20)
    return {"p50": round(cuts[9], 3), "p95": round(cuts[18], 3)}


def measure(address: str, rounds: int, count: int, tokens: int, streamed: bool) -> dict:
    """Tokens a second, latency and ratios of the ways of asking; a first round is thrown away."""
    asked = [requests_of(client, count, tokens, streamed) for client in range(CLIENTS)]
    rates = {(clock, way): [] for clock in CLOCKS for way in WAYS}
    answers, order = {way: [] for way in WAYS}, list(WAYS)
    for number in range(rounds + 1):
        for way in order if number else WAYS[:1]:
            seconds, found = asyncio.run(ways(address, way, asked))
            if number:
                written = sum(answer["tokens"] for answer in found)
                for clock in CLOCKS:
                    rates[clock, way].append(written / seconds[clock])
                answers[way].append(found)
        order.append(order.pop(0))
    alone = [answer["text"] for answer in answers[WAYS[2]][0]]
    same = [answer["text"] == text for found in answers[WAYS[0]] for answer, text in zip(found, alone)]
    measured = {"requests": CLIENTS * count, "equal to the reply alone": f"{sum(same)} of {len(same)}"}
    for way in WAYS:
        flat = [answer for found in answers[way] for answer in found]
        measured[way] = {"tokens a second": spread(rates["wall", way], 1), "latency": late(flat, "seconds")}
        if streamed:
            measured[way]["first token"] = late(flat, "first")
    for way in WAYS[1:]:
        for clock in CLOCKS:
            over = ratios(rates[clock, WAYS[0]], rates[clock, way], 2)
            measured.setdefault(f"over {way}", {})[clock] = over
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="lab-gpt")
    parser.add_argument("--rounds", type=int, default=7, help="alternations, at least 2 (default 7)")
    parser.add_argument("--requests", type=int, default=2, help="of each client (default 2)")
    parser.add_argument("--tokens", type=int, default=64, help="the longest text; the shortest has half (default 64)")
    parser.add_argument("--threads", type=int, default=1, help="of the server's model (default 1)")
    parser.add_argument("--dtype", default="float32", help="of the server's model (default float32)")
    parser.add_argument("--out", type=Path, default=STORED, help="the JSON that keeps a record for each base")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    record = {"command": " ".join(["python benchmarks/serving.py", *sys.argv[1:]]), "date": date.today().isoformat()}
    record |= {"machine": machine(), "threads": given.threads, "dtype": given.dtype}
    record["versions"] = {name: version(name) for name in ("torch", "transformers", "fastapi", "uvicorn")}
    record |= {"prefixes": PREFIXES, "clients": CLIENTS, "length": LENGTH, "tokens": given.tokens}
    record["rounds"] = given.rounds
    with tempfile.TemporaryDirectory() as folder:
        save_prefixes(given.base, Path(folder))
        with server(given.base, Path(folder), CLIENTS, given.threads, given.dtype) as address:
            for name, streamed in (("whole", False), ("streamed", True)):
                record[name] = measure(address, given.rounds, given.requests, given.tokens, streamed)
                print(name, json.dumps(record[name], indent=1), flush=True)
    name = given.base if given.dtype == "float32" else f"{given.base}, {given.dtype}"
    records = json.loads(given.out.read_text(encoding="utf-8")) if given.out.is_file() else {}
    replace_file(given.out, (json.dumps(records | {name: record}, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
