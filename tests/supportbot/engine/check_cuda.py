"""The static decoder with CUDA graphs on a real GPU, which ``make test`` knows nothing of.

``python -m tests.supportbot.engine.check_cuda`` compares tokens with graphs, without them and with the growing
cache, in fp32 and fp16, and prints tokens a second at 1, 8 and 32 at once as JSON, with the share of what reading
the weights once a step allows at most. It ends with 1 if graphs change a token, or could not be recorded. Without
a GPU it runs a small model in the same way, which shows only that the check itself works.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
import torch
from structlog.testing import capture_logs

from benchmarks.limits import measure_limits, memory_ceiling
from benchmarks.model import build_prompts, save_endless
from supportbot.engine._decoding import Decoder, DynamicDecoder
from supportbot.engine._graphs import Recorder
from supportbot.engine._request import Request
from supportbot.engine._static import StaticDecoder
from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.load import load_engine, load_model
from supportbot.engine.precision import PrecisionSetting
from supportbot.engine.prompt import Prompt
from tests.supportbot.engine.collecting import collect_all, tokens_of

AT_ONCE = (1, 8, 32)
BITS: dict[PrecisionSetting, int] = {"fp32": 32, "fp16": 16}

DTYPES: dict[PrecisionSetting, torch.dtype] = {"fp32": torch.float32, "fp16": torch.float16}
SLOTS = 8
LINE = 20
"""Requests of the comparison: more than there are slots, so that some join."""


def decode(decoder: Decoder, tokenizer: Any, prompts: Sequence[Prompt], params: SamplingParams) -> list[list[int]]:
    """Return the tokens of a line of requests of many lengths, eight at once."""

    async def run() -> list[list[int]]:
        loop, closing, deadline = asyncio.get_running_loop(), threading.Event(), time.monotonic() + 600
        rows = []
        for place in range(LINE):
            ids = (prompts[place % len(prompts)].token_ids * 9)[: 3 + 19 * place % 140]
            own = replace(params, seed=place)
            limit = min(200, len(ids) + 5 + 37 * place % 120)
            rows.append(Request(ids, own, limit, deadline, loop, tokenizer, closing))
        line = rows[SLOTS:]

        def more(room: int) -> list[Request]:
            taken, line[:] = line[:room], line[room:]
            return taken

        decoder.decode(rows[:SLOTS], more)
        for row in line:  # the growing cache lets nobody join
            decoder.decode([row], lambda room: [])
        await asyncio.sleep(0)
        received = [[row.received.get_nowait() for _ in range(row.received.qsize())] for row in rows]
        return [tokens_of(item for item in items if isinstance(item, Chunk)) for items in received]

    return asyncio.run(run())


def compare(directory: Path, precision: PrecisionSetting, prompts: Sequence[Prompt]) -> dict[str, Any]:
    """Return how many of the answers are equal, greedy and drawn together; those with graphs come first."""
    model, tokenizer = load_model(directory)
    torch.nn.Module.to(model, dtype=DTYPES[precision])
    decoders: dict[str, Decoder] = {
        "graphs": StaticDecoder(model, SLOTS, Recorder(model.device) if model.device.type == "cuda" else None),
        "no graphs": StaticDecoder(model, SLOTS),
        "growing cache": DynamicDecoder(model),
    }
    answers = {
        name: [
            answer
            for params in (SamplingParams(do_sample=False), SamplingParams())
            for answer in decode(decoder, tokenizer, prompts, params)
        ]
        for name, decoder in decoders.items()
    }
    ours = answers.pop("graphs")
    return {
        f"equal to {name}": sum(one == other for one, other in zip(ours, theirs, strict=True)) / len(ours)
        for name, theirs in answers.items()
    }


async def measure(
    directory: Path, precision: PrecisionSetting, prompts: Sequence[Prompt], *, static: bool, ceiling: float
) -> dict[str, Any]:
    """Return tokens a second, and steps a second as a share of the ceiling."""
    engine = load_engine(directory, "check", precision, static=static)
    report = {}
    for at_once in AT_ONCE:
        asked = [(prompts[n % len(prompts)], SamplingParams(seed=n)) for n in range(at_once)]
        await collect_all(engine, asked)  # graphs are recorded, and kernels chosen
        began = time.perf_counter()
        answers = await collect_all(engine, asked)
        rate = sum(len(tokens_of(one)) for one in answers) / (time.perf_counter() - began)
        share = rate / min(at_once, engine.capacity // 2) / ceiling
        report[str(at_once)] = {"tokens a second": round(rate, 1), "share of bandwidth": round(share, 3)}
    await engine.aclose()
    return report


def main() -> None:
    """Compare, measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    quick = not torch.cuda.is_available()
    limits = measure_limits(tiny=quick)
    report: dict[str, Any] = {"device": "cpu" if quick else torch.cuda.get_device_name(), "limits": limits}
    well = True
    with tempfile.TemporaryDirectory() as folder, capture_logs() as logs:
        weights = save_endless(Path(folder), tiny=quick)
        prompts = build_prompts(tiny=quick)
        for precision, bits in BITS.items():
            equal = compare(Path(folder), precision, prompts)
            well = well and equal["equal to no graphs"] == 1
            report[precision] = equal
            for name, static in {"static": True, "growing cache": False}.items():
                report[precision][name] = asyncio.run(
                    measure(
                        Path(folder),
                        precision,
                        prompts,
                        static=static,
                        ceiling=memory_ceiling(limits, weights, bits),
                    )
                )
    report["not recorded"] = [str(entry) for entry in logs if entry["event"] == "engine.graph_failed"]
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if not well or report["not recorded"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
