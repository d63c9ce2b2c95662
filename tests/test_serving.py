"""The server: one model, many prefixes, one batch; a real client, and every reply the one it would give alone."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai
import pytest
import torch
import uvicorn
from families import build
from fastapi.testclient import TestClient

import prefix_lab as pl
from prefix_lab.serving import Engine, Shelf, create_app
from prefix_lab.serving.app import Looks, Post
from prefix_lab.serving.batching import Batch, Row
from prefix_lab.serving.engine import Job

TEXTS = {
    "polite": "text: Dear guest, we thank you for your kind letter",
    "terse": "text: No.",
    "story": "text: Once upon a time a fox lived in the old mill by the river",
}
PROMPTS = ["The baker", "Good morning", "The bank at the square of the town opens", "A", "In spring the children"]


@pytest.fixture(scope="module")
def model():
    return pl.load_base("lab-gpt")


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefixes")
    for name, text in TEXTS.items():
        pl.attach(model[0], init=text).save_pretrained(folder / name)
        pl.detach(model[0])
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "prefixes")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(model, folder, timeout=60.0, **settings):
    """A server on a free port of this machine, and OpenAI's client for it."""
    base, tokenizer = model
    engine = Engine(base, Shelf(base, folder, "lab-gpt"), **settings)
    port = free_port()
    app = create_app(engine, tokenizer, "lab-gpt", timeout)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0), engine
    finally:
        server.should_exit = True
        thread.join(30)
        if getattr(base, "attached_prefixes", None) is not None:
            pl.detach(base)
    assert not engine.thread.is_alive()


