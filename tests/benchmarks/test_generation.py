"""The comparison of engines runs, counts what it says it counts, and writes its figures."""

from __future__ import annotations

import asyncio
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from aiohttp import web
from transformers import GPT2LMHeadModel

from benchmarks.document.__main__ import fill
from benchmarks.limits import build_ceilings
from benchmarks.model import build_prompts, save_endless
from benchmarks.peers import PEERS, Answer, Peer, Setup
from benchmarks.processes import watch
from benchmarks.serving import EndedEarlyError, Timed, Turn, run_turn
from benchmarks.speeds import Measured, build_ratios, summarize
from tests.benchmarks.fake_server import DIES_AT_ONCE, write_program

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
NAMES = "openvino,openvino-bare,transformers,remote"
PNG = b"\x89PNG\r\n"


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    """Run the comparison as people do."""
    command = [sys.executable, "-m", "benchmarks.generation", "--tiny", *flags]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def numbers(value: object) -> Iterator[float]:
    """Return all numbers inside a JSON value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, int | float):
        yield value


def measured(at_once: int, rate: float) -> Measured:
    """A turn at a rate of tokens."""
    return Measured(
        at_once=at_once,
        answers=at_once,
        seconds=1,
        tokens=int(rate),
        first_tokens=[0.1] * at_once,
        cpu_seconds=2.0,
        peak_memory_mb=100,
    )


def test_generation_compares_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of each peer, the ratios, the growth and the limits are there and finite, and no path is.

    A peer that is not there, and one that does not start, are left out of it with a sentence each.
    """
    json_file, chart = tmp_path / "figures.json", tmp_path / "chart.png"
    monkeypatch.setenv("VLLM_PYTHON", str(write_program(tmp_path, "python", DIES_AT_ONCE)))

    done = run("--peers", f"vllm,{NAMES}", "--json", str(json_file), "--chart", str(chart))

    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(json_file.read_text("utf-8"))
    assert set(record["ratio_to_transformers"]) == set(record["ratio_to_bare_pipeline"]) == {"1", "8", "32"}
    assert set(record["peers"]) == {"openvino", "openvino-bare", "transformers"}
    died = "'python' ended with exit code 3; it said last: error: no model here"
    assert record["left_out"] == {"remote": "no --remote-url is given", "vllm": died}
    assert "remote is left out: no --remote-url is given." in done.stderr
    assert f"vllm is left out: {died}" in done.stderr
    for peer in record["peers"].values():
        assert 0 < peer["start"]["first_token_seconds"] <= peer["start"]["first_answer_seconds"]
        for figures in peer["at_once"].values():
            assert figures["tokens_per_second"] > 0
            assert figures["peak_memory_mb"] > 0
            assert 0 < figures["first_token_seconds"] <= figures["slowest_first_token_seconds"]
    assert [row["at_once"] for row in record["load"]] == [1, 2]
    assert [row["new_tokens"] for row in record["length"]] == [6, 12, 6, 12]
    assert record["limits"]["read_gb_s"] > 0
    assert record["machine"]["cores"]
    assert all(map(math.isfinite, numbers(record)))
    assert str(tmp_path) not in json.dumps(record)
    assert "/tmp" not in json.dumps(record)  # noqa: S108 - nothing is written there
    assert chart.read_bytes().startswith(PNG)


def test_generation_names_an_unknown_peer(tmp_path: Path) -> None:
    """A misspelt peer is refused with the names that there are, before anything is measured."""
    done = run("--peers", "openvino,transfromers", "--json", str(tmp_path / "figures.json"))

    assert done.returncode == 2
    assert "'transfromers', which is none of openvino" in done.stderr


