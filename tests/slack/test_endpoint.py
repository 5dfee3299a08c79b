"""HTTP mode: Slack's requests come in, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.slack.endpoint import MAX_BODY_BYTES
from supportbot.intake.questions import Accepted, IncomingQuestion
from tests.slack.conftest import HttpBot
from tests.slack_server import LocalSlack
from tests.slack_server.payloads import app_mention
from tests.slack_server.records import Message
from tests.slack_server.server import SIGNING_SECRET
from tests.slack_server.transport import sign

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that is not Slack."""
    async with aiohttp.ClientSession() as session:
        yield session


def mention(ts: str = "1700000000.000100") -> bytes:
    """Return the body of a mention."""
    return json.dumps(app_mention(Message(channel="C1", ts=ts, user="U1", text="<@U0BOT> how?"))).encode()


async def post(http: aiohttp.ClientSession, bot: HttpBot, body: bytes, headers: dict[str, str]) -> int:
    """Return the status of the answer."""
    async with http.post(bot.url, data=body, headers={**JSON, **headers}) as response:
        await response.read()
        return response.status


async def test_question_is_answered(slack: LocalSlack, http_bot: HttpBot) -> None:
    """A mention that comes over HTTP is committed, acknowledged and answered."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    assert asked.statuses == [200]
    await http_bot.core.answer_all("Press it.")
    await http_bot.dispatcher.deliver_due()
    await slack.wait_for_message(thread_ts=asked.ts, containing="Press it.")


async def test_command_and_click_come_as_forms(slack: LocalSlack, http_bot: HttpBot) -> None:
    """Commands and clicks, which Slack sends as forms, work as in Socket Mode."""
    typed = await slack.wait_for_ack(await slack.slash("C1", "U1", "how?"))
    assert typed.response is not None
    assert typed.response["response_type"] == "ephemeral"
    await http_bot.core.answer_all()
    await http_bot.dispatcher.deliver_due()
    await slack.wait_for_ack(await slack.click(slack.replies[0], "U2", positive=True))
    (question,) = await http_bot.core.questions()
    assert question.votes_up == 1


async def test_adapter_is_connected_once_the_token_is_accepted(slack: LocalSlack, http_bot: HttpBot) -> None:
    """Over HTTP the adapter can't see whether Slack reaches it; an accepted token has to do."""
    await slack.wait_until(lambda: slack.calls("auth.test"))
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    assert http_bot.adapter.is_connected
    assert slack.sockets == 0


async def test_challenge_is_answered(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """Slack verifies the address with a challenge."""
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    headers = {**JSON, **sign(body, SIGNING_SECRET)}
    async with http.post(http_bot.url, data=body, headers=headers) as response:
        assert await response.json() == {"challenge": "abc"}


async def test_ssl_check_is_acknowledged(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """Bad input 18: Slack's check of the certificate gets a 200."""
    body = b"ssl_check=1&token=x"
    headers = {"Content-Type": "application/x-www-form-urlencoded", **sign(body, SIGNING_SECRET)}
    assert await post(http, http_bot, body, headers) == 200


FORGED: dict[str, dict[str, str]] = {
    "no headers": {},
    "no signature": {"X-Slack-Request-Timestamp": str(int(time.time()))},
    "12 timestamp abc": {**sign(mention(), SIGNING_SECRET), "X-Slack-Request-Timestamp": "abc"},
    "empty timestamp": {**sign(mention(), SIGNING_SECRET), "X-Slack-Request-Timestamp": ""},
    "13 signature é": {**sign(mention(), SIGNING_SECRET), "X-Slack-Signature": "v0=é"},
    "another secret": sign(mention(), "f" * 32),
    "17 six minutes old": sign(mention(), SIGNING_SECRET, at=time.time() - 360),
    "six minutes ahead": sign(mention(), SIGNING_SECRET, at=time.time() + 360),
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
async def test_forged_request_does_nothing(
    http: aiohttp.ClientSession, http_bot: HttpBot, headers: dict[str, str]
) -> None:
    """Whatever isn't signed by Slack just now gets 401 and asks nothing."""
    assert await post(http, http_bot, mention(), headers) == 401
    assert await http_bot.core.questions() == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"5", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"payload=%7B", "application/x-www-form-urlencoded"),
        (b"payload=5", "application/x-www-form-urlencoded"),
    ],
    ids=["15 half", "empty", "a list", "a number", "deep", "half in a form", "a number in a form"],
)
async def test_malformed_body_is_refused(
    http: aiohttp.ClientSession, http_bot: HttpBot, body: bytes, content_type: str
) -> None:
    """A signed body that isn't one of Slack's gets 400."""
    headers = {"Content-Type": content_type, **sign(body, SIGNING_SECRET)}
    assert await post(http, http_bot, body, headers) == 400


