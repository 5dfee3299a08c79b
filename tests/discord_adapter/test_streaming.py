"""How answers are shown on Discord while they are written, and how each becomes one message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.discord.client import DiscordAdapter
from supportbot.db.clock import now as database_now
from supportbot.db.models import Outbox as OutboxRow
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.delivery.dispatch import Dispatcher
from supportbot.delivery.stream_notes import StreamNotes
from supportbot.intake.claims import Claim
from supportbot.intake.questions import IncomingQuestion, Reply
from tests.discord_adapter.conftest import Core
from tests.discord_server import DiscordServer, Fault, Interaction
from tests.discord_server.state import ALICE, BOT, BOT_ID, CHANNEL_ID, LOADING, Json, build_message

TEXT = "Press the **reset** button, and wait for a minute."
_POST = ("POST", f"/channels/{CHANNEL_ID}/messages")
_PATCH = ("PATCH", f"/channels/{CHANNEL_ID}/messages/*")


@dataclass
class Stage:
    """The adapter with the core behind it."""

    core: Core
    server: DiscordServer
    dispatcher: Dispatcher

    async def claim(self, reply_to: Json, identity: str) -> Claim:
        """Keep a question and take it up."""
        incoming = IncomingQuestion(
            platform="discord",
            workspace="1",
            channel=CHANNEL_ID,
            thread=CHANNEL_ID,
            identity=identity,
            asker="1001",
            text="how?",
            reply_to=reply_to,
        )
        accepted = await self.core.inbox.accept(incoming)
        claim = await self.core.inbox.claim_one(accepted.question_id)
        assert claim is not None
        return claim

    async def mention(self) -> tuple[Json, Claim]:
        """Have somebody mention the bot."""
        asked = await self.server.mention("how?")
        note = {"kind": "message", "channel_id": CHANNEL_ID, "message_id": asked["id"]}
        return asked, await self.claim(note, asked["id"])

    async def command(self) -> tuple[Interaction, Claim]:
        """Have somebody use the command, whose message says "thinking…"."""
        used = await self.server.slash("how?")
        used.message = {"id": "42", "content": "", "flags": LOADING, "channel_id": CHANNEL_ID, "author": BOT}
        note = {
            "kind": "interaction",
            "application_id": BOT_ID,
            "interaction_id": used.id,
            "token": used.token,
            "channel_id": CHANNEL_ID,
        }
        return used, await self.claim(note, f"interaction:{used.id}")

    @asynccontextmanager
    async def writing(self, claim: Claim) -> AsyncIterator[None]:
        """Write an answer in this block."""
        async with self.core.streams.showing(claim):
            yield

    def publish(self, claim: Claim, text: str) -> None:
        """Write more of it."""
        self.core.live.publish(claim.question_id, text)

    async def shows(self, text: str) -> Json:
        """Wait until a message of the bot in the channel shows just this."""
        message: Json = await self.server.until(
            lambda: next((one for one in self.server.bot_messages if one["content"] == text), None)
        )
        return message

    async def finish(self, claim: Claim, text: str = TEXT) -> None:
        """Commit the answer and deliver it."""
        await self.core.inbox.finish(claim.question_id, Reply(text=text, source=AnswerSource.GENERATED))
        await self.dispatcher.deliver_due()


@pytest.fixture
def stage(core: Core, server: DiscordServer, adapter: DiscordAdapter) -> Stage:
    """The adapter, which does not listen: a test says what is asked."""
    return Stage(core, server, Dispatcher(core.outbox, adapter.sender))


async def _later(database: Database, minutes: int = 20) -> None:
    """Make every reply due, as if it had waited for so long."""
    async with database.write() as session:
        now = await database_now(session)
        await session.execute(update(OutboxRow).values(due_at=now, created_at=now - timedelta(minutes=minutes)))


async def test_reply_grows_and_becomes_the_answer(stage: Stage) -> None:
    """A mention gets a reply that is edited while it is written; the same message is the answer at the end."""
    asked, claim = await stage.mention()
    async with stage.writing(claim):
        stage.publish(claim, "Press the **reset** but")
        begun = await stage.shows("Press the **reset**")
        assert begun["message_reference"]["message_id"] == asked["id"]
        assert begun["components"] == []
        stage.publish(claim, "ton, and wait ")
        await stage.shows("Press the **reset** button, and wait")
    await stage.finish(claim)
    (message,) = stage.server.bot_messages
    assert (message["id"], message["content"]) == (begun["id"], TEXT)
    assert message["components"]
    assert message["allowed_mentions"] == {"parse": [], "replied_user": False}


async def test_message_of_a_command_grows(stage: Stage) -> None:
    """The "thinking…" of a command is edited, with the question above, until it is the answer."""
    used, claim = await stage.command()
    async with stage.writing(claim):
        stage.publish(claim, "Press the ")
        await stage.server.until(lambda: used.text == "> how?\nPress the")
    await stage.finish(claim)
    assert used.text == f"> how?\n{TEXT}"
    assert used.message is not None
    assert used.message["components"]
    assert stage.server.bot_messages == []


async def test_text_is_as_harmless_as_the_answer(stage: Stage) -> None:
    """While it is written an answer pings nobody, and no link hides its address."""
    _, claim = await stage.mention()
    async with stage.writing(claim):
        stage.publish(claim, "Ask @everyone, see [this](https://evil.example) ")
        (message,) = await stage.server.until(lambda: stage.server.bot_messages)
    assert "@everyone" not in message["content"]
    assert "](" not in message["content"]
    assert message["allowed_mentions"]["parse"] == []


async def test_only_the_first_message_of_a_long_answer_grows(stage: Stage) -> None:
    """What does not fit into one message comes with the answer."""
    _, claim = await stage.mention()
    text = "Press it again. " * 200
    async with stage.writing(claim):
        stage.publish(claim, text)
        begun = (await stage.server.until(lambda: stage.server.bot_messages))[0]
    await stage.finish(claim, text.strip())
    first, second = stage.server.bot_messages
    assert first["id"] == begun["id"]
    assert " ".join([first["content"], second["content"]]) == text.strip()


@pytest.mark.parametrize("minutes", [0, 20])
async def test_first_words_that_were_not_heard_of_are_found(stage: Stage, minutes: int) -> None:
    """When the line breaks after Discord has taken the first words, that message becomes the answer."""
    _, claim = await stage.mention()
    stage.server.fail(*_POST, *[Fault(after=True, drop=True)] * 5)
    async with stage.writing(claim):
        stage.publish(claim, "Press the ")
        await stage.server.until(lambda: stage.server.bot_messages)
    stage.server.state.faults.clear()
    await stage.core.inbox.finish(claim.question_id, Reply(text=TEXT, source=AnswerSource.GENERATED))
    if minutes:
        stage.server.state.nonces.clear()
        await _later(stage.core.database, minutes)
    await stage.dispatcher.deliver_due()
    (message,) = stage.server.bot_messages
    assert message["content"] == TEXT


async def test_answer_is_posted_where_the_bot_may_not_look_for_its_beginning(stage: Stage) -> None:
    """Without the permission to read the channel an answer is shown twice rather than never."""
    _, claim = await stage.mention()
    await StreamNotes(stage.core.database, "test").begin(claim.question_id, lambda _: True, alone=False, pause=0.0)
    await stage.core.inbox.finish(claim.question_id, Reply(text=TEXT, source=AnswerSource.GENERATED))
    await _later(stage.core.database)
    stage.server.fail("GET", _POST[1], Fault(403, {"code": 50001, "message": "Missing Access"}))
    await stage.dispatcher.deliver_due()
    (message,) = stage.server.bot_messages
    assert message["content"] == TEXT


async def test_message_of_a_command_is_found_when_its_token_has_expired(stage: Stage) -> None:
    """Half an hour later, and with no note of its id, the message of a command is known by its command."""
    used, claim = await stage.command()
    metadata = {"id": used.id, "type": 2, "user": ALICE, "authorizing_integration_owners": {}}
    used.message = build_message(CHANNEL_ID, BOT, {"content": "half"}) | {"interaction_metadata": metadata}
    stage.server.state.messages.append(used.message)
    notes = StreamNotes(stage.core.database, "test")
    await notes.begin(claim.question_id, lambda _: True, alone=False, pause=0.0)
    used.expired = True
    await stage.core.inbox.finish(claim.question_id, Reply(text=TEXT, source=AnswerSource.GENERATED))
    await _later(stage.core.database)
    await stage.dispatcher.deliver_due()
    (message,) = stage.server.bot_messages
    assert message["content"] == f"> how?\n{TEXT}"


async def test_end_is_repeated_until_it_is_certain(stage: Stage) -> None:
    """When the line breaks while the message becomes the answer, another attempt makes it whole."""
    _, claim = await stage.mention()
    async with stage.writing(claim):
        stage.publish(claim, "Press the ")
        await stage.shows("Press the")
    stage.server.fail(*_PATCH, *[Fault(after=True, drop=True)] * 5)
    await stage.finish(claim)
    stage.server.state.faults.clear()
    await _later(stage.core.database)
    await stage.dispatcher.deliver_due()
    (message,) = stage.server.bot_messages
    assert message["content"] == TEXT


async def test_message_that_is_gone_is_replaced(stage: Stage) -> None:
    """Where a moderator has deleted the half of an answer, the whole one is posted."""
    _, claim = await stage.mention()
    async with stage.writing(claim):
        stage.publish(claim, "Press the ")
        begun = await stage.shows("Press the")
    stage.server.state.messages.remove(begun)
    await stage.finish(claim)
    (message,) = stage.server.bot_messages
    assert message["content"] == TEXT


async def test_command_whose_token_has_expired_keeps_its_message(stage: Stage) -> None:
    """After 15 minutes the message of a command is changed as any other message of the bot."""
    used, claim = await stage.command()
    async with stage.writing(claim):
        stage.publish(claim, "Press the ")
        await stage.server.until(lambda: used.text)
    used.expired = True
    await stage.finish(claim)
    assert used.text == f"> how?\n{TEXT}"
    assert stage.server.bot_messages == []


async def test_deleted_question_takes_its_stream_back(stage: Stage) -> None:
    """Who deletes a question in the middle of its answer leaves no half of it behind."""
    asked, claim = await stage.mention()
    async with stage.writing(claim):
        stage.publish(claim, "Press the ")
        await stage.shows("Press the")
        await stage.core.service.hearing.reword("discord", asked["id"], None)
        await stage.server.until(lambda: not stage.server.bot_messages)
    await stage.finish(claim)
    assert stage.server.bot_messages == []


async def test_failed_attempt_at_a_command_leaves_no_words(stage: Stage) -> None:
    """The message of a command cannot go, but what it said can."""
    used, claim = await stage.command()
    async with stage.writing(claim):
        stage.publish(claim, "Press the ")
        await stage.server.until(lambda: used.text)
    await stage.core.streams.take_back(claim.question_id)
    await stage.server.until(lambda: used.text == "> how?\n…")
