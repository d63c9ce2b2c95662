"""The HTTP around the engine: OpenAI's routes, /health, /metrics, and errors that say what would work."""

import asyncio
import json
import time
from collections import deque
from contextlib import asynccontextmanager

import prometheus_client as prometheus
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from .engine import Closing, Engine, Full, Job
from .protocol import Answer, Asked, ChatCompletion, Completion, Refused, prompts, row, usage


class Meters:
    """What /metrics shows."""

    def __init__(self, engine: Engine):
        self.registry = prometheus.CollectorRegistry()
        self.requests = self._new(prometheus.Counter, "requests", "those accepted", ["model", "status"])
        self.refused = self._new(prometheus.Counter, "refused", "answers that were an error", ["status", "code"])
        self.tokens = self._new(prometheus.Counter, "tokens", "tokens read and written", ["kind"])
        self.latency = self._new(prometheus.Histogram, "request_seconds", "seconds of a request")
        rows = self._new(prometheus.Histogram, "rows", "rows in a step", buckets=(1, 2, 4, 8, 16, 32, 64))
        step = self._new(prometheus.Histogram, "step_seconds", "seconds of a step")
        engine.observe = lambda count, seconds: (rows.observe(count), step.observe(seconds))
        for name, said, count in (
            ("waiting", "texts that wait", lambda: len(engine.queue)),
            ("writing", "texts that are being written", lambda: len(engine.jobs)),
            ("prefixes", "prefixes that are served", lambda: len(engine.shelf.served)),
            ("left_out", "folders whose prefix cannot be served", lambda: len(engine.shelf.refused)),
        ):
            self._new(prometheus.Gauge, name, said).set_function(count)
        prometheus.ProcessCollector(registry=self.registry)

    def _new(self, kind, name: str, *said, **settings):
        return kind(f"prefix_lab_{name}", *said, **settings, registry=self.registry)


class Post:
    """From the engine's thread to the event loop, which is woken once for all that waits, not for each of 32 rows."""

    def __init__(self):
        self.letters: deque = deque()
        self.woken = False

    def send(self, loop: asyncio.AbstractEventLoop, queue: asyncio.Queue, letter) -> None:
        """Put it into the queue, in the loop's own thread."""
        self.letters.append((queue, letter))
        if not self.woken:
            self.woken = True
            loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self.woken = False  # before the first is taken: whoever sends from now on wakes the loop again
        while self.letters:
            queue, letter = self.letters.popleft()
            queue.put_nowait(letter)


class Hearing:
    """The jobs of one request, and the queue in which its coroutine hears of them from the engine's thread."""

    def __init__(self, asked: Asked, rows: list, decode, until: float, post: Post):
        loop, self.heard = asyncio.get_running_loop(), asyncio.Queue()

        def teller(index):
            return lambda text, reason: post.send(loop, self.heard, (index, text, reason))

        self.jobs = [Job(row, decode, teller(i), asked.stops, until, asked.stream) for i, row in enumerate(rows)]

    def cancel(self) -> None:
        """Give the places of its rows to others: a client that has gone away needs no more."""
        for job in self.jobs:
            job.cancelled = True

    async def parts(self):
        """(index, text, reason) until every job has its reason. Refused at a timeout or a fault."""
        left = len(self.jobs)
        try:
            while left:
                index, text, reason = await self.heard.get()
                if reason == "timeout":
                    raise Refused(
                        504, "the answer took longer than the server's timeout; lower max_tokens", code="timeout"
                    )
                if reason == "cancelled":
                    raise Refused(499, "the client went away", code="cancelled")
                if isinstance(reason, LookupError):
                    raise Refused(404, str(reason), "model", "model_not_found")
                if isinstance(reason, Exception):
                    raise Refused(500, f"the model failed: {reason}", code="internal_error") from reason
                left -= reason is not None
                yield index, text, reason
        finally:
            self.cancel()


class Looks:
    """What is served now: each look at the folder is for all requests that came before it began."""

    def __init__(self, engine: Engine):
        self.engine, self.one_at_a_time = engine, asyncio.Lock()
        self.begun, self.ended, self.found = 0, 0, {}  # looks that began, the number of the last that ended

    async def now(self) -> dict[str, str]:
        """What is served, name -> name on the model, at this moment or later."""
        before = self.begun
        async with self.one_at_a_time:
            if self.ended <= before:
                self.begun += 1
                self.found = await asyncio.to_thread(self.engine.look)
                self.ended = self.begun
            return self.found


@asynccontextmanager
async def watched(request: Request, hearing: Hearing):
    """Within it, the hearing is cancelled when the client goes away."""

    async def watch():
        while (await request.receive())["type"] != "http.disconnect":
            pass
        hearing.cancel()

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()


