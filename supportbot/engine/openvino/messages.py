"""The messages between the daemon and the model's process, and their frames: msgpack behind a length.

Reading a message can't run code, whoever wrote it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.engine.openvino.seal import UNKNOWN, Seal

HEADER_BYTES = 4
"""A frame begins with the length of the rest, big-endian."""

MOST_BYTES = 16 * 2**20
"""A longer frame is not ours: something else wrote into the pipe."""

BLOCK_TOKENS = 32
"""Tokens whose keys and values fill one block of the cache, on a CPU."""

DRAFT_TOKENS = 15
"""With the known token, a step of 16 takes two to three times as long as one of a single token."""


Precision = Literal["fp32", "bf16", "int8"]
"""The arithmetic: exact ``fp32``; ``bf16`` if the processor has it, else fp32; ``int8`` for products and fp32 for
the rest, if the export has int8 weights."""


class Load(msgspec.Struct, frozen=True, tag=True):
    """Load a graph; the first message, sent once.

    Attributes:
        directory: of an exported model, see ``engine.openvino.export``.
        precision: that it is computed in.
        blocks: of the cache of keys and values; one holds ``BLOCK_TOKENS``.
        batch: requests that are decoded together at most; more wait.
        vocabulary: number of tokens that the model knows.
        positions: tokens of prompt and answer together that it has places for.
        prefix_ids: with which most prompts begin; they are computed once.
        draft_tokens: drafted for an answer in a step at most, see ``Expect``; 0 for none.
        seal: the expected content of the export; any other is refused.
    """

    directory: str
    precision: Precision
    blocks: int
    batch: int
    vocabulary: int
    positions: int
    prefix_ids: tuple[int, ...] = ()
    draft_tokens: int = DRAFT_TOKENS
    seal: Seal = UNKNOWN


class Submit(msgspec.Struct, frozen=True, tag=True):
    """Continue a prompt; the meaning of the rest is that of ``engine.base.SamplingParams``."""

    id: int
    prompt_ids: tuple[int, ...]
    eos_token_id: int
    max_length: int
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    do_sample: bool
    seed: int


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Drop a request; it may have ended meanwhile."""

    id: int


class Expect(msgspec.Struct, frozen=True, tag=True):
    """Texts that answers may repeat: an answer that does is computed faster and stays the same.

    With ``anew``, everything stored before is forgotten first, even earlier answers: they may repeat removed
    texts.
    """

    texts: list[tuple[int, ...]]
    anew: bool = False


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Drop everything and end."""


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """The graph is ready; ``precision`` is its arithmetic."""

    precision: str
    seconds: float


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """New tokens of one request, without end-of-text, and why it ended if it did."""

    id: int
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Literal["stop", "length"] | None


class Tokens(msgspec.Struct, frozen=True, tag=True):
    """The results of one step.

    Attributes:
        pieces: one for each request that has new tokens.
        cache_percent: how much of the cache is in use.
        supposed: drafted tokens, see ``Expect``.
        accepted: those of them that were drawn.
    """

    pieces: list[Piece]
    cache_percent: float
    supposed: int = 0
    accepted: int = 0


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A request failed, or all did (``id`` None); ``error`` is for the log."""

    id: int | None
    error: str


Command = Load | Submit | Cancel | Expect | Stop
Report = Loaded | Tokens | Failed

_encoder = msgspec.msgpack.Encoder()
_command_decoder: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_report_decoder: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)


def pack(message: Command | Report) -> bytes:
    """Return a message as a frame."""
    body = _encoder.encode(message)
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def frame_length(header: bytes | bytearray) -> int:
    """Return how many bytes follow a header.

    Raises:
        ValueError: it is longer than any of our frames.
    """
    length = int.from_bytes(header, "big")
    if length > MOST_BYTES:
        raise ValueError(f"A frame of {length} bytes is none of ours.")
    return length


def unpack_command(body: bytes) -> Command:
    """Return the daemon's command.

    Raises:
        ValueError: it is none.
    """
    return _command_decoder.decode(body)


def unpack_report(body: bytes) -> Report:
    """Return the report of the model's process.

    Raises:
        ValueError: it is none.
    """
    return _report_decoder.decode(body)