def alone(model, saved, name, prompt, most):
    """What `generate` writes for this prompt with this prefix, nothing else in the batch."""
    base, tokenizer = model
    if name != "lab-gpt":
        pl.attach(base, pl.Prefix.from_pretrained(saved / name))
    inputs = tokenizer(prompt, return_tensors="pt")
    out = base.generate(**inputs, max_new_tokens=most, do_sample=False)[0]
    if name != "lab-gpt":
        pl.detach(base)
    return tokenizer.decode(out[inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def test_64_clients_get_the_replies_that_each_would_get_alone(model, saved, folder):
    names = [*TEXTS, "lab-gpt"]
    asked = [(names[i % 4], PROMPTS[i % 5], 4 + i % 7) for i in range(64)]
    expected = [alone(model, saved, *one) for one in asked]
    assert len(set(expected)) > 20  # the prefixes say different things
    with serving(model, folder) as (client, engine):
        sizes = []
        engine.observe = lambda rows, seconds: sizes.append(rows)

        def ask(one):
            name, prompt, most = one
            return client.completions.create(model=name, prompt=prompt, max_tokens=most).choices[0].text

        with ThreadPoolExecutor(64) as pool:
            assert list(pool.map(ask, asked)) == expected
    assert max(sizes) > 8  # they shared batches


def test_a_stream_brings_the_same_text_in_parts(model, saved, folder):
    expected = alone(model, saved, "story", PROMPTS[0], 12)
    with serving(model, folder) as (client, _):
        given = {"model": "story", "prompt": PROMPTS[0], "max_tokens": 12, "stream": True}
        parts = list(client.completions.create(**given, stream_options={"include_usage": True}))
    assert len(parts) > 3
    assert "".join(part.choices[0].text for part in parts[:-1]) == expected
    assert [part.choices[0].finish_reason for part in parts[:-1] if part.choices[0].finish_reason] == ["length"]
    assert parts[-1].usage.completion_tokens == 12


def test_stop_words_end_a_text_and_never_show_in_a_stream(model, saved, folder):
    whole = alone(model, saved, "story", PROMPTS[0], 12)
    word = whole[len(whole) // 2 : len(whole) // 2 + 3]
    with serving(model, folder) as (client, _):
        given = {"model": "story", "prompt": PROMPTS[0], "max_tokens": 12, "stop": [word]}
        choice = client.completions.create(**given).choices[0]
        streamed = "".join(part.choices[0].text for part in client.completions.create(**given, stream=True))
    assert choice.text == streamed == whole[: whole.index(word)]
    assert choice.finish_reason == "stop"


def test_a_seed_repeats_what_was_drawn_and_another_does_not(model, folder):
    with serving(model, folder) as (client, _):

        def draw(seed):
            given = {"model": "story", "prompt": "The", "max_tokens": 20, "temperature": 1.5, "seed": seed}
            return client.completions.create(**given).choices[0].text

        assert draw(1) == draw(1) != draw(2)


def test_prefixes_come_and_go_while_the_server_runs(model, saved, folder):
    with serving(model, folder) as (client, _):
        shutil.copytree(saved / "terse", folder / "new")
        assert [one.id for one in client.models.list()] == ["lab-gpt", "new", "polite", "story", "terse"]
        ask = {"prompt": PROMPTS[1], "max_tokens": 8}
        assert client.completions.create(model="new", **ask).choices[0].text == alone_text(client, "terse", ask)
        for file in (saved / "story").iterdir():
            shutil.copy(file, folder / "new" / file.name)
            os.utime(folder / "new" / file.name)
        assert client.completions.create(model="new", **ask).choices[0].text == alone_text(client, "story", ask)
        shutil.rmtree(folder / "new")
        with pytest.raises(openai.NotFoundError, match="'new' is not served; choose one of lab-gpt, polite"):
            client.completions.create(model="new", **ask)


def alone_text(client, name, ask):
    return client.completions.create(model=name, **ask).choices[0].text


def test_many_requests_share_a_look_at_the_folder_that_began_after_they_came():
    looks, going, may_end = [], threading.Event(), threading.Event()

    class Slow:
        def look(self):
            looks.append(len(looks))
            going.set()
            assert may_end.wait(30)
            return {"looked": str(looks[-1])}

    async def ask():
        shelf = Looks(Slow())
        first = asyncio.create_task(shelf.now())
        await asyncio.to_thread(going.wait, 30)
        later = [asyncio.create_task(shelf.now()) for _ in range(20)]  # the folder may have changed since it began
        await asyncio.sleep(0)
        may_end.set()
        return await asyncio.gather(first, *later)

    first, *later = asyncio.run(ask())
    assert (first, later) == ({"looked": "0"}, 20 * [{"looked": "1"}])
    assert looks == [0, 1]


def test_a_look_that_fails_is_a_failure_for_its_own_request_alone():
    class Twice:
        looks = 0

        def look(self):
            self.looks += 1
            if self.looks == 2:
                raise OSError("the folder cannot be read")
            return {"looked": str(self.looks)}

    async def ask():
        shelf = Looks(Twice())
        return await asyncio.gather(shelf.now(), shelf.now(), shelf.now(), return_exceptions=True)

    first, second, third = asyncio.run(ask())
    assert first == {"looked": "1"}
    assert isinstance(second, OSError)
    assert third == {"looked": "3"}, "it came after the first look began, and the second told nothing"


def test_what_another_thread_sends_arrives_whole_and_in_order_and_wakes_the_loop_seldom():
    count, woken = 2000, []

    async def hear():
        loop, queue, post = asyncio.get_running_loop(), asyncio.Queue(), Post()
        wake = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *args: woken.append(1) or wake(*args)
        sender = threading.Thread(target=lambda: [post.send(loop, queue, number) for number in range(count)])
        sender.start()
        heard = [await asyncio.wait_for(queue.get(), 30) for _ in range(count)]
        sender.join()
        return heard

    assert asyncio.run(hear()) == list(range(count))
    assert 1 <= len(woken) < count


def test_a_text_that_is_being_written_keeps_the_prefix_that_is_taken_away(model, saved, folder):
    expected = alone(model, saved, "story", PROMPTS[0], 40)
    with serving(model, folder) as (client, engine):
        parts = iter(client.completions.create(model="story", prompt=PROMPTS[0], max_tokens=40, stream=True))
        first = next(parts).choices[0].text
        shutil.rmtree(folder / "story")
        assert "story" not in [one.id for one in client.models.list()]
        assert first + "".join(part.choices[0].text for part in parts) == expected


def test_a_folder_that_holds_no_fitting_prefix_is_named_with_its_reason(model, folder):
    pl.attach(build("gpt2"), length=2).save_pretrained(folder / "other")
    next((folder / "polite").glob("*.safetensors")).write_bytes(b"no")
    with serving(model, folder) as (client, _):
        assert [one.id for one in client.models.list()] == ["lab-gpt", "story", "terse"]
        with pytest.raises(openai.NotFoundError, match="'other' cannot be served: the prefix was made for"):
            client.completions.create(model="other", prompt="x")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"prompt": ""}, "prompt must hold at least one token"),
        ({"prompt": []}, "prompt must hold at least one token"),
        ({"prompt": 3}, "prompt must be a text, a list of texts, a list of tokens, or a list of such lists, got 3"),
        ({"prompt": "The baker " * 2000}, "the prompt must leave room for a token in 1024 positions, got"),
        ({"prompt": ["The"] * 65}, "at most 64 texts can be asked for at once, got 65"),
        ({"prompt": [3, 10**6]}, "prompt must hold tokens from 0 to"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 10**6}, "must fit"),
        ({"best_of": 2}, "best_of: Input should be 1, got 2"),
        ({"logprobs": 3}, "logprobs is not supported; leave it out"),
        ({"echo": True}, "echo: "),
        ({"presence_penalty": 0.5}, "presence_penalty: "),
        ({"frequency_penalty": 0.5}, "frequency_penalty: "),
        ({"logit_bias": {"5": 1}}, "logit_bias: "),
        ({"suffix": "x"}, "suffix is not supported; leave it out"),
        ({"unheard_of": 1}, "unheard_of is not supported; leave it out"),
        ({"stream_options": {"x": 1}}, "stream_options.x is not supported"),
        ({"stop": list("abcde")}, "stop must be a text or a list of at most 4, got ['a'"),
        ({"top_p": 0}, "top_p: "),
        ({"seed": 10**30}, "seed: "),
        ({"n": 0}, "n: "),
        ({"temperature": -1}, "temperature"),
        ({"model": "nobody"}, "'nobody' is not served; choose one of lab-gpt, polite, story, terse"),
    ],
)
def test_bad_input_is_a_4xx_that_names_the_argument(model, folder, change, sentence):
    base, tokenizer = model
    with TestClient(create_app(Engine(base, Shelf(base, folder)), tokenizer, "lab-gpt")) as client:
        answer = client.post("/v1/completions", json={"model": "polite", "prompt": "The"} | change)
    pl.detach(base)
    assert answer.status_code == (404 if "model" in change else 400)
    assert sentence in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        ('{"model": "polite", no', "application/json", "the body must be JSON: "),
        ("[1]", "application/json", "the body must be a JSON object"),
        ('{"model": "polite"}', "text/plain", "sent as application/json"),
        ('{"prompt": "The"}', "application/json", "model is missing"),
    ],
)
def test_a_body_that_is_no_request_is_a_400_that_says_what_it_must_be(model, folder, body, kind, sentence):
    base, tokenizer = model
    with TestClient(create_app(Engine(base, Shelf(base, folder)), tokenizer, "lab-gpt")) as client:
        answer = client.post("/v1/completions", content=body, headers={"Content-Type": kind})
        astray = client.get("/v1/nothing")
    pl.detach(base)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]
    assert (astray.status_code, astray.json()["error"]["code"]) == (404, "not_found")


