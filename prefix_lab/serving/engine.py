"""The one thread that owns the model: it takes requests from a bounded queue and writes their texts in one batch."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .batching import Batch, Row
from .shelf import Shelf


class Full(Exception):
    """As many requests wait as may."""


class Closing(Exception):
    """No new request is taken, since the server is going down."""


@dataclass(eq=False)
class Job:
    """A row and who hears of it: `tell(text, reason)` when it ends and, where it is streamed, after each token.

    The reasons are those of `Row`, "timeout", "cancelled", or an Exception that ended it.
    """

    row: Row
    decode: Callable[[list[int]], str]
    tell: Callable[[str, object], None]
    stop: tuple[str, ...] = ()
    until: float = float("inf")  # on the clock of time.monotonic
    streamed: bool = True
    cancelled: bool = False
    text: str = field(default="", init=False)  # of the tokens before `read`
    sent: int = field(default=0, init=False)  # letters of it
    begun: int = field(default=0, init=False)  # tokens before the last piece of the text
    read: int = field(default=0, init=False)

    @property
    def given_up(self) -> str | None:
        """Why nobody waits for it any more, if so."""
        return "cancelled" if self.cancelled else "timeout" if time.monotonic() > self.until else None

    def report(self) -> object | None:
        """Tell what is new in the text; the reason, when it has ended."""
        reason = self.row.reason
        if reason or self.streamed or self.stop:
            self._decode(last=reason is not None)
        text, ends = self.text, [place for word in self.stop if (place := self.text.find(word)) >= 0]
        if ends:
            text, reason = text[: min(ends)], "stop"
        reason = reason or self.given_up
        if reason is None:  # what may become a stop word waits
            text = text[: len(text) - max((_begun(text, word) for word in self.stop), default=0)]
        new = text[self.sent :] if self.streamed or reason else ""
        self.sent += len(new)
        if new or reason is not None:
            self.tell(new, reason)
        return reason

    def _decode(self, last: bool) -> None:
        """Add what the new tokens say, read after the piece before them; half a letter waits for its rest."""
        ids = self.row.written
        known, now = self.decode(ids[self.begun : self.read]), self.decode(ids[self.begun :])
        if last or not now.endswith("\ufffd"):
            self.text += now[len(known) :]
            self.begun, self.read = self.read, len(ids)


def _begun(text: str, word: str) -> int:
    """How many letters at the end of the text are the beginning of the word."""
    return next((n for n in range(len(word) - 1, 0, -1) if text.endswith(word[:n])), 0)


class Engine:
    """Writes up to `most` texts at once, with up to `waiting` more in the queue; each has the prefix that it names.

    Everything that touches the model happens in its thread: reading the folder, joining, writing, leaving.
    """

    def __init__(self, model, shelf: Shelf, most: int = 16, waiting: int = 64):
        self.batch, self.shelf, self.most, self.waiting = Batch(model.eval()), shelf, most, waiting
        self.queue: deque[Job] = deque()
        self.jobs: dict[Row, Job] = {}  # those in the batch
        self.changed, self.closing, self.stale = threading.Condition(), False, False
        self.observe = lambda rows, seconds: None  # called after each step with its rows and its time
        self.thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self.thread.start()

    def submit(self, jobs: list[Job]) -> None:
        """Take these jobs, all or none. Raises Full or Closing."""
        with self.changed:
            if self.closing:
                raise Closing
            if len(self.queue) + len(jobs) > self.waiting:
                raise Full
            self.queue.extend(jobs)
            self.changed.notify_all()

    def look(self, patience: float = 10.0) -> dict[str, str]:
        """What is served, name -> name on the model, once the folder's last changes are there."""
        if self.shelf.stale():
            with self.changed:
                self.stale = True
                self.changed.notify_all()
                self.changed.wait_for(lambda: not self.stale or self.closing, timeout=patience)
        return self.shelf.served

    def close(self, patience: float | None = None) -> None:
        """Take nothing more, finish what was taken, and end the thread."""
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        self.thread.join(patience)

    def _run(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.queue or self.jobs or self.closing or self.stale)
                if self.closing and not self.queue and not self.jobs:
                    return
                if self.stale:
                    self.shelf.look(frozenset(job.row.prefix for job in (*self.queue, *self.jobs.values())))
                    self.stale = False
                    self.changed.notify_all()
                lost = [job for job in self.queue if job.given_up]
                self.queue = deque(job for job in self.queue if job not in lost)
                new = [self.queue.popleft() for _ in range(min(self.most - len(self.jobs), len(self.queue)))]
            for job in lost:
                job.tell("", job.given_up)
            try:
                self._write(new)
            except Exception as error:  # a fault of one batch is told to its requests, and the server goes on
                for job in {*self.jobs.values(), *new}:
                    job.tell("", error)
                self.jobs, self.batch = {}, Batch(self.batch.model)

    def _write(self, new: list[Job]) -> None:
        """Let new rows join, or write one more token for all, and let go of those that have ended."""
        fit = []
        for job in new:
            if job.row.prefix is not None and job.row.prefix not in self.shelf.attached:
                job.tell("", LookupError(f"prefix {job.row.prefix!r} was taken away"))
            else:
                fit.append(job)
        start = time.perf_counter()
        if fit:
            self.batch.join([job.row for job in fit])
            self.jobs |= {job.row: job for job in fit}
            reported = fit
        elif self.jobs:
            self.batch.step()
            reported = list(self.jobs.values())
        else:
            return
        self.observe(len(reported), time.perf_counter() - start)
        gone = {job.row for job in reported if job.report() is not None}
        self.batch.leave(gone)
        self.jobs = {row: job for row, job in self.jobs.items() if row not in gone}
