"""The probes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI

from bot.web import health
from bot.web.health import Readiness, build_probes
from supportbot.telemetry import metrics


async def get(readiness: Readiness, path: str) -> httpx.Response:
    """Ask the probes of an application that has nothing else."""
    app = FastAPI()
    app.include_router(build_probes(readiness))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://supportbot:8080") as client:
        return await client.get(path)


async def ready() -> Mapping[str, str]:
    """Report nothing wrong."""
    return {}


async def test_alive() -> None:
    """As long as the loop turns, the process is alive."""
    response = await get(ready, "/healthz")

    assert (response.status_code, response.text) == (200, "ok")


async def test_ready() -> None:
    """Without problems the bot is ready."""
    response = await get(ready, "/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True, "problems": {}, "remarks": {}})


async def test_ready_with_a_remark() -> None:
    """What keeps nobody from answering is said, and the bot stays ready."""
    app = FastAPI()
    app.include_router(build_probes(ready, lambda: {"model": "not the live version"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://supportbot:8080") as client:
        response = await client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"ready": True, "problems": {}, "remarks": {"model": "not the live version"}}


async def test_not_ready_names_the_part() -> None:
    """A problem makes the bot unready, and the answer says which part has it."""

    async def readiness() -> Mapping[str, str]:
        return {"slack": "not connected"}

    response = await get(readiness, "/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "problems": {"slack": "not connected"}, "remarks": {}}


async def test_failing_check_is_not_ready() -> None:
    """A check that fails itself counts as a problem, without showing its error."""

    async def readiness() -> Mapping[str, str]:
        raise OSError("/secret/path")

    response = await get(readiness, "/readyz")

    assert response.status_code == 503
    assert "secret" not in response.text


async def test_slow_check_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that hangs does not make the probe hang."""
    monkeypatch.setattr(health, "READINESS_SECONDS", 0.01)

    async def readiness() -> Mapping[str, str]:
        await asyncio.Event().wait()
        return {}

    response = await get(readiness, "/readyz")

    assert response.status_code == 503
    assert "no result within" in response.json()["problems"]["readiness"]


async def test_metrics() -> None:
    """The figures are there in Prometheus' format."""
    metrics.QUESTIONS.labels("web").inc()

    response = await get(ready, "/metrics")

    assert response.headers["content-type"].startswith("text/plain")
    assert 'supportbot_questions_total{platform="web"}' in response.text
