"""The page "Serving prefixes": its commands and its code, run as they stand there, and its figures' records."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

import httpx
import pytest
import throughput
from serving import CLIENTS, CLOCKS, PREFIXES, WAYS
from test_house import ROOT, blocks
from test_serving import free_port, listens

PAGE = ROOT / "book" / "serving.md"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The folder in which the page's first example ran, and the port of the server that its command started."""
    folder, port = tmp_path_factory.mktemp("page"), free_port()
    here = {"cwd": folder, "env": {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}}
    subprocess.run([sys.executable, "-W", "ignore", "-c", blocks(PAGE, "python")[0]], check=True, **here)
    (command,) = [block for block in blocks(PAGE, "sh") if "prefix_lab.serving" in block]
    words = [sys.executable, *shlex.split(command)[1:], "--port", str(port)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, **here) as process:
        try:
            while not listens(port):
                assert process.poll() is None
                time.sleep(0.2)
            yield folder, port
        finally:
            process.terminate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_page_s_curl_command_gets_an_answer(served):
    (command,) = [block for block in blocks(PAGE, "sh") if block.startswith("curl")]
    words = shlex.split(command.replace(":8000/", f":{served[1]}/"))
    answer = json.loads(subprocess.run([words[0], "-s", *words[1:]], check=True, capture_output=True).stdout)
    assert answer["usage"]["completion_tokens"] > 0


def test_the_page_s_client_gets_other_words_from_each_prefix(served):
    code = blocks(PAGE, "python")[1].replace(":8000/", f":{served[1]}/")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, texts = zip(*(line.split(":", 1) for line in done.stdout.splitlines() if re.match(r"[\w-]+:", line)))
    assert names == ("polite", "terse", "lab-gpt")
    assert len(set(texts)) == 3


def test_the_meters_are_those_that_the_page_names(served):
    httpx.post(f"http://127.0.0.1:{served[1]}/v1/completions", json={"model": "polite", "prompt": "A"}, timeout=60)
    found = httpx.get(f"http://127.0.0.1:{served[1]}/metrics").text
    for name in ("requests_total", "refused", "tokens_total", "waiting", "writing", "rows_sum", "step_seconds_sum"):
        assert f"prefix_lab_{name}" in found


def test_every_place_of_the_page_is_filled_from_the_records():
    places = set(re.findall(r"<!-- ([^>]*) -->", PAGE.read_text(encoding="utf-8")))
    parts = throughput.parts()
    assert places == set(parts)
    assert all(parts.values())


def test_the_records_hold_what_the_measurement_would_measure():
    found = throughput.records()
    assert list(found) == list(throughput.BASES)
    assert throughput.WAYS == WAYS
    for record in found.values():
        assert (record["prefixes"], record["clients"]) == (PREFIXES, CLIENTS)
        for kind in throughput.KINDS:
            same, whole = record[kind]["equal to the reply alone"].split(" of ")
            least = 1 if record["dtype"] == "float32" else 0.8  # two tokens that are about as likely, rounded otherwise
            assert int(whole) >= int(same) >= least * int(whole)
            for way in WAYS[1:]:
                assert all(record[kind][f"over {way}"][clock]["median"] > 1 for clock in CLOCKS)


def test_the_figure_has_a_bar_for_each_base_and_way():
    letters = [text.get_text() for text in throughput.tokens_a_second().ax.texts]
    assert sum(letter in WAYS for letter in letters) == len(WAYS) * len(throughput.BASES)


def test_the_bar_is_met_only_where_whole_and_streamed_replies_reach_it():
    assert [throughput._met(ratios) for ratios in ([3.1, 3.0], [2.9, 3.2], [2.9, 2.0])] == [
        "met",
        "met in part",
        "missed",
    ]
