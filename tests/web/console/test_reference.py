"""The reference of HTTP against the real application: what it lists is there, and nothing else is."""

from __future__ import annotations

import httpx
import nicegui
import pytest
from starlette.routing import Route

from bot.web.console.pages import ROOT
from tests.reference.http import endpoints
from tests.web.console.running import Running

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_whatever_is_listed_is_served(running: Running) -> None:
    """Every request of the reference that needs no setting has another answer than "there is nothing here"."""
    async with httpx.AsyncClient(base_url=running.url) as client:
        for one in endpoints():
            if not one.needs:
                response = await client.request(one.method, one.path)
                assert response.status_code not in (404, 405), one


async def test_whatever_is_served_is_listed(running: Running) -> None:
    """Every page of the application is in the reference; those of the console go by one route for all."""
    listed = {one.path for one in endpoints()} | {f"{ROOT}/{{name}}", f"{ROOT}/{{name}}/{{argument:path}}"}
    served = {route.path for route in nicegui.app.routes if isinstance(route, Route)}
    own = {path for path in served if not path.startswith("/_nicegui")} - {"/favicon.ico"}
    assert {"/", ROOT} <= own <= listed