async def test_body_that_is_not_utf8_is_refused(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """Bad input 14: bytes that aren't text are refused, signed or not."""
    body = b'{"text": "\xff"}'
    assert await post(http, http_bot, body, sign(body, SIGNING_SECRET)) in (400, 401)
    assert await post(http, http_bot, body, {}) == 401


async def test_body_of_nobody_is_not_waited_for(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """Without a signature the answer comes before the body does, and the connection ends."""
    never = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    async with http.post(http_bot.url, data=body(), headers=JSON) as response:
        assert response.status == 401
        assert response.headers["connection"] == "close"


async def test_huge_body_is_refused(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """A body larger than any of Slack's isn't read to its end."""
    body = b"x" * (MAX_BODY_BYTES + 1)
    assert await post(http, http_bot, body, sign(body, SIGNING_SECRET)) == 413


async def test_replayed_request_does_nothing(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """Bad input 16: the very same request a second time gets 401."""
    body = mention()
    headers = sign(body, SIGNING_SECRET)
    assert [await post(http, http_bot, body, headers) for _ in range(3)] == [200, 401, 401]
    assert len(await http_bot.core.questions()) == 1


async def test_slacks_own_retry_is_no_replay(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """A redelivery is signed anew; it is acknowledged and changes nothing."""
    body = mention()
    statuses = [
        await post(http, http_bot, body, sign(body, SIGNING_SECRET, at=time.time() - age)) for age in (60, 0)
    ]
    assert statuses == [200, 200]
    assert len(await http_bot.core.questions()) == 1


async def test_failed_commit_is_not_acknowledged(
    slack: LocalSlack, http_bot: HttpBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the commit fails Slack gets 500 and delivers again, and the question is there once."""
    ask = http_bot.core.service.ask
    failures = [OSError(28, "No space left on device")]

    async def failing(incoming: IncomingQuestion) -> Accepted:
        if failures:
            raise failures.pop()
        return await ask(incoming)

    monkeypatch.setattr(http_bot.core.service, "ask", failing)
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    assert asked.statuses == [500, 200]
    assert len(await http_bot.core.questions()) == 1


async def test_no_mutation_of_a_request_acts(http: aiohttp.ClientSession, http_bot: HttpBot) -> None:
    """Of 200 requests that differ a little from a genuine one, every one gets 400 or 401 and asks nothing."""
    rng = random.Random(14)
    body = mention()
    requests = []
    for _ in range(200):
        headers = sign(body, SIGNING_SECRET)
        changed = bytearray(body)
        match rng.randrange(4):
            case 0:
                position = rng.randrange(len(changed))
                changed[position] = (changed[position] + rng.randrange(1, 256)) % 256
            case 1:
                del changed[rng.randrange(len(changed)) :]
            case 2:
                signature = headers["X-Slack-Signature"]
                position = rng.randrange(len(signature))
                other = rng.choice([letter for letter in "0123456789abcdefxyz" if letter != signature[position]])
                headers["X-Slack-Signature"] = signature[:position] + other + signature[position + 1 :]
            case _:
                moved = int(headers["X-Slack-Request-Timestamp"]) + rng.choice([-1, 1]) * rng.randint(1, 10**6)
                headers["X-Slack-Request-Timestamp"] = str(moved)
        requests.append(post(http, http_bot, bytes(changed), headers))
    assert set(await asyncio.gather(*requests)) <= {400, 401}
    assert await http_bot.core.questions() == []