def test_null_and_what_changes_nothing_are_accepted(model, folder):
    with serving(model, folder) as (client, _):
        quiet = {"n": None, "stop": None, "suffix": None, "logprobs": None, "seed": None, "max_tokens": 3}
        quiet |= {"best_of": 1, "presence_penalty": 0.0, "frequency_penalty": 0, "logit_bias": {}, "echo": False}
        ask = {"model": "polite", "prompt": "The"}
        answer = client.completions.create(**ask, extra_body=quiet | {"user": "somebody"})
        assert answer.choices[0].text == alone_text(client, "polite", {"prompt": "The", "max_tokens": 3})


def test_several_prompts_and_several_texts_of_each_come_in_order_and_are_counted_once(model, folder):
    with serving(model, folder) as (client, _):
        ask = {"model": "story", "max_tokens": 6, "temperature": 1.5, "seed": 5}
        answer = client.completions.create(prompt=["The", "A mill"], n=2, **ask)
        texts = [choice.text for choice in answer.choices]
        assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
        assert [client.completions.create(prompt=one, **ask).choices[0].text for one in ("The", "A mill")] == texts[::2]
        assert texts[0] != texts[1]
        one = client.completions.create(prompt=["The", "A mill"], **ask).usage
    assert answer.usage.prompt_tokens == one.prompt_tokens
    assert answer.usage.completion_tokens == 2 * one.completion_tokens == 24


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_frees_its_places(model, folder, monkeypatch, stream):
    monkeypatch.setattr(model[0].generation_config, "eos_token_id", None)
    with serving(model, folder, most=2) as (client, engine):
        real = engine.batch.step
        engine.batch.step = lambda: (time.sleep(0.05), real())
        asked = {"model": "terse", "prompt": ["The", "A"], "max_tokens": 900, "stream": stream}
        address = f"{client.base_url}completions"
        if stream:
            with httpx.stream("POST", address, json=asked) as answer:
                assert next(answer.iter_lines()).startswith("data: {")
        else:
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(address, json=asked, timeout=1)
        begun = time.monotonic()
        while engine.jobs:
            assert time.monotonic() - begun < 20, "45 seconds of writing go on for nobody"
            time.sleep(0.05)
        text = httpx.get(str(client.base_url).replace("/v1/", "/metrics")).text
    assert 'prefix_lab_requests_total{model="terse",status="499"} 1.0' in text


