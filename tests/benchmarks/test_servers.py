"""Servers that the comparison starts: what they are given, and that it goes on without one that fails."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.contest import Contest
from benchmarks.model import build_prompts
from benchmarks.pacing import Pace
from benchmarks.peers import PEERS, Setup
from benchmarks.peers._program import last_words
from tests.benchmarks.fake_server import DIES_AT_ONCE, serve, write_program

pytestmark = pytest.mark.long

ASSERTION = "'llama-server' ended by SIGABRT; it said last: ggml.c:12: GGML_ASSERT(n > 0) failed"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with a converter that has nothing to do, and a vLLM that always answers."""
    folder = tmp_path / "programs"
    folder.mkdir()
    write_program(folder, "convert_hf_to_gguf.py", "").write_text("", "utf-8")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("VLLM_PYTHON", str(write_program(folder, "python-of-vllm", serve())))
    return folder


@pytest.fixture
def said() -> io.StringIO:
    """What people see."""
    return io.StringIO()


@pytest.fixture
def contest(programs: Path, tmp_path: Path, said: io.StringIO) -> Iterator[Contest]:
    """A comparison of short answers; nothing is started yet."""
    setup = Setup(model=str(tmp_path / "model"), scratch=str(tmp_path), threads=1, tiny=True)
    console = Console(file=said, width=1_000)
    with Contest(setup, build_prompts(tiny=True), 3, Pace(console, None), console) as made:
        yield made


def test_server_that_does_not_start_is_left_out(programs: Path, contest: Contest, said: io.StringIO) -> None:
    """A server that ends at once takes only itself out, with its last words in the sentence."""
    write_program(programs, "llama-server", DIES_AT_ONCE)

    for name in ("llama.cpp", "vllm"):
        contest.start(name, 1)

    why = "'llama-server' ended with exit code 3; it said last: error: no model here"
    assert contest.fallen == {"llama.cpp": why}
    assert said.getvalue() == f"Starting llama.cpp\nllama.cpp is left out: {why}\nStarting vllm\n"
    assert list(contest.contestants) == ["vllm"]
    assert contest.contestants["vllm"].about == {"version": "fake", "precision": "bf16"}


@pytest.mark.parametrize("answers", [1, 4, 6], ids=["warming", "turn", "growth"])
def test_server_that_dies_is_left_out(
    answers: int, programs: Path, contest: Contest, capfd: pytest.CaptureFixture[str]
) -> None:
    """A server that dies later, at whatever time, takes only itself out, and what it did before is no figure."""
    write_program(programs, "llama-server", serve(answers))

    for name in ("llama.cpp", "vllm"):
        contest.start(name, 1)
    contest.warm([1])
    contest.run_round(1, [1])
    if "llama.cpp" in contest.contestants:
        assert contest.grow("llama.cpp", 1, [(1, 3)]) == []

    assert contest.fallen == {"llama.cpp": ASSERTION}
    assert list(contest.contestants) == ["vllm"]
    assert len(contest.contestants["vllm"].rounds[1]) == 1
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "lines", "why"),
    [
        ("convert_hf_to_gguf.py", "import no_such_thing", "No module named 'no_such_thing'"),
        ("llama-server", "kill -9 $$", "'llama-server' ended by SIGKILL, and said nothing."),
    ],
)
def test_reasons_are_told(name: str, lines: str, why: str, programs: Path, contest: Contest) -> None:
    """A converter that fails, and a server that is killed before it says a word, are told as what they are."""
    write_program(programs, "llama-server", serve())
    program = write_program(programs, name, lines)
    if name.endswith(".py"):
        program.write_text(lines, "utf-8")

    contest.start("llama.cpp", 1)

    assert contest.fallen["llama.cpp"].endswith(why)


def test_vllm_is_bound_to_our_cores(programs: Path, contest: Contest, tmp_path: Path) -> None:
    """The Python that is named starts vLLM's module with as many cores as there are to use, and no network."""
    told = tmp_path / "told"
    lines = f'echo "$VLLM_CPU_OMP_THREADS_BIND $HF_HUB_OFFLINE $1 $2 $3 $4" > "{told}"\n{serve()}'
    write_program(programs, "python-of-vllm", lines)

    contest.start("vllm", 1)

    core = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    module = "-m vllm.entrypoints.openai.api_server"
    assert told.read_text("utf-8") == f"{core} 1 {module} --model {tmp_path / 'model'}\n"


def test_vllm_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Python of its own and without its command, or with a wrong one, that is what is missing."""
    setup = Setup(model="", scratch="", threads=1)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("VLLM_PYTHON", raising=False)
    assert PEERS["vllm"].missing(setup) == "there is no 'vllm' on the PATH, and no VLLM_PYTHON names a Python"

    monkeypatch.setenv("VLLM_PYTHON", "/nowhere/python")
    assert PEERS["vllm"].missing(setup) == "VLLM_PYTHON names no Python"

    monkeypatch.setenv("VLLM_PYTHON", sys.executable)
    assert PEERS["vllm"].missing(setup) is None


def test_last_words_name_no_folders() -> None:
    """The last line that is one stands without the folders of the machine, addresses stay, and it is not long."""
    said = "first\nopen /home/someone/model/llama.gguf: no file at http://127.0.0.1:80/v1/models\n\n"

    assert last_words(said) == "open llama.gguf: no file at http://127.0.0.1:80/v1/models"
    assert last_words(" \n") == ""
    assert len(last_words("a" * 1_000)) == 300
