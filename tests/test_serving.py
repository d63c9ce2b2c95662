"""The server: one model, many prefixes, one batch; a real client, and every reply the one it would give alone."""

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

import openai
import pytest
import torch
import uvicorn
from families import build
from fastapi.testclient import TestClient

import prefix_lab as pl
from prefix_lab.serving import Engine, Shelf, create_app
from prefix_lab.serving.batching import Batch, Row

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
        ({"prompt": [3, 10**6]}, "prompt must hold tokens from 0 to"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 10**6}, "must fit"),
        ({"best_of": 2}, "best_of"),
        ({"logprobs": 3}, "logprobs"),
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
    assert 400 <= answer.status_code < 500
    assert sentence in answer.json()["error"]["message"]


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


def test_a_fault_of_the_model_is_told_and_the_server_goes_on(model, folder):
    with serving(model, folder) as (client, engine):
        engine.batch._write = lambda *_: 1 / 0
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


def test_the_command_finishes_what_it_accepted_when_it_is_told_to_stop(saved):
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
            process.send_signal(signal.SIGTERM)
            rest = list(parts)
            assert rest[-1].choices[0].finish_reason in ("length", "stop")
            assert process.wait(20) in (0, -signal.SIGTERM)
            assert "serving: lab-gpt and polite, story, terse" in process.stderr.read()
        finally:
            process.kill()


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_a_folder_that_is_none_ends_the_command_with_a_sentence(tmp_path):
    command = [sys.executable, "-m", "prefix_lab.serving", "--base", "lab-gpt", "--prefixes", tmp_path / "none"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "serving: prefixes must be a folder that holds a folder for each prefix" in done.stderr