def test_a_taken_name_and_odd_names_neither_hide_it_nor_stop_the_server(model, saved, folder, caplog):
    for name in ("lab-gpt", "gr\u00fc\u00df dich, #1!", ".hidden", "damaged"):
        shutil.copytree(saved / "terse", folder / name)
    (folder / "damaged" / "prefix.json").write_text("{", encoding="utf-8")
    if os.name == "posix":
        shutil.copytree(saved / "terse", folder / os.fsdecode(b"no text \xff"))
    with serving(model, folder) as (client, engine):
        assert [one.id for one in client.models.list()] == ["lab-gpt", "gr\u00fc\u00df dich, #1!", *sorted(TEXTS)]
        assert client.completions.create(
            model="gr\u00fc\u00df dich, #1!", prompt="The", max_tokens=2
        ).usage.total_tokens
        with pytest.raises(openai.NotFoundError, match="'damaged' cannot be served: damaged/prefix.json is not JSON"):
            client.completions.create(model="damaged", prompt="The")
        bare = client.completions.create(model="lab-gpt", prompt=PROMPTS[2], max_tokens=8).choices[0].text
        shutil.rmtree(folder)
        assert [one.id for one in client.models.list()] == ["lab-gpt"]
        assert engine.thread.is_alive()
    assert bare == alone(model, saved, "lab-gpt", PROMPTS[2], 8)
    assert "lab-gpt is left out: the base has this name" in caplog.text
    assert "damaged is left out: damaged/prefix.json is not JSON" in caplog.text


def test_a_full_queue_is_429_and_a_slow_answer_504(model, folder):
    with serving(model, folder, most=1, waiting=1, timeout=0.3) as (client, engine):
        real = engine.batch.step
        engine.batch.step = lambda: (time.sleep(0.1), real())

        def ask(_):
            try:
                return client.completions.create(model="terse", prompt="The", max_tokens=50).choices[0].text
            except openai.APIStatusError as error:
                return error.status_code

        with ThreadPoolExecutor(6) as pool:
            codes = list(pool.map(ask, range(6)))
        assert set(codes) == {429, 504}
        engine.batch.step = real
        assert isinstance(client.completions.create(model="terse", prompt="The", max_tokens=2).choices[0].text, str)


