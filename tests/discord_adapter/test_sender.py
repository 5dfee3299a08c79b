"""How replies reach Discord, over real sockets and with everything that its REST API may answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.discord.client import DiscordAdapter, open_discord
from bot.discord.patience import Patience
from bot.discord.permissions import MissingPermissions
from supportbot.db.states import AnswerSource
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.intake.questions import Grounds
from tests.discord_adapter.conftest import Core
from tests.discord_server import DiscordServer, Fault
from tests.discord_server.state import BOT, BOT_ID, CHANNEL_ID, Json
from tests.network.proxy import Fault as NetworkFault
from tests.network.proxy import Proxy

_POST = ("POST", f"/channels/{CHANNEL_ID}/messages")
_OLD = timedelta(minutes=20)


def _delivery(reply_to: Mapping[str, Any], *, text: str = "In two days.", votable: bool = True) -> Delivery:
    return Delivery(
        outbox_id=7,
        question_id=5,
        answer_id=6,
        platform="discord",
        workspace="1",
        channel=CHANNEL_ID,
        thread=CHANNEL_ID,
        asker="1001",
        question="When does it arrive?",
        text=text,
        source=AnswerSource.GENERATED,
        grounds=Grounds(),
        model_version="tiny",
        reply_to=reply_to,
        lapses=0,
        age=timedelta(),
        attempt=1,
        votable=votable,
        created_at=datetime.now(UTC),
        mark="sb-0123456789abcdef0123",
    )


def _later(delivery: Delivery) -> Delivery:
    return replace(delivery, attempt=2, age=_OLD)


async def _to_message(server: DiscordServer, **options: Any) -> Delivery:
    question = await server.mention("When does it arrive?")
    return _delivery({"kind": "message", "channel_id": CHANNEL_ID, "message_id": question["id"]}, **options)


async def _to_command(server: DiscordServer, *, deferred: bool, **options: Any) -> Delivery:
    interaction = await server.slash("When does it arrive?")
    if deferred:
        interaction.message = {"id": "42", "content": "", "flags": 128, "channel_id": CHANNEL_ID, "author": BOT}
    note = {
        "kind": "interaction",
        "application_id": BOT_ID,
        "interaction_id": interaction.id,
        "token": interaction.token,
        "channel_id": CHANNEL_ID,
    }
    return _delivery(note, **options)


def _bodies(server: DiscordServer, method: str) -> list[Json]:
    return [body for used, path, body in server.state.requests if used == method and path != "/users/@me"]


async def test_reply_refers_to_the_question_and_pings_nobody(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """The request carries the mark as an enforced nonce, the reference, no mentions and no embeds."""
    delivery = await _to_message(server)
    identity = await adapter.sender.send(delivery)
    (body,) = _bodies(server, "POST")
    assert server.bot_messages[0]["id"] == identity
    assert body["nonce"] == delivery.mark
    assert body["enforce_nonce"] is True
    assert body["message_reference"] == {
        "message_id": delivery.reply_to["message_id"],
        "fail_if_not_exists": True,
    }
    assert body["allowed_mentions"] == {"parse": [], "replied_user": False}
    assert body["flags"] == 4


async def test_reply_that_arrived_before_the_line_broke_is_not_doubled(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """When Discord kept the reply but its answer was lost, the next attempt finds that reply by the nonce."""
    delivery = await _to_message(server)
    server.fail(*_POST, Fault(after=True, drop=True))
    with pytest.raises(RetryLaterError):
        await adapter.sender.send(delivery)
    identity = await adapter.sender.send(replace(delivery, attempt=2))
    assert [message["id"] for message in server.bot_messages] == [identity]


@pytest.mark.parametrize("votable", [True, False])
async def test_reply_is_looked_for_when_the_nonce_is_forgotten(
    adapter: DiscordAdapter, server: DiscordServer, votable: bool
) -> None:
    """Minutes later a second attempt reads the channel and finds the reply of the first."""
    delivery = await _to_message(server, votable=votable)
    await server.say("something else")
    identity = await adapter.sender.send(delivery)
    server.state.nonces.clear()
    assert await adapter.sender.send(_later(delivery)) == identity
    assert len(server.bot_messages) == 1


async def test_another_answer_is_not_mistaken_for_the_reply(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """Replies to others, and what others wrote, are not taken for the reply that is looked for."""
    delivery = await _to_message(server)
    await adapter.sender.send(replace(await _to_message(server), outbox_id=8, answer_id=60, mark="sb-other"))
    await server.say(delivery.text)
    identity = await adapter.sender.send(_later(delivery))
    assert len(server.bot_messages) == 2
    assert server.bot_messages[-1]["id"] == identity


async def test_command_is_answered_in_its_own_message(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """The answer to a command replaces "thinking…", twice with the same result, with the question quoted."""
    delivery = await _to_command(server, deferred=True)
    assert await adapter.sender.send(delivery) == await adapter.sender.send(_later(delivery)) == "42"
    (interaction,) = server.state.interactions.values()
    assert interaction.text == "> When does it arrive?\nIn two days."
    assert not server.bot_messages


async def test_answer_waits_for_the_deferral(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """An answer that is faster than the deferral comes back shortly instead of going into the channel."""
    with pytest.raises(RetryLaterError) as caught:
        await adapter.sender.send(await _to_command(server, deferred=False))
    assert caught.value.seconds == 0.5
    assert not server.bot_messages


async def test_command_that_was_never_deferred_is_answered_in_the_channel(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """Without "thinking…" to replace, the answer goes into the channel, once."""
    delivery = _later(await _to_command(server, deferred=False))
    identity = await adapter.sender.send(replace(delivery, attempt=1))
    assert server.bot_messages[0]["content"] == "> When does it arrive?\nIn two days."
    server.state.nonces.clear()
    assert await adapter.sender.send(delivery) == identity


@pytest.mark.parametrize("votable", [True, False])
async def test_token_lives_fifteen_minutes(adapter: DiscordAdapter, server: DiscordServer, votable: bool) -> None:
    """After the interaction's token has expired the answer goes into the channel, once."""
    delivery = await _to_command(server, deferred=True, votable=votable)
    for interaction in server.state.interactions.values():
        interaction.expired = True
    identity = await adapter.sender.send(delivery)
    server.state.nonces.clear()
    assert await adapter.sender.send(_later(delivery)) == identity
    assert len(server.bot_messages) == 1


