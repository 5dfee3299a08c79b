"""How four servers write the same piece of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from supportbot.engine.base import Chunk, Tokenizer
from supportbot.engine.prompt import encode_text

Form = Literal["vllm", "llama.cpp", "tgi", "openai"]
Json = dict[str, Any]


def choices(form: Form, chunk: Chunk, tokenizer: Tokenizer) -> Iterator[Json]:
    """Return what a server sends of a chunk: one choice, none or two."""
    if form == "vllm":
        ids = [*chunk.token_ids, *([int(tokenizer.eos_token_id)] if chunk.finish == "stop" else [])]
        # The end-of-text token is listed like any other, with a probability that is nobody's business.
        values = [*chunk.logprobs, *([-0.5] if chunk.finish == "stop" else [])]
        yield _choice(chunk.text, _classic([f"token_id:{id}" for id in ids], values), chunk.finish)
    elif form == "openai":
        names = [chunk.text or "bytes:\\x80" for _ in chunk.token_ids]
        yield _choice(chunk.text, _classic(names, list(chunk.logprobs)) if names else None, chunk.finish)
    elif form == "llama.cpp":
        if chunk.text:  # the tokens of an incomplete character are never told
            content = [
                {"id": id, "token": chunk.text, "bytes": list(chunk.text.encode()), "logprob": logprob}
                for id, logprob in zip(chunk.token_ids, chunk.logprobs, strict=True)
            ]
            yield _choice(chunk.text, {"content": content}, None)
        if chunk.finish:
            yield _choice("", None, chunk.finish)
    else:
        end = "<|endoftext|>" if chunk.finish == "stop" else ""
        yield _choice(chunk.text + end, None, chunk.finish or "")


def tokenized(form: Form, body: Json, tokenizer: Tokenizer, places: int) -> Json | list[Json] | None:
    """Return what a server sends of a text that it is to tokenize; None if it reads no text out of this body."""
    if form == "vllm" and "prompt" in body and body.get("add_special_tokens") is False:
        ids = encode_text(tokenizer, body["prompt"])
        return {"count": len(ids), "max_model_len": places, "tokens": ids, "token_strs": None}
    if form == "llama.cpp":
        return {"tokens": encode_text(tokenizer, body.get("content", ""))}
    if form == "tgi" and "inputs" in body:
        ids = encode_text(tokenizer, body["inputs"])
        return [{"id": id, "text": "?", "start": place, "stop": place + 1} for place, id in enumerate(ids)]
    return None


def _choice(text: str, logprobs: Json | None, finish: str | None) -> Json:
    return {"index": 0, "text": text, "logprobs": logprobs, "finish_reason": finish}


def _classic(names: list[str], values: list[float]) -> Json:
    top = [{name: value} for name, value in zip(names, values, strict=True)]
    return {"tokens": names, "token_logprobs": values, "top_logprobs": top, "text_offset": [0] * len(names)}