def test_who_waits_too_long_or_goes_away_is_let_go_while_others_are_still_written(model, folder):
    base, _ = model
    engine, told = Engine(base, Shelf(base, folder), most=1), {name: [] for name in ("long", "late", "gone")}
    real = engine.batch.step
    engine.batch.step = lambda: (time.sleep(0.05), real())
    jobs = {
        name: Job(Row(None, [5], 60), str, lambda _, why, name=name: told[name].append(why), streamed=False)
        for name in told
    }
    jobs["late"].until = time.monotonic() + 0.3
    engine.submit(list(jobs.values()))
    jobs["gone"].cancelled = True
    while not (told["late"] and told["gone"]):
        assert not told["long"]
        time.sleep(0.02)
    engine.close()
    pl.detach(base)
    assert told == {"long": ["length"], "late": ["timeout"], "gone": ["cancelled"]}


def test_a_fault_of_the_model_is_told_and_the_server_goes_on(model, folder):
    with serving(model, folder) as (client, engine):
        engine.batch._write = lambda *rows, **more: 1 / 0
        with pytest.raises(openai.InternalServerError, match="the model failed: division by zero"):
            client.completions.create(model="terse", prompt="The")
        assert client.completions.create(model="terse", prompt="The", max_tokens=3).usage.completion_tokens == 3


def test_metrics_count_requests_and_tokens(model, folder):
    with serving(model, folder) as (client, _):
        client.completions.create(model="terse", prompt="The", max_tokens=3)
        text = client._client.get(str(client.base_url).replace("/v1/", "/metrics")).text
        health = client._client.get(str(client.base_url).replace("/v1/", "/health")).json()
    assert 'prefix_lab_requests_total{model="terse",status="200"} 1.0' in text
    assert 'prefix_lab_tokens_total{kind="written"} 3.0' in text
    assert "prefix_lab_prefixes 3.0" in text
    assert health == {"status": "ok"}


def test_chat_goes_through_the_bases_template(model, folder):
    base, tokenizer = model
    with serving(model, folder) as (client, _):
        ask = {"model": "polite", "messages": [{"role": "user", "content": "The baker"}], "max_tokens": 5}
        with pytest.raises(openai.BadRequestError, match="chat template"):
            client.chat.completions.create(**ask)
        tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
        try:
            said = client.chat.completions.create(**ask).choices[0].message
            parts = client.chat.completions.create(**ask, stream=True)
            streamed = "".join(part.choices[0].delta.content or "" for part in parts)
        finally:
            tokenizer.chat_template = None
    assert said.role == "assistant"
    assert said.content == streamed


def test_rows_that_join_and_leave_midway_write_what_they_would_alone(model, saved):
    base, tokenizer = model
    pl.attach(base, {name: pl.Prefix.from_pretrained(saved / name) for name in TEXTS})
    wanted = [("story", PROMPTS[2], 14), ("terse", "A", 3), (None, PROMPTS[4], 9), ("polite", PROMPTS[0], 6)]
    rows = [Row(name, tokenizer(prompt)["input_ids"], most) for name, prompt, most in wanted]
    batch, later, state = Batch(base), iter(rows[2:]), torch.random.get_rng_state()
    batch.join(rows[:2])
    while batch.rows:
        batch.step()
        batch.leave({row for row in batch.rows if row.reason})
        if (new := next(later, None)) is not None:
            batch.join([new])
    pl.detach(base)
    assert torch.equal(state, torch.random.get_rng_state())  # the likeliest tokens are drawn by nobody
    texts = [tokenizer.decode(row.written, skip_special_tokens=True) for row in rows]
    assert texts == [alone(model, saved, name or "lab-gpt", prompt, most) for name, prompt, most in wanted]


