"""The HTTP around the engine: OpenAI's routes, /health, /metrics, and errors that say what would work."""

import asyncio
import itertools
import json
import time
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from .engine import Closing, Engine, Full, Job
from .protocol import Answer, Asked, ChatCompletion, Completion, Refused, prompts, row, usage


class Meters:
    """What /metrics shows."""

    def __init__(self, engine: Engine):
        self.registry = CollectorRegistry()
        here = {"registry": self.registry}
        self.requests = Counter("prefix_lab_requests", "requests by prefix and status", ["model", "status"], **here)
        self.tokens = Counter("prefix_lab_tokens", "tokens read and written", ["kind"], **here)
        self.rows = Histogram("prefix_lab_rows", "rows in a step", buckets=(1, 2, 4, 8, 16, 32, 64), **here)
        self.step = Histogram("prefix_lab_step_seconds", "seconds of a step", **here)
        self.latency = Histogram("prefix_lab_request_seconds", "seconds of a request", **here)
        Gauge("prefix_lab_waiting", "requests that wait", **here).set_function(lambda: len(engine.queue))
        Gauge("prefix_lab_prefixes", "prefixes that are served", **here).set_function(lambda: len(engine.shelf.served))
        engine.observe = lambda rows, seconds: (self.rows.observe(rows), self.step.observe(seconds))


class Hearing:
    """The jobs of one request, and the queue in which its coroutine hears of them from the engine's thread."""

    def __init__(self, asked: Asked, rows: list, decode, until: float):
        loop, self.heard = asyncio.get_running_loop(), asyncio.Queue()

        def teller(index):
            return lambda text, reason: loop.call_soon_threadsafe(self.heard.put_nowait, (index, text, reason))

        self.jobs = [Job(row, decode, teller(i), asked.stops, until) for i, row in enumerate(rows)]

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
                if isinstance(reason, LookupError):
                    raise Refused(404, str(reason), "model", "model_not_found")
                if isinstance(reason, Exception):
                    raise Refused(500, f"the model failed: {reason}", code="internal_error") from reason
                left -= reason is not None
                yield index, text, reason
        finally:
            for job in self.jobs:
                job.cancelled = True  # a client that has gone away needs no more


def create_app(engine: Engine, tokenizer, base: str, timeout: float = 120.0) -> FastAPI:
    """The server's application, for uvicorn, Ray Serve or a test.

    - engine: owns the model; closed when the application shuts down
    - tokenizer: the base's
    - base: the name under which the bare model is asked for
    - timeout: seconds after which an answer that is not whole is given up
    """
    model, meters, seeds = engine.batch.model, Meters(engine), itertools.count()

    @asynccontextmanager
    async def lifespan(app):
        yield
        await asyncio.to_thread(engine.close)  # finishes what was accepted

    app = FastAPI(title="Prefix Lab", lifespan=lifespan)
    app.state.engine = engine

    def decode(ids: list[int]) -> str:
        return tokenizer.decode(ids, skip_special_tokens=True)

    async def known() -> dict[str, str | None]:
        return {base: None} | await asyncio.to_thread(engine.look)

    async def answer(asked: Asked):
        if asked.model not in (names := await known()):
            why = engine.shelf.refused.get(asked.model)
            found = f"cannot be served: {why}" if why else f"is not served; choose one of {', '.join(names)}"
            raise Refused(404, f"model {asked.model!r} {found}", "model", "model_not_found")
        rows = [row(asked, ids, model, names[asked.model], next(seeds)) for ids in prompts(asked, tokenizer)]
        hearing = Hearing(asked, rows, decode, time.monotonic() + timeout)
        try:
            engine.submit(hearing.jobs)
        except Full:
            raise Refused(429, f"{engine.waiting} requests wait already; try again", code="queue_full") from None
        except Closing:
            raise Refused(503, "the server is going down", code="closing") from None
        return hearing, rows, Answer(asked)

    async def serve(asked: Asked):
        start = time.perf_counter()
        hearing, rows, form = await answer(asked)

        def count(status: int) -> None:
            said = usage(rows)
            meters.requests.labels(asked.model, status).inc()
            meters.tokens.labels("read").inc(said["prompt_tokens"])
            meters.tokens.labels("written").inc(said["completion_tokens"])
            meters.latency.observe(time.perf_counter() - start)

        async def stream():
            begun, status = set(), 200
            try:
                async for index, text, reason in hearing.parts():
                    yield event(form.part(index, text, reason, index not in begun))
                    begun.add(index)
                if asked.stream_options and asked.stream_options.include_usage:
                    yield event(form.last(usage(rows)))
                yield "data: [DONE]\n\n"
            except Refused as error:
                status = error.status
                yield event(error.body)
            finally:
                count(status)

        if asked.stream:
            return StreamingResponse(stream(), media_type="text/event-stream")
        texts, reasons = [""] * len(rows), [""] * len(rows)
        try:
            async for index, text, reason in hearing.parts():
                texts[index] += text
                reasons[index] = reason
        except Refused as error:
            count(error.status)
            raise
        count(200)
        return form.whole(texts, reasons, usage(rows))

    @app.post("/v1/completions")
    async def completions(asked: Completion):
        return await serve(asked)

    @app.post("/v1/chat/completions")
    async def chat(asked: ChatCompletion):
        return await serve(asked)

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
        return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused):
        headers = {"Retry-After": "1"} if error.status in (429, 503) else None
        return JSONResponse(error.body, error.status, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError):
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:]) or "body"
        given = "" if first["type"] == "missing" else f", got {first.get('input')!r}"
        return await refused(request, Refused(400, f"{name}: {first['msg']}{given}", name, first["type"]))

    return app


def event(body: dict) -> str:
    """One message of a stream of server-sent events."""
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"
