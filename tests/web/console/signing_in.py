"""Signing in to the console with a provider, as a browser does it; and what is known of it afterwards."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from html import unescape

import httpx
from sqlalchemy import select

from bot.web.console.entrance.cookies import BEGUN_COOKIE, COOKIE
from supportbot.db import audit
from supportbot.db.models import OperatorAccount
from tests.web.console.running import Running

BEGIN = "/console/sign-in/oidc"
CALLBACK = f"{BEGIN}/callback"


@asynccontextmanager
async def browser_of(running: Running) -> AsyncGenerator[httpx.AsyncClient]:
    """Give a program that keeps cookies as a browser does."""
    async with httpx.AsyncClient(base_url=running.url) as client:
        yield client


async def go(client: httpx.AsyncClient) -> str:
    """Begin to sign in, sign in at the provider, and return the address to which that leads back."""
    there = await client.get(BEGIN)
    assert there.status_code == 303
    async with httpx.AsyncClient() as elsewhere:
        back = await elsewhere.post(there.headers["location"])
    assert back.status_code == 303, back.text
    return str(back.headers["location"])


async def sign_in(client: httpx.AsyncClient) -> httpx.Response:
    """Sign in, and return what the console answers at the end."""
    return await client.get(await go(client))


def said(response: httpx.Response) -> str:
    """Return what the page of the sign-in says is wrong."""
    assert COOKIE not in response.headers.get("set-cookie", "").replace(BEGUN_COOKIE, "")
    assert f'href="{BEGIN}"' in response.text, "there is a way back"
    return unescape(response.text.partition('role="alert">')[2].partition("<")[0])


async def deeds(running: Running) -> list[tuple[str, str, str]]:
    """Return what the audit says, the oldest first."""
    entries = reversed(await audit.recent(running.core.database, 20))
    return [(one.actor, one.action, one.subject.partition(":")[0]) for one in entries]


async def people(running: Running) -> dict[str, tuple[str, str | None]]:
    """Return role and identity of each operator, by name."""
    async with running.core.database.read() as session:
        return {row.name: (row.role, row.identity) for row in await session.scalars(select(OperatorAccount))}
