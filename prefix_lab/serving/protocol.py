"""OpenAI's completions and chat completions, as far as they are served: what is asked, and what is answered."""

import time
import uuid
from typing import Annotated, Literal

import torch
from jinja2 import TemplateError
from pydantic import BaseModel, ConfigDict, Field, model_validator
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

from .batching import Row

LONG = "context_length_exceeded"
Stop = str | Annotated[list[str], Field(max_length=4)] | None


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    include_usage: bool = False


class Asked(BaseModel):
    """What both kinds of request have in common. What is not listed here is refused by name; null is the default."""

    model_config = ConfigDict(extra="forbid")
    model: str
    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    stop: Stop = None
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63 - 128)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int = Field(default=1, ge=1, le=128)
    presence_penalty: Literal[0] = 0
    frequency_penalty: Literal[0] = 0
    logit_bias: Annotated[dict, Field(max_length=0)] = {}
    user: str | None = None  # whoever it is, nothing depends on it

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, given):
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop words."""
        words = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(word for word in words if word)


class Completion(Asked):
    """POST /v1/completions."""

    prompt: str | list[str] | list[int] | list[list[int]]
    best_of: Literal[1] = 1
    echo: Literal[False] = False


class Piece(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: Literal["text"]
    text: str


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "user", "assistant"]
    content: str | list[Piece]

    @property
    def said(self) -> dict[str, str]:
        """The message as a chat template takes it."""
        text = self.content if isinstance(self.content, str) else "".join(piece.text for piece in self.content)
        return {"role": self.role, "content": text}


class Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: Literal["text"] = "text"


class ChatCompletion(Asked):
    """POST /v1/chat/completions."""

    messages: Annotated[list[Message], Field(min_length=1)]
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: Literal[False] = False
    response_format: Text = Text()


class Refused(Exception):
    """A request that is answered with an error: its status, its sentence, the argument and a code."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str = "invalid_value"):
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    @property
    def body(self) -> dict:
        """OpenAI's form of an error."""
        kind = "invalid_request_error" if self.status < 500 and self.status != 429 else "server_error"
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


def prompts(asked: Completion | ChatCompletion, tokenizer) -> list[list[int]]:
    """The tokens of each prompt; Refused where there are none."""
    if isinstance(asked, ChatCompletion):
        if not tokenizer.chat_template:
            raise Refused(400, "messages need a base with a chat template; use /v1/completions", "messages")
        messages = [message.said for message in asked.messages]
        try:
            found = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)
        except TemplateError as error:
            raise Refused(400, f"messages do not fit the base's chat template: {error}", "messages") from error
        return [found["input_ids"]]
    given = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    if given and isinstance(given[0], int):
        given = [given]
    read = [list(text) if not isinstance(text, str) else tokenizer(text)["input_ids"] for text in given]
    if not read or not all(read):
        raise Refused(400, f"prompt must hold at least one token, got {asked.prompt!r:.80}", "prompt")
    return read


def row(asked: Asked, ids: list[int], model, prefix: str | None, number: int) -> Row:
    """What the batch needs to know of the prompt's n-th text; Refused where it is too long, or no text of the model."""
    size, config = model.config.get_text_config().vocab_size, model.generation_config
    if wrong := [one for one in ids if not 0 <= one < size]:
        raise Refused(400, f"prompt must hold tokens from 0 to {size - 1}, got {wrong[0]}", "prompt")
    room = getattr(model.config.get_text_config(), "max_position_embeddings", None) or float("inf")
    if len(ids) >= room:
        said = f"the prompt must leave room for a token in {room} positions, got {len(ids)} tokens"
        raise Refused(400, said, "messages" if isinstance(asked, ChatCompletion) else "prompt", LONG)
    most = asked.max_tokens or getattr(asked, "max_completion_tokens", None) or min(256, room - len(ids))
    if len(ids) + most > room:
        raise Refused(
            400,
            f"prompt and max_tokens must fit {room} positions, got {len(ids)} and {most}; shorten one of them",
            "max_tokens",
            LONG,
        )
    heat = asked.temperature if asked.temperature is not None else (config.temperature or 1.0) * bool(config.do_sample)
    processors, generator = LogitsProcessorList(), None
    if heat > 0:
        generator = torch.Generator()
        generator.seed() if asked.seed is None else generator.manual_seed(asked.seed + number)
        if heat != 1:
            processors.append(TemperatureLogitsWarper(float(heat)))
        if asked.top_p < 1:
            processors.append(TopPLogitsWarper(asked.top_p))
    ends = config.eos_token_id
    ends = frozenset([ends] if isinstance(ends, int) else ends or [])
    return Row(prefix, list(ids), most, ends, generator, processors)


class Answer:
    """The parts of an answer to one request, in the order in which they are sent."""

    def __init__(self, asked: Asked):
        self.chat = isinstance(asked, ChatCompletion)
        self.name, kind = asked.model, "chatcmpl" if self.chat else "cmpl"
        self.head = {"id": f"{kind}-{uuid.uuid4().hex}", "created": int(time.time()), "model": asked.model}

    def whole(self, texts: list[str], reasons: list[str], usage: dict) -> dict:
        """The body where nothing is streamed."""
        choices = []
        for index, (text, reason) in enumerate(zip(texts, reasons)):
            said = {"message": {"role": "assistant", "content": text}} if self.chat else {"text": text}
            choices.append({"index": index, **said, "logprobs": None, "finish_reason": reason})
        kind = "chat.completion" if self.chat else "text_completion"
        return {**self.head, "object": kind, "choices": choices, "usage": usage}

    def part(self, index: int, text: str, reason: str | None, first: bool = False) -> dict:
        """A piece of a streamed text."""
        delta = ({"role": "assistant"} if first else {}) | ({"content": text} if text or first else {})
        said = {"delta": delta} if self.chat else {"text": text}
        choice = {"index": index, **said, "logprobs": None, "finish_reason": reason}
        return {**self.head, "object": self._streamed, "choices": [choice]}

    def last(self, usage: dict) -> dict:
        """What a stream says at its end, if asked to."""
        return {**self.head, "object": self._streamed, "choices": [], "usage": usage}

    @property
    def _streamed(self) -> str:
        return "chat.completion.chunk" if self.chat else "text_completion"


def usage(rows: list[Row], n: int = 1) -> dict:
    """How many tokens were read and written, where each prompt has n rows."""
    read, written = sum(row.read for row in rows[::n]), sum(len(row.ids) - row.read for row in rows)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
