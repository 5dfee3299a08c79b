"""What the remote engine does when servers fail, or say what is no answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.outcomes import MAX_ATTEMPTS
from supportbot.answering.worker import Worker
from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.db.states import QuestionState
from supportbot.engine.base import Engine
from supportbot.errors import EngineBusyError, ModelError
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Votes
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.service import Service
from tests.openai_server import LocalModelServer
from tests.supportbot.conftest import MakeQuestion
from tests.supportbot.engine.collecting import logprobs_of, tokens_of
from tests.supportbot.engine.remote.asking import Open, collect
from tests.waiting import until


def ill(server: LocalModelServer) -> None:
    """Answer everything with an error."""
    server.status = 503


def breaks(server: LocalModelServer) -> None:
    """Break off before the first token."""
    server.break_after = 0


def fails(server: LocalModelServer) -> None:
    """Tell an error instead of the first token, as vLLM does when its engine died."""
    server.fail_after = 0


def hangs(server: LocalModelServer) -> None:
    """Never send the first token."""
    server.hang_after = 0


def has_another_model(server: LocalModelServer) -> None:
    """Not have the model, as after a restart with other settings."""
    server.refuse = 404


@pytest.mark.parametrize("fault", [ill, breaks, fails, hangs, has_another_model])
async def test_before_the_first_token_another_server_answers(
    fault: Callable[[LocalModelServer], None],
    local: Engine,
    servers: list[LocalModelServer],
    engine_of: Open,
) -> None:
    """Whatever befalls a server, the caller gets the whole answer of another one, and it is left out then."""
    fault(servers[0])
    remote = engine_of(*servers, silence_seconds=0.5 if fault is hangs else 20.0)
    assert tokens_of(await collect(remote)) == tokens_of(await collect(local))
    await collect(remote)
    assert [len(server.asked) for server in servers] == [0 if fault is ill else 1, 2]
    first, second = remote.health.values()
    assert first is not None
    assert servers[0].url in first
    assert second is None


@pytest.mark.parametrize("fault", ["break_after", "fail_after", "hang_after"])
async def test_after_the_first_token_the_answer_is_asked_anew(
    fault: str, local: Engine, servers: list[LocalModelServer], engine_of: Open
) -> None:
    """An answer that was begun is never continued by another server; the next attempt goes elsewhere."""
    setattr(servers[0], fault, 3)
    remote = engine_of(*servers, silence_seconds=0.5 if fault == "hang_after" else 20.0)
    with pytest.raises(ModelError, match="broke off in the middle"):
        await collect(remote)
    assert servers[1].asked == []
    assert tokens_of(await collect(remote)) == tokens_of(await collect(local))
    assert len(servers[0].asked) == 1


async def test_a_server_that_is_well_again_is_asked_again(
    servers: list[LocalModelServer], engine_of: Open
) -> None:
    """The engine finds out by itself that a server is back, after it was down and after it was ill."""
    remote = engine_of(servers[0], retry_seconds=0.01)
    await servers[0].__aexit__(None, None, None)
    with pytest.raises(EngineBusyError, match="can't be reached"):
        await collect(remote)
    await servers[0].__aenter__()
    await until(lambda: list(remote.health.values()) == [None])
    assert tokens_of(await collect(remote))
    servers[0].status = 500
    with pytest.raises(EngineBusyError, match=r"failed with status 500\.$"):
        await collect(remote)
    servers[0].fix()
    await until(lambda: list(remote.health.values()) == [None])
    assert tokens_of(await collect(remote))


async def test_check_says_how_every_server_is(servers: list[LocalModelServer], engine_of: Open) -> None:
    """A check needs no request to find out who is ill."""
    remote = engine_of(*servers)
    servers[1].status = 503
    first, second = (await remote.check()).values()
    assert first is None
    assert second == f"The server at {servers[1].url}/v1 failed with status 503 ('out of order')."
    servers[1].fix()
    assert list((await remote.check()).values()) == [None, None]


async def test_server_without_a_page_of_health_is_well(local: Engine, engine_of: Open) -> None:
    """Where there is no such page, the list of models is enough."""
    async with LocalModelServer(local, form="openai") as server:
        assert list((await engine_of(server).check()).values()) == [None]


async def test_question_waits_while_all_servers_are_down(
    database: Database, servers: list[LocalModelServer], engine_of: Open, question: MakeQuestion
) -> None:
    """However often it is tried meanwhile, a question is answered when a server is back, and never as failed."""
    remote = engine_of(*servers)
    inbox, live = Inbox(database, owner="test", lease=timedelta(minutes=1)), Live()
    worker = Worker(
        inbox,
        Answerer(Generator(LiveModel(remote, None))),
        live,
        platforms=["slack"],
        answer_seconds=30,
        question_age=timedelta(minutes=30),
    )
    service = Service(inbox, Votes(database), Suggestions(database), History(database), live, worker.wake)
    accepted = await service.ask(question())
    servers[0].status = servers[1].status = 503
    for _ in range(MAX_ATTEMPTS + 1):
        assert await answer_now(database, worker, accepted.question_id) is QuestionState.RECEIVED
    for server in servers:
        server.fix()
    await remote.check()
    assert await answer_now(database, worker, accepted.question_id) is QuestionState.ANSWERED


async def answer_now(database: Database, worker: Worker, question_id: int) -> QuestionState:
    """Let the time pass that a question was put off for, let it be answered, and return its state."""
    async with database.write() as session:
        await session.execute(update(Question).where(Question.id == question_id).values(lease_until=None))
    assert await worker.answer_one(question_id)
    async with database.read() as session:
        question = await session.get_one(Question, question_id)
        return QuestionState(question.state)


async def test_refused_request_is_told_without_the_servers_words(
    servers: list[LocalModelServer], engine_of: Open
) -> None:
    """A request that no server would take is an error of its own, without what the server says of the question."""
    servers[0].refuse, servers[0].message = 400, "Too long: 'My card is 4111 1111 1111 1111'"
    remote = engine_of(*servers)
    with pytest.raises(ModelError, match=r"refused the request \(HTTP 400\)\.$"):
        await collect(remote)
    assert list(remote.health.values()) == [None, None]


async def test_numbers_that_are_none_are_reported(servers: list[LocalModelServer], engine_of: Open) -> None:
    """Log-probabilities that are not numbers end the request, and none is ever above 0."""
    remote = engine_of(servers[0])
    servers[0].logprob = 0.01  # as rounding may give
    assert set(logprobs_of(await collect(remote))) == {0.0}
    servers[0].logprob = math.nan
    with pytest.raises(ModelError, match="not numbers"):
        await collect(remote)


async def test_unknown_end_is_no_end(servers: list[LocalModelServer], engine_of: Open) -> None:
    """An answer that a filter cut is not passed off as whole."""
    servers[0].finish = "content_filter"
    with pytest.raises(ModelError, match="content_filter"):
        await collect(engine_of(servers[0]))