def test_answers_cannot_end_early(tmp_path: Path) -> None:
    """The end of text is never among the 50 most likely tokens, whatever came before, so it is never drawn."""
    save_endless(tmp_path, tiny=True)
    model = GPT2LMHeadModel.from_pretrained(tmp_path, dtype=torch.float32).eval()
    end = int(model.config.eos_token_id)
    prompts = build_prompts(tiny=True)

    with torch.inference_mode():
        logits = model(torch.tensor([prompt.token_ids for prompt in prompts[:32]])).logits

    assert not logits[..., end].any()
    assert (logits.topk(50).values > 0).all()
    # The penalty can only make tokens that were seen less likely; even without all of them, 50 remain.
    width = logits.shape[1]
    assert (logits.topk(50 + width).values > 0).all()


class ShortPeer(Peer):
    """Makes a token less than it is asked for."""

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """Nothing is missing."""
        return None

    def answer(self, prompts: Any, params: Any) -> list[Answer]:
        """Return answers that are too short."""
        wanted = params.max_length - len(prompts[0].token_ids)
        return [Answer(tokens=wanted - 1, first_token=0.0) for _ in prompts]


def test_short_answers_are_refused() -> None:
    """A peer that makes fewer tokens than asked ends the comparison: its rate would be that of less work."""
    peer = ShortPeer(Setup(model="", scratch="", threads=1))

    with pytest.raises(EndedEarlyError, match="9 tokens in place of 10"):
        run_turn(peer, build_prompts(tiny=True), Turn(at_once=2, waves=1, new_tokens=10, seed=0))


def test_prompts_have_the_documented_length() -> None:
    """With GPT-2's own tokenizer every prompt has 17 tokens, and there are 32 different ones."""
    prompts = build_prompts(tiny=False)

    assert {len(prompt.token_ids) for prompt in prompts} == {17}
    assert len({prompt.text for prompt in prompts}) >= 32


def test_ratio_is_that_of_rounds() -> None:
    """What slows a whole round down changes neither the ratio of that round nor the median of them."""
    ours = {8: [measured(8, rate) for rate in (400, 40, 440)]}
    theirs = {8: [measured(8, rate) for rate in (100, 10, 100)]}

    assert build_ratios({"openvino": ours, "other": theirs}, "openvino", "other") == {"8": 4}
    assert build_ratios({"openvino": ours}, "openvino", "other") is None


def test_figures_are_medians() -> None:
    """Rates are medians of the rounds, and processor time is shared by the answers; a remote peer has none."""
    turns = [measured(4, rate) for rate in (100, 300, 200)]

    figures = summarize(turns, is_local=True)

    assert figures["tokens_per_second"] == 200
    assert figures["cpu_seconds_per_answer"] == 0.5
    assert "cpu_seconds_per_answer" not in summarize(turns, is_local=False)


def test_ceilings_follow_from_the_limits() -> None:
    """A gigabyte a second reads a million weights of a byte a thousand times, and a product counts as two."""
    ceilings = build_ceilings({"read_gb_s": 1.0, "gemm_fp32_gflops": 4.0}, weights=1_000_000)

    assert ceilings["one_at_once"]["8-bit weights"] == 1_000
    assert ceilings["one_at_once"]["16-bit weights"] == 500
    assert ceilings["many_at_once"] == {"fp32": 2_000}


