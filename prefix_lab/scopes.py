"""Where a selection holds: blocks of `with` on the stack of calls, in this thread, task or generator.

A block follows contexts (asyncio's tasks, `asyncio.to_thread`), as a ContextVar does, with three differences. Inside a
generator function it holds while that function runs, not while it waits for its caller to ask for more. A thread that
starts inside a block has a context without it, which is refused. And torch.compile can ask.
"""

import dis
import inspect
import sys
import threading
import weakref
from asyncio import _get_running_loop
from contextvars import ContextVar
from types import FrameType
from typing import NamedTuple

import torch

_BLOCKS: ContextVar[tuple] = ContextVar("blocks", default=())  # the blocks of this context, innermost last
_OPEN: dict[int, tuple] = {}  # an attachment's number -> its open blocks, of all threads
_OPENING = threading.Lock()
_COMPILED = threading.local()  # what _BLOCKS says, for torch.compile, which can guard this and not a ContextVar
_ASK = "ask the context"  # there: this thread has coroutines or generators, so only the context knows


class Choice(NamedTuple):
    """What a selection chose: the names, whether they are a list with one for each row, and what is kept of it."""

    rows: tuple
    each: bool
    kept: dict | None = None  # (site, B) -> what these rows get there, while neither they nor the prefixes change


class Block:
    """A selection from its `with` to the end of the block: whose it is, and when it counts."""

    def __init__(self, selection, attachment, choice: Choice, frame: FrameType):
        self.selection, self.attachment, self.choice = selection, attachment, choice
        self.frame, self.waits = owner(frame)
        self.alive = weakref.WeakSet(threading.enumerate())  # a thread that starts later may have been meant to follow
        self.compiled = _COMPILED.__dict__.setdefault("rows", {})
        self.before = self.compiled.get(attachment.number)
        unsure = self.waits or _get_running_loop() is not None
        self.compiled[attachment.number] = _ASK if unsure or self.before == _ASK else choice._replace(kept=None)

    def open(self) -> None:
        """From now on it holds."""
        with _OPENING:
            _OPEN[self.attachment.number] = (*blocks_of(self.attachment), self)
        _BLOCKS.set((*_BLOCKS.get(), self))

    def close(self) -> None:
        """From now on it holds no more, but for tasks that began in it."""
        number = self.attachment.number
        with _OPENING:
            rest = tuple(block for block in _OPEN.pop(number, ()) if block is not self)
            if rest:
                _OPEN[number] = rest
        _BLOCKS.set(tuple(block for block in _BLOCKS.get() if block is not self))
        if self.compiled.get(number) != _ASK:
            self.compiled[number] = self.before
        self.frame = None

    def counts(self) -> bool:
        """Whether it holds in this context: always, but for a generator's while that waits for its caller."""
        return not self.waits or (self.frame is not None and not _at_yield(self.frame))


def blocks_of(attachment) -> tuple[Block, ...]:
    """The open blocks of an attachment, in all threads."""
    return _OPEN.get(attachment.number, ())


def latest(selection, frame: FrameType) -> Block:
    """The block that this frame leaves: a generator may be closed, or gone on with, in another context."""
    frame = owner(frame)[0]
    mine = [block for block in _BLOCKS.get() if block.selection is selection]
    if not mine or mine[-1].frame is not frame:
        everywhere = [block for blocks in list(_OPEN.values()) for block in blocks if block.selection is selection]
        mine = [block for block in everywhere if block.frame is frame] or mine or everywhere
    return mine[-1]


def chosen(attachment) -> Choice | None:
    """What is selected for this attachment here and now; None for no choice."""
    if torch.compiler.is_compiling():
        here = getattr(_COMPILED, "rows", {}).get(attachment.number, _ASK)
        return _ask(attachment) if here == _ASK else here
    return _in_context(attachment)


def _in_context(attachment) -> Choice | None:
    opened = blocks_of(attachment)
    if any(block.waits for block in opened):
        owners, frame = {block.frame: block for block in opened}, sys._getframe()
        while frame is not None and frame not in owners:
            frame = frame.f_back
        if frame is not None and owners[frame].waits:  # a generator of ours is running, whoever called it from where
            return owners[frame].choice
    for block in reversed(_BLOCKS.get()):
        if block.attachment is attachment and block.counts():
            return block.choice
    here = threading.current_thread()
    for block in opened:
        if here not in block.alive and block.counts():
            raise ValueError(
                f"select(model, {block.selection.names!r}) is open, but not in this thread ({here.name}), which "
                f"started after it; give the thread prefix_lab.select(model, {block.selection.names!r}).generate, "
                "or select inside it"
            )
    return None


_ask = torch.compiler.disable(
    _in_context, reason="select in coroutines, generators or other threads needs fullgraph=False"
)


def owner(frame: FrameType | None) -> tuple[FrameType | None, bool]:
    """The frame that the block belongs to, and whether it may wait, suspended, while its caller goes on.

    Context managers made with contextlib, and fixtures of pytest, are generators that hold for the caller by intention.
    """
    while frame is not None:
        if frame.f_globals.get("__name__") == "contextlib":
            frame = frame.f_back
        elif frame.f_code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
            driver = frame.f_back.f_globals.get("__name__", "") if frame.f_back is not None else ""
            if driver != "contextlib":
                return frame, not driver.startswith("_pytest.")
            frame = frame.f_back
        else:
            break
    return frame, False


def _at_yield(frame: FrameType) -> bool:
    """Whether a generator's frame is suspended at a `yield`, rather than running, or awaiting something."""
    code, at = frame.f_code.co_code, frame.f_lasti
    if sys.version_info < (3, 11):
        waits = frame.f_code.co_flags & inspect.CO_ASYNC_GENERATOR
        return dis.opname[code[at]] == "YIELD_VALUE" or (dis.opname[code[at]] == "YIELD_FROM" and not waits)
    return dis.opname[code[at]] == "YIELD_VALUE" and code[at + 3] & 3 in (1, 2)  # RESUME's argument; 3 is an await
