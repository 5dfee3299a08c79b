"""The real process of the model, spoken to in frames."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from supportbot.engine.openvino.engine import build_load
from supportbot.engine.openvino.messages import Cancel, Failed, Load, Loaded, Piece, Submit, Tokens, pack
from supportbot.engine.openvino.process import ModelProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLOCKS = 14
"""Two requests of the longest kind."""

VOCABULARY = 342
NEVER = VOCABULARY
"""An end-of-text token that does not come."""


def submit(number: int, *, prompt: tuple[int, ...] = (5, 6, 7), max_length: int = 200, eos: int = NEVER) -> Submit:
    """Return a greedy request."""
    return Submit(number, prompt, eos, max_length, 0.8, 0.95, 50, 1.2, False, 0)


async def start(
    graph: Path, blocks: int = BLOCKS, batch: int = 8, prefix_ids: tuple[int, ...] = ()
) -> ModelProcess:
    """Start a process and wait until it has loaded."""
    load = Load(str(graph), "fp32", blocks, batch, VOCABULARY, positions=256, prefix_ids=prefix_ids)
    process = await ModelProcess.start(load)
    assert isinstance(await process.receive(), Loaded)
    return process


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def process(graph: Path) -> AsyncIterator[ModelProcess]:
    """A process with room for two long requests."""
    process = await start(graph)
    yield process
    assert await process.stop() == 0


async def finish(process: ModelProcess, numbers: set[int]) -> tuple[dict[int, list[Piece]], list[Failed]]:
    """Read until all these requests have ended; return what came for whom, and the failures."""
    pieces: dict[int, list[Piece]] = {number: [] for number in numbers}
    failures: list[Failed] = []
    while numbers:
        report = await process.receive()
        if isinstance(report, Failed):
            failures.append(report)
            numbers = numbers - {report.id}
        assert isinstance(report, Failed | Tokens)
        for piece in report.pieces if isinstance(report, Tokens) else []:
            pieces[piece.id].append(piece)
            numbers = numbers - {piece.id} if piece.finish else numbers
    return pieces, failures


async def test_beyond_the_cache_requests_wait(process: ModelProcess) -> None:
    """Six requests for a cache of two come to the same answers one after the other."""
    for number in range(6):
        process.send(submit(number))
    pieces, failures = await finish(process, set(range(6)))
    assert not failures
    answers = [[token for piece in pieces[number] for token in piece.token_ids] for number in range(6)]
    assert [len(answer) for answer in answers] == [197] * 6
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("max_length", [193, 224])
async def test_a_full_cache_is_enough_to_the_last_token(graph: Path, max_length: int) -> None:
    """Requests that reserve every block of the cache reach their full length without waiting."""
    process = await start(graph, blocks=14, batch=2)
    process.send(submit(0, max_length=max_length))
    process.send(submit(1, max_length=max_length, prompt=(8, 9, 10)))
    steps: dict[int, list[int]] = {0: [], 1: []}
    for step in itertools.count():
        report = await process.receive()
        assert isinstance(report, Tokens)
        for piece in report.pieces:
            steps[piece.id].append(step)
        if all(len(taken) == max_length - 3 for taken in steps.values()):
            break
    both = max(taken[0] for taken in steps.values()) + 1  # a new prompt has a step of its own
    for taken in steps.values():
        late = [step for step in taken if step >= both]
        assert late == list(range(both, both + len(late)))
    assert await process.stop() == 0


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (submit(90, max_length=257), "places"),
        (submit(90, max_length=250, prompt=tuple(range(250))), "no room"),
        (submit(90, prompt=()), "empty"),
        (submit(90, prompt=(5, VOCABULARY)), "token"),
        (submit(90, prompt=(5, -1)), "token"),
    ],
)
async def test_what_cannot_be_done_is_given_back(process: ModelProcess, wrong: Submit, why: str) -> None:
    """A request that the library refuses fails alone; those beside it go on."""
    process.send(submit(91, max_length=30))
    process.send(wrong)
    process.send(submit(92, max_length=30))
    pieces, failures = await finish(process, {90, 91, 92})
    assert [failure.id for failure in failures] == [90]
    assert why in failures[0].error
    assert pieces[91][-1].finish == pieces[92][-1].finish == "length"


async def test_a_request_larger_than_the_cache_is_given_back(graph: Path) -> None:
    """What would wait for ever is refused at once."""
    process = await start(graph, blocks=2)
    process.send(submit(0))
    _, failures = await finish(process, {0})
    assert "cache" in failures[0].error
    assert await process.stop() == 0


async def test_cancelled_requests_make_room(process: ModelProcess) -> None:
    """Whoever waits comes on when somebody in front is cancelled; a waiting one can be cancelled as well."""
    os.kill(process.pid, signal.SIGSTOP)  # it finds everything at once, however long this takes
    for number in range(10, 14):
        process.send(submit(number))
    for number in (12, 11, 10):
        process.send(Cancel(number))
    process.send(Cancel(999))
    process.send(submit(14, max_length=20))
    os.kill(process.pid, signal.SIGCONT)
    seen: set[int] = set()
    ended: set[int] = set()
    while not {13, 14} <= ended:
        report = await process.receive()
        assert isinstance(report, Tokens)
        seen |= {piece.id for piece in report.pieces}
        ended |= {piece.id for piece in report.pieces if piece.finish}
    assert 12 not in seen
    assert not {10, 11} & ended


async def test_end_of_text_at_the_last_place_is_an_end(process: ModelProcess) -> None:
    """A text that ends just where it would be cut has ended by itself, and end-of-text is no token of it."""
    process.send(submit(20, max_length=40))
    pieces, _ = await finish(process, {20})
    tokens = [token for piece in pieces[20] for token in piece.token_ids]
    last = next(index for index, token in enumerate(tokens) if token not in tokens[:index] and index > 5)
    process.send(submit(21, max_length=3 + last + 1, eos=tokens[last]))
    pieces, _ = await finish(process, {21})
    assert [token for piece in pieces[21] for token in piece.token_ids] == tokens[:last]
    assert pieces[21][-1].finish == "stop"


async def test_a_common_beginning_changes_no_answer(process: ModelProcess, graph: Path) -> None:
    """Prompts that share all, some or nothing of it are continued as if it were not known."""
    prefix = tuple(range(40, 80))  # longer than a block of the cache
    knowing = await start(graph, prefix_ids=prefix)
    prompts = [prefix, (*prefix, 5, 6), prefix[:9], (*prefix[:20], 5, 6), (5, 6, 7), prefix[:1]]
    answers = []
    for each in (process, knowing):
        for number, prompt in enumerate(prompts, start=40):
            each.send(submit(number, prompt=prompt, max_length=90))
        pieces, failures = await finish(each, set(range(40, 46)))
        assert not failures
        answers.append(
            {number: [token for piece in taken for token in piece.token_ids] for number, taken in pieces.items()}
        )
    assert answers[0] == answers[1]
    assert await knowing.stop() == 0


async def test_many_long_prompts_hold_nobody_up(process: ModelProcess, graph: Path) -> None:
    """They are computed in pieces, beside which an answer under way goes on, and their answers are as ever."""
    prompts = {number: tuple((number * place) % 300 for place in range(3, 190)) for number in range(60, 64)}
    alone = {}
    for number, prompt in prompts.items():
        process.send(submit(number, prompt=prompt))
        pieces, _ = await finish(process, {number})
        alone[number] = [token for piece in pieces[number] for token in piece.token_ids]
    roomy = await start(graph, blocks=40)
    roomy.send(submit(70))
    assert isinstance(await roomy.receive(), Tokens)
    for number, prompt in prompts.items():
        roomy.send(submit(number, prompt=prompt))
    order: list[int] = []
    together: dict[int, list[int]] = {number: [] for number in prompts}
    while set(order) != {*prompts, 70} or any(len(together[number]) < len(alone[number]) for number in prompts):
        report = await roomy.receive()
        assert isinstance(report, Tokens)
        order += [piece.id for piece in report.pieces]
        for piece in report.pieces:
            together.get(piece.id, []).extend(piece.token_ids)
    assert together == alone
    assert order[: order.index(63)].count(70) >= 3
    assert await roomy.stop() == 0


async def test_signals_are_the_daemons_business(process: ModelProcess) -> None:
    """Ctrl-C and SIGTERM of a service manager do not end the process."""
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGTERM)
    process.send(submit(30, max_length=30))
    pieces, _ = await finish(process, {30})
    assert pieces[30][-1].finish == "length"


async def test_it_knows_no_secret_of_the_daemon(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment holds how to run, and no token, key or address of the daemon's."""
    secret = {
        "SLACK_BOT_TOKEN": "xoxb-secret",
        "DISCORD_TOKEN": "secret",
        "SUPPORTBOT_DATABASE_URL": "postgresql+psycopg://user:secret@host/name",
        "SUPPORTBOT_REMOTE_API_KEY": "secret",
        "HF_TOKEN": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "SOMETHING_NEW": "secret",
    }
    for key, value in {**secret, "OMP_NUM_THREADS": "1", "OV_CACHE_DIR": "/tmp/kept"}.items():  # noqa: S108
        monkeypatch.setenv(key, value)
    process = await start(graph)
    known = psutil.Process(process.pid).environ()
    assert await process.stop() == 0
    assert not secret.keys() & known.keys()
    assert "secret" not in " ".join(known.values())
    assert known["OMP_NUM_THREADS"] == "1"
    assert known["OV_CACHE_DIR"] == "/tmp/kept"  # noqa: S108 - nothing is written there