_FOR_GOOD = {
    50001: "give it View Channels",
    50013: "give it Send Messages",
    50007: "does not accept direct messages",
    10003: "was deleted",
    10008: "The question was deleted",
    30033: "is full",
    50035: "the form of the answer",
    50083: "is archived",
    160005: "is locked",
    200000: "AutoMod blocked",
    99999: "does not accept the answer",
}


async def test_reply_that_can_never_arrive_is_given_up(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """What Discord refuses for good is reported in a sentence for each reason, with its code, not its words."""
    delivery = await _to_message(server)
    for code, sentence in _FOR_GOOD.items():
        server.fail(*_POST, Fault(403, {"code": code, "message": "secret detail"}))
        with pytest.raises(UndeliverableError, match=rf"{sentence}.*\(Discord error {code}, HTTP 403\)") as caught:
            await adapter.sender.send(delivery)
        assert "secret" not in str(caught.value)
    assert not server.bot_messages


async def test_missing_permission_is_told_once_a_day(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """Each channel and permission is one warning, however many replies it costs; threads need another one."""
    note: Json = {"kind": "message", "channel_id": CHANNEL_ID}
    notes = [note | {"thread": False}, note | {"thread": False}, note | {"thread": True}, note]
    sentences = []
    with capture_logs() as lines:
        for number, place in enumerate(notes):
            server.fail(*_POST, Fault(403, {"code": 50013, "message": "Missing Permissions"}))
            with pytest.raises(UndeliverableError) as caught:
                await adapter.sender.send(replace(_delivery(place), mark=f"sb-{number}"))
            sentences.append(str(caught.value))
    needed = [line["permission"] for line in lines if line["event"] == "discord.permission_missing"]
    assert needed[:2] == ["Send Messages", "Send Messages in Threads"]
    assert [words in sentence for words, sentence in zip([*needed[:1], *needed], sentences, strict=True)] == [
        True
    ] * 4

    hours = iter([0.0, 23.0, 24.0])
    missing = MissingPermissions(lambda: next(hours) * 3600)
    with capture_logs() as lines:
        for _ in range(3):
            missing.miss("1", "View Channels")
    assert len(lines) == 2


async def test_deleted_question_is_not_answered(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """Where the question is gone, its answer does not stand in the channel for nobody."""
    question = await server.mention("When does it arrive?")
    await server.delete(question)
    note = {"kind": "message", "channel_id": CHANNEL_ID, "message_id": question["id"]}
    with pytest.raises(UndeliverableError, match="The question was deleted"):
        await adapter.sender.send(_delivery(note))
    assert not server.bot_messages


LONG = "\n\n".join(f"{number} " + "word " * 390 + "." for number in range(3))


def _thirds(server: DiscordServer) -> list[str]:
    """Return what the bot has said, by the number that each third of the long answer begins with."""
    return [message["content"].partition(" ")[0] for message in server.bot_messages]


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize("after", [False, True])
async def test_rest_of_a_long_reply_comes_once(
    adapter: DiscordAdapter, server: DiscordServer, after: bool, forgotten: bool
) -> None:
    """If the line breaks between two messages of a reply, the next attempt sends what is missing, in order."""
    delivery = await _to_message(server, text=LONG)
    server.fail(*_POST, Fault(drop=True, after=after, skip=1))
    with pytest.raises(RetryLaterError):
        await adapter.sender.send(delivery)
    assert _thirds(server) == ["0", "1"][: 1 + after]
    await server.say("somebody talks meanwhile")
    if forgotten:
        server.state.nonces.clear()
    identity = await adapter.sender.send(_later(delivery) if forgotten else replace(delivery, attempt=2))
    assert _thirds(server) == ["0", "1", "2"]
    assert [bool(message["components"]) for message in server.bot_messages] == [False, False, True]
    assert [bool(message.get("message_reference")) for message in server.bot_messages] == [True, False, False]
    assert server.bot_messages[-1]["id"] == identity
    assert await adapter.sender.send(_later(delivery)) == identity
    assert len(server.bot_messages) == 3


@pytest.mark.parametrize("after", [False, True])
async def test_rest_of_a_long_answer_to_a_command_comes_once(
    adapter: DiscordAdapter, server: DiscordServer, after: bool
) -> None:
    """The first message replaces "thinking…"; follow-ups are found in the channel, since they have no nonce."""
    delivery = await _to_command(server, deferred=True, text=LONG)
    server.fail("POST", "/webhooks/*", Fault(drop=True, after=after))
    with pytest.raises(RetryLaterError):
        await adapter.sender.send(delivery)
    await server.say("somebody talks meanwhile")
    identity = await adapter.sender.send(replace(delivery, attempt=2))
    (interaction,) = server.state.interactions.values()
    assert interaction.text is not None
    assert interaction.text.startswith("> When does it arrive?\n0 word")
    assert _thirds(server) == ["1", "2"]
    assert server.bot_messages[-1]["id"] == identity
    assert server.bot_messages[-1]["components"]


async def test_command_that_expires_between_two_messages(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """What a command's token no longer carries goes into the channel."""
    delivery = await _to_command(server, deferred=True, text=LONG)
    server.fail("POST", "/webhooks/*", Fault(401, {"code": 50027, "message": "Invalid Webhook Token"}))
    await adapter.sender.send(delivery)
    assert _thirds(server) == ["1", "2"]


async def test_follow_ups_come_also_where_nothing_can_be_read(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """A bot that may not read the channel answers a command to its end all the same, and the operator is told."""
    delivery = await _to_command(server, deferred=True, text=LONG)
    server.fail("GET", "/channels/*/messages", Fault(403, {"code": 50001, "message": "Missing Access"}))
    with capture_logs() as lines:
        await adapter.sender.send(replace(delivery, attempt=2))
    assert _thirds(server) == ["1", "2"]
    assert [line["permission"] for line in lines] == ["Read Message History"]


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Fault(429, {"retry_after": 12.5, "message": ""}, {"Via": "1.1"}), 12.5),
        (Fault(429, "<html>1015</html>", {"Retry-After": "77"}), 77.0),  # Cloudflare
        (Fault(429, "<html>1015</html>"), 60.0),
        (Fault(429, "<html>1015</html>", {"Retry-After": "soon"}), 60.0),
        (Fault(400, {"code": 20028, "message": ""}, {"Retry-After": "9"}), 9.0),
        (Fault(403, {"code": 20016, "message": ""}), 60.0),
        (Fault(503, "<html>busy</html>"), None),
        (Fault(401, {"code": 0, "message": "401: Unauthorized"}), None),
        (Fault(drop=True), None),
        (Fault(200, "not JSON"), None),
        (Fault(200, "{", {"Content-Type": "application/json"}), None),
    ],
)
async def test_passing_faults_bring_the_reply_back_later(
    adapter: DiscordAdapter, server: DiscordServer, fault: Fault, seconds: float | None
) -> None:
    """Rate limits wait as long as Discord says; outages and broken lines use the usual backoff."""
    delivery = await _to_message(server)
    server.fail(*_POST, fault)
    with pytest.raises(RetryLaterError) as caught:
        await adapter.sender.send(delivery)
    assert caught.value.seconds == seconds
    await adapter.sender.send(replace(delivery, attempt=2))
    assert len(server.bot_messages) == 1


async def test_short_rate_limit_is_sat_out(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """A rate limit of a moment is waited for within the attempt."""
    server.fail(*_POST, Fault(429, {"retry_after": 0.01, "message": ""}, {"Via": "1.1"}))
    await adapter.sender.send(await _to_message(server))
    assert len(server.bot_messages) == 1


async def test_bad_gateway_is_sat_out(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """A page that says 502 is nothing but a reason to try again a second later, within the attempt."""
    server.fail(*_POST, Fault(502, "<html>Bad gateway</html>"))
    await adapter.sender.send(await _to_message(server))
    assert len(server.bot_messages) == 1


async def test_call_that_is_never_answered_blocks_no_later_one(core: Core, server: DiscordServer) -> None:
    """A call over a line that died is given up after a while, and the next one into its channel takes another."""
    async with Proxy(server.port) as proxy:
        server.stand_behind("127.0.0.1", proxy.port)
        settings = core.settings.model_copy(update={"discord_api_url": server.api_url})
        async with open_discord(core.service, settings, patience=Patience(call_seconds=1.0)) as adapter:
            await adapter.sender.send(await _to_message(server))  # leaves a line behind for the next call
            delivery = replace(await _to_message(server), mark="sb-another")
            async with proxy.broken(NetworkFault.SILENCE):
                with pytest.raises(RetryLaterError):
                    await adapter.sender.send(delivery)
            await adapter.sender.send(replace(delivery, attempt=2))
    assert len(server.bot_messages) == 2


async def test_cancelled_attempt_blocks_no_later_one(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """An attempt that is cancelled during a global rate limit leaves the sender working, and its reply single."""
    delivery = await _to_message(server)
    limit = Fault(429, {"retry_after": 0.2, "global": True, "message": ""}, {"Via": "1.1"})
    server.fail(*_POST, limit)
    attempt = asyncio.create_task(adapter.sender.send(delivery))
    await server.until(lambda: _bodies(server, "POST") and not server.state.faults)
    attempt.cancel()
    async with asyncio.timeout(5):
        await adapter.sender.send(replace(delivery, attempt=2))
    assert len(server.bot_messages) == 1


async def test_reply_without_reference_where_history_is_hidden(
    adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """Where the bot may not read the history it may not refer to a message, and writes without reference."""
    server.fail(*_POST, Fault(400, {"code": 160002, "message": "Cannot reply without permission"}))
    await adapter.sender.send(await _to_message(server))
    assert "message_reference" not in server.bot_messages[0]


async def test_ids_may_be_larger_than_any_integer_column(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """An id beyond 64 bits is passed on as it is."""
    channel = str(2**64 + 1)
    await adapter.sender.send(_delivery({"kind": "message", "channel_id": channel, "message_id": str(2**70)}))
    assert server.bot_messages[0]["channel_id"] == channel


async def test_sender_that_cannot_log_in_tries_again(adapter: DiscordAdapter, server: DiscordServer) -> None:
    """Without Discord, or with a token that it refuses, replies wait, and go out once that has changed."""
    delivery = await _to_message(server)
    faults = [Fault(503), Fault(401), Fault(drop=True), Fault(drop=True)]  # aiohttp itself tries a GET twice
    server.fail("GET", "/users/@me", *faults)
    for _ in range(3):
        with pytest.raises(RetryLaterError):
            await adapter.sender.send(delivery)
    await adapter.sender.send(delivery)
    assert len(server.bot_messages) == 1