def create_app(engine: Engine, tokenizer, base: str, timeout: float = 120.0) -> FastAPI:
    """The server's application, for uvicorn, Ray Serve or a test.

    - engine: owns the model; closed when the application shuts down
    - tokenizer: the base's
    - base: the name under which the bare model is asked for
    - timeout: seconds after which an answer that is not whole is given up
    """
    model, meters, post, shelf = engine.batch.model, Meters(engine), Post(), Looks(engine)

    @asynccontextmanager
    async def lifespan(app):
        yield
        await asyncio.to_thread(engine.close)  # finishes what was accepted

    app = FastAPI(title="Prefix Lab", lifespan=lifespan)
    app.state.engine = engine

    def decode(ids: list[int]) -> str:
        return tokenizer.decode(ids, skip_special_tokens=True)

    async def known() -> dict[str, str | None]:
        return {base: None} | await shelf.now()

    async def accepted(asked: Asked) -> tuple[Hearing, list]:
        if asked.model not in (names := await known()):
            why = engine.shelf.refused.get(asked.model)
            found = f"cannot be served: {why}" if why else f"is not served; choose one of {', '.join(names)}"
            raise Refused(404, f"model {asked.model!r} {found}", "model", "model_not_found")
        read, prefix = prompts(asked, tokenizer), names[asked.model]
        rows = [row(asked, ids, model, prefix, number) for ids in read for number in range(asked.n)]
        if len(rows) > engine.waiting:
            raise Refused(400, f"at most {engine.waiting} texts can be asked for at once, got {len(rows)}", "n")
        hearing = Hearing(asked, rows, decode, time.monotonic() + timeout, post)
        try:
            engine.submit(hearing.jobs)
        except Full:
            raise Refused(429, f"{engine.waiting} texts wait already; try again", code="queue_full") from None
        except Closing:
            raise Refused(503, "the server is going down", code="closing") from None
        return hearing, rows

    async def serve(asked: Asked, request: Request):
        start = time.perf_counter()
        hearing, rows = await accepted(asked)
        form = Answer(asked)

        def count(status: int) -> dict:
            said = usage(rows, asked.n)
            meters.requests.labels(asked.model, status).inc()
            meters.tokens.labels("read").inc(said["prompt_tokens"])
            meters.tokens.labels("written").inc(said["completion_tokens"])
            meters.latency.observe(time.perf_counter() - start)
            return said

        async def stream():
            begun, status = set(), 499
            try:
                async for index, text, reason in hearing.parts():
                    yield event(form.part(index, text, reason, index not in begun))
                    begun.add(index)
                if asked.stream_options and asked.stream_options.include_usage:
                    yield event(form.last(usage(rows, asked.n)))
                yield "data: [DONE]\n\n"
                status = 200
            except Refused as error:
                status = error.status
                yield event(error.body)
            finally:
                hearing.cancel()
                count(status)

        if asked.stream:
            return StreamingResponse(stream(), media_type="text/event-stream")
        texts, reasons = [""] * len(rows), [""] * len(rows)
        try:
            async with watched(request, hearing):
                async for index, text, reason in hearing.parts():
                    texts[index] += text
                    reasons[index] = reason
        except Refused as error:
            count(error.status)
            raise
        return form.whole(texts, reasons, count(200))

    @app.post("/v1/completions")
    async def completions(asked: Completion, request: Request):
        return await serve(asked, request)

    @app.post("/v1/chat/completions")
    async def chat(asked: ChatCompletion, request: Request):
        return await serve(asked, request)

    @app.get("/v1/models")
    async def models():
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "prefix_lab"} for name in await known()]
        return {"object": "list", "data": listed, "refused": engine.shelf.refused}

    @app.get("/health")
    async def health():
        alive = engine.thread.is_alive() and not engine.closing
        return JSONResponse({"status": "ok" if alive else "closing"}, 200 if alive else 503)

    @app.get("/metrics")
    async def metrics():
        return Response(prometheus.generate_latest(meters.registry), media_type=prometheus.CONTENT_TYPE_LATEST)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused):
        meters.refused.labels(error.status, error.code).inc()
        headers = {"Retry-After": "1"} if error.status in (429, 503) else None
        return JSONResponse(error.body, error.status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError):
        return await refused(request, invalid_request(error.errors()[0]))

    @app.exception_handler(HTTPException)
    async def astray(request: Request, error: HTTPException):
        said = f"{request.method} {request.url.path}: {error.detail}; see /docs for what there is"
        return await refused(request, Refused(error.status_code, said, code="not_found"))

    return app


FORMS = {
    "prompt": "a text, a list of texts, a list of tokens, or a list of such lists",
    "stop": "a text or a list of at most 4",
    "content": 'a text or a list of {"type": "text", "text": ...}',
}


def invalid_request(found: dict) -> Refused:
    """What pydantic found first, as a 400 that names the argument."""
    place, kind, given = [str(part) for part in found["loc"][1:]], found["type"], f"{found.get('input')!r:.80}"
    if kind == "json_invalid":
        return Refused(400, f"the body must be JSON: {found['ctx']['error']} at letter {place[0]}", code=kind)
    if not place:
        return Refused(400, "the body must be a JSON object, sent as application/json", code=kind)
    for word in FORMS.keys() & set(place):  # what follows it names a form that it does not have
        name = ".".join(place[: place.index(word) + 1])
        return Refused(400, f"{name} must be {FORMS[word]}, got {given}", name, kind)
    name = ".".join(place)
    if kind in ("missing", "extra_forbidden"):
        said = "is missing" if kind == "missing" else "is not supported; leave it out"
        return Refused(400, f"{name} {said}", name, kind)
    return Refused(400, f"{name}: {found['msg']}, got {given}", name, kind)


def event(body: dict) -> str:
    """One message of a stream of server-sent events."""
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"