@pytest.mark.parametrize(
    ("name", "sentence"), [("t5", "a decoder that generates"), ("gemma2", "rows can join a batch")]
)
def test_models_whose_rows_cannot_join_a_batch_are_refused(name, sentence):
    with pytest.raises(ValueError, match=sentence):
        Batch(build(name))


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_the_command_finishes_what_it_accepted_when_it_is_told_to_stop(saved, told):
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "prefix_lab.serving",
        "--base",
        "lab-gpt",
        "--prefixes",
        saved,
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0, timeout=60)
        try:
            while not listens(port):
                assert process.poll() is None
                time.sleep(0.2)
            parts = client.completions.create(model="story", prompt="The", max_tokens=60, stream=True)
            next(iter(parts))
            process.send_signal(told)
            rest = list(parts)
            assert rest[-1].choices[0].finish_reason in ("length", "stop")
            assert process.wait(20) in (0, -told)
            said = process.stderr.read()
            assert f"serving: lab-gpt and polite, story, terse at http://127.0.0.1:{port}/v1" in said
            assert "Traceback" not in said
        finally:
            process.kill()


def test_two_replicas_under_ray_serve_write_what_each_text_would_be_alone(model, saved):
    pytest.importorskip("ray.serve", reason="Ray is no pin of the project; pip install 'ray[serve]' to run this")
    port = free_port()
    script = Path(__file__).parents[1] / "examples" / "launch" / "ray_serve.py"
    command = [sys.executable, "-W", "ignore", script, "lab-gpt", saved, "2", str(port)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    asked = [((*TEXTS, "lab-gpt")[i % 4], PROMPTS[i % 5], 4 + i % 7) for i in range(32)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0, timeout=60)

        def ask(one):
            parts = client.completions.create(model=one[0], prompt=one[1], max_tokens=one[2], stream=True)
            return "".join(part.choices[0].text for part in parts)

        def replica(_) -> str:
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
            return next(line for line in text.splitlines() if line.startswith("process_start_time_seconds"))

        try:
            while not (listens(port) and httpx.get(f"http://127.0.0.1:{port}/health", timeout=60).status_code == 200):
                assert process.poll() is None, process.stdout.read()
                time.sleep(0.5)
            while len(set(map(replica, range(8)))) < 2:  # the second may still be starting
                assert process.poll() is None, process.stdout.read()
                time.sleep(0.5)
            with ThreadPoolExecutor(32) as pool:
                begun = time.perf_counter()
                texts = list(pool.map(ask, asked))
                print(f"32 texts in {time.perf_counter() - begun:.2f} s from two replicas")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert texts == [alone(model, saved, *one) for one in asked]


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_what_the_command_cannot_serve_is_one_sentence(saved):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for folder, sentence in (
            (saved, f"serving: 127.0.0.1, port {port}, cannot be used: "),
            (saved / "terse", "serving: prefixes must be a folder that holds a folder for each prefix"),
            (saved / "none", "serving: prefixes must be a folder that holds a folder for each prefix"),
        ):
            command = [sys.executable, "-m", "prefix_lab.serving", "--base", "lab-gpt", "--prefixes", folder]
            command += ["--port", str(port if folder == saved else 0)]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 1
            assert sentence in done.stderr
            assert "Traceback" not in done.stderr


def test_letters_of_several_tokens_are_streamed_whole_and_text_is_what_decoding_all_gives(model):
    _, tokenizer = model
    text = "Gr\u00fc\u00dfe \u2014 \u732b \U0001f98a. The baker"
    row, told = Row(None, [5], 10**6), []
    job = Job(row, lambda ids: tokenizer.decode(ids, skip_special_tokens=True), lambda new, why: told.append(new))
    for token in tokenizer(text)["input_ids"]:
        row.ids.append(token)
        job.report()
    row.most = len(row.ids) - 1
    job.report()
    assert "".join(told) == tokenizer.decode(row.written, skip_special_tokens=True)
    assert len(told) > 5
    assert not any("\ufffd" in piece for piece in told)