async def test_it_is_in_no_group_that_gets_ctrl_c(process: ModelProcess) -> None:
    """A Ctrl-C reaches the group of the terminal, to which the process never belongs, not even while it starts."""
    assert os.getpgid(process.pid) != os.getpgid(0)


def talk(said: bytes, *, close: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Start a process, say something, and wait for its end."""
    arguments = [sys.executable, "-P", "-m", "supportbot.engine.openvino.child"]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin
        child.stdin.write(said)
        child.stdin.flush()
        if close:
            child.stdin.close()
        assert child.stdout
        assert child.stderr
        heard, errors = child.stdout.read(), child.stderr.read()
        return subprocess.CompletedProcess(arguments, child.wait(), heard, errors)


async def test_end_of_input_is_the_end(graph: Path) -> None:
    """A daemon that closes the pipe in the middle of an answer ends the process, without noise of the library."""
    load = build_load(str(graph), "fp32", batch=2)
    ended = await asyncio.to_thread(talk, pack(load) + pack(submit(0)))
    assert ended.returncode == 0
    assert ended.stderr == b""


@pytest.mark.parametrize("garbage", [b"\x00\x00\x00\x03abc", b"\xff\xff\xff\xff", b"\x00\x00"])
async def test_garbage_is_the_end(graph: Path, garbage: bytes) -> None:
    """What is no command ends the process even if the pipe stays open: nothing after it could be understood."""
    load = build_load(str(graph), "fp32", batch=2)
    said = pack(load) + pack(submit(0)) + garbage
    ended = await asyncio.to_thread(talk, said, close=len(garbage) < 3)
    assert ended.returncode == 0


async def test_a_graph_that_is_none_is_told(tmp_path: Path) -> None:
    """A model that cannot be loaded is reported, and the process ends."""
    process = await ModelProcess.start(
        Load(str(tmp_path), precision="fp32", blocks=8, batch=1, vocabulary=VOCABULARY, positions=256)
    )
    report = await process.receive()
    assert isinstance(report, Failed)
    assert report.id is None
    assert str(tmp_path) in report.error
    assert await process.wait() == 1


def kill_in_the_middle(arguments: list[str]) -> None:
    """Start a daemon, kill it when it says that it is answering, and see its process of the model go."""
    daemon = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert daemon.stdout
    child = psutil.Process(int(daemon.stdout.readline()))
    assert daemon.stdout.readline() == "answering\n"
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
    psutil.wait_procs([child], timeout=20)
    assert not child.is_running()


async def test_it_does_not_outlive_a_killed_daemon(graph: Path) -> None:
    """When the daemon is killed in the middle of answers, the process is gone soon."""
    code = (
        "import asyncio, sys; from supportbot.engine.openvino.engine import build_load; "
        "from supportbot.engine.openvino.messages import Submit; "
        "from supportbot.engine.openvino.process import ModelProcess\n"
        "async def main():\n"
        "    process = await ModelProcess.start(build_load(sys.argv[1], 'fp32', batch=2))\n"
        "    print(process.pid, flush=True)\n"
        "    for number in range(100):\n"
        "        process.send(Submit(number, (5, 6, 7), 342, 200, 0.8, 0.95, 50, 1.2, False, 0))\n"
        "    await process.receive(); await process.receive()\n"
        "    print('answering', flush=True)\n"
        "    await process.wait()\n"
        "asyncio.run(main())\n"
    )
    await asyncio.to_thread(kill_in_the_middle, [sys.executable, "-c", code, str(graph)])