def test_processes_are_watched_together() -> None:
    """Memory and processor time of a process that another one started count as well."""
    grown = "import sys; held = bytearray(60_000_000); print(flush=True); sys.stdin.read()"
    with watch() as alone:
        pass

    with subprocess.Popen(
        [sys.executable, "-c", grown], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdin
        child.stdout.readline()
        with watch() as both:
            pass
        child.stdin.close()

    assert both.highest_mb - alone.highest_mb > 50
    assert both.cpu_seconds >= 0


def test_every_peer_says_what_it_lacks() -> None:
    """A peer that is not installed is named with what it lacks, and nothing heavy is loaded to find out."""
    setup = Setup(model="", scratch="", threads=1)

    assert PEERS["openvino"].missing(setup) is None
    assert PEERS["transformers"].missing(setup) is None
    assert PEERS["remote"].missing(setup) == "no --remote-url is given"


def test_documents_are_filled_from_a_record() -> None:
    """The figures of a record stand in the marked places, filling twice changes nothing, and the rest stays."""
    turns = {str(at_once): summarize([measured(at_once, 100 * at_once)], is_local=True) for at_once in (1, 8)}
    peer = {
        "version": "1.0",
        "precision": "int8 weights",
        "start": {"first_answer_seconds": 1.25},
        "at_once": turns,
    }
    limits = {"read_gb_s": 20.0, "gemm_fp32_gflops": 50.0}
    record = {
        "ours": "openvino",
        "peers": {"openvino": peer},
        "ratio_to_transformers": {"1": 3.5, "8": 4.25},
        "ratio_to_bare_pipeline": None,
        "load": [{"at_once": 8, "new_tokens": 183} | turns["8"]],
        "limits": limits | {"ceilings": build_ceilings(limits, 1_000_000)},
        "settings": {"at_once": [1, 8]},
        "machine": {"gpu": None, "processor": "P", "cores": 2, "threads": 2},
    }
    document = (ROOT / "docs" / "performance.md").read_text("utf-8")

    filled = fill(document, {"generation": record})

    assert "| `openvino` 1.0, int8 weights | 100 | 800 | 100 ms | 0.25 s | 100 MB | 1.2 s |" in filled
    assert "| `transformers` | 3.50 | 4.25 |" in filled
    assert "| many at once, fp32 | 50 GFLOP/s | 25,000 | 800 |" in filled
    assert fill(filled, {"generation": record}) == filled
    assert filled.startswith(document.partition("<!-- figures")[0])


def test_performance_document_names_every_peer() -> None:
    """The document explains each peer that the command knows, and no other."""
    document = (ROOT / "docs" / "performance.md").read_text("utf-8")
    _, _, table = document.partition("| peer | what it is |\n|---|---|\n")

    assert re.findall(r"^\| `([^`]+)`", table.partition("\n\n")[0], re.MULTILINE) == list(PEERS)


async def serve_models(request: web.Request) -> web.Response:
    """Offer one model."""
    return web.json_response({"object": "list", "data": [{"id": "theirs", "object": "model"}]})


async def serve_completion(request: web.Request) -> web.StreamResponse:
    """Stream as many events as there are tokens to make, then how many they were."""
    asked = await request.json()
    assert asked["model"] == "theirs"
    assert (asked["top_k"], asked["repetition_penalty"], asked["ignore_eos"]) == (50, 1.2, True)
    choice = {"index": 0, "text": "a", "logprobs": None, "finish_reason": None}
    usage = {"prompt_tokens": 1, "completion_tokens": asked["max_tokens"], "total_tokens": 1 + asked["max_tokens"]}
    events = [{"choices": [choice], "usage": None}] * asked["max_tokens"] + [{"choices": [], "usage": usage}]
    head = {"id": "1", "object": "text_completion", "created": 0, "model": "theirs"}
    lines = "".join(f"data: {json.dumps(head | event)}\n\n" for event in events)
    return web.Response(text=lines + "data: [DONE]\n\n", content_type="text/event-stream")


async def test_remote_servers_are_asked_for_the_same() -> None:
    """A server behind a URL gets the documented sampling from several at once, and its tokens are counted."""

    def ask(url: str) -> Timed:
        peer = PEERS["remote"](Setup(model="", scratch="", threads=1, remote_url=url))
        try:
            return run_turn(peer, build_prompts(tiny=True), Turn(at_once=3, waves=2, new_tokens=5, seed=0))
        finally:
            peer.close()

    app = web.Application()
    app.router.add_get("/v1/models", serve_models)
    app.router.add_post("/v1/completions", serve_completion)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        timed = await asyncio.to_thread(ask, f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    finally:
        await runner.cleanup()

    assert timed.tokens == 3 * 2 * 5
    assert len(timed.first_tokens) == 6
    assert all(0 < first <= timed.seconds for first in timed.first_tokens)
