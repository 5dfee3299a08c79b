"""The page where other machines open it: behind a proxy that speaks TLS for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio
from nicegui import Client, json
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bot.web.visitor import COOKIE, SECURE_COOKIE
from supportbot.db.models import Conversation, Question, Workspace
from supportbot.db.states import PUBLIC_WORKSPACE
from supportbot.feedback.consent import allow, may_be_learned_from
from tests.web.running import Bot, run_bot
from tests.web.sockets import client_id_in, event, socket_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORIGIN = "https://help.shop.example"
HOST = "help.shop.example"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Bot]:
    """A bot whose page is opened at ``ORIGIN``."""
    async with run_bot(tmp_path_factory.mktemp("home"), origins=f"{ORIGIN}, http://intranet:8080") as running:
        yield running


async def get(bot: Bot, path: str = "/", **headers: str) -> httpx.Response:
    """Ask as the proxy does."""
    async with httpx.AsyncClient(base_url=bot.url) as client:
        return await client.get(path, headers={"host": HOST, **headers})


async def test_own_origins_are_served(bot: Bot) -> None:
    """Under a configured name page and probes are there, with its origin and no other."""
    for path in ("/", "/healthz", "/metrics"):
        assert (await get(bot, path)).status_code == 200
        assert (await get(bot, path, origin=ORIGIN)).status_code == 200
        assert (await get(bot, path, host="intranet:8080", origin="http://intranet:8080")).status_code == 200
        assert (await get(bot, path, host="shop.example")).status_code == 400
        for origin in (
            "http://help.shop.example",
            "https://help.shop.example:444",
            "https://evil.example",
            "null",
        ):
            assert (await get(bot, path, origin=origin)).status_code == 403


async def test_cookie_is_secure_where_people_use_https(bot: Bot) -> None:
    """Under an https origin the cookie is one that no other site can plant; what a proxy says changes nothing."""
    secure = (await get(bot)).headers["set-cookie"]
    assert secure.startswith(f"{SECURE_COOKIE}=")
    assert secure.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert "Domain" not in secure
    plain = (await get(bot, host="intranet:8080", **{"x-forwarded-proto": "https"})).headers["set-cookie"]
    assert plain.startswith(f"{COOKIE}=")
    assert "Secure" not in plain
    value = secure.partition("=")[2].partition(";")[0]
    assert value in (await get(bot, cookie=f"{SECURE_COOKIE}={value}")).headers["set-cookie"]
    assert value not in (await get(bot, cookie=f"{COOKIE}={value}")).headers["set-cookie"]


async def test_question_is_kept_as_the_publics(bot: Bot) -> None:
    """What is asked there is kept apart from what this machine asks, and counts only with consent."""
    client_id = client_id_in((await get(bot)).text)
    headers = {"Host": HOST}
    with pytest.raises(InvalidStatus, match="403"):
        await connect(socket_url(bot, client_id), origin="https://evil.example", additional_headers=headers)  # type: ignore[arg-type]
    async with connect(socket_url(bot, client_id), origin=ORIGIN, additional_headers=headers) as socket:  # type: ignore[arg-type]
        await socket.send("40")
        composer = next(e for e in Client.instances[client_id].elements.values() if "limit" in e.props)
        [listener] = [x.id for x in composer._event_listeners.values() if x.type == "send"]
        click = event(
            "event", client_id=client_id, id=composer.id, listener_id=listener, args=[json.dumps("Where is it?")]
        )
        await socket.send(click)
        async for message in socket:
            if message == "2":
                await socket.send("3")
            if "Not sure" in str(message) or "Helpful" in str(message):
                break
    async with bot.database.read() as session:
        [place] = await session.execute(
            select(Workspace.platform, Workspace.external_id)
            .join(Conversation, Conversation.workspace_id == Workspace.id)
            .join(Question, Question.conversation_id == Conversation.id)
        )
    assert tuple(place) == ("web", PUBLIC_WORKSPACE)
    assert not await may_be_learned_from(bot.database, "web", PUBLIC_WORKSPACE)


async def test_footnote_tells_what_answers_are_used_for(bot: Bot) -> None:
    """That answers may train is said while it is so: here from the moment that somebody allowed it."""
    assert "used to train" not in (await get(bot)).text
    await allow(bot.database, "web", PUBLIC_WORKSPACE, "ada", allow=True)
    assert "used to train" in (await get(bot)).text
    await allow(bot.database, "web", PUBLIC_WORKSPACE, "ada", allow=False)
    assert "used to train" not in (await get(bot)).text
